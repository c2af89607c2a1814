"""Trained vectors in front of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.tables import array_of
from shapecalc.importers.rewriting.weights import reshaped

if TYPE_CHECKING:
    from shapecalc.importers.graph import ImportedStep, Value

RULES = Rules()


@RULES.on("concat")
def class_token(at: Rewriter, node: ImportedStep) -> Value | None:
    """One trained vector, the same for each sample, in front of each sequence is a class token."""
    if len(node.reads) != 2 or node.value().rank != 3 or node.layer.dim % 3 != 1:  # type: ignore[attr-defined]  # noqa: PLR2004
        return None
    token, sequence = node.reads
    inside = [node]
    while not isinstance(token.node, str) and token.node.type in ("expand", "reshape", "unsqueeze", "tile"):
        if token.shape[1:2] != (1,) and token.rank == 3:  # noqa: PLR2004
            return None
        inside.append(token.node)
        token = token.node.reads[0]
    owner = token.node
    size = sequence.shape[-1]
    if isinstance(owner, str) or owner.type != "parameter" or node.reads[0].shape[1] != 1:
        return None
    # Nothing but the batch is repeated: the vector is as long as the features.
    if (
        not at.has_one_owner(owner.tensors[""])
        or any(each != 1 for each in token.shape[:-1])
        or token.shape[-1:] != (size,)
    ):
        return None
    if not at.is_closed([*inside, owner], node.value()):
        return None
    stored = reshaped(owner.tensors[""], (1, 1, size))
    return at.step("class_token", sequence, replaces=inside, tensors={"token": stored})


@RULES.on("add")
def learned_positions(at: Rewriter, node: ImportedStep) -> Value | None:
    """The rows of a table for the indices 0, 1, … of a sequence, added to it, are a learned positional encoding."""
    if len(node.reads) != 2 or node.value().rank != 3:  # noqa: PLR2004 - a sequence and its positions
        return None
    for sequence, rows in (node.reads, node.reads[::-1]):
        table = rows.node
        if isinstance(table, str) or table.type != "embedding" or sequence.shape != node.value().shape:
            continue
        if not at.is_closed([table, node], node.value()) or not _is_count(at, table.reads[0], sequence):
            continue
        rows_count, size = table.layer.num_embeddings, table.layer.embedding_dim  # type: ignore[attr-defined]
        if size != sequence.shape[-1] or table.layer.max_norm is not None or set(table.tensors) != {"weight"}:  # type: ignore[attr-defined]
            continue
        fields: dict[str, Any] = {"kind": "learned", "max_length": rows_count, "batch_first": True}
        replaced = [table, node]
        return at.step("positional_encoding", sequence, replaces=replaced, tensors=table.tensors, **fields)
    return None


def _is_count(at: Rewriter, indices: Value, sequence: Value) -> bool:
    """Return whether indices are 0, 1, … along the axis of positions, the same for each sample."""
    length = sequence.shape[1]
    if not isinstance(length, int) or indices.shape not in ((length,), (1, length)):
        return False
    array = array_of(at, indices)
    return array is not None and array.ravel().tolist() == list(range(length))
