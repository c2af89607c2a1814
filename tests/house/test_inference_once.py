"""A command infers a network once for each set of sizes, and reports each network with one solution of constraints."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app
from shapecalc.costs import liveness
from shapecalc.shape_inference import constraints, engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {
    "sized.yaml": """\
input: [N, 3, H, W]
sizes: {H: 16, W: 16}
where: ["H % 2 == 0", "W % 2 == 0"]
layers:
  - conv: {out_channels: 4, kernel_size: 3, padding: 1}
  - pixel_unshuffle: 2
""",
    "unsized.yaml": """\
input: [N, 3, H, W]
where: ["H % 2 == 0", "W % 2 == 0"]
layers:
  - conv: {out_channels: 4, kernel_size: 3, padding: 1}
  - pixel_unshuffle: 2
""",
    "classifier.yaml": "input: [N, 1, 8, 8]\nlayers: [flatten, linear: 10]\n",
}

COMMANDS = [
    "inspect mlp",
    "inspect sized.yaml",
    "inspect sized.yaml --symbolic",
    "inspect sized.yaml --params-as keras",
    "inspect unsized.yaml",
    "inspect unet-padded --graph dot",
    "check mlp sized.yaml unsized.yaml",
    "check mlp sized.yaml unsized.yaml --run --processes 1",
    "watch sized.yaml",
    "watch unsized.yaml",
    "memory unet",
    "explain lenet5 c3 --key macs,live",
    "explain mlp --key params,peak",
    "inspect mlp --explain",
    "verify mlp",
    "verify mlp --set N=3",
    "verify char-rnn",
    "verify sized.yaml",
    "verify unsized.yaml",
    "verify unsized.yaml --set N=1",
    "verify mlp --backward",
    "verify unsized.yaml --backward",
    "train-cost lenet5",
    "train-cost lenet5 --batch 7 --memory 1GiB --checkpoint 3",
    "train-cost char-rnn --truncate 5",
    "train classifier.yaml --data digits8 --epochs 1",
    "decode char-rnn --length 3",
    "decode char-rnn --length 3 --beam 1 --run",
    "decode llama-260k --length 3 --beam 1 --run",
    "diff lenet5 mlp",
    "diff sized.yaml unsized.yaml",
    "lock sized.yaml unsized.yaml",
    "solve unet-padded --near 500",
    "solve alexnet --unknown conv1.stride --out 55x55 --at conv1",
    "sweep vgg11 --set H=224,256 --set W=224",
    "list",
]


def modules() -> list[Any]:
    for found in pkgutil.walk_packages(shapecalc.__path__, "shapecalc."):
        if found.name != "shapecalc.__main__":
            importlib.import_module(found.name)
    return [module for name, module in sys.modules.items() if name.startswith("shapecalc.")]


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str, Callable[..., Any]], Counter[Any]]:
    """Return a function that replaces one function everywhere and counts its calls by a key of their arguments."""

    def start(home: Any, name: str, key: Callable[..., Any]) -> Counter[Any]:
        calls: Counter[Any] = Counter()
        original = getattr(home, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            calls[key(*args, **kwargs)] += 1
            return original(*args, **kwargs)

        for module in modules():
            if getattr(module, name, None) is original:
                monkeypatch.setattr(module, name, counted)
        return calls

    return start


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


def ran(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)  # `watch` waits for the next version of the file
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code == (130 if command.startswith("watch") else 0), result.output


class Same:
    """An argument as a key: the object itself, which stays alive while it is one."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


def inference(architecture: Any, *, symbolic: bool = False, sizes: Any = None, one_sample: bool = True) -> Any:  # noqa: ARG001
    return Same(architecture), frozenset(engine._bindings(architecture, sizes or {}, symbolic=symbolic).items())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_infers_a_network_once_for_each_set_of_sizes(command: str, count, monkeypatch) -> None:
    calls = count(engine, "infer", inference)
    ran(command, monkeypatch)
    assert calls
    assert set(calls.values()) == {1}, [(dict(sizes), times) for (_, sizes), times in calls.items()]


@pytest.mark.parametrize("command", ["inspect sized.yaml", "inspect unet", "check sized.yaml", "watch sized.yaml"])
def test_a_command_solves_the_constraints_of_a_report_once(command: str, count, monkeypatch) -> None:
    calls = count(constraints, "solve_constraints", lambda required, symbols: (tuple(required), tuple(symbols)))
    ran(command, monkeypatch)
    assert set(calls.values()) == {1}


@pytest.mark.parametrize("command", ["memory unet", "train-cost lenet5 --checkpoint 3"])
@pytest.mark.parametrize("name", ["memory_of_slots", "live_ranges"])
def test_a_command_derives_live_ranges_once(command: str, name: str, count, monkeypatch) -> None:
    calls = count(liveness, name, lambda report, *_: Same(report))
    ran(command, monkeypatch)
    assert set(calls.values()) <= {1}


def test_these_tests_can_fail_for_a_second_inference_is_counted(count) -> None:
    calls = count(engine, "infer", inference)
    network = shapecalc.load("mlp")
    for sizes in ({}, {}, {"N": 2}):
        engine.inspect_at(network, sizes)
    assert sorted(calls.values()) == [1, 2]
