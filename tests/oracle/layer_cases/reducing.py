"""One axis less: by an index, a mean, a maximum or a sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layer_cases import Case, case, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPES: tuple[tuple[int, ...], ...] = ((5,), (3, 5), (2, 3, 5), (2, 3, 5, 7))


def cases() -> Iterator[Case]:
    """Every axis of every rank, from both ends."""
    for shape in SHAPES:
        rank = len(shape)
        for dim in range(-rank, rank):
            for index in (0, shape[dim] - 1, -1, -shape[dim]):
                name = f"rank {rank}, axis {dim}, index {index}"
                if index or dim >= 0:
                    yield case(name, "select", shape, dim=dim, index=index)
            for word in ("mean", "max", "sum"):
                yield case(f"rank {rank}, axis {dim}", word, shape, dim=dim)
                yield case(f"rank {rank}, axis {dim} stays as 1", word, shape, dim=dim, keepdim=True)
    for word in ("mean", "max", "sum"):
        yield case("an axis of one", word, (3, 1), dim=1)
        yield case("a long axis", word, (3, 4001), dim=1)
        yield case("huge cells", word, (3, 7), dim=1, times=1e30)
        yield refusal("an axis that is not there", word, (3, 5), dim=2)
        yield refusal("an axis that is not there, from the end", word, (3, 5), dim=-3)
    yield refusal("the index after the last", "select", (3, 5), dim=1, index=5)
    yield refusal("before the first from the end", "select", (3, 5), dim=1, index=-6)
    yield refusal("an axis that is not there", "select", (3, 5), dim=2, index=0)
