"""The GitHub action and the pre-commit hook: what workflows and file names say never becomes a part of a script."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.ci_files import workflows

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = ACTION["runs"]["steps"]
[CHECK] = [step for step in STEPS if step.get("name") == "Check"]
HOOK, LOCK_HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


def test_no_script_holds_an_expression() -> None:
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert len(scripts) == 3
    assert not any("${{" in script for script in scripts)


def test_actions_are_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name) for name in used)


def test_every_input_is_read() -> None:
    read = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", (ROOT / "action.yml").read_text("utf-8")))
    assert read == ACTION["inputs"].keys()


@pytest.fixture
def arguments(tmp_path):
    """Run the step that checks, with a `shapecalc` that says what it was given."""
    recorder = tmp_path / "bin" / "shapecalc"
    recorder.parent.mkdir()
    recorder.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    recorder.chmod(0o755)

    def given(**inputs: str) -> list[str]:
        env = {"PATH": os.environ["PATH"], "BIN": str(recorder.parent)}
        for name, expression in CHECK["env"].items():
            found = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", expression)
            if found:
                env[name] = inputs.pop(found[1].replace("-", "_"), ACTION["inputs"][found[1]].get("default"))
        assert not inputs
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", CHECK["run"]]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert (done.stderr, [path.name for path in tmp_path.iterdir()]) == ("", ["bin"])
        return json.loads(done.stdout)

    return given


def test_paths_alone_are_enough(arguments) -> None:
    assert arguments(paths="nets") == ["check", "--format", "github", "--", "nets"]


def test_without_paths_those_of_the_configuration_are_left_to_shapecalc(arguments) -> None:
    assert arguments() == ["check", "--format", "github", "--"]


def test_every_input_becomes_its_option(arguments) -> None:
    assert arguments(
        paths="a.yaml\nb\n",
        exclude="old\nnew",
        select="SC3",
        ignore="SC405",
        strict="true",
        run="true",
        locked="true",
        lock_file="my.lock.json",
        sarif="out.sarif",
        config="ci/shapecalc.toml",
    ) == [
        *(
            "check",
            "--exclude=old",
            "--exclude=new",
            "--config=ci/shapecalc.toml",
            "--select=SC3",
            "--ignore=SC405",
            "--strict",
            "--run",
        ),
        *("--locked", "--lock-file=my.lock.json", "--format", "sarif", "--output=out.sarif", "--format", "github"),
        *("--", "a.yaml", "b"),
    ]


HOSTILE = ("$(touch pwned)", "`touch pwned`", "; touch pwned #", '" && touch pwned "', "' * ~ $HOME", "--output=pwned")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_passed_in_stays_one_argument(text: str, arguments) -> None:
    given = arguments(paths=f"{text}\na b", exclude=text, select=text, ignore=text, sarif=text, strict=text)
    assert given[-3:] == ["--", text, "a b"]
    assert f"--exclude={text}" in given
    assert f"--output={text}" in given
    assert "--strict" not in given


@pytest.mark.parametrize(
    ("path", "is_checked"),
    [
        ("net.shapecalc.yaml", True),
        ("nets/net.shapecalc.yml", True),
        ("architectures/net.yaml", True),
        ("nets/architectures/large/net.yml", True),
        ("net.yaml", False),
        ("my-architectures/net.yaml", False),
        ("architectures/net.yaml.bak", False),
        ("docker-compose.yml", False),
    ],
)
def test_the_hook_checks_what_is_called_a_network(path: str, *, is_checked: bool) -> None:
    assert bool(re.search(HOOK["files"], path)) is is_checked


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        *(("net.yaml", True), ("lib/blocks.yml", True), ("a/shapecalc.lock.json", True), ("pyproject.toml", True)),
        *((".shapecalc.toml", True), ("my-pyproject.toml", False), ("package.lock.json", False), ("net.md", False)),
    ],
)
def test_the_lock_hook_runs_if_anything_that_a_figure_follows_from_is_changed(path: str, *, is_read: bool) -> None:
    assert bool(re.search(LOCK_HOOK["files"], path)) is is_read
    assert LOCK_HOOK["pass_filenames"] is False


def test_the_hook_is_called_as_the_documents_call_it() -> None:
    assert (HOOK["id"], HOOK["entry"], HOOK["language"]) == ("shapecalc-check", "shapecalc check", "python")
    assert (HOOK["types"], HOOK["require_serial"]) == (["yaml"], True)
    assert (LOCK_HOOK["id"], LOCK_HOOK["entry"]) == ("shapecalc-lock", "shapecalc lock --fail-if-written")
    text = (ROOT / "docs/guides/ci.md").read_text("utf-8")
    assert all(f"id: {hook['id']}" in text for hook in (HOOK, LOCK_HOOK))


def test_the_documents_name_inputs_that_there_are_and_put_no_expression_into_a_script() -> None:
    steps = [step for workflow in workflows() for job in workflow["jobs"].values() for step in job["steps"]]
    uses = [step for step in steps if "/shapecalc@" in step.get("uses", "")]
    assert len(uses) >= 3
    assert all(step["with"].keys() <= ACTION["inputs"].keys() for step in uses)
    assert not any("${{" in step.get("run", "") for step in steps)
