"""Comparisons of two revisions, made without a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.diff import diff
from shapecalc.diffing.revisions import NetworkChange, NetworkStatus, totals_of
from shapecalc.files.load import loads
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


def report(layers: int, width: int = 4, name: str = "net", prefix: str = "l") -> Report:
    """Return the report of a network of `layers` layers, each of `width` features but the last, which has 4."""
    steps = [
        f"  - {{linear: {width if place + 1 < layers else 4}, name: '{prefix}{place}'}}" for place in range(layers)
    ]
    return inspect(loads("\n".join([f"name: {name!r}", "input: [N, 4]", "layers:", *steps])))


def error_of(text: str, name: str = "net.yaml") -> ShapecalcError:
    """Return the error of a text that is no network."""
    try:
        loads(text, name)
    except ShapecalcError as error:
        return error
    raise AssertionError(text)


def change(
    path: str,
    before: Report | ShapecalcError | None,
    after: Report | ShapecalcError | None,
    *,
    old_path: str | None = None,
    through: tuple[str, ...] = (),
) -> NetworkChange:
    """Return the change of a network from one report or error to another; None is a network that does not exist."""
    status = (
        NetworkStatus.ADDED if before is None else NetworkStatus.DELETED if after is None else NetworkStatus.CHANGED
    )
    if old_path is not None:
        status = NetworkStatus.RENAMED
    paths = (None if before is None else old_path or path, None if after is None else path)
    old_error, new_error = (each if isinstance(each, ShapecalcError) else None for each in (before, after))
    old, new = (None if isinstance(each, ShapecalcError) else each for each in (before, after))
    if new is not None and old_error is None:
        compared = diff(old, new)
        return NetworkChange(status, *paths, compared.totals, compared, through=through)
    totals = totals_of(old, new, unknown=(old_error is not None, new_error is not None))
    return NetworkChange(status, *paths, totals, None, old_error, new_error, through)
