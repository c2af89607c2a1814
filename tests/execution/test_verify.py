"""Verification: at which sizes it tries a network, what counts as proved, and what it refuses to run."""

from __future__ import annotations

import dataclasses
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError, verify
from shapecalc.cli.options.budget import budget_of
from shapecalc.execution.budget import Budget
from shapecalc.execution.lowering import calls_in_lockstep, calls_of, price, random_inputs
from shapecalc.execution.verify import PROBES, OwnCounts, ProofRow, trial_sizes, verify_at
from shapecalc.reference.base import KERNELS
from shapecalc.reference.executor import execute, run
from shapecalc.shape_inference.engine import Reports, infer

if TYPE_CHECKING:
    from shapecalc import Architecture


def net(shape: str, *layers: str, sizes: str = "") -> Architecture:
    usual = f"sizes: {sizes}\n" if sizes else ""
    return shapecalc.loads(f"name: net\ninput: {shape}\n{usual}layers:\n" + "".join(f"  - {line}\n" for line in layers))


POOLED = net("[N, 3, H, W]", "max_pool: 5")


# At which sizes


def test_a_batch_is_one_sample_and_then_two() -> None:
    assert trial_sizes(Reports(net("[N, 3]", "relu")), {}) == (({"N": 1}, {"N": 2}), ())


@pytest.mark.parametrize(
    ("layers", "tried"),
    [
        (("reshape: [-1, 320]", "linear: 5"), (16, 32)),
        (("reshape: [-1, 1000]", "linear: 5"), (2, 4)),
        (("{batch_norm: {track_running_stats: false}}",), (2, 3)),
    ],
)
def test_a_batch_that_excludes_one_sample_is_tried_at_the_two_smallest_valid_ones(
    layers: tuple[str, ...], tried: tuple[int, int]
) -> None:
    proof = verify(net("[N, 500]", *layers))
    assert tuple(trial.sizes["N"] for trial in proof.trials) == tried
    assert proof.ok


def test_a_network_without_symbols_runs_once() -> None:
    assert trial_sizes(Reports(net("[2, 3]", "relu")), {}) == (({},), ())
    assert len(verify(net("[2, 3]", "relu")).trials) == 1


def test_symbols_without_a_usual_size_take_the_smallest_probes_that_are_legal_both_times() -> None:
    trials, unproved = trial_sizes(Reports(net("[N, 3, H, W]", "max_pool: 11")), {})
    assert trials == ({"N": 1, "H": 11, "W": 13}, {"N": 2, "H": 13, "W": 17})
    assert unproved == ()


def test_the_usual_size_comes_first_and_then_a_small_probe() -> None:
    trials, _ = trial_sizes(Reports(net("[N, 3, H, W]", "max_pool: 5", sizes="{H: 224, W: 320}")), {})
    assert trials == ({"N": 1, "H": 224, "W": 320}, {"N": 2, "H": 5, "W": 7})


@pytest.mark.parametrize("usual", ["{H: 5, W: 40}", "{H: 40, W: 7}", "{H: 5, W: 7}", "{W: 5}"])
def test_a_usual_size_that_is_a_probe_is_not_tried_twice(usual: str) -> None:
    (first, second), unproved = trial_sizes(Reports(net("[N, 3, H, W]", "max_pool: 5", sizes=usual)), {})
    assert unproved == ()
    assert [name for name in first if first[name] == second[name]] == []


def test_what_the_caller_binds_is_kept_and_the_rest_is_tried_twice() -> None:
    trials, _ = trial_sizes(Reports(POOLED), {"N": 3, "H": 8})
    assert trials == ({"N": 3, "H": 8, "W": 5}, {"N": 3, "H": 8, "W": 7})


def test_everything_bound_is_one_trial() -> None:
    sizes = {"N": 3, "H": 8, "W": 9}
    assert trial_sizes(Reports(POOLED), sizes) == ((sizes,), ())
    assert [trial.sizes for trial in verify(POOLED, **sizes).trials] == [sizes]


def test_one_symbol_in_two_places_has_one_size() -> None:
    trials, _ = trial_sizes(Reports(net("[N, 1, S, S]", "relu")), {})
    assert trials == ({"N": 1, "S": 5}, {"N": 2, "S": 7})


def test_symbols_of_one_trial_have_different_sizes() -> None:
    for trial in trial_sizes(Reports(net("[N, 3, D, H, W]", "relu")), {})[0]:
        assert len(set(trial.values())) == 4


def test_where_no_prime_suits_the_legal_sizes_next_to_the_probes_are_tried() -> None:
    """Probes are odd: a network that halves its height exactly is right at none of them."""
    network = net("[N, 1, H]", "reshape: [0, 2, -1]", sizes="{H: 8}")
    assert trial_sizes(Reports(network), {}) == (({"N": 1, "H": 8}, {"N": 2, "H": 6}), ())
    assert verify(network).ok


