from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.cli.groups import BY_HAND, module_of
from shapecalc.cli.layer_command import OFFERS, offer
from shapecalc.execution.values.by_hand import by_hand
from shapecalc.layers import layer_type
from shapecalc.layers.base import REGISTRY
from shapecalc.layers.fields import Flag
from tests.support.rows import for_each


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments], prog_name="shapecalc")


def answered(*arguments: str) -> Any:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_command_is_made_from_a_layer_and_offers_its_fields() -> None:
    assert OFFERS.keys() <= {*BY_HAND}
    for name in BY_HAND:
        layer = layer_type(offer(name).type)
        assert layer is not None, name
        help_ = run(name, "--help").output
        for field in layer.fields:
            is_offered = f"--{field.replace('_', '-')} " in help_
            assert is_offered == (field not in offer(name).without), (name, field)


def test_a_field_that_is_not_offered_changes_no_value_or_adds_a_parameter() -> None:
    for name in BY_HAND:
        for field in offer(name).without:
            layer: Any = layer_type(offer(name).type)
            if isinstance(layer.fields[field].kind, Flag):
                assert layer(**{field: True}).parameters(*[(2, 3, 4)] * len(layer.letters)), (name, field)
                continue
            x = np.array([[[1.0, 2.0, 4.0], [5.0, 7.0, 8.0]]])
            one, other = (by_hand(layer, {field: value}, {"x": x}, {}, backward=True) for value in (0.1, 0.9))
            for tensor, same in zip((*one.outputs, *one.gradients), (*other.outputs, *other.gradients), strict=True):
                assert tensor.values.tolist() == same.values.tolist(), (name, field)


def test_every_activation_has_a_command() -> None:
    activations = {cls.type for cls in REGISTRY.values() if cls.__module__.endswith(".activation")}
    assert {offer(name).type for name in BY_HAND} >= activations


def test_a_parameter_that_a_layer_takes_is_offered() -> None:
    shape = {"instance_norm": (1, 4, 3)}
    for name in BY_HAND:
        offered = offer(name)
        layer: Any = layer_type(offered.type)
        required = {each: 2 for each, field in layer.fields.items() if field.required}
        tracked = {"track_running_stats": True} if "track_running_stats" in layer.fields else {}
        built = layer(**required, **tracked, **({"affine": True} if "affine" in layer.fields else {}))
        shapes = [shape.get(offered.type, (2, 4))] * len(layer.letters)
        expected = {**built.parameters(*shapes), **built.buffers(*shapes)}
        assert {*offered.parameters} == {*expected}, name


def test_values_are_those_of_numpy() -> None:
    x = np.array([1.0, 2.0, 4.0])
    y = np.exp(x) / np.exp(x).sum()
    document = answered("softmax", "--x", "1,2,4")
    np.testing.assert_allclose(document["outputs"]["output"]["values"], y, rtol=1e-14)
    assert document["inputs"]["x"] == {"shape": [3], "values": [1, 2, 4]}
    document = answered("softmax", "--x", "1,2,4", "--gradient", "1,0,0")
    np.testing.assert_allclose(document["gradients"]["x"]["values"], y[0] * (np.array([1, 0, 0]) - y), rtol=1e-12)


def test_exact_numbers_are_fractions_in_json_too() -> None:
    document = answered("batch-norm", "--x", "0,2", "--eps", "0", "--exact", "--w", "1/3")
    assert document["outputs"]["output"]["values"] == ["-1/3", "1/3"]


def test_the_seed_chooses_what_is_dropped() -> None:
    x = "1," * 19 + "1"
    first = answered("dropout", "--x", x)["outputs"]["output"]["values"]
    assert first == answered("dropout", "--x", x, "--seed", "0")["outputs"]["output"]["values"]
    assert first != answered("dropout", "--x", x, "--seed", "1")["outputs"]["output"]["values"]
    assert {*first} == {0, 2}


def test_a_module_has_what_that_of_any_command_has() -> None:
    module = module_of("sigmoid")
    assert module.command.__doc__.startswith("The logistic function")
    assert module.EXAMPLES[0] == "shapecalc sigmoid --x -2,0,2"


