"""Hostile names, remarks and values through every format: no exception, and nothing that a sink would obey."""

from __future__ import annotations

import csv as standard_csv
import json as standard_json
import zlib
from collections import Counter
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from xml.etree import ElementTree as ET

from fuzz.generation import Choices, architecture
from fuzz.seeds import BREAK, GENERATED
from fuzz.words import HOSTILE
from shapecalc.checking.diagnose import diagnose
from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Severity, ShapecalcError, Source
from shapecalc.diagnostics.limits import Limits
from shapecalc.diffing.diff import diff
from shapecalc.files.load import loads_source
from shapecalc.render import diff as differences, json
from shapecalc.render.check import github, gitlab, json as check_json, junit, sarif, text
from shapecalc.render.check.located import counts
from shapecalc.render.inspect import dot, mermaid
from shapecalc.render.inspect.columns import COLUMNS, DEFAULT_COLUMNS, Column
from shapecalc.render.inspect.table import inspection, listing
from shapecalc.render.tables import csv, latex, markdown, text as tables_text
from shapecalc.render.terminal.escaping import ascii_only
from shapecalc.render.terminal.grid import Page
from shapecalc.shape_inference.engine import inspect_at
from tests.support.ci_logs import CONTROLS, commands

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report

MOST_ANNOTATIONS = 10
WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
LIMITS = Limits(layers=40)
"""A long table shows nothing that a short one does not."""


class Manner(NamedTuple):
    """How an input is written: one of many ways, or fuzzing would be slow; another input is written another way."""

    width: int
    unicode: bool
    columns: tuple[Column, ...]
    depth: int | None
    expand: bool
    new: bool
    """Whether the first file is compared with one that was not there."""


def manner_of(data: bytes) -> Manner:
    """Return how an input is written."""
    bits = zlib.crc32(data)
    return Manner(
        width=20 + bits % 181,
        unicode=bits >> 8 & 1 == 0,
        columns=tuple(COLUMNS.values()) if bits >> 9 & 1 else DEFAULT_COLUMNS,
        depth=(None, None, 1, 2)[bits >> 10 & 3],
        expand=bits >> 12 & 1 == 0,
        new=bits >> 13 & 7 == 0,
    )


def one_input(data: bytes) -> None:
    """Write what is found of one file or two; raise `AssertionError` where a promise is broken."""
    manner = manner_of(data)
    results, reports = [], []
    for name, written in files_of(data):
        checked, report = found_in(Source(name, written))
        results.append(checked)
        reports += [report] if report is not None else []
    check_formats(results, manner)
    for report in reports:
        inspect_formats(report, manner)
    if reports:
        diff_formats(None if manner.new else reports[0], reports[-1], manner)


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
        findings = diagnose(report)
    except ShapecalcError as error:
        return Checked(source.name, error.source or source, error.diagnostics), None
    return Checked(source.name, network.file or source, findings), report


def inspect_formats(report: Report, manner: Manner) -> None:
    """Write a report in every format of `inspect`."""
    width, unicode, columns, depth, expand, _ = manner
    result = inspection(report, columns, depth, expand=expand)
    plain(tables_text.document(result, Page(width, color=False, unicode=unicode)), ascii_alone=not unicode)
    plain(markdown.document(result))
    plain(latex.table(result.main))
    rows = list(standard_csv.reader(StringIO(plain(csv.table(listing(report, columns, depth))), newline="")))
    assert {len(row) for row in rows} == {len(columns)}, rows
    parsed(json.document(report.to_dict(), unicode=unicode), ascii_alone=not unicode)
    plain(mermaid.inspection(report, depth, expand=expand, unicode=unicode), ascii_alone=not unicode)
    plain(dot.inspection(report, depth, expand=expand, unicode=unicode), ascii_alone=not unicode)


def check_formats(results: list[Checked], manner: Manner) -> None:
    """Write findings in every format of `check`."""
    log = plain(text.checks(results, width=manner.width))
    if not manner.unicode:
        plain(ascii_only(log), ascii_alone=True)
    annotations = visible(github.checks(results))
    meant = sum(len(checked.findings) for checked in results)
    told = Counter(command.word for command in commands(annotations))
    found = counts(results).items()
    assert told == Counter({WORDS[severity]: min(count, MOST_ANNOTATIONS) for severity, count in found if count})
    plain(github.summary(results))
    parsed(check_json.checks(results, unicode=manner.unicode), ascii_alone=not manner.unicode)
    assert len(parsed(gitlab.checks(results))) == meant
    assert len(parsed(sarif.checks(results))["runs"][0]["results"]) == meant
    suites = plain(junit.checks(results), ascii_alone=True)
    assert not CONTROLS.search("".join(ET.fromstring(suites).itertext()))


def diff_formats(old: Report | None, new: Report, manner: Manner) -> None:
    """Write a comparison in every format of `diff`."""
    width, unicode = manner[:2]
    compared = diff(old, new)
    result = differences.comparison(compared)
    plain(tables_text.document(result, Page(width, color=False, unicode=unicode)), ascii_alone=not unicode)
    plain(csv.table(differences.listing(compared)))
    plain(latex.table(result.main))
    parsed(json.document(compared.to_dict(), unicode=unicode), ascii_alone=not unicode)
    plain(differences.markdown(compared))


def plain(written: str, *, ascii_alone: bool = False) -> str:
    """Return a text in which neither a terminal nor a CI's runner obeys anything."""
    assert not commands(written), commands(written)
    return visible(written, ascii_alone=ascii_alone)


def visible(written: str, *, ascii_alone: bool = False) -> str:
    """Return a text in which a terminal obeys and hides nothing."""
    control = CONTROLS.search(written)
    assert not control, (control, written[max(0, control.start() - 60) : control.end() + 60] if control else "")
    assert written.isascii() or not ascii_alone
    return written


def parsed(written: str, *, ascii_alone: bool = False) -> Any:
    """Return the values of a JSON document."""
    return standard_json.loads(plain(written, ascii_alone=ascii_alone), parse_constant=_refused)


def _refused(name: str) -> NoReturn:
    raise ValueError(name)
