"""A step whose kind is a layer: a tensor, a layer, or a merge with its branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from shapecalc.architecture import Group, Step, joined
from shapecalc.diagnostics import Fix
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import LIKE, Number
from shapecalc.layers.reshaping import Identity
from shapecalc.parser.names import confusing, is_name
from shapecalc.parser.scalars import shorten
from shapecalc.parser.scopes import UNSPECIFIED
from shapecalc.parser.share import SharedTensors, refuse_other_kind, sharing
from shapecalc.parser.substitution import is_conditional_branch
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers import Layer
    from shapecalc.parser.diagnostics import Diagnostics
    from shapecalc.parser.fields import LayerReader
    from shapecalc.parser.scopes import Scope
    from shapecalc.parser.step_parts import Entry, StepContext, StepParts
    from shapecalc.parser.visible_parameters import VisibleParameters


class LayerSteps:
    """Reads the steps of one text that are layers; `read` reads the steps of a branch."""

    __slots__ = ("_diagnostics", "_layers", "_read", "_visible")

    def __init__(
        self,
        layers: LayerReader,
        visible: VisibleParameters,
        read: Callable[[tuple[Node, ...], Scope, str, str | None], str | None],
        diagnostics: Diagnostics,
    ) -> None:
        self._layers = layers
        self._visible = visible
        self._read = read
        self._diagnostics = diagnostics

    def layer(
        self, parts: StepParts, cls: type[Layer], shared: Step | Group | SharedTensors | None, at: StepContext
    ) -> str | None:
        """Read a layer, or a merge with its branches, and return its slot; None if it could not be read."""
        branches = parts.branches
        node, inputs = parts.node, at.inputs
        left_out = False
        if branches:
            node = parts.fields
            present = tuple(entry for entry in branches if self._visible.is_branch_there(entry[1]))
            left_out, branches = len(present) < len(branches), present
            inputs = self._read_branches(branches, at, parts)
        elif cls.like_field is not None and isinstance(node, Mapping):
            node, inputs = self._read_like(cls.like_field, node, at)
        layer, spans = self._layers.read(cls, parts.type_node, node, parts.misplaced)
        if left_out:
            layer = self._of_present(layer, parts, inputs, branches)
        outputs = ("output", *cls.extra_outputs) if layer is None else layer.output_names
        at.scope.define(at.path, outputs, at.name_span)
        if layer is None or not inputs:
            return None
        spans = parts.with_key_spans(spans)
        step = Step(at.path, layer, inputs, spans, at.expect, branches=tuple(key.text for key, _ in branches))
        if isinstance(shared, SharedTensors):
            step = step._replace(apart=shared.tensors)
        elif shared is not None:
            if isinstance(shared, Group):
                refuse_other_kind(parts, shared, "a layer", self._diagnostics)
                return None
            step = sharing(step, shared)
        at.scope.add(step)
        return at.path

    def _read_like(self, field: str, node: Mapping, at: StepContext) -> tuple[Mapping, tuple[str, ...]]:
        """Return the fields without `{like: step}`, and the inputs with that step; no inputs if it is refused."""
        value = node.get(field)
        if not isinstance(value, Mapping) or self._diagnostics.is_placeholder(value):
            return node, at.inputs
        named = self._diagnostics.keys(value, (LIKE,), f"`{field}`").get(LIKE)
        slots = None
        if isinstance(named, Scalar):
            slots = at.scope.references(named, at.path, at.prefix, LIKE)
        elif not self._diagnostics.refused_within(value.span):
            wrong = value if named is None else named
            self._diagnostics.refuse_value(
                "SC202", f"`{field}` expects `{{like: step}}` with the name of a step", wrong
            )
        rest = tuple(entry for entry in node.entries if entry[0].text != field)
        return node._replace(entries=rest), (*at.inputs, *slots) if slots and at.inputs else ()

    def tensor(self, parts: StepParts, cls: type[Layer], at: StepContext) -> str | None:
        """Read a tensor, which has no inputs."""
        refused = _refuse_keys_of_tensor(parts, cls, at.path, self._diagnostics)
        layer, spans = self._layers.read(cls, parts.type_node, parts.node, parts.misplaced)
        at.scope.define(at.path, ("output",), at.name_span)
        if layer is None or refused:
            return None
        at.scope.add(Step(at.path, layer, (), spans, at.expect))
        return at.path

    def _of_present(
        self, layer: Layer | None, parts: StepParts, inputs: tuple[str, ...], branches: tuple[Entry, ...]
    ) -> Layer | None:
        """Return the layer that merges the branches that are present: the identity, if one is left of a sum."""
        if not branches:
            message = f"`{parts.type_node.text}` expects a branch, has none whose `when` is true"
            help_text = f"put `when` next to `{parts.type_node.text}`, to leave out the whole"
            self._diagnostics.refuse("SC107", message, parts.type_node.span, help=help_text)
        if layer is None or len(inputs) != 1 or not layer.identity_of_one or layer != type(layer)():
            return layer
        return Identity()

    def _read_branches(self, branches: tuple[Entry, ...], at: StepContext, parts: StepParts) -> tuple[str, ...]:
        """Read each branch, and return the slots of their outputs; none if one of them could not be read."""
        if len(at.inputs) > 1:
            message = f"`{parts.type_node.text}` expects branches, or several names in `from`, has both"
            help_text = "begin each branch with a step that says `from:`"
            self._diagnostics.refuse("SC107", message, head(parts.keys["from"]), help=help_text)
        flow = at.inputs[0] if at.inputs else None
        ends = []
        for key, value in branches:
            if isinstance(value, Mapping) and is_conditional_branch(value):
                value = value.get("layers") or value  # noqa: PLW2901 - the branch itself
            if not is_name(key.text):
                message = f"a branch expects a name of letters, digits and `_`, receives `{shorten(key.text)}`"
                self._diagnostics.refuse("SC110", message, key.span, label=confusing(key.text))
            if isinstance(value, Sequence):
                end = self._read(value.items, at.scope, joined(at.path, key.text), flow)
                if end == UNSPECIFIED:
                    expected = f"branch `{shorten(key.text)}` expects a step with `from:`"
                    at.scope.refuse_unspecified(expected, key.span)
                    end = None
                ends.append(end)
                continue
            expected = f"branch `{shorten(key.text)}` expects a list of steps"
            nothing = isinstance(value, Scalar) and value.value is None
            help_text = f"write `{key.text}: []` for what passes unchanged" if nothing else "begin each step with `- `"
            if isinstance(parts.kind, type) and _is_number(value) and _main_is_number(parts.kind):
                help_text = f"a number as operand is `{parts.kind.type}: {shorten(value.text)}`"
            fix = Fix(value.span, "[]" if value.text else " []") if nothing and isinstance(value, Scalar) else None
            self._diagnostics.refuse_value("SC107", expected, value, help=help_text, fix=fix)
            ends.append(None)
        known = tuple(end for end in ends if end is not None)
        return known if len(known) == len(ends) else ()


def _refuse_keys_of_tensor(parts: StepParts, cls: type[Layer], path: str, diagnostics: Diagnostics) -> bool:
    """Refuse the keys that a tensor cannot have next to it, and return whether it has one."""
    named = f"the steps that read it name it: `from: {path}`"
    reasons = {
        "from": ("SC313", f"`{cls.type}` expects no input, has `from`", f"delete `from`; {named}"),
        "repeat": ("SC107", f"`{cls.type}` expects no `repeat`", "put it into a block, and repeat that"),
        "share": (
            "SC107",
            f"`{cls.type}` expects no `share`",
            f"delete the step; {named.replace('it:', 'the other:')}",
        ),
    }
    wrong = [key for key in parts.keys if key in reasons]
    for key in wrong:
        code, message, help_text = reasons[key]
        diagnostics.refuse(code, message, head(parts.keys[key]), help=help_text)
    return bool(wrong)


def _is_number(node: Node) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and type(node.value) in (int, float)


def _main_is_number(cls: type[Layer]) -> bool:
    return cls.main is not None and isinstance(fields_of(cls)[cls.main].kind, Number)
