"""Gradient checks: the backward kernel of one call compared with finite differences of its forward kernel."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from shapecalc.reference import find
from shapecalc.reference.base import Array, Call, Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.reference.gradients import Context, Gradients

Outputs: TypeAlias = Callable[[Call, tuple[Array, ...]], tuple[Array, ...]]

TOLERANCE = 1e-5
"""Largest relative error of a correct gradient."""
STEPS = (1e-5, 3e-7, 1e-8)
"""Steps by which an entry is moved in both directions, relative to the size of the entries of its array.

The first is near the cube root of float64's rounding error, where the errors of rounding and of the difference are
about equal. The smaller ones are for an entry with a kink close by: a wrong gradient is wrong with each step.
"""
SMALLEST_SCALE = 1e-2
"""Smallest size to which steps are relative: differences of smaller steps would be lost in rounding."""
KINK = 1e-4
"""Relative difference between the slopes on both sides above which an element of an output has a kink."""
JUMP = 100
"""Factor by which slopes grow from the first step to a smaller one, beyond which there is a jump and no slope."""
FLOOR = 1e-2
"""Errors are relative to at least this part of the largest incoming gradient: smaller ones are differences."""
ROUNDING = 1e-5
"""Errors are relative to at least this part of the weighted outputs that change: these are rounded by their size."""
RECURRENT = ("rnn", "lstm", "gru")


class CheckedGradient(NamedTuple):
    """Number of entries checked, largest relative error, and the entry that has it, such as `weight[3, 0]`."""

    entries: int
    error: float
    worst: str


class Slopes(NamedTuple):
    """Bounds of the slope of an entry, `least` and `most`, and the sum of the absolute values of its terms, `parts`."""

    least: float
    most: float
    parts: float

    def error(self, slope: float, floor: float) -> float:
        """Return the relative error of a slope; infinite if one of the numbers is not finite.

        >>> Slopes(0.0, 1.0, 1.0).error(1.0, floor=0.0), Slopes(2.0, 2.0, 2.0).error(1.0, floor=0.0)
        (0.0, 0.5)
        """
        scale = max(self.parts, abs(slope), floor)
        if not math.isfinite(scale + self.least + self.most):
            return math.inf
        return max(self.least - slope, slope - self.most, 0.0) / scale if scale else 0.0


@np.errstate(all="ignore")  # an overflow is a result of the check, not a warning
def check(
    ctx: Context, gradients: Sequence[Array | None], given: Gradients, *, entries: int = 2, seed: int = 0
) -> CheckedGradient:
    """Compare some entries of each gradient with finite differences of the forward kernel.

    Of each array at most `entries`: the one with the largest gradient, and random ones. The error is relative to the
    sum of the absolute contributions of the elements of the outputs. For an element with a kink (a max_pool window with
    two equal maxima) every slope between those of the two sides is correct. At a jump, such as that of `sign` at 0,
    there is none: the entry is not compared.

    The padding row of an embedding must have a zero gradient, by convention, although outputs depend on it; so must an
    infinite entry, such as a masked score, which no step moves. In
    truncated back-propagation the states at the cuts are fixed; bidirectional layers are not checked then, because the
    cuts of the two directions differ.
    """
    outputs: Outputs = _outputs
    if ctx.truncate is not None and ctx.call.kernel in RECURRENT:
        cuts = _cuts(ctx, ctx.truncate)
        if cuts and ctx.call.fields["bidirectional"]:
            return CheckedGradient(0, 0.0, "")
        outputs = _in_chunks(ctx, cuts)
    incoming = [None if gradient is None else np.asarray(gradient) for gradient in gradients]
    bounds = _bounds(ctx.outputs, incoming)
    checked, error, worst = 0, 0.0, ""
    for name, call, inputs, array, gradient in _checkable(ctx, given):
        random = np.random.default_rng([seed, zlib.crc32(f"{ctx.call.path}.{name}".encode())])
        padding, size, forward = padding_row(ctx.call, name), root_mean_square(array), partial(outputs, call, inputs)
        for at in _entries(gradient, entries, random):
            slope, trials = float(gradient[at]), _trials(ctx, incoming, forward, array, at, size, bounds)
            fixed = (at and padding == at[0]) or math.isinf(array[at])
            entry_error = float(slope != 0) if fixed else _least_error(trials, slope)
            checked += 1
            if entry_error > error:
                error, worst = entry_error, f"{name}{list(at)}" if at else name
    return CheckedGradient(checked, error, worst)


def _bounds(outputs: tuple[Array, ...], gradients: Sequence[Array | None]) -> tuple[float, float]:
    """Return the largest gradient, and the largest product of an output and its gradient, without signs."""
    known = [(y, g) for y, g in zip(outputs, gradients, strict=True) if g is not None and g.size]
    largest = max((float(np.abs(g).max()) for _, g in known), default=0.0)
    products = (np.abs(y * g) for y, g in known)
    return largest, max((float(each.max(where=np.isfinite(each), initial=0.0)) for each in products), default=0.0)


def _entries(gradient: Array, count: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    """Return the indices of the largest gradient and of random ones, at most `count`."""
    ends = (int(gradient.argmax()), int(gradient.argmin()))
    largest = max(ends, key=lambda flat: abs(gradient.flat[flat]))
    flats = sorted({largest, *random.integers(gradient.size, size=count - 1).tolist()})
    return [tuple(int(index) for index in np.unravel_index(flat, gradient.shape)) for flat in flats]


def _checkable(ctx: Context, given: Gradients) -> Iterator[tuple[str, Call, tuple[Array, ...], Array, Array]]:
    """Yield for each array whose gradient can be checked: name, call and inputs with a copy, the copy, the gradient."""
    for index, (array, gradient) in enumerate(zip(ctx.inputs, given.inputs, strict=True)):
        if gradient is not None and gradient.size and array.dtype.kind == "f":
            copy = np.array(array)
            inputs = tuple(copy if other == index else each for other, each in enumerate(ctx.inputs))
            yield input_name(index, len(ctx.inputs)), replace(ctx.call, work=Work()), inputs, copy, gradient
    for name, gradient in given.parameters.items():
        if gradient.size:
            copy = np.array(ctx.call.parameters[name])
            call = replace(ctx.call, work=Work(), parameters={**ctx.call.parameters, name: copy})
            yield name, call, ctx.inputs, copy, gradient


def padding_row(call: Call, parameter: str) -> int | None:
    """Return the row of a parameter whose gradient is 0 by convention, the padding row of an embedding, or None."""
    row = call.fields.get("padding_idx") if call.kernel == "embedding" else None
    return None if row is None or parameter != "weight" else row % len(call.parameters[parameter])


def root_mean_square(array: Array) -> float:
    """Return the root mean square of the entries of an array that are finite, 0 if none is.

    Allocates no array of its size if all are.
    """
    square = float(np.vdot(array, array)) if array.size else 0.0
    if math.isfinite(square):
        return math.sqrt(square / array.size) if array.size else 0.0
    finite = array[np.isfinite(array)]
    return math.sqrt(float(np.vdot(finite, finite)) / finite.size) if finite.size else 0.0


def input_name(index: int, count: int) -> str:
    """Return the name of an input of a layer in results: `x`, or `x1`, `x2`, … if there are several."""
    return "x" if count == 1 else f"x{index + 1}"


def _least_error(trials: Iterable[tuple[Slopes, float]], slope: float) -> float:
    """Return the error of the first trial within the tolerance, else the smallest; with a kink only if all have one.

    It is 0 at a jump: the outputs change as much with a small step as with a large one.
    """
    smooth, kinked, first = math.inf, math.inf, math.inf
    for slopes, floor in trials:
        error = slopes.error(slope, floor)
        first = min(first, slopes.parts)
        if first and JUMP * max(first, floor) < slopes.parts < math.inf:
            return 0.0
        if slopes.most - slopes.least > KINK * max(slopes.parts, floor):
            kinked = error
            continue
        smooth = min(smooth, error)
        if smooth <= TOLERANCE:
            break
    return kinked if smooth == math.inf else smooth


def _trials(
    ctx: Context,
    gradients: Sequence[Array | None],
    outputs: Callable[[], tuple[Array, ...]],
    array: Array,
    at: tuple[int, ...],
    size: float,
    bounds: tuple[float, float],
) -> Iterator[tuple[Slopes, float]]:
    """Yield the slopes of one entry for each scale and step, with a floor below which differences are rounding."""
    largest, weight = bounds
    # The second scale is for a small entry among huge ones, for which the first is too large.
    for scale in dict.fromkeys(max(each, SMALLEST_SCALE) for each in (size, min(abs(array[at]), size))):
        # A small term added to a much larger number is lost.
        floor = max(FLOOR * largest, ROUNDING * weight / scale)
        for step in STEPS:
            yield _slopes(ctx, gradients, outputs, array, at, step * scale, scale), floor


def _slopes(
    ctx: Context,
    gradients: Sequence[Array | None],
    outputs: Callable[[], tuple[Array, ...]],
    array: Array,
    at: tuple[int, ...],
    step: float,
    scale: float,
) -> Slopes:
    """Return the slopes of the loss if an entry moves by `step` in both directions; the entry is restored."""
    original = array[at]
    array[at] = original + step
    above, up = array[at] - original, _unshared(outputs(), array)
    array[at] = original - step
    below, down = original - array[at], _unshared(outputs(), array)
    array[at] = original
    least = most = parts = weight = 0.0
    for before, after_up, after_down, gradient in zip(ctx.outputs, up, down, gradients, strict=True):
        if gradient is None:
            continue
        # NaN differs from itself.
        moved = (after_up != before) | (after_down != before)
        here, above_here, below_here, upstream = before[moved], after_up[moved], after_down[moved], gradient[moved]
        right, left = (above_here - here) / above * upstream, (here - below_here) / below * upstream
        terms = (above_here - below_here) / (above + below) * upstream
        kinked = np.abs(right - left) > KINK * (np.abs(right) + np.abs(left))
        least += float(np.where(kinked, np.minimum(right, left), terms).sum())
        most += float(np.where(kinked, np.maximum(right, left), terms).sum())
        parts += float(np.abs(terms).sum())
        weight += float(np.abs(here * upstream).sum())
    return Slopes(least, most, max(parts, ROUNDING * weight / scale))


def _unshared(outputs: tuple[Array, ...], array: Array) -> tuple[Array, ...]:
    """Return outputs that do not change with an array: copies of those that share its memory, as a flatten's."""
    return tuple(np.array(each) if np.may_share_memory(each, array) else each for each in outputs)


