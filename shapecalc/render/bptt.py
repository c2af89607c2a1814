"""Back-propagation through time as text: the loss of each step, the gradients on their way back, and their sums."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.calculators.gate_arithmetic import below, shown
from shapecalc.execution.bptt import norm
from shapecalc.execution.gradient_arithmetic import element_name, gradient_lines, sum_lines
from shapecalc.render.derivation import WIDEST, in_ascii
from shapecalc.render.tables.model import BLANK, Document, Drawing, Fixed, Lines, Table, TableColumn, TableRow
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import GAP, Page
from shapecalc.render.terminal.palette import BOLD, DIM
from shapecalc.render.unrolled import MOST_ROWS, equations, folded, heading, samples_of, states_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.execution.bptt import LayerGradients, PassGradients, Propagated, StepGradient, StepLoss
    from shapecalc.execution.unrolling import Unrolled
    from shapecalc.reference.base import Array
    from shapecalc.render.tables.model import Part, Value

BRIEF = 3
"""Elements of a vector in a cell; of a longer one its norm."""
MOST_WORKED = 8
"""Steps whose loss has its arithmetic, and classes of a softmax."""
MOST_ELEMENTS, MOST_COLUMNS = 24, 6
"""Elements and steps of a parameter whose contributions are shown one by one."""
BAR = 32
MARGIN = 10
"""Columns of a terminal for the step, and for a mark of a cut."""


@np.errstate(all="ignore")  # what is not finite is written as such
def text(result: Propagated, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the result as text."""
    shown_ = document(propagation(result, width), Page(width, color=color, unicode=True))
    return shown_ if unicode else in_ascii(shown_)  # signs are spelled out last


def propagation(result: Propagated, width: int | None = None) -> Document:
    """Return the forward pass with its loss, then of each layer, the last one first, the gradients step by step.

    A list of elements that does not fit the width, by default 100 columns, is its norm.
    """
    last, room = result.layers[-1], (width or WIDEST) - MARGIN
    forward = _forward(result, last, room)
    blocks: list[Sequence[Part]] = [
        [
            *heading(last.unrolled, f"{result.name}, unrolled over time"),
            Lines([each for each in (_plan(result), str(result.drawn)) if each], DIM),
        ],
        [forward],
        [*_worked(result)],
    ]
    for layer in reversed(result.layers):
        for each in reversed(layer.passes):
            blocks += _pass(result, layer, each, room)
    blocks += [_head(result)] if result.head else []
    return Document("", [block for block in blocks if block], forward)


def _plan(result: Propagated) -> str:
    over = "summed over steps" if result.reduction == "sum" else "the mean of all its terms"
    cut = ""
    if result.truncate:
        every = f"{result.truncate} steps" if result.truncate > 1 else "step"
        cut = f"; no gradient passes every {every}, counted from the last"
    return f"loss: {result.loss}, {over}{cut}"


class _VectorColumn:
    """A column of vectors: their elements if all are short and of one sample, else their norms."""

    def __init__(self, name: str, vectors: Sequence[Array | None], *, samples: int) -> None:
        self.name = name
        self.vectors = vectors
        self.brief = samples == 1 and all(vector is None or vector.size <= BRIEF for vector in vectors)

    @property
    def is_list(self) -> bool:
        """Whether cells are lists of elements."""
        return self.brief and any(vector is not None and vector.size > 1 for vector in self.vectors)

    @property
    def head(self) -> TableColumn:
        """The heading."""
        return TableColumn(self.name if self.brief else f"‖{self.name}‖", right=True)

    @property
    def cells(self) -> list[Value]:
        """The cell of each step."""
        return [BLANK if vector is None else Fixed(self._text(vector)) for vector in self.vectors]

    @property
    def width(self) -> int:
        """The columns of a terminal that it takes."""
        return max(len(self.head.name), *(len(cell.text()) for cell in self.cells))

    def _text(self, vector: Array) -> str:
        if not self.brief:
            return shown(norm(vector))
        numbers = [shown(value) for value in vector.ravel().tolist()]
        return numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"


def _fitting(columns: Sequence[_VectorColumn], room: int) -> Sequence[_VectorColumn]:
    """Return columns that fit a terminal together: the widest lists of elements become norms."""
    while sum(column.width + GAP for column in columns) > room:
        lists = [column for column in columns if column.is_list]
        if not lists:
            break
        max(lists, key=lambda column: column.width).brief = False
    return columns


