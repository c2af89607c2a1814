"""A verification as text."""

from __future__ import annotations


def test_every_layer_is_shown_and_the_verdict_is_one_line(run) -> None:
    ended = run("verify", "lenet5")
    assert ended.code == 0
    assert "c3          conv      [2, 16, 10, 10]  [2, 16, 10, 10]   2,416  480,000  ok" in ended.out
    assert ended.out.splitlines()[-1].startswith(
        "verified: 13 layers agree in shape, parameters and MACs (2 runs at N = 1 and 2, "
    )
    assert ended.err == "", "a pipe gets no progress bar"


def test_a_size_that_is_given_is_named_once_in_the_verdict(run) -> None:
    assert "at T = 3, N = 1 and 2" in run("verify", "lstm-classifier", "--set", "T=3").out.splitlines()[-1]
