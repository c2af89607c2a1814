"""`shapecalc rule`: a code explained, by examples that do what their page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import shapecalc
from shapecalc.checking.check import CheckOptions, check_file
from shapecalc.diagnostics.rules import codes, rule, rules
from shapecalc.layers.linear import Linear
from tests.support.volume import eighth

ROOT = Path(shapecalc.__file__).parent.parent
OF_A_COMMAND = [one for one in rules() if one.language == "console"]
NO_COMMAND_GIVES_IT = {"SC601": "it takes a rule of shapecalc that is wrong"}
SAID = re.compile(r"^(?:error\[|shapecalc\S+Error: )")
"""How a line of an example begins that is what a command says, and no command."""


def in_a_shell(example: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the commands of an example, each of which begins with `$ `, in one shell; the last one's exit code counts."""
    script = "\n".join(line.removeprefix("$ ") for line in example.split("\n") if not SAID.match(line))
    names = f'shapecalc() {{ "{sys.executable}" -m shapecalc "$@"; }}\npython() {{ "{sys.executable}" "$@"; }}\n'
    env = {name: value for name, value in os.environ.items() if name not in ("CI", "FORCE_COLOR")}  # as where one works
    return subprocess.run(
        ["bash", "-c", names + script],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**env, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )


@pytest.mark.parametrize("one", eighth(OF_A_COMMAND, lambda one: one.code))
def test_an_example_of_commands_says_what_the_page_shows_and_its_mended_form_nothing(one, tmp_path) -> None:
    broken = in_a_shell(one.broken, tmp_path)
    said = [line for line in (broken.stdout + broken.stderr).splitlines() if re.search(r"SC\d{3}", line)]
    shown = [line for line in one.broken.split("\n") if SAID.match(line)]
    assert [re.findall(r"SC\d{3}", line) for line in shown] == [[one.code]]
    assert said == ([] if one.code in NO_COMMAND_GIVES_IT else shown), broken
    mended = in_a_shell(one.mended, tmp_path)
    assert mended.returncode == 0, mended
    assert one.code not in mended.stdout + mended.stderr


def test_a_rule_of_shapecalc_that_is_wrong_is_told_as_its_page_shows(monkeypatch) -> None:
    right = Linear.macs
    monkeypatch.setattr(Linear, "macs", lambda self, x, y: right(self, x, y) + 1)
    told = [f"error[{found.code}]: {found.message}" for found in check_file("lenet5", CheckOptions(run=True)).findings]
    assert rule("SC601").broken.split("\n")[-1] in told


def test_a_code_is_explained_with_what_its_example_really_gives(run) -> None:
    ended = run("rule", "SC301")
    assert ended.code == 0
    assert ended.out.startswith("SC301: a stated size is not what arrives\n\nA layer's input size")
    for part in (
        "Broken:\n\n    input:",
        "error[SC301]: `linear` expects 4056 input features, receives 4704",
        "Fixed:",
    ):
        assert part in ended.out


@pytest.mark.parametrize("written", ["sc301", "301", "Sc301"])
def test_a_code_is_found_however_it_is_written(run, written: str) -> None:
    assert run("rule", written).out == run("rule", "SC301").out


def test_zeros_before_a_number_may_be_left_out(run) -> None:
    assert run("rule", "12").out == run("rule", "SC012").out


def test_all_codes_are_listed_with_their_titles(run) -> None:
    lines = run("rule").out.splitlines()
    assert lines[:-2] == [f"{one.code}  {one.title}" for one in rules()]
    assert lines[-1] == "shapecalc rule CODE: one explained"


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("SC331", "did you mean `SC301`?"),
        ("SX777", "`shapecalc rule` lists every code"),
        ("banana", "`shapecalc rule` lists every code"),
        ("\x1b[31m", "`shapecalc rule` lists every code"),
    ],
)
def test_a_code_that_is_none_is_wrong_usage_and_the_nearest_is_named(run, written: str, hint: str) -> None:
    ended = run("rule", written)
    assert ended.code == 2
    assert ended.out == ""
    assert hint in ended.err
    assert "\x1b" not in ended.err


def test_json_holds_the_pages(run) -> None:
    (one,) = json.loads(run("rule", "sc302", "--format", "json").out)["rules"]
    assert one == rule("SC302")._asdict()
    every = json.loads(run("rule", "--format", "json").out)
    assert every["schema_version"] == 1
    assert [entry["code"] for entry in every["rules"]] == list(codes())


def test_a_terminal_of_ascii_alone_is_written_in_it(run) -> None:
    for code in ("SC014", "SC105"):
        out = run("rule", code, env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}).bytes
        assert out.isascii()
        assert b"\\u{" not in out, "signs are spelt out"


def test_colours_are_for_those_who_ask(run) -> None:
    plain = run("rule", "SC301").out
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", run("rule", "SC301", "--color", "always").out) == plain
