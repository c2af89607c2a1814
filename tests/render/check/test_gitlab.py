"""Code Quality reports against what GitLab documents of them, as there is no schema.

Source: GitLab, "Code Quality", "Code Quality report format": an array of objects with `description`, `check_name`,
`fingerprint` (unique), `severity` (of five words), `location.path` (relative, without `./`) and `location.lines.begin`
or `location.positions.begin.line`; no byte order mark.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Severity, Source, Span
from shapecalc.render.check import gitlab
from tests.support.check_inputs import INPUTS, checked

TEXT = {"type": "string", "minLength": 1}
LINE = {"type": "integer", "minimum": 1}
FIELDS = {
    "description": TEXT,
    "check_name": TEXT,
    "fingerprint": TEXT,
    "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
    "location": {
        "type": "object",
        "properties": {
            "path": {"type": "string", "pattern": r"^(?!\./|/).+"},
            "lines": {"type": "object", "properties": {"begin": LINE}, "required": ["begin"]},
        },
        "required": ["path", "lines"],
    },
}
REPORT = {"type": "array", "items": {"type": "object", "properties": FIELDS, "required": list(FIELDS)}}


def report(results: list[Checked]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(gitlab.checks(results))
    return entries


def file(*findings: Diagnostic) -> Checked:
    return Checked("./net.yaml", Source("./net.yaml", "\n" * 9), findings)


def finding(line: int, message: str = "odd", **more: object) -> Diagnostic:
    return Diagnostic(code="SC999", message=message, span=Span(line, 1, line, 2), **more)


@pytest.mark.parametrize("name", INPUTS)
def test_every_entry_has_the_fields_that_gitlab_demands(name: str) -> None:
    text = gitlab.checks(INPUTS[name]())
    assert text[0] == "["
    entries = report(INPUTS[name]())
    Draft7Validator(REPORT).validate(entries)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


def test_nothing_found_is_an_empty_array() -> None:
    assert gitlab.checks([file()]) == "[]"


@pytest.mark.parametrize(
    ("severity", "word"), [(Severity.ERROR, "major"), (Severity.WARNING, "minor"), (Severity.NOTE, "info")]
)
def test_a_severity_has_gitlabs_word(severity: Severity, word: str) -> None:
    assert report([file(finding(1, severity=severity))])[0]["severity"] == word


def test_a_fingerprint_knows_no_line() -> None:
    before = report([file(finding(1), finding(3, "as in line 1, at net.yaml:1:5"))])
    after = report([file(finding(5), finding(7, "as in line 5, at net.yaml:5:5"))])
    assert [entry["fingerprint"] for entry in before] == [entry["fingerprint"] for entry in after]


def test_equal_findings_have_different_fingerprints_in_the_order_of_the_text() -> None:
    twice, thrice = report([file(*[finding(1)] * 2)]), report([file(*[finding(1)] * 3)])
    assert len({entry["fingerprint"] for entry in thrice}) == 3
    assert twice == thrice[:2]


def test_other_files_and_other_codes_have_other_fingerprints() -> None:
    found = finding(1)
    other = Checked("other.yaml", None, (found,))
    entries = report([file(found, found._replace(code="SC998"), found._replace(message="even")), other])
    assert len({entry["fingerprint"] for entry in entries}) == 4


def test_a_file_that_cannot_be_read_is_shown_at_its_first_line() -> None:
    (entry,) = report([checked("missing.yaml")])
    assert entry["location"] == {"path": "missing.yaml", "lines": {"begin": 1}}
