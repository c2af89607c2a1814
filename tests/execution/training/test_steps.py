from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.execution.training.initialization import initial_parameters
from shapecalc.execution.training.steps import loss_of, model_of, predict, step
from shapecalc.files.load import loads
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from shapecalc.execution.training.steps import Model, TrainedStep
    from shapecalc.reference.base import Array

NORMED = "{input: [N, 3, 5], layers: [{batch_norm: {momentum: 0.3}, name: norm}, flatten, {linear: 4, name: out}]}"
SEQUENCE = (
    "{{input: {{shape: [N, T], dtype: int64}}, layers: [one_hot: 9, {{{layer}, name: rnn}}, {{linear: 9, name: out}}]}}"
)


def prepared(text: str, **sizes: int) -> tuple[Model, dict[str, Array]]:
    report = inspect_at(loads(text), {"N": 6, **sizes})
    return model_of(report), initial_parameters(report)


def taken(
    model: Model, parameters: dict[str, Array], x: Array, targets: Array, *, seed: int = 0, **more: Any
) -> TrainedStep:
    return step(model, parameters, x, targets, random=np.random.default_rng(seed), **more)


@pytest.mark.parametrize(
    ("last", "loss", "logits"),
    [
        ("softmax", "cross_entropy", "out"),
        ("log_softmax", "cross_entropy", "out"),
        ("softmax: 1", "cross_entropy", "out"),
        ("sigmoid", "binary_cross_entropy", "out"),
        ("tanh", "cross_entropy", "last"),
        ("softmax: 0", "cross_entropy", "last"),
    ],
)
def test_a_last_softmax_or_sigmoid_is_folded_into_its_loss(last: str, loss: str, logits: str) -> None:
    layer = last if ": " in last else f"{last}: {{}}"
    model, _ = prepared(f"{{input: [N, 7], layers: [{{linear: 4, name: out}}, {{{layer}, name: last}}]}}")
    assert (model.loss, model.logits) == (loss, logits)
    assert ("last" in {call.path for call in model.calls}) == (logits == "last")


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("{input: [N, 7], layers: [{linear: 5, name: a}, tanh, {linear: 4, name: out}, softmax]}", (6, 7)),
        ("{input: [N, 7], layers: [{linear: 4, name: out}, sigmoid]}", (6, 7)),
        (NORMED, (6, 3, 5)),
    ],
)
def test_gradients_of_a_step_are_those_of_central_differences(text: str, x: tuple[int, ...]) -> None:
    model, single = prepared(text)
    parameters = {path: array.astype(np.float64) for path, array in single.items()}
    random = np.random.default_rng(4)
    inputs, targets = random.standard_normal(x), random.integers(0, 4, 6)
    found = taken(model, parameters, inputs, targets)
    assert set(found.gradients) == {path for path in parameters if "running" not in path}
    for path, gradient in found.gradients.items():
        at = (0,) * gradient.ndim
        losses = []
        for nudge in (1e-5, -1e-5):
            array = parameters[path].copy()
            array[at] += nudge
            losses.append(taken(model, {**parameters, path: array}, inputs, targets).loss)
        assert gradient[at] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8), path


def test_a_batch_norm_goes_by_the_batch_and_moves_its_running_statistics_towards_it() -> None:
    model, parameters = prepared(NORMED)
    x = np.random.default_rng(1).normal(3, 2, (6, 3, 5)).astype(np.float32)
    found = taken(model, parameters, x, np.zeros(6, int))
    rows = x.transpose(1, 0, 2).reshape(3, -1).astype(np.float64)
    np.testing.assert_allclose(found.statistics["norm.running_mean"], 0.3 * rows.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.statistics["norm.running_var"], 0.7 + 0.3 * rows.var(axis=1, ddof=1), rtol=1e-6)
    evaluated = loss_of(model, predict(model, parameters, x), np.zeros(6, int)).value
    assert abs(evaluated - found.loss) > 0.01


