"""How the sizes of a window are written: one number, one per axis, before and after."""

from __future__ import annotations

import pytest

from shapecalc.cli.options.window import integer, per_axis, read_sizes
from shapecalc.diagnostics.errors import LayerError


@pytest.mark.parametrize(
    ("written", "entries"),
    [
        ({"n": "31"}, {"n": (31, 31)}),  # an image, by default
        ({"n": "31x37"}, {"n": (31, 37)}),
        ({"n": "31X37×41"}, {"n": (31, 37, 41)}),  # either sign, as typed or as printed
        ({"n": "31x37", "kernel_size": "5"}, {"n": (31, 37), "kernel_size": (5, 5)}),
        ({"n": "31x37", "padding": "2"}, {"n": (31, 37), "padding": ((2, 2), (2, 2))}),
        ({"n": "31x37", "padding": "0:1x3"}, {"n": (31, 37), "padding": ((0, 1), (3, 3))}),
        ({"n": " 31 x 37 ", "padding": " SAME "}, {"n": (31, 37), "padding": "same"}),
    ],
)
def test_one_size_stands_for_every_axis(written: dict[str, str], entries: dict[str, object]) -> None:
    assert read_sizes(written).entries == entries


def test_the_rank_is_that_of_the_sizes_or_what_is_asked_for() -> None:
    assert [read_sizes({"n": text}).rank for text in ("31", "31x37", "31x37x41")] == [2, 2, 3]
    assert [read_sizes({"n": "31"}, rank).entries["n"] for rank in (1, 3)] == [(31,), (31, 31, 31)]
    assert [read_sizes({"n": text}).apart for text in ("31", "31x37")] == [False, True]


def test_an_entry_of_one_axis_is_its_own_and_a_word_is_that_of_all() -> None:
    sizes = read_sizes({"n": "31x37", "padding": "valid"})
    assert [sizes.of("n", axis) for axis in (0, 1)] == [31, 37]
    assert [sizes.of("padding", axis) for axis in (0, 1)] == ["valid", "valid"]


@pytest.mark.parametrize(
    ("written", "rank", "code", "field", "message"),
    [
        ({"n": "five"}, None, "SC202", "n", "expects a whole number, or one per axis (224x320)"),
        ({"n": "3x"}, None, "SC202", "n", "expects a whole number, or one per axis (224x320)"),
        ({"n": "3.0"}, None, "SC202", "n", "expects a whole number, or one per axis (224x320)"),
        ({"padding": "1:"}, None, "SC202", "padding", "expects a whole number, or one per axis"),
        ({"n": "9" * 21}, None, "SC201", "n", "expects at most 2147483647 (2^31 - 1), receives a number of 21 digits"),
        ({"n": "3x5x7x11"}, None, "SC305", "n", "expects 1 to 3 axes, receives 4"),
        ({"n": "3x5x7", "kernel_size": "3x5"}, None, "SC204", "kernel_size", "expects 1 size, or 3"),
        ({"n": "3x5"}, 3, "SC205", "rank", "expects 3 sizes where there are several, receives 2"),
    ],
)
def test_what_is_no_size_is_refused_with_its_field(
    written: dict[str, str], rank: int | None, code: str, field: str, message: str
) -> None:
    with pytest.raises(LayerError) as caught:
        read_sizes(written, rank)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.message.startswith(message)


def test_a_number_of_twenty_digits_is_read() -> None:
    assert integer("9" * 20, "n") == 10**20 - 1
    assert integer(" -7 ", "n") == -7


def test_axes_are_split_at_either_sign() -> None:
    assert per_axis("3x5") == per_axis("3×5") == ["3", "5"]
