"""The action's comment on a pull request: real repositories, the real command, and a GitHub that answers as it does."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shapecalc.shape_inference.report import CONVENTION
from tests.support.ci_files import GUIDE, ROOT, workflows
from tests.support.git_repositories import CONFIGURATION, GitRepository
from tests.support.github_runner import STEPS, GitHubRunner

if TYPE_CHECKING:
    from pathlib import Path

NET = """\
name: net
input: [N, 3, 32, 32]
layers:
  - conv: {out_channels: 4, kernel_size: 3}
  - flatten
  - linear: 10
"""
OTHER = NET.replace("out_channels: 4", "out_channels: 7").replace("name: net", "name: other")
INCLUDING = "name: built\ninclude: lib/blocks.yaml\ninput: [N, 8]\nlayers: [body]\n"
BLOCKS = "blocks: {body: {layers: [linear: 4, tanh]}}\n"
FILES = {
    "architectures/net.yaml": NET,
    "architectures/other.yaml": OTHER,
    "architectures/built.yaml": INCLUDING,
    "architectures/lib/blocks.yaml": BLOCKS,
    "compose.yaml": "services: {web: {image: nginx}}\n",
}
MARKER = "<!-- shapecalc diff -->"


def recipe() -> dict[str, str]:
    """Return the inputs that the guide's workflow with a comment gives to the action."""
    steps = [step for workflow in workflows() for job in workflow["jobs"].values() for step in job["steps"]]
    [inputs] = [step["with"] for step in steps if "comment" in step.get("with", {})]
    return {name.replace("-", "_"): str(value).replace("True", "true") for name, value in inputs.items()}


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "checkout", FILES)


@pytest.fixture
def runner(tmp_path: Path) -> GitHubRunner:
    return GitHubRunner(tmp_path)


def open_request(repository: GitRepository, runner: GitHubRunner, files: dict[str, str | None]) -> None:
    """Change files on a branch (None deletes one), and check out their merge, as actions/checkout does."""
    base = repository.git("rev-parse", "main")
    repository.git("checkout", "-q", "-b", "change")
    for name, text in files.items():
        if text is None:
            repository.git("rm", "-q", name)
        else:
            repository.write({name: text})
    head = repository.commit()
    runner.event = {"number": "7", "base.sha": base, "head.sha": head}
    merge(repository)


def merge(repository: GitRepository) -> None:
    repository.git("checkout", "-q", "--detach", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "change")


def compare(repository: GitRepository, runner: GitHubRunner, **inputs: str):
    return runner.run("Compare", repository.folder, **{**recipe(), **inputs})


CASES = [
    (
        "a renamed network",
        {"architectures/net.yaml": None, "architectures/renamed.yaml": NET.replace("linear: 10", "linear: 11")},
        [["architectures/net.yaml", "architectures/renamed.yaml"]],
    ),
    ("a deleted network", {"architectures/other.yaml": None}, [["architectures/other.yaml"]]),
    (
        "a network that changes only through what it includes",
        {"architectures/lib/blocks.yaml": BLOCKS.replace("linear: 4", "linear: 5")},
        [["architectures/built.yaml", "architectures/lib/blocks.yaml"]],
    ),
    (
        "an included file that changes beside a network",
        {
            "architectures/lib/blocks.yaml": BLOCKS.replace("tanh", "relu"),
            "architectures/net.yaml": NET.replace("linear: 10", "linear: 12"),
        },
        [["architectures/built.yaml", "architectures/lib/blocks.yaml"], ["architectures/net.yaml"]],
    ),
]


