"""Random edits of random repositories: what is reported is what inspecting both checked-out trees shows."""

from __future__ import annotations

import random
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

import shapecalc
from shapecalc.diffing.revisions import NetworkStatus, diff_revisions
from tests.support.git_repositories import GitRepository, edited
from tests.support.volume import NIGHTLY, volume

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from shapecalc.shape_inference.report import Report

FOLDERS = ("", "nets/", "nets/edge/", "old nets/")
COUNTED = ("params", "buffers", "macs", "flops")


def network(draw: random.Random) -> str:
    lines = [f"  - linear: {draw.choice([3, 5, 7, 11])}" for _ in range(draw.randint(1, 4))]
    lines.insert(draw.randrange(len(lines) + 1), f"  - {draw.choice(['relu', 'tanh', 'softmax', 'batch_norm'])}")
    if draw.random() < 0.4:
        lines.append("  - body")
        include = draw.choice(["lib/a.yaml", "lib/b.yaml", "[lib/a.yaml, lib/c.txt]"])
        return f"input: [N, 8]\ninclude: {include}\nlayers:\n" + "\n".join(lines) + "\n"
    if draw.random() < 0.1:
        lines.append(draw.choice(["  - rleu", "  - linear: -1", "  - conv: 3", "  - ["]))
    return f"input: [N, {draw.choice([8, 8, 13])}]\nlayers:\n" + "\n".join(lines) + "\n"


def blocks(draw: random.Random, name: str) -> str:
    layers = draw.choice(["linear: 3", "linear: 5, relu", "relu", "linear: 5, batch_norm", "rleu"])
    include = f"include: {draw.choice(['b.yaml', 'd.yml'])}\n" if name == "a.yaml" else ""
    block = {"a.yaml": "body", "b.yaml": "body", "c.txt": "more", "d.yml": "most"}[name]
    return f"{include}blocks:\n  {block}: {{layers: [{layers}]}}\n"


def other(draw: random.Random) -> str:
    return f"services: {{web: {draw.randrange(5)}}}\n"


def path_of_a_network(draw: random.Random) -> str:
    return f"{draw.choice(FOLDERS)}{draw.choice('abcde')}.y{'a' * draw.randrange(2)}ml"


def write_some(repository: GitRepository, draw: random.Random, count: int) -> None:
    """Write, edit, move and delete files."""
    for _ in range(count):
        kind, path = draw.random(), path_of_a_network(draw)
        file = repository.folder / path
        if kind < 0.5:
            text = file.read_text() if file.is_file() and draw.random() < 0.5 else network(draw)
            repository.write({path: text.replace("5", draw.choice(["5", "17"])) + draw.choice(["", "# more\n"])})
        elif kind < 0.75:
            name = draw.choice(["a.yaml", "b.yaml", "c.txt", "d.yml"])
            included = f"{draw.choice(FOLDERS)}lib/{name}"
            repository.write({included: blocks(draw, name)})
            if draw.random() < 0.25:
                (repository.folder / included).unlink()
        elif kind < 0.85:
            repository.write({f"{draw.choice(FOLDERS)}compose.yaml": other(draw)})
        elif file.is_file() and draw.random() < 0.7:
            moved = repository.folder / path_of_a_network(draw)
            moved.parent.mkdir(parents=True, exist_ok=True)
            file.rename(moved)
        else:
            file.unlink(missing_ok=True)


class Inspected(NamedTuple):
    """A network of a checked-out tree: what it and the files that it includes hold, and what inspecting it shows."""

    texts: tuple[bytes, ...]
    result: object
    report: Report | None

    def total(self, name: str) -> Any:
        return None if self.report is None else getattr(self.report.totals, name)


def inspected(folder: Path) -> dict[str, Inspected]:
    """Return each network of a tree by path."""
    found = {}
    for file in sorted(folder.rglob("*.y*ml")):
        path = file.relative_to(folder).as_posix()
        if b"layers:\n" in file.read_bytes():
            found[path] = inspect(folder, path)
    return found


