"""The filter of a sweep: its grammar, its units and its errors."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.solving.sweep.where import parse_where
from tests.support.rows import for_each
from tests.support.swept_networks import NET


@for_each(
    "text, kept",
    [
        ("H < 3", [1, 2]),
        ("H <= 2.5", [1, 2]),
        ("H < 2.5", [1, 2]),
        ("H >= 2.5", [3, 4, 5]),
        ("H > 4.5", [5]),
        ("3 > H", [1, 2]),
        ("H == 2.5", []),
        ("H != 2.5", [1, 2, 3, 4, 5]),
        ("not H == 2", [1, 3, 4, 5]),
        ("H == 1 or H == 2 and width > 1M", [1]),
        ("(H == 1 or H == 2) and width == 8", [1, 2]),
        ("2 <= H < 4", [2, 3]),
        ("not (H > 2 and H < 5)", [1, 2, 5]),
        ("macs > H", [3, 4, 5]),
        ("macs >= 3K and macs <= 4.096Ki", [3, 4]),
        ("activation == 'relu' and H == 1", [1]),
        ('activation != "relu"', []),
        ("bias == true and H > 4", [5]),
        ("rate == 0.5 and rate < 0.6 and H == 3", [3]),
        ("huge > 9223372036854775807 and H > 3", [4, 5]),
        ("huge < 1T", [1]),
    ],
)
def test_where_keeps_what_it_says(text, kept) -> None:
    sizes = np.arange(1, 6)
    values = {
        "H": sizes,
        "macs": np.array([0, 1, 3000, 4096, 10**6]),
        "width": 8,
        "activation": "relu",
        "bias": True,
        "rate": 0.5,
        "huge": np.array([1, 2**63 - 1, 2**63 - 1, 2**63, 2**80], dtype=object),
    }
    mask = parse_where(text, values).holds(values)
    assert sizes[np.broadcast_to(mask, sizes.shape)].tolist() == kept


@pytest.mark.parametrize(
    ("number", "value"),
    [("1.5K", 1500), ("2M", 2 * 10**6), ("3G", 3 * 10**9), ("1T", 10**12), ("1Ki", 1024), ("1.5Mi", 3 * 2**19),
     ("2Gi", 2**31), ("1Ti", 2**40), ("0.1", Fraction(1, 10))],
)  # fmt: skip
def test_units_are_exact(number, value) -> None:
    assert parse_where(f"H == {number}", {"H"}).holds({"H": value if isinstance(value, int) else 0.1}) is (
        value != Fraction(1, 10)
    )


@for_each(
    "text, message, column",
    [
        ("", "expects a name or a number, receives the end", 1),
        ("H", "expects one of <, <=, >, >=, ==, !=, receives the end", 2),
        ("H < ", "expects a name or a number, receives the end", 5),
        ("H < 3 W", "expects `and`, `or` or the end, receives `W`", 7),
        ("(H < 3", "expects `)` for this `(`", 1),
        ("H < 3Q", "does not know the unit `Q`", 5),
        ("mac < 3", "does not know `mac`", 1),
        ("H = 3", "does not know `=`", 3),
        ("__import__('os').system('true')", "does not know `.`", 17),
        ("H + 1 < 3", "does not know `+`", 3),
        ("not " * 60 + "H < 3", "nests deeper than 50", 201),
        ("(" * 60 + "H < 3", "nests deeper than 50", 51),
    ],
)
def test_where_says_what_is_wrong_and_at_which_character(text, message, column) -> None:
    with pytest.raises(ShapecalcError) as raised:
        parse_where(text, {"H", "W", "macs"})
    (finding,) = raised.value.diagnostics
    assert message in finding.message
    assert (finding.code, finding.span.column, raised.value.exit_code) == ("SC801", column, 2)


@pytest.mark.parametrize(("text", "message"), [("activation < 3", "a number and a word"), ("width == 'a'", "compare")])
def test_where_compares_no_word_with_a_number(text, message) -> None:
    with pytest.raises(ShapecalcError, match=message):
        shapecalc.sweep(shapecalc.loads(NET), {"H": [16]}, where=text)
