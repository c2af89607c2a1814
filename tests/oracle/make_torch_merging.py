"""Write merging.json: what PyTorch 2.13.0 says of sums, products and joins of several tensors, and of pieces of one.

Run it as make_torch_layers.py, in the same environment. The same seed gives the same bytes.
"""

from __future__ import annotations

import json
import math
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Callable

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 says of add, multiply, concat, matmul, split, chunk and select_channels: the shape and the "
    "numbers of every output, in order, and multiply-accumulates (half of FlopCounterMode). Element i of input j is "
    "(((a*i + b) mod 17) - 8) / 8 with a and b of `fill`, input 3 beginning it anew; the results are exact in float32. "
    "A case with `error` is one that PyTorch refuses, in its words; `fewer` is the number of pieces where torch.chunk "
    "gives fewer than asked, which the format refuses. Written by make_torch_merging.py."
)
FILL = [[5, 0], [4, 3], [6, 1]]
SEED = 20240229
DRAWS = 12
REFUSED_DRAWS = 4
LONGEST_MESSAGE = 160

Shape = tuple[int, ...]
Fields = dict[str, Any]
Question = tuple[str, Fields, list[Shape]]


def filled(j: int, shape: Shape) -> torch.Tensor:
    """An input by the rule in ABOUT."""
    a, b = FILL[j % len(FILL)]
    return torch.tensor([((a * i + b) % 17 - 8) / 8 for i in range(math.prod(shape))]).reshape(shape)


def called(word: str, fields: Fields, x: list[torch.Tensor]) -> list[torch.Tensor]:
    """Every output of a word, by the functions of PyTorch that it is named after."""
    if word in ("add", "multiply"):
        total = x[0]
        for other in x[1:]:
            total = torch.add(total, other) if word == "add" else torch.mul(total, other)
        return [total]
    if word == "concat":
        return [torch.cat(x, dim=fields["dim"])]
    if word == "matmul":
        a, b = x
        return [torch.matmul(a, b.transpose(-2, -1) if fields["transpose_b"] else b)]
    if word == "split":
        return list(torch.split(x[0], fields["split_size"], dim=fields["dim"]))
    if word == "chunk":
        return list(torch.chunk(x[0], fields["chunks"], dim=fields["dim"]))
    return [torch.index_select(x[0], 1, torch.tensor(fields["channels"]))]


def shape_of(rank: int, draw: random.Random) -> Shape:
    """Small sizes, pairwise different where they can be."""
    return tuple(draw.sample((2, 3, 4, 5, 6, 7), rank))


def stretched(shape: Shape, draw: random.Random) -> Shape:
    """The shape with some axes as 1, and perhaps without the first ones."""
    return tuple(1 if draw.random() < 0.4 else size for size in shape[draw.randrange(len(shape)) :])


def changed(shape: Shape, axis: int) -> Shape:
    """The shape with one axis longer."""
    return tuple(size + (place == axis) for place, size in enumerate(shape))


def combining(draw: random.Random) -> tuple[Fields, list[Shape]]:
    """Two to four shapes that broadcast."""
    whole = shape_of(draw.randint(1, 4), draw)
    shapes = [whole, *(stretched(whole, draw) for _ in range(draw.randint(1, 3)))]
    draw.shuffle(shapes)
    return {}, shapes


def joining(draw: random.Random) -> tuple[Fields, list[Shape]]:
    """One to four shapes that are equal but for an axis."""
    whole = shape_of(draw.randint(1, 4), draw)
    axis = draw.randrange(len(whole))
    shapes = [(*whole[:axis], draw.randint(1, 6), *whole[axis + 1 :]) for _ in range(draw.randint(1, 4))]
    return {"dim": draw.choice((axis, axis - len(whole)))}, shapes


def multiplying(draw: random.Random) -> tuple[Fields, list[Shape]]:
    """Two stacks of matrices whose leading axes broadcast."""
    rows, inner, columns = shape_of(3, draw)
    leading = shape_of(draw.randint(0, 2), draw)
    turned = draw.random() < 0.5
    left = (*(stretched(leading, draw) if leading else ()), rows, inner)
    return {"transpose_b": turned}, [left, (*leading, columns, inner) if turned else (*leading, inner, columns)]


def splitting(draw: random.Random) -> tuple[Fields, list[Shape]]:
    """One size, or a list that sums to the axis."""
    shape = shape_of(draw.randint(1, 4), draw)
    axis = draw.randrange(len(shape))
    cuts = sorted(draw.sample(range(1, shape[axis]), draw.randrange(shape[axis])))
    sizes = [end - start for start, end in zip([0, *cuts], [*cuts, shape[axis]], strict=True)]
    size = sizes if draw.random() < 0.5 else draw.randint(1, shape[axis] + 1)
    return {"split_size": size, "dim": draw.choice((axis, axis - len(shape)))}, [shape]


