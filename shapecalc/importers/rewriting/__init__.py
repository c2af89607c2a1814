"""Steps of a graph that are together one layer → that layer, for the readers of all formats.

A rule puts a layer in place of steps only if the function is the same, and nothing else reads what is computed on the
way. Rules are grouped by the field's terms, a file each, and applied in rounds: each round tries all rules at each step
from the first to the last, until none applies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.importers.graph import Array, ImportedGraph

MOST_ROUNDS = 8
"""Rounds of one group of rules; fewer are needed, since a round follows the order of the steps."""


def rewrite(graph: ImportedGraph, arrays: Callable[[list[str]], Mapping[str, Array]] | None = None) -> None:
    """Put layers in place of the steps that they are together.

    `arrays` reads tensors of the file by name: with it, tables of constants are compared with those of a layer.

    >>> from shapecalc.importers.graph import ImportedGraph
    >>> graph = ImportedGraph("an activation", "by hand")
    >>> x = graph.input("x", (1, 8))
    >>> graph.output("y", graph.step("multiply", x, graph.step("sigmoid", x)))
    >>> rewrite(graph)
    >>> [(node.type, node.comment) for node in graph.nodes]
    [('silu', 'SiLU, from 2 operators')]
    """
    from shapecalc.importers.rewriting import (  # noqa: PLC0415 - the command line starts without the rules
        activation,
        attention,
        linear,
        moving,
        multihead,
        normalization,
        numbers,
        rotary,
        slicing,
        tokens,
    )
    from shapecalc.importers.rewriting.rewriter import Rewriter  # noqa: PLC0415

    at = Rewriter(graph, arrays)
    at.bury_unread()
    cleanup = (numbers.RULES, moving.RULES, slicing.RULES)
    for groups in (
        cleanup,
        (*cleanup, activation.RULES, normalization.RULES, linear.RULES),
        (*cleanup, attention.RULES, rotary.RULES, tokens.RULES),
        (*cleanup, multihead.RULES),
        (linear.SCALES,),
        cleanup,
    ):
        rounds = 0
        while at.apply(*groups) and rounds < MOST_ROUNDS:
            rounds += 1
