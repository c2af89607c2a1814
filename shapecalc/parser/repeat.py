"""`repeat:` → a number of runs; limits on the number of layers of expanded repeats and blocks."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from shapecalc.architecture import size_of
from shapecalc.parser.tree import Node, Scalar, head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.architecture import Group, Step
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.parser.diagnostics import Diagnostics


def read_repeat(node: Node, diagnostics: Diagnostics, limits: Limits) -> int | None:
    """Return the number of `repeat:`; None if it is refused."""
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is int and 1 <= value <= limits.layers:
        return value
    if type(value) is int and value > limits.layers:
        message = f"`repeat` expects at most {limits.layers} times, receives {value}"
        diagnostics.refuse("SC016", message, head(node), help=limits.raising("layers", value))
    else:
        help_text = "leave `repeat` out for a step that runs once"
        diagnostics.refuse_value("SC201", "`repeat` expects a number from 1", node, help=help_text)
    return None


def is_too_large(size: int, type_node: Scalar, diagnostics: Diagnostics, limits: Limits) -> bool:
    """Return whether one step has more layers than the limit, and refuse it if so."""
    if size <= limits.layers:
        return False
    message = f"`{type_node.text}` expands to {size} layers, more than {limits.layers}"
    diagnostics.refuse("SC016", message, type_node.span, help=limits.raising("layers", size))
    return True


def refuse_total(steps: Sequence[Step | Group], diagnostics: Diagnostics, limits: Limits) -> None:
    """Refuse steps whose total number of layers is above the limit, at the step that exceeds it."""
    for step, so_far in zip(steps, accumulate(size_of((step,)) for step in steps), strict=True):
        if so_far > limits.layers and step.spans is not None:
            size = size_of(steps)
            message = f"all steps expand to {size} layers, with this one to more than {limits.layers}"
            diagnostics.refuse("SC016", message, step.spans.type, help=limits.raising("layers", size))
            return
