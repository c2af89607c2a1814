"""What the searches over given distributions find and miss, in sentences, and the same as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics.numbers import finite
from shapecalc.execution.beam import best_known, exact, limits, product
from shapecalc.execution.exact_log import logarithm
from shapecalc.render.terminal.grid import display_width, escaped
from shapecalc.render.terminal.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from shapecalc.execution.beam import BeamCandidate, BeamSearch
    from shapecalc.reference.beam_search import Hypothesis

WIDEST_SYMBOL = 16
"""Columns of a symbol; a longer one is cut."""

LONGEST_SEQUENCE = 12
"""Symbols of a sequence in text; of a longer one the first and the last are shown."""


def sequence(result: BeamSearch, symbols: tuple[int, ...], *, unicode: bool) -> str:
    """Return the symbols of a sequence, separated by spaces."""
    names = [_cut(escaped(name, unicode=unicode)) for name in _names(result, symbols)]
    if len(names) > LONGEST_SEQUENCE:
        names = [*names[: LONGEST_SEQUENCE - 2], "…", names[-1]]
    return " ".join(names)


def _cut(name: str) -> str:
    while display_width(name) > WIDEST_SYMBOL:
        name = name.removesuffix("…")[:-1] + "…"
    return name


def _names(result: BeamSearch, symbols: Iterable[int]) -> list[str]:
    return [result.distributions.symbols[symbol] for symbol in symbols]


def notes(result: BeamSearch, depth: int, *, unicode: bool) -> list[str]:
    """Return sentences: what greedy search and the beam miss, what exhaustive search says, and what is unusual."""
    sentences = [_greedy(result, unicode=unicode), _beam(result, unicode=unicode)]
    if result.left_out:
        sentences.append(f"exhaustive search is left out: {result.left_out}")
    else:
        sentences.append(
            f"the probabilities of all {len(result.every):,} possible sequences sum to {_sum(result.total)}"
        )
    tied = _tied(result)
    if tied:
        number, limit = tied
        sentences.append(
            f"at step {number:,} the lowest that the beam keeps and the best that it drops are equal, "
            f"{significant(limit)}: the one whose symbols are first in the table stays"
        )
    if depth < result.length:
        sentences.append(f"the tree shows the first {depth:,} of {result.length:,} steps; `--format json` has all")
    sums = result.distributions.sums()
    if sums:
        place, total = next(iter(sums.items()))
        others = f", and {len(sums) - 1:,} more do not either" if len(sums) > 1 else ""
        where = _at(place, unicode=unicode)
        sentences.append(
            f"note: the probabilities {where} sum to {_sum(total)}, not to 1{others}; they are used as they are, so "
            "that products are scores and not probabilities"
        )
    return sentences


def _at(place: str, *, unicode: bool) -> str:
    return escaped(f"of {place}" if place.startswith("step") else place, unicode=unicode)


def _sum(total: Fraction) -> str:
    return significant(total, 6)


def _greedy(result: BeamSearch, *, unicode: bool) -> str:
    best, taken = best_known(result), result.greedy
    if taken.symbols == best.symbols:
        which = "the same sequence as the beam" if result.finds_best is None else "the best sequence"
        return f"greedy search finds {which}, `{sequence(result, best.symbols, unicode=unicode)}`"
    if product(taken) >= product(best):
        return f"greedy search finds a sequence as probable as the best one: {significant(product(taken))}"
    step = next(
        place for place, pair in enumerate(zip(taken.symbols, best.symbols, strict=False), 1) if pair[0] != pair[1]
    )
    factors = [significant(exact(each).factors[step - 1]) for each in (taken, best)]
    names = [sequence(result, each.symbols[step - 1 : step], unicode=unicode) for each in (taken, best)]
    return (
        f"greedy search misses `{sequence(result, best.symbols, unicode=unicode)}`, {significant(product(best))}: at "
        f"step {step:,} it takes `{names[0]}` ({factors[0]}) and not `{names[1]}` ({factors[1]}), and ends with "
        f"{significant(product(taken))}"
    )


def _beam(result: BeamSearch, *, unicode: bool) -> str:
    beam = f"the beam of {result.beam:,}"
    best = significant(product(result.best[0]))
    if result.finds_best is None:
        return f"{beam} finds {best}; no sequence has more than {significant(result.bound)}, so a better one may exist"
    if result.finds_best:
        why = "" if result.every else ": no hypothesis that it drops can have more"
        return f"{beam} finds the best sequence, `{sequence(result, result.best[0].symbols, unicode=unicode)}`{why}"
    lost = _lost(result)
    best, dropped = (sequence(result, symbols, unicode=unicode) for symbols in (result.every[0].symbols, lost.symbols))
    lowest = min(each.score.product for each in result.steps[len(lost.symbols) - 1] if each.fate == "kept")
    wider = f"; a beam of {result.enough:,} finds it" if result.enough else ""
    return (
        f"{beam} misses `{best}`, {significant(product(result.every[0]))}: at step {len(lost.symbols):,} it drops "
        f"`{dropped}` ({significant(lost.score.product)}), as the lowest that it keeps has {significant(lowest)}{wider}"
    )


def _tied(result: BeamSearch) -> tuple[int, Fraction] | None:
    """Return the first step at which a dropped hypothesis is as probable as one that is not, and the probability."""
    for number, step in enumerate(result.steps, 1):
        lowest, highest = limits(step, result.end)
        if lowest is not None and highest is not None and not highest < lowest:
            return number, lowest.product
    return None


def _lost(result: BeamSearch) -> BeamCandidate:
    """Return the candidate by which the beam loses the best sequence."""
    best = result.every[0].symbols
    return next(
        each
        for step in result.steps
        for each in step
        if each.fate == "dropped" and each.symbols == best[: len(each.symbols)]
    )


def tree_dict(result: BeamSearch) -> dict[str, Any]:
    """Return the JSON values of a search: every candidate of every step, and what the searches find."""
    return {
        "symbols": list(result.distributions.symbols),
        "length": result.length,
        "beam": result.beam,
        "end": None if result.end is None else result.distributions.symbols[result.end],
        "steps": [
            {"step": number, "candidates": [_candidate_dict(result, each) for each in candidates]}
            for number, candidates in enumerate(result.steps, 1)
        ],
        "greedy": {
            **_hypothesis_dict(result, result.greedy),
            "misses": product(result.greedy) < product(best_known(result)),
        },
        "hypotheses": [_hypothesis_dict(result, hypothesis) for hypothesis in result.best],
        "exhaustive": {
            "sequences": len(result.every) or None,
            "total": float(result.total) if result.every else None,
            "best": _hypothesis_dict(result, result.every[0]) if result.every else None,
            "left_out": result.left_out or None,
        },
        "finds_best": result.finds_best,
        "bound": float(result.bound),
        "beam_that_finds_best": result.beam if result.finds_best else result.enough,
        "sums": {place: float(total) for place, total in result.distributions.sums().items()},
    }


def _candidate_dict(result: BeamSearch, candidate: BeamCandidate) -> dict[str, Any]:
    return {
        "symbols": _names(result, candidate.symbols),
        **_score_dict(candidate.score.product),
        "kept": candidate.fate in ("kept", "finished"),
        "finished": candidate.symbols[-1] == result.end,
    }


def _hypothesis_dict(result: BeamSearch, hypothesis: Hypothesis) -> dict[str, Any]:
    return {
        "symbols": _names(result, hypothesis.symbols),
        "factors": [float(factor) for factor in exact(hypothesis).factors],
        **_score_dict(product(hypothesis)),
        "finished": hypothesis.finished,
    }


def _score_dict(number: Fraction) -> dict[str, Any]:
    return {"probability": float(number), "exact": str(number), "log_probability": finite(logarithm(number))}
