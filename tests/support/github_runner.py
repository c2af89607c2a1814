"""Runs the steps of `action.yml` as a runner does: real git, real shapecalc, and a `gh` that answers as GitHub."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.git_repositories import CONFIGURATION

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step.get("name", step.get("uses")): step for step in ACTION["runs"]["steps"]}
SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]


class Ended(NamedTuple):
    """How a step ended: its exit code, its log, and the page of the run."""

    code: int
    log: str
    summary: str


class GitHubRunner:
    """A runner for one pull request, number 7 of `o/r`."""

    def __init__(self, folder: Path) -> None:
        """Prepare folders for the programs that steps call, and for the state of GitHub."""
        self.folder = folder
        self.state = folder / "github.json"
        self.event: dict[str, str] = {}
        (folder / "bin").mkdir()
        (folder / "path").mkdir()
        self._program("bin/python", f'exec "{sys.executable}" "$@"')
        command = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m shapecalc "$@"'
        self._program("bin/shapecalc", f'[ -z "$GH_TOKEN" ] || exit 9  # the token is for gh alone\n{command}')
        self._program("path/gh", f'exec "{sys.executable}" -I "{ROOT}/tests/support/fake_gh.py" "$@"')
        self.set(comments=[], refuses=[], calls=[])

    def _program(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def set(self, **values: Any) -> None:
        """Set comments, methods that are refused, or calls."""
        state = json.loads(self.state.read_text()) if self.state.exists() else {}
        self.state.write_text(json.dumps({**state, **values}))

    @property
    def comments(self) -> list[dict[str, Any]]:
        """The comments of the pull request."""
        return json.loads(self.state.read_text())["comments"]

    @property
    def own(self) -> list[str]:
        """The texts of the comments that the token's user has written."""
        return [comment["body"] for comment in self.comments if comment["viewerDidAuthor"]]

    def run(self, step: str, checkout: Path, **inputs: str) -> Ended:
        """Run a step of the action in a folder, with inputs as a workflow gives them."""
        summary = self.folder / "summary.md"
        summary.write_text("")
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GH_", "PYTHON"))},
            **CONFIGURATION,
            "PATH": f"{self.folder / 'path'}{os.pathsep}{os.environ['PATH']}",
            "FAKE_GITHUB": str(self.state),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_STEP_SUMMARY": str(summary),
            **self._variables(STEPS[step]["env"], inputs),
        }
        done = subprocess.run([*SHELL, STEPS[step]["run"]], cwd=checkout, env=env, capture_output=True, check=False)
        return Ended(done.returncode, (done.stdout + done.stderr).decode(), summary.read_text("utf-8"))

    def _variables(self, expressions: dict[str, str], given: dict[str, str]) -> dict[str, str]:
        inputs = {name: str(about["default"]) for name, about in ACTION["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        assert inputs.keys() == ACTION["inputs"].keys()
        contexts = {
            **{f"inputs.{name}": value for name, value in inputs.items()},
            **{f"github.event.pull_request.{name}": self.event.get(name, "") for name in _EVENT},
            "github.token": "a token",
            "github.server_url": "https://github.com",
            "github.action_repository": "owner/shapecalc",
            "github.action_ref": "v1",
            "steps.install.outputs.bin": str(self.folder / "bin"),
        }
        contexts["inputs.token"] = _value(inputs["token"], contexts)
        return {name: _value(expression, contexts) for name, expression in expressions.items()}


def _value(text: str, contexts: dict[str, str]) -> str:
    """Return the value of a text that is an expression: a name, or `name && format('…', name, …)`."""
    expression = text.removeprefix("${{ ").removesuffix(" }}")
    if expression == text:
        return text
    if formatted := re.fullmatch(r"([\w.]+) && format\('(.+)', (.+)\)", expression):
        return contexts[formatted[1]] and formatted[2].format(*(contexts[name] for name in formatted[3].split(", ")))
    return contexts[expression]


_EVENT = ("number", "base.sha", "head.sha")
