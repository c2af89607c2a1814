"""The proof can fail: a rule is broken on purpose, and verification says so at the first layer that it is for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc import architecture as architecture_module, verify
from shapecalc.layers import layer_types, windows
from shapecalc.layers.conv import Conv, ConvTranspose
from shapecalc.layers.layer_normalization import LayerNorm
from shapecalc.layers.linear import Linear
from shapecalc.layers.normalization import BatchNorm, GroupNorm
from shapecalc.render.tables import text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.render.verify import verification
from shapecalc.shape_inference import facts
from tests.support.rows import for_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc import Architecture, Proof


@dataclass(frozen=True)
class Network:
    """A small architecture, and the paths where each rule is first applied."""

    text: str
    window: str = ""
    same: str = ""
    transposed: str = ""

    def load(self) -> Architecture:
        return shapecalc.loads(self.text)


NETWORKS = {
    "a row of cells": Network(
        "input: [N, 3, L]\n"
        "layers:\n"
        "  - relu\n"
        "  - {conv: {out_channels: 4, kernel_size: 3, stride: 2, padding: 1}, name: first}\n"
        "  - batch_norm\n"
        "  - {max_pool: {kernel_size: 2, ceil_mode: true}, name: second}\n"
        "  - global_avg_pool\n"
        "  - flatten\n"
        "  - linear: 5\n",
        window="first",
    ),
    "a map": Network(
        "input: [N, 2, H, W]\n"
        "layers:\n"
        "  - {conv: {out_channels: 4, kernel_size: [3, 2], padding: same, stride: 2}, name: alike}\n"
        "  - group_norm: 2\n"
        "  - {avg_pool: {kernel_size: 3, stride: 2, padding: 1}, name: slides}\n"
        "  - {conv_transpose: {out_channels: 3, kernel_size: 4, stride: 2, padding: 1}, name: back}\n"
        "  - gelu\n",
        window="slides",
        same="alike",
        transposed="back",
    ),
    "a block": Network(
        "input: [N, 2, D, H, W]\n"
        "layers:\n"
        "  - layer_norm\n"
        "  - {conv_transpose: {out_channels: 3, kernel_size: 2, dilation: 2}, name: back}\n"
        "  - {max_pool: {kernel_size: 3, stride: 2, padding: same}, name: alike}\n"
        "  - {avg_pool: 2, name: slides}\n",
        window="slides",
        same="alike",
        transposed="back",
    ),
    "fixed sizes, flattened": Network(
        "input: [2, 1, 12, 14]\n"
        "layers:\n"
        "  - {conv: {out_channels: 3, kernel_size: 5}, name: slides}\n"
        "  - tanh\n"
        "  - flatten\n"
        "  - {linear: 4, name: reads}\n"
        "  - softmax\n",
        window="slides",
    ),
}


def one_more(monkeypatch: pytest.MonkeyPatch, rule: Callable[..., Any]) -> None:
    """Add one to what a rule of `windows.py` returns, under every name that a layer file knows it by."""

    def broken(*arguments: Any, **options: Any) -> Any:
        return rule(*arguments, **options) + 1

    layer_types()  # every family is imported, so that none brings the rule back whole
    places = [
        (module, name)
        for path, module in list(sys.modules.items())
        if path.startswith("shapecalc.layers")
        for name, value in vars(module).items()
        if value is rule
    ]
    assert len(places) > 1, "the rule is bound where it is defined and where it is used"
    for module, name in places:
        monkeypatch.setattr(module, name, broken)


def first_failure(proof: Proof) -> set[str]:
    """The layers at which the trials first disagree; what stands before them agrees."""
    found = set()
    for trial in proof.trials:
        position = next(place for place, row in enumerate(trial.rows) if not row.ok)
        assert all(row.ok for row in trial.rows[:position])
        assert not trial.ok
        found.add(trial.rows[position].layer.path)
    return found


@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_without_sabotage_all_of_them_are_proved(network: Network) -> None:
    assert verify(network.load()).ok


@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_one_place_too_many_fails_at_the_first_window(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    one_more(monkeypatch, windows.output_size)
    proof = verify(network.load())
    assert not proof.ok
    assert first_failure(proof) == {network.window}


@pytest.mark.parametrize("name", ["lenet5"])
def test_one_place_too_many_fails_at_the_first_window_of_the_zoo(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one_more(monkeypatch, windows.output_size)
    proof = verify(shapecalc.load(name))
    assert not proof.ok
    assert first_failure(proof) == {"c1"}


@pytest.mark.parametrize("ceil_mode", ["false", "true"])
@pytest.mark.parametrize("word", ["max_pool", "avg_pool"])
def test_one_place_too_many_fails_at_a_lone_pool(word: str, ceil_mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one_more(monkeypatch, windows.output_size)
    text = (
        f"input: [N, 2, L]\nlayers:\n  - {{{word}: {{kernel_size: 3, ceil_mode: {ceil_mode}}}, name: pool}}\n  - relu\n"
    )
    assert first_failure(verify(shapecalc.loads(text))) == {"pool"}


@pytest.mark.parametrize("network", [NETWORKS["a map"], NETWORKS["a block"]], ids=["a map", "a block"])
def test_one_place_too_many_under_same_fails_there(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    one_more(monkeypatch, windows.same_size)
    assert first_failure(verify(network.load())) == {network.same}


@pytest.mark.parametrize("network", [NETWORKS["a map"], NETWORKS["a block"]], ids=["a map", "a block"])
def test_one_cell_too_many_of_a_transposed_window_fails_there(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_more(monkeypatch, windows.transposed_size)
    assert first_failure(verify(network.load())) == {network.transposed}


def test_layers_that_read_a_size_that_never_was_are_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """`linear` is given the weight of the predicted size: it does not fit, which is a finding and no crash."""
    one_more(monkeypatch, windows.output_size)
    proof = verify(NETWORKS["fixed sizes, flattened"].load())
    (trial,) = proof.trials
    assert [row.layer.path for row in trial.rows] == ["slides", "tanh_1", "flatten_2", "reads"]
    failed = trial.rows[-1]
    assert "`reads` (linear)" in failed.failure
    assert (failed.executed, failed.executed_params, failed.executed_macs) == (None, None, None), "nothing was measured"
    assert "/ failed" in tables_text.document(verification(proof), Page(None, color=False, unicode=True)), (
        "the table says it as well"
    )
    assert trial.skipped == 1


STACK = """\
input: [N, 4, H, W]
layers:
  - {conv: {out_channels: 6, kernel_size: 3, groups: 2}, name: conv}
  - {batch_norm: {}, name: batch_norm}
  - {group_norm: 3, name: group_norm}
  - {conv_transpose: {out_channels: 5, kernel_size: 2}, name: conv_transpose}
  - {reshape: [0, 0, -1], name: reshape}
  - {global_avg_pool: {keepdim: false}, name: pool}
  - {layer_norm: {}, name: layer_norm}
  - {linear: 3, name: linear}
