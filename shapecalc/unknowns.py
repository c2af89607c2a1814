"""What an architecture leaves open, solved for: the sizes of its symbols, and fields of its layers.

Sizes are decided by what the layers demand (`legality`), a wanted output being one demand more. Fields are tried: each
value of the usual range is put in its place, and the architecture is inferred with it.
"""

from __future__ import annotations

import dataclasses
from itertools import chain, product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Group, Step, joined
from shapecalc.derivation import sliding_axes
from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import Condition, DimLimitError, Relation, condition, free_symbols, legal_sizes, pretty
from shapecalc.engine import infer
from shapecalc.layers.base import show
from shapecalc.layers.conv import Conv
from shapecalc.layers.pooling import AvgPool, MaxPool
from shapecalc.legality import legality
from shapecalc.report import BATCH_SYMBOLS, GroupReport
from shapecalc.solve import DILATIONS, SMALL, simplicity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture, Stated
    from shapecalc.dims import Dim, Sizes
    from shapecalc.layers import Layer, Shape
    from shapecalc.legality import Demand
    from shapecalc.report import LayerReport, Report

MOST_WEIGHED = 50_000
"""Residue classes looked at to find which demands are needed: beyond that all of them are named."""

MOST_SEARCHED = 20_000
"""Points at which joint demands are looked at, for one where they hold."""

MOST_ALIKE = 1_000
"""Sizes that are looked at for all symbols at once."""

MOST_UNKNOWNS = 3
MOST_TRIED = 4_000
"""Combinations that are inferred; each takes milliseconds."""

MOST_TIMES = 16
"""A count of channels that is tried is a divisor of one that is wanted, or up to so many times it."""

RANGES = {"kernel_size": SMALL["f"], "stride": SMALL["s"], "padding": SMALL["p"], "dilation": DILATIONS}
"""The values of a field that are tried."""

WIDTHS = ("out_channels", "out_features")
"""Fields that are tried where the wanted output fixes what they decide."""


class Wanted(NamedTuple):
    """The sizes that trailing axes should have, None where any will do."""

    sizes: tuple[int | None, ...]

    def __str__(self) -> str:
        return "x".join("?" if size is None else str(size) for size in self.sizes)

    def distance(self, shape: Shape) -> int:
        """Return how far a shape of numbers is away, 0 where it is what is wanted."""
        return sum(
            abs(dim - size) if isinstance(dim, int) else 0
            for dim, size in zip(self.among(shape), self.sizes, strict=True)
            if size is not None
        )

    def among(self, shape: Shape) -> Shape:
        """Return the axes of a shape that are meant."""
        return shape[len(shape) - len(self.sizes) :]


class Output(NamedTuple):
    """What leaves a step, or the architecture where `path` is empty."""

    path: str
    shape: Shape


class Reason(NamedTuple):
    """A condition, and who demands it: the layer of that path, `where`, or the output that is wanted."""

    condition: Condition
    demanded_by: str
    line: int | None
    needed: bool
    """Whether fewer sizes would be left out without it; False where the others say it too."""


class Never(NamedTuple):
    """A wanted size that an axis has at no size of its symbols."""

    dim: Dim
    size: int


class Solution(NamedTuple):
    """The sizes that fit, by symbol, what ties several of them together, and why."""

    report: Report
    sizes: Mapping[str, Sizes]
    joint: tuple[Reason, ...]
    because: tuple[Reason, ...]
    output: Output | None = None
    wanted: Wanted | None = None
    never: tuple[Never, ...] = ()
    example: Mapping[str, int] | None = None
    """Sizes at which what is joint holds too, of the symbols that it ties together."""
    clash: bool = False
    """Whether what is joint holds at no sizes that fit otherwise."""

    @property
    def found(self) -> bool:
        """Whether some size fits for each symbol, as far as that is known."""
        return not self.never and not self.clash and all(sizes.smallest is not None for sizes in self.sizes.values())


