"""`shapecalc memory`, as its readers see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run

PEAK = """\
peak 36.8 KiB = 37632·N bytes in tanh_1; live tensors:
tensor  shape              bytes
────────────────────────────────
c1      [N, 6, 28, 28]  18.4 KiB
tanh_1  [N, 6, 28, 28]  18.4 KiB

weights take 241.0 KiB in addition
"""


def test_the_peak_its_moment_and_its_tensors_are_shown(run: Run) -> None:
    ended = run("memory", "lenet5")
    assert ended.code == 0
    assert PEAK in ended.out
    assert "tanh_1      tanh                   [N, 6, 28, 28]   36.8 KiB  peak\n" in ended.out
    assert ended.out.startswith("LeNet-5  [N, 1, 32, 32]\n\n36.8 KiB      ████\n")


def test_sizes_that_are_set_count(run: Run) -> None:
    found = json.loads(run("memory", "lenet5", "--set", "N=10", "--format", "json").out)
    assert found["bindings"] == {"N": 10}
    assert (found["peak"]["path"], found["peak"]["bytes"]) == ("tanh_1", 376320)
    assert [tensor["slot"] for tensor in found["peak"]["tensors"]] == ["c1", "tanh_1"]
    assert found["weight_bytes"] == 246824
    assert found["order"] is None
    assert [layer["live_bytes"] for layer in found["layers"]][:2] == [10 * 4 * (1024 + 4704), 376320]


def test_json_has_the_closed_form_where_the_batch_is_free(run: Run) -> None:
    found = json.loads(run("memory", "lenet5", "--format", "json").out)
    assert (found["peak"]["bytes"], found["peak"]["bytes_at_costs_at"]) == ("37632*N", 37632)


def test_an_ascii_terminal_gets_ascii(run: Run) -> None:
    out = run("memory", "resnet18", "--depth", "1", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}).out
    assert out.isascii()
    assert "6.1 MiB       ##########\n" in out
    assert "\\u" not in out


def test_a_mistake_in_the_file_is_told(run: Run) -> None:
    ended = run("memory", "-", stdin="input: [N, 3]\nlayers: [{linear: 0}]\n")
    assert ended.code == 1
    assert "error[SC2" in ended.err
