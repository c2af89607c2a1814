"""A verified backward pass as text."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import shapecalc
from shapecalc.execution.gradient_check import BackwardProof, verify_backward
from shapecalc.reference.finite_differences import CheckedGradient
from shapecalc.render.verify_backward import table, verdict


def proof_of(name: str) -> BackwardProof:
    return verify_backward(shapecalc.load(name))


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("name", ["lenet5", "gru-tagger"])
def test_nothing_is_wider_than_the_terminal(name: str, width: int) -> None:
    text = table(proof_of(name), width=width, color=False, unicode=False)
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()


def test_where_only_the_whole_is_wrong_the_verdict_says_so() -> None:
    proof = replace(proof_of("mlp"), directional_error=0.5)
    assert "DISAGREES: 0 of 5 layers going back (" in verdict(proof)
    assert verdict(proof).endswith("; the whole differs: gradients are not added up right")


def test_what_is_no_number_is_said_not_to_be_checkable() -> None:
    proof = proof_of("mlp")
    rows = (replace(proof.rows[0], checked=CheckedGradient(2, math.inf, "x[0, 3]")), *proof.rows[1:])
    text = table(replace(proof, rows=rows), width=None, color=False, unicode=True)
    assert "softmax_4: the gradient by x[0, 3] cannot be checked: it is no finite number" in text
