"""The documentation of a layer class is read off its docstring."""

from __future__ import annotations

from typing import ClassVar

from shapecalc.layers.base import Layer
from shapecalc.layers.conv import Conv
from shapecalc.layers.documentation import documentation
from shapecalc.layers.pooling import AdaptiveAvgPool


class Example(Layer):
    """Does one thing,
    in two lines.

    And a second paragraph.

    Fields:
        size: Not a section of its own.

    Input: [N, C]
    Costs: MACs 0;
        FLOPs = 1 per element
    Source: nobody
    """

    type: ClassVar[str] = "example"
    main: ClassVar[str | None] = None
    fields: ClassVar = {}


def test_sections_begin_at_a_capitalised_word_and_join_their_lines() -> None:
    shown = documentation(Example)
    assert shown.summary == "Does one thing, in two lines. And a second paragraph."
    assert shown.sections == {"Input": "[N, C]", "Costs": "MACs 0; FLOPs = 1 per element", "Source": "nobody"}


def test_fields_and_the_main_field_are_those_of_the_class() -> None:
    shown = documentation(AdaptiveAvgPool)
    assert (shown.type, shown.main, [field.name for field in shown.fields]) == (
        "adaptive_avg_pool",
        "output_size",
        ["output_size"],
    )
    assert documentation(Conv).main is None


def test_a_field_of_a_base_class_is_described_there() -> None:
    (size,) = documentation(AdaptiveAvgPool).fields
    assert size.description == "Size of the output along each spatial axis; null leaves an axis as long as it is."
