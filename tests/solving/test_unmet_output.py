"""The output that a file expects and does not get."""

from __future__ import annotations

import shapecalc
from shapecalc.solving.input_sizes import Wanted
from shapecalc.solving.unmet_output import unmet_output
from tests.solving.test_unknown_fields import STACK


def test_the_output_that_a_file_expects_is_asked_for_only_if_it_is_not_met() -> None:
    stack = STACK + "expect: {output: [N, 8, 6, 6]}\n"
    assert unmet_output(shapecalc.loads(stack), None) == Wanted((None, 8, 6, 6))
    assert unmet_output(
        shapecalc.loads(stack.replace("6, 6]", "H, 6]").replace("20, 20", "H, 20")), None, {"H": 6}
    ) == (Wanted((None, 8, 6, 6)))
    assert unmet_output(shapecalc.loads(STACK), None) is None
    step = STACK.replace("    name: first", "    name: first\n    expect: {output: [N, 4, 9, 9]}")
    assert unmet_output(shapecalc.loads(step), "first") == Wanted((None, 4, 9, 9))
    assert unmet_output(shapecalc.loads(step), "second") is None