def _forward(result: Propagated, layer: LayerGradients, room: int) -> Table:
    """Return a row per step: what the last layer reads, its state, the prediction, the target and the loss.

    The state is that of the uppermost level, of its forward direction.
    """
    first, run, samples = layer.passes[0].run, _uppermost(layer)[0].run, samples_of(layer.unrolled)
    by_time = {loss.time: loss for loss in result.losses}
    losses = [by_time.get(step.time) for step in run.steps]
    vectors = {"x": [step.x for step in first.steps]}
    vectors |= {state: [step.after[state] for step in run.steps] for state in states_of(layer.unrolled)}
    columns = [_VectorColumn(name, arrays, samples=samples) for name, arrays in vectors.items()]
    predicts = result.head or any(loss is not None and not _is_state(loss, layer) for loss in losses)
    if predicts:
        columns.append(
            _VectorColumn("y", [None if loss is None else loss.predictions for loss in losses], samples=samples)
        )
    if samples == 1:
        columns.append(
            _VectorColumn("target", [None if loss is None else loss.targets for loss in losses], samples=samples)
        )
    if any(loss is not None and loss.probabilities is not None for loss in losses):
        columns.append(_VectorColumn("p", [_of_target(loss) for loss in losses], samples=samples))
    columns.append(
        _VectorColumn("loss", [None if loss is None else np.array([loss.value]) for loss in losses], samples=1)
    )
    rows = [
        (Fixed(str(step.time)), *cells)
        for step, *cells in zip(run.steps, *(column.cells for column in _fitting(columns, room)), strict=True)
    ]
    heads = (TableColumn("step", right=True), *(column.head for column in columns))
    return Table(heads, _folded(rows))


def _folded(rows: Sequence[tuple[Value, ...]]) -> list[TableRow]:
    return [TableRow((Fixed("…"), *(BLANK for _ in rows[0][1:])) if row is None else row) for row in folded(rows)]


def _is_state(loss: StepLoss, layer: LayerGradients) -> bool:
    forward, *reverse = _uppermost(layer)
    return not reverse and np.array_equal(forward.run.steps[loss.time - 1].after["h"].T, loss.predictions)


def _uppermost(layer: LayerGradients) -> Sequence[PassGradients]:
    """Return the pass of the last of stacked layers, or its two directions."""
    return layer.passes[-layer.unrolled.layer.directions :]


def _of_target(loss: StepLoss | None) -> Array | None:
    """Return the probability of the target, the mean of those of several samples."""
    if loss is None or loss.probabilities is None:
        return None
    return np.array([loss.probabilities[np.arange(len(loss.targets)), loss.targets].mean()])


def _worked(result: Propagated) -> Iterator[Part]:
    """Yield the arithmetic of each loss if it is short, and their sum."""
    losses = result.losses
    if len(losses) <= MOST_WORKED and all(loss.predictions.size <= MOST_WORKED for loss in losses):
        lines = [line for loss in losses for line in _loss_lines(result, loss)]
        yield equations(lines)
    count = sum(loss.targets.size for loss in losses) if result.reduction == "mean" else 1
    terms = [shown(loss.value * count) for loss in losses]
    terms = terms if len(terms) <= MOST_WORKED else [*terms[:3], "…", terms[-1]]
    total = " + ".join(terms).replace("+ −", "− ")
    if count > 1:
        total = f"({total})/{count}"
    is_short = len(losses) == 1 and count == 1
    yield equations([f"L = {shown(result.value)}" if is_short else f"L = {total} = {shown(result.value)}"])


def _loss_lines(result: Propagated, loss: StepLoss) -> Iterator[str]:
    name = f"L{below(loss.time)}"
    for sample, predictions in enumerate(loss.predictions):
        where = f" of sample {sample}" if len(loss.predictions) > 1 else ""
        target = loss.targets[sample]
        if loss.probabilities is not None:
            scores = ", ".join(map(shown, predictions.tolist()))
            probabilities = ", ".join(map(shown, loss.probabilities[sample].tolist()))
            chosen = shown(loss.probabilities[sample, target])
            value = shown(-np.log(loss.probabilities[sample, target]))
            yield f"softmax{below(loss.time)}({scores}) = ({probabilities})"
            yield f"{name}{where} = −log p[{target}] = −log {chosen} = {value}"
        elif result.loss in _SQUARES:
            factor = _SQUARES[result.loss]
            pairs = zip(predictions.tolist(), target.tolist(), strict=True)
            squares = " + ".join(f"{factor}({shown(y)}{_minus(t)})²" for y, t in pairs)
            half = (predictions - target) * (predictions - target)
            value = half.sum() / 2 if factor else half.sum()
            yield f"{name}{where} = {squares} = {shown(value)}"