def test_a_symbol_that_only_one_size_suits_is_said_to_be_unproved() -> None:
    network = net("[N, 1, H]", "flatten", "linear: {out_features: 2, in_features: 8}", sizes="{H: 8}")
    assert trial_sizes(Reports(network), {}) == (({"N": 1, "H": 8}, {"N": 2, "H": 8}), ("H",))
    assert verify(network).unproved == ("H",)


def test_a_size_above_all_probes_is_found() -> None:
    trials, unproved = trial_sizes(Reports(net("[N, 1, H]", "max_pool: 300")), {})
    assert trials == ({"N": 1, "H": 300}, {"N": 2, "H": 301})
    assert unproved == ()


def test_where_on_a_bound_symbol_leaves_the_free_symbols_their_probes() -> None:
    network = shapecalc.loads("name: net\ninput: [N, 1, W]\nwhere: N <= 3\nlayers: [relu]\n")
    assert trial_sizes(Reports(network), {}) == (({"N": 1, "W": 5}, {"N": 2, "W": 7}), ())


def test_where_one_sample_is_refused_two_and_three_are_tried() -> None:
    """The statistics of a batch of one have nothing to deviate from; PyTorch refuses them too."""
    network = net("[N, 6]", "batch_norm: {track_running_stats: false}")
    assert infer(network, sizes={"N": 1})[0] is None
    assert trial_sizes(Reports(network), {})[0] == ({"N": 2}, {"N": 3})
    assert verify(network).ok


def test_probes_are_odd_and_in_order() -> None:
    assert all(probe % 2 for probe in PROBES)
    assert sorted(set(PROBES)) == list(PROBES)


def test_a_symbol_may_have_the_name_of_an_option() -> None:
    proof = verify_at(Reports(net("[seed, max_memory]", "linear: 5")), {"seed": 2, "max_memory": 3})
    assert [dict(trial.sizes) for trial in proof.trials] == [{"seed": 2, "max_memory": 3}]
    assert proof.ok


@pytest.mark.parametrize(("name", "size", "code"), [("T", 3, "SC312"), ("N", 0, "SC201"), ("N", 2**31, "SC201")])
def test_sizes_that_are_none_are_refused_as_everywhere(name: str, size: int, code: str) -> None:
    with pytest.raises(ShapecalcError, match=code) as caught:
        verify(POOLED, **{name: size})
    assert caught.value.exit_code == 2


def test_mistakes_in_the_network_are_the_engines() -> None:
    with pytest.raises(ShapecalcError, match="SC301"):
        verify(net("[N, 3]", "linear: {out_features: 5, in_features: 4}"))


# What is proved


def test_rows_hold_what_was_predicted_and_what_was_done() -> None:
    (trial,) = verify(net("[2, 3, 7]", "conv: {out_channels: 5, kernel_size: 3}", "batch_norm")).trials
    conv, norm = trial.rows
    assert (conv.predicted, conv.executed) == (((2, 5, 5),), ((2, 5, 5),))
    assert (conv.predicted_params, conv.executed_params) == (50, 50)
    assert (conv.predicted_macs, conv.executed_macs) == (2 * 5 * 5 * 9, 2 * 5 * 5 * 9)
    assert (norm.predicted_params, norm.executed_params) == (20, 20), "buffers are tensors too"
    assert (norm.predicted_own, norm.executed_own) == (OwnCounts(params=10, buffers=10),) * 2, "as `inspect` has them"
    assert trial.seconds == conv.seconds + norm.seconds