@pytest.mark.parametrize(
    "layer",
    [
        "{dropout: 0.5, name: drop}",
        "{stochastic_depth: {p: 0.5, mode: row}, name: drop}",
        "{stochastic_depth: {p: 0.5, mode: batch}, name: drop}",
    ],
)
def test_what_is_dropped_is_drawn_anew_and_evaluation_drops_nothing(layer: str) -> None:
    model, parameters = prepared(f"{{input: [N, 7], layers: [{layer}, {{linear: 4, name: out}}]}}")
    x, targets = np.ones((6, 7), np.float32), np.arange(6) % 4
    losses = {taken(model, parameters, x, targets, seed=seed).loss for seed in range(12)}
    assert len(losses) > 1
    assert len({taken(model, parameters, x, targets, seed=5).loss for _ in range(3)}) == 1
    np.testing.assert_allclose(
        predict(model, parameters, x)[0], x[0] @ parameters["out.weight"].T + parameters["out.bias"], rtol=1e-5
    )


def test_a_mask_keeps_the_mean() -> None:
    model, parameters = prepared(
        "{input: [N, 40000], layers: [dropout: 0.25, {linear: {out_features: 1, bias: false}, name: out}]}"
    )
    x = np.ones((6, 40_000), np.float32)
    gradient = taken(model, parameters, x, np.zeros(6, int)).gradients["out.weight"]
    assert gradient.shape == (1, 40_000)
    assert not gradient.any()  # one class: nothing to learn, however it is masked
    two, _ = prepared(
        "{input: [N, 40000], layers: [dropout: 0.25, {linear: {out_features: 2, bias: false}, name: out}]}"
    )
    found = taken(two, {"out.weight": np.zeros((2, 40_000), np.float32)}, x, np.zeros(6, int)).gradients["out.weight"]
    assert found.mean(axis=1) == pytest.approx([-0.5, 0.5], rel=0.01)
    assert len(np.unique(found[0].round(6))) == 7  # 0 to 6 samples have let a number pass


@pytest.mark.parametrize("layer", ["rnn", "lstm", "gru"])
def test_recurrent_layers_drop_between_each_other_alone(layer: str) -> None:
    fields = "hidden_size: 8, batch_first: true, dropout: 0.5"
    x = np.arange(30).reshape(6, 5) % 9
    counts = []
    for depth in (1, 3):
        model, parameters = prepared(SEQUENCE.format(layer=f"{layer}: {{{fields}, num_layers: {depth}}}"), T=5)
        counts.append(len({taken(model, parameters, x, x, seed=seed).loss for seed in range(4)}))
    assert counts == [1, 4]


def test_truncation_changes_gradients_through_time_and_not_the_loss() -> None:
    model, parameters = prepared(SEQUENCE.format(layer="rnn: {hidden_size: 8, batch_first: true}"), T=5)
    x = np.arange(30).reshape(6, 5) % 9
    whole, cut = taken(model, parameters, x, x), taken(model, parameters, x, x, truncate=2)
    assert whole.loss == cut.loss
    np.testing.assert_array_equal(whole.gradients["out.weight"], cut.gradients["out.weight"])
    assert not np.allclose(whole.gradients["rnn.weight_hh_l0"], cut.gradients["rnn.weight_hh_l0"])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("multihead_attention: {num_heads: 2, dropout: 0.1, batch_first: true}", "drops attention weights"),
        ("batch_norm: {momentum: null}", "averages statistics over all batches"),
        ("instance_norm: {track_running_stats: true}", "keeps running statistics"),
    ],
)
def test_what_is_done_otherwise_in_training_and_not_here_is_refused(layer: str, message: str) -> None:
    with pytest.raises(ShapecalcError, match=f"SC703: `odd` {message}, which is not trained here"):
        prepared(f"{{input: [N, 4, 8], layers: [{{{layer}, name: odd}}]}}")
