"""The expectations of a file (`expect:`), compared with its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Bounds, joined, prefixes
from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, Fix
from shapecalc.diagnostics.numbers import percent
from shapecalc.dims import free_symbols, greatest, least, pretty, show, symbol
from shapecalc.shape_inference.report import BYTES
from shapecalc.shape_inference.rows import GroupReport, sums_of, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Expectation
    from shapecalc.diagnostics import Span
    from shapecalc.dims import Expr, Shape
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, LayerReport, Sums

Tree = tuple["LayerReport | GroupReport", ...]

_LONGEST = 60
"""Characters of an expression that a message shows."""


def unmet(report: Report) -> tuple[Diagnostic, ...]:
    """Return an SC501 error for each line of an `expect:` block that the report does not meet, the first 50 of them."""
    lines: dict[tuple[Span | None, str], Diagnostic] = {}
    for diagnostic in _all_unmet(report):
        if diagnostic is not None:
            lines.setdefault((diagnostic.span, diagnostic.message), diagnostic)
        if len(lines) >= MOST_DIAGNOSTICS:
            break
    return tuple(sorted(lines.values(), key=lambda diagnostic: diagnostic.span or ()))


def _all_unmet(report: Report) -> Iterator[Diagnostic | None]:
    if report.architecture.expect:
        figures = _figures(total(map(sums_of, report.tree)), report.outputs)
        yield from (_unmet(f"`{report.architecture.name}`", figures, line) for line in report.architecture.expect)
    yield from _unmet_steps(report.tree, "")


def _unmet_steps(rows: Tree, prefix: str) -> Iterator[Diagnostic | None]:
    """Yield the unmet expectations of steps; those of a merge include its branches, those of a group all its runs."""
    parts: dict[str, list[LayerReport | GroupReport]] = {row.path: [] for row in rows if _expected_of(row)}
    for row in rows if parts else ():
        for place in prefixes(row.path):
            if place in parts:
                parts[place].append(row)
    for row in rows:
        if row.path in parts:
            path = joined(prefix, row.path)
            outputs = _outputs_of_group(row) if isinstance(row, GroupReport) else row.outputs
            figures = _figures(total(map(sums_of, parts[row.path])), outputs)
            yield from (_unmet(f"`{path}`", figures, line) for line in _expected_of(row))
        if isinstance(row, GroupReport):
            for run, walk in zip(row.group.runs, row.runs, strict=True):
                yield from _unmet_steps(walk.rows, joined(prefix, run))


def _expected_of(row: LayerReport | GroupReport) -> tuple[Expectation, ...]:
    return row.group.expect if isinstance(row, GroupReport) else row.step.expect


def _outputs_of_group(row: GroupReport) -> Mapping[str, Shape]:
    """Return the output shapes of a block by name; those after the first of repeated runs have the run's number."""
    first = next(iter(row.group.subgraph.outputs), "output")
    others = {slot.removeprefix(f"{row.path}."): shape for slot, shape in row.outputs.items() if slot != row.path}
    return {first: row.output, **others}


def _figures(sums: Sums, outputs: Mapping[str, Shape]) -> Mapping[str, Count | Shape]:
    params, activations = sums.params, sums.activations
    return {
        "params": params,
        "active_params": sums.active_params,
        "buffers": sums.buffers,
        "macs": sums.macs,
        "flops": sums.flops,
        "memory": None if params is None or activations is None else BYTES * (params + activations),
        "activations": None if activations is None else BYTES * activations,
        "output": next(iter(outputs.values())),
        **{f"outputs.{name}": shape for name, shape in outputs.items()},
    }


def _unmet(subject: str, figures: Mapping[str, Count | Shape], line: Expectation) -> Diagnostic | None:
    if line.key not in figures:
        return _absent(subject, figures, line)
    value, wanted = figures[line.key], line.value
    if isinstance(wanted, int | Bounds):
        assert not isinstance(value, tuple)
        return _figure_unmet(subject, line, wanted, value)
    assert isinstance(value, tuple)
    if value == wanted:
        return None
    open_ = sorted({name for dim in value for name in free_symbols(dim) if dim != symbol(name)})
    if open_:
        # A file can state symbols and numbers, but not expressions.
        return _mismatch(subject, line, show(wanted), show(value))._replace(help=_sizes_help(open_))
    return _with_fix(subject, line, show(wanted), show(value))


