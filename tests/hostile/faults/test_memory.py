"""Memory that is refused: by the system at every size between too little and enough, and at each array in turn."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from tests.hostile.faults.processes import NET, Ended, Fault, ends_as_expected, keeps_the_promise
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def net(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)
    (folder / "big.yaml").write_text("input: [1, 16, 512, 512]\nlayers: [relu]\n")


# The stack is made to grow before: it could not later, and the system would end the process there and then.
LIMIT = """
import resource
deep = []
for _ in range(900):
    deep = [deep]
repr(deep)
resource.setrlimit(resource.RLIMIT_AS, ({0} << 20, {0} << 20))
"""
REFUSED = "error: out of memory"
WITH_NUMPY = ("verify", "train", "sweep")

# What a process needs depends on the machine: that a size is too little is certain only of the smallest.
SIZES = [
    Fault(f"{size} MiB: {' '.join(command)}", command, 0, "", net, LIMIT.format(size))
    for size in (24, 48, 72, 96, 120, 160)
    for command in (
        ("verify", "net.yaml"),
        ("train", "net.yaml", "--data", "digits", "--epochs", "1"),
        ("sweep", "net.yaml", "--set", "N=1:300000", "--format", "columns"),
    )
] + [
    Fault(f"{size} MiB: {' '.join(command)}", command, 0, "", net, LIMIT.format(size))
    for size in (18, 20, 22, 24, 28)
    for command in (("inspect", "resnet152"), ("check", "resnet152", "net.yaml"), ("lock", "net.yaml"), ("--help",))
]


@pytest.mark.parametrize("fault", eighth(SIZES))
def test_a_command_that_gets_too_little_memory_says_so(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    outcome = ended(fault)
    said = outcome.err.decode()
    if outcome.code == -signal.SIGSEGV and fault.command[0] in WITH_NUMPY:
        # The compiled modules of NumPy do not check what they get: half imported, they end the process now or later.
        assert said in ("", f"{REFUSED}\n"), said
        return
    keeps_the_promise(outcome, (0, 1))
    # OpenBLAS, which NumPy multiplies with, ends a process itself where it gets nothing.
    assert (outcome.code == 0) == (REFUSED not in said and "OpenBLAS error" not in said), said


HINT = f"{REFUSED}; `--max-memory` refuses such a run before it starts\n"
TRAIN = ("train", "net.yaml", "--data", "digits")
SWEEP = ("sweep", "net.yaml", "--set", "N=1:1000000", "--format", "csv")
# Once all is loaded, and OpenBLAS has the buffers that it cannot do without, so much more is to be had and no more.
LEFT = """
import hashlib, resource, numpy, shapecalc.cli
square = numpy.ones((300, 300))
square @ square
square.astype(numpy.float32) @ square.astype(numpy.float32)
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + ({0} << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
"""
TOO_LITTLE = [
    Fault("verify, whose option bounds it", ("verify", "big.yaml"), 1, HINT, net, LEFT.format(8)),
    Fault("train, whose option bounds it", TRAIN, 1, HINT, net, LEFT.format(4)),
    Fault("check that runs", ("check", "big.yaml", "--run"), 1, HINT, net, LEFT.format(8)),
    Fault("check that does not", ("check", "resnet152"), 1, f"{REFUSED}\n", net, LEFT.format(1)),
    Fault("sweep, which has no such option", SWEEP, 1, f"{REFUSED}\n", net, LEFT.format(4)),
    Fault("inspect, which has none either", ("inspect", "resnet152"), 1, f"{REFUSED}\n", net, LEFT.format(1)),
]


@pytest.mark.parametrize("fault", TOO_LITTLE, ids=str)
def test_the_message_names_an_option_that_the_command_has(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))
    assert ("--max-memory" in fault.says) == ("--max-memory" in ended(fault).said)


MAKERS = ("empty", "zeros", "ones", "full", "pad", "ascontiguousarray", "concatenate", "arange", "matmul", "einsum")
NETWORKS = {
    "windows": NET,
    "blocks": "input: [N, 8, 6]\nlayers: [multihead_attention: {num_heads: 2, batch_first: true}, layer_norm, gelu]\n",
    "time": "input: [N, 4, 3]\nlayers:\n  - lstm: {hidden_size: 2, batch_first: true}\n",
}


@pytest.mark.parametrize("words", ["verify", "verify --backward"])
@pytest.mark.parametrize("network", NETWORKS)
def test_no_array_that_is_refused_is_missed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: str, words: str
) -> None:
    """Refuse the n-th array that a run makes, for every n."""
    path = tmp_path / "net.yaml"
    path.write_text(NETWORKS[network])
    made = limit = 0

    def refusing(function: Callable[..., Any]) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Any:
            nonlocal made
            if sys._getframe(1).f_globals.get("__name__", "").startswith("shapecalc."):
                made += 1
                if made == limit:
                    raise MemoryError
            return function(*args, **kwargs)

        return make

    for name in MAKERS:
        monkeypatch.setattr(np, name, refusing(getattr(np, name)))
    arguments = [*words.split(), str(path)]
    for _ in range(2):  # some arrays are made once and kept
        made = 0
        assert CliRunner().invoke(app, arguments).exit_code == 0
    steps = range(1, made + 1, max(1, made // 25))
    assert made > 5
    for limit in steps:
        made = 0
        ended = CliRunner().invoke(app, arguments)
        assert ended.exit_code == 1, (limit, ended.output, ended.exception)
        assert ended.stderr == f"{REFUSED}; `--max-memory` refuses such a run before it starts\n", limit
