"""An exhaustive search step by step: what the closed forms of `shapecalc beam` are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.calculators.beam_search import Problem, SearchStep

if TYPE_CHECKING:
    from collections.abc import Iterator


def exhaustive_steps(problem: Problem) -> Iterator[SearchStep]:
    """Yield the steps of a search that drops nothing."""
    alive, finished = 1, 0
    for length in range(1, problem.length + 1):
        finished += alive * problem.end
        yield SearchStep(length, alive, alive * problem.vocabulary, alive * problem.branches, finished, 0)
        alive *= problem.branches
