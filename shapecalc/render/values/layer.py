"""The values of one layer by hand: what it is given, every element with its working, the result, the gradients."""

from __future__ import annotations

import textwrap
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.calculators.tracing import number
from shapecalc.render.curve import lines as curve_lines
from shapecalc.render.derivation import in_ascii
from shapecalc.render.terminal.grid import Page
from shapecalc.render.terminal.palette import BOLD, painted
from shapecalc.render.values.tensor import tensor_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.execution.activation_curve import Curve
    from shapecalc.execution.values.layer import LayerValues, WorkedTensor

SHOWN = 16
"""Elements whose working is shown of one tensor, unless all are."""
_NONE: Mapping[str, str] = MappingProxyType({})
MOST_DROPPED = 8
"""Elements that are named of those which a mask drops."""
SHORT = 60
"""Characters of a tensor in one line."""
WIDEST = 100


def layer_values(
    values: LayerValues,
    letters: Mapping[str, str],
    *,
    width: int | None,
    color: bool,
    unicode: bool,
    everything: bool = False,
    curve: Curve | None = None,
) -> str:
    """Return the values as text; `letters` has the short names of parameters (`weight`: `w`).

    Of each tensor the first elements have their working, with `everything` all of them. The curve of an activation
    function is last.
    """
    page = Page(width, color, unicode)
    most = None if everything else SHOWN
    blocks: list[Iterable[str]] = [given([*values.inputs, *values.parameters], letters, page)]
    blocks += [_dropped(values, page)]
    blocks += [computed(tensor, tensor.name, page, most) for tensor in values.intermediates]
    output = "y" if len(values.outputs) == 1 and "y" not in {tensor.name for tensor in values.inputs} else None
    blocks += [computed(tensor, output or tensor.name, page, most, letters) for tensor in values.outputs]
    blocks += [computed(tensor, tensor.name, page, most) for tensor in values.derivative[:-1]]
    for tensor in values.derivative[-1:]:
        blocks += [computed(tensor, "∂y/∂x" if tensor.working is None else "y′", page, most)]
    if values.gradients:
        shown = [each._replace(name=f"∂L/∂{output or each.name}") for each in values.upstream]
        blocks += [given(shown, {}, page)]
        blocks += [computed(tensor, tensor.name, page, most) for tensor in values.backward_intermediates]
        names = (f"∂L/∂{letters.get(tensor.name, tensor.name)}" for tensor in values.gradients)
        blocks += [computed(tensor, name, page, most) for tensor, name in zip(values.gradients, names, strict=True)]
    if curve is not None:
        blocks.append(curve_lines(curve, page))
    return "\n\n".join("\n".join(lines) for lines in [[*block] for block in blocks] if lines)


def given(tensors: Iterable[WorkedTensor], letters: Mapping[str, str], page: Page) -> list[str]:
    """Return the numbers that are given, short ones together in a line."""
    short, long = [], []
    for tensor in tensors:
        name = letters.get(tensor.name, tensor.name)
        line = f"{name} = {listed(tensor)}"
        if len(line) <= SHORT and tensor.values.ndim <= 1:
            short.append(line)
        else:
            long += tensor_lines(tensor.values, _spelled(name, page), page)
    return [*_wrapped(",  ".join(short), page), *long] if short else long


def _dropped(values: LayerValues, page: Page) -> list[str]:
    """Return what the masks of training drop, and the scale of the rest."""
    (x, *_), lines = values.inputs, []
    for tensor in values.parameters:
        p = values.drawn.get(tensor.name)
        if p is None:
            continue
        places = [index for index, number_, _ in tensor.elements() if not number_]
        names = ", ".join(f"{x.name}[{', '.join(map(str, index))}]" for index in places[:MOST_DROPPED])
        rest = f" and {len(places) - MOST_DROPPED:,} more" if len(places) > MOST_DROPPED else ""
        lines += _wrapped(f"dropped at random, each with probability {number(p)}: {names or 'none'}{rest}", page)
        if len(places) < tensor.values.size:
            scale = next(each for each in tensor.values.flat if each)
            lines += _wrapped(f"scale of the others: 1/(1 − {number(p)}) = {number(scale)}", page)
    return lines


def listed(tensor: WorkedTensor) -> str:
    """Return a tensor as a list in one line, nested as its axes are."""
    return _list(tensor.values.tolist())


def _list(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_list, value))}]"
    return number(value)  # type: ignore[arg-type]


def computed(
    tensor: WorkedTensor, name: str, page: Page, most: int | None, letters: Mapping[str, str] = _NONE
) -> Iterator[str]:
    """Yield the working of each element, with the element that it is of what is given, and the tensor as a whole."""
    if tensor.working is not None:
        cells = list(np.ndindex(tensor.values.shape))
        numbers, workings = tensor.values.ravel().tolist(), tensor.working.ravel().tolist()
        origins = [""] * len(cells) if tensor.origins is None else tensor.origins.ravel().tolist()
        for index, result, working, origin in list(zip(cells, numbers, workings, origins, strict=True))[:most]:
            place = f"{name}[{', '.join(map(str, index))}]" if len(cells) > 1 else name
            value = number(result)
            line = f"{place} = {working}" if working == value else f"{place} = {working} = {value}"
            if origin:
                given_name, bracket, rest = origin.partition("[")
                line += f" = {letters.get(given_name, given_name)}{bracket}{rest}"
            yield from _wrapped(line, page, " " * (len(place) + 1))
        if most is not None and len(cells) > most:
            yield _spelled(f"… {len(cells) - most:,} more (--all)", page)
        if len(cells) == 1:
            return
        yield ""
    line = f"{name} = {listed(tensor)}" if tensor.values.size <= SHORT else ""
    if line and len(line) <= min(SHORT, page.width or SHORT) and tensor.values.ndim <= 1:
        yield painted(_spelled(line, page), BOLD, color=page.color)
    else:
        yield from tensor_lines(tensor.values, _spelled(name, page), page)


def _wrapped(line: str, page: Page, indent: str = "  ") -> list[str]:
    """Return a formula in lines that end before an operation."""
    room = min(page.width or WIDEST, WIDEST)
    return textwrap.wrap(
        _spelled(line, page), room, subsequent_indent=indent[: room // 2], break_long_words=True, break_on_hyphens=False
    )


def _spelled(text: str, page: Page) -> str:
    """Return a text whose signs are spelled out if the page takes only ASCII."""
    return text if page.unicode else in_ascii(text)
