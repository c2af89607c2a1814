"""`shapecalc inspect`: shapes and costs of every layer."""

from __future__ import annotations

import sys
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, assert_never

import typer

from shapecalc.cli.exit_codes import Misuse, report as say
from shapecalc.cli.options.architecture import (
    ArchitectureArgument,
    BatchOption,
    LimitOption,
    PartialOption,
    SetOption,
    load_bound,
)
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.depth import DepthOption  # noqa: TC001 - typer reads the annotation
from shapecalc.cli.options.dtype import USUAL_DTYPE, DtypeOption
from shapecalc.cli.options.formats import (
    TABULAR,
    TEXT_OR_JSON,
    Format,
    OutputOption,
    format_option,
    target_of,
    writers_of,
    written,
)
from shapecalc.cli.options.module_factory import ExampleOption, module_of_factory
from shapecalc.cli.options.params_as import ParamsAs, ParamsAsOption
from shapecalc.cli.progress import working
from shapecalc.diagnostics.errors import ShapecalcError
from shapecalc.diagnostics.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.cli.options.formats import Target
    from shapecalc.render.inspect.columns import Column
    from shapecalc.render.inspect.selection import RowSelection
    from shapecalc.shape_inference.report import Report

EXAMPLES = (
    "shapecalc inspect resnet18 --depth 1",
    "shapecalc inspect resnet18 --filter type=conv --sort macs --top 5",
    "shapecalc inspect vgg16 --set N=8 --columns path,output,macs",
)


class GraphFormat(Enum):
    """The values of `--graph`."""

    MERMAID = "mermaid"
    DOT = "dot"


