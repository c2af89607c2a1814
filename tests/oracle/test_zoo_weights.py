"""Networks of the zoo with the weights of a file whose tensors have the names of PyTorch's state_dict: its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from tests.oracle.test_torch_zoo import TOLD as VISION
from tests.oracle.test_transformers_networks import CASES, FIXTURE, filled as filled_float32, ours
from tests.oracle.test_transformers_zoo import INPUTS, SMALLER, THEIRS, filled
from tests.oracle.test_zoo_numbers import tensor_of, unit

if TYPE_CHECKING:
    from pathlib import Path


def pointnet() -> dict[str, Any]:
    """The state_dict of PyTorch's PointNet, with the counters of its norms, which no run reads."""
    tensors = {
        path: tensor_of(path.rpartition(".")[2], number, tuple(shape))
        for number, (path, shape) in enumerate(VISION["pointnet"]["tensors"])
    }
    counters = {path.replace("running_var", "num_batches_tracked"): np.array(7) for path in tensors if "_var" in path}
    return {**tensors, **counters}


def test_pointnet_with_the_names_of_its_state_dict(tmp_path: Path) -> None:
    told = VISION["pointnet"]
    np.savez(tmp_path / "state.npz", **pointnet())
    given = unit(len(told["tensors"]), tuple(told["input"])).astype(np.float32)
    (scores,) = shapecalc.run("pointnet", given, str(tmp_path / "state.npz")).values()
    theirs = np.asarray(told["values"][0])
    np.testing.assert_allclose(scores.ravel(), theirs, atol=2e-5 * abs(theirs).max())


def test_a_small_qwen3_with_the_names_of_its_state_dict(tmp_path: Path) -> None:
    small = THEIRS["qwen3-0.6b"]["small"]
    state = {path: filled(k, tuple(shape)) for k, (path, shape) in enumerate(small["tensors"].items())}
    np.savez(tmp_path / "state.npz", **state)
    network = shapecalc.load("qwen3-0.6b", parameters=SMALLER["qwen3-0.6b"])
    inputs = {name: np.array(small["inputs"][theirs]) for name, theirs in INPUTS["qwen3-0.6b"].items()}
    (logits,) = shapecalc.run(network, inputs, str(tmp_path / "state.npz")).values()
    theirs = np.asarray(small["output"])
    np.testing.assert_allclose(logits.ravel(), theirs, atol=2e-5 * abs(theirs).max())


@pytest.mark.parametrize("name", CASES)
def test_small_mixtures_and_mamba_with_the_names_of_their_base_models(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    network = shapecalc.load(name, parameters=case["parameters"])
    tensors = enumerate(case["tensors"].items())
    state = {ours(path): filled_float32(seed, tuple(shape)) for seed, (path, shape) in tensors}
    np.savez(tmp_path / "state.npz", **state)
    (logits,) = shapecalc.run(network, np.asarray(FIXTURE["tokens"]), str(tmp_path / "state.npz")).values()
    theirs = np.asarray(case["logits"]).reshape(logits.shape)
    np.testing.assert_allclose(logits, theirs, atol=2e-5 * abs(theirs).max())


def test_a_tensor_of_another_shape_is_named(tmp_path: Path) -> None:
    state = pointnet()
    state["feat.stn.fc3.weight"] = state["feat.stn.fc3.weight"][:8]
    np.savez(tmp_path / "state.npz", **state)
    with pytest.raises(ShapecalcError, match=r"feat\.stn\.fc3\.weight"):
        shapecalc.run("pointnet", unit(3, (3, 3, 29)).astype(np.float32), str(tmp_path / "state.npz"))
