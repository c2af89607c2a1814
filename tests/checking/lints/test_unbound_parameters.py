"""SC415: parameters whose number depends on an unbound size."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import shapecalc
from shapecalc.checking.lints import lint
from shapecalc.dims import Expr
from shapecalc.files.zoo import names
from shapecalc.shape_inference.engine import inspect, inspect_at
from tests.support.lints import layers, warned

TOKENS = "input: {shape: [N, S], dtype: int64}\n"
EMBEDDING = "embedding: {num_embeddings: 9, embedding_dim: 4}"
FLAT = layers("conv: {out_channels: 3, kernel_size: 2}", "flatten", "linear: 3")
CONV = "conv: {out_channels: 4, kernel_size: 3, padding: 1}"


def found(text: str) -> list[str]:
    return [finding.message.partition("depends on ")[2] for finding in warned(text) if finding.code == "SC415"]


DEPENDENT = [
    pytest.param("input: [N, T]\n" + layers("linear: 10"), "`T`", id="a linear layer over time"),
    pytest.param("input: [N, 3, H, W]\n" + layers(CONV, "flatten", "linear: 10"), "`H` and `W`", id="a flattened map"),
    pytest.param("input: [N, 3, H, W]\n" + layers(CONV, "layer_norm", CONV, "layer_norm"), "`W`", id="norms of rows"),
    pytest.param("input: [N, T, 32]\n" + layers("permute: [0, 2, 1]", "linear: 10"), "`T`", id="positions mixed"),
    pytest.param("input: [N, T, 32]\n" + layers("batch_norm"), "`T`", id="a batch norm of steps"),
    pytest.param("input: [N, 3, X, Y]\n" + layers("flatten", "linear: 3"), "`X` and `Y`", id="any name in a map"),
    pytest.param(TOKENS + layers(EMBEDDING, "permute: [0, 2, 1]", "linear: 3"), "`S`", id="of words"),
    pytest.param("input: [T, N, 8]\n" + layers("permute: [0, 2, 1]", "linear: 3"), "`N`", id="the batch"),
    pytest.param("input: [N, 8, X]\n" + FLAT, "`X`", id="a length that a convolution shows"),
]
INDEPENDENT = [
    pytest.param("input: [N, 3, 8, W]\nwhere: [W == 8]\n" + layers("flatten", "linear: 3"), id="stated by where"),
    pytest.param("input: [N, 3, H, W]\nsizes: {H: 8, W: 8}\n" + layers("flatten", "linear: 3"), id="usual sizes"),
    pytest.param(
        "input: [N, 3, H, W]\n" + layers("flatten", "linear: {in_features: 192, out_features: 3}"), id="stated features"
    ),
    pytest.param("input: [N, 3, H, W]\n" + layers("adaptive_avg_pool: 7", "flatten", "linear: 3"), id="a fixed pool"),
    pytest.param("input: [N, 3, H, W]\n" + layers("permute: [0, 2, 3, 1]", "layer_norm"), id="norms of channels"),
    pytest.param(TOKENS + layers(EMBEDDING, "lstm: {hidden_size: 3, batch_first: true}", "linear: 3"), id="words"),
    pytest.param(
        "input: [N, 8, T]\n" + layers("batch_norm", "permute: [0, 2, 1]", "linear: 3"), id="a norm of channels"
    ),
]


@pytest.mark.parametrize(("text", "symbols"), DEPENDENT)
def test_sizes_of_time_space_and_batch_that_decide_parameters_are_warned_of_once(text: str, symbols: str) -> None:
    assert found(text) == [symbols]


@pytest.mark.parametrize("text", INDEPENDENT)
def test_other_parameters_are_not_warned_of(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("input: [N, F]\n" + layers("linear: 3"), id="features of a table"),
        pytest.param("input: [N, C, 8, 8]\n" + layers(CONV), id="channels of a map"),
        pytest.param("input: [N, T, H]\n" + layers("linear: 3"), id="H hidden features"),
        pytest.param(
            "inputs: {a: [N, F], b: [N, 3]}\n" + layers("{concat: , from: [a, b]}", "linear: 3"), id="some of them"
        ),
    ],
)
def test_symbols_of_features_are_a_template(text: str) -> None:
    assert found(text) == []


def params_at(text: str, size: int) -> object:
    architecture = shapecalc.loads(text)
    free = [name for name in architecture.symbols if name not in architecture.sizes]
    return inspect_at(architecture, dict.fromkeys(free, size)).totals.params


@pytest.mark.parametrize("text", [pytest.param(case.values[0], id=case.id) for case in DEPENDENT])
def test_what_is_warned_of_has_other_parameters_at_another_size(text: str) -> None:
    assert params_at(text, 11) != params_at(text, 13)


@pytest.mark.parametrize(
    "text", [pytest.param(case.values[0], id=case.id) for case in INDEPENDENT if "stated" not in str(case.id)]
)
def test_what_is_not_warned_of_has_the_same_at_any(text: str) -> None:
    assert params_at(text, 11) == params_at(text, 13)


def test_a_batch_that_a_reshape_joins_is_one_mistake() -> None:
    text = "input: [N, 4]\n" + layers("reshape: [1, -1]", "linear: 3")
    assert [finding.code for finding in warned(text)] == ["SC410"]


def test_many_layers_are_one_warning_that_counts_them() -> None:
    (finding,) = warned("input: [N, 3, H, W]\n" + layers(*["layer_norm"] * 7, "global_avg_pool"))
    assert (finding.label, len(finding.labels), finding.notes) == ("weight [W]", 5, ("and 2 more layers",))


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("input: [N, T]\n" + layers("linear: 10"), "give a usual size: `sizes: {T: …}`"),
        ("input: [N, 3, H, W]\n" + layers("flatten", "linear: 10"), "such as `adaptive_avg_pool`"),
        ("input: [N, T, 3]\n" + layers("permute: [0, 2, 1]", "linear: 10"), "put `permute` before it"),
        ("input: [T, N, 8]\n" + layers("permute: [0, 2, 1]", "linear: 3"), "do not depend on its batch"),
    ],
)
def test_the_help_binds_the_size_or_pools_or_turns(text: str, help_text: str) -> None:
    (finding,) = warned(text)
    assert help_text in str(finding.help)


TESTS = Path(__file__).parents[2]
MIXERS = [
    TESTS / "checking/lints/right_networks/mlp-mixer.yaml",
    *(TESTS / f"oracle/real_networks/timm-{name}_224.yaml" for name in ("gmlp_ti16", "mixer_s32", "resmlp_12")),
]
SIZED = [*(name for name in names() if shapecalc.load(name).sizes), *MIXERS]


@pytest.mark.parametrize("path", SIZED, ids=lambda path: Path(path).stem)
def test_without_its_usual_sizes_a_network_is_warned_of_if_they_decide_its_parameters(path: str | Path) -> None:
    report = inspect(dataclasses.replace(shapecalc.load(path), sizes={}))
    warnings = [finding for finding in lint(report) if finding.code == "SC415"]
    assert bool(warnings) == isinstance(report.totals.params, Expr) == (path in MIXERS)
