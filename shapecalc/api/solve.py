"""Sizes and fields that give a result: solved for, or found on a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from shapecalc.api.load import bound, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from shapecalc.api.load import Network, Setting
    from shapecalc.architecture import Architecture
    from shapecalc.solving.input_sizes import NearSizes, Solution, Wanted
    from shapecalc.solving.sweep import Sweep
    from shapecalc.solving.unknown_fields import Choices

    Output = Sequence[int | None] | int
    """The sizes of the last axes, None for any."""


@overload
def solve(
    architecture: Network,
    *,
    output: Output | None = None,
    at: str | None = None,
    unknown: None = None,
    near: int | Mapping[str, int] | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Solution: ...


@overload
def solve(
    architecture: Network,
    *,
    output: Output | None = None,
    at: str | None = None,
    unknown: str | Iterable[str],
    near: None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Choices: ...


def solve(
    architecture: Network,
    *,
    output: Output | None = None,
    at: str | None = None,
    unknown: str | Iterable[str] | None = None,
    near: int | Mapping[str, int] | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Solution | Choices:
    """Return the valid sizes of each unbound symbol of the input, or the values of fields that give an output.

    All symbols are unbound except those of `sizes`, and numbers of an input without symbols too. `output` has the
    required sizes of the last axes (`(7, 7)`; None for any) of the network, or of the step `at`. `unknown` names one to
    three fields (`"conv1.stride"`) whose values are solved for, at the file's sizes; without `output`, for the one that
    the file expects. `near` is a size, or one by symbol, next to which valid ones are looked up.
    Raises `ShapecalcError` for mistakes in the file or an argument.

    >>> solution = solve("vgg16", near=500)
    >>> solution.sizes["H"].sentence("H"), solution.close["H"].below
    ('H must be at least 32', 499)
    >>> [choice.values for choice in solve("alexnet", unknown="conv1.stride", at="conv1", output=(55, 55)).solutions]
    [(4,)]
    """
    from shapecalc.solving.input_sizes import solve_architecture

    loaded, given = bound(architecture, settings, sizes)
    wanted = _wanted(output)
    if unknown is not None:
        fields = (unknown,) if isinstance(unknown, str) else tuple(unknown)
        return _choices(loaded, fields, wanted, at, given)
    solution = solve_architecture(loaded, given, wanted, at)
    return solution._replace(close=_close(solution, near))


def _choices(
    loaded: Architecture, fields: tuple[str, ...], wanted: Wanted | None, at: str | None, sizes: dict[str, int]
) -> Choices:
    from shapecalc.diagnostics import misuse
    from shapecalc.solving.unknown_fields import MOST_UNKNOWNS, choose
    from shapecalc.solving.unmet_output import unmet_output

    if not 1 <= len(fields) <= MOST_UNKNOWNS or len(set(fields)) < len(fields):
        raise misuse("SC201", f"`unknown` expects 1 to {MOST_UNKNOWNS} different fields, receives {', '.join(fields)}")
    wanted = wanted or unmet_output(loaded, at, sizes)
    if wanted is None or not any(wanted.sizes):
        raise misuse("SC106", f"`unknown` {', '.join(fields)} expects `output` as well, receives none")
    return choose(loaded, fields, wanted, at, sizes)._replace(name=loaded.name)


def _wanted(output: Output | None) -> Wanted | None:
    from shapecalc.diagnostics import misuse
    from shapecalc.solving.input_sizes import Wanted

    if output is None:
        return None
    sizes = (output,) if isinstance(output, SupportsIndex) else tuple(output)
    if not any(sizes) or any(size is not None and size < 1 for size in sizes):
        raise misuse("SC201", f"`output` expects sizes of at least 1, and None for any, receives {output}")
    return Wanted(sizes)


def _close(solution: Solution, near: int | Mapping[str, int] | None) -> dict[str, NearSizes]:
    """Return the valid sizes next to those of `near`, and to the numbers that symbols replace."""
    from shapecalc.diagnostics import misuse
    from shapecalc.solving.input_sizes import near as next_to

    symbols = solution.sizes
    wanted = near if near is None or not isinstance(near, SupportsIndex) else dict.fromkeys(symbols, near)
    for name, size in (wanted or {}).items():
        if name not in symbols:
            free = ", ".join(f"`{symbol}`" for symbol in symbols) or "none"
            message = f"`near` names `{name}`, `{solution.report.architecture.name}` has the unbound symbols {free}"
            raise misuse("SC312", message)
        if size < 1:
            raise misuse("SC201", f"`near` expects a size of at least 1, receives {size}")
    return {name: next_to(symbols[name], size) for name, size in {**solution.stated, **(wanted or {})}.items()}


def sweep(
    architecture: Network,
    axes: Mapping[str, Any] | None = None,
    *,
    where: str | None = None,
    by: str | None = None,
    top: int | None = None,
    pareto: Iterable[str] = (),
    sums: Mapping[str, str] | None = None,
    dask: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    **more_axes: Any,
) -> Sweep:
    """Return the costs of an architecture at every point of a grid.

    The axes of the grid are symbols of the inputs and parameters of the file, each with its value or values, as
    keyword arguments or in `axes`. Other symbols take the file's size, the batch 1. Points that do not fit are omitted
    and counted. Of the others, those are returned that satisfy `where` (`"params < 5M and H != 224"`) and are on the
    Pareto front of the columns of `pareto`, in the order of `by`, and of these the first `top`; a `-` before a name
    reverses its order. `sums` are additional columns: the MACs of the layers whose path matches a pattern,
    `{"attention": "*.attn"}`. `dask` is the address of a scheduler whose workers share the work.
    Raises `ShapecalcError` for mistakes in the file or an argument, and if no point fits.

    >>> best = sweep("resnet50", H=range(64, 257, 64), W=[64, 224], by="-macs", top=2)
    >>> best.columns["H"].tolist(), best.columns["macs"].tolist()
    ([256, 192], [4673060864, 3505307648])
    """
    from shapecalc.solving.sweep import sweep as sweep_grid

    return sweep_grid(
        load(architecture),
        {**(axes or {}), **more_axes},
        where=where,
        by=by,
        top=top,
        pareto=pareto,
        sums=sums or {},
        dask=dask,
        progress=progress,
    )