MISTAKES = {
    "dropout": "error[SC106]: `--x` is missing",
    "attention --q 1,2": "error[SC106]: `--k` and `--v` are missing",
    "softmax --x [[1,2],[3]]": "`--x [[1,2],[3]]` expects 2 entries at [1], as in the first list, receives 1",
    "softmax --x 1,two": "error[SC202]: `--x 1,two` expects numbers, receives `two`",
    "softmax --x nan": "error[SC025]: `--x nan` expects finite numbers, receives `nan`",
    "softmax --x no.npy": "error[SC001]: `--x no.npy` names a file that cannot be read: No such file or directory",
    "softmax --x 1,2 --dim 4": "error[SC310]: `--dim 4` expects an axis from -1 to 0, receives 4 for [2]",
    "softmax --x 1,2 --dim a": 'error[SC202]: `--dim a` expects an integer, receives the string "a"',
    "layer-norm --x 1,2 --w 1": "error[SC301]: `--w 1` expects [2], receives [1]",
    "layer-norm --x 1,2 --eps -1": "error[SC201]: `--eps -1` expects a number of at least 0, receives -1",
    "group-norm --x 1,2,3": "error[SC106]: `--num-groups` is missing: Number of groups that the channels are divided",
    "softmax --x 1,2 --exact": "`--exact` expects a result that is a fraction, and exp of `softmax` is none",
    "relu --x 1,2 --gradient 1": "error[SC301]: `--gradient 1` expects [2], receives [1]",
    "cosine-similarity --x 1,2 --y 1,2,3": "error[SC314]: `--x --y` expects two inputs of the same shape",
    "attention --q 1,0 --k 1,0,0 --v 1": "error[SC314]: `--q --k --v` expects keys as wide as the queries",
    "batch-norm --x 1": "error[SC302]: `--x` expects more than one number per channel to take statistics over",
    "batch-norm --x 1,2 --var -1": "error[SC201]: `--var -1` expects variances of at least 0, receives −1",
    "batch-norm --x 1,2 --eps null": "error[SC202]: `--eps null` expects a number of at least 0, receives nothing",
    "dropout --x 1,2 --seed -1": "`--seed` expects a whole number of at least 0, receives `-1`",
    "relu --x 1,,2": "error[SC202]: `--x 1,,2` expects numbers, receives nothing between two commas",
    "conv --x 1,2 --w 1 --p 1 --padding-value 1,2": "SC204]: `--padding-value 1,2` expects one number, receives 2",
    "embedding --x 0,1 --table 1,2": "error[SC305]: `--table 1,2` expects a row for each index",
    "linear --x 1e200 --w 1e200 --exact": "error[SC025]: `--exact` expects results up to 1.8e+308",
    "embedding --x 1e300 --table [[1,2]] --exact": "error[SC202]: `--x 1e300` expects indices: integers of at least 0",
    "nll --x [[-1,-2]] --target 1e300 --exact": "error[SC202]: `--target 1e300` expects classes",
    "conv --x 5 --w 1,1": "error[SC302]: `--w 1,1` expects at least 2 cells, receives 1",
    "sigmoid --x " + "1," * 10_000 + "1": "expects at most 10,000 numbers, receives 10,001",
}


@for_each("arguments, message", MISTAKES.items(), [arguments[:50] for arguments in MISTAKES])
def test_a_mistake_is_answered_with_the_option_and_what_it_expects(arguments: str, message: str) -> None:
    result = run(*arguments.split())
    assert result.exit_code == 2
    assert message in result.output.replace("\n", " ") or message in result.output, result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["relu", "layer-norm"])
def test_a_file_of_numbers_is_read(name: str, tmp_path: Any) -> None:
    np.save(tmp_path / "x.npy", np.array([[1.0, -2.0], [3.0, 5.0]]))
    from_file = answered(name, "--x", str(tmp_path / "x.npy"))
    assert from_file == answered(name, "--x", "1,-2; 3,5")
