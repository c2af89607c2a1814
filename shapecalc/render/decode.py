"""A decoding loop as text and JSON: the search, the network's costs at each step, and the counts of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics.numbers import finite, scientific
from shapecalc.dims import show
from shapecalc.render.beam import (
    figure_dict,
    figure_headings,
    figures,
    heading,
    lines,
    notes,
    runs,
    steps as steps_grid,
)
from shapecalc.render.derivation import in_ascii, wrapped
from shapecalc.render.terminal.grid import Cells, Grid, draw, escaped
from shapecalc.render.terminal.numbers import rounded
from shapecalc.render.terminal.palette import bold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.costs.decoding import DecodeStep, Loop
    from shapecalc.execution.decode import Decoded

MOST_SHOWN = 12
"""The most symbols of a sequence that are shown."""


def unrolled(loop: Loop, decoded: Decoded | None, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the search, the costs of its steps, totals compared with the other searches, and the counts of a run."""
    decode = loop.decode
    title, *legend = heading(loop.search, width=width, color=color)
    states = " and ".join(escaped(name, unicode=unicode) for name in decode.states)
    how = f"each step runs on one new symbol, {states} from the states before"
    if not decode.states:
        how = "each step reads all symbols so far again"
    blocks = [
        [
            bold(escaped(loop.architecture.name, unicode=unicode), color=color),
            title,
            *legend,
            *wrapped(f"`{escaped(decode.token, unicode=unicode)}`: {how}", width),
        ],
        [draw(steps_grid(loop.search), width=width, color=color, unicode=unicode)],
        [draw(_costs(loop, unicode=unicode), width=width, color=color, unicode=unicode)],
        [*_growth(loop, width), *(line for figure in figures(loop.search) for line in lines(figure))],
        [draw(_searches(loop), width=width, color=color, unicode=unicode)],
    ]
    said = notes(loop.search, width)
    blocks += [said] if said else []
    blocks += [list(_counted(loop, decoded, width))] if decoded is not None else []
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def unrolled_dict(loop: Loop, decoded: Decoded | None) -> dict[str, Any]:
    """Return the JSON values of a decoding loop."""
    decode, problem = loop.decode, loop.search.problem
    document: dict[str, Any] = {
        "name": loop.architecture.name,
        "token": decode.token,
        "states": list(decode.states),
        "start": decode.start,
        "end": decode.end,
        "vocabulary": problem.vocabulary,
        "length": problem.length,
        "beam": problem.beam,
        "sizes": dict(loop.sizes),
        "dtype": loop.dtype,
        "macs_once": loop.once,
        "macs": loop.macs,
        "macs_cached": loop.cached_macs,
        "macs_growth": loop.growth._asdict() if loop.growth else None,
        "scores": loop.search.scores.result,
        "kept": loop.search.kept.result,
        "finished": loop.search.finished.result,
        "dropped": loop.search.dropped.result,
        "figures": [figure_dict(figure) for figure in figures(loop.search)],
        "greedy": {"scores": figure_dict(loop.search.greedy), "macs": loop.greedy},
        "exhaustive": {
            "scores": figure_dict(loop.search.exhaustive),
            "sequences": figure_dict(loop.search.sequences),
            "macs_about": scientific(loop.exhaustive),
        },
        "steps": [_step_dict(step) for step in loop.steps],
    }
    return document if decoded is None else {**document, "run": _run_dict(decoded)}


def _run_dict(decoded: Decoded) -> dict[str, Any]:
    return {
        "ok": decoded.ok,
        "differences": [
            {"what": check.what, "predicted": str(check.predicted), "counted": str(check.counted)}
            for check in decoded.checks
            if not check.ok
        ],
        "figures_compared": len(decoded.checks),
        "reread": {"decoded": finite(decoded.search.active[0].log_probability), "at_once": finite(decoded.reread)},
        "hypotheses": [hypothesis._asdict() for hypothesis in decoded.search.hypotheses],
    }


def _step_dict(step: DecodeStep) -> dict[str, Any]:
    return {
        **step.step._asdict(),
        "candidates": list(step.scores),
        "macs": step.macs,
        "states": {name: list(shape) for name, shape in step.states},
        "state_bytes": step.state_bytes,
        "macs_cached": step.cached_macs,
        "cache_bytes": step.cache_bytes,
    }


