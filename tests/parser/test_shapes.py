"""Shapes as files write them, and the likely shape if one is invalid."""

from __future__ import annotations

import pytest

from shapecalc.dims import symbol
from tests.support.networks import findings, found, read
from tests.support.rows import for_each


def test_symbols_and_numbers_make_the_input() -> None:
    assert read("input: [N, 3, H, 32]\nlayers: [relu]").inputs[0].shape == (symbol("N"), 3, symbol("H"), 32)


@for_each(
    "written, replacement",
    [
        ("N, 3, 32, 32", "[N, 3, 32, 32]"),
        ("(3, 32, 32)", "[N, 3, 32, 32]"),
        ("3x32x32", "[N, 3, 32, 32]"),
        ("3 x 224 x 224", "[N, 3, 224, 224]"),
        ("(32, 32, 3)", "[N, 3, 32, 32]"),
        ("(None, 28, 28, 1)", "[N, 28, 28, 1]"),
        ("(None, None, 64)", "[N, T, 64]"),
        ("8x3x32x32", "[8, 3, 32, 32]"),
        ("(64, 100)", "[64, 100]"),
        ("3×32", "[3, 32]"),
        ("32", None),
        ("3 by 32", None),
        ("[]", None),
    ],
)
def test_a_shape_in_another_notation_is_rewritten_as_a_list_if_its_sizes_are_clear(
    written: str, replacement: str | None
) -> None:
    (finding, *_) = findings(f"input: {written}\nlayers: [relu]\n")
    assert finding.code == "SC109"
    assert finding.message.startswith("`input` expects a shape such as [N, 3, 224, 224], receives ")
    assert (finding.fix.replacement if finding.fix else None) == replacement


@pytest.mark.parametrize(
    ("size", "code", "text", "safe"),
    [
        ("0", "SC201", "0", None),
        (str(2**31), "SC201", str(2**31), None),
        ("2.5", "SC109", "2.5", None),
        ("'32'", "SC109", "'32'", True),
        ("'032'", "SC109", "'032'", None),
        ("a-b", "SC109", "a-b", None),
        ("[3]", "SC109", "[3]", None),
    ],
)
def test_an_axis_is_a_size_or_the_name_of_a_symbol(size: str, code: str, text: str, safe: bool | None) -> None:
    file = f"input: [N, {size}]\nlayers: [relu]\n"
    assert found(file) == [(code, text)]
    (finding,) = findings(file)
    assert (finding.fix.safe if finding.fix else None) == safe


def test_the_largest_size_and_the_longest_name_are_accepted() -> None:
    assert read(f"input: [{2**31 - 1}, {'n' * 32}]\nlayers: [relu]\n").inputs[0].shape == (2**31 - 1, symbol("n" * 32))
    assert found(f"input: [3, {'n' * 33}]\nlayers: [relu]\n") == [("SC109", "n" * 33)]


@pytest.mark.parametrize("size", ["None", "null", "~", "-1", "'?'"])
def test_a_batch_that_other_tools_leave_open_is_n(size: str) -> None:
    file = f"input: [{size}, 28, 28, 1]\nlayers: [relu]\n"
    assert found(file) == [("SC109", size)]
    (finding,) = findings(file)
    assert finding.help == "write `N`"
    assert finding.fix is not None
    assert (finding.fix.replacement, finding.fix.safe) == ("N", True)


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ("[N, 3, None, None]", ["H", "W"]),
        ("[N, None, None, 3]", ["H", "W"]),
        ("[N, None, 40]", ["T"]),
        ("[5, -1]", ["T"]),
        ("[N, 1, null, null, null]", ["D", "H", "W"]),
    ],
)
def test_other_open_sizes_have_names_of_their_own(shape: str, names: list[str]) -> None:
    file = f"input: {shape}\nlayers: [relu]\n"
    expected = [f"write a name such as `{name}`, another one for each open axis" for name in names]
    assert [finding.help for finding in findings(file)] == expected
    assert not any(finding.fix and finding.fix.safe for finding in findings(file))


@pytest.mark.parametrize(
    ("shape", "text"), [("[?, 3, 32, 32]", "?"), ("[N, 3, ?, ?]", "?"), ("[3, 4 ? , 5, x: ]", None)]
)
def test_a_question_mark_is_explained_though_yaml_starts_a_key_with_it(shape: str, text: str | None) -> None:
    file = f"input: {shape}\nlayers: [relu]\n"
    marked = [finding for finding in findings(file) if finding.help and "write `N`" in finding.help]
    assert [finding.code for finding in marked] == (["SC003"] if text else [])
