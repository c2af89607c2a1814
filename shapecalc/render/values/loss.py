"""A loss by hand: what it is given, each term with its working, their mean or sum, and the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.render.terminal.grid import Page
from shapecalc.render.values.layer import SHOWN, computed, given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.execution.values.loss import LossValues


def loss_values(values: LossValues, *, width: int | None, color: bool, unicode: bool, everything: bool = False) -> str:
    """Return the values as text; of each tensor the first elements have their working, with `everything` all."""
    page = Page(width, color, unicode)
    most = None if everything else SHOWN
    blocks: list[Iterable[str]] = [given(values.inputs, {"target": "t"}, page)]
    blocks += [computed(tensor, tensor.name, page, most) for tensor in values.intermediates]
    several = values.terms.values.size > 1
    blocks.append(computed(values.terms, "ℓ" if several else "L", page, most))
    if several and values.reduction != "none":
        blocks.append(computed(values.value, "L", page, most))
    if values.gradient is not None:
        blocks.append(computed(values.gradient, "∂L/∂x", page, most))
    return "\n\n".join("\n".join(lines) for lines in [[*block] for block in blocks] if lines)
