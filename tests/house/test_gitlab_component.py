"""The GitLab component: its script on a real merge request, with a `curl` that answers as GitLab does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from tests.support.ci_files import ROOT, blocks, component, header
from tests.support.git_repositories import CONFIGURATION, GitRepository

if TYPE_CHECKING:
    from pathlib import Path

NET = "input: [N, 8]\nlayers: [linear: 4, tanh]\n"
MARKER = "<!-- shapecalc diff -->"
CURL = f"""\
#!{sys.executable}
import json, os, sys
from pathlib import Path
state = Path(os.environ["FAKE_GITLAB"])
notes = json.loads(state.read_text())
words = sys.argv[1:]
*options, address = words
assert options[options.index("--header") + 1] == "PRIVATE-TOKEN: a token", options
start = "https://gitlab.example/api/v4/projects/5/merge_requests/7/notes"
assert address.startswith(start), address
if os.environ.get("FAKE_GITLAB_REFUSES"):
    sys.exit("curl: (22) The requested URL returned error: 403")
if "--request" not in options:
    assert address == start + "?per_page=100"
    print(json.dumps(notes[::-1][:100]))
else:
    text = Path(options[options.index("--data-urlencode") + 1].removeprefix("body@")).read_text()
    method, _, number = options[options.index("--request") + 1], *address.removeprefix(start).rpartition("/")[1:]
    if method == "POST":
        notes.append({{"id": len(notes) + 1, "body": text}})
    else:
        notes[int(number) - 1]["body"] = text
    state.write_text(json.dumps(notes))
