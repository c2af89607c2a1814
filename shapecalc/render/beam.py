"""A beam search as text and JSON: its steps, with equal neighbours folded, its figures, and the other searches."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shapecalc.calculators.beam_search import state_bytes
from shapecalc.diagnostics.numbers import scientific
from shapecalc.render.derivation import in_ascii, legend, wrapped
from shapecalc.render.terminal.grid import Cells, Grid, Heading, draw
from shapecalc.render.terminal.palette import bold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shapecalc.calculators.beam_search import SearchFigure, SearchPlan, SearchStep

T = TypeVar("T")

DIGITS = 4_000
"""The most digits of a number in JSON: most readers refuse more than a few thousand."""

_MEANINGS = {"V": "symbols", "L": "length", "k": "beam", "B": "symbols that do not end", "H": "hidden units"}


class LstmStates(NamedTuple):
    """The states of each hypothesis: h and c of `layers` layers with `hidden` units."""

    layers: int
    hidden: int


def calculation(found: SearchPlan, states: LstmStates | None, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the steps of a search, its figures with their numbers, and those of greedy and exhaustive search."""
    blocks = [
        heading(found, states, width=width, color=color),
        [draw(steps(found), width=width, color=color, unicode=unicode)],
        *([[draw(_held(found, states), width=width, color=color, unicode=unicode)]] if states else []),
        [line for figure in figures(found, states) for line in lines(figure)],
        [draw(_searches(found, states), width=width, color=color, unicode=unicode)],
    ]
    said = notes(found, width)
    blocks += [said] if said else []
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def heading(found: SearchPlan, states: LstmStates | None = None, *, width: int | None, color: bool) -> list[str]:
    """Return the title of a search and the letters of its formulas."""
    problem = found.problem
    letters = {"V": f"{problem.vocabulary:,}", "L": f"{problem.length:,}", "k": f"{problem.beam:,}"}
    if problem.end:
        letters["B"] = f"V − 1 = {problem.branches:,}"
    if states:
        letters["H"] = f"{states.hidden:,}"
    return [bold(f"beam search, {_ending(found)}", color=color), *legend(letters, width, _MEANINGS)]


def calculation_dict(found: SearchPlan, states: LstmStates | None) -> dict[str, Any]:
    """Return the JSON values of a search."""
    problem = found.problem
    document: dict[str, Any] = {
        "vocabulary": problem.vocabulary,
        "length": problem.length,
        "beam": problem.beam,
        "end": problem.end,
        "scores": found.scores.result,
        "kept": found.kept.result,
        "finished": found.finished.result,
        "dropped": found.dropped.result,
        "steps": [_step_dict(first, last, states) for first, last in folded(found)],
        "figures": [figure_dict(figure) for figure in figures(found, states)],
        "greedy": {"scores": figure_dict(found.greedy)},
        "exhaustive": {"scores": figure_dict(found.exhaustive), "sequences": figure_dict(found.sequences)},
    }
    return document


def runs(steps: Iterable[T], key: Callable[[T], Any]) -> Iterator[tuple[T, T]]:
    """Yield the first and the last of each run of neighbours with the same key.

    >>> list(runs([1, 3, 4, 6, 5], lambda number: number % 2))
    [(1, 3), (4, 6), (5, 5)]
    """
    for _, group in groupby(steps, key):
        first, *others = group
        yield first, others[-1] if others else first


def figure_headings(first: str, *counts: str) -> tuple[Heading, ...]:
    """Return the heading of a column of words and those of columns of counts."""
    return (Heading(first), *(Heading(count, right=True) for count in counts))


def folded(found: SearchPlan) -> Iterator[tuple[SearchStep, SearchStep]]:
    """Yield the first and the last of neighbouring steps that differ in their number only."""
    return runs(found.steps, lambda step: step._replace(length=0))


def _ending(found: SearchPlan) -> str:
    return "the hypotheses that end kept apart" if found.problem.end else "without an end symbol"