def _costs(loop: Loop, *, unicode: bool) -> Grid:
    """Return a row per step, or per run of steps with the same search: MACs and memory."""
    cached = loop.cached_macs is not None
    names = (
        ["MACs, k and v cached", "bytes of k and v"]
        if cached
        else [name for name, _ in loop.steps[0].states] + ["bytes"]
    )
    rows = []
    for first, last in runs(loop.steps, lambda step: step.step._replace(length=0)):
        at = first.step.length
        texts = [f"{at:,}" if first is last else f"{at:,} to {last.step.length:,}", _span(first.macs, last.macs)]
        if cached:
            assert first.cached_macs is not None
            assert last.cached_macs is not None
            texts.append(_span(first.cached_macs, last.cached_macs))
            texts.append(_span(first.cache_bytes or 0, last.cache_bytes or 0))
        else:
            shapes = zip(first.states, last.states, strict=True)
            texts += [show(a) if a == b else f"{show(a)} to {show(b)}" for (_, a), (_, b) in shapes]
            texts.append(_span(first.state_bytes, last.state_bytes))
        rows.append(Cells(tuple(texts)))
    return Grid(figure_headings("step", "MACs", *(escaped(name, unicode=unicode) for name in names)), rows)


def _span(first: int, last: int) -> str:
    return rounded(first) if first == last else f"{rounded(first)} to {rounded(last)}"


def _growth(loop: Loop, width: int | None) -> list[str]:
    rows = []
    if loop.once:
        rows += [f"{'once':<17} = {loop.once:,} MACs, for what depends on no chosen symbol"]
    growth = loop.growth
    if growth is not None:
        letters, numbers = "a·t + b·t²", f"{growth.a:,}·t + {growth.b:,}·t²"
        if growth.c:
            letters, numbers = f"c + {letters}", f"{growth.c:,} + {numbers}"
        rows += [f"{'MACs of t symbols':<17} = {letters}", f"{'':<17} = {numbers}"]
        if loop.cached_macs is not None:
            once = " (and c at the first step)" if growth.c else ""
            rows += [
                f"{'k and v cached':<17} = a + b·t{once}",
                f"{'':<17} = {growth.a:,} + {growth.b:,}·t",
            ]
        elif not loop.decode.states:
            rows += wrapped("keys and values cannot be cached: not every query is masked from later positions", width)
    elif not loop.decode.states:
        rows += wrapped("the MACs are no polynomial of degree 2 in the length: no cache is compared", width)
    return rows


def _searches(loop: Loop) -> Grid:
    search = loop.search
    beam = f"beam of {search.problem.beam:,}"
    rows = [
        ("greedy", search.greedy.result, loop.greedy, 1),
        (beam, search.scores.result, loop.macs, max(step.kept for step in search.steps)),
        ("exhaustive", search.exhaustive.result, loop.exhaustive, search.problem.branches**search.problem.length),
    ]
    cells = [Cells((name, scientific(scores), _macs(macs), scientific(live))) for name, scores, macs, live in rows]
    if loop.cached_macs is not None:
        cells.insert(
            2, Cells((f"{beam}, k and v cached", scientific(search.scores.result), _macs(loop.cached_macs), ""))
        )
    return Grid(figure_headings("search", "scores", "MACs", "hypotheses"), cells)


def _macs(count: int) -> str:
    return rounded(count) if count < 10**18 else scientific(count)


def _counted(loop: Loop, decoded: Decoded, width: int | None) -> Iterator[str]:
    wrong = [check for check in decoded.checks if not check.ok]
    for check in wrong:
        yield f"{check.what}: predicted {check.predicted}, counted {check.counted}"
    if not wrong:
        yield from wrapped(
            f"decoded with random weights: {len(decoded.checks)} figures counted, all as predicted", width
        )
    one, other = decoded.search.active[0].log_probability, decoded.reread
    sign = "and" if decoded.rereads else "but"
    sentence = f"the best sequence of {loop.decode.max_length} symbols has log-probability {one:.4f} symbol by symbol, "
    yield from wrapped(f"{sentence}{sign} {other:.4f} read at once", width)
    for hypothesis in decoded.search.hypotheses:
        symbols = " ".join(map(str, hypothesis.symbols[:MOST_SHOWN]))
        more = f" … ({len(hypothesis.symbols)} symbols)" if len(hypothesis.symbols) > MOST_SHOWN else ""
        yield f"{hypothesis.score:10.4f}  {symbols}{more}"