@pytest.mark.parametrize(
    "changes",
    [
        {"executed": ((2, 5, 6),)},
        {"executed": ((2, 5, 5), (1,))},
        {"executed": None},
        {"executed_params": 49},
        {"executed_macs": 449},
        {"executed_own": OwnCounts(49, 1)},
        {"failure": "it did not run"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_row_is_proved_where_everything_agrees_and_only_there(changes: dict[str, Any]) -> None:
    (trial,) = verify(net("[2, 3, 7]", "conv: {out_channels: 5, kernel_size: 3}")).trials
    (row,) = trial.rows
    assert row.ok
    assert not dataclasses.replace(row, **changes).ok


def test_a_trial_that_skipped_layers_is_not_proved_though_every_row_is() -> None:
    (trial,) = verify(net("[2, 3]", "relu")).trials
    assert trial.ok
    assert not dataclasses.replace(trial, skipped=1).ok


def test_one_trial_that_fails_fails_the_proof() -> None:
    proof = verify(net("[N, 3]", "relu"))
    first, second = proof.trials
    broken = dataclasses.replace(second, skipped=1)
    assert not dataclasses.replace(proof, trials=(first, broken)).ok
    assert proof.seconds == first.seconds + second.seconds


def test_the_prediction_is_the_closed_form_at_the_sizes_of_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user reads with symbols is what is proved: a rule that is right for numbers alone does not pass."""
    from shapecalc.dims import Expr
    from shapecalc.layers.pooling import MaxPool

    whole = MaxPool.output_shape

    def wrong_for_symbols(self: MaxPool, x: Any, **keywords: Any) -> Any:
        *rest, last = whole(self, x, **keywords)
        return (*rest, last + 1 if isinstance(last, Expr) else last)

    monkeypatch.setattr(MaxPool, "output_shape", wrong_for_symbols)
    proof = verify(POOLED)
    assert [row.ok for trial in proof.trials for row in trial.rows] == [False, False]


def test_a_kernel_that_gives_something_else_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way about: the rule is right and the kernel is not."""
    verify(POOLED)
    whole = KERNELS["max_pool"]
    shorter = dataclasses.replace(whole, run=lambda call, x: whole.run(call, x)[..., :-1])
    monkeypatch.setitem(KERNELS, "max_pool", shorter)
    proof = verify(POOLED, N=2, H=11, W=13)
    assert not proof.ok
    (row,) = proof.trials[0].rows
    assert (row.predicted, row.executed, row.failure) == (((2, 3, 2, 2),), ((2, 3, 2, 1),), "")


def test_a_layer_that_cannot_run_is_told_with_its_path_and_the_rest_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_call: Any, _x: Any) -> Any:
        raise ValueError("the arrays do not fit")

    network = net("[2, 3]", "relu", "linear: 5", "tanh", "softmax")
    assert verify(network).ok
    monkeypatch.setitem(KERNELS, "linear", dataclasses.replace(KERNELS["linear"], run=failing))
    (trial,) = verify(network).trials
    assert [row.layer.path for row in trial.rows] == ["relu_0", "linear_1"]
    assert trial.rows[-1] == ProofRow(
        trial.rows[-1].layer, ((2, 5),), None, 20, None, 30, None, 0.0, OwnCounts(20, 0), None,
        "`linear_1` (linear): the arrays do not fit",
    )  # fmt: skip
    assert trial.skipped == 2


def test_the_same_seed_proves_the_same_numbers_whatever_the_seed() -> None:
    for seed in (0, 1, 2**32):
        assert verify(POOLED, seed=seed, N=1, H=5, W=7).ok


def test_progress_is_told_before_each_layer_and_goes_on_through_the_trials() -> None:
    told: list[tuple[str, int, int]] = []
    verify(net("[N, 3]", "relu", "linear: 5"), progress=lambda *what: told.append(what))
    assert told == [
        ("relu_0", 0, 4), ("relu_0", 1, 4), ("linear_1", 2, 4), ("linear_1", 3, 4), ("linear_1", 4, 4),
    ]  # fmt: skip


# Runs in step


WIDE = net("[N, 3, 300]", "linear: 2000", "relu", "linear: 10")


def test_runs_in_step_share_the_weights_that_are_made_and_give_what_each_gives_alone() -> None:
    reports = [shapecalc.inspect(WIDE, N=samples) for samples in (1, 2)]
    alone = [execute(calls_of(report, seed=7), random_inputs(report, seed=7)) for report in reports]
    slots = [random_inputs(report, seed=7) for report in reports]
    for calls, *expected in zip(calls_in_lockstep(reports, seed=7), *alone, strict=True):
        for name, weight in calls[0].parameters.items():
            assert calls[1].parameters[name] is weight
        for call, values, wanted in zip(calls, slots, expected, strict=True):
            assert dataclasses.replace(run(call, values), seconds=0) == dataclasses.replace(wanted, seconds=0)
    for values, execution in zip(slots, alone, strict=True):
        assert values.keys() == execution.values.keys()
        assert all(np.array_equal(values[slot], execution.values[slot]) for slot in values)


def test_weights_whose_shape_follows_a_symbol_are_not_shared() -> None:
    network = net("[N, H]", "linear: 5")
    (calls,) = calls_in_lockstep([shapecalc.inspect(network, N=1, H=height) for height in (7, 11)])
    assert [call.parameters["weight"].shape for call in calls] == [(5, 7), (5, 11)]
    assert verify(network).ok


def test_where_memory_is_short_one_run_comes_after_the_other() -> None:
    told: list[str] = []
    prices = [price(shapecalc.inspect(WIDE, N=samples)).peak for samples in (1, 2)]
    assert max(prices) < price(*(shapecalc.inspect(WIDE, N=samples) for samples in (1, 2))).peak
    proof = verify(WIDE, budget=Budget(memory=max(prices)), progress=lambda path, *_: told.append(path))
    assert proof.ok
    assert [trial.sizes for trial in proof.trials] == [{"N": 1}, {"N": 2}]
    assert told == [*("linear_0", "relu_1", "linear_2") * 2, "linear_2"]


def test_the_price_of_runs_in_step_is_what_they_take() -> None:
    priced = price(*(shapecalc.inspect(WIDE, N=samples) for samples in (1, 2))).peak
    tracemalloc.start()
    try:
        verify(WIDE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert priced <= peak + 1000  # nothing of it is never held
    assert peak <= 1.05 * priced + 200_000


def test_a_run_that_fails_leaves_the_others_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = KERNELS["linear"]

    def failing_on_two(call: Any, x: Any) -> Any:
        if len(x) > 1:
            raise ValueError("the arrays do not fit")
        return whole.run(call, x)

    monkeypatch.setitem(KERNELS, "linear", dataclasses.replace(whole, run=failing_on_two))
    first, second = verify(WIDE).trials
    assert first.ok
    assert [row.layer.path for row in second.rows] == ["linear_0"]
    assert second.skipped == 2


# What is not run


LARGE = net("[N, 3, H, W]", "{conv: {out_channels: 64, kernel_size: 3}, name: large}")


def test_a_run_that_would_take_too_much_is_refused_with_the_figure_and_the_layer() -> None:
    with pytest.raises(ShapecalcError) as caught:
        verify(LARGE, N=2, H=5000, W=5000)
    (finding,) = caught.value.diagnostics
    assert finding.code == "SC701"
    assert finding.message == "the run needs 12.5 GiB at N=2, H=5000, W=5000, more than the 4.0 GiB allowed"
    assert finding.label == "`large` is where it peaks"
    assert finding.span is not None
    assert finding.span.line == 4
    assert caught.value.source is LARGE.file


def test_the_help_of_a_refusal_is_an_allowance_that_is_enough() -> None:
    for sizes in ({"N": 1, "H": 20, "W": 30}, {"N": 2, "H": 300, "W": 500}):
        with pytest.raises(ShapecalcError) as caught:
            verify(LARGE, budget=Budget(memory=1000), **sizes)
        (finding,) = caught.value.diagnostics
        allowance = str(finding.help).split("--max-memory ")[1].split("`")[0]
        assert verify(LARGE, budget=budget_of(allowance, "500G"), **sizes).ok


def test_no_trial_is_run_where_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr("shapecalc.execution.verify.calls_in_lockstep", lambda *_, **__: ran.append("ran") or iter(()))
    with pytest.raises(ShapecalcError, match="SC701"):
        verify(net("[N, 3, H]", "relu", sizes="{H: 1000000}"), budget=Budget(memory=2**20))
    assert ran == []


def test_where_no_probe_is_legal_the_mistake_is_said_of_the_symbol() -> None:
    text = "input: [N, 3, H, W]\nlayers:\n  - flatten\n  - linear: {out_features: 5, in_features: 3072}\n"
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shapecalc.verify(shapecalc.loads(text))
    (found,) = caught.value.diagnostics
    assert found.code == "SC311"
    assert "`linear_1` needs 3·H·W == 3072" in found.message


def test_a_run_of_more_operations_than_allowed_is_refused_before_it_starts() -> None:
    network = net("[N, 64]", "linear: 64")
    flops = sum(shapecalc.inspect(network, N=size).totals.flops for size in (1, 2))
    assert verify(network, budget=Budget(flops=flops)).ok
    with pytest.raises(ShapecalcError, match="SC705: the run takes 24") as refused:
        verify(network, budget=Budget(flops=flops - 1))
    (finding,) = refused.value.diagnostics
    assert finding.help is not None
    assert "--max-flops 1G" in finding.help


@pytest.mark.parametrize(("kind", "flops"), [("avg_pool", 8 * 19 * 19), ("max_pool", 8 * (19 * 19 - 1))])
def test_a_window_longer_than_the_map_is_priced_counted_and_run_like_a_global_pool(kind: str, flops: int) -> None:
    pool = net("[1, 8, 19, 19]", f"{kind}: {{kernel_size: 2560, ceil_mode: true}}")
    whole = net("[1, 8, 19, 19]", f"global_{kind}")
    report = shapecalc.inspect(pool)
    assert report.totals.flops == shapecalc.inspect(whole).totals.flops == flops
    assert price(report).peak <= price(shapecalc.inspect(whole)).peak + 2 * 4 * 8
    assert verify(pool, budget=Budget(memory=2 * 4 * 8 * 19 * 19, flops=10_000)).ok


def test_a_constant_that_comes_with_the_weights_is_no_parameter() -> None:
    text = "{input: [N, 4], layers: [{constant: {shape: [3, 4]}, name: c}], outputs: {c: c}}"
    assert verify(shapecalc.loads(text)).ok
