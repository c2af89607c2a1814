"""A step of a recurrent cell with its numbers put in, line by line: the layer's equations, the kernel's values."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.calculators.tracing import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.layers.recurrence import Cell, Equation, Recurrent

DIGITS = 5
"""Significant digits of a number in a line."""

MOST_PRODUCTS = 12
"""Products of a sum that are written; of more, the sum alone."""

UNPROJECTED = "m"
"""The letter of a hidden state before its projection."""

_DIGITS_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_NAME = re.compile(r"[a-zA-Z]+′?(?![\w(])")
_ENCLOSED = re.compile(r"(?<![\wσ])\((\d[\d.e]*)\)")
_TWICE = re.compile(r"\(\(([^()]*)\)\)")
_TIMES = " ⊙ "


class UnitStep(NamedTuple):
    """One unit of one sample in one time step.

    `weights`, by gate, are the rows that multiply `x` and `h`, and the two biases, None for a layer without; `values`
    has the results by the letters of the equations, and `c` and `h` before the step.
    """

    time: int
    unit: int | None
    x: Sequence[Any]
    h: Sequence[Any]
    weights: Mapping[str, tuple[Sequence[Any], Sequence[Any]]]
    biases: Mapping[str, tuple[Any, Any]]
    values: Mapping[str, Any]


class GateLine(NamedTuple):
    """A line: the letter, the expression with all numbers, the same with each sum as one number, and the result."""

    letter: str
    numbers: str
    reduced: str
    result: Any

    @property
    def text(self) -> str:
        """Return the line as an equation."""
        parts = [self.letter, self.numbers, self.reduced, shown(self.result)]
        return " = ".join(part for place, part in enumerate(parts) if not place or part != parts[place - 1])


def shown(value: Any) -> str:
    """Return a number in five significant digits; a fraction exactly.

    >>> shown(0.960834277203), shown(-0.25)
    ('0.96083', '−0.25')
    """
    return number(value, DIGITS)


def below(time: int) -> str:
    """Return an integer as an index of a letter.

    >>> below(12)
    '₁₂'
    """
    return str(time).translate(_DIGITS_BELOW)


def lines_of(layer: Recurrent, step: UnitStep) -> Iterator[GateLine]:
    """Yield the lines of one unit in one step, in the order of computation.

    >>> from shapecalc.layers.recurrent import Rnn
    >>> step = UnitStep(2, None, [2.0], [1.0], {"h": ([1.0], [0.5])}, {}, {"h′": 2.5, "h": 1.0})
    >>> [line.text for line in lines_of(Rnn(hidden_size=1, nonlinearity="relu"), step)]
    ['h₂ = relu(1·2 + 0.5·1) = relu(2.5) = 2.5']
    """
    for equation in layer.cell.equations:
        yield _line(layer, equation, step)


def _line(layer: Recurrent, equation: Equation, step: UnitStep) -> GateLine:
    numbers, reduced = "", ""
    for literal, field, _, _ in Formatter().parse(equation.right):
        text = _substituted(literal, step.values)
        numbers += text
        reduced += text
        if field == "nonlinearity":
            text = str(getattr(layer, field))
            numbers += text
            reduced += text
        elif field is not None:
            terms = _terms(layer.cell, field, step)
            numbers += sum_of_products(terms)
            reduced += shown(_value(terms))
    letter = equation.left.removesuffix("′")
    if letter == "h" and layer.projection_macs():
        letter = UNPROJECTED
    return GateLine(
        f"{letter}{_place(step.time, step.unit)}", _bare(numbers), _bare(reduced), step.values[equation.left]
    )


def _bare(text: str) -> str:
    """Return an expression without parentheses that enclose a number and are no argument, or are written twice.

    >>> _bare("0.5·(0.2) + tanh((−0.1)) + (−0.3)")
    '0.5·0.2 + tanh(−0.1) + (−0.3)'
    """
    return _TWICE.sub(r"(\1)", _ENCLOSED.sub(r"\1", text))


def projected_line(step: UnitStep, weights: Sequence[Any], unprojected: Sequence[Any], result: Any) -> GateLine:
    """Return the line of one feature of a projected state."""
    terms = list(zip(weights, unprojected, strict=True))
    return GateLine(f"h{_place(step.time, step.unit)}", sum_of_products(terms), shown(_value(terms)), result)


def _place(time: int, unit: int | None) -> str:
    return below(time) + (f"[{unit}]" if unit is not None else "")


def _value(terms: Sequence[tuple[Any, Any]]) -> Any:
    return sum((factor * value for factor, value in terms[1:]), start=terms[0][0] * terms[0][1])


def _substituted(literal: str, values: Mapping[str, Any]) -> str:
    """Return a part of an equation with the value of each letter, and `·` for products of elements."""

    def value(match: re.Match[str]) -> str:
        text = shown(values[match[0]])
        return f"({text})" if text.startswith("−") or "/" in text else text

    return _NAME.sub(value, literal).replace(_TIMES, "·")


def _terms(cell: Cell, field: str, step: UnitStep) -> list[tuple[Any, Any]]:
    """Return the products of a gate's sum, and its biases as products with 1.

    `field` is a gate; or `input` or `state`, the part of the last gate's sum that reads x or h.
    """
    gate = cell.gates[-1] if field in ("input", "state") else field
    sides = {"input": (0,), "state": (1,)}.get(field, (0, 1))
    terms: list[tuple[Any, Any]] = []
    for side in sides:
        terms += zip(step.weights[gate][side], (step.x, step.h)[side], strict=True)
    if gate in step.biases:
        terms += [(step.biases[gate][side], 1) for side in sides if step.biases[gate][side] or len(sides) == 1]
    return terms


def sum_of_products(terms: Sequence[tuple[Any, Any]]) -> str:
    """Return a sum of products with its numbers; a factor that is the integer 1 is left out.

    >>> sum_of_products([(0.5, 2.0), (-1.0, 3.0), (0.25, 1)])
    '0.5·2 − 1·3 + 0.25'
    """
    if len(terms) > MOST_PRODUCTS:
        half = MOST_PRODUCTS // 4
        more = len(terms) - 2 * half
        return f"{sum_of_products(terms[:half])} + … ({more} terms) + {sum_of_products(terms[-half:])}".replace(
            "+ −", "− "
        )
    texts: list[str] = []
    for factor, value in terms:
        product = shown(factor) if type(value) is int and value == 1 else f"{_factor(factor)}·{_second(value)}"
        sign = "−" if product.startswith("−") else "+"
        texts.append(f" {sign} {product.removeprefix('−')}" if texts else product)
    return "".join(texts)


def _factor(value: Any) -> str:
    text = shown(value)
    return f"({text})" if "/" in text else text


def _second(value: Any) -> str:
    text = shown(value)
    return f"({text})" if text.startswith("−") or "/" in text else text
