"""An overview of many findings: how many each directory has, and the most frequent codes, as tables."""

from __future__ import annotations

from collections import Counter
from posixpath import dirname
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Severity
from shapecalc.diagnostics.rules import rule
from shapecalc.render.check.located import counts, path_of, plural
from shapecalc.render.tables.model import Amount, Path, Table, TableColumn, TableRow, Words
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.render.tables.model import Value

MOST_ROWS = 20
MOST_CODES = 10
LONGEST_NAME = 120


class PathCounts(NamedTuple):
    """The number of files at a path, those that have findings, and the findings by severity."""

    path: str
    files: int
    affected: int
    findings: dict[Severity, int]


def by_directory(results: Sequence[Checked], depth: int | None = None) -> list[PathCounts]:
    """Return the counts of the directory of each file, in alphabetical order; of at most `depth` parts of its path."""
    grouped: dict[str, list[Checked]] = {}
    for checked in results:
        grouped.setdefault(_directory(checked, depth), []).append(checked)
    return [_counted(path, grouped[path]) for path in sorted(grouped)]


def _directory(checked: Checked, depth: int | None) -> str:
    directory = dirname(path_of(checked))
    parts = directory.split("/")
    part = "/".join(parts if depth is None else parts[: depth + (parts[0] == "")])
    return f"{part}/" if directory else "."


def _counted(path: str, results: Sequence[Checked]) -> PathCounts:
    return PathCounts(path, len(results), sum(bool(checked.findings) for checked in results), counts(results))


def named(path: str) -> str:
    r"""Return an escaped path, its beginning cut if it is long.

    >>> named("nets/\x1b.yaml"), len(named(200 * "a"))
    ('nets/\\u{1b}.yaml', 121)
    """
    shown = terminal(path)
    return shown if len(shown) <= LONGEST_NAME else f"…{shown[-LONGEST_NAME:]}"


def tables(results: Sequence[Checked]) -> list[Table]:
    """Return a table of directories, or of files if there are few, and one of the codes if there are several."""
    affected = [checked for checked in results if checked.findings]
    if len(affected) <= MOST_ROWS:
        shown = [_path_table("file", [_counted(path_of(checked), [checked]) for checked in affected], results)]
    else:
        shown = [directories(results)]
    return (
        [*shown, codes(results)] if len({finding.code for one in affected for finding in one.findings}) > 1 else shown
    )


def directories(results: Sequence[Checked]) -> Table:
    """Return a table of the directories that have findings, those with most errors first, and their totals.

    If there are more than `MOST_ROWS`, directories are joined into those above them, unless into a single one.
    """
    deepest = max((path_of(checked).count("/") for checked in results), default=0)
    groups: list[PathCounts] = []
    for depth in range(max(deepest, 1), 0, -1):
        deeper, groups = groups, [group for group in by_directory(results, depth) if group.affected]
        if len(groups) <= MOST_ROWS:
            return _path_table("directory", deeper if deeper and len(groups) == 1 else groups, results)
    return _path_table("directory", groups, results)


def _path_table(kind: str, groups: Sequence[PathCounts], results: Sequence[Checked]) -> Table:
    ordered = sorted(groups, key=lambda group: ([-count for count in group.findings.values()], group.path))
    shown, others = ordered[:MOST_ROWS], ordered[MOST_ROWS:]
    total = _counted("total", results)
    severities = [severity for severity in Severity if total.findings[severity] or severity is not Severity.NOTE]
    columns = [TableColumn(kind), *(TableColumn(f"{severity.value}s", right=True) for severity in severities)]
    if kind == "directory":
        columns[1:1] = [TableColumn("files", right=True), TableColumn("with findings", right=True, drops=1)]

    def row(name: Value, group: PathCounts) -> TableRow:
        numbers = [group.findings[severity] for severity in severities]
        if kind == "directory":
            numbers = [group.files, group.affected, *numbers]
        return TableRow((name, *map(Amount, numbers)))

    rows = [row(Path(named(group.path)), group) for group in shown]
    if others:
        name = f"{len(others)} other directories"
        sums = {severity: sum(group.findings[severity] for group in others) for severity in Severity}
        joined = PathCounts(name, sum(one.files for one in others), sum(one.affected for one in others), sums)
        rows.append(row(Words(name), joined))
    return Table(tuple(columns), rows, row(Words(""), total) if len(rows) > 1 else None)


def codes(results: Sequence[Checked], *, titles: bool = False) -> Table:
    """Return a table of the most frequent codes, with the number of their findings and files."""
    findings = Counter(finding.code for checked in results for finding in checked.findings)
    files = Counter(code for checked in results for code in {finding.code for finding in checked.findings})
    columns = [TableColumn("code"), TableColumn("findings", right=True), TableColumn("files", right=True)]
    frequent = sorted(findings, key=lambda code: (-findings[code], code))[:MOST_CODES]
    rows: list[tuple[Value, ...]] = [(Words(code), Amount(findings[code]), Amount(files[code])) for code in frequent]
    if titles:
        columns.append(TableColumn("title"))
        rows = [(*row, Words(rule(code).title)) for row, code in zip(rows, frequent, strict=True)]
    if len(findings) > MOST_CODES:
        others = [{one.code for one in checked.findings}.difference(frequent) for checked in results]
        rest = sum(findings.values()) - sum(findings[code] for code in frequent)
        name = Words(plural(len(findings) - MOST_CODES, "other code"))
        rows.append((name, Amount(rest), Amount(sum(map(bool, others))), *[Words("")] * titles))
    return Table(tuple(columns), [TableRow(row) for row in rows])
