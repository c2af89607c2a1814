"""Costs of greedy, beam and exhaustive search: hypotheses, scores and states at each step.

V: symbols, L: length, k: beam, B: symbols that continue a hypothesis, V − 1 with an end symbol and V without. No count
depends on a probability, because no search stops before its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.diagnostics.numbers import scientific
from shapecalc.layers.fields import LARGEST_DIM

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 100_000
"""Symbols of the longest sequence that is allowed."""

MOST_TERMS = 5
"""Terms up to which a sum is written term by term; a longer one is written as a quotient."""

LSTM_STATES = 2
"""The states of an LSTM: h and c."""


class SearchFigure(NamedTuple):
    """One number: its formula, the formula with numbers substituted, and the result, an integer of any size.

    >>> SearchFigure("sequences", "V^L", "10,000^20", 10_000**20).equation
    '10,000^20 = 10^80'
    """

    name: str
    formula: str
    numbers: str
    result: int

    @property
    def equation(self) -> str:
        """The substituted formula and its result."""
        shown = scientific(self.result)
        exact = "·" not in shown
        return shown if self.numbers == shown else f"{self.numbers} {'=' if exact else '≈'} {shown}"


class SearchStep(NamedTuple):
    """One step of a search: hypotheses at its start, scores computed, and candidates kept, finished and dropped."""

    length: int
    alive: int
    scores: int
    kept: int
    finished: int
    """Finished hypotheses in the pool after the step."""
    dropped: int
    """Candidates that are not kept, and finished hypotheses that better ones replaced in the pool."""


class Problem(NamedTuple):
    """A search problem: the number of symbols, the beam, the number of steps, and whether a symbol ends a sequence.

    >>> problem = Problem(vocabulary=10_000, beam=5, length=20, end=False)
    >>> [step.scores for step in beam_steps(problem)][:3]
    [10000, 50000, 50000]
    """

    vocabulary: int
    beam: int
    length: int
    end: bool = True

    @property
    def branches(self) -> int:
        """Symbols that continue a hypothesis."""
        return self.vocabulary - self.end

    @property
    def letter(self) -> str:
        """The letter of `branches` in formulas."""
        return "B" if self.end else "V"

    @property
    def growing(self) -> int:
        """Steps that begin with fewer than `beam` hypotheses; at least one.

        >>> Problem(vocabulary=10, beam=100, length=20, end=False).growing     # 1, then 10, then 100 alive
        2
        """
        width, steps = 1, 0
        while width < self.beam and steps < self.length and self.branches > 1:
            width *= self.branches
            steps += 1
        return max(steps, 1)

    def check(self) -> None:
        """Raise `LayerError` SC201 if a size is below 1 or above its limit, or no symbol continues a hypothesis."""
        for field, value, most in (
            ("vocabulary", self.vocabulary, LARGEST_DIM),
            ("beam", self.beam, LARGEST_DIM),
            ("length", self.length, LONGEST),
        ):
            if not 1 <= value <= most:
                raise LayerError("SC201", expects=f"1 to {most}", receives=value, preposition="as", field=field)
        if self.branches < 1:
            expects = "a symbol beside the end symbol"
            raise LayerError("SC201", expects=expects, receives="a vocabulary of 1", field="vocabulary")


class SearchPlan(NamedTuple):
    """Beam, greedy and exhaustive search of one problem, each count with its formula."""

    problem: Problem
    steps: tuple[SearchStep, ...]
    scores: SearchFigure
    kept: SearchFigure
    finished: SearchFigure
    dropped: SearchFigure
    greedy: SearchFigure
    exhaustive: SearchFigure
    sequences: SearchFigure
    """Complete sequences that exhaustive search scores."""


def plan(problem: Problem) -> SearchPlan:
    """Return the counts of the three searches; raise `LayerError` SC201 as `Problem.check` does.

    >>> search = plan(Problem(vocabulary=10_000, beam=5, length=20, end=False))
    >>> search.scores.formula, search.scores.equation
    ('V + (L − 1)·k·V', '10,000 + 19·5·10,000 = 960,000')
    >>> search.sequences.result == 10_000**20 == 10**80
    True
    """
    problem.check()
    steps = tuple(beam_steps(problem))
    return SearchPlan(
        problem,
        steps,
        _scores(problem, sum(step.scores for step in steps)),
        _kept(problem, sum(step.kept for step in steps)),
        _finished(problem, steps[-1].finished),
        _dropped(steps),
        SearchFigure(
            "scores", "L·V", f"{problem.length:,}·{problem.vocabulary:,}", problem.length * problem.vocabulary
        ),
        _every_score(problem),
        _sequences(problem),
    )


def beam_steps(problem: Problem) -> Iterator[SearchStep]:
    """Yield the steps of a beam search that keeps at most `beam` hypotheses, and a pool of as many finished ones."""
    alive, finished = 1, 0
    for length in range(1, problem.length + 1):
        scores = alive * problem.vocabulary
        kept = min(problem.beam, alive * problem.branches)
        pool = min(problem.beam, finished + alive) if problem.end else 0
        yield SearchStep(length, alive, scores, kept, pool, scores + finished - kept - pool)
        alive, finished = kept, pool


def powers(base: int, count: int) -> int:
    """Return 1 + b + b² + …, a sum of `count` terms.

    >>> powers(10, 3), powers(1, 3)
    (111, 3)
    """
    return count if base == 1 else (base**count - 1) // (base - 1)


def state_bytes(hypotheses: int, layers: int, hidden: int, itemsize: int = 4) -> SearchFigure:
    """Return the bytes of h and c of an LSTM for a number of hypotheses; float32 by default.

    >>> state_bytes(5, layers=2, hidden=512).equation
    '5·2·2·512·4 = 40,960'
    """
    result = hypotheses * layers * LSTM_STATES * hidden * itemsize
    return SearchFigure(
        "bytes", "kept·layers·2·H·4", f"{scientific(hypotheses)}·{layers:,}·{LSTM_STATES}·{hidden:,}·{itemsize}", result
    )


def _scores(problem: Problem, result: int) -> SearchFigure:
    """Return V·(active hypotheses at each step): 1, B, B², … while these are fewer than k, then k."""
    growing, rest = problem.growing, problem.length - problem.growing
    vocabulary = f"{problem.vocabulary:,}"
    if growing == 1:
        letters, numbers = "V", vocabulary
    else:
        sums = _sum(problem.branches, growing, problem.letter)
        letters, numbers = f"{sums[0]}·V", f"{sums[1]}·{vocabulary}"
    if rest:
        width = problem.beam if problem.branches > 1 else 1
        letters += f" + (L − {growing})·{'k' if problem.branches > 1 else '1'}·V"
        numbers += f" + {rest:,}·{width:,}·{vocabulary}"
    return SearchFigure("scores", letters, numbers, result)


def _kept(problem: Problem, result: int) -> SearchFigure:
    if problem.branches == 1:
        return SearchFigure("kept", "L·1", f"{problem.length:,}·1", result)
    growing, beam = problem.growing, problem.beam
    widths = [min(beam, problem.branches**step) for step in range(1, growing + 1)]
    if widths[0] == beam:
        return SearchFigure("kept", "L·k", f"{problem.length:,}·{beam:,}", result)
    shown = [f"{width:,}" for width in widths]
    if len(shown) > MOST_TERMS:
        shown = [*shown[: MOST_TERMS - 2], "…", shown[-1]]
    numbers = " + ".join(shown)
    formula = f"Σ min(k, {problem.letter}^t)"
    if problem.length > growing:
        numbers += f" + {problem.length - growing:,}·{beam:,}"
    return SearchFigure("kept", formula, numbers, result)


def _finished(problem: Problem, result: int) -> SearchFigure:
    if not problem.end:
        return SearchFigure("finished", "no end symbol", "0", 0)
    ended = sum(step.alive for step in beam_steps(problem))
    return SearchFigure("finished", "min(k, Σ alive)", f"min({problem.beam:,}, {ended:,})", result)


def _dropped(steps: tuple[SearchStep, ...]) -> SearchFigure:
    scores, kept = sum(step.scores for step in steps), sum(step.kept for step in steps)
    finished = steps[-1].finished
    formula, numbers = "scores − kept", f"{scores:,} − {kept:,}"
    if finished:
        formula, numbers = f"{formula} − finished", f"{numbers} − {finished:,}"
    return SearchFigure("dropped", formula, numbers, sum(step.dropped for step in steps))


def _every_score(problem: Problem) -> SearchFigure:
    result = problem.vocabulary * powers(problem.branches, problem.length)
    letters, numbers = _sum(problem.branches, problem.length, problem.letter, "L")
    return SearchFigure("scores", f"{letters}·V", f"{numbers}·{problem.vocabulary:,}", result)


def _sequences(problem: Problem) -> SearchFigure:
    power = f"{problem.branches:,}^{problem.length}"
    result: int = problem.branches**problem.length
    if not problem.end:
        return SearchFigure("sequences", "V^L", power, result)
    result += powers(problem.branches, problem.length)
    letters, numbers = _sum(problem.branches, problem.length, "B", "L")
    return SearchFigure("sequences", f"{letters} + B^L", f"{numbers} + {power}", result)


def _sum(base: int, count: int, letter: str, length: str = "") -> tuple[str, str]:
    """Return 1 + b + b² + … of `count` terms, in letters and in numbers."""
    if base == 1:
        return length or f"{count}", f"{count:,}"
    if count <= MOST_TERMS and not length:
        letters = " + ".join(["1", letter, *(f"{letter}^{power}" for power in range(2, count))][:count])
        return f"({letters})", f"({' + '.join(f'{base**power:,}' for power in range(count))})"
    return f"({letter}^{length or count} − 1)/({letter} − 1)", f"({base:,}^{count} − 1)/{base - 1:,}"
