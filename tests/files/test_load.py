"""Loading of architectures: files, texts and names of the zoo; parameters and widths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.files.load import load, loads, narrowed, with_parameters

if TYPE_CHECKING:
    from pathlib import Path

WIDE = "parameters: {width: 24, depth: 5}\nwidths: width\ninput: [N, 7]\nlayers: [linear: $width, linear: $depth]\n"


def refusal(caught: pytest.ExceptionInfo[shapecalc.ShapecalcError]) -> tuple[str, str, int]:
    (found,) = caught.value.diagnostics
    return found.code, found.message, caught.value.exit_code


def widths(architecture: shapecalc.Architecture) -> list[int]:
    return [step.layer.out_features for step in architecture.layers]


def test_an_existing_file_takes_precedence_over_the_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet5").write_text("{name: mine, input: [N, 3], layers: [relu]}", encoding="utf-8")
    assert load("lenet5").name == "mine"
    assert load("lenet5.yaml").name == "LeNet-5"


@pytest.mark.parametrize(("name", "help_text"), [("lenet", "write `lenet5`"), ("qqqqq", "`shapecalc list` names")])
def test_a_name_that_is_neither_a_file_nor_shipped_is_refused(name: str, help_text: str) -> None:
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        load(name)
    assert refusal(caught) == ("SC001", f"`{name}` is neither a file nor an architecture that ships", 2)
    assert (caught.value.diagnostics[0].help or "").startswith(help_text)


def test_a_path_that_does_not_exist_is_not_looked_for_in_the_zoo(tmp_path: Path) -> None:
    path = tmp_path / "missing.yaml"
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        load(path)
    assert refusal(caught) == ("SC001", f"`{path}` does not exist", 2)


def test_parameters_replace_values_of_the_file_and_leave_the_others() -> None:
    assert widths(loads(WIDE)) == [24, 5]
    assert widths(loads(WIDE, parameters={"depth": 11})) == [24, 11]
    assert widths(with_parameters(loads(WIDE, parameters={"depth": 11}), {"width": 13})) == [13, 11]


def test_a_parameter_that_the_file_lacks_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        loads(WIDE, parameters={"widht": 3})
    message = "`<text>` has no parameter `widht`: its parameters are `width`, `depth`"
    assert refusal(caught) == ("SC312", message, 2)
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        loads("{input: [N, 3], layers: [relu]}", parameters={"a": 3})
    assert refusal(caught) == ("SC312", "`<text>` has no parameter `a`: it has no `parameters:`", 2)


def test_narrowing_divides_the_widths_and_nothing_else() -> None:
    assert widths(narrowed(loads(WIDE), 8)) == [3, 5]


@pytest.mark.parametrize(
    ("text", "divisor", "reason"),
    [
        (WIDE, 7, "`width` is 24, which that does not divide"),
        (WIDE.replace("widths: width\n", ""), 2, "it has no `widths:`"),
    ],
)
def test_a_network_that_cannot_be_narrowed_says_why(text: str, divisor: int, reason: str) -> None:
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        narrowed(loads(text), divisor)
    assert refusal(caught) == ("SC320", f"`<text>` cannot be narrowed {divisor} times: {reason}", 2)


def test_mistakes_of_syntax_and_of_shapes_are_reported_together_in_the_order_of_the_text() -> None:
    text = "input: [N, 3]\nlayers:\n  - linear: {out_features: 5, in_features: 4}\n  - rleu\n"
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        loads(text)
    assert [(found.code, found.span and found.span.line) for found in caught.value.diagnostics] == [
        ("SC301", 3),
        ("SC101", 4),
    ]
