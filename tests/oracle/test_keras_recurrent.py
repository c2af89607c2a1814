"""`--params-as keras` against Keras 3 itself: parameter counts that `oracle/make_keras_recurrent.py` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shapecalc.layers import layer_type
from tests.support.rows import for_each

CASES = json.loads((Path(__file__).parent / "keras_recurrent.json").read_text(encoding="utf-8"))["cases"]


def named(case: dict[str, Any]) -> str:
    reset = "" if "reset_after" not in case else f"-reset_after={case['reset_after']}"
    return f"{case['layer']}{reset}-{'-'.join(f'{key}={value}' for key, value in case['fields'].items())}"


def counted(case: dict[str, Any], convention: str) -> object:
    cls = layer_type(case["layer"])
    assert cls is not None
    before = {"reset_after": False} if not case.get("reset_after", True) else {}
    return cls(**case["fields"], **before).params_as(convention, tuple(case["input"]))


@for_each("case", CASES, ids=named)
def test_keras_counts_as_we_say_it_does(case: dict[str, Any]) -> None:
    assert counted(case, "keras") == case["params"]


@pytest.mark.parametrize("case", [case for case in CASES if not case.get("reset_after", True)], ids=named)
def test_a_gru_that_resets_before_the_product_counts_as_in_the_textbook(case: dict[str, Any]) -> None:
    assert counted(case, "textbook") == case["params"]


def test_every_recurrent_layer_has_figures_of_keras() -> None:
    assert {case["layer"] for case in CASES} >= {"rnn", "lstm", "gru"}
