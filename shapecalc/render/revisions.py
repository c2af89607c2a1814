"""The networks of a repository that differ between two revisions: a table of them, then the layers of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import as_json
from shapecalc.render.tables.model import (
    Amount,
    Bytes,
    Delta,
    Document,
    Fixed,
    Lines,
    Path,
    Table,
    TableColumn,
    TableRow,
)
from shapecalc.shape_inference.report import SCHEMA_VERSION

if TYPE_CHECKING:
    from shapecalc.diffing.revisions import NetworkChange, RevisionComparison

_NETWORKS = (
    TableColumn("status", ""),
    TableColumn("file"),
    *(TableColumn(name, heading, right=True) for name, heading in (("params", "params"), ("macs", "MACs"))),
    TableColumn("memory", right=True),
)


def revisions(compared: RevisionComparison) -> Document:
    """Return a row per network that differs."""
    table = listing(compared)
    below = Lines([f"{len(compared.changes)} networks differ, {compared.unchanged} unchanged"])
    return Document(f"{compared.base} → {compared.head or 'work tree'}", [[table, below]], table)


def listing(compared: RevisionComparison) -> Table:
    """Return a row per network that differs."""
    return Table(_NETWORKS, [_row(change) for change in compared.changes])


def markdown(compared: RevisionComparison) -> str:
    """Return a comment for a pull request."""
    from shapecalc.render.tables import markdown as tables  # noqa: PLC0415 - replaced soon

    return "\n".join(["<!-- shapecalc diff -->", tables.document(revisions(compared))])


def values(compared: RevisionComparison) -> dict[str, Any]:
    """Return the values of the JSON document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "base": compared.base,
        "head": compared.head or None,
        "identical": compared.identical,
        "networks": [_values(change) for change in compared.changes],
        "unchanged": compared.unchanged,
        "without_effect": list(compared.without_effect),
        "skipped": compared.skipped,
    }


def _values(change: NetworkChange) -> dict[str, Any]:
    totals = {
        name: {"before": as_json(each.before), "after": as_json(each.after), "delta": as_json(each.delta)}
        for name, each in change.totals._asdict().items()
    }
    return {
        "status": change.status.value,
        "before": change.old_path,
        "after": change.new_path,
        "totals": totals,
        "comparison": change.comparison.to_dict() if change.comparison else None,
    }


def _row(change: NetworkChange) -> TableRow:
    params, macs, memory = change.totals.params, change.totals.macs, change.totals.memory
    return TableRow(
        (
            Fixed(change.status.value),
            Path(change.path),
            Delta(Amount(params.delta)),
            Delta(Amount(macs.delta)),
            Delta(Bytes(memory.delta)),
        )
    )
