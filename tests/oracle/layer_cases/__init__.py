"""What PyTorch is asked: one `Case` per combination of options, by layer family. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Sizes differ pairwise, so that a mixed-up axis cannot pass.
SHAPES: dict[int, tuple[int, ...]] = {1: (2, 3, 11), 2: (2, 3, 7, 11), 3: (2, 3, 5, 6, 7)}
"""Spatial rank to input shape, [N, C, *spatial]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One layer with its fields, as a user writes them, on one input.

    `more` are the shapes of further inputs. `below` makes the inputs whole numbers below it; `cells` are the numbers of
    the first input where it is not filled. `scale` multiplies the filled input. `note` says how the figures came about
    where one torch module does not give them. A case with `refused` is one that PyTorch refuses; `ours` is the reason
    where only our format refuses it.
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[tuple[int, ...], ...] = ()
    below: int = 0
    cells: tuple[float, ...] = ()
    scale: float = 1.0
    note: str = ""
    refused: bool = False
    ours: str = ""
    alone: str = ""


def case(
    name: str, layer: str, input_shape: tuple[int, ...], /, *, note: str = "", times: float = 1.0, **fields: Any
) -> Case:
    """A case that PyTorch computes; `times` scales the input."""
    return Case(name=f"{layer}: {name}", layer=layer, shape=input_shape, fields=fields, scale=times, note=note)


def refusal(
    name: str, layer: str, input_shape: tuple[int, ...], /, *, ours: str = "", alone: str = "", **fields: Any
) -> Case:
    """A case that PyTorch refuses; `ours` and `alone` as in Case."""
    return Case(
        name=f"{layer}: {name}", layer=layer, shape=input_shape, fields=fields, refused=True, ours=ours, alone=alone
    )


def all_cases() -> list[Case]:
    """Every case of torch_layers.json, with no name used twice."""
    from layer_cases import (
        activation,
        conv,
        conv_transpose,
        drawn,
        normalization,
        pooling,
        refusals,
        reshaping,
    )

    return without_repetition(conv, conv_transpose, pooling, normalization, reshaping, activation, drawn, refusals)


def sequence_cases() -> list[Case]:
    """Every case of sequences, indices and reductions, with no name used twice."""
    from layer_cases import embedding, recurrent, reducing

    return without_repetition(recurrent, embedding, reducing)


def without_repetition(*families: Any) -> list[Case]:
    """The cases of the families."""
    cases = [found for family in families for found in family.cases()]
    names = [found.name for found in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"these names are used twice: {twice}")
    return cases
