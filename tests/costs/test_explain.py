"""Which numbers of which steps are derived."""

from __future__ import annotations

import json

import pytest

import shapecalc
from shapecalc.costs.explain import document_with_formulas, explain, explain_rows
from shapecalc.costs.explanation import ACTIVE, NETWORK_KEYS, ROW_KEYS, STEP_KEYS, TOTAL_KEYS
from shapecalc.files.load import load, loads
from tests.support.formulas import value_of_text
from tests.support.locked_networks import MIXTURE

# Published by cs231n/cs231n.github.io, convolutional-networks.md and neural-networks-1.md; V. Dumoulin and F. Visin,
# A guide to convolution arithmetic for deep learning; d2l-ai/d2l-en, padding-and-strides.md and seq2seq.md;
# karpathy/nanoGPT, transformer_sizing.ipynb; transformers 5.24.0, GPT2LMHeadModel.
WINDOWS = (
    ("conv", (227,), {"kernel_size": 11, "stride": 4}, (55,)),
    ("conv", (12,), {"kernel_size": 7}, (6,)),
    ("conv", (4,), {"kernel_size": 3}, (2,)),
    ("conv", (5,), {"kernel_size": 3, "padding": 1}, (5,)),
    ("conv", (5,), {"kernel_size": 3, "padding": 2}, (7,)),
    ("conv", (5,), {"kernel_size": 3, "stride": 2, "padding": 1}, (3,)),
    ("conv", (6,), {"kernel_size": 3, "stride": 2, "padding": 1}, (3,)),
    ("conv", (8, 8), {"kernel_size": [5, 3], "padding": [2, 1]}, (8, 8)),
    ("conv", (8, 8), {"kernel_size": 3, "padding": 1, "stride": 2}, (4, 4)),
    ("conv", (8, 8), {"kernel_size": [3, 5], "padding": [0, 1], "stride": [3, 4]}, (2, 2)),
    ("conv", (11,), {"kernel_size": 2}, (10,)),
    ("conv", (11,), {"kernel_size": 4}, (8,)),
    ("conv_transpose", (2,), {"kernel_size": 3}, (4,)),
    ("conv_transpose", (6,), {"kernel_size": 4, "padding": 2}, (5,)),
    ("conv_transpose", (7,), {"kernel_size": 3, "padding": 2}, (5,)),
    ("conv_transpose", (2,), {"kernel_size": 3, "stride": 2}, (5,)),
    ("conv_transpose", (3,), {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}, (6,)),
)


def test_published_sizes_of_windows_are_derived() -> None:
    for type_, sizes, fields, expected in WINDOWS:
        step = {type_: {"out_channels": 1, **fields}}
        text = json.dumps({"input": ["N", 1, *sizes], "layers": [{**step, "name": "x"}]})
        (explained,) = explain(shapecalc.loads(text), {}, "x", ["output"]).steps
        formulas = explained.keys[0].formulas[2:]
        assert tuple(value_of_text(each.numbers) for each in formulas) == expected, (type_, sizes, fields)


def test_published_counts_of_parameters_are_derived() -> None:
    for layers, shape, expected in (
        ("[{conv: {out_channels: 96, kernel_size: 11, stride: 4}}]", "[N, 3, 227, 227]", (34_848, 96)),
        ("[{conv: {out_channels: 1, kernel_size: 5}}]", "[N, 3, 32, 32]", (75, 1)),
        ("[{linear: 1}]", "[N, 3072]", (3072, 1)),
        ("[{linear: 1}]", "[N, 120000]", (120_000, 1)),
    ):
        net = shapecalc.loads(f"input: {shape}\nlayers: {layers}\n")
        formulas = explain(net, {}, net.layers[0].path, ["params"]).steps[0].keys[0].formulas
        assert tuple(value_of_text(each.numbers) for each in formulas) == (*expected, sum(expected))
    for widths, weights, biases in (((3, 4, 2), 20, 6), ((3, 4, 4, 1), 32, 9)):
        layers = ", ".join(f"linear: {width}" for width in widths[1:])
        net = shapecalc.loads(f"input: [N, {widths[0]}]\nlayers: [{layers}]\n")
        assert explain(net, {}, None, ["params"]).steps[0].keys[0].result == weights + biases


