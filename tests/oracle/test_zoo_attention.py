"""The architectures with attention, and from sequence to sequence: published parameters, and proof by running them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import shapecalc
from shapecalc import verify
from shapecalc.checking.expect import unmet
from shapecalc.dims import symbol
from shapecalc.files import zoo
from shapecalc.files.load import narrowed
from shapecalc.shape_inference.engine import inspect_at

# What was published, or follows from what was: parameters, and where that stands.
PARAMS = {
    "bert-base": 109_482_240,  # BertModel of the uncased vocabulary, with its pooler
    "gpt2-small": 124_439_808,  # GPT2LMHeadModel, the head tied to the words
    "deepseek-v2-lite": 15_706_484_224,  # "15.7B total parameters" in appendix B of the paper, and transformers'
    "llama-260k": 260_032,  # llama2.c names the model by it
    "llama3-8b": 8_030_261_248,  # "8B" in the paper's table 3
    "mamba-130m": 129_135_360,  # MambaForCausalLM of state-spaces/mamba-130m, the head tied to the words
    "mixtral-8x7b": 46_702_792_704,  # MixtralForCausalLM; "47B parameters, but only uses 13B active parameters"
    "roberta-base": 124_645_632,  # RobertaModel with its pooler
    "seq2seq-attention": 217_064_000,  # 4 x 1,000 cells twice, 50,000 words three times, two products
    "seq2seq-lstm": 384_144_000,  # "384M parameters", Sutskever et al., section 3.4, biases as PyTorch keeps them
    "transformer-base": 63_082_496,  # "65 x 10^6" in table 3, of a vocabulary of about 37,000
    "vit_b_16": 86_567_656,  # torchvision's vit_b_16
}
NAMES = tuple(sorted(PARAMS))
SMALL = {
    "bert-base": {"T": 5},
    "gpt2-small": {"T": 7},
    "llama-260k": {"T": 9},
    "roberta-base": {"T": 5},
    "seq2seq-attention": {"S": 3, "T": 2},
    "seq2seq-lstm": {"S": 3, "T": 2},
    "transformer-base": {"S": 5, "T": 7},
    "vit_b_16": {"N": 1},
}
each = pytest.mark.parametrize("name", NAMES)


def test_these_ship() -> None:
    assert set(NAMES) <= set(zoo.names())


@each
def test_it_names_its_source_and_what_it_expects(name: str) -> None:
    architecture = shapecalc.load(name)
    assert architecture.cites
    assert {line.key for line in architecture.expect} & {"output", "outputs.sequence"}
    assert {line.key for line in architecture.expect} >= {"params", "macs"}


@each
def test_what_it_expects_is_met_and_its_parameters_are_those_published(name: str) -> None:
    report = shapecalc.inspect(shapecalc.load(name))
    assert unmet(report) == ()
    assert report.totals.params == PARAMS[name]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * name.startswith("seq2seq")) for name in SMALL]
)
def test_running_it_at_full_width_proves_every_row(name: str) -> None:
    assert verify(shapecalc.load(name), **SMALL[name]).ok


@pytest.mark.parametrize("name", [name for name in NAMES if shapecalc.load(name).widths])
def test_running_it_an_eighth_as_wide_proves_every_row(name: str) -> None:
    architecture = narrowed(shapecalc.load(name), 8)
    sizes = {entry: 6 for entry in ("S", "T") if entry in architecture.sizes}
    proof = verify(architecture, N=1, **sizes)
    assert proof.ok
    assert [row.layer.path for row in proof.trials[0].rows] == [step.path for step in architecture.layers]


def test_what_does_not_fit_is_refused_with_its_price() -> None:
    with pytest.raises(shapecalc.ShapecalcError, match=r"SC701: the run needs \d+\.\d GiB") as refused:
        verify(shapecalc.load("llama3-8b"))
    assert "--scale 1/8" in (refused.value.diagnostics[0].help or "")


@pytest.mark.parametrize(("divisor", "message"), [(7, "`width` is 768, which that does not divide")])
def test_a_width_that_is_not_divided_evenly_is_named(divisor: int, message: str) -> None:
    with pytest.raises(shapecalc.ShapecalcError, match=message) as refused:
        narrowed(shapecalc.load("gpt2-small"), divisor)
    assert refused.value.exit_code == 2


def test_a_file_that_names_no_widths_is_not_narrowed() -> None:
    with pytest.raises(shapecalc.ShapecalcError, match="it has no `widths:`"):
        narrowed(shapecalc.load("lenet5"), 8)


@pytest.mark.parametrize(("name", "longest"), [("gpt2-small", 1024), ("bert-base", 512)])
def test_a_learnt_table_of_places_bounds_the_length(name: str, longest: int) -> None:
    report = inspect_at(shapecalc.load(name), {}, symbolic=True)
    sizes = report.valid_sizes.sizes["T"]
    assert (sizes.smallest, longest in sizes, longest + 1 in sizes) == (1, True, False)


def test_costs_are_polynomials_in_the_length_with_their_square_term_to_be_seen() -> None:
    report = inspect_at(shapecalc.load("gpt2-small"), {}, symbolic=True)
    t = symbol("T")
    # Twelve blocks: 2·T²·E for scores and values; 12·T·E² for projections and the feed-forward part; then the head.
    assert report.totals.macs == 12 * (2 * t * t * 768 + 12 * t * 768**2) + t * 768 * 50257
    assert report.products is not None
    assert report.products.useful == 12 * (t * t + t) * 768


def test_grouped_heads_save_what_their_papers_say() -> None:
    """Four queries to each head of keys: projections of keys and values are a quarter of the queries' each."""
    report = shapecalc.inspect(shapecalc.load("llama3-8b"))
    sizes = {row.path: row.params for row in report.layers}
    first = "layers.0.add_0.main.attention"
    assert sizes[f"{first}.wk"] == sizes[f"{first}.wv"] == sizes[f"{first}.wq"] // 4 == 4096 * 1024  # type: ignore[operator]


