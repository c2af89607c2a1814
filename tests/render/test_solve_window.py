"""The solutions of a window as text and JSON."""

from __future__ import annotations

import json

from shapecalc.calculators.windows import windows
from shapecalc.render.solve_window import all_windows
from tests.support.solving_commands import solve


def test_windows_are_listed_with_their_arithmetic_simplest_first() -> None:
    shown = solve("conv --n 32 --out 16 --top 2")
    assert shown.startswith(
        "which f, s, p, d of a conv give output = 16 with n = 32?\n"
        "\n"
        "  f = 2  s = 2  p = 0   (32 + 2·0 − 2)/2 + 1 = 16\n"
        "  f = 3  s = 2  p = 1   ⌊(32 + 2·1 − 3)/2⌋ + 1 = 16\n"
        "\n"
        "167 more: `--top 169` shows all\n"
    )
    assert "simplest first: no dilation, every cell read" in shown


def test_what_a_window_misses_stands_beside_it() -> None:
    assert "steps over 1 of every 2 cells" in solve("conv --n 32 --out 16 --f 1")
    assert "row 7 and column 7 are never read" in solve("pool --n 7 --out 3 --f 2 --s 2 --p 0 --d 1")


def test_pools_pad_by_half_and_may_round_up() -> None:
    assert "p up to half of the window" in solve("pool --n 28 --out 14")
    assert "min(⌈(112 + 2·0 − 3)/2⌉ + 1, ⌈(112 + 0)/2⌉) = 56" in solve("pool --n 112 --out 56 --f 3 --s 2 --ceil")


def test_where_no_window_does_the_closest_are_shown() -> None:
    assert "none; closest:\n  f = 15  s = 1  p = 56  d = 4   " in solve("conv --n 32 --out 500", code=1)


def test_windows_as_json_count_what_is_not_shown() -> None:
    document = json.loads(solve("conv --n 32 --out 16 --top 1 --format json"))
    assert (document["found"], len(document["windows"])) == (169, 1)
    assert {letter: document["windows"][0][letter] for letter in "fspd"} == {"f": 2, "s": 2, "p": 0, "d": 1}
    assert [axis["output"] for axis in document["windows"][0]["axes"]] == [16, 16]


def test_every_line_of_a_solution_fits_80_columns() -> None:
    for kind, sizes, outputs in (("conv", (224,), (112,)), ("pool", (224, 97), (112, 48)), ("conv", (9,), (5,))):
        found = windows(kind, sizes, outputs, {})
        for width in (80, 100):
            text = all_windows(found, ("n", "out"), {}, kind, 60, width=width, color=False, unicode=True)
            assert max(map(len, text.splitlines())) <= width, (kind, sizes, width)
        wide = all_windows(found, ("n", "out"), {}, kind, 60, width=None, color=False, unicode=True)
        narrow = all_windows(found, ("n", "out"), {}, kind, 60, width=80, color=False, unicode=True)
        assert narrow.split() == wide.split(), (kind, sizes)
