"""The errors of `share:`: tensors of another layer that are missing there, or have another shape: SC316."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import joined
from shapecalc.diagnostics import Diagnostic, Fix, Label
from shapecalc.dims import show
from shapecalc.shape_inference.provenance import call_labels
from shapecalc.shape_inference.rows import LayerReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Group, Step
    from shapecalc.diagnostics import Span
    from shapecalc.dims import Shape
    from shapecalc.shape_inference.provenance import Frame


def tensor_mismatch(row: LayerReport, name: str, owner: LayerReport, frame: Frame) -> Diagnostic | None:
    """Return the SC316 error for a single shared tensor that does not fit; None if it fits."""
    of, needed = row.step.apart[name], row.facts.tensors
    given = owner.facts.tensors
    tensor = of.path_of_tensor
    spans, owned = row.step.spans, owner.step.spans
    span = None if spans is None else spans.fields.get(("share", name)) or spans.share or spans.type
    help_text = near = None
    if name not in needed:
        message = f"`share` names `{name}`, `{row.type}` has {_names(needed)}"
        near = _closest(name, needed)
        span = span if spans is None else spans.fields.get(("share", name, "name"), span)
    elif of.name not in given:
        message = f"`share` names `{tensor}`, `{of.owner}` has {_names(given)}"
        near = joined(of.owner, closest) if (closest := _closest(of.name, given)) and not of.transposed else None
    elif of.transposed and not _is_matrix(given[of.name]):
        message = f"`share` transposes a tensor of 2 axes, `{tensor}` is {show(given[of.name])}"
    elif (shape := given[of.name][::-1] if of.transposed else given[of.name]) != needed[name]:
        turned = ", transposed" if of.transposed else ""
        message = f"`share` expects {name} {show(needed[name])}, `{tensor}` is {show(shape)}{turned}"
        if shape == needed[name][::-1] and _is_matrix(shape):
            help_text = "leave `transposed: true` out: it fits as it is" if of.transposed else TRANSPOSED
            near = None if of.transposed else f"{{of: {tensor}, transposed: true}}"
    elif (dtype := owner.step.layer.tensor_dtype(of.name)) != (own := row.step.layer.tensor_dtype(name)):
        message = f"`share` expects {name} of {own}, `{tensor}` is {dtype}"
    else:
        return None
    labels = (Label(owned.type, f"`{of.owner}`"),) if owned is not None else ()
    return _diagnostic(message, row.step, span, (*labels, *call_labels(frame)), near, help_text)


def _diagnostic(
    message: str,
    step: Step | Group,
    span: Span | None,
    labels: tuple[Label, ...],
    near: str | None,
    help_text: str | None,
) -> Diagnostic:
    """Return an error with the text that fits in place of `span`, unless that is a parameter of a block."""
    fix = None
    if near is not None and span is not None:
        fix = Fix(span, near) if step.spans is None or span not in step.spans.origins else None
        help_text = ", ".join(filter(None, (f"write `{near}`", help_text)))
    return Diagnostic(code="SC316", message=message, span=span, labels=labels, help=help_text, fix=fix)


TRANSPOSED = "which uses it with its axes swapped"


def _names(tensors: Mapping[str, Shape]) -> str:
    return " and ".join(f"`{name}`" for name in tensors if name) or "no tensors to share"


def _closest(name: str, tensors: Mapping[str, Shape]) -> str | None:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    return closest(name, tuple(filter(None, tensors)))


def weights_mismatch(
    step: Step | Group, wanted: tuple[Mapping[str, Shape], ...], owned: tuple[Mapping[str, Shape], ...], frame: Frame
) -> Diagnostic:
    """Return the SC316 error for a step that shares weights of other names or shapes than its own."""
    needed, given = next(
        ((one, other) for one, other in zip(wanted, owned, strict=False) if one != other), (wanted[0], owned[0])
    )
    if len(wanted) != len(owned):
        message = f"`share` expects the weights of {len(wanted)} layers, `{step.weights}` has {len(owned)}"
    else:
        message = f"`share` expects {_tensors_text(needed)}, `{step.weights}` has {_tensors_text(given)}"
    owner = frame.makers[step.weights]
    spans = owner.step.spans if isinstance(owner, LayerReport) else owner.group.spans
    span = None if step.spans is None else step.spans.share or step.spans.type
    labels = (Label(spans.type, "whose weights these are"),) if spans is not None else ()
    turned = [name for name, shape in needed.items() if given.get(name) == shape[::-1] != shape and _is_matrix(shape)]
    of_tensor = [f"{{{name}: {{of: {step.weights}.{name}, transposed: true}}}}" for name in turned[:1]]
    near = of_tensor[0] if of_tensor else None
    return _diagnostic(message, step, span, (*labels, *call_labels(frame)), near, TRANSPOSED if near else None)


def _is_matrix(shape: Shape) -> bool:
    return len(shape) == 2  # noqa: PLR2004 - rows and columns


def _tensors_text(tensors: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name} {show(shape)}" for name, shape in tensors.items()) or "none"
