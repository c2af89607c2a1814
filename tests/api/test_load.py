"""What every public function takes: an architecture, a path, a name of the zoo, and settings by keyword."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError

if TYPE_CHECKING:
    from collections.abc import Callable

WIDE = "{name: wide, parameters: {width: 8}, input: [N, 4, seed], layers: [linear: $width]}"

FUNCTIONS: dict[str, Callable[[Any], object]] = {
    "load": shapecalc.load,
    "inspect": lambda net: shapecalc.inspect(net).totals,
    "memory": lambda net: shapecalc.memory(net).ranges,
    "train_cost": lambda net: shapecalc.train_cost(net).to_dict(),
    "run": lambda net: shapecalc.run(net, np.ones((1, 1, 8, 8)))["output"].tolist(),
    "values": lambda net: shapecalc.values(net, np.ones((1, 1, 8, 8))).outputs["output"].value.figures,
    "verify": lambda net: [trial.sizes for trial in shapecalc.verify(net).trials],
    "train": lambda net: shapecalc.train(net, "digits8", epochs=1).losses,
    "solve": lambda net: shapecalc.solve(net).sizes,
    "sweep": lambda net: list(shapecalc.sweep(net, N=[1, 2]).rows()),
    "check": lambda net: [result.findings for result in shapecalc.check(net)],
    "diff": lambda net: shapecalc.diff(net, net).totals,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_an_architecture_a_path_and_a_text_of_the_path(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("{input: [N, 1, 8, 8], layers: [flatten, linear: 10]}", encoding="utf-8")
    function = FUNCTIONS[name]
    of_path = function(path)
    assert function(str(path)) == of_path
    assert function(shapecalc.load(path)) == of_path


def test_a_function_takes_a_name_of_the_zoo() -> None:
    assert shapecalc.inspect("lenet5").totals == shapecalc.inspect(shapecalc.load("lenet5")).totals
    assert (
        shapecalc.decode("char-rnn", beam=2).loop.macs == shapecalc.decode(shapecalc.load("char-rnn"), beam=2).loop.macs
    )


def test_every_public_function_is_in_the_list_of_names() -> None:
    asked = {"load", "loads", "inspect", "run", "verify", "check", "diff", "lock", "solve", "sweep", "memory", "values"}
    asked |= {"train_cost", "train", "decode", "layers"}
    assert asked <= set(dir(shapecalc))
    assert all(callable(getattr(shapecalc, name)) for name in asked)


def test_keywords_set_parameters_and_bind_symbols() -> None:
    for net in (shapecalc.loads(WIDE), shapecalc.loads(WIDE, width=5)):
        report = shapecalc.inspect(net, width=3, N=np.int64(2), settings={"seed": np.uint8(7)})
        assert report.outputs["output"] == (2, 4, 3)
        assert report.totals.params == 7 * 3 + 3
    assert shapecalc.loads(WIDE, parameters={"width": np.int32(6)}).parameters == {"width": 6}
    assert shapecalc.load(shapecalc.loads(WIDE), width=2).parameters == {"width": 2}


def test_a_name_that_an_architecture_does_not_have_is_a_diagnostic() -> None:
    with pytest.raises(ShapecalcError, match="SC312: `wide` has no symbol `depth`"):
        shapecalc.inspect(shapecalc.loads(WIDE), depth=2)
    with pytest.raises(ShapecalcError, match="SC312: `LeNet-5` has no parameter `N`"):
        shapecalc.load("lenet5", N=2)


@pytest.mark.parametrize("size", [True, 0, 2.5, "8", None, 2**40])
def test_a_size_is_an_integer_of_at_least_one(size: Any) -> None:
    with pytest.raises(ShapecalcError, match="SC201: `N` expects a size from 1"):
        shapecalc.inspect("lenet5", N=size)


@pytest.mark.parametrize("other", [None, 3, [], np.ones(2)])
def test_anything_else_is_a_type_error(other: Any) -> None:
    with pytest.raises(TypeError, match="is expected as an Architecture, a path or a name such as 'lenet5', receives"):
        shapecalc.inspect(other)


@pytest.mark.parametrize(("scale", "params"), [(1, 4 * 6 + 6), (1 / 3, 4 * 2 + 2), (0.5, 4 * 3 + 3)])
def test_a_scale_divides_the_widths(scale: float, params: int) -> None:
    wide = shapecalc.loads("{parameters: {width: 6}, widths: width, input: [N, 4], layers: [linear: $width]}")
    (row,) = shapecalc.verify(wide, scale=scale, N=1).trials[0].rows
    assert row.predicted_params == params


@pytest.mark.parametrize("scale", [0, -1, 2, 0.3])
def test_a_scale_is_one_part(scale: float) -> None:
    with pytest.raises(ShapecalcError, match="SC203: `scale` expects 1, 1/2, 1/3"):
        shapecalc.verify("mlp", scale=scale)


def test_help_shows_no_default_longer_than_a_line() -> None:
    from inspect import signature

    for name in shapecalc.__all__:
        public = getattr(shapecalc, name)
        if name.islower() and name not in {"layers", "__version__"}:
            defaults = [str(each.default) for each in signature(public).parameters.values()]
            assert max(map(len, defaults)) < 40, name


def test_a_path_like_object_is_a_path() -> None:
    assert shapecalc.load(Path("lenet5")).name == "LeNet-5"
