"""The parts of one step, and where it stands: what its readers hand each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import Number
from shapecalc.parser.substitution import is_conditional_branch
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head

if TYPE_CHECKING:
    from shapecalc.architecture import Expectation
    from shapecalc.diagnostics import Span
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.layers import Layer
    from shapecalc.parser.blocks import Block
    from shapecalc.parser.scopes import Scope

Entry = tuple[Scalar, Node]


class StepParts(NamedTuple):
    """The parts of a step.

    `kind` is a layer's class or a block; None if the step has only `share:`, and so the kind of the shared step.
    `misplaced` are fields written next to the layer type instead of below it.
    """

    kind: type[Layer] | Block | None
    type_node: Scalar
    node: Node | None
    misplaced: tuple[Entry, ...]
    keys: dict[str, Node]

    @property
    def branches(self) -> tuple[Entry, ...]:
        """The branches below a merge; next to several names in `from:`, a number or word is rather a misspelt field."""
        if not isinstance(self.kind, type) or not self.kind.merges or not isinstance(self.node, Mapping):
            return ()
        cls, given = self.kind, self.keys.get("from")
        several = isinstance(given, Sequence) and len(given.items) > 1
        entries = tuple(entry for entry in self.node.entries if _is_branch(cls, *entry))
        if several and all(isinstance(value, Scalar) and value.value is not None for _, value in entries):
            return ()
        return entries

    @property
    def fields(self) -> Node | None:
        """The value of a layer without its branches, and without a size that is like another step's."""
        apart = {key.text for key, _ in self.branches}
        if isinstance(self.kind, type) and self.kind.like_field is not None and isinstance(self.node, Mapping):
            apart |= {key.text for key, value in self.node.entries if isinstance(value, Mapping)}
        if not apart or not isinstance(self.node, Mapping):
            return self.node
        fields = tuple(entry for entry in self.node.entries if entry[0].text not in apart)
        return self.node._replace(entries=fields) if fields else None

    def with_key_spans(self, spans: StepSpans) -> StepSpans:
        """Return the spans of a step with those of its `from:` and `share:`."""
        inputs, share = self.keys.get("from"), self.keys.get("share")
        if inputs is share is None:
            return spans
        fields: dict[tuple[str | int, ...], Span] = {**spans.fields}
        for key, value in share.entries if isinstance(share, Mapping) else ():
            fields |= {("share", key.text): head(value), ("share", key.text, "name"): key.span}
        return spans._replace(fields=fields, inputs=inputs and head(inputs), share=share and head(share))


class StepContext(NamedTuple):
    """The context of a step: its scope, branch, path, span of its name, inputs and expectations.

    A repeated layer adds the slots that its branches read to `captured`, after the inputs.
    """

    scope: Scope
    prefix: str
    path: str
    name_span: Span
    inputs: tuple[str, ...]
    expect: tuple[Expectation, ...] = ()
    captured: list[str] | None = None


def _is_branch(cls: type[Layer], key: Scalar, value: Node) -> bool:
    """Return whether an entry of a merge is a branch: no field, or a list of steps for a field that is a number."""
    field = fields_of(cls).get(key.text)
    is_list = isinstance(value, Sequence) or is_conditional_branch(value)
    return field is None or (is_list and isinstance(field.kind, Number))
