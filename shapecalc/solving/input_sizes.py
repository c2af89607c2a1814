"""Sizes of an architecture's symbols that fit all layers, and those that give a wanted output.

Valid sizes are those that meet the constraints of the layers; a wanted output is one more constraint.
"""

from __future__ import annotations

from itertools import chain, product
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import joined
from shapecalc.diagnostics import misuse
from shapecalc.diagnostics.presentation import Presented
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import Condition, Effort, Relation, condition, free_symbols, show
from shapecalc.shape_inference.constraints import Constraint, sizes_meeting, solve_constraints
from shapecalc.shape_inference.engine import Reports, inspect_at
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import GroupReport
from shapecalc.shape_inference.unbinding import unbind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.dims import Dim, Shape, Sizes
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

MOST_WEIGHED = 50_000
"""Residue classes looked at to find which constraints are needed: beyond that all of them are named."""

MOST_SEARCHED = 20_000
"""Points that are tried to find one at which constraints on several symbols hold."""

MOST_EQUAL = 1_000
"""Sizes that are tried for all symbols together."""


class Wanted(NamedTuple):
    """The wanted sizes of trailing axes, None for any size."""

    sizes: tuple[int | None, ...]

    def __str__(self) -> str:
        return "x".join("?" if size is None else str(size) for size in self.sizes)

    def distance(self, shape: Shape) -> int:
        """Return the distance of a shape without symbols, 0 if it has the wanted sizes."""
        return sum(
            abs(dim - size) if isinstance(dim, int) else 0
            for dim, size in zip(self.among(shape), self.sizes, strict=True)
            if size is not None
        )

    def among(self, shape: Shape) -> Shape:
        """Return the axes of a shape that the wanted sizes are of."""
        return shape[len(shape) - len(self.sizes) :]


class SolvedOutput(NamedTuple):
    """The output shape of a step, or of the architecture if `path` is empty."""

    path: str
    shape: Shape


class Reason(NamedTuple):
    """A condition, and what requires it: the layer of that path, `where`, or the wanted output."""

    condition: Condition
    required_by: str
    line: int | None
    needed: bool
    """Whether more sizes would fit without it; False if the others imply it."""


class Never(NamedTuple):
    """A wanted size that an axis has at no sizes of its symbols."""

    dim: Dim
    size: int


class NearSizes(NamedTuple):
    """A requested size, whether it is valid, and the valid sizes next to it."""

    asked: int
    fits: bool
    below: int | None
    above: int | None


def near(sizes: Sizes, asked: int) -> NearSizes:
    """Return the valid sizes next to one.

    >>> from shapecalc.dims import Sizes
    >>> near(Sizes((), 32, 16, (0,)), 500)
    NearSizes(asked=500, fits=False, below=496, above=512)
    """
    return NearSizes(asked, asked in sizes, sizes.up_to(asked - 1), sizes.from_(asked + 1))


class _SolutionFields(NamedTuple):
    report: Report
    sizes: Mapping[str, Sizes]
    joint: tuple[Reason, ...]
    because: tuple[Reason, ...]
    output: SolvedOutput | None = None
    wanted: Wanted | None = None
    never: tuple[Never, ...] = ()
    example: Mapping[str, int] | None = None
    """Sizes of the symbols of `joint` at which all constraints hold."""
    clash: bool = False
    """Whether `joint` holds at no sizes that satisfy the other constraints."""
    stated: Mapping[str, int] = MappingProxyType({})
    """The numbers of the input that symbols replace."""
    close: Mapping[str, NearSizes] = MappingProxyType({})
    """The valid sizes next to requested ones, by symbol."""


class Solution(Presented, _SolutionFields):
    """The sizes that fit, by symbol, the constraints on several symbols, and the reasons."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the name, and the valid sizes of each symbol."""
        sizes = ", ".join(each.sentence(name) for name, each in self.sizes.items())
        name = self.report.architecture.name
        return f"<Solution for {name}: {sizes or 'no unbound symbol'}{'' if self.solvable else ', not solvable'}>"

    @property
    def solvable(self) -> bool:
        """Whether some size fits for each symbol, as far as it is known."""
        return not self.never and not self.clash and all(sizes.smallest is not None for sizes in self.sizes.values())