_SQUARES = {"sum_of_squares": "½·", "mse": ""}
"""Losses that are a sum of squares, with the factor of each."""


def _minus(target: Any) -> str:
    text_ = shown(target)
    return f" + {text_[1:]}" if text_.startswith("−") else f" − {text_}"


def _pass(result: Propagated, layer: LayerGradients, each: PassGradients, room: int) -> Iterator[list[Part]]:
    name = each.run.name if len(layer.passes) > 1 else ""
    if len(result.layers) > 1:
        name = f"{layer.path} {name}".strip()
    title = f"back through time{f', {name}' if name else ''}"
    is_last = layer is result.layers[-1] and any(each is upper for upper in _uppermost(layer))
    yield [Lines([title], BOLD), _arriving(layer, each, "from loss" if is_last else "from above", room)]
    yield [
        Lines(["norm of ∂L/∂h; ×: ‖from next‖ relative to the norm one step later"], DIM),
        _norms(each),
    ]
    if _is_small(layer, each):
        yield [Lines(["δ: gradient with respect to the pre-activation of each gate"], DIM), _sums(layer.unrolled, each)]
    if lines := list(gradient_lines(layer, each)):
        yield [equations(lines)]
    yield from _contributions(layer, each)


def _is_small(layer: LayerGradients, each: PassGradients) -> bool:
    return samples_of(layer.unrolled) * layer.unrolled.layer.hidden_size * len(each.steps) <= MOST_ROWS


def _arriving(layer: LayerGradients, each: PassGradients, above: str, room: int) -> Table:
    """Return the gradients that arrive at the state of each step, the last step first."""
    samples, steps = samples_of(layer.unrolled), each.steps[::-1]
    columns = [
        _VectorColumn(above, [step.from_above for step in steps], samples=samples),
        _VectorColumn("from next", [step.from_next["h"] for step in steps], samples=samples),
        _VectorColumn("∂L/∂h", [step.of_h for step in steps], samples=samples),
    ]
    columns += [
        _VectorColumn(f"{state} from next", [step.from_next[state] for step in steps], samples=samples)
        for state in steps[0].from_next
        if state != "h"
    ]
    _fitting(columns, room)
    cuts = any(step.is_cut for step in steps)
    rows = [
        (Fixed(str(step.step.time)), *cells, *([Fixed("cut" if step.is_cut else "")] if cuts else []))
        for step, *cells in zip(steps, *(column.cells for column in columns), strict=True)
    ]
    heads = (
        TableColumn("step", right=True),
        *(column.head for column in columns),
        *([TableColumn("", "")] if cuts else []),
    )
    return Table(heads, _folded(rows))


def _norms(each: PassGradients) -> Drawing:
    """Return a bar for the norm of the gradient at each step, and the part of it that the step passed on."""
    steps = each.steps[::-1]
    norms = [norm(step.of_h) for step in steps]
    most = max(filter(isfinite, norms), default=0) or 1
    ratios = [""] + [
        f"×{shown(norm(step.from_next['h']) / later)}" if later else ""
        for step, later in zip(steps[1:], norms, strict=False)
    ]
    rows = folded(list(zip(steps, norms, ratios, strict=True)))
    left = max(len(shown(value)) for value in norms)
    middle = max(map(len, ratios))

    def draw(page: Page) -> list[str]:
        room = min(BAR, (page.width or 80) - left - middle - 12)
        return [
            "   …"
            if row is None
            else f"{row[0].step.time:>4}  {shown(row[1]):>{left}}  {row[2]:<{middle}}  "
            f"{'█' * round(room * row[1] / most if isfinite(row[1]) else 0)}".rstrip()
            for row in rows
        ]

    return Drawing(draw)


