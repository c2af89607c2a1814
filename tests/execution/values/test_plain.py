"""Numbers as JSON's values."""

import json
from fractions import Fraction

from shapecalc.execution.values.plain import plain


def test_every_number_is_one_that_json_takes() -> None:
    numbers = [[0.5, Fraction(2, 3)], Fraction(4, 2), float("nan"), -float("inf"), 7]
    assert plain(numbers) == [[0.5, "2/3"], 2, "nan", "-inf", 7]
    assert json.loads(json.dumps(plain(numbers), allow_nan=False)) == plain(numbers)
