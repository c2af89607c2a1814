"""Golden diagnostics: each file in `cases/` is a mistake, the text beside it what `shapecalc inspect` says of it.

Of what is suspect and works, `inspect` is silent: there the text is what `check` finds.
`cases/included/` has files that cases include.
`python -m pytest tests/house/test_cases.py --update-cases` rewrites the texts; read the difference before committing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from shapecalc.checking.diagnose import diagnose
from shapecalc.checking.lints import ANOTHER_LAYOUT, WITHOUT_EFFECT
from shapecalc.cli import app
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.files.load import loads_source
from shapecalc.parser.files import read_source
from shapecalc.render.check.text import render_diagnostics
from shapecalc.shape_inference.engine import inspect
from tests.support.rows import for_each

if TYPE_CHECKING:
    import pytest

FOLDER = Path(__file__).parents[1] / "cases"
CASES = sorted(FOLDER.glob("*.yaml"))
TRIGGERED_BY_A_FILE = {
    *(
        "SC002",
        "SC003",
        "SC004",
        "SC005",
        "SC010",
        "SC011",
        "SC012",
        "SC013",
        "SC014",
        "SC015",
        "SC016",
        "SC017",
        "SC018",
    ),
    *("SC006", "SC020", "SC021", "SC022", "SC023", "SC024", "SC025"),
    *("SC101", "SC102", "SC103", "SC104", "SC105", "SC106", "SC107", "SC108", "SC109"),
    *("SC110", "SC112", "SC115"),
    *("SC201", "SC202", "SC203", "SC204", "SC205", "SC206"),
    *("SC301", "SC302", "SC303", "SC304", "SC305", "SC306", "SC307", "SC308", "SC309"),
    *("SC310", "SC311", "SC313", "SC314", "SC315", "SC316"),
    *("SC401", "SC402", "SC403", "SC404", "SC405", "SC406", "SC407", "SC408", "SC409", "SC410", "SC411", "SC412"),
    *("SC413", "SC414", "SC415", "SC416", "SC501"),
}
WARNINGS = {"SC4"}
"""What begins so is told, and changes no exit code."""
UNREADABLE = {"SC006"}
TOO_LARGE_TO_KEEP = {"SC010", "SC013", "SC017", "SC018"}
"""A megabyte, a scalar of 64 KiB, 65 files, 5 MB: tests/diagnostics/test_limits.py has them."""


def named(path: Path) -> str:
    return path.stem


@for_each("path", CASES, ids=named)
def test_a_mistake_is_explained_as_agreed(
    path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(FOLDER)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    result = CliRunner().invoke(app, ["inspect", path.name])
    said = result.stderr
    if path.stem[:3] in WARNINGS and path.stem[:5] not in WITHOUT_EFFECT | ANOTHER_LAYOUT:
        assert said == ""
        said = render_diagnostics(*reading_of(Path(path.name))) + "\n"
    expected = path.with_suffix(".txt")
    if request.config.getoption("--update-cases"):
        expected.write_text(said, encoding="utf-8")
    assert result.exit_code == (0 if path.stem[:3] in WARNINGS else 2 if path.stem[:5] in UNREADABLE else 1)
    assert said == expected.read_text(encoding="utf-8")


@for_each("path", [case for case in CASES if case.stem.startswith("SC")], ids=named)
def test_a_case_shows_the_code_that_it_is_named_after_and_no_other(path: Path) -> None:
    allowed = {path.stem[:5]} | EXPECTED_BESIDE.get(path.stem, set())
    assert {finding.code for finding in findings_of(path)} == allowed


EXPECTED_BESIDE = {
    "SC101-keras-conv": {"SC102"},
    "SC102-a-name-that-is-misspelt-twice": {"SC101"},
    "SC201-three-wrong-fields": {"SC202"},
    "SC203-after-wide-characters": {"SC102"},
    "SC501-beside-a-warning": {"SC402"},
    "SC501-other-output": {"SC401"},
}
"""Files that hold a second mistake, of another code."""


def test_every_code_that_a_file_can_trigger_has_a_case() -> None:
    shown = {finding.code for path in CASES for finding in findings_of(path)}
    assert shown | TOO_LARGE_TO_KEEP >= TRIGGERED_BY_A_FILE


def test_no_text_is_left_over_from_a_case_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {path.stem for path in CASES}


@for_each("path", CASES, ids=named)
def test_an_edit_that_is_offered_clears_its_error(path: Path) -> None:
    before, source = reading_of(path)
    for finding in before:
        # A file that is included lies on the disk, where a test does not mend it.
        if finding.fix is None or finding.fix.span.file:
            continue
        mended = Source(source.name, applied(source.text, finding))
        after, _ = reading_in(mended)
        left = [same for same in after if same.code == finding.code and same.message == finding.message]
        assert len(left) < sum(f.code == finding.code and f.message == finding.message for f in before), finding


@for_each("path", CASES, ids=named)
def test_a_help_that_says_what_to_write_carries_the_edit(path: Path) -> None:
    for finding in findings_of(path):
        written = re.match(r"write `([^`…]+)`", finding.help or "")
        if written and "…" not in (finding.help or "") and finding.code >= "SC1":
            assert finding.fix is not None, finding
            assert written[1].endswith(finding.fix.replacement.strip()), finding


@for_each("path", CASES, ids=named)
def test_a_caret_stands_under_text_of_the_file(path: Path) -> None:
    findings, source = reading_of(path)
    for finding in findings:
        for span in (finding.span, *(label.span for label in finding.labels)):
            if span is None or not source.text:
                continue
            assert 0 <= span.file <= len(source.included), finding
            lines = source.of(span).text.split("\n")
            assert 1 <= span.line <= len(lines), finding
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1, finding


def findings_of(path: Path) -> tuple[Diagnostic, ...]:
    return reading_of(path)[0]


def reading_of(path: Path) -> tuple[tuple[Diagnostic, ...], Source]:
    try:
        source = read_source(path)
    except ShapecalcError as error:
        return error.diagnostics, error.source or Source(str(path), "")
    return reading_in(source)


def reading_in(source: Source) -> tuple[tuple[Diagnostic, ...], Source]:
    """Return what `inspect` reports, and the text with those that it includes."""
    try:
        architecture = loads_source(source, folder=FOLDER, unused=True)
        report = inspect(architecture)
    except ShapecalcError as error:
        return error.diagnostics, error.source or source
    assert architecture.file is not None
    return diagnose(report), architecture.file


def applied(text: str, finding: Diagnostic) -> str:
    assert finding.fix is not None
    start, end = offsets(text, finding.fix.span)
    return text[:start] + finding.fix.replacement + text[end:]


def offsets(text: str, span: Span) -> tuple[int, int]:
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