"""


class Pipeline(NamedTuple):
    """A checkout, programs that the script calls, and the notes of the merge request."""

    repository: GitRepository
    folder: Path

    def set_notes(self, *texts: str) -> None:
        notes = [{"id": number, "body": text} for number, text in enumerate(texts, start=1)]
        (self.folder / "notes.json").write_text(json.dumps(notes))

    @property
    def notes(self) -> list[str]:
        return [note["body"] for note in json.loads((self.folder / "notes.json").read_text())]

    def run(self, shell: str = "bash", variables: dict[str, str] | None = None, **inputs: str) -> tuple[int, str]:
        """Run the script of the job, and return its exit code and its log."""
        return self.run_job(component(package="a package", **inputs), shell, variables)

    def run_job(self, jobs: dict[str, Any], shell: str = "bash", variables: dict[str, str] | None = None):
        """Run the script of the only job, and return its exit code and its log."""
        [job] = jobs.values()
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CI_", "PYTHON"))},
            **CONFIGURATION,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "FAKE_GITLAB": str(self.folder / "notes.json"),
            "CI_API_V4_URL": "https://gitlab.example/api/v4",
            "CI_PROJECT_ID": "5",
            **job.get("variables", {}),
            **(variables or {}),
        }
        command = [shell, "-e", "-c", "\n".join(job["script"])]
        done = subprocess.run(command, cwd=self.repository.folder, env=env, capture_output=True, check=False)
        return done.returncode, (done.stdout + done.stderr).decode()

    def report(self, name: str) -> Any:
        return (self.repository.folder / name).read_text("utf-8")


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    (tmp_path / "bin").mkdir()
    programs = {
        "pip": '#!/bin/sh\n[ "$*" = "install --quiet a package" ]\n',
        "shapecalc": f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m shapecalc "$@"\n',
        "python": f'#!/bin/sh\nexec "{sys.executable}" "$@"\n',
        "curl": CURL,
    }
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    made = Pipeline(GitRepository(tmp_path / "checkout", {"nets/net.yaml": NET, "a b/other.yaml": NET}), tmp_path)
    made.set_notes()
    return made


def request(pipeline: Pipeline) -> dict[str, str]:
    """Change a network on a branch, and return the variables of a pipeline of its merge request."""
    base = pipeline.repository.git("rev-parse", "HEAD")
    pipeline.repository.write({"nets/net.yaml": NET.replace("linear: 4", "linear: 5")})
    pipeline.repository.commit()
    return {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_MERGE_REQUEST_IID": "7"}


def test_every_input_is_described_and_used_as_a_value_of_a_variable() -> None:
    assert all(about["description"] for about in header().values())
    [(name, job)] = component(package="P", paths="Q", job_name="J", stage="S", image="I").items()
    assert (name, job["stage"], job["image"]) == ("J", "S", "I")
    assert {"P", "Q"} < set(job["variables"].values())
    text = (ROOT / "templates/check.yml").read_text("utf-8")
    assert "$[[" not in text[text.index("script:") :]
    used = {name for name in header() if f"$[[ inputs.{name} ]]" in text}
    assert used == header().keys()


def test_findings_are_reported_in_every_form_and_fail_the_job(pipeline: Pipeline) -> None:
    pipeline.repository.write({"a b/other.yaml": NET + "expect: {output: [N, 9]}\n"})
    for shell in ("bash", "sh"):
        code, log = pipeline.run(shell, paths="nets\na b\n")
        assert code == 1
        assert "error[SC501]" in log
    [entry] = json.loads(pipeline.report("gl-code-quality-report.json"))
    assert entry["location"]["path"] == "a b/other.yaml"
    assert '<testsuite name="nets/net.yaml"' in pipeline.report("shapecalc.xml")
    assert pipeline.run(paths="nets")[0] == 0
    assert not (pipeline.repository.folder / "shapecalc-diff.md").exists()


def test_the_recipe_without_the_component_writes_the_same_reports(pipeline: Pipeline) -> None:
    [recipe] = [block for text in blocks() if (block := yaml.safe_load(text)).keys() == {"networks"}]
    (pipeline.folder / "bin/pip").write_text('#!/bin/sh\n[ "$1 $2" = "install --quiet" ]\n')
    pipeline.repository.write({"architectures/net.yaml": NET + "expect: {output: [N, 9]}\n"})
    assert pipeline.run_job(recipe)[0] == 1
    reports = recipe["networks"]["artifacts"]["reports"]
    [entry] = json.loads(pipeline.report(reports["codequality"]))
    assert entry["check_name"] == "SC501"
    assert '<testsuite name="architectures/net.yaml"' in pipeline.report(reports["junit"])


def test_a_merge_request_has_a_report_and_with_a_token_one_note(pipeline: Pipeline) -> None:
    variables = request(pipeline)
    assert pipeline.run(variables=variables, paths="nets")[0] == 0
    report = pipeline.report("shapecalc-diff.md")
    assert report.startswith(MARKER)
    assert "nets/net.yaml" in report
    assert pipeline.notes == []
    variables["SHAPECALC_TOKEN"] = "a token"
    pipeline.set_notes("a note", f"> {MARKER}")
    for shell in ("bash", "sh"):
        assert pipeline.run(shell, variables, paths="nets")[0] == 0
        assert pipeline.notes == ["a note", f"> {MARKER}", report.rstrip("\n") + "\n"]


def test_without_a_difference_no_note_is_created_but_an_old_one_updated(pipeline: Pipeline) -> None:
    variables = {**request(pipeline), "SHAPECALC_TOKEN": "a token"}
    variables["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = pipeline.repository.git("rev-parse", "HEAD")
    code, log = pipeline.run(variables=variables, paths="nets")
    assert (code, pipeline.notes, "could not be written" in log) == (0, [], False)
    pipeline.set_notes(f"{MARKER}\nold")
    assert pipeline.run("sh", variables, paths="nets")[0] == 0
    assert pipeline.notes == [pipeline.report("shapecalc-diff.md")]


def test_a_condition_of_the_configuration_fails_the_job_and_a_base_that_is_missing_does_not(pipeline: Pipeline) -> None:
    variables = request(pipeline)
    for condition, code in (("params > +90%", 0), ("params > +2%", 1)):
        pipeline.repository.write({".shapecalc.toml": f'paths = ["nets"]\nfail-on = ["{condition}"]\n'})
        assert pipeline.run(variables=variables)[0] == code
        assert "nets/net.yaml" in pipeline.report("shapecalc-diff.md")
    assert pipeline.run(variables={**variables, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40})[0] == 0


def test_a_note_that_is_refused_changes_nothing_of_the_job(pipeline: Pipeline) -> None:
    variables = {**request(pipeline), "SHAPECALC_TOKEN": "a token", "FAKE_GITLAB_REFUSES": "1"}
    code, log = pipeline.run(variables=variables, paths="nets")
    assert code == 0
    assert "the note could not be written" in log


def test_inputs_are_data(pipeline: Pipeline) -> None:
    before = sorted(pipeline.repository.folder.iterdir())
    for text in ("$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "PATHS\ntouch pwned"):
        assert pipeline.run(paths=text)[0] == 2
    made = {path.name for path in pipeline.repository.folder.iterdir()} - {path.name for path in before}
    assert made <= {"gl-code-quality-report.json", "shapecalc.xml"}
