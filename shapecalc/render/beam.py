"""A search as people read it: its steps, those that are alike folded, its figures, and what it is compared with."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.calculators.beam_search import format_count, state_bytes
from shapecalc.render.derivation import bold, in_ascii, legend, wrapped
from shapecalc.render.terminal.grid import Cells, Grid, Heading, draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.calculators.beam_search import Figure, SearchPlan, SearchStep

DIGITS = 4_000
"""Digits up to which a number is written out in JSON: most readers refuse more than some thousand."""

_MEANINGS = {"V": "symbols", "L": "length", "k": "beam", "B": "symbols that do not end", "H": "hidden units"}


class Lstm(NamedTuple):
    """The states that each hypothesis carries along: h and c of so many layers."""

    layers: int
    hidden: int


def calculation(found: SearchPlan, states: Lstm | None, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the steps of a search, its figures with the numbers put in, and greedy and exhaustive search beside."""
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


def heading(found: SearchPlan, states: Lstm | None = None, *, width: int | None, color: bool) -> list[str]:
    """Return what is searched, and the letters of its formulas."""
    problem = found.problem
    letters = {"V": f"{problem.vocabulary:,}", "L": f"{problem.length:,}", "k": f"{problem.beam:,}"}
    if problem.end:
        letters["B"] = f"V − 1 = {problem.branches:,}"
    if states:
        letters["H"] = f"{states.hidden:,}"
    return [bold(f"beam search, {_ending(found)}", color=color), *legend(letters, width, _MEANINGS)]


def calculation_dict(found: SearchPlan, states: Lstm | None) -> dict[str, Any]:
    """Return a search as JSON's values."""
    problem = found.problem
    document: dict[str, Any] = {
        "schema_version": 1,
        "vocabulary": problem.vocabulary,
        "length": problem.length,
        "beam": problem.beam,
        "end": problem.end,
        "scores": found.scores.result,
        "kept": found.kept.result,
        "finished": found.finished.result,
        "dropped": found.dropped.result,
        "steps": [_step_dict(first, last, states) for first, last in folded(found.steps)],
        "figures": [figure_dict(figure) for figure in figures(found, states)],
        "greedy": {"scores": figure_dict(found.greedy)},
        "exhaustive": {"scores": figure_dict(found.exhaustive), "sequences": figure_dict(found.sequences)},
    }
    return document


def folded(steps: Iterable[SearchStep]) -> Iterator[tuple[SearchStep, SearchStep]]:
    """Yield the first and the last of neighbours that differ in nothing but their place."""
    first: SearchStep | None = None
    last: SearchStep | None = None
    for step in steps:
        if first is not None and last is not None and step._replace(length=0) != first._replace(length=0):
            yield first, last
            first = step
        first, last = first or step, step
    if first is not None and last is not None:
        yield first, last


def _ending(found: SearchPlan) -> str:
    return "the hypotheses that end kept apart" if found.problem.end else "without an end symbol"


def steps(found: SearchPlan) -> Grid:
    """Return a row per step, those that are alike folded."""
    headings = [
        Heading("step"),
        Heading("candidates", right=True),
        Heading("scores", right=True),
        Heading("kept", right=True),
        *([Heading("finished", right=True)] if found.problem.end else []),
        Heading("dropped", right=True),
    ]
    rows = []
    for first, last in folded(found.steps):
        texts = [
            _places(first, last),
            f"[{first.alive}, {found.problem.vocabulary}]",
            f"{first.scores:,}",
            f"{first.kept:,}",
            *([f"{first.finished:,}"] if found.problem.end else []),
            f"{first.dropped:,}",
        ]
        rows.append(Cells(tuple(texts)))
    return Grid(tuple(headings), rows)


def _held(found: SearchPlan, states: Lstm) -> Grid:
    """Return what the hypotheses that stay alive carry along, a row per step, those that are alike folded."""
    rows = []
    for kept, group in groupby(found.steps, key=lambda step: step.kept):
        first, *further = group
        shape = f"[{states.layers}, {kept}, {states.hidden}]"
        where = _places(first, further[-1] if further else first)
        rows.append(Cells((where, shape, shape, format_count(state_bytes(kept, *states).result))))
    headings = ("step", "h", "c", "bytes")
    return Grid(tuple(Heading(text, right=place > 0) for place, text in enumerate(headings)), rows)


def _places(first: SearchStep, last: SearchStep) -> str:
    return f"{first.length:,}" if first is last else f"{first.length:,} to {last.length:,}"


def _searches(found: SearchPlan, states: Lstm | None) -> Grid:
    problem = found.problem
    headings = ["search", "scores", "alive at most", *(["bytes of h, c"] if states else [])]
    widths = {
        "greedy": (found.greedy, 1),
        f"beam of {problem.beam:,}": (found.scores, max(step.kept for step in found.steps)),
        "exhaustive": (found.exhaustive, problem.branches**problem.length),
    }
    rows = []
    for name, (scores, most) in widths.items():
        memory = [format_count(state_bytes(most, *states).result)] if states else []
        rows.append(Cells((name, format_count(scores.result), format_count(most), *memory)))
    return Grid(tuple(Heading(text, right=place > 0) for place, text in enumerate(headings)), rows)


def figures(found: SearchPlan, states: Lstm | None = None) -> list[Figure]:
    """Return what a search comes to, and what the others do."""
    own = [found.scores, found.kept, *([found.finished] if found.problem.end else []), found.dropped]
    if states:
        own.append(state_bytes(max(step.kept for step in found.steps), *states))
    greedy = found.greedy._replace(name="greedy scores")
    return [*own, greedy, found.exhaustive._replace(name="exhaustive scores"), found.sequences]


def lines(figure: Figure) -> list[str]:
    """Return a figure: its formula, then the numbers put in."""
    rows = [figure.formula, figure.equation]
    return [f"{figure.name if not place else '':<17} = {row}" for place, row in enumerate(rows)]


def notes(found: SearchPlan, width: int | None) -> list[str]:
    """Say when the beam is full, and what the figures do not show."""
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


def _step_dict(first: SearchStep, last: SearchStep, states: Lstm | None) -> dict[str, Any]:
    document: dict[str, Any] = {"first": first.length, "last": last.length}
    document |= {name: getattr(first, name) for name in ("alive", "scores", "kept", "finished", "dropped")}
    if states:
        shape = [states.layers, first.kept, states.hidden]
        document |= {"states": [shape, shape], "state_bytes": state_bytes(first.kept, *states).result}
    return document


def figure_dict(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON's values; a number of thousands of digits stands as null beside its power of ten."""
    short = figure.result.bit_length() * 30_103 < DIGITS * 100_000
    return {
        "name": figure.name,
        "formula": figure.formula,
        "equation": figure.equation,
        "result": figure.result if short else None,
        "about": format_count(figure.result),
    }
