"""The cost of training as text: saved tensors of layers, memory and its peak, work, checkpoints, time steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.costs.checkpointing import best
from shapecalc.costs.liveness import total
from shapecalc.costs.timeline import AGAIN, UPDATE
from shapecalc.costs.training_step import OPTIMIZERS
from shapecalc.dims import Dim, Expr, evaluate, show
from shapecalc.render.inspect.lines import Line, layer_lines, layer_type_of
from shapecalc.render.terminal.grid import Cells, Grid, Heading, Page
from shapecalc.render.terminal.numbers import grouped, memory, rounded, share, times
from shapecalc.render.terminal.palette import BOLD, CAUTION, DIM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.costs.saved_tensors import LayerSaved
    from shapecalc.costs.timeline import EventMemory
    from shapecalc.costs.training import TrainingCost
    from shapecalc.shape_inference.report import LayerReport

MOST_NAMED = 4
"""The most tensors of a layer that are listed by name."""


def table(cost: TrainingCost, depth: int | None = None, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return what each layer saves, the memory of a step, its work, and the effect of checkpoints and truncation."""
    page = Page(width, color, unicode)

    def drawn(grid: Grid) -> str:
        return page.draw(page.grid(*grid))

    def said(lines: Iterable[str], style: str = "") -> list[str]:
        return [page.line(line, style) for line in lines]

    # If the settings of layers do not fit, their types are shown; if these do not fit either, nothing.
    layers = page.first_that_fits(_layers(cost, depth, called) for called in (Line.layer, layer_type_of, None))
    blocks = [said([_title(cost)], BOLD), [drawn(layers)], [drawn(_memory(cost))]]
    blocks.append(said(untrained(cost.single_values), CAUTION))
    blocks.append(said(_peak(cost), BOLD))
    blocks.append(said([*_fits(cost), *_savings(cost)]))
    blocks.append([drawn(_work(cost))])
    if cost.checkpoints:
        blocks.append(
            [*said(["checkpoints every k layers, each segment run forward again:"]), drawn(_checkpoints(cost))]
        )
    if cost.unrolled:
        blocks.append([*said(_time(cost)), drawn(_unrolled(cost))])
    blocks.append(said(_notes(cost), DIM))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def untrained(rows: Iterable[LayerReport]) -> Iterator[str]:
    """Yield a warning for each norm that has one value per channel."""
    for row in rows:
        yield f"warning[SC412]: `{row.path}` has one value per channel, for which PyTorch raises an error in training"


def _title(cost: TrainingCost) -> str:
    shapes = ", ".join(show(entry.shape) for entry in cost.report.inputs)
    at = "".join(f", {name} = {size:,}" for name, size in cost.at.items())
    return f"{cost.report.architecture.name}  {shapes}{at}, {cost.step.dtype}, {cost.step.optimizer}"


def _layers(cost: TrainingCost, depth: int | None, called: Callable[[Line], str] | None) -> Grid:
    """Return a row per layer: the tensors that it saves first, their bytes, and how these could be avoided."""
    of = {layer.row.path: layer for layer in cost.step.saved.layers}
    rows = []
    for line in layer_lines(cost.report, depth):
        layers = [of[row.path] for row in line.rows]
        size = cost.bytes_at(total(layer.size for layer in layers))
        words = (line.path,) if called is None else (line.path, called(line))
        rows.append(Cells((*words, _what(layers), memory(size) if size != 0 else "", _marks(layers))))
    headings = (
        Heading("path"),
        *(() if called is None else (Heading("layer", wraps=True),)),
        Heading("keeps", wraps=True),
        Heading("bytes", right=True, wraps=bool(cost.unbound)),
        Heading("could be", wraps=True),
    )
    return Grid(headings, rows)


def _what(layers: Sequence[LayerSaved]) -> str:
    """Return the names of the tensors that a layer saves; those counted above are in parentheses."""
    if len(layers) > 1:
        return f"{sum(saved.first for layer in layers for saved in layer.tensors)} tensors"
    (layer,) = layers
    names = [saved.name if saved.first else f"({saved.name})" for saved in layer.tensors]
    more = len(names) - MOST_NAMED
    return ", ".join(names) if more <= 0 else ", ".join([*names[:MOST_NAMED], f"{more} more"])


