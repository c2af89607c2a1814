from __future__ import annotations

import json
from typing import Any

import pytest

from shapecalc.checking.result import Checked, CheckResults
from shapecalc.diagnostics import Diagnostic, Fix, Label, Source, Span
from shapecalc.render.check.json import checks
from shapecalc.render.json import document, text
from tests.support.check_inputs import checked, one


def read(*results: Checked) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(checks(results))
    return value


def test_a_finding_has_every_key_whether_or_not_it_has_a_value() -> None:
    (full,) = read(*one())["files"][1]["findings"]
    (bare,) = read(checked("missing.yaml"))["files"][0]["findings"]
    assert list(full) == list(bare)
    assert bare == {
        "code": "SC001",
        "severity": "error",
        "message": "`missing.yaml` does not exist",
        "file": "missing.yaml",
        **dict.fromkeys(("line", "column", "end_line", "end_column", "label")),
        "labels": [],
        "help": None,
        "notes": [],
        "fix": None,
    }


def test_files_that_are_passed_over_are_named_and_counted() -> None:
    value = json.loads(checks(CheckResults([checked("clean.yaml")], skipped=("./a/compose.yaml",))))
    assert (value["skipped"], value["totals"]["skipped"]) == (["a/compose.yaml"], 1)


def test_a_file_that_cannot_be_read_says_so() -> None:
    files = read(checked("missing.yaml"), checked("clean.yaml"))["files"]
    assert [file["readable"] for file in files] == [False, True]


def test_the_totals_count() -> None:
    assert read(*one())["totals"] == {"files": 2, "skipped": 0, "unchanged": 0, "errors": 1, "warnings": 0, "notes": 0}


def test_places_in_an_included_file_name_it() -> None:
    source = Source("net.yaml", "a: 1\n", (Source("common.yaml", "b: 2\n"),))
    at = Span(1, 1, 1, 2, file=1)
    found = Diagnostic("SC999", "odd", span=at, labels=(Label(at._replace(file=0), "x"),), fix=Fix(at, "c", safe=True))
    (told,) = read(Checked("net.yaml", source, (found,)))["files"][0]["findings"]
    assert (told["file"], told["labels"][0]["file"], told["fix"]["file"]) == ("common.yaml", "net.yaml", "common.yaml")
    assert told["fix"]["safe"] is True


def test_a_document_shows_no_control_and_keeps_the_value() -> None:
    value = {"name": "\x1b\x7f\x9b\u202e\ud800\U000e0001é\n"}
    format_value = text(value)
    assert format_value.isprintable() is False  # its own line breaks
    assert all(line.isprintable() for line in format_value.split("\n"))
    assert "é" in format_value
    assert json.loads(format_value) == value


def test_a_document_has_no_number_that_json_has_not() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        document({"loss": float("nan")})
