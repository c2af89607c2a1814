"""The zoo's RoBERTa against Hugging Face's: parameters, costs, and the values of a small one, with padding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import shapecalc

THEIRS = json.loads((Path(__file__).parent / "transformers_roberta.json").read_text(encoding="utf-8"))
SMALL = THEIRS["small"]
BLOCK = {
    "attention.out_proj": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}
NAMES = {
    "words": "embeddings.word_embeddings",
    "places": "embeddings.position_embeddings",
    "norm": "embeddings.LayerNorm",
    "pooler": "pooler.dense",
}


def filled(k: int, shape: tuple[int, ...]) -> Any:
    i = np.arange(np.prod(shape, dtype=np.int64))
    return ((7919 * i + 104729 * k) % 10007 / 10007 - 0.5).reshape(shape)


def ours(tensors: dict[str, Any]) -> dict[str, Any]:
    """Their tensors by our paths."""
    found = {
        f"{path}.{kind}": tensors.get(f"{name}.{kind}") for path, name in NAMES.items() for kind in ("weight", "bias")
    }
    found["type"] = tensors["embeddings.token_type_embeddings.weight"][0]
    for index in range(SMALL["config"]["num_hidden_layers"]):
        start = f"encoder.layer.{index}."
        for kind in ("weight", "bias"):
            projections = [tensors[f"{start}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            block = {f"{path}.{kind}": tensors[f"{start}{name}.{kind}"] for path, name in BLOCK.items()}
            block[f"attention.in_proj_{kind}"] = np.concatenate(projections)
            for path, tensor in block.items():
                branch = 0 if path.startswith("attention") else 2
                inside = f"add_{branch}.main." if not path.startswith(("attention_norm", "output_norm")) else ""
                found[f"encoder.{index}.{inside}{path}"] = tensor
    return {path: tensor for path, tensor in found.items() if tensor is not None}


def test_parameters_and_products_are_theirs() -> None:
    report = shapecalc.inspect(shapecalc.load("roberta-base"), T=THEIRS["base"]["length"])
    assert report.totals.params == THEIRS["base"]["params"]
    assert report.totals.macs == THEIRS["base"]["macs"]


def test_the_values_of_a_small_one_are_theirs() -> None:
    config = SMALL["config"]
    names = {"vocabulary": "vocab_size", "places": "max_position_embeddings", "width": "hidden_size"}
    names |= {"heads": "num_attention_heads", "depth": "num_hidden_layers"}
    network = shapecalc.load("roberta-base", parameters={name: config[theirs] for name, theirs in names.items()})
    tensors = {name: filled(k, tuple(shape)) for k, (name, shape) in enumerate(SMALL["tensors"].items())}
    outputs = shapecalc.run(network, {"tokens": SMALL["tokens"]}, params=ours(tensors))
    for name in ("sequence", "pooled"):
        np.testing.assert_allclose(outputs[name].ravel(), SMALL[name], rtol=1e-4, atol=1e-5)
