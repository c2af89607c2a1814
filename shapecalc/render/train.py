"""A training run as a document: loss and accuracy by epoch, and the curve of the loss."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from shapecalc.render.tables.model import (
    BLANK,
    Amount,
    Document,
    Drawing,
    Fixed,
    Lines,
    Table,
    TableColumn,
    TableRow,
)
from shapecalc.render.terminal.chart import framed
from shapecalc.render.terminal.numbers import loss
from shapecalc.render.terminal.palette import BOLD, DIM, GOOD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.execution.training import Trained
    from shapecalc.render.tables.model import Part

ROWS, WIDEST = 8, 80
"""Lines of the curve, and its most columns."""


_FINE = 0.01
"""A step of the axis that two digits do not show."""
EIGHTHS = " ▁▂▃▄▅▆▇█"
IN_ASCII = " ....:::#"
"""Signs of a cell that is filled by 0 to 8 eighths."""


def run(trained: Trained, exported: str | None) -> Document:
    """Return the network and its data, a line per epoch, the curve of the loss, and the last epoch in a sentence."""
    epochs = _epochs(trained)
    losses = trained.losses
    last: list[Part] = [Lines([verdict(trained)], GOOD)]
    if exported is not None:
        elements = sum(array.size for array in trained.parameters.values())
        said = f"{exported}: {len(trained.parameters)} tensors, {elements:,} elements, with PyTorch's names"
        last.append(Lines([said]))
    blocks: list[list[Part]] = [
        [Lines([_heading(trained)], BOLD), Lines([_plan(trained)], DIM)],
        [epochs],
        [
            Lines([f"loss of each of {len(losses):,} steps"], BOLD),
            Drawing(lambda page: curve(losses, width=min(page.width or WIDEST, WIDEST), unicode=page.unicode)),
        ],
        last,
    ]
    return Document("", blocks, epochs)


def verdict(trained: Trained) -> str:
    """Return the figures of the last epoch, compared with those of the initial weights."""
    last, what = trained.epochs[-1], trained.dataset.classes
    return (
        f"{last.accuracy:.1%} of unseen {what}s right, loss {loss(last.test_loss)}; "
        f"before training {trained.before.accuracy:.1%}, loss {loss(trained.before.test_loss)}"
    )


def curve(losses: Sequence[float], *, width: int, unicode: bool) -> list[str]:
    """Return the loss over the steps, each column the mean of its steps.

    The axis begins at 0 if the lowest column is below half of the highest one, else just below the lowest.

    >>> for line in curve([2.0, 1.0, 0.5, 0.1], width=14, unicode=True)[-4:]:
    ...     print(line)
    0.50 │██████
    0.25 │██████▃▃
    0.00 └────────
          1      4
    >>> for line in curve([4.16, 3.50, 3.20, 3.18], width=14, unicode=True)[-4:]:
    ...     print(line)
    3.33 │████
    3.20 │██████▇▇
    3.06 └────────
          1      4
    """
    marks = EIGHTHS if unicode else IN_ASCII
    base, top = _axis(_means(losses, max(width, 8)))
    step = (top - base) / ROWS
    labels = [loss(base + step * (ROWS - row), 2 if not step or step > _FINE else 4) for row in range(ROWS + 1)]
    left = max(map(len, labels))
    columns = max(width - left - 2, 8)
    heights = [8 * (mean - base) / step if step else 0 for mean in _means(losses, columns)]
    rows = [
        "".join(marks[min(max(round(height - below), 0), 8)] for height in heights)
        for below in range(8 * (ROWS - 1), -1, -8)
    ]
    return framed(rows, labels, f"1{len(losses):>{columns - 1},}", unicode=unicode)


def _axis(means: Sequence[float]) -> tuple[float, float]:
    """Return the lower and the upper end of the axis."""
    low, top = min(means), max(means)
    if low == top or 2 * low < top:
        return 0, top
    return low - (top - low) / ROWS, top


def _means(losses: Sequence[float], columns: int) -> list[float]:
    """Return the losses in `columns` columns, each the mean of its steps."""
    bounds = [len(losses) * place // columns for place in range(columns + 1)]
    pieces = [losses[first : max(last, first + 1)] for first, last in pairwise(bounds)]
    return [sum(piece) / len(piece) for piece in pieces]


def _heading(trained: Trained) -> str:
    dataset, name = trained.dataset, trained.dataset.report.architecture.name
    what = "passages" if dataset.name == "text" else "pictures"
    train, test = len(dataset.train.inputs), len(dataset.test.inputs)
    return f"{name} trained on {dataset.name}: {train:,} {what}, and {test:,} for the test"


def _plan(trained: Trained) -> str:
    plan = trained.plan
    cut = f", cut every {plan.truncate} steps" if plan.truncate else ""
    loss = trained.loss.replace("_", "-")
    return f"{loss}{cut}; {plan.optimizer} at {plan.lr:g}, batches of {plan.batch}, seed {plan.seed}"


def _epochs(trained: Trained) -> Table:
    heads = tuple(TableColumn(name, right=True) for name in ("epoch", "loss", "test loss", "accuracy"))
    rows = [
        TableRow(
            (
                Amount(epoch.number),
                Fixed(loss(epoch.loss, 4)) if epoch.number else BLANK,
                Fixed(loss(epoch.test_loss, 4)),
                Fixed(f"{epoch.accuracy:.1%}"),
            )
        )
        for epoch in (trained.before, *trained.epochs)
    ]
    return Table(heads, rows)
