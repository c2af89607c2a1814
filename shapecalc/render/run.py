"""The values of a run as a document: small tensors as matrices, large ones in tables, then the loss and the update."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.execution.values.arguments import Drawn
from shapecalc.render.settings import called
from shapecalc.render.tables.model import (
    BLANK,
    Document,
    Drawing,
    Fixed,
    Lines,
    Path,
    Shapes,
    Table,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.render.terminal.numbers import at_sizes
from shapecalc.render.terminal.palette import BAD, BOLD, DIM, GOOD, PLAIN
from shapecalc.render.values.layout import beside
from shapecalc.render.values.numbers import DIGITS, number, share_of_zeros, unusual
from shapecalc.render.values.tensor import SMALL, tensor_lines
from shapecalc.render.values.working import working

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.execution.values.objective import LossRecord
    from shapecalc.execution.values.records import Measured, NetworkValues, TensorRecord
    from shapecalc.execution.values.statistics import Statistics
    from shapecalc.render.tables.model import Part, Value
    from shapecalc.render.terminal.grid import Page

INPUT = "input"
FULL = 1_000
"""The most elements of a chosen tensor that is shown as a matrix; of a larger one there are figures and a picture."""
LONGEST = 32
"""The longest axis of a tensor that is shown as a matrix without being chosen: the channels of a network are more."""
TABLE_DIGITS = 4
NAME = 22
"""Columns of a terminal for a name, if leaving out columns is enough for that."""
MOST_STEPS = 20
"""The most losses that are listed; of more the first and last."""
LABELS = {"z": "pre-activation z", "a": "activation a"}


class ShownTensors(NamedTuple):
    """Which tensors are shown: with `every`, parameters too; those that are `chosen` in full."""

    every: bool = False
    chosen: Callable[[str, str], bool] = lambda _path, _name: False
    digits: int = DIGITS


class _ShownTensor(NamedTuple):
    record: TensorRecord
    words: str
    chosen: bool

    @property
    def in_full(self) -> bool:
        longest = max(self.record.value.figures.shape, default=1)
        return self.chosen or (self.record.size <= SMALL and longest <= LONGEST)


def run(values: NetworkValues, choice: ShownTensors) -> Document:
    """Return the tensors in the order of the run, then the loss and the update if there are any."""
    shown = list(_shown(values, choice))
    blocks: list[list[Part]] = [[Lines([_heading(values)], BOLD), Lines([_note(values)], DIM)]]
    large: list[_ShownTensor] = []
    for tensor in shown:
        if not tensor.in_full:
            large.append(tensor)
            continue
        if large:
            blocks.append([_table(large, choice.digits)])
            large = []
        blocks.append([_drawing(tensor, choice.digits, 0 if values.update is None else values.update.steps)])
    if large:
        blocks.append([_table(large, choice.digits)])
    blocks += [[_loss_heading(values, loss), *_working(loss, choice.digits)] for loss in values.losses]
    if values.totals:
        blocks.append(_totals(values, choice.digits))
    return Document("", blocks, _table(shown, choice.digits))


def _shown(values: NetworkValues, choice: ShownTensors) -> Iterator[_ShownTensor]:
    for record in values.inputs:
        yield _ShownTensor(record, INPUT, choice.chosen(record.name, record.name))
    for step in values.steps:
        words = called(step.row)
        for record in step.parameters:
            chosen = choice.chosen(step.row.path, record.name)
            if choice.every or chosen:
                yield _ShownTensor(record, "", chosen)
        for record in step.intermediates:
            yield _ShownTensor(record, "", choice.chosen(step.row.path, record.name))
        for record in step.outputs:
            yield _ShownTensor(record, words, choice.chosen(step.row.path, record.name))


def _heading(values: NetworkValues) -> str:
    at = at_sizes(values.report.bindings)
    return f"{values.report.architecture.name}{at and f' at {at}'}"


def _note(values: NetworkValues) -> str:
    """Return what the numbers are: their type, and which of them are random."""
    weights = [record for step in values.steps for record in step.weights]
    inputs = tuple(record.name for record in values.inputs if record.drawn)
    drawn = Drawn(inputs, tuple(record.name for record in weights if record.drawn), len(weights), values.seed)
    return "; ".join(filter(None, (f"{values.dtype}, in evaluation mode", str(drawn))))


def _drawing(tensor: _ShownTensor, digits: int, steps: int) -> Drawing:
    return Drawing(lambda page: _drawn(tensor, page, digits, steps))


def _drawn(tensor: _ShownTensor, page: Page, digits: int, steps: int) -> list[str]:
    """Return a tensor, with its gradient and its value after the update next to it."""
    record = tensor.record
    most = FULL if tensor.chosen else SMALL
    label = LABELS.get(record.label, "")
    words = "" if tensor.words == record.name else tensor.words
    note = ", ".join(text for text in (words, label, "random" if record.drawn else "") if text)

    def lines(name: str, measured: Measured, note: str) -> list[str]:
        assert measured.array is not None  # what is shown in full was retained
        return tensor_lines(measured.array, name, page, digits=digits, most=most, note=note)

    blocks = [lines(record.name, record.value, f" {note}" if note else "")]
    if record.gradient is not None:
        blocks.append(lines("gradient" if steps <= 1 else "gradient of step 1", record.gradient, ""))
    if record.updated is not None:
        blocks.append(lines(_after(steps), record.updated, ""))
    return beside(blocks, page) if len(blocks) > 1 else blocks[0]


def _table(tensors: Sequence[_ShownTensor], digits: int) -> Table:
    digits = min(digits, TABLE_DIGITS)
    gradients = any(tensor.record.gradient is not None for tensor in tensors)
    odd = any(_odd(tensor.record) for tensor in tensors)
    columns = [
        TableColumn("tensor"),
        TableColumn("layer", drops=2),
        TableColumn("", drops=0),
        TableColumn("shape"),
        *(TableColumn(name, right=True) for name in ("least", "greatest")),
        TableColumn("mean", right=True, drops=5),
        TableColumn("sd", right=True, drops=3),
        TableColumn("zeros", right=True, drops=4),
        *([TableColumn("gradient", right=True)] if gradients else []),
        *([TableColumn("not finite")] if odd else []),
    ]
    rows = [_row(tensor, digits, gradients=gradients, odd=odd) for tensor in tensors]
    return Table(tuple(columns), rows, least=NAME)


def _row(tensor: _ShownTensor, digits: int, *, gradients: bool, odd: bool) -> TableRow:
    record, figures = tensor.record, tensor.record.value.figures
    values: list[Value] = [
        Path(record.name),
        Words(tensor.words),
        Fixed(record.label),
        Shapes([figures.shape]),
        *(_figure(each, digits) for each in (figures.least, figures.greatest, figures.mean, figures.deviation)),
        Fixed(share_of_zeros(figures)),
    ]
    if gradients:
        values.append(BLANK if record.gradient is None else Fixed(_range(record.gradient.figures, digits)))
    if odd:
        values.append(Fixed(_odd(record)))
    return TableRow(tuple(values), BAD if _odd(record) else PLAIN)


def _figure(value: float | None, digits: int) -> Fixed:
    return BLANK if value is None else Fixed(number(value, digits))


def _range(figures: Statistics, digits: int) -> str:
    if figures.least is None or figures.greatest is None:
        return unusual(figures).strip("()")
    return f"{number(figures.least, digits)} … {number(figures.greatest, digits)}"


def _odd(record: TensorRecord) -> str:
    return unusual(record.value.figures).strip("()")


def _loss_heading(values: NetworkValues, loss: LossRecord) -> Lines:
    options = "".join(f", {name} {value:g}" for name, value in loss.options.items())
    where = f" of {loss.output}" if len(values.report.architecture.output_slots) > 1 else ""
    includes = f", of {loss.slot}: it includes {loss.includes}" if loss.includes else ""
    return Lines([f"loss {loss.entry.name}{where}{options}{includes}"], BOLD)


def _working(loss: LossRecord, digits: int) -> list[Part]:
    return [Drawing(lambda page: [page.line(line, lead="  ") for line in working(loss, digits)])]


def _totals(values: NetworkValues, digits: int) -> list[Part]:
    name = "loss" if values.losses else "sum of the outputs"
    update = values.update
    if update is None:
        return [*_constant(values), Lines([f"{name} = {number(values.totals[0], digits)}"], GOOD)]
    plan = f"{update.optimizer}, learning rate {update.rate:g}"
    frozen = f", {', '.join(update.freeze)} as before" if update.freeze else ""
    steps = list(enumerate(values.totals))
    if len(steps) > MOST_STEPS:
        steps = steps[: MOST_STEPS // 2] + steps[-MOST_STEPS // 2 :]
    lines = [f"{name} {'before' if not step else _after(step)}: {number(value, digits)}" for step, value in steps]
    return [*_constant(values), Lines([plan + frozen], BOLD), Lines(lines[:-1]), Lines(lines[-1:], GOOD)]


def _constant(values: NetworkValues) -> list[Part]:
    """Return a note if the sum of the outputs, which is differentiated, is the same whatever the input is."""
    slots = values.report.architecture.output_slots.values()
    rows = [step.row for step in values.steps if step.row.path in slots]
    if values.losses or len(rows) != len(slots) or not all(row.step.layer.probabilities == "plain" for row in rows):
        return []
    names = ", ".join(row.path for row in rows)
    said = f"the elements of {names} add up to 1 whatever the input is"
    return [Lines([f"{said}, so the gradients before it are 0; those of a loss are not"], DIM)]


def _after(step: int) -> str:
    return f"after {step:,} step{'' if step == 1 else 's'}"
