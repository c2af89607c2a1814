"""Runs by name, with lists and single arrays, backward, trained and decoded."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc import Budget, ShapecalcError


def test_one_array_is_the_only_input() -> None:
    x = np.linspace(-1, 1, 32 * 32, dtype=np.float32).reshape(1, 1, 32, 32)
    assert np.array_equal(shapecalc.run("lenet5", x)["output"], shapecalc.run("lenet5", {"input": x})["output"])


def test_parameters_of_the_file_are_set_for_a_run() -> None:
    wide = shapecalc.loads("{parameters: {width: 8}, input: [N, 4], layers: [linear: $width]}")
    assert shapecalc.run(wide, [[1, 2, 3, 4]], width=3)["output"].shape == (1, 3)
    with pytest.raises(ShapecalcError, match="SC312: `<text>` has no parameter `N`"):
        shapecalc.run(wide, [[1, 2, 3, 4]], N=1)


def test_the_type_of_a_proof_follows_from_backward() -> None:
    assert isinstance(shapecalc.verify("mlp", N=2), shapecalc.Proof)
    proof = shapecalc.verify("char-rnn", backward=True, truncate=2, T=4, scale=1 / 16)
    assert isinstance(proof, shapecalc.BackwardProof)
    assert proof.ok
    assert proof.truncate == 2


def test_a_budget_refuses_a_run() -> None:
    with pytest.raises(ShapecalcError, match="SC701"):
        shapecalc.verify("lenet5", budget=Budget(memory=10))
    with pytest.raises(ShapecalcError, match="SC705"):
        shapecalc.decode("char-rnn", beam=2, length=3, run=True, budget=Budget(flops=10))


@pytest.mark.parametrize(
    ("argument", "value"), [("data", "mnist"), ("optimizer", "lion"), ("epochs", 0), ("batch", -1), ("truncate", 0)]
)
def test_an_argument_of_training_that_is_wrong_is_a_diagnostic(argument: str, value: object) -> None:
    arguments = {"data": "digits8", argument: value}
    with pytest.raises(ShapecalcError, match=f"`{argument}` expects"):
        shapecalc.train("mlp", **arguments)  # type: ignore[arg-type]


def test_progress_is_told_of_each_step() -> None:
    seen: list[tuple[int, int]] = []
    shapecalc.verify("mlp", N=2, progress=lambda _what, done, total: seen.append((done, total)))
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]


def test_a_decoding_is_run_if_asked() -> None:
    alone, run = (shapecalc.decode("char-rnn", beam=2, length=3, run=run) for run in (False, True))
    assert (alone.decoded, alone.ok, run.ok) == (None, True, True)
    assert run.loop.macs == alone.loop.macs
    assert repr(run) == f"{repr(alone).removesuffix('>')}, ok>"


def test_values_have_the_outputs_of_run_and_on_request_gradients_and_updates() -> None:
    x = np.linspace(0, 1, 784, dtype=np.float32).reshape(1, 1, 28, 28)
    found = shapecalc.values("mlp", x, dtype="float32", seed=5)
    np.testing.assert_array_equal(found["softmax_4"], shapecalc.run("mlp", x, seed=5)["output"])
    assert not any(name.endswith(".grad") for name in found.arrays)
    assert len(shapecalc.values("mlp", loss="mse", target=np.zeros((2, 10)), N=2).totals) == 1
    trained = shapecalc.values("mlp", loss="cross_entropy", target=7, optimizer="sgd", lr=0.25, freeze=["*.bias"])
    np.testing.assert_allclose(
        trained["output.weight.updated"], trained["output.weight"] - 0.25 * trained["output.weight.grad"]
    )
    np.testing.assert_array_equal(trained["output.bias.updated"], trained["output.bias"])
    assert trained.totals[1] < trained.totals[0]


def test_values_refuses_words_that_it_does_not_know() -> None:
    for settings in ({"dtype": "int8"}, {"loss": "mes"}, {"reduction": "none"}, {"optimizer": "sdg"}):
        with pytest.raises(ShapecalcError, match=f"`{next(iter(settings))}` expects"):
            shapecalc.values("mlp", **settings)  # type: ignore[arg-type]


def test_values_refuses_an_argument_without_the_one_that_it_belongs_to() -> None:
    alone: dict[str, tuple[object, str]] = {
        "target": (3, "loss"),
        "reduction": ("sum", "loss"),
        "options": ({"delta": 1}, "loss"),
        "lr": (1, "optimizer"),
        "steps": (2, "optimizer"),
        "freeze": (["*"], "optimizer"),
        "truncate": (2, "backward"),
    }
    for name, (value, needed) in alone.items():
        with pytest.raises(ShapecalcError, match=f"SC106: `{name}` requires `{needed}`"):
            shapecalc.values("mlp", **{name: value})  # type: ignore[arg-type]


def test_values_refuses_numbers_that_are_not_above_0() -> None:
    for wrong in ({"loss": "huber", "options": {"delta": -1}}, {"loss": "mse", "optimizer": "sgd", "lr": float("nan")}):
        with pytest.raises(ShapecalcError, match="expects a number above 0"):
            shapecalc.values("mlp", target=np.zeros(10), **wrong)  # type: ignore[arg-type]


def test_bptt_has_the_gradients_of_values_and_refuses_what_does_not_fit() -> None:
    target = np.array([[3, 1, 4]])
    found = shapecalc.bptt("char-rnn", target=target, loss="cross_entropy", scale=1 / 64, T=3)
    run = shapecalc.values(
        "char-rnn", loss="cross_entropy", target=target, reduction="sum", backward=True, scale=1 / 64, T=3
    )
    np.testing.assert_allclose(found.gradients["lstm.weight_hh_l1"], run["lstm.weight_hh_l1.grad"], rtol=1e-9)
    assert repr(found) == f"<Propagated char-rnn: cross_entropy {run.totals[0]:.6g} over 3 steps>"
    for wrong, said in (
        ({"target": [1, 2]}, "SC301: `target` expects a class of each step"),
        ({"loss": "entropy"}, "SC203: `loss` expects"),
        ({"reduction": "none"}, "SC203: `reduction` expects one of sum, mean"),
        ({"truncate": 0}, "SC201: `truncate` expects 1 to"),
    ):
        with pytest.raises(ShapecalcError, match=said):
            shapecalc.bptt("char-rnn", scale=1 / 64, **wrong)  # type: ignore[arg-type]