def _outputs(call: Call, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
    result = find(call.kernel).run(call, *inputs)
    return result if isinstance(result, tuple) else (result,)


def _cuts(ctx: Context, truncate: int) -> list[int]:
    """Return the first time steps of all chunks but the first: `truncate` apart, counted from the end."""
    length = ctx.inputs[0].shape[1 if ctx.call.fields["batch_first"] else 0]
    return sorted(range(length - truncate, 0, -truncate))


def _in_chunks(ctx: Context, cuts: list[int]) -> Outputs:
    """Return a forward pass in chunks, each from the states that the original pass has at its cut."""
    axis = 1 if ctx.call.fields["batch_first"] else 0
    states: list[tuple[Array, ...]] = []
    for chunk in np.split(ctx.inputs[0], cuts, axis=axis)[:-1]:
        before = states[-1] if states else ctx.inputs[1:]
        _, *after = _outputs(replace(ctx.call, work=Work()), (chunk, *before))
        states.append(tuple(after))

    def outputs(call: Call, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        chunks = np.split(inputs[0], cuts, axis=axis)
        runs = [_outputs(call, (chunk, *initial)) for chunk, initial in zip(chunks, (inputs[1:], *states), strict=True)]
        return (np.concatenate([run[0] for run in runs], axis=axis), *runs[-1][1:])

    return outputs
