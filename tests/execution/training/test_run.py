"""Whole runs, on networks small enough to be trained in a second or two."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.execution.training import train
from shapecalc.files.load import loads

SMALL = loads("{input: [N, 1, 8, 8], layers: [flatten, {linear: 24, name: a}, tanh, {linear: 10, name: b}, softmax]}")
SHARED = """
input: [N, 1, 8, 8]
layers:
  - flatten
  - {linear: 32, name: first}
  - {relu: {}, name: x}
  - {linear: 32, name: again}
  - {relu: {}, name: y}
  - {linear: 32, share: again, name: more}
  - {add: {}, from: [more, x]}
  - {dropout: 0.1}
  - {linear: 10, name: out}
"""
NORMED = """
input: [N, 1, 8, 8]
layers:
  - {conv: {out_channels: 8, kernel_size: 3, bias: false}, name: c}
  - {batch_norm: {}, name: norm}
  - relu
  - global_avg_pool
  - flatten
  - {linear: 10, name: out}
"""
CHARACTERS = """
input: {shape: [N, T], dtype: int64}
layers:
  - {embedding: {num_embeddings: 56, embedding_dim: 16}, name: table}
  - {gru: {hidden_size: 48, batch_first: true}, name: gru}
  - {linear: 56, name: out}
"""


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first, again, other = (train(SMALL, "digits8", epochs=1, seed=seed) for seed in (5, 5, 6))
    assert first.losses == again.losses
    assert first.epochs == again.epochs
    assert first.losses != other.losses
    for path, array in first.parameters.items():
        np.testing.assert_array_equal(array, again.parameters[path])
        assert array.dtype == np.float32


@pytest.mark.parametrize(("optimizer", "least"), [("sgd", 0.75), ("momentum", 0.8), ("adam", 0.85)])
def test_every_optimiser_learns_small_digits_at_its_own_rate(optimizer: str, least: float) -> None:
    trained = train(SMALL, "digits8", epochs=2, optimizer=optimizer)
    assert trained.before.accuracy < 0.25
    assert trained.epochs[-1].accuracy > least
    assert len(trained.losses) == 2 * (4000 // 32)
    assert trained.epochs[1].loss == pytest.approx(np.mean(trained.losses[125:]))


def test_branches_shared_weights_and_dropout_learn() -> None:
    trained = train(loads(SHARED), "digits8", epochs=2)
    assert trained.epochs[-1].accuracy > 0.85
    assert not any(path.startswith("more") for path in trained.parameters)


def test_a_batch_norm_evaluates_by_statistics_that_it_gathered() -> None:
    trained = train(loads(NORMED), "digits8", epochs=1)
    assert trained.epochs[-1].accuracy > 0.3
    assert abs(trained.epochs[-1].test_loss - trained.losses[-1]) < 0.4
    assert (trained.parameters["norm.running_var"] != 1).all()


def test_characters_are_learnt_through_time_truncated_or_not() -> None:
    net = loads(CHARACTERS)
    for truncate in (None, 4):
        trained = train(net, "text", epochs=1, lr=0.01, truncate=truncate)
        assert trained.before.test_loss == pytest.approx(np.log(56), rel=0.05)
        assert trained.epochs[-1].test_loss < 2.8
        assert trained.epochs[-1].accuracy > 0.2


def test_mlp_reaches_what_the_readme_says() -> None:
    assert train(shapecalc.load("mlp"), "digits", epochs=1).epochs[-1].accuracy > 0.97


def test_lenet5_reaches_what_the_readme_says() -> None:
    assert train(shapecalc.load("lenet5"), "digits", epochs=1).epochs[-1].accuracy > 0.97


def test_trained_weights_run_in_the_network_that_they_are_of() -> None:
    trained = train(SMALL, "digits8", epochs=1)
    test = trained.dataset.test
    outputs = shapecalc.run(SMALL, {"input": test.inputs}, trained.parameters)
    right = (next(iter(outputs.values())).argmax(axis=1) == test.targets).mean()
    assert right == pytest.approx(trained.epochs[-1].accuracy, abs=0.01)  # some samples fill no batch


def test_progress_is_told_after_each_step() -> None:
    told: list[tuple[int, int]] = []
    train(SMALL, "digits8", epochs=1, batch=500, progress=lambda _what, done, total: told.append((done, total)))
    assert told == [(done, 8) for done in range(1, 9)]


def test_a_rate_far_too_high_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapecalc.execution.training.datasets.TRAIN_DIGITS", 96)
    with pytest.raises(
        ShapecalcError, match="SC704: the loss is no number after 1 step of `sgd` at a rate of 1e"
    ) as caught:
        train(SMALL, "digits8", optimizer="sgd", lr=1e300)
    assert caught.value.diagnostics[0].help == "write `--lr 1e+299`"


def test_a_batch_larger_than_what_there_is_is_refused() -> None:
    with pytest.raises(ShapecalcError, match="SC703: `digits8` has 1000 samples to be asked about, a batch of 1001"):
        train(SMALL, "digits8", batch=1001)
