"""Compares the networks of a pull request with its base, on the page of the run and in one comment.

`action.yml` runs it after the check. Every value reaches it as a variable of the environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

MARKER = "<!-- shapecalc diff -->"
"""The first line of the report, by which its comment is found."""

TOKEN = os.environ.pop("GH_TOKEN")
"""What writes the comment: `gh` alone has it in its environment."""

SHORT = 12
"""The digits of a commit that the report shows."""

COMMENTS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $after) {
        nodes { databaseId viewerDidAuthor body }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""


class GitHubError(Exception):
    """An answer of GitHub that is an error, in the words of `gh`."""


def main() -> int:
    """Compare, show the report, and return an exit code.

    It is 1 if a condition of the input or of the configuration holds, or a network that differs has errors. That
    nothing can be compared is a failure if there are conditions.
    """
    if not (base := _base()):
        _say("notice", "there is no pull request and no `base`: nothing is compared")
        return 0
    if not os.environ["BASE"] and _git("rev-parse", "HEAD") == os.environ["BASE_SHA"]:
        return _uncompared(
            "the base is checked out, not the pull request, so nothing is compared: let the workflow run on "
            "`pull_request`, which checks out the merge"
        )
    done = _diff(base, "markdown", *(f"--fail-on={condition}" for condition in _lines("FAIL_ON")))
    if not done.stdout:
        shallow = _git("rev-parse", "--is-shallow-repository") == "true"
        hint = ": this clone has only a part of the history; give actions/checkout `fetch-depth: 0`" if shallow else ""
        return _uncompared(f"the networks could not be compared with the base{hint}")
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("ab") as file:
            file.write(done.stdout)
    if os.environ["COMMENT"] == "true":
        _comment(base, done.stdout.decode())
    return done.returncode


def _uncompared(why: str) -> int:
    """Say why nothing is compared, and return an exit code."""
    fails = bool(_lines("FAIL_ON")) or _configuration_has_conditions()
    _say("error" if fails else "warning", why)
    return 2 if fails else 0


def _configuration_has_conditions() -> bool:
    """Return whether `fail-on` of the configuration has any, for all files or for some; also if it has mistakes."""
    done = _shapecalc("check", "--show-config", "--format=json")
    if done.returncode:
        return True
    shown = json.loads(done.stdout)
    tables = [shown["values"], *(each["values"] for each in shown["overrides"])]
    return any(table.get("fail-on", {}).get("value") for table in tables)


def _base() -> str:
    """Return the revision to compare with, or an empty text.

    The commit that a pull request is checked out as merges it into its base as that is now: its first parent. What the
    base is in the event may be older.
    """
    if os.environ["BASE"]:
        return os.environ["BASE"]
    _, *parents = _git("rev-list", "--parents", "--max-count=1", "HEAD").split() or [""]
    base = parents[0] if os.environ["HEAD_SHA"] in parents[1:] else os.environ["BASE_SHA"]
    return base[:SHORT]


def _diff(base: str, written: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Run `shapecalc diff`; two revisions are given, so that a single file has a report of the same form."""
    head = _git("rev-parse", f"--short={SHORT}", "HEAD")
    excluded = [f"--exclude={pattern}" for pattern in _lines("EXCLUDE")]
    revisions = (f"--base={base}", f"--head={head}", "--merge-base")
    return _shapecalc("diff", *revisions, *excluded, *options, f"--format={written}", "--", *_lines("PATHS"))


def _shapecalc(command: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command of shapecalc with the configuration that the input names."""
    program = str(Path(os.environ["BIN"]) / "shapecalc")
    config = [f"--config={name}" for name in _lines("CONFIG")]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([program, command, *config, *words], stdout=subprocess.PIPE, env=env, check=False)


def _comment(base: str, report: str) -> None:
    """Write the report into the comment of this action, which is created if a network differs; go on if it fails."""
    number = os.environ["NUMBER"]
    if not number:
        _say("notice", "there is no pull request to comment on")
        return
    comments = f"repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    try:
        own = _own_comment(int(number))
        if own is None and json.loads(_diff(base, "json").stdout)["identical"]:
            print("no network differs: no comment is created")
        elif own is None:
            _gh(f"{comments}/{number}/comments", {"body": report})
        else:
            _gh(f"{comments}/comments/{own}", {"body": report}, "--method", "PATCH")
    except GitHubError as error:
        _say(
            "warning",
            f"the comment could not be written: {error}. It needs the permission `pull-requests: write`, which pull "
            "requests from forks do not have. The report is on the page of the run.",
        )


def _own_comment(number: int) -> int | None:
    """Return the id of the comment that the same user has written before, by its first line; None if there is none."""
    owner, name = os.environ["GITHUB_REPOSITORY"].split("/")
    after = None
    while True:
        variables = {"owner": owner, "name": name, "number": number, "after": after}
        answer = _gh("graphql", {"query": COMMENTS, "variables": variables})
        comments = answer["data"]["repository"]["pullRequest"]["comments"]
        for comment in comments["nodes"]:
            if comment["viewerDidAuthor"] and comment["body"].startswith(MARKER):
                return int(comment["databaseId"])
        if not comments["pageInfo"]["hasNextPage"]:
            return None
        after = comments["pageInfo"]["endCursor"]


def _gh(endpoint: str, body: dict[str, Any], *options: str) -> Any:
    """Return the answer to a request with a body; `gh` takes the token of an own server from another variable."""
    host = os.environ["GITHUB_SERVER_URL"].partition("://")[2]
    env = {**os.environ, "GH_HOST": host, "GH_TOKEN": TOKEN, "GH_ENTERPRISE_TOKEN": TOKEN}
    command = ["gh", "api", *options, endpoint, "--input", "-"]
    try:
        done = subprocess.run(command, input=json.dumps(body).encode(), env=env, capture_output=True, check=False)
    except FileNotFoundError:
        raise GitHubError("`gh` is not installed on this runner") from None
    if done.returncode:
        raise GitHubError(done.stderr.decode(errors="replace").strip().removeprefix("gh: "))
    return json.loads(done.stdout)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], stdout=subprocess.PIPE, check=False).stdout.decode(errors="replace").strip()


def _lines(name: str) -> list[str]:
    return [line for line in os.environ[name].splitlines() if line]


def _say(kind: str, message: str) -> None:
    """Print an annotation of the run."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{kind} title=shapecalc diff::{escaped}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