def solve(report: Report, wanted: Wanted | None = None, at: str | None = None) -> Solution:
    """Return the sizes of a report's free symbols at which all layers fit, and that give a wanted output.

    `at` names the step whose output is meant, None the architecture's own. Conditions of the file's `where:` count.
    Raises `ShapecalcError`, exit code 2, where there is no such step, or no symbol in its output.

    >>> import shapecalc
    >>> solution = solve(shapecalc.inspect(shapecalc.load("vgg16"), symbolic=True), Wanted((7, 7)), "features.30")
    >>> solution.sizes["H"].spoken("H")
    'H must be 224 to 255'
    """
    demanded_by: dict[Condition, tuple[str, int | None]] = {}
    for stated in report.architecture.where:
        left = stated.condition.at(report.bindings)
        if isinstance(left, Condition):
            demanded_by.setdefault(left, (f"where: {stated.text}", _line(stated)))
    output, never = None, []
    if wanted is not None:
        output = output_of(report, at)
        _require_symbols(report, output, wanted)
        for dim, size in zip(wanted.among(output.shape), wanted.sizes, strict=True):
            demand = condition(dim - size, Relation.ZERO) if size is not None else True
            if isinstance(demand, Condition):
                demanded_by.setdefault(demand, (f"--output {wanted}", None))
            elif size is not None and not demand:
                never.append(Never(dim, size))
    found = legality(report, demanded_by)
    needed = _needed(found.telling, found.sizes)

    def reason(demand: Demand) -> Reason:
        if demand.path:
            by, line = demand.path, demand.place.word.line if demand.place else None
        else:
            by, line = demanded_by[demand.condition]
        return Reason(demand.condition, by, line, demand in needed or demand in found.joint)

    joint, because = tuple(map(reason, found.joint)), tuple(map(reason, found.telling))
    example, clash = _together(found.joint, found.sizes)
    return Solution(report, found.sizes, joint, because, output, wanted, tuple(never), example, clash)


def _together(joint: tuple[Demand, ...], sizes: Mapping[str, Sizes]) -> tuple[Mapping[str, int] | None, bool]:
    """Return sizes at which joint demands hold, and whether there are none at all; neither where the search ends first.

    All symbols but the batch at one size come first: images are square more often than not.
    """
    if not joint:
        return None, False
    names = sorted({name for demand in joint for name in free_symbols(demand.condition.expr)})
    alone = [name for name in names if name not in BATCH_SYMBOLS]
    each = int(MOST_SEARCHED ** (1 / len(names)))
    legal = {name: sizes[name].first(each + 1) for name in names}
    one = {name: own[:1] for name, own in legal.items()}
    alike = (
        {**{name: size[0] for name, size in one.items()}, **dict.fromkeys(alone, at)} for at in _common(alone, sizes)
    )
    some = (dict(zip(names, point, strict=True)) for point in product(*(own[:each] for own in legal.values())))
    if not all(one.values()):
        return None, False  # it is said of that symbol that no size is legal
    for point in chain(alike, some):
        if all(demand.condition.holds(point) for demand in joint):
            return point, False
    return None, all(len(own) <= each and not sizes[name].residues for name, own in legal.items())


def _common(names: list[str], sizes: Mapping[str, Sizes]) -> Iterator[int]:
    """Yield the smallest sizes that are legal for each of several symbols."""
    if names:
        first, *others = names
        yield from (at for at in sizes[first].first(MOST_ALIKE) if all(at in sizes[other] for other in others))


def _line(stated: Stated) -> int | None:
    return stated.span.line


def _needed(demands: Iterable[Demand], sizes: Mapping[str, Sizes]) -> tuple[Demand, ...]:
    """Return the demands without the ones that the others imply; of two that imply each other the first stays."""
    needed: list[Demand] = []
    for name, whole in sizes.items():
        own = [demand for demand in demands if free_symbols(demand.condition.expr) == (name,)]
        if whole.period * len(own) ** 2 <= MOST_WEIGHED:
            for demand in reversed(tuple(own)):
                others = [other for other in own if other is not demand]
                if _legal(others, name) == whole:
                    own = others
        needed += own
    return tuple(needed)


def _legal(demands: Iterable[Demand], name: str) -> Sizes | None:
    try:
        return legal_sizes((demand.condition for demand in demands), name)
    except DimLimitError:
        return None


