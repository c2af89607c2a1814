"""Weights of a network as PyTorch and safetensors save them, against what PyTorch computes with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import shapecalc
from tests.support.rows import for_each

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "torch_weights.json").read_text(encoding="utf-8"))
FILES = {
    "torch_weights.npz": "float32",
    "torch_weights_float32.safetensors": "float32",
    "torch_weights_bfloat16.safetensors": "bfloat16",
    "torch_weights_float16.safetensors": "float16",
}


@for_each("file,dtype", FILES.items(), ids=FILES)
def test_a_state_dict_gives_the_outputs_of_pytorch(file: str, dtype: str) -> None:
    """With the counter of the batch norm, and the tied weight under both of its names."""
    network = shapecalc.loads(RECORDED["network"])
    run = shapecalc.values(network, np.array(RECORDED["input"]), str(HERE / file))
    output = network.output_slots["output"]
    np.testing.assert_allclose(run[output], np.array(RECORDED["outputs"][dtype]), rtol=1e-12, atol=1e-12)
    assert not any(record.drawn for record in run.tensors())
    assert shapecalc.verify(network, str(HERE / file)).ok