def test_the_published_work_of_gpt_2_is_derived_part_by_part() -> None:
    net = load("gpt2-small")
    (attention,) = explain(net, {"T": 1024}, "h.0.add_0.main.attn", ["macs"]).steps
    parts = {each.name: 2 * value_of_text(each.numbers) for each in attention.keys[0].formulas}
    assert parts == {
        "projections": 3_623_878_656 + 1_207_959_552,
        "QKᵀ": 1_610_612_736,
        "AV": 1_610_612_736,
        "MACs": 8_053_063_680,
    }
    block, head = (explain(net, {"T": 1024}, at, ["macs"]).steps[0].keys[0].result for at in ("h.0", "lm_head"))
    assert (2 * block, 2 * head) == (17_716_740_096, 79_047_426_048)
    whole = explain(net, {"T": 1024}, None, ["macs", "params"]).steps[0].keys
    assert (2 * whole[0].result, whole[1].result) == (291_648_307_200, 124_439_808)
    token, position = (explain(net, {}, step, ["params"]).steps[0].keys[0].result for step in ("wte", "wpe"))
    assert (token, position) == (38_597_376, 786_432)


def test_the_published_shapes_of_a_recurrent_encoder_are_derived() -> None:
    net = shapecalc.loads(
        "input: {shape: [9, 4], dtype: int64}\nlayers:\n"
        "  - embedding: {num_embeddings: 10, embedding_dim: 8}\n"
        "  - {gru: {hidden_size: 16, num_layers: 2}, name: gru}\n"
    )
    (step,) = explain(net, {}, "gru", ["output"]).steps
    shown = {each.name: value_of_text(each.numbers) for each in step.keys[0].formulas}
    assert list(shown.values()) == [9, 4, 16, 2, 4, 16]


def test_all_numbers_of_a_layer_a_block_and_the_network_can_be_chosen() -> None:
    net = load("resnet18")
    for step, keys in (
        ("layer2.first.relu_1", STEP_KEYS),
        ("layer2", (*TOTAL_KEYS, ACTIVE, "saved", "backward")),
        (None, NETWORK_KEYS),
    ):
        (explained,) = explain(net, {"H": 64, "W": 64}, step, keys).steps
        assert tuple(each.key for each in explained.keys) == keys
        assert all(each.result is not None for each in explained.keys if each.key != "output")
        json.dumps(explained.to_dict())


def test_the_numbers_of_inspect_are_the_default() -> None:
    net = load("lenet5")
    assert [each.key for each in explain(net, {}, "c1").steps[0].keys] == list(ROW_KEYS)
    assert [each.key for each in explain(net, {}).steps[0].keys] == list(TOTAL_KEYS)


def test_active_params_are_a_default_of_mixtures_and_have_the_value_of_their_formula() -> None:
    net = loads(MIXTURE)
    (step,) = explain(net, {}, "mixed").steps
    key = step.keys[2]
    assert (key.key, key.result) == (ACTIVE, 168)
    assert [(each.rule, value_of_text(each.numbers)) for each in key.formulas[:3]] == [
        ("count·in_features", 24),
        ("2·top_k·hidden_features·in_features", 96),
        ("top_k·in_features·hidden_features", 48),
    ]
    (total,) = explain(net, {}).steps
    assert (total.keys[1].key, total.keys[1].result) == (ACTIVE, 210)
    assert [(part.path, part.value) for part in total.keys[1].parts] == [("linear_0", 42), ("mixed", 168)]
    (plain,) = explain(net, {}, "linear_0", [ACTIVE]).steps
    assert (plain.keys[0].result, plain.keys[0].notes) == (42, ("each token uses all parameters of the layer",))


def test_active_params_of_shared_experts_count_at_their_owner() -> None:
    step = "experts: {count: 6, top_k: 2, hidden_features: 5}"
    net = loads(f"input: [N, 7]\nlayers:\n  - {{{step}, name: a}}\n  - {{{step}, name: b, share: a}}\n")
    (own,), (shared,) = (explain(net, {}, name, [ACTIVE]).steps for name in "ab")
    assert (own.keys[0].result, shared.keys[0].result) == (6 * 7 + 2 * 105, 0)
    assert shared.keys[0].formulas == ()
    assert len(shared.keys[0].notes) == 3
    assert all(note.endswith("and counts there") for note in shared.keys[0].notes)