def output_of(report: Report, at: str | None) -> Output:
    """Return what leaves a step, by its path, or the architecture; raise `ShapecalcError` where that is not one."""
    if at is None:
        if len(report.outputs) > 1:
            names = ", ".join(f"`{slot}`" for slot in report.architecture.leaving.values())
            raise _misuse("SC205", f"`--output` expects one output, and there are several: {names}", "add `--at STEP`")
        (shape,) = report.outputs.values()
        return Output("", shape)
    shapes = dict(_outputs(report.tree, ""))
    if at not in shapes:
        near = closest(at, shapes)
        hint = f"did you mean `{near}`?" if near else "`shapecalc inspect` names the steps"
        raise _misuse("SC104", f"`{report.architecture.name}` has no step `{at}`; {hint}")
    return Output(at, shapes[at])


def _outputs(rows: Iterable[LayerReport | GroupReport], prefix: str) -> Iterator[tuple[str, Shape]]:
    for row in rows:
        path = joined(prefix, row.path)
        yield path, row.output
        if isinstance(row, GroupReport):
            for run, walk in zip(row.group.runs, row.runs, strict=True):
                yield joined(prefix, run), walk.output
                yield from _outputs(walk.rows, joined(prefix, run))
            continue
        for name, shape in row.outputs.items():
            if shape is not row.output:
                yield joined(path, name), shape


def _require_symbols(report: Report, output: Output, wanted: Wanted) -> None:
    """Raise `ShapecalcError` where no axis that is meant depends on a symbol, and name the last step where one does."""
    if _depends(output.shape, wanted):
        return
    subject = f"`{output.path}`" if output.path else f"`{report.architecture.name}`"
    problem = f"has no {len(wanted.sizes)} axes" if len(wanted.sizes) > len(output.shape) else "depends on no size"
    message = f"{subject} gives {show(output.shape)}, which {problem}: nothing to solve for"
    last = next((row for row in reversed(report.tree) if _depends(row.output, wanted)), None)
    hint = f"write `--at {last.path}`: the last step that does, {show(last.output)}" if last else None
    raise _misuse("SC312", message, hint)


def _depends(shape: Shape, wanted: Wanted) -> bool:
    return len(wanted.sizes) <= len(shape) and any(
        size is not None and set(free_symbols(dim)) - {*BATCH_SYMBOLS}
        for dim, size in zip(wanted.among(shape), wanted.sizes, strict=True)
    )


class Unknown(NamedTuple):
    """A field of a step that is solved for, and the values that are tried."""

    path: str
    field: str
    tried: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.path}.{self.field}"


class Choice(NamedTuple):
    """A value for each unknown, and what leaves with them."""

    values: tuple[int, ...]
    shape: Shape


class Choices(NamedTuple):
    """Every combination of values that gives the wanted output, simplest first; where none does, the closest."""

    unknowns: tuple[Unknown, ...]
    wanted: Wanted
    at: str
    found: tuple[Choice, ...]
    near: tuple[Choice, ...]
    tried: int
    refused: int
    """Combinations that do not fit the architecture at all."""


