"""Every kernel: costs as the counting convention has them, read off counting scalars; precision, and memory."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
import pytest

from shapecalc.reference import find, layer_types, workspace
from shapecalc.reference.base import Array, Call
from tests.reference.test_attention import CASES as ATTENTION
from tests.reference.test_merging import CASES as MERGING
from tests.support.counting import run_counted
from tests.support.examples.all import EXAMPLES
from tests.support.rows import for_each
from tests.support.sequence_cases import CASES as SEQUENCES, OBJECTS

CONV = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True, "padding_mode": "zeros"}
TRANSPOSED = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True}
MAX_POOL = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}
AVG_POOL = {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True, "divisor_override": None}
NORM = {"eps": 1e-5, "affine": False, "bias": True, "track_running_stats": False}
UPSAMPLE = {"size": None, "scale_factor": None, "mode": "nearest", "align_corners": False, "antialias": False}
RUNNING = {"running_mean": (3,), "running_var": (3,)}
AFFINE = {"weight": (3,), "bias": (3,)}
SAMPLES = 2_000


@dataclass(frozen=True)
class Case:
    """A kernel on an input, and its operations other than multiply-accumulates."""

    says: str
    kernel: str
    x: tuple[int, ...]
    other: int
    fields: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)
    macs: int = 0


def norm(groups: int, n: int) -> int:
    """Mean n, subtract n, square n, variance n, add eps, root, divide n: for every group of n numbers."""
    return groups * (5 * n + 2)


X = (2, 3, 5)
ELEMENTS = 30
CASES = [
    Case(
        "conv: padding zeros are multiplied, the bias is an addition",
        "conv",
        (2, 3, 5, 7),
        other=2 * 4 * 5 * 3,
        fields={**CONV, "kernel_size": 3, "stride": (1, 2), "padding": (1, 0)},
        parameters={"weight": (4, 3, 3, 3), "bias": (4,)},
        macs=2 * 4 * 5 * 3 * 3 * 9,
    ),
    Case(
        "conv: a group sees its own channels, dilation costs nothing",
        "conv",
        (1, 4, 9),
        other=0,
        fields={**CONV, "kernel_size": 2, "dilation": 3, "groups": 2, "bias": False, "padding": "same"},
        parameters={"weight": (6, 2, 2)},
        macs=6 * 9 * 2 * 2,
    ),
    Case(
        "conv: a window of one cell",
        "conv",
        (2, 3, 5),
        other=2 * 4 * 5,
        fields={**CONV, "kernel_size": 1},
        parameters={"weight": (4, 3, 1), "bias": (4,)},
        macs=2 * 4 * 5 * 3,
    ),
    Case(
        "conv: what is put before a row is multiplied",
        "conv",
        (2, 3, 5),
        other=2 * 4 * 3,
        fields={**CONV, "kernel_size": 3, "stride": 2, "dilation": 2, "padding": "causal"},
        parameters={"weight": (4, 3, 3), "bias": (4,)},
        macs=2 * 4 * 3 * 3 * 3,
    ),
    Case(
        "conv_transpose: `same` with a window far longer than the output",
        "conv_transpose",
        (1, 3, 5),
        other=4 * 10,
        fields={**TRANSPOSED, "kernel_size": 51, "stride": 2, "padding": "same", "output_padding": None},
        parameters={"weight": (3, 4, 51), "bias": (4,)},
        macs=3 * 5 * 4 * 51,
    ),
    Case(
        "max_pool: of a window longer than the map the elements that exist",
        "max_pool",
        (1, 2, 7),
        2 * 6,
        {**MAX_POOL, "kernel_size": 2560, "ceil_mode": True},
    ),
    Case(
        "avg_pool: of a window longer than the padded map the elements on it",
        "avg_pool",
        (1, 2, 7, 3),
        2 * 9 * 5,
        {**AVG_POOL, "kernel_size": 22, "padding": 1, "ceil_mode": True},
    ),
    Case(
        "max_pool: a short window longer than the map counts as a whole",
        "max_pool",
        (1, 2, 7),
        2 * 14,
        {**MAX_POOL, "kernel_size": 15, "ceil_mode": True},
    ),
    Case(
        "conv_transpose: every input cell once for every weight, whatever is cropped; overlaps add in the products",
        "conv_transpose",
        (2, 4, 3, 5),
        other=2 * 6 * 5 * 11,
        fields={**TRANSPOSED, "kernel_size": 3, "stride": 2, "padding": (1, 0), "groups": 2},
        parameters={"weight": (4, 3, 3, 3), "bias": (6,)},
        macs=2 * (3 * 5) * 4 * 3 * 9,
    ),
    Case(
        "linear: a row per leading index",
        "linear",
        (2, 3, 5),
        other=2 * 3 * 7,
        fields={"bias": True},
        parameters={"weight": (7, 5), "bias": (7,)},
        macs=2 * 3 * 5 * 7,
    ),
    Case(
        "rbf: subtract, square and add up, one addition fewer than features",
        "rbf",
        (2, 3, 5),
        other=2 * 3 * 7 * (5 + 5 + 4),
        fields={},
        parameters={"weight": (7, 5)},
    ),
    Case("max_pool: window − 1", "max_pool", (1, 2, 7, 7), 2 * 9 * 3, {**MAX_POOL, "kernel_size": 2}),
    Case(
        "max_pool: cells of padding and overhang are compared as well",
        "max_pool",
        (1, 2, 8),
        2 * 5 * 2,
        {**MAX_POOL, "kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    ),
    Case(
        "avg_pool: window − 1 additions and a division",
        "avg_pool",
        (1, 2, 7),
        2 * 3 * 2,
        {**AVG_POOL, "kernel_size": 2},
    ),
    Case(
        "avg_pool: the whole window, even where fewer cells count",
        "avg_pool",
        (1, 2, 8, 8),
        2 * 25 * 9,
        {**AVG_POOL, "kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
    ),
    Case(
        "avg_pool: a divisor of one's own divides too",
        "avg_pool",
        (1, 2, 4),
        2 * 2 * 2,
        {**AVG_POOL, "kernel_size": 2, "divisor_override": 3},
    ),
    Case(
        "adaptive_avg_pool: true windows of 3, 3, 3 cells over 7",
        "adaptive_avg_pool",
        (1, 2, 7),
        2 * 9,
        {"output_size": 3},
    ),
    Case("adaptive_max_pool: one less", "adaptive_max_pool", (1, 2, 7), 2 * 6, {"output_size": 3}),
    Case("global_avg_pool: cells", "global_avg_pool", (2, 3, 5, 7), 2 * 3 * 35, {"keepdim": True}),
    Case("global_max_pool: cells − 1", "global_max_pool", (2, 3, 5, 7), 2 * 3 * 34, {"keepdim": False}),
    Case(
        "batch_norm: scale and shift",
        "batch_norm",
        X,
        2 * ELEMENTS,
        {**NORM, "affine": True, "track_running_stats": True},
        AFFINE | RUNNING,
    ),
    Case(
        "batch_norm: scale and shift even if not affine",
        "batch_norm",
        X,
        2 * ELEMENTS,
        {**NORM, "track_running_stats": True},
        RUNNING,
    ),
    Case(
        "batch_norm: by the batch's own statistics",
        "batch_norm",
        X,
        norm(3, 10) + 2 * ELEMENTS,
        {**NORM, "affine": True},
        AFFINE,
    ),
    Case("instance_norm: per sample and channel", "instance_norm", X, norm(6, 5), NORM),
    Case(
        "instance_norm: by running statistics",
        "instance_norm",
        X,
        2 * ELEMENTS,
        {**NORM, "affine": True, "track_running_stats": True},
        AFFINE | RUNNING,
    ),
    Case(
        "group_norm: per sample and group",
        "group_norm",
        (2, 6, 5),
        norm(4, 15) + 2 * 60,
        {"num_groups": 2, "eps": 1e-5, "affine": True, "bias": True},
        {"weight": (6,), "bias": (6,)},
    ),
    Case(
        "group_norm: a weight without a bias",
        "group_norm",
        (2, 6, 5),
        norm(4, 15) + 60,
        {"num_groups": 2, "eps": 1e-5, "affine": True, "bias": False},
        {"weight": (6,)},
    ),
    Case(
        "instance_norm: a weight without a bias",
        "instance_norm",
        X,
        norm(6, 5) + ELEMENTS,
        {**NORM, "affine": True, "bias": False},
        {"weight": (3,)},
    ),
    Case(
        "layer_norm: per row, weight without bias",
        "layer_norm",
        X,
        norm(6, 5) + ELEMENTS,
        {"normalized_shape": None, "eps": 1e-5, "elementwise_affine": True, "bias": False},
        {"weight": (5,)},
    ),
    Case(
        "layer_norm: over two axes",
        "layer_norm",
        X,
        norm(2, 15),
        {"normalized_shape": (3, 5), "eps": 1e-5, "elementwise_affine": False, "bias": True},
    ),
    Case(
        "local_response_norm: size + 4, zeros beyond the channels are added",
        "local_response_norm",
        X,
        9 * ELEMENTS,
        {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0},
    ),
    Case("relu: a comparison", "relu", X, ELEMENTS),
    Case("relu6: two comparisons", "relu6", X, 2 * ELEMENTS),
    Case("leaky_relu: compare, multiply", "leaky_relu", X, 2 * ELEMENTS, {"negative_slope": 0.01}),
    Case("elu: compare, exp, subtract, multiply", "elu", X, 4 * ELEMENTS, {"alpha": 1.0}),
    Case("gelu: scale, erf, add, multiply, halve", "gelu", X, 5 * ELEMENTS, {"approximate": "none"}),
    Case("gelu by tanh: 9", "gelu", X, 9 * ELEMENTS, {"approximate": "tanh"}),
    Case("sigmoid: negate, exp, add, divide", "sigmoid", X, 4 * ELEMENTS),
    Case("silu: sigmoid and a product", "silu", X, 5 * ELEMENTS),
    Case("hardsigmoid: add, max, min, divide", "hardsigmoid", X, 4 * ELEMENTS, {"alpha": None, "beta": 0.5}),
    Case("hardswish: hardsigmoid and a product", "hardswish", X, 5 * ELEMENTS),
    Case("tanh: 1", "tanh", X, ELEMENTS),
    Case(
        "softplus: scale, exp, add, log, divide, compare", "softplus", X, 6 * ELEMENTS, {"beta": 1.0, "threshold": 20.0}
    ),
    Case("softmax: 5n − 2 a row", "softmax", X, 6 * (5 * 5 - 2), {"dim": -1}),
    Case("softmax: along another axis", "softmax", X, 10 * (5 * 3 - 2), {"dim": 1}),
    Case("log_softmax: 5n − 1 a row", "log_softmax", X, 6 * (5 * 5 - 1), {"dim": -1}),
    Case("upsample nearest: nothing", "upsample", (1, 2, 3, 4), 0, {**UPSAMPLE, "scale_factor": 2}),
    Case(
        "upsample linear: 2 products, 1 sum",
        "upsample",
        (1, 2, 3),
        2 * 7 * 3,
        {**UPSAMPLE, "size": 7, "mode": "linear"},
    ),
    Case(
        "upsample bilinear: 4 products, 3 sums",
        "upsample",
        (1, 2, 3, 4),
        2 * 36 * 7,
        {**UPSAMPLE, "size": 6, "mode": "bilinear"},
    ),
    Case(
        "upsample trilinear: 8 products, 7 sums",
        "upsample",
        (1, 1, 2, 2, 2),
        27 * 15,
        {**UPSAMPLE, "size": 3, "mode": "trilinear"},
    ),
    Case("pad: nothing", "pad", (1, 2, 3), 0, {"padding": (1, 2), "mode": "constant", "value": 0.5}),
    Case("flatten: nothing", "flatten", X, 0, {"start_dim": 1, "end_dim": -1}),
    Case("reshape: nothing", "reshape", X, 0, {"shape": (0, 5, -1)}),
    Case("permute: nothing", "permute", X, 0, {"dims": (2, 0, 1)}),
    Case("identity: nothing", "identity", X, 0),
    Case("dropout: nothing in evaluation", "dropout", X, 0, {"p": 0.5}),
    Case("stochastic_depth: nothing in evaluation", "stochastic_depth", X, 0, {"p": 0.5, "mode": "row"}),
    Case("squeeze: nothing", "squeeze", (2, 1, 5), 0, {"dim": 1}),
    Case("unsqueeze: nothing", "unsqueeze", X, 0, {"dim": -1}),
    Case("channel_shuffle: nothing", "channel_shuffle", (2, 6, 5), 0, {"groups": 3}),
    Case("pixel_shuffle: nothing", "pixel_shuffle", (1, 8, 3, 5), 0, {"upscale_factor": 2}),
    Case("pixel_unshuffle: nothing", "pixel_unshuffle", (1, 2, 4, 6), 0, {"downscale_factor": 2}),
    Case("center_crop: nothing", "center_crop", (1, 2, 5, 7), 0, {"size": (4, 3)}),
    Case("scale: 1", "scale", X, ELEMENTS, {"dim": 1, "bias": False}, {"weight": (3,)}),
    Case("scale: 2 with a bias", "scale", X, 2 * ELEMENTS, {"dim": -1, "bias": True}, {"weight": (5,), "bias": (5,)}),
    *(
        Case(f"{word}: {cost} an element", word, X, other=cost * ELEMENTS)
        for cost, words in (
            (1, ("exp", "square", "negative", "abs", "erf", "sin", "cos", "floor", "ceil", "round")),
            (2, ("expm1", "sign")),
        )
        for word in words
    ),
    Case("clamp: a comparison for each bound", "clamp", X, 2 * ELEMENTS, {"min": -1, "max": 1}),
    *(
        Case(f"{word}: one operation with a number", word, X, ELEMENTS, {"other": 3, "reverse": reverse})
        for word in ("add", "multiply", "subtract", "divide", "power", "maximum", "minimum")
        for reverse in (False, *((True,) if word in ("subtract", "divide") else ()))
    ),
]


def seeded(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng(seed).uniform(0.1, 1.0, shape) * np.where(np.arange(prod(shape)) % 3, 1, -1).reshape(
        shape
    )


def call_of(case: Case) -> Call:
    parameters = {name: abs(seeded(shape, seed)) for seed, (name, shape) in enumerate(case.parameters.items())}
    return Call("layer", case.kernel, case.fields, parameters, ("x",), ("y",))


each = for_each("case", [pytest.param(case, id=case.says) for case in CASES])


def test_every_kernel_is_counted_here_or_by_the_examples_of_its_layer() -> None:
    here = {case.kernel for case in (*CASES, *SEQUENCES, *MERGING, *ATTENTION)}
    assert len(here) >= 66
    assert here | {example.type for example in EXAMPLES} == {*layer_types()} - {"opaque"}


@each
def test_flops_are_twice_the_macs_and_every_other_operation(case: Case) -> None:
    _, done = run_counted(call_of(case), seeded(case.x, 7))
    assert done.total() == 2 * case.macs + case.other


@each
def test_macs_reported_are_the_multiplications_of_the_products(case: Case) -> None:
    call = call_of(case)
    _, done = run_counted(call, seeded(case.x, 7))
    assert call.work.macs == case.macs
    if case.macs:
        assert done == Counter(multiply=case.macs, add=case.macs + case.other)


@each
def test_the_same_macs_are_reported_for_floats(case: Case) -> None:
    call = call_of(case)
    find(case.kernel).run(call, seeded(case.x, 7))
    assert call.work.macs == case.macs


@each
def test_counting_scalars_get_the_numbers_that_floats_get(case: Case) -> None:
    x = seeded(case.x, 7)
    values, _ = run_counted(call_of(case), x)
    np.testing.assert_allclose(values, find(case.kernel).run(call_of(case), x), rtol=1e-12, atol=1e-14)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_of_the_input_is_preserved(case: Case, dtype: type) -> None:
    call = call_of(case)
    parameters = {name: array.astype(dtype) for name, array in call.parameters.items()}
    exact = find(case.kernel).run(call, seeded(case.x, 7))
    y = find(case.kernel).run(
        Call("layer", case.kernel, case.fields, parameters, ("x",), ("y",)), seeded(case.x, 7).astype(dtype)
    )
    assert isinstance(y, np.ndarray)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, exact, rtol=1e-4 if dtype == np.float32 else 1e-12, atol=1e-6)


@each
def test_inputs_and_parameters_are_left_as_they_are(case: Case) -> None:
    call, x = call_of(case), seeded(case.x, 7)
    for array in (x, *call.parameters.values()):
        array.setflags(write=False)
    find(case.kernel).run(call, x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_a_kernel_allocates_no_more_than_it_says(case: Case, dtype: type) -> None:
    call = call_of(case)
    parameters = {name: array.astype(dtype) for name, array in call.parameters.items()}
    call = replace(call, parameters=parameters)
    x = seeded((SAMPLES * case.x[0], *case.x[1:]), 7).astype(dtype)
    find(case.kernel).run(call, x[:1])
    tracemalloc.start()
    try:
        y = find(case.kernel).run(call, x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(y, np.ndarray)
    shapes = {name: array.shape for name, array in parameters.items()}
    bound = workspace(case.kernel, case.fields, (x.shape,), shapes, (y.shape,), x.itemsize)
    assert peak <= y.nbytes + bound + OBJECTS
