"""Embedding, one-hot and cosine similarity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer_cases import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS, FEATURES = 11, 3
INDICES: tuple[tuple[int, ...], ...] = ((), (5,), (2, 4), (2, 3, 5))
AS_FLOAT = "one_hot of PyTorch, then .float()"
ONE_SHAPE = "the two inputs have one shape here; PyTorch broadcasts them"


def cases() -> Iterator[Case]:
    """Everything between indices and vectors."""
    yield from _embedding()
    yield from _one_hot()
    yield from _cosine()


def _embedding() -> Iterator[Case]:
    table = {"num_embeddings": ROWS, "embedding_dim": FEATURES}
    for shape in INDICES:
        yield _indexed("embedding", f"indices of rank {len(shape)}", shape, below=ROWS, **table)
        for row in (0, 4, -1):
            name = f"indices of rank {len(shape)}, padding row {row}"
            yield _indexed("embedding", name, shape, below=ROWS, padding_idx=row, **table)
    yield _indexed("embedding", "one row", (2, 4), below=1, num_embeddings=1, embedding_dim=5)
    yield _indexed("embedding", "vectors of one number", (2, 4), below=ROWS, num_embeddings=ROWS, embedding_dim=1)
    for name, cells in (("the index after the last", (0, 11, 3)), ("an index from the end", (0, -1, 3))):
        yield _indexed("embedding", name, (3,), cells=cells, refused=True, **table)
    yield _indexed("embedding", "floats as indices", (3,), refused=True, **table)
    for row in (ROWS, -ROWS - 1):
        yield _indexed("embedding", f"padding row {row}", (3,), below=ROWS, refused=True, padding_idx=row, **table)


def _one_hot() -> Iterator[Case]:
    for shape in INDICES:
        name = f"indices of rank {len(shape)}"
        yield _indexed("one_hot", name, shape, below=ROWS, note=AS_FLOAT, num_classes=ROWS)
        yield _indexed("one_hot", f"{name}, classes that none is", shape, below=3, note=AS_FLOAT, num_classes=ROWS)
    yield _indexed("one_hot", "one class", (2, 4), below=1, note=AS_FLOAT, num_classes=1)
    for name, cells in (("the class after the last", (0, 11, 3)), ("a class from the end", (0, -1, 3))):
        yield _indexed("one_hot", name, (3,), cells=cells, refused=True, num_classes=ROWS)
    yield _indexed("one_hot", "floats as indices", (3,), refused=True, num_classes=ROWS)


def _cosine() -> Iterator[Case]:
    for shape in ((5,), (2, 5), (2, 3, 5), (2, 3, 5, 7)):
        for dim in range(-len(shape), len(shape)):
            yield _two(f"rank {len(shape)}, axis {dim}", shape, dim=dim)
    yield _two("vectors of one number", (2, 1), dim=1)
    yield _two("the axis unless stated", (2, 5, 3))
    zeros = (0.0,) * 5
    yield _two("a vector of zeros is like nothing", (2, 5), cells=(*zeros, 1, 2, 3, 4, 5), dim=1)
    yield _two("lengths below eps count as eps", (2, 5), dim=1, eps=2.5)
    yield _two("eps above every length", (2, 5), dim=0, eps=100.0)
    yield _two("long vectors", (2, 5), times=1e6, dim=1)
    yield _two("short vectors", (2, 5), times=1e-6, dim=1)
    yield _two("an axis that is not there", (2, 5), refused=True, dim=2)
    yield _two("vectors of different lengths", (2, 5), more=(2, 4), refused=True, dim=1)
    yield _two("one vector against many", (2, 5), more=(1, 5), refused=True, ours=ONE_SHAPE, dim=1)


def _indexed(
    word: str,
    name: str,
    shape: tuple[int, ...],
    *,
    below: int = 0,
    cells: tuple[int, ...] = (),
    note: str = "",
    refused: bool = False,
    **fields: Any,
) -> Case:
    return Case(
        name=f"{word}: {name}",
        layer=word,
        shape=shape,
        below=below,
        cells=cells,
        note=note,
        refused=refused,
        fields=fields,
    )


def _two(
    name: str,
    shape: tuple[int, ...],
    *,
    more: tuple[int, ...] | None = None,
    cells: tuple[float, ...] = (),
    times: float = 1.0,
    refused: bool = False,
    ours: str = "",
    **fields: Any,
) -> Case:
    return Case(
        name=f"cosine_similarity: {name}",
        layer="cosine_similarity",
        shape=shape,
        more=(more or shape,),
        cells=cells,
        scale=times,
        refused=refused,
        ours=ours,
        fields=fields,
    )
