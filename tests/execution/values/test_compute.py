"""Values, gradients and updates against worked examples, PyTorch, and the functions that give a part of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.budget import Budget
from shapecalc.execution.lowering import calls_of, random_parameters
from shapecalc.execution.values.arguments import report_of
from shapecalc.execution.values.compute import RecordedRun, values
from shapecalc.execution.values.objective import Objective
from shapecalc.execution.values.updates import Update
from shapecalc.files import zoo
from shapecalc.reference.backpropagation import back_propagate, forward

FIXTURE = json.loads((Path(__file__).parents[2] / "oracle" / "torch_values.json").read_text(encoding="utf-8"))

MAZUR = shapecalc.loads(
    "{input: [N, 2], layers: [{linear: 2, name: h}, {sigmoid: , name: ha}, {linear: 2, name: o}, "
    "{sigmoid: , name: oa}]}"
)
MAZUR_WEIGHTS = {
    "h.weight": [[0.15, 0.2], [0.25, 0.3]],
    "h.bias": [0.35, 0.35],
    "o.weight": [[0.4, 0.45], [0.5, 0.55]],
    "o.bias": [0.6, 0.6],
}
"""Mazur, "A Step by Step Backpropagation Example", 2015."""


def test_mazurs_example_and_its_first_step_with_fixed_biases() -> None:
    """The post prints 0.291027924 after the step, from rounded figures; the exact arithmetic gives 0.291027773694."""
    found = values(
        MAZUR,
        [0.05, 0.1],
        MAZUR_WEIGHTS,
        objective=Objective("sum_of_squares", [0.01, 0.99]),
        update=Update("sgd", 0.5, 1, ("*.bias",)),
    )
    for name, expected in {
        "h": [[0.3775, 0.3925]],
        "ha": [[0.593269992107, 0.59688437826]],
        "o": [[1.10590596706, 1.2249214041]],
        "oa": [[0.751365069552, 0.772928465321]],
        "losses": [0.29837110876, 0.291027773694],
        "o.weight.updated": [[0.358916479718, 0.408666186076], [0.511301270239, 0.561370121108]],
        "h.weight.updated": [[0.149780716133, 0.199561432266], [0.249751143632, 0.299502287265]],
        "h.bias.updated": [0.35, 0.35],
        "o.bias.updated": [0.6, 0.6],
    }.items():
        np.testing.assert_allclose(found[name], expected, rtol=5e-12, err_msg=name)
    assert found["o.weight.grad"][0, 0] == pytest.approx(0.0821670405642, rel=1e-11)
    assert found["h.weight.grad"][0, 0] == pytest.approx(0.000438567734474, rel=1e-11)
    assert found.losses[0].terms.ravel() == pytest.approx([0.274811083176, 0.0235600255838], rel=1e-11)


def test_a_graph_of_several_inputs_has_the_gradient_with_respect_to_each() -> None:
    """CS231n, "Backpropagation, Intuitions": f = (x + y) z at −2, 5, −4."""
    net = shapecalc.loads(
        "{inputs: {x: [1], y: [1], z: [1]}, layers: [{add: , from: [x, y], name: q}, "
        "{multiply: , from: [q, z], name: f}]}"
    )
    found = values(net, {"x": -2, "y": 5, "z": -4}, objective=Objective())
    expected = {"q": 3, "f": -12, "x.grad": -4, "y.grad": -4, "z.grad": 3, "q.grad": -4, "losses": -12}
    assert {name: found[name].item() for name in expected} == expected


def test_the_sigmoid_neuron() -> None:
    """CS231n, "Backpropagation, Intuitions": w = 2, −3, −3, x = −1, −2."""
    net = shapecalc.loads("{input: [N, 2], layers: [{linear: 1, name: dot}, {sigmoid: , name: f}]}")
    found = values(net, [[-1, -2]], {"dot.weight": [[2, -3]], "dot.bias": [-3]}, objective=Objective())
    for name, expected in {
        "dot": [[1]],
        "f": [[0.73105857863]],
        "dot.grad": [[0.196611933241]],
        "input.grad": [[0.393223866483, -0.589835799724]],
        "dot.weight.grad": [[-0.196611933241, -0.393223866483]],
        "dot.bias.grad": [0.196611933241],
    }.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-11, err_msg=name)
    assert [record.label for step in found.steps for record in step.outputs] == ["z", "a"]


def test_values_gradients_losses_and_updates_are_pytorchs() -> None:
    for row in FIXTURE["networks"]:
        name, lr, steps = row["optimizer"]
        found = values(
            shapecalc.loads(row["yaml"]),
            row["inputs"],
            row["weights"],
            objective=Objective(row["loss"], row["targets"]),
            update=Update(name, lr, steps),
        )
        arrays = found.arrays
        expected = dict(row["values"], losses=row["losses"])
        expected |= {f"{name}.grad": gradient for name, gradient in row["gradients"].items()}
        expected |= {f"{name}.updated": array for name, array in row["updated"].items()}
        for key, array in expected.items():
            np.testing.assert_allclose(arrays[key], array, rtol=1e-9, atol=1e-12, err_msg=f"{row['yaml']} {key}")
        gradients = {key for key in arrays if key.endswith(".grad")}
        assert {key for key in expected if key.endswith(".grad")} == gradients


def test_values_are_those_of_run_and_of_its_weights() -> None:
    for name in ("lenet5", "char-rnn", "mlp"):
        net = shapecalc.load(name)
        found = values(net, seed=3, dtype="float32")
        expected = shapecalc.run(net, {each.name: found[each.name] for each in found.inputs}, seed=3)
        for output, record in found.outputs.items():
            np.testing.assert_array_equal(found[record.name], expected[output])


def test_a_softmax_is_part_of_the_cross_entropy_that_follows_it() -> None:
    """−log of the probability that the network gives; the gradient with respect to the scores is p − one-hot."""
    net = shapecalc.loads("{input: [N, 3], layers: [{linear: 4, name: z}, {softmax: , name: p}]}")
    found = values(net, "ones", objective=Objective("cross_entropy", 2))
    assert found.totals[0] == pytest.approx(-np.log(found["p"][0, 2]), rel=1e-12)
    np.testing.assert_allclose(found["z.grad"], found["p"] - [[0, 0, 1, 0]], rtol=1e-12)
    assert "p.grad" not in found.arrays
    log = shapecalc.loads("{input: [N, 3], layers: [{linear: 4, name: z}, {log_softmax: , name: p}]}")
    again = values(log, "ones", objective=Objective("cross_entropy", 2))
    assert again.totals[0] == pytest.approx(found.totals[0], rel=1e-12)
    np.testing.assert_allclose(again["p.grad"], found["z.grad"], rtol=1e-12, err_msg="a log-softmax is read as it is")


def test_tensors_that_are_not_retained_have_their_figures() -> None:
    found = values(MAZUR, "ones", "ones", retained=lambda path, _name, _size: path == "h")
    assert sorted(found.arrays) == ["h", "h.bias", "h.weight"]
    figures = found.outputs["output"].value.figures
    assert figures.greatest == figures.least


def test_detailed_layers_have_what_their_kernels_compute_on_the_way() -> None:
    net = shapecalc.loads(
        "{input: [N, 3, 4], layers: [{multihead_attention: {num_heads: 2, batch_first: true}, name: att}, "
        "{layer_norm: 4, name: ln}]}"
    )
    found = values(net, objective=Objective(), detailed=lambda path: path == "att")
    weights = found["att.weights"]
    np.testing.assert_allclose(weights.sum(axis=-1), np.ones(weights.shape[:-1]), rtol=1e-12)
    assert not any(name.startswith("ln.x") for name in found.arrays), "it is not detailed"
    again = values(net, detailed=lambda path: path == "ln")
    expected = again["ln.x̂"] * again["ln.weight"] + again["ln.bias"]
    np.testing.assert_allclose(again["ln"], expected, rtol=1e-12)
    np.testing.assert_array_equal(found["ln"], again["ln"])


def test_a_tensor_that_a_kernel_names_several_times_is_stacked_or_numbered() -> None:
    recorded = RecordedRun()
    x = np.ones(2)
    assert recorded.add("h", x) is x
    x += 1
    recorded.add("h", x)
    recorded.add("k", x)
    recorded.add("k", np.ones(3))
    arrays = recorded.arrays()
    assert arrays["h"].tolist() == [[1, 1], [2, 2]], "what is overwritten later was copied"
    assert [name for name in arrays if name != "h"] == ["k 1", "k 2"]


def test_without_backward_a_loss_is_evaluated_alone() -> None:
    found = values(MAZUR, [0.05, 0.1], MAZUR_WEIGHTS, objective=Objective("mse", [0.01, 0.99]), backward=False)
    assert found.totals[0] == pytest.approx(0.29837110876, rel=1e-11), "a mean of two is half a sum of two"
    assert not any(name.endswith(".grad") for name in found.arrays)


def test_a_run_above_the_budget_is_refused_before_it_allocates() -> None:
    net = shapecalc.load("vgg16")
    with pytest.raises(ShapecalcError, match="SC701: the run needs"):
        values(net, budget=Budget(memory=2**20))
    with pytest.raises(ShapecalcError, match="SC705: the run takes"):
        values(MAZUR, objective=Objective(), update=Update(steps=1000), budget=Budget(flops=10_000))


def test_overflow_is_shown_and_counted() -> None:
    net = shapecalc.loads("{input: [N, 1], layers: [{linear: {out_features: 2, bias: false}, name: y}]}")
    found = values(net, [[1e300]], {"y.weight": [[1e300], [0]]}, objective=Objective())
    assert (found["y"] == [[np.inf, 0]]).all()
    assert found.outputs["output"].value.figures.infinities == 1


def test_values_of_the_zoo_are_those_of_run_and_gradients_those_of_the_backward_kernels() -> None:
    seen = 0
    for name in zoo.names():
        net = shapecalc.load(name)
        report = report_of(net, {}, {})
        assert isinstance(report.totals.flops, int)
        if report.totals.flops > 10**8:
            continue
        seen += 1
        found = values(net, sizes=report.bindings, objective=Objective())
        inputs = {record.name: found[record.name] for record in found.inputs}
        weights = random_parameters(report, dtype=np.float64)
        tape = forward(calls_of(report, params=weights), inputs, dtype=np.float64)
        slots = net.output_slots.values()
        for slot in slots:
            np.testing.assert_array_equal(found[slot], tape.values[slot], err_msg=name)
        expected = back_propagate(tape, {slot: np.ones_like(found[slot]) for slot in slots})
        for path, gradient in {**expected.parameters, **expected.inputs}.items():
            if f"{path}.grad" in found.arrays:
                np.testing.assert_array_equal(found[f"{path}.grad"], gradient, err_msg=f"{name} {path}")
    assert seen >= 5
