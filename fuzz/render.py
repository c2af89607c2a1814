"""Hostile names, remarks and values through every format: no exception, and nothing that a sink would obey."""

from __future__ import annotations

import csv as standard_csv
import json as standard_json
from io import StringIO
from typing import TYPE_CHECKING, Any, NoReturn
from xml.etree import ElementTree as ET

from fuzz.generation import Choices, architecture
from fuzz.load import LIMITS
from fuzz.seeds import BREAK, GENERATED
from fuzz.words import HOSTILE
from shapecalc.checking import Checked
from shapecalc.comparison import diff
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.engine import inspect_at
from shapecalc.expectations import unmet
from shapecalc.legality import impossible
from shapecalc.loading import loads_source
from shapecalc.render import (
    csv,
    diff as differences,
    dot,
    github,
    gitlab,
    json,
    junit,
    latex,
    markdown,
    mermaid,
    sarif,
    table,
    text,
)
from shapecalc.render.columns import Column
from shapecalc.suspicions import suspicions
from tests.render.check.decoding import CONTROLS, commands

if TYPE_CHECKING:
    from shapecalc.report import Report

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a runner's word to go on, here always the same
COLUMNS = tuple(Column)


def one_input(data: bytes) -> None:
    """Write what is found of one file or two; raise `AssertionError` where a promise is broken."""
    files = files_of(data)
    if not files:
        return
    results, reports = [], []
    for name, written in files:
        checked, report = found_in(Source(name, written))
        results.append(checked)
        reports += [report] if report is not None else []
    check_formats(results, 20 + len(data) % 181)
    for report in reports:
        inspect_formats(report, 20 + len(data) % 181, depth=(None, 1, 2)[len(data) % 3], expand=len(data) % 2 == 0)
    if reports:
        diff_formats(reports[0], reports[-1], 20 + len(data) % 181)


def files_of(data: bytes) -> list[tuple[str, str]]:
    """Return the names and texts that an input stands for; a file is called by what its own first line has."""
    if data.startswith(GENERATED):
        choices = Choices(data[1:])
        names = ["".join(choices.one(HOSTILE) for _ in range(choices.number(3))) for _ in range(2)]
        return [(f"{name}.yaml", architecture(choices, hostile=True)) for name in names]
    try:
        texts = data.decode("utf-8").split(BREAK)[:2]
    except UnicodeDecodeError:
        return []
    return [(f"{written.partition(chr(10))[0][-40:]}.yaml", written) for written in texts]


def found_in(source: Source) -> tuple[Checked, Report | None]:
    """Return what `check` finds of a text, and the report where there is one."""
    try:
        network = loads_source(source, LIMITS)
        report = inspect_at(network, {})
        findings = (*suspicions(report), *unmet(report), *impossible(report))
    except ShapecalcError as error:
        return Checked(source.name, error.source or source, error.diagnostics), None
    return Checked(source.name, network.file or source, findings), report


def inspect_formats(report: Report, width: int, depth: int | None, *, expand: bool) -> None:
    """Write a report in every format of `inspect`."""
    for columns in ((), (COLUMNS,)):
        for unicode in (True, False):
            shown = table.inspection(
                report, *columns, depth=depth, expand=expand, width=width, color=False, unicode=unicode
            )
            plain(shown, ascii_only=not unicode)
        plain(markdown.inspection(report, *columns, depth=depth, expand=expand))
        plain(latex.inspection(report, *columns, depth=depth, expand=expand))
        rows = list(standard_csv.reader(StringIO(plain(csv.inspection(report, *columns, depth=depth)), newline="")))
        assert len({len(row) for row in rows}) == 1, rows
    for unicode in (True, False):
        parsed(json.document(report.to_dict(), unicode=unicode), ascii_only=not unicode)
        plain(mermaid.inspection(report, depth, expand=expand, unicode=unicode), ascii_only=not unicode)
        plain(dot.inspection(report, depth, expand=expand, unicode=unicode), ascii_only=not unicode)


def check_formats(results: list[Checked], width: int) -> None:
    """Write findings in every format of `check`."""
    log = plain(text.checks(results, width=width))
    assert [command.word for command in commands(github.guarded_log(log, TOKEN))] == ["stop-commands", TOKEN]
    annotations = plain(github.checks(results))
    meant = sum(len(checked.findings) for checked in results)
    assert {command.word for command in commands(annotations)} <= {"error", "warning", "notice"}
    assert len(commands(annotations)) == annotations.count("\n") == meant or meant > MOST_ANNOTATIONS
    plain(github.summary(results))
    for unicode in (True, False):
        parsed(json.checks(results, unicode=unicode), ascii_only=not unicode)
    assert len(parsed(gitlab.checks(results))) == meant
    assert len(parsed(sarif.checks(results))["runs"][0]["results"]) == meant
    suites = plain(junit.checks(results), ascii_only=True)
    assert not commands(suites)
    assert not CONTROLS.search("".join(ET.fromstring(suites).itertext()))


MOST_ANNOTATIONS = 10


def diff_formats(old: Report, new: Report, width: int) -> None:
    """Write a comparison in every format of `diff`."""
    for before in (old, None):
        compared = diff(before, new)
        for unicode in (True, False):
            plain(differences.table(compared, width=width, color=False, unicode=unicode), ascii_only=not unicode)
            parsed(json.document(compared.to_dict(), unicode=unicode), ascii_only=not unicode)
        plain(differences.markdown(compared))


def plain(written: str, *, ascii_only: bool = False) -> str:
    """Return a text in which nothing is obeyed or hidden by a terminal."""
    control = CONTROLS.search(written)
    assert not control, (control, written[max(0, control.start() - 60) : control.end() + 60] if control else "")
    assert written.isascii() or not ascii_only
    return written


def parsed(written: str, *, ascii_only: bool = False) -> Any:
    """Return the values of a JSON document in which a runner sees no command."""
    assert not commands(plain(written, ascii_only=ascii_only))
    return standard_json.loads(written, parse_constant=_refused)


def _refused(name: str) -> NoReturn:
    raise ValueError(name)
