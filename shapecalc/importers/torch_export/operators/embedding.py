"""Tables of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import Value
from shapecalc.importers.torch_export.operands import Derived
from shapecalc.importers.torch_export.operators import operator

if TYPE_CHECKING:
    from shapecalc.importers.torch_export.steps import Steps


@operator("embedding", raw=("weight",))
def embedding(to: Steps, weight: Any, indices: Value, padding_idx: int = -1, **_: Any) -> Value:
    """A row of a table for each index."""
    if isinstance(weight, (Value, Derived)):
        return to.step("take", to.value(weight), indices, dim=0)
    rows, features = weight.shape
    padding = None if padding_idx == -1 else padding_idx
    return to.step("embedding", indices, num_embeddings=rows, embedding_dim=features, padding_idx=padding,
                   tensors={"weight": to.weight(weight)})  # fmt: skip


@operator("one_hot")
def one_hot(to: Steps, x: Value, num_classes: int = -1) -> Value:
    """A row of zeros with a 1 for each index."""
    return to.step("one_hot", x, num_classes=num_classes)
