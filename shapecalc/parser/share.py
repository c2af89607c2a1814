"""`share:` → the step whose tensors another one uses, or single tensors by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Group, SharedTensor
from shapecalc.diagnostics import Label
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Mapping, Node, head, plain

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from shapecalc.architecture import Step
    from shapecalc.parser.diagnostics import Diagnostics
    from shapecalc.parser.scopes import Scope
    from shapecalc.parser.step_parts import StepParts


class SharedTensors(NamedTuple):
    """The tensors that a step shares one by one, by its own names of them."""

    tensors: MappingOf[str, SharedTensor]


def read_share(
    parts: StepParts, scope: Scope, prefix: str, diagnostics: Diagnostics
) -> Step | Group | SharedTensors | None:
    """Return what the `share:` of a step names; None if it is refused."""
    node = parts.keys["share"]
    if not isinstance(node, Mapping):
        return scope.shared_step(node, "", prefix)
    if not node.entries:
        diagnostics.refuse_value("SC202", "`share` expects the name of a step, or tensors by name", node)
        return None
    if not isinstance(parts.kind, type):
        message = f"`share` of single tensors expects a layer, receives {'a block' if parts.kind else 'none'}"
        help_text = "write the layer too, or share all tensors of a step: `share: step`"
        diagnostics.refuse("SC316", message, head(node), help=help_text)
        return None
    read = {
        key.text: _tensor(f"share.{shorten(key.text)}", value, scope, prefix, diagnostics)
        for key, value in node.entries
    }
    tensors = {name: tensor for name, tensor in read.items() if tensor is not None}
    return SharedTensors(tensors) if tensors and len(tensors) == len(read) else None


def _tensor(key: str, node: Node, scope: Scope, prefix: str, diagnostics: Diagnostics) -> SharedTensor | None:
    """Return the tensor of `enc.weight` or `{of: enc.weight, transposed: true}`; None if it is refused."""
    transposed: object = False
    if isinstance(node, Mapping):
        entries = diagnostics.keys(node, ("of", "transposed"), f"`{key}`")
        if "of" not in entries:
            help_text = "add the tensor, such as `of: step.weight`"
            diagnostics.refuse("SC108", f"`{key}` requires `of:`", head(node), help=help_text)
            return None
        node, given = entries["of"], entries.get("transposed")
        transposed = given is not None and plain(given)
        if given is not None and not isinstance(transposed, bool):
            diagnostics.refuse_value("SC202", f"`{key}.transposed` expects `true` or `false`", given)
            return None
    tensor = scope.shared_tensor(node, prefix)
    return None if tensor is None else tensor._replace(transposed=tensor.transposed is not transposed)


def refuse_repeated_share(parts: StepParts, diagnostics: Diagnostics) -> None:
    """Refuse a step that has both `repeat:` and `share:`."""
    if "repeat" in parts.keys and "share" in parts.keys:
        message = "`repeat` and `share` stand on one step"
        help_text = "put the layer into a block, and repeat or share that"
        diagnostics.refuse("SC107", message, head(parts.keys["share"]), help=help_text)


def refuse_other_kind(parts: StepParts, shared: Step | Group, what: str, diagnostics: Diagnostics) -> None:
    """Refuse `share:` of a block where a layer is expected, or of a layer where a block is."""
    at = shared.spans
    labels = () if at is None else (Label(at.type, f"`{shared.path}`"),)
    message = f"`share` expects {what}, `{shared.path}` is {'a block' if isinstance(shared, Group) else 'a layer'}"
    diagnostics.refuse("SC316", message, head(parts.keys["share"]), labels=labels)


def sharing(step: Step, shared: Step) -> Step:
    """Return a step with the tensors of another one, and with a bias of its own if that one is without."""
    step = step._replace(weights=shared.weights or shared.path)
    if not step.layer.has_bias:
        return step
    return step._replace(apart=shared.apart if shared.layer.has_bias else {"bias": SharedTensor(step.path, "bias")})