def solve_architecture(
    architecture: Architecture, sizes: Mapping[str, int], wanted: Wanted | None = None, at: str | None = None
) -> Solution:
    """Return the solution for the unbound symbols of an architecture, all but those of `sizes`.

    If its inputs have no symbol but the batch, their numbers that are sizes are unbound: one symbol each or, if
    constraints tie symbols together that replace equal numbers, one for all of them.
    Raises `ShapecalcError` as `solve` does, and with the mistakes of the architecture.

    >>> import shapecalc
    >>> network = "{input: [N, 1, 32, 32], layers: [flatten, linear: {out_features: 10, in_features: 784}]}"
    >>> solution = solve_architecture(shapecalc.loads(network), {})
    >>> solution.sizes["H"].sentence("H"), solution.stated
    ('H must be 28', {'H': 32})
    """
    if set(architecture.symbols) <= {*BATCH_SYMBOLS}:
        best: Solution | None = None
        for square in (False, True):
            unbound = unbind(architecture, {}, square=square)
            if not set(sizes) <= set(unbound.architecture.symbols):
                break
            report, _ = Reports(unbound.architecture).infer(sizes, symbolic=True)
            if report is None:
                break
            stated = {name: size for name, size in unbound.stated.items() if name in report.symbols}
            if best is None or len(report.valid_sizes.joint) < len(best.joint):
                best = solve(report, wanted, at)._replace(stated=stated)
            if not best.joint:
                break
        if best is not None:
            return best
    return solve(inspect_at(architecture, sizes, symbolic=True), wanted, at)


def solve(report: Report, wanted: Wanted | None = None, at: str | None = None) -> Solution:
    """Return the sizes of a report's unbound symbols at which all layers fit, and that give a wanted output.

    `at` names the step of the output, None for the architecture's own. Conditions of the file's `where:` count.
    Raises `ShapecalcError`, exit code 2, if there is no such step, or no symbol in its output.

    >>> import shapecalc
    >>> solution = solve(shapecalc.inspect(shapecalc.load("vgg16"), symbolic=True), Wanted((7, 7)), "features.30")
    >>> solution.sizes["H"].sentence("H")
    'H must be 224 to 255'
    """
    required_by: dict[Condition, tuple[str, int | None]] = {}
    for stated in report.architecture.where:
        left = stated.condition.at(report.bindings)
        if isinstance(left, Condition):
            required_by.setdefault(left, (f"where: {stated.text}", stated.span.line))
    output, never = None, []
    if wanted is not None:
        output = output_of(report, at)
        _require_symbols(report, output, wanted)
        for dim, size in zip(wanted.among(output.shape), wanted.sizes, strict=True):
            required = condition(dim - size, Relation.ZERO) if size is not None else True
            if isinstance(required, Condition):
                required_by.setdefault(required, (f"--out {wanted}", None))
            elif size is not None and not required:
                never.append(Never(dim, size))
    valid = solve_constraints((*report.constraints, *map(Constraint, required_by)), report.symbols)
    needed = _needed(valid.single, valid.sizes)

    def reason(constraint: Constraint) -> Reason:
        if constraint.path:
            by, line = constraint.path, constraint.spans.type.line if constraint.spans else None
        else:
            by, line = required_by[constraint.condition]
        return Reason(constraint.condition, by, line, constraint in needed or constraint in valid.joint)

    joint, because = tuple(map(reason, valid.joint)), tuple(map(reason, valid.single))
    example, clash = _together(valid.joint, valid.sizes)
    return Solution(report, valid.sizes, joint, because, output, wanted, tuple(never), example, clash)


