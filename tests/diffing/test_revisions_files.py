"""Odd names, links, contents that are no text, and what a repository configures: nothing is missed, followed or run."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import Limits
from shapecalc.diffing.revisions import CompareOptions, diff_revisions
from tests.support.git_repositories import Difference, GitRepository, differences, edited

if TYPE_CHECKING:
    from pathlib import Path

NET = "input: [N, 8]\nlayers:\n  - linear: 7\n  - relu\n  - linear: 5\n"
WIDER = NET.replace("7", "11")
INCLUDING = "input: [N, 8]\ninclude: lib/blocks.yaml\nlayers: [body]\n"
BLOCKS = "blocks:\n  body: {layers: [linear: 5, relu]}\n"
ODD_NAMES = (
    " a.yaml", "a b.yaml", "new\nline.yaml", 'quo"te\'s.yaml', "-dash.yaml", "--help.yaml", ":(glob)a.yaml", ":!a.yaml",
    "a[1].yaml", "*.yaml", "b?/c.yaml", "tab\t.yaml", "back\\slash.yaml", "caf\u00e9.yaml", "cafe\u0301.yaml",
    os.fsdecode(b"bytes\xff\xfe.yaml"), os.fsdecode(b"folder\xe9/a.yaml"), "HEAD", "$(touch ran).yaml", "\u202e.yaml",
    "100644 blob x.yaml", "a.yaml.yml", "x" * 200 + ".yaml", ".hidden.yaml", "deep/" * 20 + "a.yaml", "\x01.yaml",
)  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    monkeypatch.chdir(tmp_path)
    return GitRepository(tmp_path)


def changed(*paths: str, through: tuple[str, ...] = (), codes: tuple[str, str] = ("", "")) -> list[Difference]:
    return [Difference("changed", path, path, through, codes) for path in sorted(paths)]


def start(repository: GitRepository, files: dict[str, str | bytes]) -> None:
    repository.write(files)
    repository.commit("start")


def test_a_file_may_have_any_name(repository: GitRepository) -> None:
    start(repository, dict.fromkeys(ODD_NAMES, NET))
    repository.write(dict.fromkeys(ODD_NAMES, WIDER))
    assert differences(diff_revisions("HEAD")) == changed(*(set(ODD_NAMES) - {"HEAD", ".hidden.yaml"}))
    for name in ODD_NAMES:
        assert differences(diff_revisions("HEAD", None, [name])) == changed(name)
    repository.commit()
    assert differences(diff_revisions("HEAD~1", "HEAD", ODD_NAMES)) == changed(*ODD_NAMES)
    (repository.folder / "moved").mkdir()
    for name in ODD_NAMES:
        if "/" not in name:
            (repository.folder / name).rename(repository.folder / "moved" / name)
    moved = [name for name in ODD_NAMES if "/" not in name and name not in ("HEAD", ".hidden.yaml")]
    assert {each[:3] for each in edited(repository)} == {("renamed", name, f"moved/{name}") for name in moved}
    assert not (repository.folder / "ran").exists()


def test_what_is_no_text_is_no_network_unless_it_was_one(repository: GitRepository) -> None:
    start(repository, {"a.yaml": NET, "binary.yaml": bytes(range(256)), "empty.yaml": "", "b.yaml": NET, "c.yml": NET})
    repository.write({"binary.yaml": bytes(range(255, -1, -1)), "a.yaml": bytes(range(256)), "b.yaml": ""})
    repository.write({"c.yml": "\ufeff" + NET})
    found = edited(repository, mirrored=False)
    assert [each[:2] for each in found] == [("changed", "a.yaml"), ("changed", "b.yaml")]
    assert all(each.codes[1] and not each.codes[0] for each in found)
    assert diff_revisions("HEAD~1").without_effect == ("c.yml",), "a byte order mark"
    assert diff_revisions("HEAD~1").skipped == 2


def test_a_file_above_the_limit_is_a_result(repository: GitRepository) -> None:
    limits = CompareOptions(limits=Limits(file_size=200))
    start(repository, {"a.yaml": NET, "big.yaml": NET + "# more\n" * 1000, "other.yaml": "# x\n" * 10_000})
    assert diff_revisions("HEAD", options=limits).changes == ()
    repository.write({"a.yaml": NET + "# more\n" * 100, "other.yaml": "# y\n" * 10_000})
    assert differences(diff_revisions("HEAD", options=limits)) == changed("a.yaml", codes=("", "SC010"))
    repository.commit()
    assert differences(diff_revisions("HEAD~1", "HEAD", options=limits)) == changed("a.yaml", codes=("", "SC010"))


def test_links_to_files_are_no_networks_of_their_own(repository: GitRepository) -> None:
    start(repository, {"a.yaml": NET, "b.yaml": WIDER, "folder/c.yaml": NET.replace("5", "13")})
    for name, target in {"l.yaml": "a.yaml", "loop.yaml": "loop.yaml", "broken.yaml": "x", "f.yaml": "folder"}.items():
        (repository.folder / name).symlink_to(target)
    (repository.folder / "out.yaml").symlink_to(__file__)
    assert edited(repository) == []
    repository.write({"a.yaml": NET.replace("5", "17")})
    assert edited(repository) == changed("a.yaml")
    repository.git("mv", "b.yaml", "moved.yaml")
    (repository.folder / "b.yaml").symlink_to("moved.yaml")
    assert edited(repository) == [Difference("renamed", "b.yaml", "moved.yaml")]


def test_a_folder_that_became_a_link_has_no_files(repository: GitRepository) -> None:
    start(repository, {"one/a.yaml": NET, "two/a.yaml": WIDER})
    repository.git("mv", "one", "three")
    (repository.folder / "one").symlink_to("two")
    assert edited(repository) == [Difference("renamed", "one/a.yaml", "three/a.yaml")]
    repository.git("rm", "-q", "one")
    repository.git("mv", "three", "one")
    repository.commit()
    (repository.folder / "one").rename(repository.folder / "three")
    (repository.folder / "one").symlink_to("two")
    assert edited(repository) == [Difference("renamed", "one/a.yaml", "three/a.yaml")], "which the index still lists"


def test_included_links_are_followed_as_in_a_check(repository: GitRepository) -> None:
    start(repository, {"net.yaml": INCLUDING, "real/blocks.yaml": BLOCKS, "lib/x": ""})
    (repository.folder / "lib/blocks.yaml").symlink_to("../real/blocks.yaml")
    repository.commit()
    repository.write({"real/blocks.yaml": BLOCKS.replace("5", "7")})
    assert edited(repository) == changed("net.yaml", through=("lib/blocks.yaml",)), "a file"
    repository.git("rm", "-rq", "lib")
    (repository.folder / "lib").symlink_to("real")
    assert edited(repository) == [], "a folder instead, with the same text"
    repository.write({"real/blocks.yaml": BLOCKS.replace("5", "11")})
    assert edited(repository) == changed("net.yaml", through=("lib/blocks.yaml",)), "a file in a link to a folder"
    repository.write({"net.yaml": INCLUDING + "# more\n"})
    assert edited(repository) == []


OUTSIDE = ("../../shared.yaml", "../../../secret.yaml", "{}/secret.yaml", "/nets/own.yaml", "/", "blocks.yaml")
"""Out of the network's folder, out of the repository, absolute, also one that exists below, a circle."""


