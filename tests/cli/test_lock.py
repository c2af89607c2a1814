"""`shapecalc lock`: written, held to, updated, refused."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from shapecalc.files import zoo
from tests.cli.conftest import environment

NET = """\
input: [N, 3, 8, 8]
layers:
  - conv: {out_channels: 4, kernel_size: 3}
    name: c1
  - relu
  - flatten
  - linear: 10
"""
LOCK = "shapecalc.lock.json"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "nets").mkdir()
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "nets/other.yaml").write_text(NET.replace("4", "5"))
    return tmp_path


def widen(path: Path) -> None:
    path.write_text(path.read_text().replace("out_channels: 4", "out_channels: 6"))


def keys(folder: Path) -> list[str]:
    return list(json.loads((folder / LOCK).read_text())["files"])


def test_a_lock_is_written_and_then_held_to(run, folder) -> None:
    first = run("lock", ".")
    assert (first.code, first.out, first.err) == (0, "shapecalc.lock.json holds 2 files\n", "")
    assert keys(folder) == ["net.yaml", "nets/other.yaml"]
    before = (folder / LOCK).read_bytes()
    again = run("lock", ".")
    assert (again.code, again.out) == (0, "nothing has moved: 2 files as locked in shapecalc.lock.json\n")
    assert (folder / LOCK).read_bytes() == before


def test_what_has_moved_is_shown_and_the_lock_stays(run, folder) -> None:
    run("lock", ".")
    before = (folder / LOCK).read_bytes()
    widen(folder / "net.yaml")
    ended = run("lock", ".")
    assert ended.code == 1
    assert [re.split("  +", line) for line in ended.out.splitlines()[::2]] == [
        ["file", "params", "MACs", "change"],
        ["net.yaml", "1,562 → 2,338, +776 (+49.7 %)", "5,328 → 7,992, +2,664 (+50.0 %)", "4 layers changed"],
        ["shapecalc.lock.json is not written: `--update` records this"],
    ]
    assert ended.err.startswith("error[SC502]: `c1` has 168 params, locked at 112\n --> net.yaml:3:5\n")
    assert (folder / LOCK).read_bytes() == before


def test_an_update_locks_what_has_moved_and_says_it(run, folder) -> None:
    run("lock", ".")
    widen(folder / "net.yaml")
    ended = run("lock", "--update", "net.yaml")
    assert ended.code == 0
    assert ended.out.splitlines()[2].startswith("net.yaml  1,562 → 2,338, +776 (+49.7 %)")
    assert ended.out.splitlines()[4:] == [
        "updated: net.yaml: `c1` has 168 params, locked at 112",
        "shapecalc.lock.json holds 2 files",
    ]
    assert run("lock", ".").out.startswith("nothing has moved")


@pytest.mark.parametrize("value", ["true", "1", "yes", "TRUE"])
def test_an_update_is_refused_where_ci_is_set(run, folder, value) -> None:
    run("lock", ".")
    before = (folder / LOCK).read_bytes()
    widen(folder / "net.yaml")
    ended = run("lock", "--update", ".", env={"CI": value})
    assert ended.code == 2
    assert "`--update` is refused if `CI` is set" in ended.err
    assert "commit the lock" in ended.err
    assert (folder / LOCK).read_bytes() == before
    assert run("lock", ".", env={"CI": value}).code == 1


@pytest.mark.parametrize("value", ["", "0", "false", "False"])
def test_ci_that_is_set_to_nothing_is_not_set(run, value) -> None:
    assert run("lock", "--update", ".", env={"CI": value}).code == 0


def test_files_that_are_not_named_stay_in_the_lock(run, folder) -> None:
    run("lock", "net.yaml")
    assert keys(folder) == ["net.yaml"]
    assert run("lock", "nets").out == "shapecalc.lock.json holds 2 files, 1 of them new\n"
    assert keys(folder) == ["net.yaml", "nets/other.yaml"]


def test_a_file_that_is_gone_is_moved_until_the_update_drops_it(run, folder) -> None:
    run("lock", ".")
    (folder / "nets/other.yaml").unlink()
    ended = run("lock", "net.yaml")
    assert ended.code == 1
    assert "error[SC503]: `nets/other.yaml` is in `shapecalc.lock.json`, and not there any more" in ended.err
    assert run("lock", "--update", "net.yaml").code == 0
    assert keys(folder) == ["net.yaml"]


def test_the_order_of_paths_and_the_way_they_are_written_do_not_matter(run, folder) -> None:
    run("lock", "net.yaml", "nets/other.yaml")
    before = (folder / LOCK).read_bytes()
    (folder / LOCK).unlink()
    run("lock", "./nets//other.yaml", str(folder / "net.yaml"), "*.yaml")
    assert (folder / LOCK).read_bytes() == before


def test_a_lock_elsewhere_names_files_from_its_own_folder(run, folder) -> None:
    run("lock", ".", "--file", "nets/the.lock")
    assert list(json.loads((folder / "nets/the.lock").read_text())["files"]) == ["../net.yaml", "other.yaml"]
    assert run("lock", ".", "--file", "nets/the.lock").out.startswith("nothing has moved: 2 files")


def test_the_lock_is_byte_identical_under_two_hash_seeds(run, folder) -> None:
    for name in zoo.names():
        shipped = zoo.path(name)
        assert shipped is not None
        (folder / f"{name}.yaml").write_bytes(Path(shipped).read_bytes())
    (folder / "free.yaml").write_text(
        "input: [N, 3, H, W]\nlayers: [{conv: {out_channels: 4, kernel_size: 3}}, relu]\n"
    )
    texts = []
    for seed in ("0", "1"):
        assert run("lock", ".", "--lock-file", f"{seed}.lock", env={"PYTHONHASHSEED": seed}).code == 0
        texts.append((folder / f"{seed}.lock").read_bytes())
    assert texts[0] == texts[1]
    assert texts[0].endswith(b"}\n")
    assert b'"macs": "108*' in texts[0]  # closed forms are in it


def test_files_of_blocks_are_passed_over(run, folder) -> None:
    (folder / "common.yaml").write_text("blocks: {a: {layers: [relu]}}\n")
    assert run("lock", ".").code == 0
    assert keys(folder) == ["net.yaml", "nets/other.yaml"]


def test_what_cannot_be_read_stops_the_lock_and_all_of_it_is_said(run, folder) -> None:
    (folder / "bad.yaml").write_text("input: [N, 3]\nlayers: [rleu]\n")
    (folder / "worse.yaml").write_text("input: [N, 3]\nlayers: [{linear: -1}]\n")
    ended = run("lock", ".")
    assert (ended.code, ended.out) == (1, "")
    assert "bad.yaml:2:10" in ended.err
    assert "worse.yaml:2:" in ended.err
    assert re.findall(r"^\d+ errors?$", ended.err, re.MULTILINE) == ["2 errors"]
    assert not (folder / LOCK).exists()
    assert run("lock", "nope.yaml").code == 2
    assert run("lock", "-").code == 2


def test_what_has_moved_is_counted_once(run, folder) -> None:
    (folder / "copy.yaml").write_text((folder / "net.yaml").read_text())
    run("lock", ".")
    for name in ("net.yaml", "copy.yaml"):
        widen(folder / name)
    said = run("lock", ".").err
    assert said.count("error[SC502]") == 2
    assert re.findall(r"^\d+ errors?$", said, re.MULTILINE) == ["2 errors"]


def test_a_spoilt_lock_is_not_written_over(run, folder) -> None:
    (folder / LOCK).write_text("<<<<<<< ours\n")
    for words in (("lock", "."), ("lock", "--update", ".")):
        ended = run(*words)
        assert ended.code == 2
        assert ended.err.startswith("error[SC504]: `shapecalc.lock.json` has a merge conflict, of `ours`, without some")
        assert "\n --> shapecalc.lock.json:1:1\n" in ended.err
        assert "`shapecalc lock --resolve`" in ended.err
    assert (folder / LOCK).read_text() == "<<<<<<< ours\n"


def test_hostile_names_in_a_lock_do_not_reach_the_terminal(run, folder) -> None:
    run("lock", "net.yaml")
    whole = json.loads((folder / LOCK).read_text())
    entry = whole["files"]["net.yaml"]
    entry["layers"][0]["path"] = "c\x1b[31m\u202e\n::error::x"
    whole["files"]["\x1b]0;owned\x07.yaml"] = whole["files"]["net.yaml"]
    (folder / LOCK).write_text(json.dumps(whole))
    ended = run("lock", "net.yaml")
    assert ended.code == 1
    assert "SC502" in ended.err
    assert "SC503" in ended.err
    updated = run("lock", "net.yaml", "--update")
    assert updated.code == 0
    for text in (ended.err, updated.out):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
        assert not any(line.startswith("::") for line in text.splitlines())


def test_a_name_that_is_no_text_is_locked(folder) -> None:
    name = os.fsdecode(b"n\xe9t.yaml")
    try:
        (folder / name).write_text(NET)
    except OSError:
        return  # the file system takes only names that are text
    command = [sys.executable, "-m", "shapecalc", "lock", name]
    for expected in ("holds 1 file", "nothing has moved: 1 file"):
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout.decode()


def test_a_lock_that_cannot_be_written_is_named(run) -> None:
    ended = run("lock", ".", "--lock-file", "nowhere/the.lock")
    assert ended.code == 2
    assert ended.err == "error: `nowhere/the.lock` cannot be written: no such file or directory\n"


def test_a_full_disk_leaves_the_old_lock_whole(run, folder) -> None:
    run("lock", "net.yaml")
    before = (folder / LOCK).read_bytes()
    # No file may grow beyond so many kilobytes: writing fails as on a full disk.
    ended = run(shell="lock nets", env={"BASH_ENV": str(_limits(folder))})
    assert ended.code == 2
    assert ended.err == "error: `shapecalc.lock.json` cannot be written: file too large\n"
    assert (folder / LOCK).read_bytes() == before
    assert not list(folder.glob(".*.tmp"))


def _limits(folder: Path) -> Path:
    script = folder / "limits.sh"
    script.write_text("ulimit -f 1\ntrap '' XFSZ\n")
    return script


def test_the_lock_keeps_its_permissions_and_its_link(run, folder) -> None:
    run("lock", "net.yaml", "--lock-file", "real.lock")
    (folder / "real.lock").chmod(0o640)
    (folder / LOCK).symlink_to("real.lock")
    assert run("lock", "nets").code == 0
    assert (folder / LOCK).is_symlink()
    assert stat.S_IMODE((folder / "real.lock").stat().st_mode) == 0o640
    assert keys(folder) == ["net.yaml", "nets/other.yaml"]


def test_json_says_what_was_locked(run, folder) -> None:
    first = json.loads(run("lock", ".", "--format", "json").out)
    assert (first["files"], first["created"], first["written"], first["new"]) == (
        2, True, True, ["net.yaml", "nets/other.yaml"],
    )  # fmt: skip
    widen(folder / "net.yaml")
    assert json.loads(run("lock", ".", "--update", "--format", "json").out)["updated"] == {
        "net.yaml": ["`c1` has 168 params, locked at 112"]
    }
    assert not json.loads(run("lock", ".", "--format", "json").out)["written"]


def test_the_help_for_a_file_that_is_gone_is_a_command_that_removes_it(run, tmp_path: Path) -> None:
    for file, option in (("shapecalc.lock.json", ()), ("other.json", ("--lock-file", "other.json"))):
        for name in ("a net.yaml", "gone.yaml"):
            (tmp_path / name).write_text("input: [N, 3]\nlayers: [linear: 2]\n", encoding="utf-8")
        assert run("lock", "a net.yaml", "gone.yaml", *option).code == 0
        (tmp_path / "gone.yaml").unlink()
        ended = run("check", "a net.yaml", "--locked", *option)
        (command,) = re.findall(
            r"help: if it is gone for good, run `(shapecalc lock --update .*)`: an update of any file", ended.out
        )
        assert run(*shlex.split(command)[1:], env={"CI": ""}).code == 0, file
        assert run("check", "a net.yaml", "--locked", *option).code == 0, file


def conflict(folder: Path) -> bytes:
    """Leave a lock in conflict: net.yaml is wider on one side, and other.yaml is only on the other."""
    text = (folder / LOCK).read_text()
    ours, theirs = text.replace('"out', '"0ut'), text.replace('"params": 112', '"params": 113')
    (folder / LOCK).write_text(f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> wider\n")
    return (folder / LOCK).read_bytes()


def test_a_conflict_is_explained_and_resolved(run, folder) -> None:
    run("lock", ".")
    scratch = (folder / LOCK).read_bytes()
    conflict(folder)
    for words in (("lock", "."), ("lock", "--update", "."), ("check", ".", "--locked")):
        ended = run(*words)
        assert ended.code == 2
        assert ended.err.startswith("error[SC504]: `shapecalc.lock.json` has a merge conflict, of `HEAD` and `wider`\n")
        assert " --> shapecalc.lock.json:1:1\n" in ended.err
    (command,) = re.findall("then run `(shapecalc lock --resolve)`", ended.err)
    resolved = run(*command.split()[1:])
    assert resolved.code == 0
    assert resolved.out.splitlines()[-1] == "shapecalc.lock.json is rebuilt, and holds 2 files"
    assert (folder / LOCK).read_bytes() == scratch
    assert run("check", ".", "--locked").code == 0


def test_resolving_is_refused_in_ci_with_an_update_and_without_a_conflict(run, folder) -> None:
    run("lock", ".")
    ended = run("lock", "--resolve")
    assert ended.code == 2
    assert "error[SC504]: `shapecalc.lock.json` has no merge conflict to resolve\n" in ended.err
    before = conflict(folder)
    assert "`--resolve` is refused if `CI` is set" in run("lock", "--resolve", env={"CI": "1"}).err
    assert "`--update` and `--resolve` exclude each other" in run("lock", "--resolve", "--update").err
    assert "no file has `M`" in run("lock", "--resolve", "--set", "M=3").err
    (folder / "net.yaml").write_text("<<<<<<< HEAD\n")
    assert run("lock", "--resolve").code == 1
    assert (folder / LOCK).read_bytes() == before


def test_a_resolution_is_written_in_each_format(run, folder) -> None:
    run("lock", ".")
    before = conflict(folder)
    (folder / "ci.yaml").write_text("jobs: {}\n")
    shown = json.loads(run("lock", ".", "--resolve", "--format", "json").out)
    assert (shown["files"], shown["skipped"]) == (2, ["ci.yaml"])
    assert [file["file"] for file in shown["resolved"]] == ["net.yaml", "nets/other.yaml"]
    for format_, start in (
        ("csv", "file,side,params"),
        ("markdown", "| file | as on |"),
        ("latex", r"\begin{tabular}"),
    ):
        (folder / LOCK).write_bytes(before)
        assert run("lock", "--resolve", "--format", format_).out.startswith(start)


def test_files_of_other_tools_are_skipped_and_counted_and_excluded_ones_are_not(run, folder) -> None:
    (folder / "ci.yaml").write_text("jobs: {build: {steps: [run]}}\n")
    first = run("lock", ".", "--exclude", "nets")
    assert first.out == "shapecalc.lock.json holds 1 file; 1 other YAML file passed over\n"
    assert keys(folder) == ["net.yaml"]
    assert json.loads(run("lock", ".", "--exclude", "nets", "--format", "json").out)["skipped"] == ["ci.yaml"]


def test_a_network_that_was_moved_is_one_change(run, folder) -> None:
    run("lock", ".")
    (folder / "net.yaml").rename(folder / "renamed.yaml")
    ended = run("lock", ".")
    assert ended.code == 1
    assert "moved from net.yaml" in ended.out
    said = "is in `shapecalc.lock.json` as `net.yaml`, which is not there any more, with the same figures"
    assert ended.err.splitlines()[:2] == [
        f"error[SC503]: `renamed.yaml` {said}",
        "  = help: run `shapecalc lock --update renamed.yaml` to lock it under its new name",
    ]
    updated = run("lock", "--update", "renamed.yaml")
    assert updated.out.splitlines()[-1] == "shapecalc.lock.json holds 2 files"
    assert keys(folder) == ["nets/other.yaml", "renamed.yaml"]


def test_a_locked_file_that_is_no_network_any_more_is_found(run, folder) -> None:
    run("lock", ".")
    for text in ("blocks: {a: {layers: [relu]}}\n", "jobs: {}\n"):
        (folder / "net.yaml").write_text(text)
        ended = run("lock", ".")
        assert ended.code == 1, text
        assert "`net.yaml` is in `shapecalc.lock.json`, and not a network any more" in ended.err
    assert run("lock", ".", "--update").code == 0
    assert keys(folder) == ["nets/other.yaml"]


def test_a_hook_fails_if_it_wrote_the_lock_file_and_passes_the_second_time(run, folder) -> None:
    (folder / "nets/other.yaml").rename(folder / "other.txt")
    for shown in ("shapecalc.lock.json holds 1 file\n", "shapecalc.lock.json holds 2 files, 1 of them new\n"):
        wrote = run("lock", ".", "--fail-if-written")
        assert (wrote.code, wrote.out) == (1, shown)
        assert wrote.err == "error: `shapecalc.lock.json` was written: add it to the commit\n"
        again = run("lock", ".", "--fail-if-written")
        assert (again.code, again.err) == (0, "")
        (folder / "nets/other.yaml").write_text(NET)
    widen(folder / "net.yaml")
    moved = run("lock", ".", "--fail-if-written")
    assert moved.code == 1
    assert "was written" not in moved.err
