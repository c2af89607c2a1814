"""`shapecalc inspect`: shapes and costs of every layer."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from shapecalc.cli.color import Color, ColorOption
from shapecalc.cli.convention import ParamsAs, ParamsAsOption
from shapecalc.cli.outcome import Misuse, report as say
from shapecalc.cli.sizes import ArchitectureArgument, SetOption, load_bound, settings
from shapecalc.cli.terminal import stdout_manner
from shapecalc.diagnostics.errors import ShapecalcError

if TYPE_CHECKING:
    from shapecalc.render.columns import Column


class Format(Enum):
    """The words of `--format`."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def command(
    architecture: ArchitectureArgument,
    set_: SetOption = None,
    symbolic: Annotated[
        bool, typer.Option("--symbolic", help="Leave every symbol free, also those that the file's `sizes:` bind.")
    ] = False,
    format_: Annotated[Format, typer.Option("--format", help="How to write the result.")] = Format.TABLE,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="Columns, with commas: path, line, type, layer, input, output, params, buffers, macs, flops, memory "
            "(of the output, at float32), share (of the MACs).",
        ),
    ] = None,
    depth: Annotated[
        int | None, typer.Option("--depth", min=1, help="Fold what stands deeper: 1 shows each block as one row.")
    ] = None,
    expand: Annotated[bool, typer.Option("--expand", help="Write out every run of what is repeated.")] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="Write a LaTeX table, shapes and counts as mathematics.")
    ] = False,
    params_as: ParamsAsOption = ParamsAs.PYTORCH,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show each layer's output shape, parameters and MACs.

    MACs are multiply-accumulates of matrix products, without bias; FLOPs are 2 x MACs plus every other scalar
    operation. Costs are those of one sample where the batch N is left free.
    """
    from shapecalc.engine import inspect_at
    from shapecalc.expectations import unmet
    from shapecalc.legality import unproved
    from shapecalc.suspicions import suspicions

    chosen, given = _columns(columns), settings(set_)
    if latex and format_ is not Format.TABLE:
        raise Misuse(f"`--latex` is a format of its own, and stands with `--format {format_.value}`")
    loaded, sizes = load_bound(architecture, given)
    report = inspect_at(loaded, sizes, symbolic=symbolic, params_as=params_as.value)
    manner = stdout_manner(color)
    match format_:
        case Format.TABLE if latex:
            from shapecalc.render import latex as papers

            text = papers.inspection(report, chosen, depth, expand=expand)
        case Format.TABLE:
            from shapecalc.render import table

            text = table.inspection(report, chosen, depth, expand=expand, **manner)
        case Format.JSON:
            from shapecalc.render import json

            text = json.document(report.to_dict(), unicode=manner["unicode"])
        case Format.CSV:
            from shapecalc.render import csv

            text = csv.inspection(report, chosen, depth)
        case Format.MARKDOWN:
            from shapecalc.render import markdown

            text = markdown.inspection(report, chosen, depth, expand=expand)
        case _:
            assert_never(format_)
    print(text)
    # What a file expects of itself, it expects at its own sizes and as PyTorch counts.
    wrong = unmet(report) if not set_ and not symbolic and params_as is ParamsAs.PYTORCH else ()
    wrong += unproved(inspect_at(loaded, {}, symbolic=True)) if loaded.where and not set_ else ()
    findings = ShapecalcError((*suspicions(report), *wrong), loaded.file)
    if wrong:
        raise findings
    if findings.diagnostics:
        say(findings)  # what is only suspect does not change the exit code


def _columns(names: str | None) -> tuple[Column, ...]:
    from shapecalc.diagnostics.suggestions import closest
    from shapecalc.render.columns import DEFAULT_COLUMNS, Column

    if names is None:
        return DEFAULT_COLUMNS
    known = tuple(column.value for column in Column)
    chosen = []
    for name in names.lower().split(","):
        word = name.strip()
        if word not in known:
            near = closest(word, known)
            hint = f"did you mean `{near}`?" if near else f"columns: {', '.join(known)}"
            raise Misuse(f"`--columns` has no column `{word}`; {hint}")
        chosen.append(Column(word))
    return tuple(chosen)
