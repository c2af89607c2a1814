"""Files of a check compared with a lock: those that changed, were moved, or are not networks any more."""

from __future__ import annotations

import json
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import shapecalc
from shapecalc.checking.check import check
from shapecalc.checking.locked import lock_of_files
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.diffing.lock import load_lock
from shapecalc.diffing.lock.recording import record, reports_of
from shapecalc.files.settings import Settings
from shapecalc.render.check import github, gitlab, json as json_format, junit, sarif, text

NET = "input: [N, 8]\nlayers:\n  - linear: 4\n  - relu\n"
LIBRARY = "blocks:\n  pair: {layers: [{linear: 4}, relu]}\n"
CALLER = "include: lib.yaml\ninput: [N, 8]\nlayers:\n  - pair\n"
LOCK = "the lock.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in {"a net.yaml": NET, "b.yaml": NET.replace("4", "5")}.items():
        Path(name).write_text(content, encoding="utf-8")
    shapecalc.lock(".", file=LOCK)
    return tmp_path


def codes() -> dict[str, list[str]]:
    return {each.name: [one.code for one in each.findings] for each in check(".", lock=LOCK) if each.findings}


def test_a_moved_file_is_one_finding_whose_help_locks_it() -> None:
    Path("a net.yaml").rename("c.yaml")
    assert codes() == {"c.yaml": ["SC503"]}
    assert [each.former for each in check(shapecalc.load("c.yaml"), shapecalc.load("b.yaml"), lock=LOCK)] == [
        "a net.yaml",
        None,
    ]
    (_, moved) = check(".", lock=LOCK)
    assert moved.former == "a net.yaml"
    assert "as `a net.yaml`" in moved.findings[0].message
    assert moved.findings[0].help is not None
    command = moved.findings[0].help.split("`")[1]
    assert shlex.split(command) == ["shapecalc", "lock", "--update", "c.yaml", "--lock-file", LOCK]
    shapecalc.lock("c.yaml", file=LOCK, update=True)
    assert codes() == {}


def test_of_two_files_that_are_equal_to_a_missing_one_none_was_moved() -> None:
    Path("a net.yaml").rename("c.yaml")
    Path("d.yaml").write_text(NET, encoding="utf-8")
    assert codes() == {"c.yaml": ["SC503"], "d.yaml": ["SC503"], LOCK: ["SC503"]}
    assert all("as `a net.yaml`" not in one.message for each in check(".", lock=LOCK) for one in each.findings)


def test_a_moved_file_that_has_changed_is_new_and_another_one_is_gone() -> None:
    Path("a net.yaml").rename("c.yaml")
    Path("c.yaml").write_text(NET.replace("4", "6"), encoding="utf-8")
    assert codes() == {"c.yaml": ["SC503"], LOCK: ["SC503"]}


def test_other_settings_of_a_check_hide_no_move() -> None:
    Path("a net.yaml").rename("c.yaml")
    at_three = Settings({"N": 3})
    results = check(".", lock=LOCK, settings=at_three)
    assert ["as `a net.yaml`" in one.message for each in results for one in each.findings] == [True]
    given = reports_of(["c.yaml"], LIMITS, at_three, LOCK)
    record(given.reports, LOCK, "0", update=True, settings=given.settings)
    Path("c.yaml").rename("d.yaml")
    results = check(".", lock=LOCK, settings=at_three)
    assert ["as `c.yaml`" in one.message for each in results for one in each.findings] == [True]


def test_a_locked_file_that_becomes_blocks_or_a_file_of_another_tool_is_a_finding() -> None:
    Path("a net.yaml").write_text(LIBRARY, encoding="utf-8")
    (blocks, *_) = [each for each in check(".", lock=LOCK) if each.findings]
    assert (blocks.name, "SC503" in [one.code for one in blocks.findings]) == ("a net.yaml", True)
    Path("a net.yaml").write_text("jobs: {}\n", encoding="utf-8")
    assert codes() == {LOCK: ["SC503"]}
    assert {each.name for each in check("b.yaml", lock=LOCK)} == {"b.yaml"}


