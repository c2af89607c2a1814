"""The values of tables: their texts, and the plain ones for programs."""

from __future__ import annotations

from shapecalc.dims import symbol
from shapecalc.render.tables.model import Amount, Bytes, Delta, Path, Shapes, Share, Short, Words

N = symbol("N")


def test_a_value_for_programs_is_not_shortened() -> None:
    values = (Words("conv 64 kernel_size=7", "conv 64 k7"), Path("a.b.c", "c", 2), Amount(1_849_688_064), Bytes(2048))
    assert [value.exact() for value in values] == ["conv 64 kernel_size=7", "a.b.c", "1849688064", "2048"]


def test_only_what_has_an_expression_is_a_closed_form() -> None:
    assert not Shapes([(N, 64)]).is_closed_form
    assert Shapes([(N, 2 * symbol("H") + 1)]).is_closed_form
    assert Amount(3 * N).is_closed_form
    assert not Amount(None).is_closed_form
    assert Delta(Amount(3 * N)).is_closed_form


def test_a_path_is_indented_by_its_blocks_on_a_terminal_only() -> None:
    assert Path("a.b.c", "c", 2).text() == "    c"
    assert Path("a.b.c").text() == "a.b.c"


def test_an_unknown_count_is_never_zero() -> None:
    assert Amount(None).text() == Amount(None).text(Short(counts=True)) == "unknown"
    assert Amount(None).exact() == ""
    assert Share(None, 7).text() == ""


def test_a_change_has_a_sign_and_a_note() -> None:
    assert Delta(Bytes(-2048), "(-12.0 %)").text() == "−2.0 KiB (-12.0 %)"
