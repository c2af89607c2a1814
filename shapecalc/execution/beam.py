"""Greedy, beam and exhaustive search over given distributions, in exact arithmetic, with every candidate of each step.

The searches are those of `reference`, which run networks too: here their log-probabilities are `ExactLog`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.calculators.beam_search import Problem, plan
from shapecalc.diagnostics.errors import LayerError, misuse
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.diagnostics.presentation import Presented
from shapecalc.diagnostics.suggestions import closest
from shapecalc.execution.arrays import read_array
from shapecalc.execution.exact_log import ExactLog
from shapecalc.parser.distributions import Distributions, load_distributions
from shapecalc.reference.beam_search import Hypothesis, Level, beam_search, exhaustive, greedy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.parser.distributions import Prefix
    from shapecalc.reference.base import Array
    from shapecalc.reference.beam_search import States

MOST_SCORES = 200_000
"""The most scores that a beam search computes, some seconds."""

LONGEST_SEARCH = 1_000
"""Symbols of the longest sequence."""

MOST_SEQUENCES = 100_000
"""The most scores that exhaustive search computes."""

LONGEST_REPR = 12
"""Symbols of a sequence in one line."""

WIDEST_TRIED = 64
"""The widest beam that is tried to find what a narrower one misses."""

_START = -1

_NUMPY = (".npy", ".npz")
_ROWS = (*_NUMPY, ".csv", ".tsv", ".txt")
"""Endings of files that have rows of numbers only."""
_FLAT = re.compile(r"[\d.,;/\s+eE-]*\d[\d.,;/\s+eE-]*")


class BeamCandidate(NamedTuple):
    """A hypothesis that a step of the search considers, and whether it is in the beam after the step."""

    symbols: Prefix
    score: ExactLog
    fate: str
    """`kept`, `finished` (by the end symbol, and among the best), `dropped`, or `impossible` (probability 0)."""


@dataclass(frozen=True)
class BeamSearch(Presented):
    """The three searches of one problem, the beam search with all candidates of each step."""

    distributions: Distributions
    beam: int
    length: int
    end: int | None
    steps: tuple[tuple[BeamCandidate, ...], ...]
    greedy: Hypothesis
    best: tuple[Hypothesis, ...]
    """The hypotheses of the beam at the end, best first, without impossible ones."""
    every: tuple[Hypothesis, ...]
    """All possible sequences, best first; empty if exhaustive search is left out."""
    left_out: str
    """Why exhaustive search is left out; empty if it is not."""
    bound: Fraction
    """No sequence has a higher probability."""
    enough: int | None
    """The narrowest beam that finds the best sequence, if this one does not, and if that is known."""

    def __repr__(self) -> str:
        """Return the width, the length, the best sequence and its probability."""
        best = " ".join(self.distributions.symbols[symbol] for symbol in self.best[0].symbols[:LONGEST_REPR])
        more = " …" if len(self.best[0].symbols) > LONGEST_REPR else ""
        size = f"beam {self.beam} over {len(self.distributions.symbols)} symbols, {self.length} steps"
        return f"<BeamSearch: {size}, best {best}{more} with {float(product(self.best[0])):.4g}>"

    @property
    def total(self) -> Fraction:
        """The sum of the probabilities of all sequences."""
        return sum((product(hypothesis) for hypothesis in self.every), Fraction(0))

    @property
    def finds_best(self) -> bool | None:
        """Whether no sequence is more probable than the beam's best; None if that is not known."""
        if product(self.best[0]) == self.bound:
            return True
        return False if self.every else None


def limits(candidates: Iterable[BeamCandidate], end: int | None) -> tuple[ExactLog | None, ExactLog | None]:
    """Return the lowest score of the unfinished hypotheses that a step keeps, and the highest of those it drops."""
    unfinished = [each for each in candidates if each.symbols[-1] != end]
    return (
        min((each.score for each in unfinished if each.fate == "kept"), default=None),
        max((each.score for each in unfinished if each.fate == "dropped"), default=None),
    )


def best_known(tree: BeamSearch) -> Hypothesis:
    """Return the best of all sequences, or that of the beam if exhaustive search is left out."""
    return (tree.every or tree.best)[0]


def product(hypothesis: Hypothesis) -> Fraction:
    """Return the probability of a hypothesis."""
    return exact(hypothesis).product


def exact(hypothesis: Hypothesis) -> ExactLog:
    """Return the score of a hypothesis with its factors."""
    score: Any = hypothesis.log_probability
    assert isinstance(score, ExactLog)
    return score


