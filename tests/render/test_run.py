"""The values of a run as a document: what is a matrix and what a line, on every width."""

from __future__ import annotations

import re

import numpy as np

import shapecalc
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective
from shapecalc.execution.values.updates import Update
from shapecalc.render.run import ShownTensors, run
from shapecalc.render.tables import text
from shapecalc.render.terminal.grid import Page, display_width
from tests.render.test_eighty_columns import check_document

NET = shapecalc.loads("{input: [N, 2], layers: [{linear: 2, name: fc}, {relu: , name: r}, {linear: 90, name: out}]}")
WIDE = Page(100, color=False, unicode=True)
ALL = ShownTensors(every=True, chosen=lambda _path, _name: True)


def shown(found: object, choice: ShownTensors = ShownTensors(), page: Page = WIDE) -> str:  # noqa: B008 - it is frozen
    return text.document(run(found, choice), page)  # type: ignore[arg-type]


def test_small_tensors_are_matrices_and_large_ones_lines_in_the_order_of_the_run() -> None:
    lines = shown(values(NET, [1, 2], "ones")).split("\n")
    assert lines[:2] == ["<text> at N = 1", "float64, in evaluation mode"]
    heads = [line for line in lines if line.startswith(("input", "fc", "r ", "out"))]
    assert heads == [
        "input [1, 2]",
        "fc [1, 2]  linear 2, pre-activation z",
        "r [1, 2]  relu, activation a",
        "out     linear 90    [1, 90]      9         9     9   0    0 %",
    ]


def test_a_vector_of_many_channels_is_a_line_unless_it_is_chosen() -> None:
    net = shapecalc.loads("{input: [N, 40], layers: [{linear: 8, name: y}]}")
    found = values(net, "ones", "ones")
    assert [line for line in shown(found).split("\n") if line.startswith("input ")] == [
        "input   input    [1, 40]      1         1     1   0    0 %"
    ]
    assert "input [1, 40]\n" in shown(found, ShownTensors(chosen=lambda path, _name: path == "input"))


def test_parameters_are_shown_with_gradients_or_if_they_are_chosen() -> None:
    found = values(NET, objective=Objective())
    assert "fc.weight" not in shown(found)
    assert re.search(
        r"^fc.weight \[2, 2\]  random +gradient \[2, 2\]$", shown(found, ShownTensors(every=True)), re.MULTILINE
    )
    chosen = shown(values(NET), ShownTensors(chosen=lambda path, _name: path == "fc"))
    assert "fc.weight [2, 2]  random\n" in chosen
    assert "out.weight" not in chosen


def test_the_sum_of_probabilities_is_said_to_have_no_gradient() -> None:
    net = shapecalc.loads("{input: [N, 2], layers: [{linear: 3, name: z}, {softmax: , name: p}]}")
    said = "the elements of p add up to 1 whatever the input is"
    assert said in shown(values(net, objective=Objective()))
    assert said in shown(values(net, objective=Objective(), update=Update("sgd", 1e-3, 1, ())))
    assert said not in shown(values(net, objective=Objective("cross_entropy", 1)))
    assert said not in shown(values(NET, objective=Objective()))


def test_what_is_not_finite_is_in_the_table_and_in_the_matrix() -> None:
    net = shapecalc.loads("{input: [N, 1], layers: [{linear: {out_features: 90, bias: false}, name: a}, {softmax: }]}")
    weights = np.zeros((90, 1))
    weights[3] = 1e300
    found = shown(values(net, [[1e300]], {"a.weight": weights}))
    assert "not finite" in found
    assert "1 infinite" in found
    assert "90 NaN" in found


def test_losses_of_steps_are_lines_and_of_many_the_first_and_the_last() -> None:
    found = values(NET, objective=Objective("mse", np.ones(90)), update=Update("sgd", 1e-3, 100, ("out.*",)))
    lines = [line for line in shown(found).split("\n") if line.startswith("loss ")]
    assert len(lines) == 21
    assert lines[1].startswith("loss before: ")
    assert lines[10].startswith("loss after 9 steps: ")
    assert lines[11].startswith("loss after 91 steps: ")
    assert "sgd, learning rate 0.001, out.* as before" in shown(found)


def test_nothing_is_wider_than_a_terminal() -> None:
    for name in ("lenet5", "char-rnn", "mlp", "resnet18"):
        sizes = {"H": 32, "W": 32} if name == "resnet18" else {}
        found = values(shapecalc.load(name), sizes=sizes, objective=Objective(), update=Update())
        for width in (80, 100):
            for choice in (
                (ShownTensors(), ShownTensors(every=True), ALL) if name == "lenet5" else (ShownTensors(every=True),)
            ):
                check_document(run(found, choice), width)
                page = Page(width, color=False, unicode=True)
                for line in shown(found, choice, page).split("\n"):
                    assert display_width(line) <= width, f"{name} {width}: {line}"
