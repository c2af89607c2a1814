"""SARIF against the schema of OASIS and against what GitHub documents of code scanning.

Source: GitHub, "SARIF support for code scanning": required properties, lengths of texts, 25,000 results and 25,000
rules per run, 20 runs per file, 20 tags per rule, 1,000 locations per result, 10 MB of a compressed file.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft4Validator

from shapecalc.checking.result import Checked, CheckResults
from shapecalc.diagnostics import Diagnostic, Label, Severity, Source, Span
from shapecalc.diagnostics.rules import codes
from shapecalc.render.check import sarif
from shapecalc.render.check.line_hash import line_hashes
from tests.support.check_inputs import INPUTS, checked, one

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = json.loads((Path(__file__).parents[2] / "oracle" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
SECOND_LINE = Span(2, 1, 2, 7)
FILES = Path(__file__).parent / "files"


def run_of(results: Sequence[Checked]) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(sarif.checks(results))
    Draft4Validator(SCHEMA).validate(log)
    return log["runs"][0]


def file(*findings: Diagnostic, name: str = "net.yaml", text: str = "input: [N]\nlayers: [relu]\n") -> Checked:
    return Checked(name, Source(name, text), findings)


def finding(message: str = "odd", *, span: Span = SECOND_LINE, **more: object) -> Diagnostic:
    return Diagnostic(code="SC301", message=message, span=span, **more)


@pytest.mark.parametrize("name", INPUTS)
def test_a_log_is_valid_by_the_schema_of_oasis(name: str) -> None:
    assert run_of(INPUTS[name]())["columnKind"] == "unicodeCodePoints"


def test_the_schema_can_say_no() -> None:
    log = json.loads(sarif.checks(one()))
    del log["runs"][0]["results"][0]["message"]
    assert not Draft4Validator(SCHEMA).is_valid(log)


@pytest.mark.parametrize("name", INPUTS)
def test_every_result_has_what_code_scanning_demands(name: str) -> None:
    run = run_of(INPUTS[name]())
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        for line_hash in result.get("partialFingerprints", {}).values():
            assert re.fullmatch("[0-9a-f]{1,16}:[0-9]+", line_hash)
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert list(region) == ["startLine", "startColumn", "endLine", "endColumn"]
        assert min(region.values()) >= 1


def test_every_code_is_a_rule_that_code_scanning_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://example.org/owner/shapecalc/blob/v1.0/a%23b"
    monkeypatch.setenv("SHAPECALC_SOURCE", "https://example.org/owner/shapecalc/blob/v1.0/a#b/")
    run = run_of([file(*(Diagnostic(code=code, message="odd", span=SECOND_LINE) for code in codes()))])
    driver = run["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == list(codes())
    assert driver["informationUri"] == f"{address}/README.md"
    root = Path(__file__).parents[3]
    for rule in driver["rules"]:
        assert all(0 < len(rule[key]["text"]) <= 1024 for key in ("shortDescription", "fullDescription"))
        assert rule["help"]["text"] == rule["help"]["markdown"] != ""
        page = root / rule["helpUri"].removeprefix(f"{address}/")
        assert page.read_text(encoding="utf-8").startswith(f"# {rule['id']}: {rule['shortDescription']['text']}\n")


def test_without_an_address_no_link_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHAPECALC_SOURCE", raising=False)
    driver = run_of(one())["tool"]["driver"]
    assert "informationUri" not in driver
    assert "helpUri" not in driver["rules"][0]


def test_an_alert_stays_the_same_if_lines_move() -> None:
    def hashes(result: Checked) -> list[str | None]:
        found = [each.get("partialFingerprints") for each in run_of([result])["results"]]
        return [each and each["primaryLocationLineHash"] for each in found]

    text = "input: [N]\nlayers: [relu]\n"
    before = hashes(file(finding(), text=text))
    assert before == [line_hashes(text)[1]]
    assert hashes(file(finding(span=Span(4, 1, 4, 7)), text=f"# 1\n# 2\n{text}")) == before
    # What has no position is at the first line, with the mark that an upload reads; a text that is not known has none.
    whole = Diagnostic(code="SC503", message="odd")
    assert hashes(file(whole)._replace(source=Source("net.yaml", text, mark="\ufeff"))) == [
        line_hashes(f"\ufeff{text}")[0]
    ]
    assert hashes(Checked("the.lock", None, (whole,))) == [None]


def test_clean_files_have_results_and_these_are_none() -> None:
    assert run_of([checked("clean.yaml")])["results"] == []


def test_a_region_is_the_marked_text() -> None:
    (result,) = run_of(one())["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 5, "startColumn": 27, "endLine": 5, "endColumn": 30}
    line = (FILES / "one.yaml").read_text(encoding="utf-8").split("\n")[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "512"


def test_a_fix_replaces_that_text() -> None:
    (result,) = run_of(one())["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "one.yaml"}
    (replacement,) = change["replacements"]
    assert replacement["insertedContent"] == {"text": "147"}
    assert replacement["deletedRegion"] == result["locations"][0]["physicalLocation"]["region"]


def test_a_label_is_a_related_location() -> None:
    (result,) = run_of(one())["results"]
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["region"]["startLine"] == 4
    assert related["message"] == {"text": "gives [N, 147]: 147 = 3 x 7 x 7"}


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("./a/../net.yaml", "net.yaml"),
        ("a b/ü#?.yaml", "a%20b/%C3%BC%23%3F.yaml"),
        ("c:d.yaml", "c%3Ad.yaml"),
        ("/tmp/net.yaml", "file:///tmp/net.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("\udcff.yaml", "%FF.yaml"),
        ("\ud800.yaml", "%3F.yaml"),
    ],
)
def test_a_path_is_a_relative_address(name: str, uri: str) -> None:
    (result,) = run_of([file(finding(), name=name)])["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_a_finding_of_an_included_file_lies_in_that_file() -> None:
    included = Source("common.yaml", "blocks: {}\n")
    found = finding(span=Span(1, 1, 1, 7, file=1), labels=(Label(Span(2, 1, 2, 7), ""),))
    (result,) = run_of([Checked("net.yaml", Source("net.yaml", "a: 1\nlayers: []\n", (included,)), (found,))])[
        "results"
    ]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "common.yaml"
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "net.yaml"


def test_a_file_that_cannot_be_read_has_a_line_to_show_it_at() -> None:
    (result,) = run_of([checked("missing.yaml")])["results"]
    location = result["locations"][0]["physicalLocation"]
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    assert location == {"artifactLocation": {"uri": "missing.yaml"}, "region": region}


def test_files_that_are_passed_over_are_a_notification() -> None:
    run = run_of(CheckResults([checked("clean.yaml")], skipped=("compose.yaml", "ci.yml")))
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert (notification["level"], notification["message"]["text"]) == (
        "note",
        "2 YAML files without a network passed over",
    )


def test_a_name_makes_no_link() -> None:
    (result,) = run_of([file(finding("[here](https://example.org)", label="[a](b)"))])["results"]
    assert result["message"]["text"] == "[here] (https://example.org)\n[a] (b)"


def test_of_too_many_results_the_worst_are_written_and_the_others_counted() -> None:
    findings = [finding(severity=Severity.WARNING)] * 25_000 + [finding()] * 3
    log = json.loads(sarif.checks([file(*findings)]))  # the schema takes its time for so many
    run = log["runs"][0]
    assert [result["level"] for result in run["results"]] == ["error"] * 3 + ["warning"] * 24_997
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "3 results more than 25000 left out"
    run["results"] = run["results"][:1]
    Draft4Validator(SCHEMA).validate(log)


def test_a_log_is_not_larger_than_code_scanning_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sarif.MOST_BYTES == 10_000_000
    monkeypatch.setattr(sarif, "MOST_BYTES", 100_000)
    drawn = random.Random(5)  # texts that do not compress
    findings = [finding(drawn.randbytes(490).hex(), severity=Severity.WARNING) for _ in range(400)]
    text = sarif.checks([file(*findings, finding("the worst"))])
    assert 25_000 < len(gzip.compress(text.encode())) <= 100_000
    run = json.loads(text)["runs"][0]
    assert run["results"][0]["message"]["text"] == "the worst"
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    left = 401 - len(run["results"])
    assert notification["message"]["text"] == f"{left} results more than {len(run['results'])} left out"
