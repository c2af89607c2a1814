"""The cost of training as a document: saved tensors of layers, memory and its peak, work, checkpoints, time steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.costs.checkpointing import best
from shapecalc.costs.liveness import total
from shapecalc.costs.timeline import AGAIN, UPDATE
from shapecalc.costs.training_step import OPTIMIZERS
from shapecalc.dims import Dim, Expr, evaluate, show
from shapecalc.render.inspect.lines import covered, lines_of
from shapecalc.render.tables.model import (
    BLANK,
    Amount,
    Bytes,
    Document,
    Fixed,
    Lines,
    Path,
    Table,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.render.terminal.numbers import grouped, memory, rounded, share, times
from shapecalc.render.terminal.palette import BOLD, CAUTION, DIM, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.costs.saved_tensors import LayerSaved
    from shapecalc.costs.timeline import EventMemory
    from shapecalc.costs.training import TrainingCost
    from shapecalc.render.tables.model import Part, Value
    from shapecalc.shape_inference.rows import LayerReport

MOST_NAMED = 4
"""The most tensors of a layer that are listed by name."""


def training(cost: TrainingCost, depth: int | None = None) -> Document:
    """Return what each layer saves, the memory of a step, its work, and the effect of checkpoints and truncation."""
    layers = _layers(cost, depth)
    blocks: list[list[Part]] = [
        [layers],
        [_memory(cost)],
        _said(untrained(cost.single_values), CAUTION),
        _said(_peak(cost), BOLD),
        _said([*_fits(cost), *_savings(cost)]),
        [_work(cost)],
    ]
    if cost.checkpoints:
        blocks.append([Lines(["checkpoints every k layers, each segment run forward again:"]), _checkpoints(cost)])
    if cost.unrolled:
        blocks.append([*_said(_time(cost)), _unrolled(cost), *_said(_totals_over_time(cost))])
    blocks.append(_said(_notes(cost), DIM))
    return Document("", [[Lines([_title(cost)], BOLD)], *filter(None, blocks)], layers)


def _said(lines: Iterable[str], style: str = PLAIN) -> list[Part]:
    texts = [*lines]
    return [Lines(texts, style)] if texts else []


def untrained(rows: Iterable[LayerReport]) -> Iterator[str]:
    """Yield a warning for each norm that has one value per channel."""
    for row in rows:
        yield f"warning[SC412]: `{row.path}` has one value per channel, for which PyTorch raises an error in training"


def _title(cost: TrainingCost) -> str:
    shapes = ", ".join(show(entry.shape) for entry in cost.report.inputs)
    at = "".join(f", {name} = {size:,}" for name, size in cost.at.items())
    return f"{cost.report.architecture.name}  {shapes}{at}, {cost.step.dtype}, {cost.step.optimizer}"


def _layers(cost: TrainingCost, depth: int | None) -> Table:
    """Return a row per layer: the tensors that it saves first, their bytes, and how these could be avoided."""
    lines = lines_of(cost.report, depth, expand=True)
    rows = []
    for line, places in zip(lines, covered(lines), strict=True):
        layers = cost.step.saved.layers[places.start : places.stop]
        size = cost.bytes_at(total(layer.size for layer in layers))
        of_layers = BLANK if line.heading is not None else Words(_what(layers))
        marks = BLANK if line.heading is not None else _marks(layers)
        values = (
            Path(line.path, line.shown, line.level),
            line.words,
            of_layers,
            Bytes(size) if size != 0 else BLANK,
            marks,
        )
        rows.append(TableRow(values, summary=line.heading is not None))
    heads = (
        TableColumn("path"),
        TableColumn("layer", drops=3),
        TableColumn("saved"),
        TableColumn("bytes", right=True),
        TableColumn("could be", drops=2),
    )
    return Table(heads, rows, legend=True)


def _what(layers: Sequence[LayerSaved]) -> str:
    """Return the names of the tensors that a layer saves; those counted above are in parentheses."""
    if len(layers) > 1:
        return f"{sum(saved.first for layer in layers for saved in layer.tensors)} tensors"
    (layer,) = layers
    names = [saved.name if saved.first else f"({saved.name})" for saved in layer.tensors]
    more = len(names) - MOST_NAMED
    return ", ".join(names) if more <= 0 else ", ".join([*names[:MOST_NAMED], f"{more} more"])


def _marks(layers: Sequence[LayerSaved]) -> Words:
    marks = []
    if any(layer.in_place for layer in layers):
        marks.append("in place")
    if any(layer.recomputable == layer.size != 0 for layer in layers):
        marks.append("recomputed")
    return Words(", ".join(marks), "either" if len(marks) > 1 else "")


def _memory(cost: TrainingCost) -> Table:
    """Return the bytes of a step by their kind."""
    static, saved = cost.step.static, cost.step.saved.size
    numbers = OPTIMIZERS[cost.step.optimizer]
    rows = [("weights", static.weights, "always")]
    if static.buffers != 0:
        rows.append(("buffers", static.buffers, "always"))
    if static.master != 0:
        rows.append(("float32 copy of the weights", static.master, "always"))
    if numbers:
        rows.append((f"state of {cost.step.optimizer}, {numbers} per weight", static.state, "always"))
    rows.append(("gradients with respect to weights", static.gradients, "backward to update"))
    rows.append(("saved for the backward pass", saved, "forward to backward"))
    columns = [TableColumn("memory"), TableColumn("bytes", right=True), TableColumn("when")]
    cells = [TableRow((Fixed(name), Bytes(cost.bytes_at(size)), Fixed(when))) for name, size, when in rows]
    if isinstance(saved, Expr) and not cost.unbound:
        columns.append(TableColumn("formula"))
        cells = [row._replace(values=(*row.values, BLANK)) for row in cells]
        cells[-1] = cells[-1]._replace(values=(*cells[-1].values[:-1], Bytes(saved)))
    return Table(tuple(columns), cells)


def _peak(cost: TrainingCost) -> Iterator[str]:
    event = cost.peak
    if event is None:
        settings = " ".join(f"--set {name}=…" for name in cost.unbound)
        yield f"peak and largest batch depend on {' and '.join(cost.unbound)}: give a size, `{settings}`"
        return
    size = memory(cost.bytes_at(event.live))
    yield f"peak {size} {_when(event)}: {_parts(cost, event)}"
    if isinstance(event.live, Expr):
        yield f"     = {grouped(event.live)} bytes"


def _when(event: EventMemory) -> str:
    if event.event.phase == UPDATE:
        return "while the optimiser updates the weights"
    passing = {"forward": "forward", "backward": "backward", AGAIN: "second forward"}
    return f"in the {passing[event.event.phase]} pass of {event.path}"


def _parts(cost: TrainingCost, event: EventMemory) -> str:
    parts = {
        "weights and state": cost.step.static.always,
        "activations": event.values,
        "their gradients": event.value_gradients,
        "weight gradients": event.weight_gradients,
    }
    return ", ".join(f"{name} {memory(cost.bytes_at(size))}" for name, size in parts.items() if size != 0)


def _fits(cost: TrainingCost) -> Iterator[str]:
    if cost.memory is None:
        return
    if cost.largest_batch is not None:
        if cost.largest_batch == 0:
            yield f"{memory(cost.memory)} does not hold one sample"
        else:
            peak = memory(cost.step.peak_bytes({**cost.memory_sizes, str(cost.batch): cost.largest_batch}))
            largest = f"{cost.batch} = {cost.largest_batch:,}"
            yield f"largest batch in {memory(cost.memory)}: {largest}, whose peak is {peak}"
    elif cost.batch is None:
        yield f"the file fixes the batch, so that no largest batch is computed for {memory(cost.memory)}"


def _savings(cost: TrainingCost) -> Iterator[str]:
    """Yield the savings of overwriting inputs and of recomputing cheap tensors."""
    layers = cost.step.saved.layers
    places = [layer for layer in layers if layer.in_place]
    if places:
        spared = cost.bytes_at(total(layer.avoided for layer in places))
        less = f"{memory(spared)} less to save" if spared != 0 else "no less to save, as none of them saves its input"
        yield f"in place: {len(places)} of {len(layers)} layers can overwrite their input: {less}"
    cheap = cost.bytes_at(total(layer.recomputable for layer in layers))
    if cheap != 0:
        yield f"recomputed: {memory(cheap)} of the saved tensors follow from the others without a multiply-accumulate"


def _work(cost: TrainingCost) -> Table:
    """Return the multiply-accumulates and FLOPs of a step, forward and of the gradients."""
    work = cost.step.work
    forward = evaluate(total(each.forward for each in work), cost.at)
    to_inputs = evaluate(total(each.to_inputs for each in work), cost.at)
    to_weights = evaluate(total(each.to_weights for each in work), cost.at)
    flops = evaluate(total(each.flops for each in work), cost.at)
    figures = {
        "forward": (forward, flops),
        "gradients with respect to inputs": (to_inputs, 2 * to_inputs),
        "gradients with respect to weights": (to_weights, 2 * to_weights),
        "total": (forward + to_inputs + to_weights, flops + 2 * (to_inputs + to_weights)),
    }
    rows = [
        TableRow((Fixed(name), _short(macs), _short(operations), Fixed(times(macs, forward))))
        for name, (macs, operations) in figures.items()
    ]
    heads = ("MACs", "FLOPs", "of forward")
    return Table((TableColumn("work of a step"), *(TableColumn(head, right=True) for head in heads)), rows)


def _short(count: Dim) -> Value:
    return Fixed(rounded(count)) if isinstance(count, int) else Amount(count)


def _checkpoints(cost: TrainingCost) -> Table:
    """Return a row each for no checkpoints, the root of the layers, the least memory, and the requested segments."""
    costs = {each.segment: each for each in cost.checkpoints}
    layers, least = len(cost.report.layers), best(cost.checkpoints)
    root = min((each for each in costs if each * each >= layers), default=layers)
    named = [(layers, "none"), (root, "√L"), (least.segment, "least memory"), (cost.step.segment, "--checkpoint")]
    names = {segment: [name for at, name in named if at == segment] for segment, _ in named if segment in costs}
    flops = total(evaluate(each.flops, cost.at) for each in cost.step.work)
    rows = []
    for segment in sorted(names, reverse=True):
        each = costs[segment]
        figures = (Bytes(each.saved), _short(each.flops), Fixed(share(each.flops, flops)))
        rows.append(TableRow((Amount(segment), Words(", ".join(names[segment])), *figures)))
    numbers = ("saved at once", "FLOPs again", "of forward")
    heads = (TableColumn("k", right=True), TableColumn("", ""), *(TableColumn(head, right=True) for head in numbers))
    return Table(heads, rows)


def _time(cost: TrainingCost) -> Iterator[str]:
    """Yield the bytes that recurrent layers save over time, and those with truncation."""
    yield "recurrent layers, bytes saved over time:"
    if cost.truncate is None or cost.time is None:
        return
    saved, steps = cost.step.saved.size, cost.at.get(cost.time)
    batch = {name: size for name, size in cost.at.items() if name != cost.time}
    chunk = evaluate(saved, {**batch, cost.time: cost.memory_sizes[cost.time]})
    if steps is None:
        yield f"truncated after {cost.truncate} steps: {memory(chunk)} saved at once for a sequence of any length"
        return
    total_bytes = evaluate(saved, cost.at)
    chunks = -(-steps // cost.truncate)
    yield (
        f"truncated after {cost.truncate} of {steps} steps: {memory(chunk)} saved at once instead of "
        f"{memory(total_bytes)}, in {chunks} chunk{'s' if chunks > 1 else ''}"
    )


def _unrolled(cost: TrainingCost) -> Table:
    """Return the bytes that each recurrent layer saves at each time step, and independently of them."""
    batch = {name: size for name, size in cost.memory_sizes.items() if name != cost.time}
    rows = []
    for layer in cost.unrolled:
        for part in layer.parts:
            each, once = evaluate(part.each, batch), evaluate(part.once, batch)
            rows.append(TableRow((Path(layer.path), Words(part.name), _signed(each), _signed(once))))
        each = evaluate(layer.each, batch)
        rows.append(TableRow((Path(layer.path), Fixed("total"), _signed(each), BLANK)))
    heads = (TableColumn("path"), TableColumn("saved"))
    return Table((*heads, TableColumn("each step", right=True), TableColumn("in addition", right=True)), rows)


def _totals_over_time(cost: TrainingCost) -> Iterator[str]:
    for layer in cost.unrolled:
        size = layer.each * layer.steps + layer.once
        yield f"{layer.path}: {memory(size)} in total"


def _signed(size: Dim) -> Value:
    if size == 0:
        return BLANK
    return Fixed(f"−{memory(-size)}") if isinstance(size, int) and size < 0 else Bytes(size)


def _notes(cost: TrainingCost) -> Iterator[str]:
    yield (
        "(saved tensors are those of PyTorch 2.13 on the CPU; not counted: the loss, temporary memory of kernels, "
        "rounding of the allocator)"
    )
    yield from sorted({f"({row.step.layer.saving_note})" for row in cost.report.layers if row.step.layer.saving_note})
    if cost.step.static.master != 0:
        yield (
            f"(weights, gradients and activations in {cost.step.dtype}; a copy of the weights, the optimiser's state, "
            "buffers and statistics in float32)"
        )
    yield "(backward FLOPs are 2 × MACs: other operations of the backward pass are not counted)"