def inspect(folder: Path, path: str) -> Inspected:
    texts = tuple(texts_of(folder, path))
    try:
        report = shapecalc.inspect(folder / path)
    except shapecalc.ShapecalcError as error:
        return Inspected(texts, tuple(each.code for each in error.diagnostics), None)
    layers = [(row.path, row.type, row.inputs, row.outputs, row.params, row.macs) for row in report.layers]
    return Inspected(texts, (layers, [(entry.name, entry.shape) for entry in report.inputs]), report)


def texts_of(folder: Path, path: str) -> list[bytes]:
    """Return the bytes of a file and of those that it includes, empty if it is missing."""
    file = folder / path
    if not file.is_file():
        return [b""]
    data = file.read_bytes()
    try:
        named = yaml.safe_load(data).get("include", [])
    except yaml.YAMLError:
        named = []
    names = [named] if isinstance(named, str) else named
    return [data, *(text for name in names for text in texts_of(folder, normpath(join(dirname(path), name))))]


@volume
def test_what_is_reported_is_what_both_checked_out_trees_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = dict.fromkeys(NetworkStatus, 0)
    for seed in range(40 if NIGHTLY else 3):
        draw = random.Random(seed)
        repository = GitRepository(tmp_path / str(seed))
        monkeypatch.chdir(repository.folder)
        write_some(repository, draw, 30)
        repository.commit("start")
        for step in range(5):
            where = f"seed {seed}, step {step}"
            write_some(repository, draw, 6)
            edited(repository)
            checked_out = [tmp_path / f"{seed}-{step}-{side}" for side in ("old", "new")]
            for folder, revision in zip(checked_out, ("HEAD~1", "HEAD"), strict=True):
                repository.git("worktree", "add", "-q", "--detach", str(folder), revision)
            old, new = map(inspected, checked_out)
            compared = diff_revisions("HEAD~1", "HEAD")
            both = old.keys() & new.keys()
            differ = {path for path in both if old[path].result != new[path].result}
            texts = {path for path in both if old[path].texts != new[path].texts}
            broken = {path for path in texts if None in (old[path].report, new[path].report)}
            found = {status: [each for each in compared.changes if each.status is status] for status in NetworkStatus}
            assert {each.path for each in found[NetworkStatus.CHANGED]} == differ | broken, where
            assert set(compared.without_effect) == texts - differ - broken, where
            assert compared.unchanged == len(both - texts), where
            moved = found[NetworkStatus.RENAMED]
            gone = {each.old_path for each in (*found[NetworkStatus.DELETED], *moved)}
            came = {each.new_path for each in (*found[NetworkStatus.ADDED], *moved)}
            assert (gone, came) == (old.keys() - new.keys(), new.keys() - old.keys()), where
            for each in found[NetworkStatus.DELETED]:
                texts_that_came = [new[change.path].texts[0] for change in found[NetworkStatus.ADDED]]
                assert old[each.path].texts[0] not in texts_that_came, where
            for each in compared.changes:
                seen[each.status] += 1
                was = old[each.old_path] if each.old_path else None
                now = new[each.new_path] if each.new_path else None
                for name in COUNTED:
                    sides = (was.total(name) if was else 0, now.total(name) if now else 0)
                    assert tuple(getattr(each.totals, name)) == sides, (where, each.path, name)
                assert (each.old_error is None, each.new_error is None) == (
                    was is None or was.report is not None, now is None or now.report is not None,
                ), (where, each.path)  # fmt: skip
                same_text = was and now and was.texts[0] == now.texts[0]
                through = each.status is NetworkStatus.CHANGED and same_text
                assert bool(each.through) == through, (where, each.path)
            for revision in ("HEAD", "HEAD~1"):
                same = diff_revisions(revision, revision)
                assert (same.changes, same.without_effect) == ((), ()), where
    assert all(seen.values()), seen