def steps(found: SearchPlan) -> Grid:
    """Return a row per step, with equal neighbours folded."""
    ending = ["finished"] if found.problem.end else []
    rows = []
    for first, last in folded(found):
        texts = [
            _places(first, last),
            f"[{first.alive}, {found.problem.vocabulary}]",
            f"{first.scores:,}",
            f"{first.kept:,}",
            *([f"{first.finished:,}"] if found.problem.end else []),
            f"{first.dropped:,}",
        ]
        rows.append(Cells(tuple(texts)))
    return Grid(figure_headings("step", "candidates", "scores", "kept", *ending, "dropped"), rows)


def _held(found: SearchPlan, states: LstmStates) -> Grid:
    """Return the states of the live hypotheses, a row per step, with equal neighbours folded."""
    rows = []
    for first, last in runs(found.steps, lambda step: step.kept):
        shape = f"[{states.layers}, {first.kept}, {states.hidden}]"
        size = scientific(state_bytes(first.kept, *states).result)
        rows.append(Cells((_places(first, last), shape, shape, size)))
    return Grid(figure_headings("step", "h", "c", "bytes"), rows)


def _places(first: SearchStep, last: SearchStep) -> str:
    return f"{first.length:,}" if first is last else f"{first.length:,} to {last.length:,}"


def _searches(found: SearchPlan, states: LstmStates | None) -> Grid:
    problem = found.problem
    headings = ["search", "scores", "alive at most", *(["bytes of h, c"] if states else [])]
    widths = {
        "greedy": (found.greedy, 1),
        f"beam of {problem.beam:,}": (found.scores, max(step.kept for step in found.steps)),
        "exhaustive": (found.exhaustive, problem.branches**problem.length),
    }
    rows = []
    for name, (scores, most) in widths.items():
        memory = [scientific(state_bytes(most, *states).result)] if states else []
        rows.append(Cells((name, scientific(scores.result), scientific(most), *memory)))
    return Grid(figure_headings(*headings), rows)


def figures(found: SearchPlan, states: LstmStates | None = None) -> list[SearchFigure]:
    """Return the figures of a search, and of the others."""
    own = [found.scores, found.kept, *([found.finished] if found.problem.end else []), found.dropped]
    if states:
        own.append(state_bytes(max(step.kept for step in found.steps), *states))
    greedy = found.greedy._replace(name="greedy scores")
    return [*own, greedy, found.exhaustive._replace(name="exhaustive scores"), found.sequences]


def lines(figure: SearchFigure) -> list[str]:
    """Return the lines of a figure: its formula, then the same with numbers."""
    rows = [figure.formula, figure.equation]
    return [f"{figure.name if not place else '':<17} = {row}" for place, row in enumerate(rows)]


def notes(found: SearchPlan, width: int | None) -> list[str]:
    """Return notes on when the beam is full, and on what the figures do not show."""
    problem = found.problem
    said = []
    if max(step.kept for step in found.steps) < problem.beam:
        said.append(f"the beam is never full: there are not {problem.beam:,} hypotheses alive to keep")
    elif problem.growing > 1:
        all_of_them = "every candidate that does not end" if problem.end else "every candidate"
        said.append(f"the beam is full from step {problem.growing} on: before it {all_of_them} is kept")
    if problem.end:
        said.append("greedy search stops where it takes the end symbol: it computes at most so many scores")
    if not found.dropped.result:
        said.append("nothing is dropped: this beam search is exhaustive")
    return [line for note in said for line in wrapped(note, width)]


def _step_dict(first: SearchStep, last: SearchStep, states: LstmStates | None) -> dict[str, Any]:
    document: dict[str, Any] = {"first": first.length, "last": last.length}
    document |= {name: getattr(first, name) for name in ("alive", "scores", "kept", "finished", "dropped")}
    if states:
        shape = [states.layers, first.kept, states.hidden]
        document |= {"states": [shape, shape], "state_bytes": state_bytes(first.kept, *states).result}
    return document


def figure_dict(figure: SearchFigure) -> dict[str, Any]:
    """Return the JSON values of a figure; a number of more than `DIGITS` digits is null, with its power of ten."""
    short = figure.result.bit_length() * 30_103 < DIGITS * 100_000
    return {
        "name": figure.name,
        "formula": figure.formula,
        "equation": figure.equation,
        "result": figure.result if short else None,
        "about": scientific(figure.result),
    }
