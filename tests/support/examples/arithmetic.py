"""Examples of elementwise arithmetic."""

from __future__ import annotations

from tests.support.examples.table import BLOCK, MAP, ROW, TABLE, TOKENS, VECTOR, Example, example

COMBINING = [
    row
    for word in ("add", "multiply", "maximum", "minimum")
    for row in (
        example(word, "two of one shape, as a shortcut meets its path", MAP, MAP),
        example(word, "three", TOKENS, TOKENS, TOKENS),
        example(word, "as many as a step takes", *[TABLE] * 64),
        example(word, "a weight per channel, as in squeeze and excitation", MAP, ("N", "C", 1, "W")),
        example(word, "the first stretches", ("N", 1, "L"), ROW),
        example(word, "the first has fewer axes", VECTOR, TOKENS),
        example(word, "all of them stretch", ("L", 1), (1, "F"), ("N", 1, "F")),
        example(word, "both of two stretch", ("N", "C", 1), (1, "L")),
        example(word, "axes that numbers give", ("N", 4, 6), (4, 1), (6,)),
        example(word, "three spatial axes", BLOCK, BLOCK),
        example(word, "an input and a number", MAP, other=0.5),
        example(word, "two inputs and a number", ROW, ("C", 1), other=-2),
    )
]

ORDERED = [
    Example(word, reason, inputs, fields, positive=word != "subtract")
    for word in ("subtract", "divide", "power")
    for reason, inputs, fields in (
        ("two of one shape", (MAP, MAP), {}),
        ("the second operand first", (TABLE, TABLE), {"reverse": True}),
        ("the first stretches", (("N", 1, "L"), ROW), {}),
        ("both stretch, in reverse order", (("N", "C", 1), (1, "L")), {"reverse": True}),
        ("the second has fewer axes", (TOKENS, VECTOR), {}),
        ("an input and a number", (BLOCK,), {"other": 3}),
        ("a number and an input", (TOKENS,), {"other": 1.5, "reverse": True}),
    )
]

WITH_INTEGERS = [
    Example(word, "integers become floats among floats", (TABLE, VECTOR), {}, dtypes=("float32", "int64"), below=9)
    for word in ("add", "multiply", "subtract", "maximum", "minimum")
]

ARITHMETIC = [*COMBINING, *ORDERED, *WITH_INTEGERS]