def _figure_unmet(subject: str, line: Expectation, wanted: int | Bounds, value: Count) -> Diagnostic | None:
    bounds = wanted if isinstance(wanted, Bounds) else Bounds(wanted, wanted, str(wanted))
    if value is None:
        return _mismatch(subject, line, bounds.text, "unknown")
    if not isinstance(value, int):
        return _of_symbols(subject, line, bounds, value)
    if bounds.allows(value):
        return None
    if bounds.exact or isinstance(wanted, int):
        near = isinstance(wanted, Bounds) and 100 * abs(value - bounds.least) <= bounds.least
        rounded = f', or `"{bounds.text} ± 1%"` where the figure is rounded' if near else ""
        return _with_fix(subject, line, bounds.text, str(value), rounded)
    mismatch = _mismatch(subject, line, bounds.text, str(value))
    return mismatch._replace(label=f"is {value:,}", help=_difference_help(bounds, value))


def _mismatch(subject: str, line: Expectation, wanted: str, actual: str) -> Diagnostic:
    return Diagnostic(
        code="SC501",
        message=f"{subject} expects {_key_text(line.key)} {wanted}, has {actual}",
        span=line.span,
        label=f"is {actual}",
    )


def _key_text(key: str) -> str:
    """Return the name of a key in messages."""
    return f"output `{key.removeprefix('outputs.')}`" if key.startswith("outputs.") else key


def _with_fix(subject: str, line: Expectation, wanted: str, actual: str, rounded: str = "") -> Diagnostic:
    """Return the diagnostic for another figure than the expected one, with a fix that states it."""
    meant = f"write `{line.key.removeprefix('outputs.')}: {actual}`{rounded or ' if the change is meant'}"
    return _mismatch(subject, line, wanted, actual)._replace(help=meant, fix=Fix(line.span, actual))


def _difference_help(bounds: Bounds, value: int) -> str:
    """Return the help for a figure outside of its bounds, with the difference."""
    if bounds.most is not None and value > bounds.most:
        excess, of, many = value - bounds.most, bounds.most, "many"
    else:
        excess, of, many = bounds.least - value, bounds.least, "few"
    share = f" ({percent(excess, of)})" if of else ""
    return f"{excess:,} too {many}{share}: fix that, or change the bound if the change is intended"


def _of_symbols(subject: str, line: Expectation, bounds: Bounds, value: Expr) -> Diagnostic | None:
    """Compare an expression with bounds: for all sizes of its symbols if its own bounds decide, else undecided."""
    low, high = least(value), greatest(value)
    below = bounds.most is None or (high is not None and high <= bounds.most)
    if below and low is not None and low >= bounds.least:
        return None
    actual = pretty(value)
    mismatch = _mismatch(subject, line, bounds.text, actual if len(actual) <= _LONGEST else f"{actual[:_LONGEST]}…")
    above = low is not None and bounds.most is not None and low > bounds.most
    if above or (high is not None and high < bounds.least):
        ends = f"is {low:,} or more" if above else f"is {high:,} or less"
        return mismatch._replace(label=f"{ends}, whatever its symbols are")
    names = " and ".join(f"`{name}`" for name in free_symbols(value))
    message = f"{mismatch.message}: that depends on {names}"
    return mismatch._replace(message=message, label=f"depends on {names}", help=_sizes_help(free_symbols(value)))


def _sizes_help(names: Iterable[str]) -> str:
    symbols = " and ".join(f"`{name}`" for name in names)
    return f"give {symbols} a number in `sizes:`, for which this is expected"


def _absent(subject: str, figures: Mapping[str, Count | Shape], line: Expectation) -> Diagnostic:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    name = line.key.removeprefix("outputs.")
    names = [key.removeprefix("outputs.") for key in figures if key.startswith("outputs.")]
    near = closest(name, names)
    return Diagnostic(
        code="SC501",
        message=f"{subject} has no output `{name}`",
        span=line.span,
        label=f"of `{name}`",
        help=f"did you mean `{near}`?" if near else f"outputs: {', '.join(names)}",
    )
