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


def calculation(search: SearchPlan, states: LstmStates | None, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the steps of a search, its figures with their numbers, and those of greedy and exhaustive search."""
    blocks = [
        heading(search, states, width=width, color=color),
        [draw(steps(search), width=width, color=color, unicode=unicode)],
        *([[draw(_states(search, states), width=width, color=color, unicode=unicode)]] if states else []),
        [line for figure in figures(search, states) for line in lines(figure)],
        [draw(_searches(search, states), width=width, color=color, unicode=unicode)],
    ]
    paragraphs = notes(search, width)
    blocks += [paragraphs] if paragraphs else []
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def heading(search: SearchPlan, states: LstmStates | None = None, *, width: int | None, color: bool) -> list[str]:
    """Return the title of a search and the letters of its formulas."""
    problem = search.problem
    letters = {"V": f"{problem.vocabulary:,}", "L": f"{problem.length:,}", "k": f"{problem.beam:,}"}
    if problem.end:
        letters["B"] = f"V − 1 = {problem.branches:,}"
    if states:
        letters["H"] = f"{states.hidden:,}"
    return [bold(f"beam search, {_ending(search)}", color=color), *legend(letters, width, _MEANINGS)]


def calculation_dict(search: SearchPlan, states: LstmStates | None) -> dict[str, Any]:
    """Return the JSON values of a search."""
    problem = search.problem
    return {
        "vocabulary": problem.vocabulary,
        "length": problem.length,
        "beam": problem.beam,
        "end": problem.end,
        "scores": search.scores.result,
        "kept": search.kept.result,
        "finished": search.finished.result,
        "dropped": search.dropped.result,
        "steps": [_step_dict(first, last, states) for first, last in folded(search)],
        "figures": [figure_dict(figure) for figure in figures(search, states)],
        "greedy": {"scores": figure_dict(search.greedy)},
        "exhaustive": {"scores": figure_dict(search.exhaustive), "sequences": figure_dict(search.sequences)},
    }


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


def folded(search: SearchPlan) -> Iterator[tuple[SearchStep, SearchStep]]:
    """Yield the first and the last of neighbouring steps that differ in their number only."""
    return runs(search.steps, lambda step: step._replace(length=0))


def _ending(search: SearchPlan) -> str:
    return "finished hypotheses in a list of their own" if search.problem.end else "without an end symbol"


def steps(search: SearchPlan) -> Grid:
    """Return a row per step, with equal neighbours folded."""
    ending = ["finished"] if search.problem.end else []
    rows = []
    for first, last in folded(search):
        texts = [
            _places(first, last),
            f"[{first.alive}, {search.problem.vocabulary}]",
            f"{first.scores:,}",
            f"{first.kept:,}",
            *([f"{first.finished:,}"] if search.problem.end else []),
            f"{first.dropped:,}",
        ]
        rows.append(Cells(tuple(texts)))
    return Grid(figure_headings("step", "candidates", "scores", "kept", *ending, "dropped"), rows)


def _states(search: SearchPlan, states: LstmStates) -> Grid:
    """Return the states of the live hypotheses, a row per step, with equal neighbours folded."""
    rows = []
    for first, last in runs(search.steps, lambda step: step.kept):
        shape = f"[{states.layers}, {first.kept}, {states.hidden}]"
        size = scientific(state_bytes(first.kept, *states).result)
        rows.append(Cells((_places(first, last), shape, shape, size)))
    return Grid(figure_headings("step", "h", "c", "bytes"), rows)


def _places(first: SearchStep, last: SearchStep) -> str:
    return f"{first.length:,}" if first is last else f"{first.length:,} to {last.length:,}"


def _searches(search: SearchPlan, states: LstmStates | None) -> Grid:
    problem = search.problem
    headings = ["search", "scores", "hypotheses", *(["bytes of h, c"] if states else [])]
    widths = {
        "greedy": (search.greedy, 1),
        f"beam of {problem.beam:,}": (search.scores, max(step.kept for step in search.steps)),
        "exhaustive": (search.exhaustive, problem.branches**problem.length),
    }
    rows = []
    for name, (scores, most) in widths.items():
        memory = [scientific(state_bytes(most, *states).result)] if states else []
        rows.append(Cells((name, scientific(scores.result), scientific(most), *memory)))
    return Grid(figure_headings(*headings), rows)


def figures(search: SearchPlan, states: LstmStates | None = None) -> list[SearchFigure]:
    """Return the figures of a search, and of the others."""
    own = [search.scores, search.kept, *([search.finished] if search.problem.end else []), search.dropped]
    if states:
        own.append(state_bytes(max(step.kept for step in search.steps), *states))
    greedy = search.greedy._replace(name="greedy scores")
    return [*own, greedy, search.exhaustive._replace(name="exhaustive scores"), search.sequences]


def lines(figure: SearchFigure) -> list[str]:
    """Return the lines of a figure: its formula, then the same with numbers."""
    rows = [figure.formula, figure.equation]
    return [f"{figure.name if not place else '':<17} = {row}" for place, row in enumerate(rows)]


def notes(search: SearchPlan, width: int | None) -> list[str]:
    """Return notes on when the beam is full, and on what the figures do not show."""
    problem = search.problem
    paragraphs = []
    if max(step.kept for step in search.steps) < problem.beam:
        paragraphs.append(f"the beam is never full: there are fewer than {problem.beam:,} hypotheses")
    elif problem.growing > 1:
        all_of_them = "every candidate that does not end" if problem.end else "every candidate"
        paragraphs.append(f"the beam is full from step {problem.growing} on: before it {all_of_them} is kept")
    if problem.end:
        paragraphs.append("greedy search stops at the end symbol: its scores are an upper limit")
    if not search.dropped.result:
        paragraphs.append("nothing is dropped: this beam search is exhaustive")
    return [line for note in paragraphs for line in wrapped(note, width)]


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