"""
TENSORS = [
    (Conv, "conv", "weight", 4),
    (Conv, "conv", "bias", 1),
    (ConvTranspose, "conv_transpose", "weight", 4),
    (ConvTranspose, "conv_transpose", "bias", 1),
    (Linear, "linear", "weight", 2),
    (Linear, "linear", "bias", 1),
    (BatchNorm, "batch_norm", "weight", 1),
    (BatchNorm, "batch_norm", "bias", 1),
    (GroupNorm, "group_norm", "weight", 1),
    (LayerNorm, "layer_norm", "bias", 1),
]


@for_each(
    "cls, path, tensor, axis",
    [pytest.param(*row[:3], axis, id=f"{row[1]}.{row[2]}-{axis}") for row in TENSORS for axis in range(row[3])],
)
def test_a_parameter_of_another_shape_fails_there(
    cls: type[Any], path: str, tensor: str, axis: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cls.parameters

    def broken(self: Any, x: Any) -> dict[str, Any]:
        shapes = whole(self, x)
        shape = shapes[tensor]
        return {**shapes, tensor: tuple(size + (place == axis) for place, size in enumerate(shape))}

    monkeypatch.setattr(cls, "parameters", broken)
    proof = verify(shapecalc.loads(STACK))
    assert not proof.ok
    assert first_failure(proof) == {path}


@pytest.mark.parametrize("cls", [Conv, ConvTranspose, Linear], ids=lambda cls: cls.type)
def test_a_parameter_that_is_not_predicted_fails_there(cls: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cls, "parameters", lambda _self, _x: {})
    proof = verify(shapecalc.loads(STACK))
    assert first_failure(proof) == {cls.type}
    assert "weight" in next(row.failure for row in proof.trials[0].rows if row.failure)


@pytest.mark.parametrize("extra", [1, -1])
@pytest.mark.parametrize("name", ["running_mean", "running_var"])
def test_a_buffer_of_another_length_fails_there(name: str, extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = BatchNorm.buffers

    def broken(self: BatchNorm, x: Any) -> dict[str, Any]:
        return {**whole(self, x), name: (x[1] + extra,)}

    monkeypatch.setattr(BatchNorm, "buffers", broken)
    assert first_failure(verify(shapecalc.loads(STACK))) == {"batch_norm"}


def test_a_buffer_that_is_not_predicted_fails_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BatchNorm, "buffers", lambda _self, _x: {})
    assert first_failure(verify(shapecalc.loads(STACK))) == {"batch_norm"}


@pytest.mark.parametrize("extra", [1, -1])
@pytest.mark.parametrize("cls", [Conv, ConvTranspose, Linear, BatchNorm], ids=lambda cls: cls.type)
def test_a_multiply_accumulate_too_many_or_too_few_fails_there(
    cls: type[Any], extra: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cls.macs
    monkeypatch.setattr(cls, "macs", lambda self, *shapes: whole(self, *shapes) + extra)
    proof = verify(shapecalc.loads(STACK))
    assert not proof.ok
    for trial in proof.trials:
        assert [row.layer.path for row in trial.rows if not row.ok] == [cls.type]
        assert not trial.skipped


def test_parameters_that_are_miscounted_fail_though_every_shape_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = facts.product
    monkeypatch.setattr(facts, "product", lambda shape: whole(shape) + 1)
    proof = verify(shapecalc.loads(STACK))
    assert not proof.ok
    rows = proof.trials[0].rows
    assert [row.layer.path for row in rows if not row.ok] == [
        "conv", "batch_norm", "group_norm", "conv_transpose", "layer_norm", "linear",
    ]  # fmt: skip
    assert all(row.predicted == row.executed for row in rows)


GRAPH = """\
input: [N, 4, H, W]
sizes: {H: 6, W: 5}
blocks:
  cell:
    parameters: [channels]
    layers:
      - {conv: {out_channels: $channels, kernel_size: 3, padding: 1}, name: conv}
      - relu
