"""`shapecalc sweep`: the costs at every point of a grid of sizes and parameters."""

from __future__ import annotations

import gc
import re
import sys
from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.architecture import (
    ArchitectureArgument,
    BatchOption,
    LimitOption,
    integer,
    limits_of,
    parameter,
    settings,
)
from shapecalc.cli.options.batch import named_batch
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import TABULAR, Format, OutputOption, format_option, show, target_of, writers_of
from shapecalc.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.cli.options.formats import Target
    from shapecalc.solving.sweep import Run
    from shapecalc.solving.sweep.plans import Points

EXAMPLES = (
    "shapecalc sweep vgg16 --set H=64:256:64 --set W=224",
    "shapecalc sweep lenet5 --set N=1,8,32 --format csv",
)

MOST_ROWS = 100_000
"""The most rows of a table: it needs all of them before its first line."""

_RANGE = re.compile(r"\s*\d+\s*:.*", re.DOTALL)


FORMATS = (*TABULAR, Format.JSONL, Format.COLUMNS)
STREAMED = (Format.CSV, Format.JSONL)
"""The formats whose lines are written as the points come."""
TABLES = (Format.TEXT, Format.MARKDOWN, Format.LATEX)


def command(
    architecture: ArchitectureArgument,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUES",
            help="Values of a symbol or a parameter: 64:512:32 (from 64 to 512 by 32), 16,32,64, or one; may be "
            "repeated.",
        ),
    ] = None,
    batch: BatchOption = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help='Keep points that meet a condition, such as "params < 5M and macs < 300M": params, buffers, macs, '
            "flops, memory, activations (both in bytes), active_params, symbols and parameters; K M G T, Ki Mi Gi Ti; "
            "and, or, not.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="COLUMN", help="Sort by a column, smallest first; -COLUMN: largest first."),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", metavar="ROWS", min=1, help="Show this number of rows at most.")
    ] = None,
    pareto: Annotated[
        str | None,
        typer.Option(
            "--pareto",
            metavar="COLUMNS",
            help="Keep points that no other beats in all of these columns: params,macs. Less is better; more with -.",
        ),
    ] = None,
    sum_: Annotated[
        list[str] | None,
        typer.Option(
            "--sum",
            metavar="NAME=PATTERN",
            help="Add a column: the MACs of the layers whose path matches, attention=*.attn; may be repeated.",
        ),
    ] = None,
    format_: Annotated[Format | None, format_option(*FORMATS)] = None,
    output: OutputOption = None,
    dask: Annotated[
        str | None,
        typer.Option("--dask", metavar="ADDRESS", help="Compute on the Dask cluster of this scheduler."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Plot the --by column (else MACs) or the Pareto front as well."),
    ] = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Compute the costs at every point of a grid.

    Every combination of the values is a point; points that are not valid for the layers or the file's `where:` are left
    out and counted. Closed forms are computed in NumPy, once per structure of the network.
    """
    target = target_of(format_, output, color, FORMATS)
    objectives = () if pareto is None else tuple(name.strip() for name in pareto.split(","))
    axes = {name: values(text, f"--set {name}") for name, text in settings(set_).items()}
    if top is not None and by is None:
        raise Misuse("`--top` expects a column to order by: add `--by macs`")
    gc.enable()  # a large grid needs much memory
    from shapecalc.files.load import load
    from shapecalc.solving.sweep import Query, Run

    # Lines streamed to a terminal show the progress by themselves.
    streams = target.format in STREAMED and output is None
    chunks: list[Points] = []
    with progress_bar(wanted=not (streams and sys.stdout.isatty())) as bar:
        loaded = load(architecture, limits_of(limit))
        if batch is not None:
            axes[named_batch(loaded, batch, axes)] = values(batch, "--batch")
        run = Run(
            loaded,
            axes,
            Query(where, by, top, objectives, _sums(sum_)),
            dask=dask,
            progress=None if bar is None else lambda done, total: bar("", done, total),
        )
        _collect(run, target, chunks, hold=plot is not None)
    if target.format not in STREAMED:
        _write(run, target, chunks)
    sys.stdout.flush()
    for note in run.notes():
        print(f"note: {note}", file=sys.stderr)
    if plot is not None:
        from shapecalc.render.plot import draw
        from shapecalc.solving.sweep.plans import concatenate

        draw(concatenate(chunks, run.names).columns, [axis.name for axis in run.axes], plot, by=by, pareto=objectives)


def _collect(run: Run, target: Target, chunks: list[Points], *, hold: bool) -> None:
    """Compute the points; write them as they come if the format allows, and collect them if they are needed later."""
    if target.format in STREAMED:
        with target.stream() as write:
            for chunk, lines in _lines(run, target):
                write(lines)
                if hold:
                    chunks.append(chunk)
        return
    rows = 0
    for chunk in run.chunks():
        rows += chunk.points
        chunks.append(chunk)
        if target.format in TABLES and rows > MOST_ROWS:
            raise Misuse(f"a table has at most {MOST_ROWS:,} rows: add `--top` or `--where`, or write `--format csv`")


def _lines(run: Run, target: Target) -> Iterator[tuple[Points, str]]:
    """Yield the points in chunks with their lines; those of CSV begin with a header."""
    from shapecalc.render import sweep as rendered
    from shapecalc.solving.sweep.plans import concatenate

    if target.format is Format.JSONL:
        for chunk in run.chunks():
            yield chunk, rendered.json_lines(chunk.columns, unicode=target.manner["unicode"])
        return
    header = rendered.csv_header(run.names)
    for chunk in run.chunks():
        yield chunk, header + rendered.csv_lines(chunk.columns)
        header = ""
    if header:  # no point at all
        yield concatenate([], run.names), header


def _write(run: Run, target: Target, chunks: list[Points]) -> None:
    """Write the points in a format that needs all of them first."""
    from shapecalc.render import sweep as rendered
    from shapecalc.solving.sweep.plans import concatenate

    columns = concatenate(chunks, run.names).columns
    if target.format is Format.COLUMNS:
        with target.stream() as write:
            for part in rendered.json_columns(columns, unicode=target.manner["unicode"]):
                write(part)
            write("\n")
    else:
        result, values = partial(rendered.points, columns, run.costs), partial(rendered.document, columns, run.notes())
        show(target, writers_of(result, values))


def _sums(given: list[str] | None) -> dict[str, str]:
    """Return `attention=*.attn` patterns by name; raise a usage error for any other text."""
    sums: dict[str, str] = {}
    for text in given or ():
        name, _, pattern = text.partition("=")
        if not name.isidentifier() or not pattern or name in sums:
            raise Misuse(f"`--sum` expects NAME=PATTERN such as attention=*.attn, each name once, receives `{text}`")
        sums[name] = pattern
    return sums


def values(text: str, option: str) -> Any:
    """Return the values of `64:512:32`, `16,32,64`, or one value; a range includes its end if a step reaches it.

    >>> values("64:128:32", "--set H"), values("16,32", "--set width"), values("relu", "--set activation")
    (range(64, 129, 32), (16, 32), ('relu',))
    """
    parts = [_range(part, option) if _RANGE.fullmatch(part) else (parameter(part.strip()),) for part in text.split(",")]
    return parts[0] if len(parts) == 1 else tuple(value for part in parts for value in part)


def _range(text: str, option: str) -> range:
    numbers = [integer(part, option) for part in text.split(":")]
    if len(numbers) > 3:  # noqa: PLR2004 - a range has a start, a stop and a step
        raise Misuse(f"`{option}` expects START:STOP:STEP, receives `{text}`")
    start, stop, step = (*numbers, 1)[:3]
    if step < 1 or stop < start:
        raise Misuse(f"`{option}` expects a range that rises, such as 64:512:32, receives `{text}`")
    return range(start, stop + 1, step)