def choose(
    architecture: Architecture,
    fields: Iterable[str],
    wanted: Wanted,
    at: str | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Choices:
    """Return the values of fields, written `STEP.field`, at which a wanted output leaves.

    Symbols have the file's own sizes but for those of `sizes`. Raises `ShapecalcError`, exit code 2, where a field is
    none that can be tried, or where too many combinations would have to be.

    >>> import shapecalc
    >>> alexnet = shapecalc.load("alexnet")
    >>> [choice.values for choice in choose(alexnet, ["conv1.stride"], Wanted((55, 55)), "conv1").found]
    [(4,)]
    """
    report, findings = infer(architecture, sizes=sizes)
    if report is None:
        shape = None
    else:
        shape = output_of(report, at).shape
        _require_bound(report, shape, wanted)
    unknowns = tuple(_unknown(architecture, field, wanted, shape) for field in fields)
    count = prod(len(unknown.tried) for unknown in unknowns)
    if count > MOST_TRIED:
        raise _misuse("SC205", f"{count} combinations are more than the {MOST_TRIED} that are tried", "fix one of them")
    fitting: list[tuple[tuple[int, ...], Choice]] = []
    for values in product(*(unknown.tried for unknown in unknowns)):
        attempt = _put(architecture, unknowns, values)
        found = infer(attempt, sizes=sizes)[0] if attempt is not None else None
        if found is None or attempt is None:
            continue
        given = output_of(found, at).shape
        if len(given) >= len(wanted.sizes):
            fitting.append((_simplicity(found, attempt, unknowns), Choice(values, given)))
    if not fitting and report is None:
        raise ShapecalcError(findings, architecture.file)
    fitting.sort(key=lambda pair: pair[0])
    choices = [choice for _, choice in fitting]
    exact = tuple(choice for choice in choices if wanted.distance(choice.shape) == 0)
    least = min((wanted.distance(choice.shape) for choice in choices), default=0)
    near = () if exact else tuple(choice for choice in choices if wanted.distance(choice.shape) == least)
    return Choices(unknowns, wanted, at or "", exact, near[:MOST_UNKNOWNS], count, count - len(fitting))


def _require_bound(report: Report, shape: Shape, wanted: Wanted) -> None:
    if len(wanted.sizes) > len(shape):
        raise _misuse("SC204", f"`--output {wanted}` names {len(wanted.sizes)} axes, and {show(shape)} leaves")
    for dim, size in zip(wanted.among(shape), wanted.sizes, strict=True):
        if size is not None and not isinstance(dim, int):
            names = " and ".join(f"`{name}`" for name in free_symbols(dim))
            settings = " ".join(f"--set {name}=…" for name in free_symbols(dim))
            message = f"`--unknown` is tried at numbers, and {pretty(dim)} of what leaves depends on {names}"
            raise _misuse("SC311", message, f"add `{settings}`, or `sizes:` to `{report.architecture.name}`")


def _unknown(architecture: Architecture, written: str, wanted: Wanted, shape: Shape | None) -> Unknown:
    name, _, field = written.rpartition(".")
    path, layer = _layer(architecture, name, written)
    known = [*RANGES, *WIDTHS]
    if field not in layer.fields or field not in known:
        own = [f"`{entry}`" for entry in known if entry in layer.fields]
        takes = f"whose fields {', '.join(own)} can be tried" if own else "none of whose fields can be tried"
        raise _misuse("SC102", f"`--unknown {written}`: `{path}` is of type `{layer.word}`, {takes}")
    if field in RANGES:
        return Unknown(path, field, tuple(RANGES[field]))
    axis = 1 if field == "out_channels" else -1
    rank = len(shape) if shape is not None else len(wanted.sizes) + 1
    place = axis % rank - (rank - len(wanted.sizes))
    target = wanted.sizes[place] if place >= 0 else None
    if target is None:
        example = "64x7x7" if field == "out_channels" else "10"
        message = f"`--unknown {written}` expects `--output` to fix what `{field}` decides, receives {wanted}"
        raise _misuse("SC205", message, f"write it like `--output {example}`")
    return Unknown(path, field, _widths(target, getattr(layer, field), shape[axis] if shape is not None else None))


def _widths(target: int, present: int, given: Dim | None) -> tuple[int, ...]:
    """Return counts of channels that may lead to a target: itself, parts, multiples, and with what is joined to it."""
    candidates = {target, *(target * times for times in range(2, MOST_TIMES + 1))}
    candidates |= {target // parts for parts in range(2, target + 1) if target % parts == 0 and parts <= target}
    if isinstance(given, int):
        candidates.add(target - given + present)
    return tuple(sorted(candidate for candidate in candidates if candidate >= 1))


def _layer(architecture: Architecture, name: str, written: str) -> tuple[str, Layer]:
    """Return the path and the layer of a top-level step, by its path or as `layers.3`; a repeated one is one."""
    heads = _heads(architecture)
    word, _, position = name.partition(".")
    steps = {step.path: step for step in architecture.steps}
    if name not in steps and word == "layers" and position.isascii() and position.isdigit():
        if int(position[:6]) >= len(heads):
            message = f"`--unknown {written}`: `{architecture.name}` has {len(heads)} steps, counted from 0"
            raise _misuse("SC104", message)
        name = heads[int(position[:6])]
    step = steps.get(name)
    lone = _lone(step) if step is not None else None
    if lone is not None:
        return name, lone.layer
    groups = [path for path, step in steps.items() if isinstance(step, Group)]
    within = next((path for path in groups if name == path or name.startswith(f"{path}.")), None)
    if within is not None:
        message = (
            f"`--unknown {written}`: `{within}` is a block or repeats steps, whose fields hold wherever they stand"
        )
        raise _misuse("SC104", message, "name a step that stands in `layers:`")
    names = [f"`{path}`" for path in steps if path.startswith(f"{name}.")]
    near = closest(name, [path for path, step in steps.items() if _lone(step)])
    hint = f"did you mean `{near}`?" if near else "`shapecalc inspect` names the steps"
    hint = f"its branches hold {', '.join(names[:4])}" if names else hint
    raise _misuse("SC104", f"`--unknown {written}` expects STEP.FIELD, and there is no layer `{name}`; {hint}")


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


def _lone(step: Step | Group) -> Step | None:
    """Return the layer that a step is, also where it is repeated."""
    if isinstance(step, Step):
        return step
    first, *others = step.body.steps
    return first if isinstance(first, Step) and not others and not first.path else None


def _put(architecture: Architecture, unknowns: Iterable[Unknown], values: Iterable[int]) -> Architecture | None:
    """Return the architecture with values in the place of the unknowns; None where a layer refuses one."""
    wanted: dict[str, dict[str, int]] = {}
    for unknown, value in zip(unknowns, values, strict=True):
        wanted.setdefault(unknown.path, {})[unknown.field] = value
    try:
        steps = tuple(_changed(step, wanted[step.path]) if step.path in wanted else step for step in architecture.steps)
    except LayerError:
        return None
    return dataclasses.replace(architecture, steps=steps)


def _changed(step: Step | Group, fields: Mapping[str, int]) -> Step | Group:
    lone = _lone(step)
    assert lone is not None  # an unknown is a field of a layer
    changed = lone._replace(layer=dataclasses.replace(lone.layer, **fields))  # type: ignore[type-var]
    if isinstance(step, Step):
        return changed
    return step._replace(body=dataclasses.replace(step.body, steps=(changed,)))


def _simplicity(report: Report, architecture: Architecture, unknowns: tuple[Unknown, ...]) -> tuple[int, ...]:
    """Return how simple a combination is: what `solve.simplicity` says of the windows, added up, then the widths."""
    paths = {unknown.path for unknown in unknowns}
    inputs = {row.path: row.inputs[0] for row in report.tree}
    windows = []
    widths = 0
    for step in architecture.steps:
        lone = _lone(step) if step.path in paths else None
        if lone is None:
            continue
        layer = lone.layer
        widths += sum(getattr(layer, field) for field in WIDTHS if field in layer.fields)
        misses = _misses(layer, inputs[step.path])
        windows.append(simplicity(*(_number(layer, field) for field in RANGES), misses=misses))
    return (*map(sum, zip(*windows, strict=True)), widths)


def _misses(layer: Layer, x: Shape) -> bool:
    """Return whether the windows of a layer leave cells of its input unread."""
    if not isinstance(layer, Conv | MaxPool | AvgPool) or not all(isinstance(length, int) for length in x[2:]):
        return False
    readings = (axis.reading for axis in sliding_axes(layer, x))
    return any(reading is not None and (reading.unread > 0 or reading.stepped_over > 0) for reading in readings)


def _number(layer: Layer, field: str) -> int:
    """Return a field as one number; where there is none, or one per axis, the plainest that stands for it."""
    value = getattr(layer, field, None)
    if value is None and field == "stride":
        value = getattr(layer, "kernel_size", None)
    while isinstance(value, tuple):
        value = max(value)
    return value if isinstance(value, int) else int(field != "padding")


def _misuse(code: str, message: str, help_text: str | None = None) -> ShapecalcError:
    return ShapecalcError((Diagnostic(code=code, message=message, help=help_text),), exit_code=2)