layers:
  - {cell: 4, name: first}
  - {add: {through: [], gate: [global_avg_pool]}, name: added}
  - {concat: {one: [], two: [tanh]}, name: joined}
  - {conv: {out_channels: 4, kernel_size: 1}, name: back}
  - {cell: 4, name: again, share: first}
  - {cell: 4, repeat: 2, name: row}
"""


def test_the_graph_without_sabotage_is_proved() -> None:
    assert verify(shapecalc.loads(GRAPH)).ok


def test_an_add_that_takes_the_smallest_of_its_shapes_fails_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_types()["add"], "output_shape", lambda _self, *shapes, **_: shapes[-1])
    assert first_failure(verify(shapecalc.loads(GRAPH))) == {"added"}


@pytest.mark.parametrize("extra", [1, -1])
def test_a_concat_that_is_one_off_fails_there(extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = layer_types()["concat"]
    whole = cls.output_shape

    def broken(self: Any, *shapes: Any, **keywords: Any) -> Any:
        first, channels, *rest = whole(self, *shapes, **keywords)
        return (first, channels + extra, *rest)

    monkeypatch.setattr(cls, "output_shape", broken)
    assert first_failure(verify(shapecalc.loads(GRAPH))) == {"joined"}


def numbers_of(architecture: Architecture) -> Any:
    x = np.linspace(-1, 1, 2 * 4 * 6 * 5, dtype=np.float32).reshape(2, 4, 6, 5)
    return shapecalc.run(architecture, {"input": x})["output"]


def test_a_shared_layer_with_the_wrong_owner_gives_other_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and counts are right whoever owns the weights: the numbers tell."""
    right = numbers_of(shapecalc.loads(GRAPH))
    whole = architecture_module._unfold

    def broken(steps: Any, at: Any, layers: list[Any]) -> Any:
        return whole(steps, at._replace(shared=()), layers)

    monkeypatch.setattr(architecture_module, "_unfold", broken)
    assert [step.weights for step in shapecalc.loads(GRAPH).layers if step.path == "again.conv"] == [""]
    assert not np.allclose(numbers_of(shapecalc.loads(GRAPH)), right)


def test_a_repeat_run_too_often_does_not_fit_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = architecture_module.Group.runs
    assert runs.fget is not None
    whole = runs.fget

    def broken(group: Any) -> Any:
        return (*whole(group), f"{group.path}.{group.times}") if group.times else whole(group)

    monkeypatch.setattr(architecture_module.Group, "runs", property(broken))
    with pytest.raises(ValueError, match="zip"):
        verify(shapecalc.loads(GRAPH))