def _marks(layers: Sequence[LayerSaved]) -> str:
    marks = []
    if any(layer.in_place for layer in layers):
        marks.append("in place")
    if any(layer.recomputable == layer.size != 0 for layer in layers):
        marks.append("recomputed")
    return ", ".join(marks)


def _memory(cost: TrainingCost) -> Grid:
    """Return the bytes of a step by their kind, with the peak."""
    static, saved = cost.step.static, cost.step.saved.size
    numbers = OPTIMIZERS[cost.step.optimizer]
    rows = [("weights", static.weights, "", "always")]
    if static.buffers != 0:
        rows.append(("buffers", static.buffers, "", "always"))
    if static.master != 0:
        rows.append(("float32 copy of the weights", static.master, "", "always"))
    if numbers:
        rows.append((f"state of {cost.step.optimizer}", static.state, f"{numbers} for a weight", "always"))
    rows.append(("gradients by weights", static.gradients, "", "backward to update"))
    rows.append(("kept for the backward pass", saved, _closed(saved), "forward to backward"))
    cells = [Cells((name, memory(cost.bytes_at(size)), closed, when)) for name, size, closed, when in rows]
    headings = (Heading("memory"), Heading("bytes", right=True, wraps=True), Heading("", wraps=True), Heading("when"))
    return Grid(headings, cells)


def _closed(size: Dim) -> str:
    return f"= {grouped(size)} bytes" if isinstance(size, Expr) else ""


def _peak(cost: TrainingCost) -> Iterator[str]:
    event = cost.peak
    if event is None:
        settings = " ".join(f"--set {name}=…" for name in cost.unbound)
        yield f"peak and largest batch depend on {' and '.join(cost.unbound)}: give a size, `{settings}`"
        return
    size = memory(cost.bytes_at(event.live))
    yield f"peak {size}, {_when(event)}: {_parts(cost, event)}"
    if isinstance(event.live, Expr):
        yield f"     = {grouped(event.live)} bytes"


def _when(event: EventMemory) -> str:
    if event.event.phase == UPDATE:
        return "while the optimiser updates"
    passing = {"forward": "runs forward", "backward": "runs backward", AGAIN: "runs forward again"}
    return f"while {event.path} {passing[event.event.phase]}"


