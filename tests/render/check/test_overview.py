"""Many findings by directory and by code: every finding is counted once, and no table is long."""

from __future__ import annotations

import random

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.render.check import text
from shapecalc.render.check.overview import MOST_CODES, MOST_ROWS, by_directory, codes, directories, tables
from shapecalc.render.tables.text import table
from shapecalc.render.terminal.grid import Page


def checked(name: str, *findings: str) -> Checked:
    """Return a result; a finding is a code, an error if it ends with `!`, else a warning."""
    severities = {True: Severity.ERROR, False: Severity.WARNING}
    diagnostics = (Diagnostic(code.rstrip("!"), "odd", severities[code.endswith("!")]) for code in findings)
    return Checked(name, None, tuple(diagnostics))


def drawn(results: list[Checked]) -> list[list[str]]:
    return [line.split() for line in table(directories(results), Page(80, color=False, unicode=False)).split("\n")]


def test_directories_with_most_errors_come_first_and_clean_ones_are_left_out() -> None:
    results = [checked("a/x.yaml", "SC405", "SC405"), checked("a/y.yaml"), checked("b/c/z.yaml", "SC301!")]
    results += [checked("clean/z.yaml"), checked("top.yaml", "SC401")]
    assert drawn(results)[2:] == [
        ["b/c/", "1", "1", "1", "0"],
        ["a/", "2", "1", "0", "2"],
        [".", "1", "1", "0", "1"],
    ]
    assert [(group.path, group.files) for group in by_directory(results)] == [
        *((".", 1), ("a/", 2), ("b/c/", 1), ("clean/", 1)),
    ]


def test_many_directories_are_joined_into_those_above_them() -> None:
    results = [checked(f"/r/{number % 3}/{number}/x.yaml", "SC301!") for number in range(60)]
    assert drawn(results)[2:] == [[f"/r/{number}/", "20", "20", "20", "0"] for number in range(3)]
    apart = [checked(f"{number:03}/x.yaml", "SC301!") for number in range(60)]
    lines = drawn(apart)
    assert len(lines) == 2 + MOST_ROWS + 1
    assert lines[-1] == ["40", "other", "directories", "40", "40", "40", "0"]
    for below in ("nets", "a/b/nets"):
        lines = drawn([checked(f"{below}/{number:03}/x.yaml", "SC301!") for number in range(60)])
        assert lines[2] == [f"{below}/000/", "1", "1", "1", "0"], "one row of all is no overview"
        assert lines[-1] == ["40", "other", "directories", "40", "40", "40", "0"]


def test_every_finding_is_in_one_directory_and_every_code_in_one_row() -> None:
    chance = random.Random(5)
    for _ in range(50):
        results = [
            checked(
                "/".join(chance.choices("abcdefgh", k=chance.randrange(5))) + f"/{number}.yaml",
                *chance.choices([f"SC{code}{mark}" for code in range(301, 320) for mark in ("", "!")], k=number % 4),
            )
            for number in range(chance.randrange(1, 80))
        ]
        errors = sum(found.severity is Severity.ERROR for one in results for found in one.findings)
        everything = sum(len(one.findings) for one in results)
        groups = by_directory(results)
        assert sum(group.files for group in groups) == len(results)
        assert sum(group.findings[Severity.ERROR] for group in groups) == errors
        rows = directories(results).rows
        assert sum(int(row.values[3].text().replace(",", "")) for row in rows) == errors
        found = codes(results).rows
        assert len(found) <= MOST_CODES + 1
        assert sum(int(row.values[1].text()) for row in found) == everything


def test_few_files_are_named_each() -> None:
    (files,) = tables([checked("a/x.yaml", "SC301!"), checked("a/y.yaml"), checked("b.yaml", "SC301")])
    assert [(row.values[0].text(), row.values[1].text()) for row in files.rows] == [("a/x.yaml", "1"), ("b.yaml", "0")]


def test_the_text_has_an_overview_below_many_findings_and_within_any_width() -> None:
    results = [checked(f"{'deep/' * number}net.yaml", "SC301!", "SC405") for number in range(text.MANY + 1)]
    assert "with findings" not in text.checks(results[:-1])
    for width in (40, 60, 80):
        lines = text.checks(results, width=width).split("\n")
        table_at = next(place for place, line in enumerate(lines) if line.startswith("directory"))
        assert max(map(len, lines[table_at:])) <= width
        assert lines[-1] == "11 files checked: 11 errors, 11 warnings"
    assert text.checks(results, unicode=False, width=80).split("SC301 ")[-1].isascii()
