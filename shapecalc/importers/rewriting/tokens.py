"""Trained vectors in front of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.importers.rewriting.rewriter import Rewriter, Rules
from shapecalc.importers.rewriting.weights import reshaped

if TYPE_CHECKING:
    from shapecalc.importers.graph import Node, Value

RULES = Rules()


@RULES.on("concat")
def class_token(at: Rewriter, node: Node) -> Value | None:
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
    held = token.node
    size = sequence.shape[-1]
    if isinstance(held, str) or held.type != "parameter" or node.reads[0].shape[1] != 1:
        return None
    # Nothing but the batch is repeated: the vector is as long as the features.
    if (
        not at.is_held_once(held.tensors[""])
        or any(each != 1 for each in token.shape[:-1])
        or token.shape[-1:] != (size,)
    ):
        return None
    if not at.is_closed([*inside, held], node.value()):
        return None
    stored = reshaped(held.tensors[""], (1, 1, size))
    return at.step("class_token", sequence, replaces=inside, tensors={"token": stored})