def _parts(cost: TrainingCost, event: EventMemory) -> str:
    parts = {
        "weights and state": cost.step.static.always,
        "values": event.values,
        "gradients by values": event.value_gradients,
        "by weights": event.weight_gradients,
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
        yield f"the file fixes the batch: no larger one is looked for in {memory(cost.memory)}"


def _savings(cost: TrainingCost) -> Iterator[str]:
    """Yield the savings of overwriting inputs and of recomputing cheap tensors."""
    layers = cost.step.saved.layers
    places = [layer for layer in layers if layer.in_place]
    if places:
        spared = cost.bytes_at(total(layer.avoided for layer in places))
        less = f"{memory(spared)} less is kept" if spared != 0 else "no less is kept, as none of them keeps its input"
        yield f"in place: {len(places)} of {len(layers)} layers can write over what they read: {less}"
    cheap = cost.bytes_at(total(layer.recomputable for layer in layers))
    if cheap != 0:
        yield f"recomputed: {memory(cheap)} of what is kept follow from the rest without a multiply-accumulate"


def _work(cost: TrainingCost) -> Grid:
    """Return the multiply-accumulates and FLOPs of a step, forward and of the gradients."""
    work = cost.step.work
    forward = evaluate(total(each.forward for each in work), cost.at)
    to_inputs = evaluate(total(each.to_inputs for each in work), cost.at)
    to_weights = evaluate(total(each.to_weights for each in work), cost.at)
    flops = evaluate(total(each.flops for each in work), cost.at)
    figures = {
        "forward": (forward, flops),
        "gradients by inputs": (to_inputs, 2 * to_inputs),
        "gradients by weights": (to_weights, 2 * to_weights),
        "in all": (forward + to_inputs + to_weights, flops + 2 * (to_inputs + to_weights)),
    }
    cells = [
        Cells((name, rounded(macs), rounded(operations), times(macs, forward)))
        for name, (macs, operations) in figures.items()
    ]
    open_ = isinstance(forward, Expr)
    headings = (
        Heading("work of a step"),
        Heading("MACs", right=True, wraps=open_),
        Heading("FLOPs", right=True, wraps=open_),
        Heading("of forward", right=True),
    )
    return Grid(headings, cells)


def _checkpoints(cost: TrainingCost) -> Grid:
    """Return a row each for no checkpoints, the root of the layers, the least memory, and the requested segments."""
    costs = {each.segment: each for each in cost.checkpoints}
    layers, least = len(cost.report.layers), best(cost.checkpoints)
    root = min((each for each in costs if each * each >= layers), default=layers)
    named = [(layers, "none"), (root, "√L"), (least.segment, "the least"), (cost.step.segment, "asked for")]
    names = {segment: [name for at, name in named if at == segment] for segment, _ in named if segment in costs}
    flops = total(evaluate(each.flops, cost.at) for each in cost.step.work)
    rows = []
    for segment in sorted(names, reverse=True):
        each = costs[segment]
        figures = (memory(each.saved), rounded(each.flops), share(each.flops, flops))
        rows.append(Cells((str(segment), ", ".join(names[segment]), *figures)))
    headings = (
        Heading("k", right=True),
        Heading(""),
        Heading("kept at once", right=True),
        Heading("FLOPs again", right=True),
        Heading("of forward", right=True),
    )
    return Grid(headings, rows)


def _time(cost: TrainingCost) -> Iterator[str]:
    """Yield the bytes that recurrent layers save over time, and those with truncation."""
    yield "recurrent layers over time, what each step keeps:"
    if cost.truncate is None or cost.time is None:
        return
    saved, steps = cost.step.saved.size, cost.at.get(cost.time)
    batch = {name: size for name, size in cost.at.items() if name != cost.time}
    chunk = evaluate(saved, {**batch, cost.time: cost.memory_sizes[cost.time]})
    if steps is None:
        yield f"truncated after {cost.truncate} steps: {memory(chunk)} are kept at once, however long a sequence is"
        return
    total_bytes = evaluate(saved, cost.at)
    chunks = -(-steps // cost.truncate)
    yield (
        f"truncated after {cost.truncate} of {steps} steps: {memory(chunk)} are kept at once in place of "
        f"{memory(total_bytes)}, in {chunks} piece{'s' if chunks > 1 else ''}"
    )


def _unrolled(cost: TrainingCost) -> Grid:
    batch = {name: size for name, size in cost.memory_sizes.items() if name != cost.time}
    rows = []
    for layer in cost.unrolled:
        for part in layer.parts:
            each, once = evaluate(part.each, batch), evaluate(part.once, batch)
            rows.append(Cells((layer.path, part.name, _signed(each), _signed(once))))
        total_bytes = layer.each * layer.steps + layer.once
        closed = f"{grouped(total_bytes)} bytes" if isinstance(total_bytes, Expr) else memory(total_bytes)
        rows.append(Cells((layer.path, f"all: {closed}", _signed(evaluate(layer.each, batch)), "")))
    headings = (
        Heading("path"),
        Heading("keeps", wraps=True),
        Heading("each step", right=True, wraps=True),
        Heading("besides", right=True, wraps=True),
    )
    return Grid(headings, rows)


def _signed(size: Dim) -> str:
    if size == 0:
        return ""
    return f"−{memory(-size)}" if isinstance(size, int) and size < 0 else memory(size)


def _notes(cost: TrainingCost) -> Iterator[str]:
    yield (
        "(what is kept is what PyTorch 2.13 keeps on the CPU; left out: the loss, what kernels take while they work, "
        "the allocator's rounding)"
    )
    yield from sorted({f"({row.step.layer.saving_note})" for row in cost.report.layers if row.step.layer.saving_note})
    if cost.step.static.master != 0:
        yield (
            "(bf16: weights, gradients and values in bf16; a copy of the weights, the optimiser's state, buffers and "
            "statistics in float32)"
        )
    yield "(backward FLOPs are 2 × MACs: what the backward pass does besides is not counted)"
