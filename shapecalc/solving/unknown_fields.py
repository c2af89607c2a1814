"""Values of unknown layer fields that give a wanted output, found by inference with each value of a range."""

from __future__ import annotations

import dataclasses
from itertools import combinations, product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Group, Step
from shapecalc.calculators.derivation import sliding_axes
from shapecalc.calculators.windows import DILATIONS, SMALL, simplicity
from shapecalc.diagnostics import LayerError, ShapecalcError, misuse
from shapecalc.diagnostics.presentation import Presented
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import free_symbols, pretty, show
from shapecalc.layers.conv import Conv
from shapecalc.layers.pooling import AvgPool, MaxPool
from shapecalc.shape_inference.engine import infer
from shapecalc.solving.input_sizes import Wanted, output_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.dims import Dim, Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.report import Report

MOST_UNKNOWNS = 3
MOST_TRIED = 4_000
"""Combinations that are inferred; each takes milliseconds."""

MOST_TIMES = 16
"""Channel counts that are tried are divisors of the wanted one, and its multiples up to this factor."""

RANGES = {"kernel_size": SMALL["f"], "stride": SMALL["s"], "padding": SMALL["p"], "dilation": DILATIONS}
"""The values of a field that are tried."""

WIDTHS = ("out_channels", "out_features")
"""Fields that are tried if the wanted output fixes the size that they decide."""

OUTPUT_PADDING = "output_padding"
"""The field of which all values that the layer accepts are tried: one for all axes and, if none does, one per axis."""

Value = int | tuple[int, ...]
"""A value of a field, or one per axis."""


class Unknown(NamedTuple):
    """A field of a step to solve for, and the values that are tried."""

    path: str
    field: str
    tried: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.path}.{self.field}"


class Choice(NamedTuple):
    """A value for each unknown, and the output shape with them."""

    values: tuple[Value, ...]
    shape: Shape


class _ChoicesFields(NamedTuple):
    unknowns: tuple[Unknown, ...]
    wanted: Wanted
    at: str
    solutions: tuple[Choice, ...]
    closest: tuple[Choice, ...]
    tried: int
    refused: int
    """Combinations that do not fit the architecture."""
    reach: tuple[Shape, Shape] | None = None
    """Of output paddings that do not do: the output shapes with the least and with the most of them."""
    together: tuple[tuple[Unknown, Value], ...] = ()
    """Output paddings that give the wanted output together with additional ones, if the unknown ones alone do not."""
    name: str = ""
    """The architecture's."""


class Choices(Presented, _ChoicesFields):
    """Every combination of values that gives the wanted output, simplest first; if none does, the closest."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the fields, and the number of solutions."""
        return f"<Choices of {', '.join(map(str, self.unknowns))}: {len(self.solutions)} of {self.tried} tried>"


