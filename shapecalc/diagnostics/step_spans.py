"""The places of a step in its file, and the call of a block that gives a value: where the errors of a layer stand."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics.model import Diagnostic, Fix, Label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.diagnostics import LayerError, Span

INPUT_CODES = {"SC206", "SC301", "SC313", "SC314", "SC315"}
"""Codes of mistakes in the inputs of a step. Without a field, they are reported at `from:` if the step has one."""


class Origin(NamedTuple):
    """The place where a call gives a parameter's value, as a label."""

    label: Label
    single: bool
    """Whether the value is a scalar on one line, which an edit can replace."""


class UsedParameter(NamedTuple):
    """A parameter that an expression uses: its name, its value, and the span of that."""

    name: str
    value: Any
    span: Span


class StepSpans(NamedTuple):
    """The source spans of a step: its layer type, its fields, `from:` and `share:`.

    `fields` maps `(field,)` to the span of its value, and `(field, 0)`, `(field, 0, 1)` to those of list entries.
    """

    type: Span
    fields: Mapping[tuple[str | int, ...], Span]
    inputs: Span | None = None
    """The value of `from:`."""
    share: Span | None = None
    """The value of `share:`."""
    origins: Mapping[Span, Origin | None] = MappingProxyType({})
    """The values that are a block's parameters, with the place where a call gives them, if one does."""
    operands: Mapping[Span, tuple[UsedParameter, ...]] = MappingProxyType({})
    """The parameters that values such as `${4 * width}` are computed from."""

    def diagnose(self, error: LayerError, type_name: str, labels: tuple[Label, ...] = ()) -> Diagnostic:
        """Return the diagnostic of a layer's error, at the wrong list entry, else the field, else the layer type."""
        entry = self.fields.get((error.field or "", *error.index))
        span = entry or self.fields.get((error.field or "",))
        fallback = self.inputs if error.code in INPUT_CODES and self.inputs is not None else self.type
        fix = None
        if span is not None and error.replacement is not None:
            fix = Fix(span, error.replacement, safe=error.safe)
        diagnostic = Diagnostic(
            code=error.code,
            message=f"`{type_name}` {error.message}",
            span=span or fallback,
            label=error.label,
            labels=labels,
            help=error.help,
            fix=fix,
        )
        return with_origins(diagnostic, self.origins)


def with_origins(diagnostic: Diagnostic, origins: Mapping[Span, Origin | None]) -> Diagnostic:
    """Return a diagnostic with labels at the calls that give the wrong value, if its span is a use of a parameter.

    Replacing the use by a value would fix one call of the block and break others: the fix is moved to the value in the
    call if that is a single scalar, else removed.
    """
    if diagnostic.span is None or diagnostic.span not in origins:
        return diagnostic
    chain: list[Origin | None] = [origins[diagnostic.span]]
    # A YAML alias shared by two blocks may be its own origin.
    while (last := chain[-1]) is not None and origins.get(last.label.span, last) not in chain:
        chain.append(origins[last.label.span])
    labels = dict.fromkeys([*diagnostic.labels, *(origin.label for origin in chain if origin is not None)])
    fix = diagnostic.fix
    if fix is not None and fix.span == diagnostic.span:
        # A value that contradicts the input in one use of the parameter may be right in the others.
        safe = fix.safe and diagnostic.code not in INPUT_CODES
        fix = fix._replace(span=last.label.span, safe=safe) if last is not None and last.single else None
    help_text = diagnostic.help
    if help_text is not None and help_text.startswith("write "):
        help_text = f"it needs {help_text.removeprefix('write ')}"
    return diagnostic._replace(labels=tuple(labels), help=help_text, fix=fix)
