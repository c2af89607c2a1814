"""The commands of losses: their pages, worked examples of textbooks, and mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.cli.groups import LOSSES_BY_HAND
from shapecalc.cli.loss_command import ALIASES
from shapecalc.cli.unknown_commands import message
from shapecalc.reference.losses import LOSSES


def shown(*words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, words)
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def document(*words: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(shown(*words, "--format", "json"))
    return parsed


def test_every_loss_has_a_command() -> None:
    assert {ALIASES.get(name, name).replace("-", "_") for name in LOSSES_BY_HAND} == {*LOSSES}


def test_cross_entropy_is_a_softmax_and_a_logarithm() -> None:
    assert shown("cross-entropy", "--x", "1,2,3", "--target", "2", "--backward") == (
        "x = [1, 2, 3],  t = 2\n"
        "\n"
        "p[0] = exp(1 − 3)/(exp(1 − 3) + exp(2 − 3) + exp(3 − 3)) = 0.0900306\n"
        "p[1] = exp(2 − 3)/(exp(1 − 3) + exp(2 − 3) + exp(3 − 3)) = 0.244728\n"
        "p[2] = exp(3 − 3)/(exp(1 − 3) + exp(2 − 3) + exp(3 − 3)) = 0.665241\n"
        "\n"
        "p = [0.0900306, 0.244728, 0.665241]\n"
        "\n"
        "L = −log(0.665241) = 0.407606\n"
        "\n"
        "∂L/∂x[0] = 0.0900306\n"
        "∂L/∂x[1] = 0.244728\n"
        "∂L/∂x[2] = 0.665241 − 1 = −0.334759\n"
        "\n"
        "∂L/∂x = [0.0900306, 0.244728, −0.334759]\n"
    )


def test_terms_of_several_samples_and_their_reduction() -> None:
    page = shown("cross-entropy", "--x", "1,2,3; 3,1,0", "--target", "2,0")
    assert "ℓ[0] = −log(0.665241) = 0.407606\nℓ[1] = −log(0.843795) = 0.169846\n" in page
    assert page.endswith("L = (0.407606 + 0.169846)/2 = 0.288726\n")
    without = shown("mse", "--x", "1,3", "--target", "0,5", "--reduction", "none")
    assert without.endswith("ℓ = [1, 4]\n")
    assert document("mse", "--x", "1,3", "--target", "0,5", "--reduction", "none")["value"] == [1, 4]


def test_the_published_hinge_loss() -> None:
    """CS231n: scores 13, −7, 11, the first class, a margin of 10: 0 + 8."""
    found = document("hinge", "--x", "13,-7,11", "--target", "0", "--delta", "10", "--exact", "--backward")
    assert (found["value"], found["options"]) == (8, {"delta": 10})
    assert found["gradient"]["values"] == [-1, 0, 1]
    page = shown("hinge", "--x", "13,-7,11", "--target", "0", "--delta", "10")
    assert "L = 0 + max(−7 − 13 + 10, 0) + max(11 − 13 + 10, 0) = 8\n" in page


def test_the_published_probabilities_are_those_of_cross_entropy() -> None:
    """CS231n prints 0.7, 0.04, 0.26 for the softmax of 1, −2, 0."""
    p = document("cross-entropy", "--x=1,-2,0", "--target", "0")["intermediates"]["p"]["values"]
    assert p == pytest.approx([0.705384512698, 0.0351190269593, 0.259496460342], rel=1e-11)


def test_probabilities_and_scores_have_losses_of_their_own() -> None:
    """PyTorch 2.13: binary_cross_entropy and binary_cross_entropy_with_logits of these, and their gradients."""
    plain = document("bce", "--x", "0.9,0.2", "--target", "1,0", "--backward")
    assert plain["value"] == pytest.approx(0.16425203348601802, rel=1e-14)
    assert plain["gradient"]["values"] == pytest.approx([-0.5555555555555556, 0.625], rel=1e-14)
    assert document("binary-cross-entropy", "--x", "0.9,0.2", "--target", "1,0", "--backward") == plain
    scores = document("bce-with-logits", "--x", "2,-1", "--target", "1,0", "--backward")
    assert scores["value"] == pytest.approx(0.22009484928059764, rel=1e-14)
    assert scores["gradient"]["values"] == pytest.approx([-0.05960146101105884, 0.13447071068499755], rel=1e-13)


MISTAKES = {
    "mse --x 1": "error[SC106]: `--target` is missing",
    "cross-entropy --x 1,2,3 --target 3": "error[SC201]: `--target 3` expects classes from 0 to 2, receives 3",
    "cross-entropy --x 1,2,3 --target 0.5": "error[SC202]: `--target 0.5` expects classes",
    "cross-entropy --x 1,2,3 --target 1e30": "error[SC202]: `--target 1e30` expects classes",
    "cross-entropy --x [[1,2],[3,4]] --target 0": "error[SC301]: `--target 0` expects targets [2] for predictions",
    "mse --x 1,2 --target 1,two": "error[SC202]: `--target 1,two` expects numbers, receives `two`",
    "bce --x 2 --target 1": "error[SC201]: `--x 2` expects probabilities from 0 to 1, receives 2",
    "mse --x 1 --target 1 --reduction max": "error[SC203]: `--reduction max` expects mean or sum or none",
    "huber --x 1 --target 1 --delta 0": "error[SC201]: `--delta 0` expects a number above 0, receives 0",
    "huber --x 1 --target 1 --delta nan": "`--delta nan` expects",
    "huber --x 1 --target 1 --delta a": "`--delta` expects a number, receives `a`",
    "cross-entropy --x 1,2 --target 0 --exact": "`--exact` expects a result that is a fraction",
}


def test_a_mistake_is_answered_with_the_option_and_what_it_expects() -> None:
    for words, expected in MISTAKES.items():
        assert expected in shown(*words.split(), code=2), words


def test_other_names_of_losses_lead_to_their_commands() -> None:
    for word, command in {
        "cross_entropy": "cross-entropy",
        "BCE_with_logits": "bce-with-logits",
        "mae": "l1",
        "MSELoss": "mse",
        "binary_crossentropy": "bce",
        "crossentropyloss": "cross-entropy",
        "hinge_loss": "hinge",
    }.items():
        assert f"`shapecalc {command}" in message(word).help, word
