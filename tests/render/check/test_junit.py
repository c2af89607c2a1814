from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from xmlschema import XMLSchema

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.render.check import junit
from tests.support.check_inputs import INPUTS, checked, thirty

SCHEMA = XMLSchema(Path(__file__).parents[2] / "oracle" / "junit-10.xsd")


def file(*findings: Diagnostic) -> Checked:
    return Checked("net.yaml", None, findings)


def finding(code: str, severity: Severity = Severity.ERROR, message: str = "odd") -> Diagnostic:
    return Diagnostic(code=code, message=message, severity=severity)


def outcomes(*findings: Diagnostic, strict: bool = False, executed: bool = False) -> dict[str, list[str]]:
    suites = ET.fromstring(junit.checks([file(*findings)], strict=strict, executed=executed))
    return {case.attrib["name"]: [child.tag for child in case] for case in suites.iter("testcase")}


@pytest.mark.parametrize("name", INPUTS)
def test_a_report_is_valid_by_the_schema_of_jenkins(name: str) -> None:
    for strict in (False, True):
        SCHEMA.validate(junit.checks(INPUTS[name](), strict=strict, executed=True))


def test_the_schema_can_say_no() -> None:
    report = junit.checks(thirty())
    assert not SCHEMA.is_valid(report.replace("<failure message", "<failure line", 1))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", INPUTS)
def test_the_counts_are_right(name: str, strict: bool) -> None:
    root = ET.fromstring(junit.checks(INPUTS[name](), strict=strict))
    for element in (root, *root):
        for count, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped"), ("errors", "error")):
            if (element.tag, count) != ("testsuites", "skipped"):
                assert int(element.attrib[count]) == len(list(element.iter(tag)))


def test_a_file_is_a_suite() -> None:
    root = ET.fromstring(junit.checks(thirty()))
    names = ["thirty-words.yaml", "clean.yaml", "thirty-warnings.yaml", "missing.yaml"]
    assert [suite.attrib["name"] for suite in root] == names


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *(
            ("SC001", "reading"),
            ("SC101", "reading"),
            ("SC202", "reading"),
            ("SC301", "shapes"),
            ("SC402", "suspicions"),
        ),
        *(("SC501", "expectations"), ("SC502", "expectations"), ("SC601", "execution"), ("SC702", "execution")),
        ("SC999", "reading"),
    ],
)
def test_a_finding_fails_the_case_of_its_kind(code: str, kind: str) -> None:
    assert outcomes(finding(code))[kind] == ["failure"]


def test_what_comes_after_errors_was_not_reached() -> None:
    assert outcomes(finding("SC301")) == {
        "reading": [],
        "shapes": ["failure"],
        "suspicions": ["skipped"],
        "expectations": ["skipped"],
    }


def test_what_said_something_was_reached() -> None:
    found = outcomes(finding("SC301"), finding("SC402", Severity.WARNING))
    assert found["suspicions"] == ["system-out"]
    assert found["expectations"] == ["skipped"]


def test_what_comes_after_warnings_was_reached() -> None:
    found = outcomes(finding("SC402", Severity.WARNING), strict=True)
    assert found == {"reading": [], "shapes": [], "suspicions": ["failure"], "expectations": []}


def test_a_warning_is_output_and_no_failure_unless_strict() -> None:
    assert outcomes(finding("SC402", Severity.WARNING))["suspicions"] == ["system-out"]
    assert outcomes(finding("SC402", Severity.WARNING), strict=True)["suspicions"] == ["failure"]


def test_a_note_is_no_failure() -> None:
    assert outcomes(finding("SC402", Severity.NOTE), strict=True)["suspicions"] == ["system-out"]


def test_execution_is_a_case_where_something_was_executed() -> None:
    assert "execution" not in outcomes()
    assert outcomes(executed=True)["execution"] == []


def test_one_failure_tells_all_findings_of_its_kind() -> None:
    found = (finding("SC101", message="first"), finding("SC202", message="second"), finding("SC202", message="third"))
    (failure,) = ET.fromstring(junit.checks([file(*found)])).iter("failure")
    assert failure.attrib == {"message": "first (and 2 findings more)", "type": "SC101 SC202"}
    assert failure.text is not None
    assert [line.split("error")[1] for line in failure.text.split("\n\n")] == [
        "[SC101]: first",
        "[SC202]: second",
        "[SC202]: third",
    ]


def test_a_file_that_cannot_be_read_fails_to_be_read() -> None:
    (failure,) = ET.fromstring(junit.checks([checked("missing.yaml")])).iter("failure")
    assert failure.attrib == {"message": "`missing.yaml` does not exist", "type": "SC001"}


def test_what_no_xml_may_hold_is_shown() -> None:
    (failure,) = ET.fromstring(junit.checks([file(finding("SC101", message="\x00\x1b\ufffe\ud800<&>"))])).iter(
        "failure"
    )
    assert failure.attrib["message"] == r"\u{0}\u{1b}\u{fffe}\u{d800}<&>"
