"""Merge conflicts of lock files resolved, after merges that git has done."""

from __future__ import annotations

import os
import random
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings, strategies as st

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.diffing.lock import LOCK_FILE, folder, read_lock, resolving, to_json
from shapecalc.diffing.lock.resolving import Side, resolved
from shapecalc.files.discovery import Discovered
from shapecalc.files.settings import NOTHING_SET
from tests.support.lock_merges import STYLES, git, lock_text, merged, network, write_networks
from tests.support.rows import for_each

NAMES = [f"{letter}.yaml" for letter in "abcdef"]
WIDTHS = st.dictionaries(st.sampled_from(NAMES), st.integers(2, 5), max_size=len(NAMES))
EDITS = st.dictionaries(st.sampled_from(NAMES), st.none() | st.integers(2, 7), max_size=3)


def with_edits(base: dict[str, int], edits: dict[str, int | None]) -> dict[str, int]:
    return {key: width for key, width in {**base, **edits}.items() if width is not None}


@settings(deadline=None)
@given(WIDTHS, EDITS, EDITS, st.sampled_from(STYLES), st.booleans(), st.data())
def test_a_lock_that_git_has_merged_is_what_locking_anew_gives(
    base: dict[str, int],
    our_edits: dict[str, int | None],
    their_edits: dict[str, int | None],
    style: tuple[str, ...],
    crlf: bool,
    data: st.DataObject,
) -> None:
    ours, theirs = with_edits(base, our_edits), with_edits(base, their_edits)
    texts = [lock_text(each).replace("\n", "\r\n" if crlf else "\n") for each in (ours, base, theirs)]
    # The networks are merged as files; whoever resolves a conflict may write anything, or delete it.
    here = {}
    for key in {*ours, *theirs}:
        sides = (ours.get(key), theirs.get(key))
        changed = [side for side in sides if side != base.get(key)]
        here[key] = sides[0] if not changed or sides[0] == sides[1] else changed[0]
        if len(changed) > 1 and sides[0] != sides[1]:
            here[key] = data.draw(st.sampled_from([*sides, 8, None]))
    files = {key: width for key, width in here.items() if width is not None}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, conflicting = merged(folder, *texts, style=style)
        assume(conflicting)
        write_networks(folder, files)
        lock_file = str(folder / LOCK_FILE)
        (folder / LOCK_FILE).write_bytes(text.encode())
        with pytest.raises(ShapecalcError, match=r"SC504: .* merge conflicts?, of `ours` and `theirs`"):
            read_lock(text, lock_file)
        done = resolved(Discovered((), ()), lock_file, shapecalc.__version__, LIMITS, NOTHING_SET)
    # Where one side deletes a network that the other changes, git may take its name out of the text of both sides.
    named = {key: width for key, width in files.items() if f'"{key}": {{' in text}
    assert to_json(done.lock) == lock_text(named)
    assert {*done.dropped} <= {*ours, *theirs} - {*named}
    assert {*files} - {*named} <= {key for key in base if None in (ours.get(key), theirs.get(key))}
    for file in done.files:
        # Where one side has changed a network, git has merged its entry into the text of both sides.
        if file.side is Side.NEITHER:
            assert files[file.key] not in (ours.get(file.key), theirs.get(file.key)) or any(
                side is None or side.entry != done.lock.files[file.key] for side in (file.ours, file.theirs)
            )


def make_repository(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    git(folder, "init", "-q")
    write_networks(folder, dict.fromkeys(NAMES[:4], 4))
    commit(folder)
    return folder


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_repository(tmp_path, monkeypatch)


def commit(folder: Path) -> None:
    shapecalc.lock(".", update=True)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "networks")


def branch(folder: Path, ours: dict[str, str | None], theirs: dict[str, str | None]) -> None:
    """Commit other texts of networks, or delete them, on `main` and on the branch `other`."""
    git(folder, "branch", "other")
    for name, edits in (("other", theirs), ("main", ours)):
        git(folder, "checkout", "-q", name)
        for key, text in edits.items():
            (folder / key).unlink() if text is None else (folder / key).write_text(text, encoding="utf-8")
        commit(folder)


