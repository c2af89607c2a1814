"""Gradient checks: the backward kernel of one call against differences of its forward kernel."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from shapecalc.reference import find
from shapecalc.reference.base import Array, Call, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.reference.gradients import Gradients, Past

Outputs: TypeAlias = Callable[[Call, tuple[Array, ...]], tuple[Array, ...]]

NUDGE = 1e-6
"""How far an entry is moved either way, in units of how large the entries of its array are."""
SMALLEST_SCALE = 1e-2
"""Entries smaller than this are moved as far as if they were of this size: rounding would drown what comes of it."""
KINK = 1e-4
"""Where the slopes on both sides differ by more than this part of them, there is no one slope."""
FLOOR = 1e-2
"""Gradients below this part of the largest that arrives are held against that part: they are differences of others."""


RECURRENT = ("rnn", "lstm", "gru")


class Checked(NamedTuple):
    """How many entries were checked, the largest relative error, and the entry that has it, `weight[3, 0]`."""

    entries: int
    error: float
    worst: str


def check(
    past: Past, gradients: Sequence[Array | None], given: Gradients, *, entries: int = 3, seed: int = 0
) -> Checked:
    """Hold some entries of each gradient against differences of the forward kernel.

    In each array these are the one with the largest gradient and others at random, `entries` at most. The error is
    relative to the sum of what the cells of the outputs contribute, each without its sign. At a kink (the window of a
    max_pool that holds two largest cells) every slope between those of the two sides is right.

    Where a recurrent layer goes back a few steps at a time, the states at the cuts stay what they were; one that reads
    in both directions is not checked then, its cuts lie elsewhere for each.
    """
    outputs: Outputs = _outputs
    if past.truncate is not None and past.call.kernel in RECURRENT:
        cuts = _cuts(past, past.truncate)
        if cuts and past.call.fields["bidirectional"]:
            return Checked(0, 0.0, "")
        outputs = _in_pieces(past, cuts)
    arriving = [None if gradient is None else np.asarray(gradient) for gradient in gradients]
    largest = max((float(np.abs(each).max()) for each in arriving if each is not None and each.size), default=0.0)
    checked, error, worst = 0, 0.0, ""
    for name, kind, place, gradient in _arrays(past, given):
        random = np.random.default_rng([seed, zlib.crc32(f"{past.call.path}.{name}".encode())])
        places = {int(np.abs(gradient).argmax()), *random.integers(gradient.size, size=entries - 1).tolist()}
        for flat in sorted(places):
            at = tuple(int(index) for index in np.unravel_index(flat, gradient.shape))
            found = _error(past, outputs, arriving, (kind, place), at, float(gradient[at]), FLOOR * largest)
            checked += 1
            # What is no number is as wrong as can be.
            if not found <= error:
                error, worst = found, f"{name}{list(at)}" if at else name
    return Checked(checked, error, worst)


def _arrays(past: Past, given: Gradients) -> Iterator[tuple[str, str, int | str, Array]]:
    """Yield each gradient that can be checked: its name, whether it is by an input or a parameter, and which."""
    for place, (array, gradient) in enumerate(zip(past.inputs, given.inputs, strict=True)):
        if gradient is not None and gradient.size and array.dtype.kind == "f":
            yield input_name(place, len(past.inputs)), "input", place, gradient
    for name, gradient in given.parameters.items():
        if gradient.size:
            yield name, "parameter", name, gradient


def input_name(place: int, count: int) -> str:
    """Return what an input of a layer is called: `x`, or `x1`, `x2`, … where there are several."""
    return "x" if count == 1 else f"x{place + 1}"


def _error(
    past: Past,
    outputs: Outputs,
    gradients: Sequence[Array | None],
    which: tuple[str, int | str],
    at: tuple[int, ...],
    slope: float,
    floor: float,
) -> float:
    """Return the relative error of one entry of a gradient."""
    kind, key = which
    array = np.array(past.inputs[key] if isinstance(key, int) else past.call.parameters[key])
    if kind == "input":
        inputs = tuple(array if place == key else each for place, each in enumerate(past.inputs))
        call = replace(past.call, work=Work())
    else:
        inputs = past.inputs
        call = replace(past.call, work=Work(), parameters={**past.call.parameters, str(key): array})
    moved = NUDGE * max(float(np.sqrt(np.mean(array * array))), SMALLEST_SCALE)
    kept = array[at]
    array[at] = kept + moved
    above, up = array[at] - kept, outputs(call, inputs)
    array[at] = kept - moved
    below, down = kept - array[at], outputs(call, inputs)
    right = left = central = parts = 0.0
    for before, after_up, after_down, gradient in zip(past.outputs, up, down, gradients, strict=True):
        if gradient is None:
            continue
        right += float(((after_up - before) * gradient).sum() / above)
        left += float(((before - after_down) * gradient).sum() / below)
        terms = (after_up - after_down) * gradient / (above + below)
        central += float(terms.sum())
        parts += float(np.abs(terms).sum())
    scale = max(parts, abs(slope), floor)
    if not scale:
        return 0.0
    if abs(right - left) <= KINK * scale:
        return abs(slope - central) / scale
    return max(min(right, left) - slope, slope - max(right, left), 0.0) / scale


def _outputs(call: Call, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
    with np.errstate(all="ignore"):
        result = find(call.kernel).run(call, *inputs)
    return result if isinstance(result, tuple) else (result,)


def _cuts(past: Past, truncate: int) -> list[int]:
    """Return the steps that begin a piece but for the first: counted from the end, `truncate` apart."""
    length = past.inputs[0].shape[1 if past.call.fields["batch_first"] else 0]
    return sorted(range(length - truncate, 0, -truncate))


def _in_pieces(past: Past, cuts: list[int]) -> Outputs:
    """Return a forward pass in pieces, each from the states that the pass as it was has at its cut."""
    axis = 1 if past.call.fields["batch_first"] else 0
    states: list[tuple[Array, ...]] = []
    for piece in np.split(past.inputs[0], cuts, axis=axis)[:-1]:
        before = states[-1] if states else past.inputs[1:]
        _, *after = _outputs(replace(past.call, work=Work()), (piece, *before))
        states.append(tuple(after))

    def outputs(call: Call, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        pieces = np.split(inputs[0], cuts, axis=axis)
        runs = [_outputs(call, (piece, *begun)) for piece, begun in zip(pieces, (inputs[1:], *states), strict=True)]
        return (np.concatenate([run[0] for run in runs], axis=axis), *runs[-1][1:])

    return outputs
