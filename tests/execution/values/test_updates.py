"""Steps of optimizers; that they are PyTorch's is in `test_compute.py`."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective
from shapecalc.execution.values.updates import Update

NET = shapecalc.loads("{input: [N, 2], layers: [{linear: 3, name: fc}, {batch_norm: , name: b}]}")


def test_a_step_of_sgd_is_the_gradient_times_the_learning_rate() -> None:
    found = values(NET, "ones", objective=Objective(), update=Update("sgd", 0.25))
    for name in ("fc.weight", "fc.bias", "b.weight", "b.bias"):
        np.testing.assert_allclose(found[f"{name}.updated"], found[name] - 0.25 * found[f"{name}.grad"], err_msg=name)


def test_buffers_and_frozen_parameters_stay_as_they_are() -> None:
    found = values(NET, "ones", objective=Objective(), update=Update("adam", freeze=("*.bias", "b.w?ight"), steps=3))
    assert found["fc.bias.updated"].tolist() == found["fc.bias"].tolist()
    assert found["b.weight.updated"].tolist() == found["b.weight"].tolist()
    assert found["fc.weight.updated"].tolist() != found["fc.weight"].tolist()
    assert "b.running_mean.updated" not in found.arrays
    assert len(found.totals) == 4


def test_small_steps_lower_the_loss() -> None:
    for optimizer in ("sgd", "momentum", "adam"):
        objective = Objective("mse", [1, 2, 3])
        totals = values(NET, "ones", objective=objective, update=Update(optimizer, 1e-3, 20)).totals
        assert all(later < earlier for earlier, later in pairwise(totals)), optimizer


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(ShapecalcError, match=r"SC702: `\*\.bais` matches no parameter"):
        values(NET, objective=Objective(), update=Update(freeze=("*.bais",)))


def test_a_plan_has_its_learning_rate_in_json() -> None:
    expected = {"optimizer": "adam", "learning_rate": 0.003, "steps": 2, "freeze": ["*.bias"]}
    assert Update("adam", None, 2, ("*.bias",)).to_dict() == expected
