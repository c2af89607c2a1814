"""`shapecalc solve`: the sizes that fit, and the field values that give an output."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.architecture import BatchOption, LimitOption, SetOption, integer, load_bound
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of
from shapecalc.cli.options.window import CeilOption, SizeOption  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.architecture import Architecture
    from shapecalc.cli.options.formats import Target
    from shapecalc.solving.input_sizes import Wanted

EXAMPLES = (
    "shapecalc solve vgg16 --near 500",
    "shapecalc solve resnet50 --out 7x7 --at layer4",
    "shapecalc solve alexnet --unknown conv1.stride --out 55x55 --at conv1",
    "shapecalc solve conv --n 32 --out 16",
)

WINDOWED = ("conv", "pool")
"""The layer types that can be given instead of an architecture, to solve for their windows."""

LARGEST = 4096
"""The largest fixed window, stride, padding or dilation: beyond it the solutions are too many to list."""

LETTERS = {"kernel_size": "f", "stride": "s", "padding": "p", "dilation": "d"}
"""The letters of the fields that `solve conv` and `solve pool` fix."""

_SIZES = re.compile(r"[\[(]?\s*(-?[0-9]+|\?)(\s*[x×,]\s*(-?[0-9]+|\?))*\s*[\])]?", re.IGNORECASE)


def _fixed(field: str, meaning: str) -> Any:
    letter, least = LETTERS[field], int(field != "padding")
    names = (f"-{letter}", f"--{letter}", f"--{field.replace('_', '-')}")
    return typer.Option(*names, metavar="SIZE", min=least, max=LARGEST, help=f"conv, pool: fix the {meaning}.")


def command(
    architecture: Annotated[
        str,
        typer.Argument(
            metavar="ARCH|conv|pool",
            help="A file, - for standard input, or a name that `shapecalc list` shows; or conv or pool, with --n and "
            "--out.",
        ),
    ],
    set_: SetOption = None,
    batch: BatchOption = None,
    near: Annotated[
        list[str] | None,
        typer.Option("--near", metavar="[NAME=]SIZE", help="Show the valid sizes next to this one; may be repeated."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="SIZE",
            help="Required sizes of the last axes of the output: 7x7; ? for any. conv, pool: the output size.",
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="STEP", help="With --out: of this step instead of the last.")
    ] = None,
    unknown: Annotated[
        list[str] | None,
        typer.Option(
            "--unknown",
            metavar="STEP.FIELD",
            help="With --out, or an `expect: output` that is not met: solve for this field; may be given three times.",
        ),
    ] = None,
    n: SizeOption = None,
    f: Annotated[int | None, _fixed("kernel_size", "kernel size")] = None,
    s: Annotated[int | None, _fixed("stride", "stride")] = None,
    p: Annotated[int | None, _fixed("padding", "padding on each side")] = None,
    d: Annotated[int | None, _fixed("dilation", "dilation")] = None,
    ceil: CeilOption = False,
    top: Annotated[int, typer.Option("--top", metavar="ROWS", min=1, help="Show this number of rows at most.")] = 20,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Solve for valid sizes, or for fields that give an output.

    For an architecture: the valid sizes of each unbound symbol of the input, and the layers that require them. All
    symbols are unbound except those of --set; the file's `sizes:` is ignored, its `where:` applies. Numbers of an
    input without symbols are unbound too. With --out the sizes that give this output; with --unknown the values of
    a layer's field that give it, at the file's sizes.

    For conv or pool: every window f, stride s, padding p and dilation d that gives --out from --n, simplest first.
    """
    if output is not None and _SIZES.fullmatch(output):  # as it was written before `--output` named a file
        if out not in (None, output):
            raise Misuse(f"`--out` is given twice, as {out} and as {output}")
        out, output = output, None
    if output is not None and format_ is None and "." not in output:
        raise Misuse(f"`--output` expects a file such as sizes.json, receives `{output}`; `--out` has the sizes")
    target = target_of(format_, output, color)
    of_windows = {"--n": n, "--f": f, "--s": s, "--p": p, "--d": d, "--ceil": ceil or None}
    of_stacks = {"--set": set_, "--batch": batch, "--near": near, "--at": at, "--unknown": unknown}
    if architecture in WINDOWED:
        _refuse(of_stacks, f"is for an architecture, and `{architecture}` is a layer")
        if architecture == "conv" and ceil:
            raise Misuse("`--ceil` is for pool, and conv rounds down")
        fixed = {letter: value for letter, value in (("f", f), ("s", s), ("p", p), ("d", d)) if value is not None}
        _windows(architecture, (n, out), fixed, top, target, ceil=ceil)
        return
    _refuse(of_windows, "is for `shapecalc solve conv` and `shapecalc solve pool`")
    wanted = _wanted(out)
    if wanted is None and at is not None and not unknown:
        raise Misuse(f"`--at {at}` requires `--out`")
    if unknown and near:
        raise Misuse("`--near` is for sizes of symbols, and `--unknown` solves for fields")
    loaded, sizes = load_bound(architecture, set_, limit, batch=batch)
    if unknown and wanted is None:
        wanted = _unmet(loaded, unknown[0], at, sizes)
    if unknown and wanted is not None:
        _choose(loaded, sizes, unknown, wanted, at, top, target)
    else:
        _solve(loaded, sizes, wanted, at, near, target)