def load(path_or_text: str) -> Distributions:
    """Return the distributions of a text or a file: a table, or rows of numbers as `read_array` reads them.

    Raises `LayerError` and `ShapecalcError` as `read_array` and `load_distributions` do.

    >>> load("0.6,0.4; 0.55,0.45").rows[1]
    (Fraction(11, 20), Fraction(9, 20))
    """
    ending = Path(path_or_text).suffix.lower() if len(path_or_text) < 2**12 else ""
    if ending not in _ROWS and not _FLAT.fullmatch(path_or_text):
        return load_distributions(path_or_text)
    size = read_array(path_or_text, "probabilities").size
    if size > LIMITS.nodes:
        raise LayerError(
            "SC012", expects=f"at most {LIMITS.nodes:,} numbers", receives=f"{size:,}", field="probabilities"
        )
    rows = np.atleast_2d(read_array(path_or_text, "probabilities", exact=True))
    if rows.ndim != 2:  # noqa: PLR2004 - steps and symbols
        raise LayerError("SC305", expects="2 axes, steps and symbols", receives=str(rows.ndim), field="probabilities")
    for index, number in np.ndenumerate(rows):
        if not 0 <= number <= 1:
            expects = f"numbers from 0 to 1 in step {index[0] + 1}"
            raise LayerError("SC201", expects=expects, receives=f"{float(number):g}", field="probabilities")
    for number, row in enumerate(rows.tolist(), 1):
        if not any(row):
            expects = f"a positive probability in step {number}"
            raise LayerError("SC201", expects=expects, receives="only 0", field="probabilities")
    if ending in _NUMPY:  # 0.1 is 1/10, although no float64 is
        rows = np.array([[Fraction(repr(float(number))) for number in row] for row in rows], dtype=object)
    return Distributions(tuple(map(str, range(rows.shape[1]))), tuple(map(tuple, rows.tolist())))


def search(
    distributions: Distributions, *, beam: int = 2, length: int | None = None, end: str | None = None
) -> BeamSearch:
    """Return the three searches.

    Raises `LayerError` SC201 for a length or a beam out of range, SC203 for an unknown end symbol, `ShapecalcError`
    SC106 if a prefix that the beam or greedy search reaches has no distribution.
    """
    last = _end(distributions, end)
    steps = _length(distributions, length)
    costs = plan(Problem(len(distributions.symbols), beam, steps, end=last is not None))
    if costs.scores.result > MOST_SCORES:
        receives = f"{beam}, which computes {costs.scores.result:,}"
        raise LayerError(
            "SC201", expects=f"a search of at most {MOST_SCORES:,} scores", receives=receives, field="beam"
        )
    settings: dict[str, Any] = {"start": _START, "max_length": steps, "end": last}
    levels: list[Level] = []
    try:
        taken = greedy(_Model(distributions), _states(distributions), **settings).hypotheses[0]
        model, states = _Model(distributions), _states(distributions)
        best = beam_search(model, states, **settings, beam=beam, observe=levels.append).hypotheses
    except _MissingError as error:
        raise _missing(distributions, error.prefix) from None
    best = tuple(hypothesis for hypothesis in best if exact(hypothesis).possible)
    every: tuple[Hypothesis, ...] = ()
    left_out = ""
    try:
        model = _Model(distributions, MOST_SEQUENCES)
        every = exhaustive(model, states, **settings, possible=lambda score: bool(score.possible)).hypotheses
    except _MissingError as error:
        left_out = f"there is no distribution {distributions.place(error.prefix)}"
    except _TooManyError:
        left_out = f"it would compute more than {MOST_SEQUENCES:,} scores: {costs.exhaustive.equation}"
    candidates = tuple(tuple(_candidates(level, levels[-1], last)) for level in levels)
    bound = product(every[0]) if every else _bound(distributions, candidates, product(best[0]), last, steps)
    tree = BeamSearch(distributions, beam, steps, last, candidates, taken, best, every, left_out, bound, None)
    return tree if tree.finds_best is not False else replace(tree, enough=_enough(tree, settings))


def _end(distributions: Distributions, end: str | None) -> int | None:
    if end is None:
        return None
    if end not in distributions.symbols:
        near = closest(end, distributions.symbols)
        help_ = f"did you mean `{near}`?" if near else None
        raise LayerError("SC203", expects="a symbol of the distributions", receives=f"`{end}`", field="end", help=help_)
    if len(distributions.symbols) == 1:
        raise LayerError("SC201", expects="a symbol beside the end symbol", receives="one symbol", field="end")
    return distributions.symbols.index(end)