def command(
    architecture: ArchitectureArgument,
    set_: SetOption = None,
    partial: PartialOption = False,
    batch: BatchOption = None,
    symbolic: Annotated[
        bool, typer.Option("--symbolic", help="Leave every symbol unbound, also those that the file's `sizes:` bind.")
    ] = False,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
    output: OutputOption = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="Columns, separated by commas: path, line, type, layer, input, output, params, buffers, trainable, "
            "macs, flops, memory (of the output), share (of the MACs), macs%, params%, any field of a layer such as "
            "kernel_size, or torchinfo for the columns of that tool.",
        ),
    ] = None,
    filter_: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="COLUMN=VALUE",
            help="Show only layers for which this is true, such as type=conv, 'path=layer1.*' or 'params>1M'; may be "
            "repeated.",
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="COLUMN", help="Sort by a column: the largest counts, or texts from A, first."),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", metavar="ROWS", min=1, help="Show this number of rows at most.")
    ] = None,
    depth: DepthOption = None,
    expand: Annotated[bool, typer.Option("--expand", help="Show every run of a repeat.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Short for `--format latex`.")] = False,
    graph: Annotated[
        GraphFormat | None,
        typer.Option("--graph", help="Draw the network, with shapes on its edges, instead of a table."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Derive the numbers of every layer too, as the command `explain` does of one."),
    ] = False,
    params_as: ParamsAsOption = None,
    input_: ExampleOption = None,
    dtype: DtypeOption = USUAL_DTYPE,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show each layer's output shape, parameters and MACs.

    MACs are multiply-accumulates of matrix products, without bias; FLOPs are 2 x MACs plus every other scalar
    operation. Costs are those of one sample, or the smallest valid batch, if the batch N is unbound.
    """
    from shapecalc.checking.diagnose import diagnose
    from shapecalc.files.load import is_factory
    from shapecalc.shape_inference.engine import inspect_at

    if graph is not None:
        _refuse_with_graph(
            {"--format": format_, "--columns": columns, "--explain": explain or None}, filter_, sort, top
        )
    chosen, selection = _columns(columns), _selection(filter_, sort, top)
    if expand and selection is not None:
        raise Misuse("`--expand` is for a tree: `--filter`, `--sort` and `--top` list every layer")
    if explain:
        _refuse_with_explain(Format.LATEX if latex else format_, selection)
    if latex and format_ not in (None, Format.LATEX):
        raise Misuse(f"`--latex` and `--format {format_.value}` exclude each other")
    if graph is not None and format_ is None:
        format_ = Format.TEXT  # whatever the file is called: the graph has a language of its own
    target = target_of(Format.LATEX if latex else format_, output, color, TEXT_OR_JSON if explain else TABULAR)
    with working():
        sizes: dict[str, int] = {}
        if is_factory(architecture):
            loaded = module_of_factory(architecture, input_)
        else:
            loaded, sizes = load_bound(architecture, set_, limit, batch=batch, partial=partial)
        usual = loaded.origin.params_as if loaded.origin else ParamsAs.PYTORCH.value
        convention = params_as.value if params_as else usual
        report = inspect_at(loaded, sizes, symbolic=symbolic, params_as=convention, dtype=dtype)
        if graph is not None:
            shown = _drawn(report, graph, depth, expand=expand, unicode=target.manner["unicode"])
        else:
            shown = _listed(report, target, chosen, depth, expand=expand, selection=selection, explain=explain)
    target.write(shown)
    # `expect:` applies at the file's own sizes and with PyTorch's counts.
    as_written = not set_ and batch is None
    expectations = as_written and not symbolic and convention == ParamsAs.PYTORCH.value
    diagnostics = diagnose(report, brief=True, expectations=expectations, where=as_written)
    error = ShapecalcError(diagnostics, loaded.file)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
        raise error
    if diagnostics:
        say(error, color=color)  # warnings do not change the exit code


def _refuse_with_graph(given: Mapping[str, object], *selection: object) -> None:
    """Raise a usage error for options of a table, which a graph does not have."""
    for option, value in given.items():
        if value is not None:
            raise Misuse(f"`--graph` and `{option}` exclude each other")
    if any(each is not None for each in selection):
        raise Misuse("`--graph` draws every layer: `--filter`, `--sort` and `--top` are for tables")


def _refuse_with_explain(format_: Format | None, selection: RowSelection | None) -> None:
    """Raise a usage error for options of a table, if the derivations of all layers are written too."""
    if selection is not None:
        raise Misuse("`--explain` derives every layer: `--filter`, `--sort` and `--top` list some")
    if format_ is not None and format_ not in TEXT_OR_JSON:
        raise Misuse(f"`--explain` writes text or json, not {format_.value}")


def _listed(
    report: Report,
    target: Target,
    columns: tuple[Column, ...],
    depth: int | None,
    *,
    expand: bool,
    selection: RowSelection | None,
    explain: bool,
) -> str:
    from shapecalc.render.inspect.table import inspection, listing

    def values() -> dict[str, Any]:
        if explain:
            from shapecalc.costs.explain import document_with_formulas

            return document_with_formulas(report)
        document = report.to_dict()
        if selection is None:
            return document
        layers = {layer["path"]: layer for layer in document["layers"]}
        return {**document, "layers": [layers[line.path] for line in selection.lines(report)]}

    writers = writers_of(
        partial(inspection, report, columns, depth, expand=expand, selection=selection),
        values,
        listing=partial(listing, report, columns, depth, selection),
    )
    table = written(target, writers)
    if not explain or target.format is Format.JSON:
        return table
    from shapecalc.costs.explain import explain_rows
    from shapecalc.render import explain as derivations

    return f"{table}\n\n{derivations.text(explain_rows(report), **target.manner)}"


def _drawn(report: Report, graph: GraphFormat, depth: int | None, *, expand: bool, unicode: bool) -> str:
    match graph:
        case GraphFormat.MERMAID:
            from shapecalc.render.inspect import mermaid

            text = mermaid.inspection(report, depth, expand=expand, unicode=unicode)
            excess = mermaid.excess(text)
            if excess is not None:
                print(f"note: the graph has {excess}; `--depth` folds it", file=sys.stderr)
            return text
        case GraphFormat.DOT:
            from shapecalc.render.inspect import dot

            return dot.inspection(report, depth, expand=expand, unicode=unicode)
        case _:
            assert_never(graph)


def _selection(filters: list[str] | None, sort: str | None, top: int | None) -> RowSelection | None:
    """Return the rows that the options choose; None if none of them is given."""
    if not filters and sort is None and top is None:
        return None
    from shapecalc.render.inspect.selection import RowSelection, row_filter

    chosen = []
    for text in filters or ():
        known = row_filter(text)
        if known is None:
            raise Misuse(f"`--filter` expects a column and a value such as type=conv or params>1M, receives `{text}`")
        chosen.append(known)
    return RowSelection(tuple(chosen), None if sort is None else _column(sort, "--sort"), top)


def _columns(names: str | None) -> tuple[Column, ...]:
    from shapecalc.render.inspect.columns import DEFAULT_COLUMNS, PRESETS

    if names is None:
        return DEFAULT_COLUMNS
    words = [name.strip() for name in names.split(",")]
    return tuple(_column(name, "--columns") for word in words for name in PRESETS.get(word.lower(), (word,)))


def _column(name: str, option: str) -> Column:
    """Return the column of a name; raise a usage error if there is none."""
    from shapecalc.render.inspect.columns import COLUMNS, PRESETS, column, field_names

    known = column(name.strip().lower())
    if known is not None:
        return known
    from shapecalc.diagnostics.suggestions import closest

    near = closest(name, (*COLUMNS, *PRESETS, *field_names()))
    columns = f"columns: {', '.join((*COLUMNS, *PRESETS))}, and every field of a layer, such as kernel_size"
    raise Misuse(f"`{option}` has no column `{name}`; {f'did you mean `{near}`?' if near else columns}")