def _refuse(options: dict[str, Any], why: str) -> None:
    for option, given in options.items():
        if given is not None and given != []:
            raise Misuse(f"`{option}` {why}")


def _wanted(text: str | None) -> Wanted | None:
    if text is None:
        return None
    from shapecalc.cli.options.window import per_axis
    from shapecalc.solving.input_sizes import Wanted

    parts = per_axis(text.replace(",", "x").strip("[] "))
    sizes = tuple(None if part.strip() == "?" else integer(part, "--out") for part in parts)
    if not any(sizes):
        raise Misuse(f"`--out` expects sizes such as 7x7, with ? for any, receives `{text}`")
    if any(size is not None and size < 1 for size in sizes):
        raise Misuse(f"`--out` expects sizes of at least 1, receives `{text}`")
    return Wanted(sizes)


def _unmet(loaded: Architecture, unknown: str, at: str | None, sizes: dict[str, int]) -> Wanted:
    """Return the output that the file expects and does not give."""
    from shapecalc.solving.unmet_output import unmet_output

    wanted = unmet_output(loaded, at, sizes)
    if wanted is None or not any(wanted.sizes):
        raise Misuse(f"`--unknown {unknown}` requires `--out`")
    return wanted


def _near(written: Iterable[str], symbols: tuple[str, ...], name: str) -> dict[str, int]:
    """Return the sizes near which to look, by symbol: `500` is for all symbols, `H=500` for one."""
    for_all: dict[str, int] = {}
    for_one: dict[str, int] = {}
    for text in written:
        symbol, equals, size = text.rpartition("=")
        number = integer(size, "--near")
        if number < 1:
            raise Misuse(f"`--near` expects a size of at least 1, receives `{text}`")
        if equals and symbol not in symbols:
            free = ", ".join(f"`{symbol}`" for symbol in symbols) or "none"
            raise Misuse(f"`--near {text}` names no free symbol of `{name}`; they are: {free}")
        if equals:
            for_one[symbol] = number
        else:
            for_all.update(dict.fromkeys(symbols, number))
    return for_all | for_one


def _solve(
    loaded: Architecture,
    sizes: dict[str, int],
    wanted: Wanted | None,
    at: str | None,
    written: list[str] | None,
    target: Target,
) -> None:
    from shapecalc.render import solve_architecture
    from shapecalc.solving.input_sizes import near, solve_architecture as solve

    solution = solve(loaded, sizes, wanted, at)
    requested = {**solution.stated, **_near(written or (), tuple(solution.sizes), loaded.name)}
    close = {name: near(solution.sizes[name], size) for name, size in requested.items()}
    show(
        target,
        {
            Format.TEXT: partial(solve_architecture.solution, solution, close),
            Format.JSON: partial(solve_architecture.solution_dict, solution, close),
        },
        ok=solution.solvable,
    )


def _choose(
    loaded: Architecture,
    sizes: dict[str, int],
    unknown: list[str],
    wanted: Wanted,
    at: str | None,
    most: int,
    target: Target,
) -> None:
    from shapecalc.render import solve_architecture
    from shapecalc.solving.unknown_fields import MOST_UNKNOWNS, choose

    if len(unknown) > MOST_UNKNOWNS:
        raise Misuse(f"`--unknown` may be given {MOST_UNKNOWNS} times, is given {len(unknown)} times")
    if len(set(unknown)) < len(unknown):
        raise Misuse(f"`--unknown {max(unknown, key=unknown.count)}` is given twice")
    solution = choose(loaded, unknown, wanted, at, sizes)
    show(
        target,
        {
            Format.TEXT: partial(solve_architecture.choices, solution, loaded.name, most),
            Format.JSON: partial(solve_architecture.choices_dict, solution, loaded.name, most),
        },
        ok=bool(solution.solutions),
    )


def _windows(
    kind: str,
    written: tuple[str | None, str | None],
    fixed: dict[str, int],
    most: int,
    target: Target,
    *,
    ceil: bool,
) -> None:
    from shapecalc.calculators.windows import windows
    from shapecalc.render import solve_window

    n, out = _lengths(*written)
    solution = windows(kind, n, out, fixed, ceil=ceil)
    quoted = (str(written[0]), str(written[1]))
    show(
        target,
        {
            Format.TEXT: partial(solve_window.all_windows, solution, quoted, fixed, kind, most),
            Format.JSON: partial(solve_window.all_windows_dict, solution, n, out, fixed, kind, most),
        },
        ok=bool(solution.solutions),
    )


def _lengths(n: str | None, out: str | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the input and the output size, one entry per axis."""
    from shapecalc.cli.options.window import read_sizes
    from shapecalc.cli.usage_errors import mistake
    from shapecalc.diagnostics.errors import LayerError, misuse
    from shapecalc.layers.fields import Integer

    if n is None or out is None:
        lacking = " and ".join(f"`--{name}`" for name, text in (("n", n), ("out", out)) if text is None)
        verb = "are" if n is out else "is"
        raise misuse("SC106", f"{lacking} {verb} missing", "write it like `shapecalc solve conv --n 32 --out 16`")
    try:
        entries = read_sizes({"n": n, "output": out}).entries
        for field, lengths in entries.items():
            for length in lengths:
                Integer().check(field, length)
    except LayerError as error:
        raise mistake(error, {"n": n, "output": out}) from None
    return entries["n"], entries["output"]
