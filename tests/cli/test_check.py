"""`shapecalc check` as a gate: how it ends, where it writes, and that it holds what it found together."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import ROOT, environment
from tests.support.ci_logs import commands
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

CLEAN = "input: [N, 3, 7, 11]\nlayers: [relu]\n"
TYPO = "input: [N, 3, 7, 11]\nlayers: [rleu]\n"
SUSPECT = "input: [T, N, 5]\nlayers:\n  - gru: {hidden_size: 3, dropout: 0.5}\n"
UNMET = f"{CLEAN}expect: {{params: 1}}\n"
BLOCKS = "blocks:\n  twice:\n    layers: [relu, relu]\n"
FILES = {
    "clean.yaml": CLEAN,
    "typo.yaml": TYPO,
    "suspect.yaml": SUSPECT,
    "unmet.yaml": UNMET,
    "blocks.yaml": BLOCKS,
    "nets/deep/clean.yml": CLEAN,
    "nothing/notes.md": "no network",
}

# what it is, arguments, standard input, exit code, what stdout or stderr holds
ENDINGS = [
    ("a clean file", "clean.yaml", "", 0, "1 file checked: clean"),
    ("a run of too many operations", "vgg16 --run --max-flops 1G", "", 1, "SC705"),
    ("a run of too much memory", "vgg16 --run --max-memory 1MiB", "", 1, "SC701"),
    ("several", "clean.yaml blocks.yaml lenet5", "", 0, "3 files checked: clean"),
    ("a mistake", "typo.yaml", "", 1, "SC101"),
    ("a mistake among clean ones", "clean.yaml typo.yaml", "", 1, "2 files checked: 1 error"),
    ("an expectation that is not met", "unmet.yaml", "", 1, "SC501"),
    ("a warning", "suspect.yaml", "", 0, "1 warning"),
    ("a warning, strictly", "suspect.yaml --strict", "", 1, "SC402"),
    ("a warning that is ignored, strictly", "suspect.yaml --strict --ignore SC402", "", 0, "clean"),
    ("a mistake that is ignored", "typo.yaml --ignore sc1", "", 0, "clean"),
    ("a mistake of another code than those selected", "typo.yaml --select SC3,SC501", "", 0, "clean"),
    ("a mistake of a code selected", "typo.yaml unmet.yaml --select SC5", "", 1, "1 error"),
    ("codes that there are none of", "clean.yaml --select SC999", "", 2, "`--select` expects codes such as SC301"),
    ("no code at all", "clean.yaml --ignore ,", "", 2, "`--ignore` expects codes"),
    ("a folder", ".", "", 1, "6 files checked: 2 errors, 1 warning"),
    ("a folder without what is excluded", ". --exclude nets --exclude typo.yaml", "", 1, "4 files checked: 1 error"),
    ("a folder without files", "nothing", "", 2, "`nothing` has no YAML file below it"),
    ("a pattern", "'c*.yaml'", "", 0, "1 file checked"),
    ("a pattern of nothing", "'x*.yaml'", "", 2, "no file that it matches"),
    ("a file that is not there", "missing.yaml", "", 2, "`missing.yaml` does not exist"),
    ("a file that is not there, beside a mistake", "missing.yaml typo.yaml", "", 2, "2 files checked: 2 errors"),
    ("standard input", "-", CLEAN, 0, "clean"),
    ("standard input with a mistake and a name", "- --stdin-filename draft.yaml", TYPO, 1, "draft.yaml:2:10"),
    ("nothing to check", "", "", 2, "PATH"),
    ("a run", "lenet5 --run", "", 0, "clean"),
    ("a lock that is not there", "clean.yaml --locked", "", 2, "there is no lock file"),
    ("an unknown format", "clean.yaml --format xml", "", 2, "sarif"),
    (
        "two formats to one place",
        "clean.yaml --format json --format sarif",
        "",
        2,
        "one format goes to standard output",
    ),
    ("more files than formats", "clean.yaml --format json --output a --output b", "", 2, "give each file its format"),
    ("one file twice", "clean.yaml --format json --output a --format sarif --output a", "", 2, "is given twice"),
    ("a folder that is not there", "clean.yaml --format json --output no/such/place", "", 2, "cannot be written"),
    ("a fix of standard input", "- --fix", CLEAN, 2, "`--fix` expects files"),
    ("a fix of what ships", "clean.yaml vgg16 --fix", "", 2, "`vgg16`, which ships with shapecalc"),
    ("a fix of what cannot be mended", "unmet.yaml --fix", "", 1, "SC501"),
    ("a fix of a file that is not there", "missing.yaml --fix", "", 2, "does not exist"),
    ("no processes", "clean.yaml --processes 0", "", 2, "--jobs"),
]


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "says"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS]
)
def test_a_check_ends_as_documented(run: Run, arguments: str, stdin: str, code: int, says: str) -> None:
    ended = run(shell=f"check {arguments}", stdin=stdin)
    assert ended.code == code, ended
    assert says in ended.out + ended.err, ended


def test_every_format_tells_of_the_same_findings(run: Run) -> None:
    codes = {"SC101", "SC402", "SC501"}
    for written in ("text", "json", "github", "gitlab", "sarif", "junit"):
        ended = run("check", ".", "--format", written)
        assert ended.code == 1
        assert set(re.findall(r"SC\d{3}", ended.out)) == codes, written


def test_several_formats_are_written_in_one_run_each_to_its_file(run: Run, files: Path) -> None:
    ended = run(
        *("check", ".", "--format", "sarif", "--output", "found.sarif", "--format", "junit", "--output", "found.xml"),
        *("--format", "text"),
    )
    assert ended.code == 1
    assert "6 files checked: 2 errors, 1 warning" in ended.out
    assert json.loads((files / "found.sarif").read_text())["version"] == "2.1.0"
    assert (files / "found.xml").read_text().startswith("<?xml")


def test_a_format_with_a_file_leaves_standard_output_empty(run: Run, files: Path) -> None:
    ended = run("check", "typo.yaml", "--output", "found.txt")
    assert (ended.code, ended.out) == (1, "")
    assert "SC101" in (files / "found.txt").read_text()


def test_an_output_that_cannot_be_written_leaves_what_was_there(run: Run, files: Path) -> None:
    folder = files / "kept"
    folder.mkdir()
    (folder / "found.json").write_text("before")
    # No file may grow beyond a byte: the text does not fit, wherever it is put.
    ended = run(shell="check typo.yaml --format json --output kept/found.json", env={"BASH_ENV": limits(files)})
    assert ended.code == 2, ended
    assert (folder / "found.json").read_text() == "before"
    assert [path.name for path in folder.iterdir()] == ["found.json"]


def limits(folder: Path) -> str:
    script = folder / "limits.sh"
    script.write_text("ulimit -f 0\n")
    return str(script)


def test_github_is_handed_a_page_beside_its_annotations(run: Run, files: Path) -> None:
    page = files / "page.md"
    page.write_text("# before\n")
    ended = run("check", "typo.yaml", "--format", "github", env={"GITHUB_STEP_SUMMARY": str(page)})
    assert ended.out.startswith("::error file=typo.yaml,line=2")
    assert page.read_text().startswith("# before\n")
    assert "SC101" in page.read_text()


def test_a_name_in_a_file_is_no_command_in_the_log_of_github(run: Run, files: Path) -> None:
    (files / "typo.yaml").write_text('name: "a\\n::error::injected"\ninput: [N, 3]\nlayers:\n  - "::error::mine"\n')
    ended = run("check", "typo.yaml", env={"GITHUB_ACTIONS": "true"})
    assert ended.out == run("check", "typo.yaml").out
    assert not commands(ended.out)


def test_text_keeps_to_ascii_where_nothing_else_can_be_shown(run: Run, files: Path) -> None:
    (files / "net.yaml").write_text(
        "input: [N, 3, H, W]\nlayers:\n  - flatten\n  - {add: , from: [input, flatten_0]}\n"
    )
    ended = run("check", ".", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert ended.bytes.isascii()


def test_colours_are_for_terminals_and_whoever_asks(run: Run) -> None:
    assert "\x1b[" not in run("check", "typo.yaml").out
    assert "\x1b[" in run("check", "typo.yaml", "--color", "always").out
    assert "\x1b[" in run("check", "typo.yaml", env={"FORCE_COLOR": "1"}).out
    assert "\x1b[" not in run("check", "typo.yaml", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out


def test_what_was_locked_is_held_and_the_layer_that_moved_is_named(run: Run, files: Path) -> None:
    assert run("lock", "clean.yaml", "nets").code == 0
    assert run("check", "clean.yaml", "nets", "--locked").code == 0
    (files / "clean.yaml").write_text(CLEAN.replace("relu", "conv: {out_channels: 5, kernel_size: 3}"))
    ended = run("check", "clean.yaml", "nets", "--locked")
    assert ended.code == 1
    assert "error[SC502]" in ended.out
    assert "clean.yaml:2:10" in ended.out
    (files / "nets/deep/clean.yml").unlink()
    (files / "clean.yaml").write_text(CLEAN)
    ended = run("check", "clean.yaml", "--locked")
    assert ended.code == 1
    assert "error[SC503]: `nets/deep/clean.yml` is in `shapecalc.lock.json`, and not there any more" in ended.out


def test_a_fix_touches_the_slip_alone(run: Run, files: Path) -> None:
    text = "\ufeff# first\r\ninput: [N, 3, 7, 11]  # kept\r\nlayers:\r\n  - Conv2D: {filters: 5, kernal_size: 3}\r\n"
    (files / "typo.yaml").write_bytes(text.encode())
    ended = run("check", "typo.yaml", "clean.yaml", "--fix")
    assert (ended.code, ended.out) == (0, "2 files checked: clean\n")
    assert ended.err.splitlines() == [
        "fixed SC101 at typo.yaml:4:5: `Conv2D` → `conv`",
        "fixed SC102 at typo.yaml:4:14: `filters` → `out_channels`",
        "fixed SC102 at typo.yaml:4:26: `kernal_size` → `kernel_size`",
    ]
    right = text.replace("Conv2D", "conv").replace("filters", "out_channels").replace("kernal", "kernel")
    assert (files / "typo.yaml").read_bytes() == right.encode()
    assert (files / "clean.yaml").read_text() == CLEAN


def test_a_hundred_files_are_checked_without_numpy(files: Path) -> None:
    for number in range(100):
        (files / f"net{number}.yaml").write_text((ROOT / "architectures" / "resnet50.yaml").read_text())
    code = "import sys; from shapecalc.cli import main; sys.argv = ['shapecalc', 'check', '.', '--ignore', 'SC']\n"
    code += "try: main()\nexcept SystemExit as ended: print(ended.code, 'numpy' in sys.modules, 'rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=files,
        env={**environment(), "PYTHONPATH": os.fspath(ROOT)},
    )
    assert done.stdout.splitlines() == ["106 files checked: clean", "0 False False"]


def test_a_file_alone_has_the_format_of_its_ending(run: Run, files: Path) -> None:
    ended = run("check", ".", *(part for name in ("a.sarif", "b.xml", "c.json", "d") for part in ("--output", name)))
    assert (ended.code, ended.out) == (1, "")
    assert json.loads((files / "a.sarif").read_text())["version"] == "2.1.0"
    assert (files / "b.xml").read_text().startswith("<?xml")
    assert json.loads((files / "c.json").read_text())["schema_version"] == 1
    assert "error[SC101]" in (files / "d").read_text()
    assert run("check", ".", "--format", "text", "--output", "a.sarif").code == 1
    assert "error[SC101]" in (files / "a.sarif").read_text()
    refused = run("check", ".", "--output", "a.csv")
    assert refused.code == 2
    assert "expects a name that ends in .txt, .log, .json, .md, .sarif or .xml, receives `a.csv`" in refused.err
    assert run("check", ".", "--output", "a.report").code == 1, "an ending of no format is text, as it was"
    assert "error[SC101]" in (files / "a.report").read_text()


NET = """\
input: [N, 3, H, 32]
sizes: {H: 32}
parameters: {width: 8}
layers:
  - conv: {out_channels: $width, kernel_size: 3}
