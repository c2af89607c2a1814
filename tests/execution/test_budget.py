"""The price of a run, and its refusal before it starts."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.architecture import Architecture, Input, Step
from shapecalc.execution.budget import Budget
from shapecalc.execution.lowering import calls_of, price, random_inputs
from shapecalc.execution.verify import verify
from shapecalc.layers.activation import Relu, Tanh
from shapecalc.reference.executor import execute
from shapecalc.shape_inference.engine import inspect, inspect_at

STACKS = {
    "windows over a map": (
        "[1, 3, 160, 192]",
        (
            "conv: {out_channels: 48, kernel_size: 3, padding: 1}, relu, max_pool: 2, batch_norm, "
            "conv: {out_channels: 64, kernel_size: 5, padding: same}, avg_pool: {kernel_size: 3, stride: 2}"
        ),
    ),
    "wide matrices": ("[4, 3000]", "linear: 2500, gelu, linear: 1500, softmax"),
    "activations": ("[2, 64, 96, 128]", "gelu, sigmoid, softplus, hardswish, elu, log_softmax: 1"),
    "norms": (
        "[2, 48, 96, 128]",
        "group_norm: 4, layer_norm, instance_norm, local_response_norm: 5, batch_norm: {track_running_stats: false}",
    ),
    "smaller and larger": (
        "[2, 16, 64, 96]",
        (
            "conv_transpose: {out_channels: 24, kernel_size: 4, stride: 2, padding: 1}, "
            "upsample: {scale_factor: 2, mode: bilinear}, pad: 3, adaptive_avg_pool: 50, global_max_pool"
        ),
    ),
    "along one axis": (
        "[2, 32, 60000]",
        "conv: {out_channels: 32, kernel_size: 9, dilation: 3}, max_pool: {kernel_size: 4, ceil_mode: true}",
    ),
    "a block": (
        "[1, 8, 40, 48, 56]",
        "conv: {out_channels: 16, kernel_size: 3, groups: 4}, max_pool: {kernel_size: 3, stride: 2, padding: 1}",
    ),
}


@pytest.mark.parametrize(("shape", "layers"), STACKS.values(), ids=list(STACKS))
def test_the_price_is_what_a_run_really_takes(shape: str, layers: str) -> None:
    """Never much less, or a run that was let through would not fit; at most twice, or one that fits is refused."""
    report = inspect(shapecalc.loads(f"{{input: {shape}, layers: [{layers}]}}"))
    for _ in execute(calls_of(report), random_inputs(report)):
        pass  # what is imported and set up once is not what a run costs
    gc.collect()
    tracemalloc.start()
    try:
        for _ in execute(calls_of(report), random_inputs(report)):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.5 * price(report).peak <= peak <= 1.1 * price(report).peak


@pytest.mark.parametrize(
    ("dtype", "shape", "layers"),
    [
        ("float32", "[64, 32, 256]", "lstm: {hidden_size: 256, num_layers: 2}"),
        ("float32", "[32, 64, 128]", "gru: {hidden_size: 200, bidirectional: true, batch_first: true}"),
        ("float32", "[64, 32, 256]", "rnn: {hidden_size: 300, num_layers: 3}"),
        ("float32", "[64, 32, 256]", "lstm: {hidden_size: 256, proj_size: 64}, mean: 0"),
        ("int64", "[64, 200]", "embedding: {num_embeddings: 1000, embedding_dim: 128}, max: 1"),
        ("int64", "[64, 200]", "one_hot: 100, sum: 1"),
    ],
    ids=["lstm", "gru", "rnn", "a projection", "embedding", "one_hot"],
)
def test_the_price_of_a_sequence_is_what_a_run_really_takes(dtype: str, shape: str, layers: str) -> None:
    test_the_price_is_what_a_run_really_takes(f"{{shape: {shape}, dtype: {dtype}}}", layers)


def test_the_price_names_the_layer_where_a_run_peaks_and_what_it_is_made_of() -> None:
    report = inspect(shapecalc.loads("{input: [2, 1000], layers: [relu, {linear: 3000, name: wide}, linear: 5]}"))
    asked = price(report)
    assert asked.layer.path == "wide"
    assert asked.weights == 4 * (1000 * 3000 + 3000)
    assert asked.activations == 4 * (2 * 1000 + 2 * 3000)
    assert asked.peak == asked.weights + asked.activations + asked.workspace


def test_the_price_counts_values_that_wait_for_a_later_step() -> None:
    inputs = (Input("input", (7, 1000)),)
    ends = Step("b", Relu(), ("a",)), Step("c", Tanh(), ("b",))
    chain = Architecture("chain", inputs, (Step("a", Relu(), ("input",)), *ends), {"output": "c"})
    waits = Architecture("waits", inputs, chain.steps, {"output": "c", "early": "a"})
    assert price(inspect(waits)).peak > price(inspect(chain)).peak


def test_pricing_and_refusing_allocate_nothing() -> None:
    network = shapecalc.loads("{input: [N, 3, H, W], layers: [conv: {out_channels: 64, kernel_size: 3}, max_pool: 2]}")
    for sizes in ({"N": 1, "H": 9, "W": 9}, {"N": 64, "H": 5000, "W": 5000}):
        tracemalloc.start()
        try:
            with pytest.raises(ShapecalcError, match="SC701"):
                verify(network, budget=Budget(memory=1000), **sizes)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2**20
        assert price(inspect_at(network, sizes)).peak > 1000


@pytest.mark.parametrize(
    "layer",
    [
        "max_pool: {kernel_size: 2, ceil_mode: true}",
        "avg_pool: {kernel_size: 3, stride: 2, padding: same}",
        "conv: {out_channels: 2, kernel_size: 3, padding: same}",
        "adaptive_avg_pool: 7",
        "adaptive_max_pool: 2147483647",
        "upsample: {size: 3, mode: linear}",
    ],
)
def test_nothing_walks_along_an_axis_to_price_it(layer: str) -> None:
    report = inspect(shapecalc.loads(f"{{input: [1, 1, {2**22}], layers: [{layer}]}}"))
    tracemalloc.start()
    try:
        price(report)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_neighbours_beyond_the_channels_are_priced() -> None:
    """A response norm over a million channels pads as many: a run of it must not come as a surprise."""
    report = inspect(shapecalc.loads("{input: [1, 4, 7, 11], layers: [local_response_norm: 100000]}"))
    assert price(report).peak > 4 * 100_000 * 7 * 11


def test_whole_numbers_that_enter_are_priced_at_eight_bytes() -> None:
    text = "input: {shape: [N, T], dtype: int64}\nlayers:\n  - one_hot: 2\n"
    report = inspect(shapecalc.loads(text), N=3, T=5)
    assert price(report).activations == 8 * 3 * 5 + 4 * 3 * 5 * 2
