"""The options of `run` as arguments."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.run_values import chosen, inputs, objective, weights

TWO = shapecalc.loads("{inputs: {x: [N], y: [N]}, layers: [{add: , from: [x, y], name: s}, {relu: , name: block}]}")
ONE = shapecalc.loads("{input: {shape: [N, T], dtype: int64}, layers: [one_hot: 5]}")


def test_inputs_that_are_not_given_are_random() -> None:
    assert inputs(TWO, None) == "random"
    assert inputs(TWO, ["ones"]) == "ones"
    read = inputs(TWO, ["x=1,2"])
    assert (read["x"].tolist(), read["y"]) == ([1, 2], "random")
    assert inputs(TWO, ["x=ones", "y=[3]"])["x"] == "ones"


def test_integers_of_an_integer_input_are_integers_and_other_numbers_stay() -> None:
    assert inputs(ONE, ["1,2,3"]).dtype == np.int64
    assert inputs(ONE, ["1,2.5"]).dtype == np.float64
    assert inputs(TWO, ["x=1", "y=2"])["x"].dtype == np.float64


def test_weights_are_by_name_or_a_word() -> None:
    assert weights("ones") == "ones"
    assert weights("{a.b: [1]}") != "ones"
    with pytest.raises(Misuse, match="arrays by name"):
        weights("[1, 2]")


def test_a_loss_takes_its_own_options() -> None:
    found = objective(TWO, "hinge", ["1"], "sum", delta=2, beta=None, backward=True)
    assert found is not None
    assert (found.loss, found.reduction, found.options) == ("hinge", "sum", {"delta": 2})
    assert objective(TWO, None, None, None, delta=None, beta=None, backward=False) is None
    assert objective(TWO, None, None, None, delta=None, beta=None, backward=True) is not None
    with pytest.raises(Misuse, match="`--beta` is an option of the loss smooth_l1, not of hinge"):
        objective(TWO, "hinge", ["1"], None, delta=None, beta=1, backward=True)


def test_steps_are_chosen_by_name_block_or_pattern() -> None:
    net = shapecalc.load("resnet18")
    block = chosen(["layer1,fc", "conv*"], net)
    found = [step.path for step in net.layers if block(step.path, step.path)]
    assert found[0] == "conv1"
    assert found[-1] == "fc"
    assert all(path.startswith(("layer1.", "conv1", "fc")) for path in found)
    assert len(found) > 10
    assert chosen(["all"], net)("anything", "")
    assert not chosen(None, net)("fc", "fc")
    assert chosen(["fc.weight"], net)("fc", "fc.weight")
    assert not chosen(["fc.weight"], net)("fc", "fc.bias")
    with pytest.raises(Misuse, match="receives `layer9`; steps: input, conv1, bn1"):
        chosen(["layer9"], net)
    with pytest.raises(Misuse, match="receives `maxpol`; did you mean `maxpool`"):
        chosen(["maxpol"], net)
