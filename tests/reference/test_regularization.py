"""Masks of training: what they set to 0, and the gradients."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels


@pytest.mark.parametrize("word", ["dropout", "stochastic_depth"])
def test_a_mask_applies_to_the_output_and_to_the_gradient(word: str) -> None:
    x, kept = np.arange(6.0).reshape(2, 3), np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 0.0]])
    call = kernels.call_of(word, {"mask": kept}, p=0.5)
    (y,) = kernels.outputs_of(call, x)
    assert y.tolist() == [[0, 2, 4], [6, 0, 0]]
    found = kernels.gradients_of(call, (x,), np.ones((2, 3)))
    assert found.inputs[0] is not None
    assert found.inputs[0].tolist() == kept.tolist()


@pytest.mark.parametrize("word", ["dropout", "stochastic_depth"])
def test_without_a_mask_the_input_itself_passes(word: str) -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert kernels.run(word, x, p=0.9) is x


def test_a_mask_per_sample_drops_whole_samples() -> None:
    x = np.arange(6.0).reshape(2, 3)
    y = kernels.run("stochastic_depth", x, parameters={"mask": [[0.0], [4.0]]}, p=0.75)
    assert y.tolist() == [[0, 0, 0], [12, 16, 20]]