@pytest.mark.parametrize("target", OUTSIDE)
def test_an_included_link_out_of_the_folder_is_not_followed(repository: GitRepository, target: str) -> None:
    outside = repository.folder.parent / "secret.yaml"
    secret = "blocks: {body: {layers: [secret]}}\n"
    outside.write_text(secret)
    start(repository, {"nets/net.yaml": INCLUDING, "nets/lib/blocks.yaml": BLOCKS, "a.yaml": NET})
    repository.write({"shared.yaml": secret, "nets/lib/nets/own.yaml": secret})
    (repository.folder / "nets/lib/blocks.yaml").unlink()
    (repository.folder / "nets/lib/blocks.yaml").symlink_to(target.format(repository.folder.parent))
    repository.write({"a.yaml": WIDER})
    found = edited(repository)
    expected = Difference("changed", "nets/net.yaml", "nets/net.yaml", ("nets/lib/blocks.yaml",), ("", "SC115"))
    assert found == [*changed("a.yaml"), expected]
    error = diff_revisions("HEAD~1").changes[1].new_error
    assert error is not None
    assert "secret" not in str(error.source)
    outside.unlink()


def test_line_ends_of_the_work_tree_are_no_difference(repository: GitRepository) -> None:
    start(repository, {"a.yaml": NET, "b.yaml": NET, "net.yaml": INCLUDING, "lib/blocks.yaml": BLOCKS})
    repository.git("config", "core.autocrlf", "true")
    for name in ("a.yaml", "b.yaml", "net.yaml", "lib/blocks.yaml"):
        (repository.folder / name).unlink()
    repository.git("checkout", "-q", "--", ".")
    assert b"\r\n" in (repository.folder / "a.yaml").read_bytes()
    compared = diff_revisions("HEAD")
    assert (compared.changes, compared.unchanged, compared.without_effect) == ((), 3, ())
    repository.write({"b.yaml": WIDER.replace("\n", "\r\n")})
    assert differences(diff_revisions("HEAD")) == changed("b.yaml")
    repository.git("config", "core.autocrlf", "false")
    repository.commit("with the line ends of Windows")
    assert diff_revisions("HEAD~1", "HEAD", ["a.yaml"]).without_effect == ()