expect: {output: [N, 8, 30, 30]}
"""


def test_files_are_checked_at_the_sizes_of_set_and_batch(run, tmp_path) -> None:
    (tmp_path / "deployed").mkdir()
    (tmp_path / "deployed" / "net.yaml").write_text(NET)
    (tmp_path / "deployed" / "other.yaml").write_text("{input: [N, 7], layers: [relu]}")
    assert run("check", "deployed").code == 0
    assert run("check", "deployed", "--set", "H=64", "--set", "width=5", "--batch", "3").code == 0, (
        "expect: is for own sizes"
    )
    ended = run("check", "deployed", "--set", "H=2")
    assert (ended.code, "SC302" in ended.out) == (1, True)
    ended = run("check", "deployed", "--set", "Q=2")
    assert (ended.code, ended.out) == (2, "")
    assert "`--set Q` expects a symbol or a parameter of a file; no file has `Q`" in ended.err


def test_a_network_is_locked_and_compared_at_its_deployed_size(run, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    net = tmp_path / "net.yaml"
    net.write_text(NET)
    assert run("lock", "net.yaml", "--set", "H=64", "--batch", "2").code == 0
    entry = json.loads((tmp_path / "shapecalc.lock.json").read_text())["files"]["net.yaml"]
    assert (entry["settings"], entry["outputs"]) == ({"H": 64, "N": 2}, {"output": [2, 8, 62, 30]})
    assert run("check", "net.yaml", "--locked").code == 0
    assert run("lock", "net.yaml").out.startswith("nothing has moved")
    ended = run("lock", "net.yaml", "--set", "H=96")
    assert (ended.code, "at H = 96, N = 2, locked at H = 64, N = 2" in ended.err) == (1, True)
    net.write_text(NET.replace("kernel_size: 3", "kernel_size: 5"))
    ended = run("check", "net.yaml", "--locked", "--select", "SC502")
    assert (ended.code, "gives [2, 8, 60, 28], locked at [2, 8, 62, 30]" in ended.out) == (1, True)


def test_a_number_with_a_point_is_locked_and_read_again(run, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "net.yaml").write_text("{parameters: {rate: 0.5}, input: [N, 7], layers: [dropout: $rate]}")
    assert run("lock", "net.yaml", "--set", "rate=0.25").code == 0
    entry = json.loads((tmp_path / "shapecalc.lock.json").read_text())["files"]["net.yaml"]
    assert entry["settings"] == {"rate": {"float": "0.25"}}
    assert run("check", "net.yaml", "--locked").code == 0
    assert run("lock", "net.yaml").out.startswith("nothing has moved")
    ended = run("lock", "net.yaml", "--set", "rate=1e-07")
    assert (ended.code, "at rate = 1e-07, locked at rate = 0.25" in ended.err) == (1, True)


def test_only_what_differs_from_a_revision_is_checked(run, tmp_path) -> None:
    wrong = "input: [N, 8]\nlayers: [{linear: 4}, rleu]\n"
    net = wrong.replace("rleu", "relu")
    made = GitRepository(tmp_path / "repo", {"old.yaml": wrong, "net.yaml": net, "compose.yaml": "services: {}\n"})
    assert run("check", "repo").code == 1
    for words in (
        ("check", "repo", "--changed-since", "HEAD"),
        ("check", "repo", "--changed-since", "HEAD", "--set", "N=2"),
    ):
        ended = run(*words)
        assert ended.code == 0, ended
        assert ended.out == ("0 files checked: clean; 2 files as in HEAD not checked; 1 other YAML file passed over\n")
    made.write({"net.yaml": net.replace("relu", "gelu"), "new.yaml": wrong})
    ended = run("check", "repo", "--changed-since", "HEAD", "--format", "json")
    assert (ended.code, [each["name"] for each in json.loads(ended.out)["files"]]) == (
        1,
        ["repo/net.yaml", "repo/new.yaml"],
    )
    assert json.loads(ended.out)["totals"]["unchanged"] == 1
    assert run("check", "repo", "--changed-since", "nothing").code == 2
    (made.folder / ".git").rename(made.folder / "git")
    assert "is in no git repository" in run("check", "repo", "--changed-since", "HEAD").err
