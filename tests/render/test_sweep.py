"""A sweep in every format."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

from shapecalc.files import zoo
from shapecalc.files.load import load
from shapecalc.render.sweep import points
from shapecalc.solving.sweep import Query, Run
from shapecalc.solving.sweep.plans import concatenate
from tests.render.test_eighty_columns import check_document

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


def test_markdown_and_latex_have_a_row_per_point(run) -> None:
    for format_, lines in (("markdown", 2), ("latex", 6)):
        written = run("sweep", "net.yaml", "--set", "H=3:5", "--format", format_).out.split("\n\n")[0]
        assert len(written.strip().split("\n")) == 3 + lines, format_


def test_every_point_of_a_sweep_of_the_zoo_is_one_line_at_80_columns() -> None:
    for name in zoo.names():
        network = load(name)
        others = {symbol: (64,) for symbol in network.symbols if symbol != "N" and symbol not in network.sizes}
        if "N" not in network.symbols:
            continue
        run = Run(network, {"N": (1, 64, 4096), **others}, Query(None, None, None, (), {}))
        columns = concatenate(list(run.chunks()), run.names).columns
        result = points(columns, run.costs)
        assert len(result.main.rows) == 3, name
        check_document(result)
