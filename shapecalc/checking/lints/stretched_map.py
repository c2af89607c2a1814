"""A sum or product that stretches a map which probably should have the size of the other: SC416.

Source: NumPy, "Broadcasting", General broadcasting rules.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import Relation, free_symbols, pretty, show
from shapecalc.layers.axes import per_axis
from shapecalc.layers.roles import Role
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import GroupReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes, Tensor
    from shapecalc.checking.lints.graphs import BlockGraph
    from shapecalc.dims import Shape
    from shapecalc.shape_inference.rows import LayerReport

MAP_RANK = 4
MOST_STEPS = 100
"""Steps of a branch that are searched: a residual branch has few."""


def stretched_map(graphs: Iterable[BlockGraph], entries: Sequence[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each merge of inputs of different sizes that broadcast, and probably should be equal.

    An axis that is 1 on purpose is left out: that of a gate, a mask, a table or a reduction.
    """
    from shapecalc.layers.arithmetic import Add, Combining  # noqa: PLC0415 - a family is imported when a file has one

    by_row = {id(entry.row): entry for entry in entries}
    ancestors = {id(row): graph for graph in graphs for row in graph.layers.values()}
    for entry in entries:
        row = entry.row
        if not isinstance(row.step.layer, Combining):
            continue
        message, help_text = _batch_met(row) or ("", "")
        if not message:
            message, help_text = _stretched(entry, by_row) or ("", "")
        if not message and isinstance(row.step.layer, Add) and id(row) in ancestors:
            message, help_text = _single_channel(entry, ancestors[id(row)]) or ("", "")
        if message:
            yield from _warning(entry, message, help_text)


def _batch_met(row: LayerReport) -> tuple[str, str] | None:
    """Return the message and the help for a batch that is matched with another axis, or with that of a column."""
    shapes = " and ".join(map(show, row.inputs))
    for condition in row.facts.conditions:
        names = set(free_symbols(condition.expr))
        batch = names.intersection(BATCH_SYMBOLS)
        # Two names of a batch may be equal.
        if condition.relation is Relation.ZERO and batch and (names != batch or len(names) == 1):
            if _begins_with(batch, row):
                continue  # a fixed size of a `reshape` moved the batch into it
            help_text = "axes are matched from the last one: `unsqueeze` gives the smaller input its missing axes"
            return f"matches the batch with another axis: {shapes} require {condition.pretty}", help_text
    for long, short in permutations(row.inputs, 2):
        if len(short) < len(long) and short[:1] == long[:1] != (1,) and _is_outer(long, short):
            help_text = "give both inputs the same axes, by `squeeze`, `flatten` or `unsqueeze`"
            return f"merges each sample with each: {shapes} give {show(row.output)}", help_text
    return None


def _begins_with(batch: set[str], row: LayerReport) -> bool:
    """Return whether inputs of one rank all have the batch on axis 0, by itself or as a factor."""
    ranks = {len(x) for x in row.inputs}
    return len(ranks) == 1 and all(x and batch.intersection(free_symbols(x[0])) for x in row.inputs)


def _is_outer(long: Shape, short: Shape) -> bool:
    """Return whether no axis longer than 1 of an input meets one of the other."""
    return bool(short) and all(a == 1 or b == 1 for a, b in zip(reversed(long), reversed(short), strict=False))


def _stretched(entry: LayerAxes, by_row: dict[int, LayerAxes]) -> tuple[str, str] | None:
    """Return the message and the help for a map that is stretched along some spatial axes and not along others."""
    y = entry.row.output
    if len(y) < MAP_RANK or y not in entry.row.inputs:
        return None
    for x, tensor in zip(entry.row.inputs, entry.inputs, strict=True):
        if len(x) != len(y) or x[:2] != y[:2] or y[1] == 1:
            continue
        axes = [axis for axis in range(2, len(y)) if x[axis] != y[axis]]
        equal = [axis for axis in range(2, len(y)) if x[axis] == y[axis] != 1]
        if axes and equal and all(_is_accident(axis, x, tensor, by_row) for axis in axes):
            message = f"stretches axis {axes[0]} of {show(x)} to {pretty(y[axes[0]])}"
            return message, "a `kernel_size`, `stride` or `padding` differs between its inputs"
    return None


def _is_accident(axis: int, x: Shape, tensor: Tensor, by_row: dict[int, LayerAxes]) -> bool:
    """Return whether an axis of size 1 is what windows leave, or an input; not if a layer states it."""
    for _ in range(MOST_STEPS):
        if tensor.layer is None:
            return True
        if not tensor.layer.inputs:
            return False
        before = by_row[id(tensor.layer)]
        arriving, layer = before.row.inputs[0], before.row.step.layer
        if not layer.reads_map and not layer.keeps_axes:
            return False
        if arriving[axis] != 1:
            kernel = getattr(layer, "kernel_size", None)
            window = None if kernel is None else per_axis(kernel, len(x) - 2, "kernel_size")[axis - 2]
            size = arriving[axis]
            return window is not None and isinstance(size, int) and window < size
        tensor = before.inputs[0]
    return False


def _single_channel(entry: LayerAxes, graph: BlockGraph) -> tuple[str, str] | None:
    """Return the message and the help for a shortcut of one channel around layers that give several."""
    y = entry.row.output
    pairs = list(zip(entry.row.step.inputs, entry.row.inputs, entry.inputs, strict=True))
    full = [slot for slot, x, tensor in pairs if x == y and tensor.roles[1:2] == (Role.CHANNELS,)]
    for slot, x, _ in pairs:
        if len(x) != len(y) or len(y) < MAP_RANK or x[1] != 1 or y[1] == 1 or (x[0], *x[2:]) != (y[0], *y[2:]):
            continue
        if any(size != 1 for size in y[2:]) and any(_follows(other, slot, graph) for other in full):
            message = f"stretches the one channel of {show(x)} to {pretty(y[1])}"
            return message, f"project the shortcut: `conv: {{out_channels: {y[1]}, kernel_size: 1}}`"
    return None


def _follows(slot: str, source: str, graph: BlockGraph) -> bool:
    """Return whether a slot of a body is computed from another one, within `MOST_STEPS` before it."""
    makers = graph.makers
    seen: set[str] = set()
    at = [slot]
    while at and len(seen) < MOST_STEPS:
        slot = at.pop()
        if slot == source:
            return True
        row = makers.get(slot)
        if row is not None and slot not in seen:
            seen.add(slot)
            at += row.group.inputs if isinstance(row, GroupReport) else row.step.inputs
    return False


def _warning(entry: LayerAxes, message: str, help_text: str) -> Iterator[Diagnostic]:
    row, spans = entry.row, entry.row.step.spans
    if spans is None:
        return
    origins = {
        tensor.origin.span: Label(tensor.origin.span, f"gives {show(x)}")
        for x, tensor in zip(row.inputs, entry.inputs, strict=True)
        if tensor.origin is not None
    }
    diagnostic = Diagnostic(
        code="SC416",
        message=f"`{row.type}` {message}",
        span=spans.type,
        labels=tuple(origins.values()),
        help=help_text,
    )
    yield with_origins(diagnostic, spans.origins)