@for_each(
    "ours, theirs, conflicts, sides",
    [
        # two networks, one on each side, next to each other and apart
        ({"a.yaml": 5}, {"b.yaml": 6}, False, {}),
        ({"a.yaml": 5}, {"d.yaml": 6}, False, {}),
        # the same network
        ({"b.yaml": 5}, {"b.yaml": 6}, True, {"b.yaml": Side.OURS}),
        ({"b.yaml": 5}, {"b.yaml": 5}, False, {}),
        # networks that are added
        ({"e.yaml": 5}, {"f.yaml": 6}, True, {"e.yaml": Side.OURS, "f.yaml": Side.THEIRS}),
        ({"b0.yaml": 5}, {"f.yaml": 6}, False, {}),
        ({"a.yaml": None, "e.yaml": 5}, {"b.yaml": 6, "f.yaml": 7}, True, {}),
    ],
)
def test_after_a_merge_of_two_branches_the_rebuilt_lock_passes(
    ours: dict[str, int | None],
    theirs: dict[str, int | None],
    conflicts: bool,
    sides: dict[str, Side],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository = make_repository(tmp_path, monkeypatch)
    texts = [
        {key: None if width is None else network(width) for key, width in edits.items()} for edits in (ours, theirs)
    ]
    branch(repository, *texts)
    git(repository, "merge", "-q", "other", fails=conflicts)
    if conflicts:
        git(repository, "checkout", "-q", "--ours", "--", "*.yaml")
        with pytest.raises(ShapecalcError, match=r"SC504: .*, of `HEAD` and `other`"):
            shapecalc.check(".", lock=LOCK_FILE)
        done = shapecalc.lock(resolve=True).resolution
        assert done is not None
        for key, side in sides.items():
            assert [file.side for file in done.files if file.key == key] == [side]
    assert not shapecalc.check(".", lock=LOCK_FILE).failed()
    found = Path(LOCK_FILE).read_bytes()
    Path(LOCK_FILE).unlink()
    shapecalc.lock(".")
    assert found == Path(LOCK_FILE).read_bytes()


LONG = network(4) + "".join(f"  - linear: {width}\n" for width in range(10, 40))


def test_an_entry_that_git_has_merged_of_two_is_found(repository: Path) -> None:
    # Each branch changes another layer. Git merges the network, and of the lock the lines of these layers; the totals
    # are those of one side.
    (repository / "a.yaml").write_text(LONG, encoding="utf-8")
    commit(repository)
    edits = (("  - linear: 3\n", "  - linear: 6\n"), ("linear: 39\n", "linear: 37\n"))
    branch(repository, *({"a.yaml": LONG.replace(*edit)} for edit in edits))
    git(repository, "merge", "-q", "-X", "ours", "other")
    assert [LONG.replace(*edits[0]).replace(*edits[1])] == [(repository / "a.yaml").read_text(encoding="utf-8")]
    (result,) = shapecalc.check("a.yaml", lock=LOCK_FILE)
    assert [finding.code for finding in result.findings] == ["SC502"]
    assert "`a.yaml`: `net` has 20,244 params, locked at 20,322" in result.findings[0].message
    git(repository, "reset", "-q", "--hard", "HEAD~1")
    git(repository, "merge", "-q", "other", fails=True)
    done = shapecalc.lock(resolve=True).resolution
    assert done is not None
    assert [file.side for file in done.files] == [Side.NEITHER, *[Side.BOTH] * 3]
    assert not shapecalc.check(".", lock=LOCK_FILE).failed()


def test_a_lock_with_the_lines_of_both_sides_is_refused(repository: Path) -> None:
    (repository / ".gitattributes").write_text("*.json merge=union\n", encoding="utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "attributes")
    branch(repository, {"a.yaml": network(5)}, {"a.yaml": network(5).replace("3", "7"), "b.yaml": network(6)})
    git(repository, "merge", "-q", "-X", "ours", "other")
    with pytest.raises(ShapecalcError, match=r"SC504: .* is not JSON"):
        shapecalc.check(".", lock=LOCK_FILE)


def test_whatever_two_branches_do_the_rebuilt_lock_is_that_of_all_networks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(19)
    lost = 0
    for trial in range(12):
        (tmp_path / str(trial)).mkdir()
        repository = make_repository(tmp_path / str(trial), monkeypatch)
        sides = [{key: draw.choice((None, 2, 3, 5)) for key in draw.sample(NAMES[:4], 3)} for _ in range(2)]
        branch(repository, *({key: width and network(width) for key, width in side.items()} for side in sides))
        subprocess.run(["git", "merge", "-q", "other"], cwd=repository, capture_output=True, check=False)
        locked = Path(LOCK_FILE).read_text(encoding="utf-8")
        if "<<<<<<<" not in locked:
            continue
        there = {key: draw.choice((2, 6)) for key in NAMES[:4] if not all(side.get(key, 4) is None for side in sides)}
        write_networks(repository, there)
        lost += any(f'"{key}": {{' not in locked for key in there)
        for key in {*NAMES[:4]} - {*there}:
            (repository / key).unlink(missing_ok=True)
        shapecalc.lock(resolve=True)
        assert Path(LOCK_FILE).read_text(encoding="utf-8") == lock_text(there), trial
    assert lost, "no name was taken out of the text of both sides"


def test_a_side_that_is_too_large_is_refused_and_not_cut(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    branch(repository, {"a.yaml": network(5)}, {"a.yaml": network(6)})
    git(repository, "merge", "-q", "other", fails=True)
    Path(LOCK_FILE).write_text("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", encoding="utf-8")
    write_networks(repository, {"a.yaml": 5})
    assert shapecalc.lock(resolve=True).resolution is not None  # both sides are read from git
    Path(LOCK_FILE).write_text("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", encoding="utf-8")
    for module in (folder, resolving):
        monkeypatch.setattr(module, "MOST_BYTES", 100)
    with pytest.raises(ShapecalcError, match=r"SC010: .* is larger than 100 bytes"):
        shapecalc.lock(resolve=True)


def test_a_file_is_named_by_the_side_that_has_its_entry(repository: Path) -> None:
    text, _ = merged(repository, *map(lock_text, ({"a.yaml": 5, "b.yaml": 4}, {}, {"a.yaml": 6, "c.yaml": 4})))
    Path(LOCK_FILE).write_text(text, encoding="utf-8")
    (repository / "a.yaml").write_text(network(7), encoding="utf-8")
    (repository / "c.yaml").unlink()
    done = shapecalc.lock("d.yaml", resolve=True).resolution
    assert done is not None
    assert {file.key: file.side for file in done.files} == {
        "a.yaml": Side.NEITHER,
        "b.yaml": Side.OURS,
        "d.yaml": Side.NEW,
    }
    assert done.dropped == ("c.yaml",)


def test_a_file_that_is_not_a_network_any_more_is_dropped_as_by_an_update(repository: Path) -> None:
    branch(repository, {"a.yaml": network(5)}, {"a.yaml": network(6)})
    git(repository, "merge", "-q", "other", fails=True)
    git(repository, "checkout", "-q", "--ours", "--", "a.yaml")
    (repository / "b.yaml").write_text("services: {web: 1}\n", encoding="utf-8")
    (repository / "c.yaml").write_text("blocks: {a: {layers: [relu]}}\n", encoding="utf-8")
    (repository / "d.yaml").unlink()
    conflict = Path(LOCK_FILE).read_bytes()
    with pytest.raises(ShapecalcError, match="SC102"):
        shapecalc.lock("b.yaml", resolve=True)
    for paths in ((), (".",)):
        Path(LOCK_FILE).write_bytes(conflict)
        done = shapecalc.lock(*paths, resolve=True).resolution
        assert done is not None
        assert (done.dropped, done.former) == (("b.yaml", "c.yaml", "d.yaml"), {"b.yaml", "c.yaml"})
        assert not shapecalc.check(".", lock=LOCK_FILE).failed()


def test_each_file_is_locked_at_its_settings_those_of_ours_first(repository: Path) -> None:
    whole = re.sub('("params": [0-9]+)\n', r'\1,\n      "settings": {"N": 4}\n', lock_text({"a.yaml": 4}))
    for other, differs in (('{"N": 5}', True), ('{"N": 4}', False), ("{}", True)):
        theirs = whole.replace('{"N": 4}', other).replace('"relu"', '"tanh"')
        text, conflicting = merged(repository, whole.replace('"relu"', '"gelu"'), lock_text({"a.yaml": 4}), theirs)
        assert conflicting
        Path(LOCK_FILE).write_text(text, encoding="utf-8")
        done = shapecalc.lock(resolve=True).resolution
        assert done is not None
        (file,) = done.files
        assert file.settings_differ is differs, other
        assert file.entry.settings == {"N": 4}


@pytest.mark.usefixtures("repository")
def test_a_side_that_is_no_lock_is_read_entry_by_entry() -> None:
    text = lock_text({"a.yaml": 4, "b.yaml": 4, "gone.yaml": 4})
    # Without its comma the text is not JSON, and without a line the entry of a.yaml is not whole.
    spoilt = text.replace("    },\n", "    }\n").replace('"params": 36, ', "", 1)
    Path(LOCK_FILE).write_text(f"<<<<<<< x\n{spoilt}=======\n{spoilt}>>>>>>> y\n", encoding="utf-8")
    done = shapecalc.lock(resolve=True).resolution
    assert done is not None
    assert [(file.key, file.side) for file in done.files] == [("a.yaml", Side.NEITHER), ("b.yaml", Side.BOTH)]
    assert done.dropped == ("gone.yaml",)


def test_what_cannot_be_resolved_is_refused_and_nothing_is_written(repository: Path) -> None:
    before = Path(LOCK_FILE).read_bytes()
    with pytest.raises(ShapecalcError, match=r"SC504: `shapecalc\.lock\.json` has no merge conflict to resolve"):
        shapecalc.lock(resolve=True)
    for text, code in (("", "SC504"), ("<<<<<<<\n>>>>>>>\n", "SC504"), ("{}", "SC504")):
        Path(LOCK_FILE).write_text(text, encoding="utf-8")
        with pytest.raises(ShapecalcError, match=code):
            shapecalc.lock(resolve=True)
        assert Path(LOCK_FILE).read_text(encoding="utf-8") == text
    conflict = b"<<<<<<<\n" + before + b"=======\n>>>>>>>\n"
    Path(LOCK_FILE).write_bytes(conflict)
    (repository / "a.yaml").write_text("<<<<<<< ours\n", encoding="utf-8")
    (repository / "c.yaml").write_text("input: [N, 3]\nlayers: [rleu]\n", encoding="utf-8")
    with pytest.raises(ShapecalcError) as raised:
        shapecalc.lock(resolve=True)
    assert "c.yaml:2:10: SC101" in str(raised.value.__notes__)
    assert Path(LOCK_FILE).read_bytes() == conflict
    Path(LOCK_FILE).unlink()
    with pytest.raises(ShapecalcError, match="SC503"):
        shapecalc.lock(resolve=True)
    assert not os.path.lexists(LOCK_FILE)


@settings(deadline=None)
@given(st.data())
def test_any_text_with_markers_is_resolved_or_refused(data: st.DataObject) -> None:
    text, _ = MERGED
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                del lines[at:]
                lines.append("=======")
            case 1:
                del lines[at]
                lines.append(">>>>>>> b")
            case 2:
                lines.insert(
                    at, data.draw(st.sampled_from(['    "\\ud800": {', '      "settings": {"N": {}}', "}", "{"]))
                )
            case 3:
                lines[at] = data.draw(
                    st.sampled_from(["<<<<<<< c", "=======", '    "\\x": {', '    "/": {', "[" * 9999])
                )
    with tempfile.TemporaryDirectory() as folder:
        lock_file = Path(folder) / LOCK_FILE
        lock_file.write_text("\n".join(lines), encoding="utf-8")
        write_networks(Path(folder), {"a.yaml": 5})
        keys, codes = {"a.yaml"}, {"SC504"}
        try:
            keys = {file.key for file in resolved(Discovered((), ()), str(lock_file), "0", LIMITS, NOTHING_SET).files}
        except ShapecalcError as error:
            codes = {finding.code for finding in error.diagnostics}
    assert keys <= {"a.yaml"}
    assert codes == {"SC504"}


with tempfile.TemporaryDirectory() as _folder:
    MERGED = merged(Path(_folder), *map(lock_text, ({"a.yaml": 5, "b.yaml": 4}, {}, {"a.yaml": 6, "c.yaml": 4})))
