"""A file as it was in a git revision, with what it included then."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

NET = """\
name: net
input: [N, 3, 8, 8]
layers:
  - conv: {out_channels: 4, kernel_size: 3}
    name: c1
  - relu
  - flatten
  - linear: 10
"""


INCLUDING = "name: net\ninclude: lib/blocks.yaml\ninput: [N, 8]\nlayers: [body]\n"


BLOCKS = "include: more.yaml\nblocks: {body: {layers: [linear: 4, tail]}}\n"


MORE = "blocks: {tail: {layers: [tanh]}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path):
    (tmp_path / "old.yaml").write_text(NET)
    (tmp_path / "new.yaml").write_text(NET.replace("- relu", "- relu\n  - batch_norm"))
    return tmp_path


def git(folder, *words: str) -> None:
    config = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, **config, **who}, capture_output=True)


@pytest.fixture
def repository(folder):
    (folder / "nets/lib").mkdir(parents=True)
    (folder / "nets/net.yaml").write_text(NET)
    (folder / "nets/including.yaml").write_text(INCLUDING)
    (folder / "nets/lib/blocks.yaml").write_text(BLOCKS)
    (folder / "nets/lib/more.yaml").write_text(MORE)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def test_a_file_is_compared_with_a_revision_from_any_folder(run, repository) -> None:
    (repository / "nets/net.yaml").write_text(NET.replace("out_channels: 4", "out_channels: 6"))
    ended = run("diff", "nets/net.yaml", "--base", "HEAD")
    assert (ended.code, ended.err) == (0, "")
    assert "out_channels 4 → 6" in ended.out
    git(repository, "commit", "-qam", "second")
    assert "no change" in run("diff", "nets/net.yaml", "--base", "HEAD").out
    assert "out_channels 4 → 6" in run("diff", "nets/net.yaml", "--base", "HEAD~1").out


def test_in_a_hook_the_repository_is_still_that_of_the_file(run, repository) -> None:
    (repository / "nets/net.yaml").write_text(NET.replace("out_channels: 4", "out_channels: 6"))
    ended = run("diff", "nets/net.yaml", "--base", "HEAD", env={"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index"})
    assert "out_channels 4 → 6" in ended.out, ended


def test_what_a_file_includes_is_read_from_the_revision_too(run, repository) -> None:
    (repository / "nets/lib/more.yaml").write_text(MORE.replace("tanh", "gelu"))
    ended = run("diff", "nets/including.yaml", "--base", "HEAD")
    assert "tanh → gelu" in ended.out, ended
    (repository / "nets/including.yaml").write_text("name: net\ninput: [N, 8]\nlayers: [linear: 4, gelu]\n")
    shutil.rmtree(repository / "nets/lib")
    assert "gelu" in run("diff", "nets/including.yaml", "--base", "HEAD").out


def test_a_file_that_was_not_there_is_added_whole(run, repository) -> None:
    (repository / "nets/fresh.yaml").write_text(NET)
    ended = run("diff", "nets/fresh.yaml", "--base", "HEAD", "--fail-on", "params > +1%")
    assert ended.code == 1
    assert ended.err.startswith("note: `nets/fresh.yaml` does not exist in HEAD: everything is added; ")
    assert "`shapecalc diff --base HEAD`" in ended.err
    assert "layers: 4 added" in ended.out
    git(repository, "add", ".")  # which git says in other words
    assert "everything is added" in run("diff", "nets/fresh.yaml", "--base", "HEAD").err


def test_a_name_with_the_signs_of_a_pattern_is_a_name(run, repository) -> None:
    git(repository, "mv", "nets/net.yaml", "nets/:(odd) [n]*.yaml")
    git(repository, "commit", "-qm", "moved")
    ended = run("diff", "nets/:(odd) [n]*.yaml", "--base", "HEAD")
    assert (ended.code, ended.err) == (0, "")
    assert "no change" in ended.out


def test_no_filter_that_a_repository_configures_is_run(run, repository) -> None:
    (repository / ".gitattributes").write_text("*.yaml diff=bad filter=bad\n")
    for key in ("diff.bad.textconv", "filter.bad.smudge"):
        git(repository, "config", key, f"touch '{repository}/ran'; cat")
    assert run("diff", "nets/net.yaml", "--base", "HEAD").code == 0
    assert not list(repository.rglob("ran"))


def test_a_symbolic_link_of_then_is_not_followed(run, repository) -> None:
    (repository / "link.yaml").symlink_to("nets/net.yaml")
    git(repository, "add", "link.yaml")
    git(repository, "commit", "-qm", "link")
    ended = run("diff", "link.yaml", "--base", "HEAD")
    assert "no change" in ended.out, ended  # what it names today is compared
    (repository / "link.yaml").unlink()
    (repository / "link.yaml").write_text(NET)
    ended = run("diff", "link.yaml", "--base", "HEAD")
    assert (ended.code, ended.out) == (2, "")
    assert "`link.yaml` was a symbolic link then" in ended.err


def test_a_mistake_in_the_old_text_is_shown_in_it(run, repository) -> None:
    (repository / "nets/net.yaml").write_text(NET.replace("relu", "rleu"))
    git(repository, "commit", "-qam", "broken")
    (repository / "nets/net.yaml").write_text(NET)
    ended = run("diff", "nets/net.yaml", "--base", "HEAD")
    assert ended.code == 1
    assert "--> HEAD:nets/net.yaml:6:5" in ended.err


@pytest.mark.parametrize("revision", ["nope", "HEAD:nets", "HEAD~99", "a b", "$(touch owned)"])
def test_an_unknown_revision_is_named(run, repository, revision) -> None:
    ended = run("diff", "nets/net.yaml", "--base", revision)
    assert (ended.code, ended.out) == (2, "")
    assert f"git knows no revision `{revision}`" in ended.err
    assert not list(repository.rglob("owned"))


def test_without_git_the_sentence_says_so(run, repository) -> None:
    ended = run("diff", "nets/net.yaml", "--base", "HEAD", env={"PATH": str(repository)})
    assert (ended.code, ended.out) == (2, "")
    assert "git cannot be run: no such file or directory" in ended.err
    assert "old versions are read with git" in ended.err