def test_costs_of_two_batches_name_both() -> None:
    (step,) = explain(load("lenet5"), {}, "c3", ["macs", "backward"]).steps
    assert [(each.value, each.note) for each in step.origins if each.names == ("N",)] == [
        (1, "[N, 1, 32, 32], costs are of one sample"),
        (32, "[N, 1, 32, 32], costs are of 32 samples"),
    ]
    assert sum(1 for each in step.origins if "kernel_size" in each.names) == 1


def test_an_unknown_step_or_number_is_refused() -> None:
    for step, keys, message in (
        ("c33", [], "`LeNet-5` has no step `c33`: did you mean `c3`?"),
        ("zebra", [], "`LeNet-5` has no step `zebra`: `shapecalc inspect` lists the layers"),
        ("c1", ["peak"], "`c1` has no number `peak`: it has output, params"),
        (None, ["live"], "`LeNet-5` has no number `live`: it has params"),
    ):
        with pytest.raises(shapecalc.ShapecalcError) as caught:
            explain(load("lenet5"), {}, step, keys)
        (mistake,) = caught.value.diagnostics
        assert mistake.message.startswith(message), mistake.message
        assert caught.value.exit_code == 2


def test_the_end_of_a_path_is_enough_if_only_one_layer_has_it() -> None:
    text = "input: [N, 3]\nblocks: {b: {layers: [{linear: 2, name: only}]}}\nlayers:\n  - {b: , name: x}\n"
    assert explain(shapecalc.loads(text), {}, "only").steps[0].path == "x.only"
    with pytest.raises(shapecalc.ShapecalcError, match=r"did you mean `x\.only` \(one of 2 that end so\)\?"):
        explain(shapecalc.loads(f"{text}  - {{b: , name: y}}\n"), {}, "only")


def test_a_formula_that_a_number_before_has_is_not_repeated() -> None:
    for keys, names in (
        (["flops"], ["MACs", "operations", "FLOPs"]),
        (["macs", "flops"], ["operations", "FLOPs"]),
    ):
        *_, flops = explain(load("lenet5"), {}, "c3", keys).steps[0].keys
        assert [each.name for each in flops.formulas] == names


def test_a_batch_of_costs_has_its_number_and_not_its_symbol() -> None:
    (step,) = explain(load("lenet5"), {}, "c3", ["output", "macs"]).steps
    assert [each.value for each in step.origins if each.names == ("N",)] == [1]


def test_the_bytes_of_all_outputs_are_rounded_once() -> None:
    net = shapecalc.loads("input: [1, 3]\nlayers: [relu, relu]\n")
    (memory,) = explain(net, {}, None, ["memory"], dtype="int4").steps[0].keys
    assert memory.result == shapecalc.inspect(net, dtype="int4").totals.activation_bytes == 3
    assert [part.value * part.times for part in memory.parts] == [4]
    assert memory.notes == ("the sum is rounded to bytes once",)


def test_levels_of_a_sum_are_refused() -> None:
    for step in (None, "layer2"):
        with pytest.raises(shapecalc.ShapecalcError, match="`levels` follows what a layer reads") as caught:
            explain(load("resnet18"), {}, step, levels=1)
        assert caught.value.exit_code == 2


def test_an_equal_layer_refers_to_the_first() -> None:
    steps = explain_rows(shapecalc.inspect("resnet18")).steps
    like = {step.path: step.like for step in steps if step.like}
    first, second = ("layer1.0.add_0.main.residual_0.conv_0", "layer1.1.add_0.main.residual_0.conv_0")
    assert like[second] == first
    assert first not in like


def test_the_document_of_inspect_is_unchanged_but_for_its_new_keys() -> None:
    report = shapecalc.inspect("lenet5")
    document = document_with_formulas(report)
    layers = [{key: value for key, value in layer.items() if key != "explained"} for layer in document["layers"]]
    del document["explained"]
    assert {**document, "layers": layers} == report.to_dict()