def test_a_token_of_mixtral_uses_two_of_eight_experts() -> None:
    totals = shapecalc.inspect(shapecalc.load("mixtral-8x7b")).totals
    assert totals.params is not None
    assert totals.params - 12_879_925_248 == 32 * 6 * 3 * 4096 * 14336
    assert totals.active_params == 12_879_925_248


def test_a_token_of_deepseek_uses_six_experts_of_64_and_two_that_all_use() -> None:
    totals = shapecalc.inspect(shapecalc.load("deepseek-v2-lite")).totals
    assert totals.params is not None
    assert totals.active_params is not None
    assert totals.params - totals.active_params == 26 * 58 * 3 * 2048 * 1408


def test_a_turned_query_keeps_its_length_and_products_depend_on_distance_alone() -> None:
    import numpy as np

    network = shapecalc.loads("{input: [N, T, 8], layers: [rotary_embedding: {interleaved: true}]}")
    rng = np.random.default_rng(3)
    q, k = rng.standard_normal((2, 8)).astype(np.float32)
    turned = shapecalc.run(network, {"input": np.broadcast_to(np.stack([q, k])[:, None], (2, 6, 8)).copy()})["output"]
    np.testing.assert_allclose(
        np.linalg.norm(turned, axis=-1), np.linalg.norm([q, k], axis=-1)[:, None].repeat(6, 1), rtol=1e-5
    )
    by_distance = [turned[0, i] @ turned[1, i + 2] for i in range(4)]
    np.testing.assert_allclose(by_distance, by_distance[0], rtol=1e-4)


def theirs(path: str) -> str:
    """A tensor's name in torchvision's vit_b_16."""
    renamed = path.replace("class_token_3.token", "class_token").replace(
        "pos_embedding.weight", "encoder.pos_embedding"
    )
    renamed = re.sub(r"^layers\.(\d+)\.add_[01]\.main\.", r"encoder.layers.encoder_layer_\1.", renamed)
    return re.sub(r"^ln\.", "encoder.ln.", renamed).replace("head.", "heads.head.")


def test_every_tensor_of_the_vision_transformer_is_torchvisions() -> None:
    figures = json.loads((Path(__file__).parent / "torchvision_vit.json").read_text(encoding="utf-8"))
    report = shapecalc.inspect(shapecalc.load("vit_b_16"))
    tensors = {
        theirs(f"{row.path}.{name}"): shape for row in report.layers for name, shape in row.facts.parameters.items()
    }
    # torchvision keeps the table of places with an axis for the batch in front.
    tensors["encoder.pos_embedding"] = (1, *tensors["encoder.pos_embedding"])
    assert {name: list(shape) for name, shape in tensors.items()} == figures["tensors"]
    assert (report.totals.params, report.totals.macs) == (figures["params"], figures["macs"])
