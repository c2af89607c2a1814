"""The scalar that is differentiated: targets that fit, and those that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective
from shapecalc.reference.losses import LOSSES, cross_entropy

NET = shapecalc.loads("{input: [N, 2], layers: [{linear: 3, name: fc}]}")
HEADS = shapecalc.loads(
    "{input: [N, 2], layers: [{linear: 3, name: a}, {linear: 2, name: b, from: input}], outputs: {p: a, q: b}}"
)
SEQUENCE = shapecalc.loads("{input: [N, T, 2], layers: [{linear: 3, name: fc}]}")


def loss_at(net: Any, inputs: Any, loss: str, targets: Any, **options: Any) -> float:
    return values(net, inputs, objective=Objective(loss, targets, **options), backward=False).totals[0]


def test_one_sample_needs_no_axis_of_samples_in_its_targets() -> None:
    assert loss_at(NET, "ones", "cross_entropy", 1) == loss_at(NET, "ones", "cross_entropy", [1])
    assert loss_at(NET, "ones", "mse", [1, 2, 3]) == loss_at(NET, "ones", "mse", [[1, 2, 3]])
    steps = np.ones((1, 2, 2))
    assert loss_at(SEQUENCE, steps, "cross_entropy", [1, 2]) == loss_at(SEQUENCE, steps, "cross_entropy", [[1, 2]])


def test_the_classes_of_a_sequence_are_its_last_axis() -> None:
    found = values(SEQUENCE, np.ones((2, 4, 2)), objective=Objective("cross_entropy", [[0, 1, 2, 1], [1, 1, 0, 2]]))
    logits, targets = found["fc"].reshape(8, 3), np.array([0, 1, 2, 1, 1, 1, 0, 2])
    expected = cross_entropy(logits, targets)
    assert found.totals[0] == expected.value
    np.testing.assert_array_equal(found["fc.grad"].reshape(8, 3), expected.gradient)


def test_as_many_steps_as_classes_are_not_taken_for_classes() -> None:
    x, target = np.random.default_rng(0).normal(size=(2, 3, 2)), np.array([[0, 1, 2], [1, 1, 0]])
    for last in ("", ", relu", ", softmax"):
        net = shapecalc.loads(f"{{input: [N, T, 2], layers: [{{linear: 3, name: fc}}{last}]}}")
        found = values(net, x, objective=Objective("cross_entropy", target))
        logits = np.maximum(found["fc"], 0) if last == ", relu" else found["fc"]
        assert found.totals[0] == pytest.approx(cross_entropy(logits.reshape(6, 3), target.reshape(6)).value)
    maps = shapecalc.loads("{input: [N, 2, 3], layers: [{conv: {out_channels: 3, kernel_size: 1}, name: c}]}")
    found = values(maps, np.ones((2, 2, 3)), objective=Objective("cross_entropy", target))
    assert found.totals[0] == pytest.approx(cross_entropy(found["c"], target).value)


def test_the_losses_of_several_outputs_are_added() -> None:
    both = loss_at(HEADS, "ones", "mse", {"p": [0, 0, 0], "q": [1, 1]})
    single = [loss_at(HEADS, "ones", "mse", targets) for targets in ({"p": [0, 0, 0]}, {"q": [1, 1]})]
    assert both == pytest.approx(sum(single))


def test_without_a_loss_the_sum_of_the_outputs_is_differentiated() -> None:
    found = values(HEADS, "ones", objective=Objective())
    assert found.totals[0] == pytest.approx(found["a"].sum() + found["b"].sum())
    assert found["a.grad"].tolist() == [[1, 1, 1]]


def test_every_loss_has_a_gradient_that_is_its_slope() -> None:
    targets: dict[str, Any] = {"classes": [2], "values": [[0.25, 1.0, 0.5]]}
    for name, entry in LOSSES.items():
        objective = Objective(name, targets[entry.targets.value])
        inputs = np.array([[0.1, 0.2]])
        weights = {"fc.weight": [[0.5, 1], [1.5, 0.5], [1, 2]], "fc.bias": [0.1, 0.2, 0.3]}
        gradient = values(NET, inputs, weights, objective=objective)["input.grad"]
        for place in range(2):
            step = np.zeros((1, 2))
            step[0, place] = 1e-6
            up, down = (values(NET, inputs + sign * step, weights, objective=objective).totals[0] for sign in (1, -1))
            assert gradient[0, place] == pytest.approx((up - down) / 2e-6, abs=1e-7), name


def test_options_and_the_reduction_change_a_loss() -> None:
    assert loss_at(NET, "ones", "hinge", 1, options={"delta": 9}) > loss_at(NET, "ones", "hinge", 1)
    total, mean = (loss_at(NET, "ones", "mse", [1, 2, 3], reduction=each) for each in ("sum", "mean"))
    assert total == pytest.approx(3 * mean)


REFUSED: list[tuple[Any, str, Any, str]] = [
    (NET, "mse", None, "`mse` expects targets, receives none"),
    (NET, "mse", [[1, 2]], r"`mse` expects targets \[1, 3\] for predictions \[1, 3\], receives \[1, 2\]"),
    (NET, "mse", {"x": [1, 2, 3]}, "`mse` expects targets of output, receives those of `x`"),
    (HEADS, "mse", [1, 2, 3], "`mse` expects targets of p or q by name, receives one array"),
    (NET, "cross_entropy", [3], "`cross_entropy` expects classes from 0 to 2, receives 3"),
    (NET, "cross_entropy", [0.5], "`target` expects int64, receives float64"),
    (NET, "bce", [2, 3, 4], "`bce` expects probabilities from 0 to 1"),
]


def test_targets_that_do_not_fit_are_refused() -> None:
    for net, loss, targets, message in REFUSED:
        with pytest.raises(ShapecalcError, match=f"SC702: {message}"):
            values(net, [10, 20], "ones", objective=Objective(loss, targets))