def pointer(data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n"


def test_a_pointer_of_git_lfs_is_the_file_that_it_names(repository: GitRepository) -> None:
    start(repository, {"a.yaml": pointer(NET.encode()), "b.yaml": pointer(NET.encode())})
    assert diff_revisions("HEAD").changes == ()
    repository.write({"a.yaml": NET, "b.yaml": WIDER})
    compared = diff_revisions("HEAD")
    assert differences(compared) == changed("b.yaml", codes=("SC001", ""))
    assert compared.unchanged == 1
    repository.write({"a.yaml": pointer(WIDER.encode())})
    repository.git("checkout", "-q", "b.yaml")
    assert edited(repository) == changed("a.yaml", codes=("SC001", "SC001")), "of neither side the text is there"


def test_nothing_that_a_repository_configures_is_run(repository: GitRepository) -> None:
    start(repository, {"a.yaml": NET, "net.yaml": INCLUDING, "lib/blocks.yaml": BLOCKS})
    repository.write({".gitattributes": "* diff=bad filter=bad merge=bad ident text eol=crlf\n"})
    repository.git("add", ".gitattributes")
    program = f"touch '{repository.folder}/ran'; cat"
    for key in ("diff.bad.textconv", "diff.bad.command", "diff.external", "filter.bad.clean", "filter.bad.smudge",
                "filter.bad.process", "core.fsmonitor", "core.pager", "pager.ls-files", "core.editor"):  # fmt: skip
        repository.git("config", key, program)
    repository.git("config", "filter.bad.required", "true")
    hooks = repository.folder / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout"):
        (hooks / hook).write_text(f"#!/bin/sh\n{program}\n")
        (hooks / hook).chmod(0o755)
    (repository.folder / "ran").unlink(missing_ok=True)
    repository.write({"a.yaml": WIDER, "lib/blocks.yaml": BLOCKS.replace("5", "7")})
    found = [*changed("a.yaml"), *changed("net.yaml", through=("lib/blocks.yaml",))]
    assert differences(diff_revisions("HEAD")) == found
    assert differences(diff_revisions("HEAD", "HEAD")) == []
    assert not (repository.folder / "ran").exists()


def test_paths_are_those_of_the_current_folder(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("a.yaml", "nets/a.yaml", "nets/b.yaml", "nets/edge/c.yaml", ".ci/d.yaml", ".ci/.e.yaml", "net.txt")
    start(repository, dict.fromkeys(names, NET))
    repository.write(dict.fromkeys(names, WIDER))

    def found(*paths: str, **options: object) -> list[str]:
        results = [[each.path for each in diff_revisions("HEAD", None, paths, **options).changes]]
        results.append([each.path for each in diff_revisions("HEAD~1", "HEAD", paths, **options).changes])
        assert results[0] == results[1] or not paths
        return results[0]

    shown = ["a.yaml", "nets/a.yaml", "nets/b.yaml", "nets/edge/c.yaml"]
    repository.git("branch", "then")
    assert [each.path for each in diff_revisions("then").changes] == shown
    rows = {
        ("", "nets"): shown[1:],
        ("", "nets/"): shown[1:],
        ("", "./nets//edge/.."): shown[1:],
        ("", "nets/*.yaml"): shown[1:3],
        ("", "**/c.yaml"): shown[3:],
        ("", "*"): shown,
        ("", ".ci"): [".ci/d.yaml"],
        ("", ".ci/.e.yaml"): [".ci/.e.yaml"],
        ("", ".*/*.yaml"): [".ci/d.yaml"],
        (".ci", "."): [".ci/d.yaml"],
        ("nets", "."): shown[1:],
        ("nets", "*.yaml"): shown[1:3],
        ("nets", "../a.yaml"): shown[:1],
        ("nets/edge", "../../"): shown,
        ("nets/edge", ""): shown,
        ("", str(repository.folder / "nets/b.yaml")): shown[2:3],
        ("", "net.txt"): ["net.txt"],
    }
    for committed in (False, True):
        for (folder, path), paths in rows.items():
            monkeypatch.chdir(repository.folder / folder)
            compared = diff_revisions("then", "HEAD" if committed else None, [path] if path else [])
            assert [each.path for each in compared.changes] == paths, (committed, folder, path)
        repository.commit()
    monkeypatch.chdir(repository.folder)
    for pattern, paths in {"nets": shown[:1], "edge/": shown[:3], "*/b.yaml": [*shown[:2], shown[3]]}.items():
        assert [each.path for each in diff_revisions("then", exclude=[pattern]).changes] == paths, pattern
    repository.git("rm", "-rq", "nets")
    repository.commit()
    gone = [each.old_path for each in diff_revisions("then", None, ["nets"]).changes]
    assert gone == shown[1:]
    assert [
        each.old_path for each in diff_revisions("then", "HEAD", ["nets/*/c.yaml", "nets/b.yaml"]).changes
    ] == shown[2:]


def test_a_path_without_a_network_on_either_side_is_refused(repository: GitRepository, tmp_path: Path) -> None:
    start(repository, {"a.yaml": NET, "docs/b.txt": "x", ".gitignore": "ignored.yaml"})
    repository.write({"ignored.yaml": NET})
    for path, message in {
        "docs": "`docs` has no YAML file", "gone.yaml": "`gone.yaml` has no YAML file", "b*.yaml": "no YAML file",
        "ignored.yaml": "`ignored.yaml` has no YAML file that git lists",
        str(tmp_path.parent / "a.yaml"): "is not in the repository", "../a.yaml": "is in no git repository",
    }.items():  # fmt: skip
        with pytest.raises(ShapecalcError) as caught:
            diff_revisions("HEAD", None, [path])
        assert message.replace("is not in the repository", "is in no git repository") in str(caught.value), path
        assert caught.value.exit_code == 2


def test_a_link_that_is_named_is_what_it_names(repository: GitRepository) -> None:
    start(repository, {"nets/a.yaml": NET})
    (repository.folder / "link").symlink_to("nets")
    (repository.folder / "link.yaml").symlink_to("nets/a.yaml")
    repository.commit()
    repository.write({"nets/a.yaml": WIDER})
    for path in ("link", "link/a.yaml", "link.yaml", "link/*.yaml"):
        assert differences(diff_revisions("HEAD", None, [path])) == changed("nets/a.yaml"), path
