"""Where the error of a layer stands in its step, and what of it is moved to the call that gave the value."""

from __future__ import annotations

from shapecalc.diagnostics import Diagnostic, Fix, Label, LayerError, Span
from shapecalc.diagnostics.step_spans import Origin, StepSpans, with_origins
from tests.support.rows import for_each

TYPE, FIELD, ENTRY, INPUTS, USE, CALL, OUTER = (Span(line, 1, line, 9) for line in range(1, 8))
SPANS = StepSpans(TYPE, {("size",): FIELD, ("size", 1): ENTRY}, INPUTS)


@for_each(
    "error, span",
    [
        (LayerError("SC202", "is wrong", field="size", index=(1,)), ENTRY),
        (LayerError("SC202", "is wrong", field="size", index=(0,)), FIELD),
        (LayerError("SC202", "is wrong", field="size"), FIELD),
        (LayerError("SC202", "is wrong", field="other"), TYPE),
        (LayerError("SC202", "is wrong"), TYPE),
        (LayerError("SC301", "is wrong"), INPUTS),
        (LayerError("SC301", "is wrong", field="size"), FIELD),
    ],
)
def test_an_error_stands_at_the_entry_else_the_field_else_what_is_read_else_the_type(
    error: LayerError, span: Span
) -> None:
    assert SPANS.diagnose(error, "conv").span == span


def test_an_error_of_what_is_read_stands_at_the_type_without_from() -> None:
    assert StepSpans(TYPE, {}).diagnose(LayerError("SC301", "is wrong"), "conv").span == TYPE


def test_the_fix_of_a_parameter_is_that_of_the_outermost_call() -> None:
    origins = {USE: Origin(Label(CALL, "here"), single=True), CALL: Origin(Label(OUTER, "and here"), single=True)}
    found = with_origins(Diagnostic("SC202", "m", span=USE, help="write `3`", fix=Fix(USE, "3")), origins)
    assert (found.span, found.labels) == (USE, (Label(CALL, "here"), Label(OUTER, "and here")))
    assert (found.fix, found.help) == (Fix(OUTER, "3"), "it needs `3`")


def test_a_value_that_no_edit_can_replace_has_no_fix() -> None:
    wrong = Diagnostic("SC202", "m", span=USE, fix=Fix(USE, "3"))
    assert with_origins(wrong, {USE: Origin(Label(CALL, "here"), single=False)}).fix is None
    assert with_origins(wrong, {USE: None}).fix is None
    assert with_origins(wrong, {}) == wrong


def test_what_the_input_contradicts_is_no_safe_fix_of_a_parameter() -> None:
    origins = {USE: Origin(Label(CALL, "here"), single=True)}
    for code, safe in (("SC202", True), ("SC301", False)):
        fix = with_origins(Diagnostic(code, "m", span=USE, fix=Fix(USE, "3", safe=True)), origins).fix
        assert fix is not None
        assert fix.safe is safe


def test_values_that_name_each_other_end() -> None:
    origins = {USE: Origin(Label(CALL, "a"), single=True), CALL: Origin(Label(USE, "b"), single=True)}
    assert with_origins(Diagnostic("SC202", "m", span=USE), origins).labels == (Label(CALL, "a"), Label(USE, "b"))
