"""A rule's error is data: the message of a file is composed of it, and so is that of an option."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
from shapecalc.diagnostics.errors import FieldName, InFile


def test_a_message_is_composed_of_what_is_expected_and_received() -> None:
    error = LayerError("SC304", expects="an even number", receives=7)
    assert (error.message, str(error), error.expects, error.receives) == (
        "expects an even number, receives 7",
        "expects an even number, receives 7",
        "an even number",
        "7",
    )


def test_a_message_that_is_given_stays_as_it_is() -> None:
    error = LayerError("SC309", "gives 5 pieces")
    assert (error.message, error.expects, error.receives, error.help) == ("gives 5 pieces", None, None, None)


def test_the_field_and_the_axis_follow_what_is_expected() -> None:
    error = LayerError("SC201", expects="3 cells", receives=2, field="size", preposition="as", axis=3)
    assert error.message == "expects 3 cells as `size` along axis 3, receives 2"


def test_a_file_names_a_field_with_its_value() -> None:
    help_text = ("write ", FieldName("padding", 0), ", or leave ", FieldName("stride"), " out", InFile(" of the step"))
    assert LayerError("SC306", "", help=help_text).help == "write `padding: 0`, or leave `stride` out of the step"


def test_other_words_are_composed_of_the_same_parts() -> None:
    error = LayerError(
        "SC205",
        expects=("less than ", FieldName("hidden_size")),
        receives=5,
        field="proj_size",
        preposition="as",
        help=("write ", FieldName("proj_size", 4), InFile(" here")),
    )

    def word(part: str | FieldName) -> str:
        return "OPTION" if isinstance(part, FieldName) else "" if isinstance(part, InFile) else part

    assert error.composed(word, " there") == ("expects less than OPTION there, receives 5", "write OPTION")


def test_an_error_shows_where_each_mistake_is_what_causes_it_and_what_to_write() -> None:
    text = "input: [N, 2, 8]\nlayers:\n  - flaten\n  - flatten\n  - linear: {in_features: 4, out_features: 5}\n"
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text.replace("  - flaten\n", ""), name="net.yaml"))
    assert str(caught.value).splitlines() == [
        "net.yaml:4:27: SC301: `linear` expects 4 input features, receives 16",
        "  net.yaml:3:5: gives [N, 16]: 16 = 2 x 8",
        "  help: write `in_features: 16`, or leave `in_features` out: it follows from the input",
    ]
    with pytest.raises(ShapecalcError, match=r"^net\.yaml:3:5: SC101: .*\n  help: write `flatten`"):
        shapecalc.loads(text, name="net.yaml")


def test_a_mistake_without_a_place_is_shown_by_its_code() -> None:
    assert str(ShapecalcError((Diagnostic(code="SC001", message="there is none"),))) == "SC001: there is none"