def choose(
    architecture: Architecture,
    fields: Iterable[str],
    wanted: Wanted,
    at: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Choices:
    """Return the values of fields, written `STEP.field`, that give a wanted output.

    If output paddings do not, combinations with those of other steps are tried.

    Symbols have the sizes of `sizes`, else the file's own. Raises `ShapecalcError`, exit code 2, if a field cannot be
    tried, or if there are too many combinations.

    >>> import shapecalc
    >>> alexnet = shapecalc.load("alexnet")
    >>> [choice.values for choice in choose(alexnet, ["conv1.stride"], Wanted((55, 55)), "conv1").solutions]
    [(4,)]
    """
    report, findings = infer(architecture, sizes=sizes)
    if report is None:
        shape = None
    else:
        shape = output_of(report, at).shape
        _require_bound(report, shape, wanted)
    fields = tuple(fields)
    unknowns = tuple(_unknown(architecture, field, wanted, shape, fields) for field in fields)
    choices = _tried(architecture, unknowns, wanted, at, sizes)
    if not choices.solutions and choices.refused == choices.tried and report is None:
        raise ShapecalcError(findings, architecture.file)
    if not choices.solutions and all(unknown.field == OUTPUT_PADDING for unknown in unknowns):
        return _with_more_output_paddings(architecture, choices, wanted, at, sizes)
    return choices


def _tried(
    architecture: Architecture,
    unknowns: tuple[Unknown, ...],
    wanted: Wanted,
    at: str | None,
    sizes: Mapping[str, int] | None,
    most: int = MOST_TRIED,
) -> Choices:
    """Return the combinations that give the wanted output; output paddings per axis if one for all axes does not.

    Those are tried if there are at most `most` of them.
    """
    count = prod(len(unknown.tried) for unknown in unknowns)
    if count > most:
        raise misuse("SC205", f"{count} combinations are more than the {most} that are tried", "fix one of them")
    fitting: list[tuple[tuple[int, ...], Choice]] = []
    ranks: dict[str, int] = {}
    for values in product(*(unknown.tried for unknown in unknowns)):
        attempt = _substituted(architecture, unknowns, values)
        tried = infer(attempt, sizes=sizes)[0] if attempt is not None else None
        if tried is None or attempt is None:
            continue
        ranks = ranks or {row.path: len(row.inputs[0]) - 2 for row in tried.tree}
        given = output_of(tried, at).shape
        if len(given) >= len(wanted.sizes):
            fitting.append((_simplicity(tried, attempt, unknowns), Choice(values, given)))
    fitting.sort(key=lambda pair: pair[0])
    choices = [choice for _, choice in fitting]
    exact = tuple(choice for choice in choices if wanted.distance(choice.shape) == 0)
    apart = tuple(_per_axis(unknown, ranks.get(unknown.path, 1)) for unknown in unknowns)
    if not exact and apart != unknowns and prod(len(unknown.tried) for unknown in apart) <= most:
        return _tried(architecture, apart, wanted, at, sizes, most)
    least = min((wanted.distance(choice.shape) for choice in choices), default=0)
    closest = () if exact else tuple(choice for choice in choices if wanted.distance(choice.shape) == least)
    return Choices(unknowns, wanted, at or "", exact, closest[:MOST_UNKNOWNS], count, count - len(fitting))


def _per_axis(unknown: Unknown, rank: int) -> Unknown:
    """Return an unknown output padding with the values that differ along the axes as well."""
    if unknown.field != OUTPUT_PADDING or not all(isinstance(value, int) for value in unknown.tried):
        return unknown
    if len(unknown.tried) ** rank > MOST_TRIED:
        return unknown
    numbers = [value for value in unknown.tried if isinstance(value, int)]
    lists = (values for values in product(numbers, repeat=rank) if len(set(values)) > 1)
    return unknown._replace(tried=(*numbers, *sorted(lists, key=sum)))


def _with_more_output_paddings(
    architecture: Architecture,
    choices: Choices,
    wanted: Wanted,
    at: str | None,
    sizes: Mapping[str, int] | None,
) -> Choices:
    """Return choices with the sizes that output paddings reach, and the additional ones that give the wanted output."""
    unknowns = choices.unknowns
    ends = ([unknown.tried[0] for unknown in unknowns], [_most(unknown) for unknown in unknowns])
    reports = [infer(attempt, sizes=sizes)[0] for end in ends if (attempt := _substituted(architecture, unknowns, end))]
    low, high = [output_of(report, at).shape for report in reports if report is not None] or (None, None)
    reach = (low, high) if low is not None and high is not None else None
    names = [unknown.path for unknown in unknowns]
    others = [step.path for step in architecture.steps if _pads_output(step) and step.path not in names]
    left = MOST_TRIED
    for count in range(1, MOST_UNKNOWNS + 1 - len(unknowns)):
        for added in combinations(reversed(others), count):
            paths = [step.path for step in architecture.steps if step.path in (*names, *added)]
            fields = tuple(f"{path}.{OUTPUT_PADDING}" for path in paths)
            tried = tuple(_unknown(architecture, field, wanted, low) for field in fields)
            left -= prod(len(unknown.tried) for unknown in tried)
            if left >= 0:
                solved = _tried(architecture, tried, wanted, at, sizes, left).solutions
                if solved:
                    together = tuple(zip(tried, solved[0].values, strict=True))
                    return choices._replace(reach=reach, together=together)
    return choices._replace(reach=reach)


def _most(unknown: Unknown) -> int:
    return max(value for value in unknown.tried if isinstance(value, int))


def _pads_output(step: Step | Group) -> bool:
    single = _single(step)
    return single is not None and OUTPUT_PADDING in single.layer.fields


def _require_bound(report: Report, shape: Shape, wanted: Wanted) -> None:
    if len(wanted.sizes) > len(shape):
        raise misuse("SC204", f"`--out {wanted}` names {len(wanted.sizes)} axes, and {show(shape)} leaves")
    for dim, size in zip(wanted.among(shape), wanted.sizes, strict=True):
        if size is not None and not isinstance(dim, int):
            names = " and ".join(f"`{name}`" for name in free_symbols(dim))
            settings = " ".join(f"--set {name}=…" for name in free_symbols(dim))
            message = f"`--unknown` is tried at numbers, and {pretty(dim)} of what leaves depends on {names}"
            raise misuse("SC311", message, f"add `{settings}`, or `sizes:` to `{report.architecture.name}`")


def _unknown(
    architecture: Architecture, written: str, wanted: Wanted, shape: Shape | None, others: tuple[str, ...] = ()
) -> Unknown:
    """Return a field to solve for; the values of an output padding depend on whether the stride is unknown too."""
    name, _, field = written.rpartition(".")
    path, layer = _layer(architecture, name, written)
    known = [*RANGES, *WIDTHS, OUTPUT_PADDING]
    if field not in layer.fields or field not in known:
        own = [f"`{entry}`" for entry in known if entry in layer.fields]
        takes = f"whose fields {', '.join(own)} can be tried" if own else "none of whose fields can be tried"
        raise misuse("SC102", f"`--unknown {written}`: `{path}` is of type `{layer.type}`, {takes}")
    if field in RANGES:
        return Unknown(path, field, tuple(RANGES[field]))
    if field == OUTPUT_PADDING:
        open_ = (RANGES[entry][-1] for entry in ("stride", "dilation") if f"{name}.{entry}" in others)
        bound = max(_number(layer, "stride"), _number(layer, "dilation"), *open_)
        return Unknown(path, field, tuple(range(min(bound, MOST_TRIED + 1))))
    axis = 1 if field == "out_channels" else -1
    rank = len(shape) if shape is not None else len(wanted.sizes) + 1
    index = axis % rank - (rank - len(wanted.sizes))
    target = wanted.sizes[index] if index >= 0 else None
    if target is None:
        example = "64x7x7" if field == "out_channels" else "10"
        message = f"`--unknown {written}` expects `--out` to fix what `{field}` decides, receives {wanted}"
        raise misuse("SC205", message, f"write it like `--out {example}`")
    return Unknown(path, field, _widths(target, getattr(layer, field), shape[axis] if shape is not None else None))


def _widths(target: int, present: int, given: Dim | None) -> tuple[int, ...]:
    """Return channel counts that may give a target: itself, divisors, multiples, and `present` + target − given."""
    candidates = {target, *(target * times for times in range(2, MOST_TIMES + 1))}
    candidates |= {target // parts for parts in range(2, target + 1) if target % parts == 0 and parts <= target}
    if isinstance(given, int):
        candidates.add(target - given + present)
    return tuple(sorted(candidate for candidate in candidates if candidate >= 1))


def _layer(architecture: Architecture, name: str, written: str) -> tuple[str, Layer]:
    """Return the path and the layer of a top-level step, repeated or not, by its path or as `layers.3`."""
    heads = _heads(architecture)
    word, _, position = name.partition(".")
    steps = {step.path: step for step in architecture.steps}
    if name not in steps and word == "layers" and position.isascii() and position.isdigit():
        if int(position[:6]) >= len(heads):
            message = f"`--unknown {written}`: `{architecture.name}` has {len(heads)} steps, counted from 0"
            raise misuse("SC104", message)
        name = heads[int(position[:6])]
    step = steps.get(name)
    single = _single(step) if step is not None else None
    if single is not None:
        return name, single.layer
    groups = [path for path, step in steps.items() if isinstance(step, Group)]
    within = next((path for path in groups if name == path or name.startswith(f"{path}.")), None)
    if within is not None:
        message = (
            f"`--unknown {written}`: `{within}` is a block or repeats steps, whose fields hold wherever they stand"
        )
        raise misuse("SC104", message, "name a step that stands in `layers:`")
    names = [f"`{path}`" for path in steps if path.startswith(f"{name}.")]
    near = closest(name, [path for path, step in steps.items() if _single(step)])
    hint = f"did you mean `{near}`?" if near else "`shapecalc inspect` names the steps"
    hint = f"its branches hold {', '.join(names[:4])}" if names else hint
    raise misuse("SC104", f"`--unknown {written}` expects STEP.FIELD, and there is no layer `{name}`; {hint}")


def _heads(architecture: Architecture) -> tuple[str, ...]:
    """Return the paths of the steps of `layers:` in the file's order; branches come before their merge."""
    heads: list[str] = []
    merge = ""
    for step in reversed(architecture.steps):
        if merge and step.path.startswith(f"{merge}."):
            continue
        heads.append(step.path)
        merge = step.path if isinstance(step, Step) and step.branches else ""
    return tuple(reversed(heads))


def _single(step: Step | Group) -> Step | None:
    """Return a step that is one layer, or the one layer of a repeated step; None for other groups."""
    if isinstance(step, Step):
        return step
    if step.varied:
        return None
    first, *others = step.subgraph.steps
    return first if isinstance(first, Step) and not others and not first.path else None


def _substituted(
    architecture: Architecture, unknowns: Iterable[Unknown], values: Iterable[Value]
) -> Architecture | None:
    """Return the architecture with values substituted for the unknowns; None if a layer refuses one."""
    wanted: dict[str, dict[str, Value]] = {}
    for unknown, value in zip(unknowns, values, strict=True):
        wanted.setdefault(unknown.path, {})[unknown.field] = value
    try:
        steps = tuple(_changed(step, wanted[step.path]) if step.path in wanted else step for step in architecture.steps)
    except LayerError:
        return None
    return dataclasses.replace(architecture, steps=steps)


def _changed(step: Step | Group, fields: Mapping[str, Value]) -> Step | Group:
    single = _single(step)
    assert single is not None  # an unknown is a field of a layer
    changed = single._replace(layer=dataclasses.replace(single.layer, **fields))  # type: ignore[type-var]
    if isinstance(step, Step):
        return changed
    return step._replace(subgraph=dataclasses.replace(step.subgraph, steps=(changed,)))


def _simplicity(report: Report, architecture: Architecture, unknowns: tuple[Unknown, ...]) -> tuple[int, ...]:
    """Return a sort key of combinations: sums of `simplicity` of windows, of widths, and of output paddings."""
    paths = {unknown.path for unknown in unknowns}
    inputs = {row.path: row.inputs[0] for row in report.tree}
    windows = []
    widths, padded = 0, 0
    for step in architecture.steps:
        single = _single(step) if step.path in paths else None
        if single is None:
            continue
        layer = single.layer
        widths += sum(getattr(layer, field) for field in WIDTHS if field in layer.fields)
        padded += sum(_entries(getattr(layer, OUTPUT_PADDING, None), len(inputs[step.path]) - 2))
        misses = _misses(layer, inputs[step.path])
        windows.append(simplicity(*(_number(layer, field) for field in RANGES), misses=misses))
    return (*map(sum, zip(*windows, strict=True)), widths, padded)


def _entries(value: Value | None, rank: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value or 0,) * rank


def _misses(layer: Layer, x: Shape) -> bool:
    """Return whether the windows of a layer leave elements of its input unread."""
    if not isinstance(layer, Conv | MaxPool | AvgPool) or not all(isinstance(length, int) for length in x[2:]):
        return False
    readings = (axis.reading for axis in sliding_axes(layer, x))
    return any(reading is not None and (reading.unread > 0 or reading.stepped_over > 0) for reading in readings)


def _number(layer: Layer, field: str) -> int:
    """Return a field as one integer: the largest of several axes, and an equivalent default for a missing field."""
    value = getattr(layer, field, None)
    if value is None and field == "stride":
        value = getattr(layer, "kernel_size", None)
    while isinstance(value, tuple):
        value = max(value)
    return value if isinstance(value, int) else int(field != "padding")
