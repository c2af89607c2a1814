"""Axes of 1, shuffled channels, blocks of space, the middle of it, and a factor for each channel: drawn at random."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from layer_cases import Case, case, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    Shape = tuple[int, ...]

SEED = 20
DRAWS = 11
NARROWED = "Tensor.narrow along each axis of space, from cell (n - m)//2 on"
READ = "the branch that torchvision 0.28.0's stochastic_depth takes in evaluation: its input"
MULTIPLIED = "a Parameter with one entry for each of the axis, multiplied as torchvision 0.28.0's ConvNeXt does"


def cases() -> Iterator[Case]:
    """Eleven draws of each layer; whether PyTorch refuses one is its own word. Then what only the format refuses."""
    random = Random(SEED)
    for number in range(DRAWS):
        for draw in (_squeeze, _unsqueeze, _channel_shuffle, _pixel_shuffle, _pixel_unshuffle, _center_crop, _scale):
            yield draw(random, f"draw {number}")
        yield _stochastic_depth(random, f"draw {number}")
        yield _cropped_like(random, f"draw {number}, to a second input")
    yield from _refusals()


def _shape(random: Random, rank: int) -> Shape:
    """Sizes that differ pairwise, small enough to keep."""
    return tuple(random.sample((2, 3, 4, 5, 6, 7) if rank < 4 else (1, 2, 3, 4, 5), rank))


def _either_end(random: Random, axis: int, rank: int) -> int:
    return random.choice((axis, axis - rank))


def _squeeze(random: Random, name: str) -> Case:
    rank = random.randint(2, 5)
    ones = random.sample(range(rank), random.randint(1, rank - 1))
    shape = [1 if axis in ones else size for axis, size in enumerate(_shape(random, rank))]
    dims = [_either_end(random, axis, rank) for axis in ones]
    return case(name, "squeeze", tuple(shape), dim=dims if random.random() < 0.6 else dims[0])


def _unsqueeze(random: Random, name: str) -> Case:
    rank = random.randint(1, 4)
    return case(name, "unsqueeze", _shape(random, rank), dim=random.randint(-rank - 1, rank))


def _channel_shuffle(random: Random, name: str) -> Case:
    groups = random.randint(1, 4)
    channels = groups * random.randint(1, 4) if random.random() < 0.8 else random.randint(1, 12)
    return case(name, "channel_shuffle", (2, channels, *_shape(random, random.randint(1, 2))), groups=groups)


def _pixel_shuffle(random: Random, name: str) -> Case:
    factor = random.randint(1, 3)
    channels = factor**2 * random.randint(1, 3) if random.random() < 0.8 else random.randint(1, 20)
    return case(name, "pixel_shuffle", (2, channels, *_shape(random, 2)), upscale_factor=factor)


def _pixel_unshuffle(random: Random, name: str) -> Case:
    factor = random.randint(1, 3)
    whole = random.random() < 0.8
    cells = tuple(size * factor if whole else size + 1 for size in random.sample((1, 2, 3, 4), 2))
    return case(name, "pixel_unshuffle", (1, random.randint(1, 3), *cells), downscale_factor=factor)


def _center_crop(random: Random, name: str) -> Case:
    rank = random.randint(1, 3)
    cells = _shape(random, rank)
    more = 0 if random.random() < 0.8 else 1
    size: Any = [random.randint(1, n) + more for n in cells]
    if random.random() < 0.4:
        size = min(size)
    return case(name, "center_crop", (2, 3, *cells), note=NARROWED, size=size)


def _cropped_like(random: Random, name: str) -> Case:
    cells = _shape(random, random.randint(1, 3))
    more = 0 if random.random() < 0.8 else 1
    like = (random.randint(1, 3), random.randint(1, 5), *(random.randint(1, n) + more for n in cells))
    return Case(name=f"center_crop: {name}", layer="center_crop", shape=(2, 3, *cells), more=(like,), note=NARROWED)


def _stochastic_depth(random: Random, name: str) -> Case:
    shape = _shape(random, random.randint(1, 3))
    return case(name, "stochastic_depth", shape, note=READ, p=random.random(), mode=random.choice(["row", "batch"]))


def _scale(random: Random, name: str) -> Case:
    rank = random.randint(1, 4)
    shape = _shape(random, rank)
    dim = _either_end(random, random.randrange(rank), rank)
    return case(name, "scale", shape, note=MULTIPLIED, dim=dim, bias=random.random() < 0.5)


def _refusals() -> Iterator[Case]:
    yield refusal("an axis twice", "squeeze", (2, 1, 1), dim=[1, -2])
    yield refusal("an axis that is not there", "squeeze", (2, 1, 1), dim=3)
    yield refusal("an axis that is not there, in a list", "squeeze", (2, 1, 1), dim=[1, -4])
    yield refusal("an axis beyond the new last", "unsqueeze", (2, 3), dim=3)
    yield refusal("an axis before the first", "unsqueeze", (2, 3), dim=-4)
    yield refusal("a table", "channel_shuffle", (2, 6), groups=3)
    yield refusal("a table", "pixel_shuffle", (2, 4), upscale_factor=2)
    yield refusal("one row of an odd number of columns", "pixel_unshuffle", (2, 3, 2, 5), downscale_factor=2)
    yield refusal("7 channels for blocks of 4 cells", "pixel_shuffle", (2, 7, 3, 5), upscale_factor=2)
    yield refusal("more cells than there are", "center_crop", (2, 3, 4, 5), size=[4, 6])
    like = ((2, 3, 5),)
    yield Case(name="center_crop: a longer row", layer="center_crop", shape=(2, 3, 4), more=like, refused=True)
    left = "PyTorch leaves an axis that is not 1"
    yield refusal("an axis of 3", "squeeze", (2, 3, 1), ours=left, dim=1)
    yield refusal("an axis of 2 in a list", "squeeze", (2, 3, 1), ours=left, dim=[2, 0])
    whole = "a map has a batch, channels and two axes of space here"
    yield refusal("no batch", "pixel_shuffle", (4, 3, 5), ours=whole, upscale_factor=2)
    yield refusal("five axes", "pixel_unshuffle", (2, 3, 5, 4, 6), ours=whole, downscale_factor=2)
