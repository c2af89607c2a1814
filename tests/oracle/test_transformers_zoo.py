"""Networks of the zoo against Hugging Face's: tensors by name, costs, and the values of small ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc.execution.run import parameter_shapes

THEIRS = json.loads((Path(__file__).parent / "transformers_zoo.json").read_text(encoding="utf-8"))
SIZES = {
    "qwen3-0.6b": {"T": "input_ids"},
    "t5-small": {"S": "input_ids", "T": "decoder_input_ids"},
    "whisper-tiny": {"T": "decoder_input_ids"},
    "clip-vit-b-32": {},
}
INPUTS = {
    "qwen3-0.6b": {"input": "input_ids"},
    "t5-small": {"source": "input_ids", "target": "decoder_input_ids"},
    "whisper-tiny": {"features": "input_features", "tokens": "decoder_input_ids"},
    "clip-vit-b-32": {"tokens": "input_ids", "pixels": "pixel_values"},
}
RENAMED = {
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": "encoder_bias.weight",
    "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": "decoder_bias.weight",
    "vision_model.embeddings.class_embedding": "vision_model.embeddings.class_embedding.token",
}
"""Tensors that have another name here; two of them have also axes of length 1 more."""
SMALLER: dict[str, dict[str, Any]] = {
    "qwen3-0.6b": {
        "vocabulary": 23,
        "width": 12,
        "feedforward": 20,
        "heads": 4,
        "kv_heads": 2,
        "head_size": 6,
        "depth": 2,
    },
    "t5-small": {"vocabulary": 23, "width": 12, "feedforward": 20, "heads": 3, "head_size": 4, "depth": 2}
    | {"buckets": 8, "distance": 6, "head_scale": 12**-0.5},
    "whisper-tiny": {"mels": 5, "vocabulary": 23, "width": 12, "heads": 3, "depth": 2, "frames": 9, "places": 11},
    "clip-vit-b-32": {"vocabulary": 19, "places": 7, "text_width": 8, "text_heads": 2, "text_depth": 2, "patch": 4}
    | {"patches": 5, "width": 12, "heads": 3, "depth": 2, "shared_width": 6},
}
SIZED = {
    "qwen3-0.6b": {"T": 5},
    "t5-small": {"S": 13, "T": 11},
    "whisper-tiny": {"F": 18, "T": 7},
    "clip-vit-b-32": {"H": 8, "W": 8},
}
each = pytest.mark.parametrize("name", SIZES)


def without_ones(shape: Any) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def filled(k: int, shape: tuple[int, ...]) -> Any:
    i = np.arange(np.prod(shape, dtype=np.int64))
    return ((7919 * i + 104729 * k) % 10007 / 10007 - 0.5).reshape(shape)


@each
def test_tensors_parameters_and_products_are_theirs(name: str) -> None:
    told = THEIRS[name]
    sizes = {symbol: told["inputs"][key][1] for symbol, key in SIZES[name].items()}
    report = shapecalc.inspect(shapecalc.load(name), **sizes)
    assert (report.totals.params, report.totals.buffers) == (told["params"], told["fixed"])
    assert report.totals.macs == told["macs"]
    ours = {path: without_ones(shape) for path, shape in parameter_shapes(report).items()}
    assert ours == {RENAMED.get(path, path): without_ones(shape) for path, shape in told["tensors"].items()}


@each
def test_the_values_of_a_small_one_are_theirs(name: str) -> None:
    small = THEIRS[name]["small"]
    network = shapecalc.load(name, parameters=SMALLER[name])
    shapes = parameter_shapes(shapecalc.inspect(network, **SIZED[name]))
    numbers = {
        RENAMED.get(path, path): filled(k, tuple(shape)) for k, (path, shape) in enumerate(small["tensors"].items())
    }
    given = {path: numbers[path].reshape(shape) for path, shape in shapes.items()}
    inputs = {ours: np.array(small["inputs"][theirs]) for ours, theirs in INPUTS[name].items()}
    outputs = shapecalc.run(network, inputs, params=given)
    np.testing.assert_allclose(outputs["output"].ravel(), small["output"], rtol=2e-4, atol=2e-5)
