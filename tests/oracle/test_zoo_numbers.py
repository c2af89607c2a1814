"""ResNet-18's numbers: what PyTorch gives with weights that a formula makes, and what a run in NumPy gives."""

from __future__ import annotations

import json
from math import isqrt, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc

if TYPE_CHECKING:
    from shapecalc import Architecture
    from shapecalc.reference.base import Array

ORACLE = Path(__file__).parent
NUMBERS: dict[str, Any] = json.loads((ORACLE / "torchvision_resnet18.json").read_text(encoding="utf-8"))["numbers"]
TENSORS: list[tuple[str, tuple[int, ...]]] = [(name, tuple(shape)) for name, shape in NUMBERS["tensors"]]
TOLERANCE = 1e-4


def unit(number: int, shape: tuple[int, ...]) -> Array:
    """The numbers u of the fixture's rule, from -1 to 1."""
    i = np.arange(prod(shape), dtype=np.int64)
    cells = ((number + 3) * i * i + (7 * number + 5) * i + 11 * number) % 1009 - 504
    return np.asarray(cells / 504).reshape(shape)


def tensor_of(name: str, number: int, shape: tuple[int, ...]) -> Array:
    """One tensor by the fixture's rule."""
    u = unit(number, shape)
    if name == "running_var":
        cells = 1 + u / 2
    elif len(shape) > 1:
        cells = 2 * u / isqrt(prod(shape[1:]))
    else:
        cells = 1 + u / 4 if name == "weight" else u / 4
    return np.asarray(cells, dtype=np.float32)


def tensors_of_ours() -> dict[str, tuple[int, ...]]:
    """Every tensor by its path, in the order of the layers: parameters, then buffers, of each."""
    report = shapecalc.inspect(shapecalc.load("resnet18"))
    return {
        f"{row.path}.{name}": tuple(map(int, shape))  # type: ignore[arg-type]
        for row in report.layers
        for name, shape in {**row.facts.parameters, **row.facts.buffers}.items()
    }


def weights() -> dict[str, Array]:
    shapes = tensors_of_ours().items()
    return {path: tensor_of(path.rpartition(".")[2], number, shape) for number, (path, shape) in enumerate(shapes)}


def output(architecture: Architecture, params: dict[str, Array]) -> Array:
    image = unit(len(TENSORS), tuple(NUMBERS["input"])).astype(np.float32)
    (logits,) = shapecalc.run(architecture, {"input": image}, params=params).values()
    return logits


def assert_pytorchs(logits: Array) -> None:
    assert logits.shape == tuple(NUMBERS["output"])
    np.testing.assert_allclose(logits[:, : NUMBERS["shown"]], NUMBERS["values"], rtol=TOLERANCE, atol=TOLERANCE)
    exact = logits.astype(np.float64)
    np.testing.assert_allclose(exact.sum(axis=1), NUMBERS["sums"], rtol=TOLERANCE)
    np.testing.assert_allclose((exact**2).sum(axis=1), NUMBERS["squares"], rtol=TOLERANCE)


def test_tensors_stand_in_the_order_of_pytorchs_state_dict() -> None:
    ours = [(path.rpartition(".")[2], shape) for path, shape in tensors_of_ours().items()]
    assert ours == [(path.rpartition(".")[2], shape) for path, shape in TENSORS]


def test_resnet18_gives_pytorchs_numbers() -> None:
    assert_pytorchs(output(shapecalc.load("resnet18"), weights()))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("          shortcut: []\n", "          shortcut: [relu, relu6]\n"),
        ("- {max_pool:", "- {avg_pool:"),
        ("  - {relu: {}, name: relu}\n", ""),
    ],
)
def test_a_network_that_only_looks_like_it_gives_other_numbers(right: str, wrong: str) -> None:
    file = shapecalc.load("resnet18").file
    assert file is not None
    assert file.text.count(right) == 1
    lookalike = shapecalc.loads(file.text.replace(right, wrong))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_pytorchs(output(lookalike, weights()))


def test_tensors_that_change_places_are_noticed() -> None:
    params = weights()
    one, other = (f"layer4.rest.0.add_0.main.residual_0.conv_{place}.weight" for place in (0, 3))
    params[one], params[other] = params[other], params[one]
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_pytorchs(output(shapecalc.load("resnet18"), params))
