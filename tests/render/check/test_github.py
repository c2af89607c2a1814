from __future__ import annotations

import pytest

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Label, Severity, Source, Span
from shapecalc.render.check.github import checks, summary
from tests.support.check_inputs import one, thirty
from tests.support.ci_logs import commands

TOKEN = "0123456789abcdef"
MEBIBYTE = 1 << 20


def finding(message: str = "odd", *, span: Span | None = None, **more: object) -> Diagnostic:
    return Diagnostic(code="SC999", message=message, span=span, **more)


def file(*findings: Diagnostic, name: str = "net.yaml") -> Checked:
    return Checked(name, Source(name, "layers: [relu]\n"), findings)


def test_an_annotation_says_label_other_places_and_help() -> None:
    (command,) = commands(checks(one()))
    assert command.word == "error"
    assert command.properties == {
        "file": "one.yaml",
        "line": "5",
        "endLine": "5",
        "col": "27",
        "endColumn": "30",
        "title": "shapecalc SC301",
    }
    assert command.data.split("\n") == [
        "`linear` expects 512 input features, receives 147",
        "expected 147",
        "one.yaml:4:5: gives [N, 147]: 147 = 3 x 7 x 7",
        "help: write `in_features: 147`, or leave `in_features` out: it follows from the input",
    ]


@pytest.mark.parametrize(
    ("span", "lines"),
    [
        (Span(3, 5, 4, 2), {"line": "3", "endLine": "4"}),
        (Span(3, 5, 5, 1), {"line": "3", "endLine": "4"}),
        (Span(3, 5, 4, 1), {"line": "3", "endLine": "3"}),
    ],
)
def test_more_than_one_line_has_no_columns(span: Span, lines: dict[str, str]) -> None:
    (command,) = commands(checks([file(finding(span=span))]))
    assert command.properties == {"file": "net.yaml", **lines, "title": "shapecalc SC999"}


@pytest.mark.parametrize(
    ("severity", "word"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")]
)
def test_a_severity_is_a_command(severity: Severity, word: str) -> None:
    assert [command.word for command in commands(checks([file(finding(severity=severity))]))] == [word]


def test_ten_of_a_kind_are_shown_errors_first_and_the_rest_is_counted() -> None:
    format_value = checks(thirty())
    assert [command.word for command in commands(format_value)] == ["error"] * 10 + ["warning"] * 10
    assert format_value.split("\n")[20:] == [
        "and 6 errors and 4 warnings more, which GitHub would not show: a step has 10 annotations of a kind",
        "4 files checked: 16 errors, 14 warnings",
    ]


def test_a_finding_of_an_included_file_lies_in_that_file() -> None:
    included = Source("sub/common.yaml", "a: 1\n")
    found = finding(span=Span(1, 1, 1, 2, file=1), labels=(Label(Span(2, 3, 2, 4), "read here"),))
    (command,) = commands(checks([Checked("./net.yaml", Source("./net.yaml", "b: 2\nc: 3\n", (included,)), (found,))]))
    assert command.properties["file"] == "sub/common.yaml"
    assert command.data == "odd\nnet.yaml:2:3: read here"


@pytest.mark.parametrize(
    "name", ["100%25.yaml", "a,line=9.yaml", "a: b::c.yaml", "a=b.yaml", "%0A%3A.yaml", " x .yaml"]
)
def test_a_name_arrives_as_it_is(name: str) -> None:
    (command,) = commands(checks([file(finding(), name=name)]))
    assert command.properties["file"] == name


def test_a_name_that_starts_with_a_sign_of_equality_keeps_it() -> None:
    (command,) = commands(checks([file(finding(), name="==x.yaml")]))
    assert command.properties["file"] == "./==x.yaml"


def test_a_message_stays_below_what_the_runner_cuts() -> None:
    (command,) = commands(checks([file(finding("x" * 9_999, notes=("y" * 999,) * 9))]))
    assert len(command.data) == 4_003
    assert command.data.endswith("y...")


def test_a_clean_summary_is_one_line() -> None:
    assert summary([file()]) == "### shapecalc: 1 file checked: clean\n"


def test_what_does_not_fit_into_a_summary_is_counted() -> None:
    findings = [finding("x" * 999) for _ in range(1_500)]
    format_value = summary([file(*findings, name="first.yaml"), file(finding("the last one"), name="last.yaml")])
    kept = format_value.count("error[SC999]")
    assert MEBIBYTE - 8_000 < len(format_value.encode()) <= MEBIBYTE
    assert format_value.endswith(
        f"Left out, as GitHub takes no more than 1 MiB: {1_501 - kept} errors of `first.yaml` ({1_501 - kept}).\n"
    )


def test_many_files_fill_a_summary_no_further() -> None:
    files = [file(finding("`" * 900 + "ü" * 90), name=f"{'`ü' * 60}{number}.yaml") for number in range(2_000)]
    format_value = summary(files)
    assert len(format_value.encode()) <= MEBIBYTE
    assert "Left out" in format_value