@pytest.mark.parametrize(("files", "named"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_comment_of_the_guide_names(files, named, repository: GitRepository, runner: GitHubRunner) -> None:
    open_request(repository, runner, files)
    ended = compare(repository, runner)
    assert ended.code == 0, ended.log
    [comment] = runner.own
    assert comment.startswith(f"{MARKER}\n")
    assert set(re.findall("[0-9a-f]{12,}", comment)) == {
        repository.git("rev-parse", "--short=12", name) for name in ("main", "HEAD")
    }
    rows = re.findall(r"(?m)^\| (?:added|changed|deleted|renamed) \| ([^|]+) \|", comment)
    assert [re.findall("`([^`]+)`", row) for row in rows] == named
    assert ended.summary == comment
    assert "::" not in ended.log


def test_the_command_of_the_guide_prints_the_same_networks(repository: GitRepository, runner: GitHubRunner) -> None:
    open_request(repository, runner, {name: text for _, files, _ in CASES for name, text in files.items()})
    repository.git("update-ref", "refs/remotes/origin/main", "main")
    [command] = re.findall(r"^shapecalc (diff --base .*)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    env = {**os.environ, **CONFIGURATION, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    shown = subprocess.run(
        [sys.executable, "-P", "-m", "shapecalc", *shlex.split(command)],
        cwd=repository.folder,
        env=env,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert compare(repository, runner).code == 0
    [comment] = runner.own
    networks = ("built", "renamed", "other")
    assert [name for name in networks if f"architectures/{name}.yaml" in shown.stdout] == [*networks]
    assert comment.partition("|")[2] == shown.stdout.partition("|")[2]


def test_the_comment_is_updated_and_no_other_is_touched(repository: GitRepository, runner: GitHubRunner) -> None:
    foreign = [{"databaseId": n, "viewerDidAuthor": n % 2 == 0, "body": f"comment {n}"} for n in range(1, 251)]
    foreign[3] = {"databaseId": 4, "viewerDidAuthor": False, "body": f"{MARKER}\nas somebody else wrote it"}
    foreign[9] = {"databaseId": 10, "viewerDidAuthor": True, "body": f"> {MARKER}\nquoted"}
    runner.set(comments=foreign)
    open_request(repository, runner, {"architectures/net.yaml": NET.replace("linear: 10", "linear: 12")})
    assert compare(repository, runner).code == 0
    first = runner.comments
    assert first[:250] == foreign
    assert len(first) == 251
    repository.git("checkout", "-q", "change")
    repository.write({"architectures/net.yaml": NET.replace("linear: 10", "linear: 13")})
    runner.event["head.sha"] = repository.commit()
    merge(repository)
    assert compare(repository, runner).code == 0
    assert runner.comments[:250] == foreign
    assert len(runner.comments) == 251
    assert runner.comments[250]["body"] != first[250]["body"]


def test_without_a_difference_no_comment_is_created_but_an_old_one_updated(
    repository: GitRepository, runner: GitHubRunner
) -> None:
    open_request(repository, runner, {"compose.yaml": "services: {}\n", "architectures/net.yaml": f"# a remark\n{NET}"})
    assert compare(repository, runner).code == 0
    assert runner.own == []
    runner.set(comments=[{"databaseId": 1, "viewerDidAuthor": True, "body": f"{MARKER}\nold"}])
    assert compare(repository, runner).code == 0
    [comment] = runner.own
    assert "old" not in comment


@pytest.mark.parametrize("checked_out", ["the merge", "the branch"])
def test_what_the_base_has_got_since_is_not_of_the_pull_request(
    checked_out: str, repository: GitRepository, runner: GitHubRunner
) -> None:
    open_request(repository, runner, {"architectures/net.yaml": NET.replace("linear: 10", "linear: 12")})
    repository.git("checkout", "-q", "main")
    repository.write({"architectures/other.yaml": OTHER.replace("linear: 10", "linear: 12")})
    repository.commit("the base moves on")
    if checked_out == "the merge":
        merge(repository)
    else:
        runner.event["base.sha"] = repository.git("rev-parse", "main")
        repository.git("checkout", "-q", "change")
    assert compare(repository, runner).code == 0
    [comment] = runner.own
    assert "architectures/net.yaml" in comment
    assert "architectures/other.yaml" not in comment


def test_without_the_permission_it_says_so_and_goes_on(repository: GitRepository, runner: GitHubRunner) -> None:
    open_request(repository, runner, {"architectures/other.yaml": None})
    runner.set(refuses=["POST", "PATCH"])
    for comments in ([], [{"databaseId": 1, "viewerDidAuthor": True, "body": MARKER}]):
        runner.set(comments=comments)
        ended = compare(repository, runner)
        assert ended.code == 0
        assert runner.comments == comments
        assert (
            "::warning title=shapecalc diff::the comment could not be written: Resource not accessible by" in ended.log
        )
        assert "pull-requests: write" in ended.log
        assert "architectures/other.yaml" in ended.summary
    (runner.folder / "path/gh").write_text("#!/nowhere/sh\n")
    ended = compare(repository, runner)
    assert (ended.code, "`gh` is not installed" in ended.log) == (0, True)


def test_a_shallow_clone_says_what_to_fetch(repository: GitRepository, runner: GitHubRunner, tmp_path: Path) -> None:
    open_request(repository, runner, {"architectures/other.yaml": None})
    repository.git("branch", "merged")
    clone = ["clone", "-q", "--depth", "1", "--branch", "merged", repository.folder.as_uri(), str(tmp_path / "shallow")]
    repository.git(*clone)
    ended = runner.run("Compare", tmp_path / "shallow", **recipe())
    assert ended.code == 0
    assert "::warning title=shapecalc diff::" in ended.log
    assert "`fetch-depth: 0`" in ended.log
    assert (runner.comments, ended.summary) == ([], "")
    gated = runner.run("Compare", tmp_path / "shallow", **{**recipe(), "fail_on": "params > +2%"})
    assert gated.code == 2
    assert "::error title=shapecalc diff::" in gated.log
    for text, code in (
        ("strict = true", 0),
        ('fail-on = "params > +2%"', 2),
        ('[[overrides]]\npaths = "edge"\nfail-on = "params > +2%"', 2),
        ("fail-on = 3", 2),
    ):
        (tmp_path / "shallow/.shapecalc.toml").write_text(f"{text}\n")
        assert runner.run("Compare", tmp_path / "shallow", **recipe()).code == code, text


def test_a_threshold_fails_the_step_and_the_comment_is_there(repository: GitRepository, runner: GitHubRunner) -> None:
    open_request(repository, runner, {"architectures/net.yaml": NET.replace("linear: 10", "linear: 12")})
    assert compare(repository, runner, fail_on="params > +90%\nmacs > 1G").code == 0
    ended = compare(repository, runner, fail_on="params > +90%\nparams > +2%")
    assert ended.code == 1
    assert "`params > +2%` is met" in ended.log
    assert len(runner.own) == 1
    alone = compare(repository, runner, fail_on="params > +2%", comment="false")
    assert (alone.code, "architectures/net.yaml" in alone.summary) == (1, True)


def test_a_network_that_is_broken_is_in_the_comment_and_fails_the_step(
    repository: GitRepository, runner: GitHubRunner
) -> None:
    broken = NET.replace("linear: 10", "linear: {in_features: 7, out_features: 10}")
    open_request(repository, runner, {"architectures/net.yaml": broken, "architectures/other.yaml": None})
    ended = compare(repository, runner)
    assert ended.code == 1
    [comment] = runner.own
    assert all(name in comment for name in ("architectures/net.yaml", "architectures/other.yaml"))


def test_without_paths_those_of_the_configuration_are_compared_by_its_conditions(
    repository: GitRepository, runner: GitHubRunner
) -> None:
    repository.write({".shapecalc.toml": 'paths = ["architectures"]\nfail-on = ["params > +2%"]\n', "more/a.yaml": NET})
    repository.commit()
    wider = NET.replace("linear: 10", "linear: 12")
    open_request(repository, runner, {"architectures/net.yaml": wider, "more/a.yaml": wider})
    ended = compare(repository, runner, paths="")
    assert (ended.code, "`params > +2%` is met" in ended.log) == (1, True)
    [comment] = runner.own
    assert "architectures/net.yaml" in comment
    assert "more/a.yaml" not in comment


def test_names_are_data(repository: GitRepository, runner: GitHubRunner) -> None:
    strange = "architectures/$(touch pwned) a\n::error::b.yaml"
    open_request(repository, runner, {strange: NET, "architectures/a b.yaml": OTHER})
    before = sorted(repository.folder.iterdir())
    text = "$(touch pwned)`touch pwned`; touch pwned"
    ended = compare(repository, runner, paths="architectures", exclude=text)
    assert ended.code == 0, ended.log
    [comment] = runner.own
    assert "architectures/a b.yaml" in comment
    assert "touch pwned" in comment
    assert "::error::b" not in "".join(line for line in comment.splitlines() if line.startswith("::"))
    for given in ({"base": text}, {"base": "--output=pwned"}, {"paths": "--output=pwned"}):
        ended = compare(repository, runner, **given)
        assert ended.code == 0
    assert sorted(repository.folder.iterdir()) == before


def test_a_push_has_nothing_to_compare_with_unless_a_base_is_given(
    repository: GitRepository, runner: GitHubRunner
) -> None:
    ended = compare(repository, runner)
    assert (ended.code, ended.summary) == (0, "")
    assert ended.log == ("::notice title=shapecalc diff::there is no pull request and no `base`: nothing is compared\n")
    repository.write({"architectures/net.yaml": NET.replace("linear: 10", "linear: 12")})
    repository.commit()
    ended = compare(repository, runner, base="HEAD~1")
    assert (ended.code, "architectures/net.yaml" in ended.summary) == (0, True)
    assert "::notice title=shapecalc diff::there is no pull request to comment on" in ended.log


def test_a_checkout_of_the_base_is_not_compared_with_itself(repository: GitRepository, runner: GitHubRunner) -> None:
    # So checks out `pull_request_target`.
    open_request(repository, runner, {"architectures/net.yaml": NET.replace("linear: 10", "linear: 12")})
    repository.git("checkout", "-q", "--detach", "main")
    for conditions, code, kind in (("", 0, "warning"), ("params > +2%", 2, "error")):
        ended = compare(repository, runner, fail_on=conditions)
        assert (ended.code, ended.summary, runner.own) == (code, "", [])
        assert f"::{kind} title=shapecalc diff::the base is checked out, not the pull request" in ended.log
    assert compare(repository, runner, base="main").code == 0


def test_it_is_compared_also_if_the_check_has_found_errors() -> None:
    condition = STEPS["Compare"]["if"]
    assert "!cancelled()" in condition
    assert "inputs.comment == 'true' || inputs.fail-on != ''" in condition


def test_the_check_writes_annotations_the_page_of_the_run_and_sarif(
    repository: GitRepository, runner: GitHubRunner
) -> None:
    repository.write({"architectures/net.yaml": NET + "expect: {params: 7}\n"})
    ended = runner.run("Check", repository.folder, paths="architectures", sarif="found.sarif")
    assert ended.code == 1
    assert "::error file=architectures/net.yaml,line=7,endLine=7," in ended.log
    assert "SC501" in ended.summary
    driver = json.loads((repository.folder / "found.sarif").read_text("utf-8"))["runs"][0]["tool"]["driver"]
    pages = "https://github.com/owner/shapecalc/blob/v1/shapecalc/diagnostics/explanations"
    assert [rule["helpUri"] for rule in driver["rules"]] == [f"{pages}/SC501.md"]
    assert runner.run("Check", repository.folder, paths="architectures", ignore="SC501").code == 0


def test_without_paths_those_of_the_configuration_are_checked(repository: GitRepository, runner: GitHubRunner) -> None:
    ended = runner.run("Check", repository.folder)
    assert (ended.code, "`PATH...` is missing" in ended.log) == (2, True)
    repository.write({".shapecalc.toml": 'paths = ["architectures"]\n', "ci.toml": 'paths = ["architectures/lib"]\n'})
    assert runner.run("Check", repository.folder).log == "4 files checked: clean\n"
    assert runner.run("Check", repository.folder, config="ci.toml").log == "1 file checked: clean\n"


def test_the_lock_file_is_that_of_the_configuration_unless_another_is_given(
    repository: GitRepository, runner: GitHubRunner
) -> None:
    lock = {"convention": CONVENTION, "files": {}, "schema_version": 1, "shapecalc": "0"}
    repository.write(
        {"own.lock": json.dumps(lock), ".shapecalc.toml": 'paths = ["architectures"]\nlock-file = "own.lock"\n'}
    )
    assert "is not in `own.lock`" in runner.run("Check", repository.folder, locked="true").log
    other = runner.run("Check", repository.folder, locked="true", lock_file="other.lock").log
    assert "there is no lock file `other.lock`" in other
    repository.write({".shapecalc.toml": 'paths = ["architectures"]\nlocked = true\n'})
    assert "there is no lock file `other.lock`" in runner.run("Check", repository.folder, lock_file="other.lock").log
