"""The `output_padding` of transposed convolutions with which a network gives the output that its file expects."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import Bounds, Step, size_of
from shapecalc.diagnostics import LayerError
from shapecalc.dims import Expr
from shapecalc.layers.axes import per_axis
from shapecalc.shape_inference.engine import infer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Group
    from shapecalc.diagnostics import Diagnostic
    from shapecalc.dims import Shape
    from shapecalc.shape_inference.report import Report

FIELD = "output_padding"

MOST_TRIED = 128
"""Combinations that are tried."""

MOST_INFERRED = 20_000
"""Layers that are inferred for all combinations together."""


def with_output_padding(report: Report, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield diagnostics of unmet expectations, with the `output_padding` that gives an expected output as help."""
    outputs = {line.span: line for line in report.architecture.expect if isinstance(line.value, tuple)}
    for diagnostic in diagnostics:
        line = outputs.get(diagnostic.span) if diagnostic.span is not None else None
        text = None
        if line is not None and not isinstance(line.value, int | Bounds):
            name = line.key.removeprefix("outputs.")
            text = _help(report, name if name in report.outputs else next(iter(report.outputs)), line.value)
        own = f"; or {diagnostic.help}" if diagnostic.help else ""
        yield diagnostic if text is None else diagnostic._replace(help=f"{text}{own}")


def _help(report: Report, output: str, wanted: Shape) -> str | None:
    """Return the values that give an output, as the help of its error; None if there are none."""
    steps, actual = report.architecture.steps, report.outputs[output]
    spatial = range(2, len(actual))
    if len(actual) != len(wanted) or actual[:2] != wanted[:2] or any(isinstance(dim, Expr) for dim in actual[2:]):
        return None
    present = dict(_present(steps, len(spatial)))
    ranges = [range(max(transposed.strides)) for transposed in present.values()]
    combinations = prod(map(len, ranges))
    if not 1 < combinations <= MOST_TRIED or combinations * size_of(steps) > MOST_INFERRED:
        return None
    # Axes do not depend on each other: each combination is tried on all of them at once.
    chosen: dict[int, tuple[int, ...]] = {}
    for combination in sorted(product(*ranges), key=sum):
        tried = {path: (value,) * len(spatial) for path, value in zip(present, combination, strict=True)}
        shape = _output(report, output, tried)
        for axis in spatial:
            if shape is not None and shape[axis] == wanted[axis]:
                chosen.setdefault(axis, combination)
    if set(chosen) != set(spatial):
        return None
    fields = {path: tuple([chosen[axis][index] for axis in spatial]) for index, path in enumerate(present)}
    if _output(report, output, fields) != wanted:
        return None
    paths: dict[str, list[str]] = {}
    for path, values in fields.items():
        if values != present[path].values:
            paths.setdefault(str(values[0] if len({*values}) == 1 else [*values]), []).append(f"`{path}`")
    return ", ".join(f"write `{FIELD}: {value}` in {' and '.join(names)}" for value, names in paths.items())


class Transposed(NamedTuple):
    """The values of `output_padding` and of `stride` of a layer, one per axis."""

    values: tuple[int, ...]
    strides: tuple[int, ...]


def _present(steps: Iterable[Step | Group], rank: int) -> Iterator[tuple[str, Transposed]]:
    """Yield the path and the values of each transposed convolution."""
    for step in steps:
        if isinstance(step, Step) and FIELD in step.layer.fields:
            layer: Any = step.layer
            if not isinstance(layer.padding, str):
                values = per_axis(layer.output_padding or 0, rank, FIELD)
                yield step.path, Transposed(values, per_axis(layer.stride, rank, "stride"))


def _output(report: Report, output: str, fields: Mapping[str, tuple[int, ...]]) -> Shape | None:
    """Return the output of a network with other values; None if they do not fit it."""
    try:
        steps = tuple([_with(step, fields) for step in report.architecture.steps])
    except LayerError:
        return None
    result, _ = infer(replace(report.architecture, steps=steps), symbolic=True, sizes=report.bindings)
    return None if result is None else result.outputs[output]


def _with(step: Step | Group, fields: Mapping[str, tuple[int, ...]]) -> Step | Group:
    if not isinstance(step, Step) or step.path not in fields:
        return step
    layer: Any = step.layer
    return step._replace(layer=replace(layer, **{FIELD: fields[step.path]}))