def chunking(draw: random.Random) -> tuple[Fields, list[Shape]]:
    """A number of pieces, which PyTorch may not reach."""
    shape = (*shape_of(draw.randint(1, 3), draw), draw.randint(1, 13))
    axis = draw.choice((len(shape) - 1, draw.randrange(len(shape))))
    return {"chunks": draw.randint(1, 6), "dim": draw.choice((axis, axis - len(shape)))}, [shape]


def selecting(draw: random.Random) -> tuple[Fields, list[Shape]]:
    """Some channels, in any order, some of them twice."""
    shape = shape_of(draw.randint(2, 4), draw)
    return {"channels": [draw.randrange(shape[1]) for _ in range(draw.randint(1, 6))]}, [shape]


DRAWN: dict[str, Callable[[random.Random], tuple[Fields, list[Shape]]]] = {
    "add": combining,
    "multiply": combining,
    "concat": joining,
    "matmul": multiplying,
    "split": splitting,
    "chunk": chunking,
    "select_channels": selecting,
}


def questions(draw: random.Random) -> list[Question]:
    """Draws of every word, and of those with several inputs some with one axis longer."""
    asked: list[Question] = []
    for word, made in DRAWN.items():
        asked += [(word, *made(draw)) for _ in range(DRAWS)]
        for _ in range(REFUSED_DRAWS if word in ("add", "multiply", "concat", "matmul") else 0):
            fields, shapes = made(draw)
            place = draw.randrange(len(shapes))
            shapes[place] = changed(shapes[place], draw.randrange(len(shapes[place])))
            asked.append((word, fields, shapes))
    return [
        *asked,
        ("concat", {"dim": 1}, [(2, 3), (2, 3, 4)]),
        ("concat", {"dim": 2}, [(2, 3), (2, 3)]),
        ("split", {"split_size": [2, 2], "dim": 1}, [(2, 5)]),
        ("split", {"split_size": [3, 3], "dim": -1}, [(2, 5)]),
        ("split", {"split_size": 2, "dim": 2}, [(2, 5)]),
        ("chunk", {"chunks": 2, "dim": -3}, [(2, 5)]),
        ("chunk", {"chunks": 4, "dim": 1}, [(2, 5)]),
        ("chunk", {"chunks": 4, "dim": 1}, [(2, 1)]),
        ("chunk", {"chunks": 4, "dim": 1}, [(2, 6)]),
        ("chunk", {"chunks": 4, "dim": 1}, [(2, 7)]),
        ("select_channels", {"channels": [0, 3]}, [(2, 3, 4)]),
        ("select_channels", {"channels": [0]}, [(5,)]),
    ]


def answer(number: int, question: Question) -> dict[str, Any]:
    """The row of a question: what PyTorch gives or why it refuses."""
    word, fields, shapes = question
    row: dict[str, Any] = {
        "name": f"{word}: {number}",
        "layer": word,
        "fields": fields,
        "inputs": [list(shape) for shape in shapes],
    }
    inputs = [filled(j, shape) for j, shape in enumerate(shapes)]
    try:
        with FlopCounterMode(display=False) as counter:
            outputs = called(word, fields, inputs)
    except (RuntimeError, ValueError, IndexError) as refused:
        return {**row, "error": str(refused).partition("\n")[0][:LONGEST_MESSAGE]}
    if word == "chunk" and len(outputs) < fields["chunks"]:
        return {**row, "fewer": len(outputs)}
    for y, exact in zip(outputs, called(word, fields, [x.double() for x in inputs]), strict=True):
        if not torch.equal(y.double(), exact):
            raise ValueError(f"{row['name']}: not exact in float32")
    return {
        **row,
        "macs": counter.get_total_flops() // 2,
        "outputs": [list(y.shape) for y in outputs],
        "values": [y.flatten().tolist() for y in outputs],
    }


def main() -> int:
    """Ask PyTorch every question and write the file."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    rows = [answer(number, question) for number, question in enumerate(questions(random.Random(SEED)))]
    head = json.dumps({"about": ABOUT, "torch": TORCH, "fill": FILL}, indent=1).removesuffix("\n}")
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    (HERE / "merging.json").write_text(f'{head},\n "cases": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{sum('outputs' in row for row in rows)} answers, {sum('error' in row for row in rows)} refusals")
    return 0


if __name__ == "__main__":
    sys.exit(main())
