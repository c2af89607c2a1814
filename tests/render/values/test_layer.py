from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from shapecalc.execution.values.by_hand import by_hand
from shapecalc.layers import layer_type
from shapecalc.render.terminal.grid import display_width
from shapecalc.render.values.layer import SHOWN, layer_values
from tests.support.rows import for_each


def shown(type_: str, x: Any, fields: dict[str, Any] | None = None, *, width: int | None = 80, **more: Any) -> str:
    layer = layer_type(type_)
    assert layer is not None
    parameters = {name: np.array(each, dtype=float) for name, each in more.pop("parameters", {}).items()}
    manner = {"color": False, "unicode": True} | {
        name: more.pop(name) for name in ("color", "unicode", "everything") if name in more
    }
    values = by_hand(layer, fields or {}, {"x": np.array(x, dtype=float)}, parameters, **more)
    return layer_values(values, {"weight": "w", "bias": "b"}, width=width, **manner)


def test_each_element_has_its_working() -> None:
    lines = shown("conv", [1, 1, 1, 0], {"padding": 1}, parameters={"weight": [1, 1, 1]}).splitlines()
    assert lines == [
        "x = [1, 1, 1, 0],  w = [1, 1, 1]",
        "",
        "y[0] = 0·1 + 1·1 + 1·1 = 2",
        "y[1] = 1·1 + 1·1 + 1·1 = 3",
        "y[2] = 1·1 + 1·1 + 0·1 = 2",
        "y[3] = 1·1 + 0·1 + 0·1 = 1",
        "",
        "y = [2, 3, 2, 1]",
    ]


def test_gradients_are_written_with_the_chain_rule() -> None:
    text = shown("sigmoid", [0, 2], backward=True, upstream=np.array([1.0, 3.0]))
    assert "∂L/∂y = [1, 3]" in text
    assert "∂L/∂x[0] = 1·0.5·(1 − 0.5) = 0.25" in text
    assert "∂L/∂x[1] = 3·0.880797·(1 − 0.880797) = 0.314981" in text


def test_a_single_element_has_no_index() -> None:
    assert "mean = (1 + 2 + 3)/3 = 2\n\nvariance = " in shown("layer_norm", [1, 2, 3])
    text = shown("linear", [-1, -2], parameters={"weight": [2, -3], "bias": [-3]})
    assert text.splitlines()[-1] == "y = (−1)·2 + (−2)·(−3) + (−3) = 1"


def test_an_element_of_what_is_given_is_named_by_its_letter() -> None:
    assert "y = max(1, 3, 2, 9) = 9 = x[1, 1]" in shown("max_pool", [[1, 3], [2, 9]], {"kernel_size": 2})
    assert "y[0, 1] = 4 = w[1, 1]" in shown("embedding", [1], parameters={"weight": [[1, 2], [3, 4]]})


def test_what_is_dropped_is_named_and_the_scale_of_the_rest_is_worked_out() -> None:
    x = np.arange(1.0, 13)
    text = shown("dropout", x, {"p": 0.25}, seed=1)
    dropped = [index for index, line in enumerate(re.findall(r"(?m)^y\[\d+\] = .*$", text)) if line.endswith("·0 = 0")]
    assert dropped
    assert f"dropped at random, each with probability 0.25: {', '.join(f'x[{index}]' for index in dropped)}\n" in text
    assert "scale of the others: 1/(1 − 0.25) = 1.33333\n" in text
    assert "scale" not in shown("dropout", x, {"p": 1.0}, seed=1)
    assert "probability 0: none\n" in shown("dropout", x, {"p": 0.0}, seed=1)
    assert "dropped" not in shown("dropout", x, {"p": 0.25}), "nothing is drawn without a seed"
    assert " and 12 more\n" in shown("dropout", np.ones(20), {"p": 1.0}, seed=1)


def test_of_many_elements_the_first_are_worked_out_unless_all_are() -> None:
    x = np.arange(float(SHOWN + 3))
    text = shown("relu", x)
    assert len(re.findall(r"(?m)^y\[\d+\] = ", text)) == SHOWN
    assert "… 3 more (--all)" in text
    whole = shown("relu", x, everything=True)
    assert len(re.findall(r"(?m)^y\[\d+\] = ", whole)) == SHOWN + 3
    assert "--all" not in whole


LAYERS = [
    ("conv", np.ones((3, 6, 6)), {}, {"weight": np.ones((4, 3, 3, 3)), "bias": np.ones(4)}),
    ("softmax", np.linspace(-1e-7, 1e7, 12), {}, {}),
    ("layer_norm", np.linspace(0.1234567, 9.87654321, 24).reshape(2, 12), {}, {}),
    ("batch_norm", np.linspace(0.1234567, 9.87654321, 24).reshape(12, 2), {}, {}),
    ("max_pool", np.linspace(-1, 1, 400).reshape(20, 20), {"kernel_size": 7}, {}),
    ("linear", np.linspace(-1, 1, 50), {}, {"weight": np.linspace(-1, 1, 150).reshape(3, 50)}),
]


@for_each("type_, x, fields, parameters", LAYERS)
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(type_, x, fields, parameters, width) -> None:
    for unicode in (True, False):
        text = shown(type_, x, fields, parameters=parameters, backward=True, width=width, unicode=unicode)
        assert max(map(display_width, text.splitlines())) <= width
        if not unicode:
            assert text.isascii(), [line for line in text.splitlines() if not line.isascii()]


def test_the_output_has_another_name_than_an_input() -> None:
    layer = layer_type("cosine_similarity")
    assert layer is not None
    inputs = {name: np.array(each, dtype=float) for name, each in (("x", [1, 2]), ("y", [2, 3]))}
    text = layer_values(by_hand(layer, {"dim": 0}, inputs, {}), {}, width=80, color=False, unicode=True)
    assert "output = 8/(2.23607·3.60555) = 0.992278" in text


def test_colour_changes_no_character() -> None:
    text = shown("relu", [1, 2], color=True)
    assert "\x1b[" in text
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == shown("relu", [1, 2])
