"""Names in letters of any script, through every command and format."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.cells import cell_len

import shapecalc

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

NETWORK = """\
name: 卷积网络
inputs: {图像: [N, 3, 32, 32]}
blocks:
  残差块:
    parameters: [channels]
    inputs: [输入]
    layers:
      - add:
          主路: [{conv: {out_channels: $channels, kernel_size: 3, padding: 1}, name: 卷积}]
          捷径: [{conv: {out_channels: $channels, kernel_size: 1}}]
layers:
  - {残差块: 16, name: 第一块}
  - {relu: , name: активация}
  - {conv: {out_channels: 16, kernel_size: 3, padding: 1}, name: 합성곱.층/二-1}
  - {conv: {out_channels: 16, kernel_size: 3, padding: 1}, share: 합성곱.층/二-1, name: café_couche}
  - {global_avg_pool: {keepdim: false}, from: café_couche, name: 平均}
  - {linear: 10, name: Größe_ß}
outputs: {类别: Größe_ß, 特征: 平均}
"""
PATHS = [
    *(
        "第一块.add_0.主路.卷积",
        "第一块.add_0.捷径.conv_0",
        "第一块.add_0",
        "активация",
        "합성곱.층/二-1",
        "café_couche",
    ),
    *("平均", "Größe_ß"),
]


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "网络.yaml").write_text(NETWORK, encoding="utf-8")
    return "网络.yaml"


@pytest.mark.parametrize("command", ["inspect", "verify", "memory"])
def test_tables_are_aligned(run: Run, path: str, command: str) -> None:
    """The widths are rich's own, not those that the table was drawn with."""
    out = run(command, path).out
    rows = [line for line in out.splitlines() if "  conv" in line and "[" in line]
    assert len(rows) >= 4
    assert len({cell_len(line[: line.index("[")]) for line in rows}) == 1


def test_json_and_csv_have_the_paths_as_they_are(run: Run, path: str) -> None:
    found = json.loads(run("inspect", path, "--format", "json").out)
    assert [row["path"] for row in found["layers"]] == PATHS
    assert (list(found["inputs"]), list(found["outputs"])) == (["图像"], ["类别", "特征"])
    table = list(csv.reader(io.StringIO(run("inspect", path, "--format", "csv", "--columns", "path").out)))
    assert [cells[0] for cells in table[1:]][: len(PATHS)] == PATHS
    proved = json.loads(run("verify", path, "--format", "json").out)
    assert [row["path"] for row in proved["trials"][0]["layers"]] == PATHS
    assert proved["ok"]


@pytest.mark.parametrize("graph", ["mermaid", "dot"])
def test_drawings_have_the_names_in_labels_and_never_as_identifiers(run: Run, path: str, graph: str) -> None:
    out = run("inspect", path, "--graph", graph).out
    for name in ("图像", "第一块", "主路", "активация", "합성곱.층/二-1", "类别"):
        assert name in out
    rest = re.sub('"[^"]*"', "", out)
    assert rest.isascii(), "what is not in a label is an identifier"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_letters_shows_escapes(run: Run, path: str, encoding: str) -> None:
    ended = run("inspect", path, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert ended.code == 0
    assert "\\u{7b2c}" in ended.bytes.decode(encoding)


def test_locks_and_diffs_match_by_name(run: Run, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert run("lock", path).code == 0
    assert run("check", path, "--locked").code == 0
    wider = NETWORK.replace("linear: 10, name: Größe_ß", "linear: 11, name: Größe_ß")
    (tmp_path / "after.yaml").write_text(wider, encoding="utf-8")
    changed = json.loads(run("diff", path, "after.yaml", "--format", "json").out)
    assert "Größe_ß" in json.dumps(changed, ensure_ascii=False)
    (tmp_path / path).write_text(wider, encoding="utf-8")
    ended = run("check", path, "--locked")
    assert ended.code == 1
    assert "`Größe_ß`" in ended.out + ended.err


@pytest.mark.parametrize("form", ["text", "json", "github", "gitlab", "sarif", "junit"])
def test_reports_of_a_mistake_have_the_name(run: Run, path: str, tmp_path: Path, form: str) -> None:
    broken = NETWORK.replace("from: café_couche", "from: 不存在")
    (tmp_path / path).write_text(broken, encoding="utf-8")
    ended = run("check", path, "--format", form)
    assert ended.code == 1
    shown = html.unescape(ended.out)
    if form in ("json", "gitlab", "sarif"):
        shown = json.dumps(json.loads(shown), ensure_ascii=False)
    assert "`不存在`" in shown


def test_a_grid_and_a_solution_find_steps_by_name(run: Run, path: str) -> None:
    out = run("sweep", path, "--set", "N=1,2", "--sum", "main=*主路*", "--format", "jsonl").out
    assert json.loads(out.splitlines()[0])["main"] == 16 * 32 * 32 * 27
    at = ("--at", "Größe_ß", "--set", "N=1", "--out", "1,7")
    solved = run("solve", path, "--unknown", "Größe_ß.out_features", *at)
    assert solved.code == 0
    assert "[1, 7]" in solved.out


def test_arrays_are_passed_and_returned_by_name() -> None:
    network = shapecalc.loads(NETWORK)
    bias = np.arange(10, dtype=np.float32)
    given = {"Größe_ß.bias": bias, "Größe_ß.weight": np.zeros((10, 16), dtype=np.float32)}
    values = shapecalc.run(network, {"图像": np.zeros((1, 3, 32, 32), dtype=np.float32)}, given)
    assert list(values) == ["类别", "特征"]
    assert values["类别"].tolist() == [bias.tolist()]
