"""`repeat:` → a number of runs; limits on the number of layers of expanded repeats and blocks."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from shapecalc.architecture import size_of
from shapecalc.layers.fields import said
from shapecalc.parser.findings import head
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.architecture import Group, Step
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.parser.findings import Findings


def read_times(node: Node, findings: Findings, limits: Limits) -> int | None:
    """Return the number of `repeat:`; None if it is refused."""
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is int and 1 <= value <= limits.layers:
        return value
    if type(value) is int and value > limits.layers:
        message = f"`repeat` expects at most {limits.layers} times, receives {value}"
        findings.refuse("SC016", message, head(node), help=limits.raising("layers", value))
    else:
        message = f"`repeat` expects a number from 1, receives {said(plain(node))}"
        findings.refuse("SC201", message, head(node))
    return None


def is_too_large(size: int, word: Scalar, findings: Findings, limits: Limits) -> bool:
    """Return whether one step has more layers than the limit, and refuse it if so."""
    if size <= limits.layers:
        return False
    message = f"`{word.text}` comes to {size} layers when written out, more than {limits.layers}"
    findings.refuse("SC016", message, word.span, help=limits.raising("layers", size))
    return True


def refuse_sum(steps: Sequence[Step | Group], findings: Findings, limits: Limits) -> None:
    """Refuse steps whose total number of layers is above the limit, at the step that exceeds it."""
    for step, so_far in zip(steps, accumulate(size_of((step,)) for step in steps), strict=True):
        if so_far > limits.layers and step.place is not None:
            size = size_of(steps)
            message = f"all steps come to {size} layers when written out, with this one to more than {limits.layers}"
            findings.refuse("SC016", message, step.place.word, help=limits.raising("layers", size))
            return
