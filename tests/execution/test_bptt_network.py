"""Recurrent networks of the zoo back through time: the gradients are those of a run, and each step's add up to them."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics import LayerError, ShapecalcError
from shapecalc.execution.bptt_network import bptt
from shapecalc.execution.budget import Budget
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective
from shapecalc.files.load import narrowed
from tests.execution.test_bptt import summed

if TYPE_CHECKING:
    from shapecalc import Architecture


def small(name: str) -> Architecture:
    loaded = shapecalc.load(name)
    return narrowed(loaded, 64) if loaded.widths else loaded


NETWORKS = {"char-rnn": [[3, 1, 4, 1, 5]], "gru-tagger": [[3, 1, 4, 1, 5]], "lstm-classifier": [1]}
"""Networks with their targets: of every step, and of the last for a classifier."""


def test_the_gradients_are_those_of_a_run_and_the_sums_of_all_steps() -> None:
    for name, target in NETWORKS.items():
        architecture = small(name)
        found = bptt(architecture, target=np.array(target), seed=3)
        objective = Objective("cross_entropy", np.array(target), "sum")
        run = values(architecture, seed=3, objective=objective)
        assert found.value == pytest.approx(run.totals[0], rel=1e-12), name
        for path, gradient in found.gradients.items():
            np.testing.assert_allclose(gradient, run.arrays[f"{path}.grad"], rtol=1e-9, atol=1e-12, err_msg=path)
        assert found.layers, name
        for layer in found.layers:
            for parameter, total in summed(layer).items():
                own = found.gradients[f"{layer.path}.{parameter}"]
                np.testing.assert_allclose(total, own, rtol=1e-9, atol=1e-12, err_msg=f"{name} {parameter}")


def test_truncation_lets_nothing_pass_between_chunks() -> None:
    found = bptt(small("char-rnn"), sizes={"T": 7}, truncate=3)
    for layer in found.layers:
        for each in layer.passes:
            cut = [step.step.time for step in each.steps if step.is_cut]
            assert cut == [1, 4]
            assert not any(step.from_next["h"].any() for step in each.steps if step.is_cut)


def test_a_classifier_has_one_loss_after_the_last_step() -> None:
    found = bptt(small("lstm-classifier"), sizes={"T": 6})
    assert [loss.time for loss in found.losses] == [6]
    assert found.layers[0].passes[-2].steps[-1].from_above.any()


def test_random_targets_are_the_same_for_a_seed() -> None:
    first, second, third = (bptt(small("char-rnn"), seed=seed) for seed in (1, 1, 2))
    assert first.value == second.value != third.value


def test_the_loss_that_targets_imply_reads_what_the_same_loss_by_name_reads() -> None:
    """Values are compared with the softmax's result; only cross-entropy reads its input."""
    layers = "[{rnn: {hidden_size: 3}, name: h}, {linear: 2, name: o}, {softmax: {dim: -1}, name: s}]"
    architecture = shapecalc.loads(f"{{input: [T, N, 2], layers: {layers}}}")
    for target, name in (([[0.5, 0.5], [0.25, 0.75]], "sum_of_squares"), ([0, 1], "cross_entropy")):
        implied, named = (bptt(architecture, target=target, loss=loss, sizes={"T": 2}) for loss in (None, name))
        assert implied.loss == name
        assert implied.value == named.value
        sums = [loss.predictions.sum() for loss in implied.losses]
        assert (sums == pytest.approx([1, 1])) is (name == "sum_of_squares")


def test_random_targets_of_values_are_probabilities() -> None:
    for loss in ("bce", "sum_of_squares"):
        found = bptt(small("char-rnn"), loss=loss)
        assert all(((each.targets >= 0) & (each.targets <= 1)).all() for each in found.losses)


def test_what_is_random_is_named() -> None:
    document = bptt(small("char-rnn"), params={"decoder.bias": "zeros"}, seed=4).to_dict()
    assert document["seed"] == 4
    assert document["random"][:2] == ["input", "target"]
    assert set(document["gradients"]) - set(document["random"]) == {"decoder.bias"}
    assert all("random" not in layer["values"] for layer in document["layers"])


@pytest.mark.parametrize(
    "layers",
    [
        "{gru: {hidden_size: 32, num_layers: 2, bidirectional: true}}",
        "{rnn: {hidden_size: 8, bidirectional: true}}, {softmax: {dim: -1}}",
        "{lstm: {hidden_size: 32, proj_size: 8}}, {linear: 2000}",
    ],
)
def test_the_memory_that_it_takes_is_in_its_budget(layers: str) -> None:
    """Given one byte in eight less than it took, it is refused."""
    architecture = shapecalc.loads(f"{{input: [T, N, 4], layers: [{layers}]}}")
    for sizes in ({"T": 60, "N": 1}, {"T": 12, "N": 40}):
        bptt(architecture, sizes=sizes)
        tracemalloc.start()
        bptt(architecture, sizes=sizes)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        with pytest.raises(ShapecalcError, match="SC701"):
            bptt(architecture, sizes=sizes, budget=Budget(memory=peak - peak // 8))


def test_the_operations_that_it_takes_are_in_its_budget() -> None:
    """Twice three times those of the forward pass."""
    architecture = small("char-rnn")
    flops = shapecalc.inspect(architecture, T=4, N=1).totals.flops
    assert bptt(architecture, sizes={"T": 4, "N": 1}, budget=Budget(flops=6 * flops))
    with pytest.raises(ShapecalcError, match="SC705"):
        bptt(architecture, sizes={"T": 4, "N": 1}, budget=Budget(flops=6 * flops - 1))


def test_what_cannot_be_propagated_is_refused() -> None:
    char_rnn = small("char-rnn")
    for refused, code in (
        (lambda: bptt(shapecalc.load("lenet5")), "SC702"),
        (lambda: bptt(char_rnn, sizes={"T": 10_001}), "SC705"),
        (lambda: bptt(shapecalc.load("char-rnn"), budget=Budget(memory=10**6)), "SC701"),
        (lambda: bptt(shapecalc.load("char-rnn"), budget=Budget(flops=10**6)), "SC705"),
    ):
        with pytest.raises(ShapecalcError) as error:
            refused()
        assert error.value.diagnostics[0].code == code
    with pytest.raises(LayerError, match="a class of each step"):
        bptt(char_rnn, target=[1, 2])
