"""A training run as text: what was learnt, epoch by epoch, and the loss as a curve."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from shapecalc.render.json import number
from shapecalc.render.terminal.grid import BOLD, DIM, GOOD, Cells, Grid, Heading, draw, paragraph, spelt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.execution.training import Epoch, Trained

ROWS, WIDEST = 8, 80
"""Lines of the curve, and the columns that it takes where there are more."""

HUGE = 10_000
"""A loss that is written by its exponent."""

EIGHTHS = " ▁▂▃▄▅▆▇█"
IN_ASCII = " ....:::#"
"""How full a cell is, in eighths."""


def table(trained: Trained, exported: str | None, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return what was learnt from what, a line per epoch, the curve of the loss, and the last epoch in a sentence."""

    def said(text: str, style: str = "") -> str:
        return paragraph(spelt(text, unicode=unicode), width=width, color=color, style=style)

    parts = [said(line, style) for line, style in ((_heading(trained), BOLD), (_plan(trained), DIM))]
    parts += ["", draw(_epochs(trained), width=width, color=color, unicode=unicode)]
    parts += ["", said(f"loss of each of {len(trained.losses):,} steps", BOLD)]
    parts += curve(trained.losses, width=min(width or WIDEST, WIDEST), unicode=unicode)
    parts += ["", said(verdict(trained), GOOD)]
    if exported is not None:
        numbers = sum(array.size for array in trained.parameters.values())
        parts.append(said(f"{exported}: {len(trained.parameters)} tensors, {numbers:,} numbers, by PyTorch's names"))
    return "\n".join(parts)


def as_dict(trained: Trained) -> dict[str, Any]:
    """Return a training run as JSON's values."""
    plan = trained.plan
    return {
        "schema_version": 1,
        "name": trained.dataset.report.architecture.name,
        "data": trained.dataset.name,
        "shown": len(trained.dataset.train.inputs),
        "unseen": len(trained.dataset.test.inputs),
        "loss": trained.loss,
        "plan": plan._asdict(),
        "before": _epoch_dict(trained.before),
        "epochs": [_epoch_dict(epoch) for epoch in trained.epochs],
        "losses": list(trained.losses),
    }


def spoken_loss(loss: float, digits: int = 3) -> str:
    """Write a loss in as many digits after the point, or in three in all where it is huge.

    >>> spoken_loss(2.30258), spoken_loss(2.7e30)
    ('2.303', '2.7e+30')
    """
    return f"{loss:.{digits}f}" if loss < HUGE else f"{loss:.3g}"


def verdict(trained: Trained) -> str:
    """Return the last epoch beside what the random weights knew."""
    last, what = trained.epochs[-1], trained.dataset.classes
    return (
        f"{last.accuracy:.1%} of unseen {what}s right, loss {spoken_loss(last.test_loss)}; "
        f"before training {trained.before.accuracy:.1%}, loss {spoken_loss(trained.before.test_loss)}"
    )


def curve(losses: Sequence[float], *, width: int, unicode: bool) -> list[str]:
    """Return the loss over the steps, from 0 to its largest, each column the mean of its steps.

    >>> for line in curve([2.0, 1.0, 0.5, 0.1], width=14, unicode=True)[-4:]:
    ...     print(line)
    0.50 │██████
    0.25 │██████▃▃
         └────────
          1      4
    """
    corner, wall, floor = ("└", "│", "─") if unicode else ("+", "|", "-")
    marks = EIGHTHS if unicode else IN_ASCII
    top = max(losses)
    labels = [spoken_loss(top * (ROWS - row) / ROWS, 2) for row in range(ROWS)]
    left = max(map(len, labels))
    columns = max(width - left - 2, 8)
    heights = [8 * ROWS * mean / top if top else 0 for mean in _means(losses, columns)]
    lines = []
    for row in range(ROWS):
        below = 8 * (ROWS - 1 - row)
        bars = "".join(marks[min(max(round(height - below), 0), 8)] for height in heights)
        lines.append(f"{labels[row]:>{left}} {wall}{bars}".rstrip())
    last = f"{len(losses):,}"
    lines.append(f"{'':{left}} {corner}{floor * columns}")
    lines.append(f"{'':{left}}  1{last:>{columns - 1}}")
    return lines


def _means(losses: Sequence[float], columns: int) -> list[float]:
    """The losses in as many columns, each of them the mean of the steps that fall into it."""
    bounds = [len(losses) * place // columns for place in range(columns + 1)]
    pieces = [losses[first : max(last, first + 1)] for first, last in pairwise(bounds)]
    return [sum(piece) / len(piece) for piece in pieces]


def _heading(trained: Trained) -> str:
    dataset, name = trained.dataset, trained.dataset.report.architecture.name
    what = "passages" if dataset.name == "text" else "pictures"
    train, test = len(dataset.train.inputs), len(dataset.test.inputs)
    return f"{name} learns {dataset.name}: {train:,} {what}, and {test:,} that it is not shown"


def _plan(trained: Trained) -> str:
    plan = trained.plan
    cut = f", cut every {plan.truncate} steps" if plan.truncate else ""
    loss = trained.loss.replace("_", "-")
    return f"{loss}{cut}; {plan.optimizer} at {plan.lr:g}, batches of {plan.batch}, seed {plan.seed}"


def _epochs(trained: Trained) -> Grid:
    headings = tuple(Heading(name, right=True) for name in ("epoch", "loss", "unseen loss", "accuracy"))
    rows = [
        (
            str(epoch.number),
            spoken_loss(epoch.loss, 4) if epoch.number else "",
            spoken_loss(epoch.test_loss, 4),
            f"{epoch.accuracy:.1%}",
        )
        for epoch in (trained.before, *trained.epochs)
    ]
    return Grid(headings, [Cells(row) for row in rows])


def _epoch_dict(epoch: Epoch) -> dict[str, Any]:
    return {
        "number": epoch.number,
        "loss": epoch.loss if epoch.number else None,
        "unseen_loss": number(epoch.test_loss),
        "accuracy": epoch.accuracy,
    }
