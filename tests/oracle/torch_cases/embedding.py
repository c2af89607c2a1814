"""Embeddings with long rows, and bags of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from torch.nn import functional

from torch_cases import Case, Filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

TABLE = {"num_embeddings": 9, "embedding_dim": 4}
WEIGHT = {"weight": (9, 4)}


def looked_up(x: Tensor, weight: Tensor, max_norm: float, padding_idx: int | None = None) -> Tensor:
    """PyTorch scales rows of the table itself, which is a leaf here: it may not, outside of its own function."""
    return functional.embedding(x, weight, padding_idx, max_norm=max_norm)


def bag(x: Tensor, *weights: Tensor, weight: Tensor, mode: str) -> Tensor:
    return functional.embedding_bag(x, weight, mode=mode, per_sample_weights=weights[0] if weights else None)


def cases() -> Iterator[Case]:
    ids = Filled((3, 5), "int64", 9)
    for most in (0.3, 0.9, 50.0):
        fields: dict[str, Any] = {**TABLE, "max_norm": most}
        yield Case("embedding", fields, (ids,), partial(looked_up, max_norm=most), WEIGHT)
        padded = partial(looked_up, max_norm=most, padding_idx=2)
        yield Case("embedding", {**fields, "padding_idx": 2}, (ids,), padded, WEIGHT)
    for mode in ("sum", "mean", "max"):
        yield Case("embedding_bag", {**TABLE, "mode": mode}, (ids,), partial(bag, mode=mode), WEIGHT)
        one = Filled((4, 1), "int64", 9)
        yield Case("embedding_bag", {**TABLE, "mode": mode}, (one,), partial(bag, mode=mode), WEIGHT)
    yield Case("embedding_bag", {**TABLE, "mode": "sum"}, (ids, (3, 5)), partial(bag, mode="sum"), WEIGHT)


CASES = tuple(cases())