def _length(distributions: Distributions, length: int | None) -> int:
    if length is None:
        length = distributions.length
        if length is None:
            help_ = "prefixes with `*` describe sequences of any length; add `--length STEPS`"
            raise misuse("SC106", "`--length` is missing", help_)
    if distributions.rows and length > len(distributions.rows):
        rows = len(distributions.rows)
        expects = f"at most {rows}, the number of rows"
        raise LayerError("SC201", expects=expects, receives=length, field="length")
    if not 1 <= length <= LONGEST_SEARCH:
        raise LayerError("SC201", expects=f"1 to {LONGEST_SEARCH}", receives=length, field="length")
    return length


def _missing(distributions: Distributions, prefix: Prefix) -> ShapecalcError:
    shown = " ".join(distributions.symbols[symbol] for symbol in prefix)
    ending = distributions.symbols[prefix[-1]]
    help_ = f"add `{shown}`, or `* {ending}` for every prefix that ends with `{ending}`; or give a shorter `--length`"
    return misuse("SC106", f"there is no distribution {distributions.place(prefix)}", help_)


class _MissingError(Exception):
    """A prefix of positive probability has no distribution."""

    def __init__(self, prefix: Prefix) -> None:
        super().__init__(prefix)
        self.prefix = prefix


class _TooManyError(Exception):
    """A search would compute more scores than it may."""


def _states(distributions: Distributions) -> States:
    return np.empty((1, 0), dtype=np.int64), np.ones((1, len(distributions.symbols)), dtype=bool)


class _Model:
    """The step function. Its states are the prefixes [A, t], and which candidates were possible [A, V]."""

    def __init__(self, distributions: Distributions, most: int | None = None) -> None:
        self._distributions = distributions
        self._left = most
        self._logs: dict[int, list[ExactLog]] = {}  # by the identity of a row, whose hash is slow
        self._never = [ExactLog(Fraction(0))] * len(distributions.symbols)

    def __call__(self, tokens: Array, states: States) -> tuple[Array, States]:
        before, possible = states
        prefixes = np.column_stack((before, tokens))
        logs = np.empty((len(tokens), len(self._never)), dtype=object)
        if self._left is not None:
            self._left -= logs.size
            if self._left < 0:
                raise _TooManyError
        for row, (prefix, token) in enumerate(zip(prefixes.tolist(), tokens.tolist(), strict=True)):
            logs[row] = self._after(tuple(prefix[1:])) if possible[row, token] else self._never
        return logs, (prefixes, np.array([score.possible for score in logs.flat]).reshape(logs.shape))

    def _after(self, prefix: Prefix) -> list[ExactLog]:
        row = self._distributions.after(prefix)
        if row is None:
            raise _MissingError(prefix)
        if id(row) not in self._logs:
            self._logs[id(row)] = [ExactLog(probability) for probability in row]
        return self._logs[id(row)]


def _candidates(level: Level, last: Level, end: int | None) -> Iterator[BeamCandidate]:
    """Yield the candidates of a step, parent by parent; a finished one is dropped if better ones replace it later."""
    active = {hypothesis.symbols for hypothesis in level.active}
    finished = {hypothesis.symbols for hypothesis in last.finished}
    for prefix, row in zip(level.prefixes.tolist(), level.candidates, strict=True):
        for symbol, score in enumerate(row):
            symbols = (*prefix, symbol)
            fate = "finished" if symbol == end and symbols in finished else "kept" if symbols in active else "dropped"
            yield BeamCandidate(symbols, score, fate if score.possible else "impossible")


def _bound(
    distributions: Distributions,
    steps: tuple[tuple[BeamCandidate, ...], ...],
    best: Fraction,
    end: int | None,
    length: int,
) -> Fraction:
    """Return a probability that no sequence exceeds: that of the best one, or of a dropped one continued at best."""
    for number, candidates in enumerate(steps, 1):
        _, dropped = limits(candidates, end)
        bound = Fraction(0) if dropped is None else dropped.product
        for step in range(number + 1, length + 1 if end is None else min(length, number + 1) + 1):
            bound *= distributions.most(step, end)
        best = max(best, bound)
    return best


def _enough(tree: BeamSearch, settings: dict[str, Any]) -> int | None:
    for beam in range(tree.beam + 1, WIDEST_TRIED + 1):
        try:
            tried = beam_search(_Model(tree.distributions), _states(tree.distributions), **settings, beam=beam)
        except _MissingError:
            return None
        if product(tried.hypotheses[0]) == tree.bound:
            return beam
    return None
