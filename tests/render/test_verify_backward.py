"""A verified backward pass as a document."""

from __future__ import annotations

import math
from dataclasses import replace

import shapecalc
from shapecalc.execution.gradient_check import BackwardProof, verify_backward
from shapecalc.reference.finite_differences import CheckedGradient
from shapecalc.render.tables import text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.render.verify_backward import listing, verdict, verification


def proof_of(name: str) -> BackwardProof:
    return verify_backward(shapecalc.load(name))


def written(proof: BackwardProof, width: int | None, *, every: bool = True, depth: int | None = None) -> str:
    return tables_text.document(verification(proof, every=every, depth=depth), Page(width, color=False, unicode=False))


def test_nothing_is_wider_than_the_terminal() -> None:
    for name in ("lenet5", "gru-tagger"):
        proof = proof_of(name)
        for width in (60, 80, 200):
            text = written(proof, width)
            assert max(map(len, text.splitlines())) <= width, (name, width)
            assert text.isascii(), (name, width)


def test_where_all_agrees_a_terminal_gets_the_verdict_alone() -> None:
    proof = proof_of("mlp")
    assert written(proof, 200, every=False) == verdict(proof)


def test_where_only_the_whole_is_wrong_the_verdict_says_so() -> None:
    proof = replace(proof_of("mlp"), directional_error=0.5)
    assert "DISAGREES: 0 of 5 layers in the backward pass (" in verdict(proof)
    assert verdict(proof).endswith("; the sum of gradients of the whole network differs")


def test_what_is_no_number_is_said_not_to_be_checkable() -> None:
    proof = proof_of("mlp")
    first = replace(proof.rows[0], checked=CheckedGradient(2, math.inf, "x[0, 3]"))
    text = written(replace(proof, rows=(first, *proof.rows[1:])), None, every=False)
    assert "softmax_4: the gradient with respect to x[0, 3] cannot be checked: it is not finite" in text
    assert [line.split()[0] for line in text.splitlines() if line.endswith("DIFFERS")] == ["softmax_4"]
    assert not any(line.endswith("  ok") for line in text.splitlines())


def test_a_gradient_of_another_shape_is_named_in_a_sentence_that_no_width_cuts() -> None:
    proof = proof_of("mlp")
    first = replace(proof.rows[0], executed={"x": (2, 11)})
    text = written(replace(proof, rows=(first, *proof.rows[1:])), 60, every=False)
    assert "softmax_4: gradients are predicted as x [2, 10], executed as\nx [2, 11]" in text


def test_folded_rows_have_the_sums_of_their_layers() -> None:
    proof = proof_of("gru-tagger")
    (whole,) = [replace(proof, rows=proof.rows)]
    for depth in (None, 1):
        rows = listing(whole, depth).rows
        for place, name in enumerate(("macs_to_inputs", "macs_to_weights")):
            column = [column.name for column in listing(whole, depth).columns].index(name)
            counted = sum(int(row.values[column].exact()) for row in rows)
            assert counted == sum(row.predicted_macs[place] for row in proof.rows), (depth, name)