def test_files_that_are_not_checked_and_exist_are_no_finding() -> None:
    assert [each.findings for each in check("b.yaml", lock=LOCK)] == [()]
    assert [each.findings for each in check(".", exclude=["a*"], lock=LOCK)] == [()]


def test_every_format_names_the_file_of_each_finding(folder: Path) -> None:
    (folder / "lib.yaml").write_text(LIBRARY, encoding="utf-8")
    for name in ("c.yaml", "d.yaml"):
        (folder / name).write_text(CALLER, encoding="utf-8")
    shapecalc.lock(".", file=LOCK)
    (folder / "lib.yaml").write_text(LIBRARY.replace("4", "6"), encoding="utf-8")  # the span is in the library
    whole = json.loads(Path(LOCK).read_text(encoding="utf-8"))
    whole["files"]["b.yaml"]["params"] += 1  # no layer has the difference: no span
    del whole["files"]["a net.yaml"]
    whole["files"]["gone.yaml"] = {**whole["files"]["b.yaml"], "macs": 1}
    Path(LOCK).write_text(json.dumps(whole), encoding="utf-8")
    results = tuple(
        each for each in check(".", lock=LOCK) if any(one.code in ("SC502", "SC503") for one in each.findings)
    )
    names = ["a net.yaml", "b.yaml", "c.yaml", "d.yaml", "gone.yaml"]
    assert [each.name for each in results] == [*names[:4], LOCK]
    shown = {
        "text": text.checks(results).split("\n\n")[:-1],
        "github": [line for line in github.checks(results).splitlines() if line.startswith("::error")],
        "gitlab": [entry["description"] for entry in json.loads(gitlab.checks(results))],
        "sarif": [entry["message"]["text"] for entry in json.loads(sarif.checks(results))["runs"][0]["results"]],
        "json": [
            one["message"] for file in json.loads(json_format.checks(results))["files"] for one in file["findings"]
        ],
        "junit": [failure.attrib["message"] for failure in ET.fromstring(junit.checks(results)).iter("failure")],
    }
    for format_, messages in shown.items():
        assert len(messages) == len(names), format_
        for name, message in zip(names, messages, strict=True):
            assert f"`{name}`" in message, (format_, message)


def test_the_help_of_each_finding_is_a_command_for_this_lock_file(folder: Path) -> None:
    for edit in ("a net.yaml", "b.yaml"):
        (folder / edit).write_text(NET.replace("4", "7"), encoding="utf-8")
    (folder / "-new.yaml").write_text(NET.replace("4", "9"), encoding="utf-8")
    commands = [one.help.split("`")[1] for each in check(".", lock=LOCK) for one in each.findings if one.help]
    assert [shlex.split(command)[2:] for command in commands] == [
        ["./-new.yaml", "--lock-file", LOCK],
        ["--update", "a net.yaml", "--lock-file", LOCK],
        ["--update", "b.yaml", "--lock-file", LOCK],
    ]


def test_several_processes_find_what_one_finds_with_the_entries_of_their_files(folder: Path) -> None:
    for number in range(70):
        (folder / f"{number}.yaml").write_text(NET.replace("4", str(10 + number)), encoding="utf-8")
    shapecalc.lock(".", file=LOCK)
    (folder / "a net.yaml").rename(folder / "c.yaml")
    (folder / "b.yaml").unlink()
    (folder / "7.yaml").write_text(NET, encoding="utf-8")
    (folder / "new.yaml").write_text(NET.replace("4", "9"), encoding="utf-8")
    alone = check(".", lock=LOCK, processes=1)
    assert [(each.name, [one.code for one in each.findings]) for each in alone if each.findings] == [
        ("7.yaml", ["SC502"]),
        ("c.yaml", ["SC503"]),
        ("new.yaml", ["SC503"]),
        (LOCK, ["SC503"]),
    ]
    assert check(".", lock=LOCK, processes=2) == alone
    part = lock_of_files(load_lock(LOCK), LOCK, ["3.yaml", "new.yaml"])
    assert [*part.files] == ["3.yaml", "a net.yaml", "b.yaml"]
