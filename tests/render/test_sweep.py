"""A sweep in every format."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

NET = """\
name: net
parameters: {width: 8, activation: relu}
input: [N, 3, H]
layers:
  - conv: {out_channels: $width, kernel_size: 3}
  - $activation
"""


@pytest.fixture(autouse=True)
def net(tmp_path):
    (tmp_path / "net.yaml").write_text(NET)


def test_every_format_has_the_same_figures(run) -> None:
    options = ("sweep", "net.yaml", "--set", "H=1:9", "--set", "activation=relu,gelu", "--where", "H < 8")
    lines = [json.loads(line) for line in run(*options, "--format", "jsonl").out.splitlines()]
    columns = json.loads(run(*options, "--format", "columns").out)
    written = list(csv.DictReader(StringIO(run(*options, "--format", "csv").out)))
    assert [line["H"] for line in lines] == [3, 4, 5, 6, 7] * 2
    assert {name: [line[name] for line in lines] for name in lines[0]} == columns
    assert [{name: str(value) for name, value in line.items()} for line in lines] == written


def test_a_grid_of_which_nothing_is_kept_still_has_its_header(run) -> None:
    assert run("sweep", "net.yaml", "--set", "H=1,2", "--format", "csv").out.count("\n") == 1
    assert json.loads(run("sweep", "net.yaml", "--set", "H=1", "--format", "columns").out)["macs"] == []
    assert run("sweep", "net.yaml", "--set", "H=1").out.startswith("H  params")