def _sums(unrolled: Unrolled, each: PassGradients) -> Table:
    """Return the gradient of each gate's sum, a row per step, sample and unit."""
    layer, samples = unrolled.layer, samples_of(unrolled)
    letters, units = layer.cell.gates, layer.hidden_size
    rows = []
    for step in reversed(each.steps):
        sums = step.from_hidden.reshape(len(letters), units, samples)
        reads = step.from_input.reshape(sums.shape)
        for sample in range(samples):
            for unit in range(units):
                first = not unit and not sample
                cells: list[Value] = [Fixed(str(step.step.time) if first else "")]
                cells += [Fixed(str(sample))] if samples > 1 else []
                cells += [Fixed(str(unit))] if units > 1 else []
                cells += [Fixed(shown(reads[gate, unit, sample])) for gate in range(len(letters))]
                rows.append(TableRow(tuple(cells)))
    heads = [TableColumn("step", right=True)]
    heads += [TableColumn("sample", right=True)] if samples > 1 else []
    heads += [TableColumn("unit", right=True)] if units > 1 else []
    return Table((*heads, *(TableColumn(f"δ{letter}", right=True) for letter in letters)), rows)


def _contributions(layer: LayerGradients, each: PassGradients) -> Iterator[list[Part]]:
    """Yield what each step adds to the gradient of each parameter: element by element, or the norms."""
    total = layer.returned.parameters
    steps = sorted(each.steps, key=lambda step: step.step.time)
    names = [*steps[0].contributions]
    short = [name for name in names if total[name].size <= MOST_ELEMENTS and len(steps) <= MOST_COLUMNS]
    for name in short:
        parts = [step.contributions[name] for step in steps]
        same = [other for other in short if other != name and _is_equal(steps, name, other)]
        if same and short.index(same[0]) < short.index(name):
            continue  # it has a table with the first of them
        title = " and ".join(f"∂L/∂{each}" for each in (name, *same))
        labels = [element_name(layer.unrolled.layer, name, index) for index in np.ndindex(total[name].shape)]
        table = _elements(parts, total[name], [step.step.time for step in steps], labels)
        yield [Lines([f"{title}, step by step"], DIM), table]
        if lines := list(sum_lines(layer, steps, name)):
            yield [equations(lines)]
    if rest := [name for name in names if name not in short]:
        rows = [
            (Fixed(str(step.step.time)), *(Fixed(shown(norm(step.contributions[name]))) for name in rest))
            for step in steps
        ]
        last = TableRow((Fixed("sum"), *(Fixed(shown(norm(total[name]))) for name in rest)), BOLD)
        heads = (TableColumn("step", right=True), *(TableColumn(f"‖{_brief(name)}‖", right=True) for name in rest))
        yield [
            Lines([f"norm of what each step adds to the gradient of each parameter of {each.run.name}"], DIM),
            Table(heads, [*_folded(rows), last]),
        ]


def _is_equal(steps: Sequence[StepGradient], name: str, other: str) -> bool:
    """Return whether all contributions to two parameters are equal: those of b_ih and b_hh, except in a GRU."""
    pairs = ((step.contributions[name], step.contributions[other]) for step in steps)
    return all(np.array_equal(one, two) for one, two in pairs)


def _brief(name: str) -> str:
    """Return a short name of a parameter.

    >>> _brief("weight_ih_l0_reverse"), _brief("bias_hh_l0")
    ('W_ih', 'b_hh')
    """
    kind, side = name.split("_")[:2]
    return f"{'b' if kind == 'bias' else 'W'}_{side}"


def _elements(parts: Sequence[Array], total: Array, times: Sequence[int], labels: Sequence[str] = ()) -> Table:
    """Return a row per element, a column per step, and their sum as the backward kernel computed it."""
    rows = []
    for number, index in enumerate(np.ndindex(total.shape)):
        place = labels[number] if labels else f"[{', '.join(map(str, index))}]"
        cells = [Fixed(shown(part[index])) for part in parts]
        rows.append(TableRow((Fixed(place), *cells, Fixed(shown(total[index])))))
    heads = (
        TableColumn("", ""),
        *(TableColumn(f"step {time}", right=True) for time in times),
        TableColumn("sum", right=True),
    )
    return Table(heads, rows)


def _head(result: Propagated) -> list[Part]:
    """Return what each step with a loss adds to the gradients of the head."""
    parts: list[Part] = []
    times = [loss.time for loss in result.losses]
    for name, arrays in result.head.items():
        total = result.gradients[name]
        if total.size <= MOST_ELEMENTS and len(arrays) <= MOST_COLUMNS:
            parts += [Lines([f"∂L/∂{name}, step by step"], DIM), _elements(arrays, total, times)]
    return parts