def _together(joint: tuple[Constraint, ...], sizes: Mapping[str, Sizes]) -> tuple[Mapping[str, int] | None, bool]:
    """Return sizes that meet joint constraints, and whether there are none at all; neither if the search ends first.

    All symbols but the batch at one size come first: images are square more often than not.
    """
    if not joint:
        return None, False
    names = sorted({name for each in joint for name in free_symbols(each.condition.expr)})
    alone = [name for name in names if name not in BATCH_SYMBOLS]
    each = int(MOST_SEARCHED ** (1 / len(names)))
    smallest = {name: sizes[name].first(each + 1) for name in names}
    one = {name: own[:1] for name, own in smallest.items()}
    alike = (
        {**{name: size[0] for name, size in one.items()}, **dict.fromkeys(alone, at)} for at in _common(alone, sizes)
    )
    some = (dict(zip(names, point, strict=True)) for point in product(*(own[:each] for own in smallest.values())))
    if not all(one.values()):
        return None, False  # that no size is valid is reported for that symbol
    for point in chain(alike, some):
        if all(constraint.condition.holds(point) for constraint in joint):
            return point, False
    return None, all(len(own) <= each and not sizes[name].residues for name, own in smallest.items())


def _common(names: list[str], sizes: Mapping[str, Sizes]) -> Iterator[int]:
    """Yield the smallest sizes that are valid for each of several symbols."""
    if names:
        first, *others = names
        yield from (at for at in sizes[first].first(MOST_EQUAL) if all(at in sizes[other] for other in others))


def _needed(constraints: Iterable[Constraint], sizes: Mapping[str, Sizes]) -> tuple[Constraint, ...]:
    """Return the constraints without the ones that the others imply; of two that imply each other the first stays."""
    needed: list[Constraint] = []
    effort = Effort()
    for name, valid in sizes.items():
        own = [each for each in constraints if free_symbols(each.condition.expr) == (name,)]
        if valid.period * len(own) ** 2 <= MOST_WEIGHED:
            for constraint in reversed(tuple(own)):
                others = [other for other in own if other is not constraint]
                if sizes_meeting((other.condition for other in others), name, effort) == valid:
                    own = others
        needed += own
    return tuple(needed)


def output_of(report: Report, at: str | None) -> SolvedOutput:
    """Return the output of a step, by its path, or of the architecture; raise `ShapecalcError` if there is not one."""
    if at is None:
        if len(report.outputs) > 1:
            names = ", ".join(f"`{slot}`" for slot in report.architecture.output_slots.values())
            raise misuse("SC205", f"`--out` expects one output, and there are several: {names}", "add `--at STEP`")
        (shape,) = report.outputs.values()
        return SolvedOutput("", shape)
    shapes = dict(_outputs(report.tree, ""))
    if at not in shapes:
        near = closest(at, shapes)
        hint = f"did you mean `{near}`?" if near else "`shapecalc inspect` names the steps"
        raise misuse("SC104", f"`{report.architecture.name}` has no step `{at}`; {hint}")
    return SolvedOutput(at, shapes[at])


def _outputs(rows: Iterable[LayerReport | GroupReport], prefix: str) -> Iterator[tuple[str, Shape]]:
    for row in rows:
        path = joined(prefix, row.path)
        yield path, row.output
        if isinstance(row, GroupReport):
            yield from ((joined(prefix, slot), shape) for slot, shape in row.outputs.items() if slot != row.path)
            for run, walk in zip(row.group.runs, row.runs, strict=True):
                yield joined(prefix, run), walk.output
                yield from _outputs(walk.rows, joined(prefix, run))
            continue
        for name, shape in row.outputs.items():
            if shape is not row.output:
                yield joined(path, name), shape


def _require_symbols(report: Report, output: SolvedOutput, wanted: Wanted) -> None:
    """Raise `ShapecalcError` if no wanted axis depends on a symbol, and name the last step where one does."""
    if _depends(output.shape, wanted):
        return
    subject = f"`{output.path}`" if output.path else f"`{report.architecture.name}`"
    problem = f"has no {len(wanted.sizes)} axes" if len(wanted.sizes) > len(output.shape) else "depends on no size"
    message = f"{subject} gives {show(output.shape)}, which {problem}: nothing to solve for"
    last = next((row for row in reversed(report.tree) if _depends(row.output, wanted)), None)
    hint = f"write `--at {last.path}`: the last step that does, {show(last.output)}" if last else None
    raise misuse("SC312", message, hint)


def _depends(shape: Shape, wanted: Wanted) -> bool:
    return len(wanted.sizes) <= len(shape) and any(
        size is not None and set(free_symbols(dim)) - {*BATCH_SYMBOLS}
        for dim, size in zip(wanted.among(shape), wanted.sizes, strict=True)
    )
