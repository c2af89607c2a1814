"""`shapecalc sweep`: grids as people write them, and every format."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app, sweep as command
from shapecalc.cli.sweep import values
from tests.cli.conftest import environment

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


def test_the_grid_is_a_table(run) -> None:
    ended = run("sweep", "net.yaml", "--set", "H=5:9:2", "--set", "width=4,16")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "width  H  params  buffers   MACs  FLOPs   memory  activations",
        "─────────────────────────────────────────────────────────────",
        "    4  5      40        0    108    240    256 B         96 B",
        "    4  7      40        0    180    400    320 B        160 B",
        "    4  9      40        0    252    560    384 B        224 B",
        "   16  5     160        0    432    960  1.0 KiB        384 B",
        "   16  7     160        0    720  1,600  1.3 KiB        640 B",
        "   16  9     160        0  1,008  2,240  1.5 KiB        896 B",
        "costs are those of one sample (or the smallest valid N) where N is not set; memory and activations at float32",
    ]
    assert ended.err == ""


def test_what_does_not_fit_is_left_out_and_counted_on_stderr(run) -> None:
    ended = run("sweep", "net.yaml", "--set", "H=1:4", "--format", "csv")
    assert len(ended.out.splitlines()) == 3
    assert ended.err == "note: 2 of 4 points left out, which do not fit\n"


def test_the_best_come_first(run) -> None:
    ended = run("sweep", "net.yaml", "--set", "H=5:100", "--top", "2", "--by", "-macs", "--format", "csv")
    assert [line.split(",")[0] for line in ended.out.splitlines()] == ["H", "100", "99"]


def test_the_front_is_kept(run) -> None:
    ended = run(
        *("sweep", "net.yaml", "--set", "H=5,9", "--set", "width=4,16", "--pareto", "-params, macs", "--format", "csv")
    )
    assert [line.split(",")[:2] for line in ended.out.splitlines()] == [["width", "H"], ["4", "5"], ["16", "5"]]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("64:512:32", tuple(range(64, 513, 32))),
        ("64:100:32", (64, 96)),
        ("3:5", (3, 4, 5)),
        ("7:7", (7,)),
        ("16,32,64", (16, 32, 64)),
        ("1:3,10", (1, 2, 3, 10)),
        ("0.5", (0.5,)),
        ("true,gelu", (True, "gelu")),
    ],
)
def test_values_are_ranges_lists_and_single_ones(text, read) -> None:
    assert tuple(values(text, "H")) == read


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--set", "H"], 2, "`--set` expects NAME=SIZE"),
        (["--set", "H=1:2:3:4"], 2, "START:STOP:STEP"),
        (["--set", "H=9:3"], 2, "a range that rises"),
        (["--set", "H=3:9:0"], 2, "a range that rises"),
        (["--set", "H=3:x"], 2, "expects a whole number, receives `x`"),
        (["--set", "H=x"], 2, "`H` expects sizes from 1"),
        (["--set", "Q=3", "--set", "H=9"], 2, "no symbol or parameter `Q`"),
        ([], 2, "write `--set H=…`"),
        (["--set", "H=9", "--top", "3"], 2, "add `--by macs`"),
        (["--set", "H=9", "--by", "mac"], 2, "write `macs`"),
        (["--set", "H=9", "--where", "macs < 3Z"], 2, "units: K, M, G, T"),
        (["--set", "H=9", "--where", "mac < 3"], 2, "  | ^^^"),
        (["--set", "H=9", "--plot", "out.xyz"], 2, "such as out.svg"),
        (["--set", "H=9", "--plot", "out.svg"], 2, "an axis with several numbers"),
        (["--set", "H=1,2"], 0, "2 of 2 points left out"),
        (["--set", "H=9", "--set", "width=0"], 1, "expects a positive integer as `out_channels`"),
        (["--set", "H=1:200000"], 2, "a table has at most 100,000 rows"),
    ],
)
def test_a_sweep_ends_as_documented(run, arguments, code, says) -> None:
    ended = run("sweep", "net.yaml", *arguments)
    assert ended.code == code, ended
    assert says in ended.err


def test_a_large_grid_leaves_as_it_is_worked_out(monkeypatch, tmp_path) -> None:
    written = []
    really = command._collect

    def spied(run, *rest, **more):
        chunks = run.chunks
        run._chunk = 10
        run.chunks = lambda: (written.append(piece.points) or piece for piece in chunks())
        return really(run, *rest, **more)

    monkeypatch.setattr(command, "_collect", spied)
    ended = CliRunner().invoke(app, ["sweep", str(tmp_path / "net.yaml"), "--set", "H=3:100", "--format", "jsonl"])
    assert ended.exit_code == 0, ended.output
    assert len(written) >= 10
    assert len(ended.stdout.splitlines()) == 98


@pytest.mark.parametrize(("module", "option", "extra"), [
    ("distributed", ["--dask", "tcp://127.0.0.1:1"], "nn-shapecalc[dask]"),
    ("matplotlib", ["--plot", "out.svg"], "nn-shapecalc[plot]"),
])  # fmt: skip
def test_an_extra_that_is_not_installed_is_named(monkeypatch, tmp_path, module, option, extra) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    ended = CliRunner().invoke(app, ["sweep", str(tmp_path / "net.yaml"), "--set", "H=5:9", *option])
    assert ended.exit_code == 2
    assert extra in ended.stderr


def read_all(terminal: int, into: list[bytes]) -> None:
    with suppress(OSError):  # what Linux says where the other side is closed
        while part := os.read(terminal, 2**16):
            into.append(part)


@pytest.mark.parametrize("format_", ["csv", "jsonl", "table", "columns"])
def test_a_bar_on_a_terminal_leaves_the_result_where_it_belongs(run, tmp_path, format_) -> None:
    import pty

    options = ["sweep", "net.yaml", "--set", "H=3:500", "--set", "width=4,8,16", "--format", format_]
    program = (
        f"import sys; from shapecalc.cli import main, progress; progress.PATIENCE = 0; sys.argv[1:] = {options}; main()"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path, env=environment()
    )
    os.close(theirs)
    drawn: list[bytes] = []
    # Read as it comes: a terminal that nobody reads holds its writer up.
    reader = threading.Thread(target=read_all, args=(ours, drawn))
    reader.start()
    out, _ = process.communicate(timeout=60)
    reader.join()
    os.close(ours)
    assert process.returncode == 0
    assert "1494/1494" in b"".join(drawn).decode()
    assert out.decode() == run(*options).out


def test_neither_extra_is_imported_without_its_option(run) -> None:
    program = (
        "import sys; from shapecalc.cli import main; sys.argv = ['shapecalc', 'sweep', 'net.yaml', '--set', 'H=9']\n"
        "try: main()\nexcept SystemExit: print({'matplotlib', 'distributed', 'dask', 'rich'} & set(sys.modules))"
    )
    ended = run(shell=f'--version; "$0" -c "{program}"')
    assert ended.out.splitlines()[-1] == "set()"


def test_an_unset_batch_is_the_smallest_valid_one(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text(
        "input: [N, 500]\nparameters: {width: 5}\nlayers: [{reshape: [-1, 320]}, {linear: $width}]\n"
    )
    unset = run("sweep", "net.yaml", "--set", "width=5,7", "--format", "csv").out.splitlines()[1:]
    sixteen = run("sweep", "net.yaml", "--set", "width=5,7", "--set", "N=16", "--format", "csv").out.splitlines()[1:]
    assert unset == [line.replace(",16,", ",", 1) for line in sixteen]
    assert [line.split(",")[3] for line in unset] == ["40000", "56000"]  # 25 rows x 320 x width


def test_every_format_has_the_same_points_and_a_file_has_what_is_printed(run, tmp_path) -> None:
    grid = ("sweep", "net.yaml", "--set", "H=2:9", "--set", "width=4,16")
    for ending, word in (("txt", "text"), ("json", "json"), ("csv", "csv"), ("jsonl", "jsonl")):
        printed = run(*grid, "--format", word)
        written = run(*grid, "--output", f"points.{ending}")
        assert (written.code, written.out, written.err) == (0, "", printed.err), word
        assert (tmp_path / f"points.{ending}").read_text("utf-8") == printed.out, word
    columns = json.loads(run(*grid, "--format", "columns").out)
    document = json.loads((tmp_path / "points.json").read_text())
    lines = [json.loads(line) for line in (tmp_path / "points.jsonl").read_text().splitlines()]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert document["points"] == lines == rows
    assert document["notes"] == ["2 of 16 points left out, which do not fit"]
    assert len(rows) == 14


def test_a_grid_of_no_point_has_the_header_alone(run) -> None:
    assert run("sweep", "net.yaml", "--set", "H=1,2", "--format", "csv").out.startswith("H,params,")
