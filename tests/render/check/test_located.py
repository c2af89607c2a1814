"""What every format of `check` says: the file, the lines beside a message, and the counts."""

from __future__ import annotations

import pytest

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Label, Severity, Source, Span
from shapecalc.render.check.located import LONGEST, brief, counts, located, path_of, plural, verdict

INCLUDED = Source("lib/../blocks.yaml", "blocks: {}")
NET = Source("./nets/net.yaml", "include: blocks.yaml", (INCLUDED,))


def checked(*severities: Severity, name: str = "net.yaml") -> Checked:
    return Checked(name, None, tuple(Diagnostic("SC999", "odd", severity) for severity in severities))


@pytest.mark.parametrize(
    ("results", "line"),
    [
        ([], "0 files checked: all that were found are excluded"),
        ([checked(), checked()], "2 files checked: clean"),
        ([checked(Severity.NOTE)], "1 file checked: 1 note"),
        (
            [checked(Severity.NOTE, Severity.ERROR), checked(Severity.WARNING, Severity.ERROR, Severity.ERROR)],
            "2 files checked: 3 errors, 1 warning, 1 note",
        ),
    ],
)
def test_the_verdict_counts_files_and_diagnostics_errors_first(results: list[Checked], line: str) -> None:
    assert verdict(results) == line


def test_a_severity_that_nothing_has_is_counted_as_none() -> None:
    assert counts([checked(Severity.WARNING)]) == {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 0}


def test_a_noun_is_in_the_singular_for_one_alone() -> None:
    assert [plural(count, "axis error") for count in (0, 1, 2)] == ["0 axis errors", "1 axis error", "2 axis errors"]


@pytest.mark.parametrize(
    ("name", "path"), [("./net.yaml", "net.yaml"), ("a//b/../net.yaml", "a/net.yaml"), ("/a/net.yaml", "/a/net.yaml")]
)
def test_a_path_is_in_the_form_that_platforms_have_it_in(name: str, path: str) -> None:
    assert path_of(Checked(name, None, ())) == path


@pytest.mark.parametrize(
    ("span", "path"),
    [(None, "nets/net.yaml"), (Span(1, 1, 1, 8), "nets/net.yaml"), (Span(1, 1, 1, 7, 1), "blocks.yaml")],
)
def test_a_diagnostic_is_located_in_the_file_that_its_span_points_into(span: Span | None, path: str) -> None:
    (found,) = located([Checked(NET.name, NET, (Diagnostic("SC999", "odd", span=span),))])
    assert found.path == path


def test_labels_help_and_notes_are_lines_and_a_label_given_twice_is_one() -> None:
    label = Label(Span(1, 9, 1, 10, 1), "from here")
    diagnostic = Diagnostic(
        "SC999", "odd", span=Span(1, 1, 1, 8), label="this", labels=(label, label), help="write\x1b that", notes=("so",)
    )
    (found,) = located([Checked(NET.name, NET, (diagnostic,))])
    assert found.lines() == [
        "this",
        "blocks.yaml:1:9: from here",
        "help: write\\u{1b} that",
        "note: so",
    ]


def test_a_text_of_a_thousand_characters_is_whole_and_a_longer_one_is_cut() -> None:
    assert brief("x" * LONGEST) == "x" * 1_000
    assert brief("x" * (LONGEST + 1)) == "x" * 1_000 + "..."
