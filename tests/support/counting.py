"""Numbers that count what is done to them, so that the costs of a kernel are read off a run of it."""

from __future__ import annotations

import math
import operator
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from shapecalc.reference import find

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.reference.base import Array, Call


class Counted:
    """A float whose every operation is entered in `tally`, by kind, as the counting convention names kinds.

    An `expm1` is an exponential and a subtraction, a `log1p` an addition and a logarithm.
    """

    __slots__ = ("value",)
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self, value: float) -> None:
        self.value = float(value)

    def __repr__(self) -> str:
        return f"Counted({self.value})"

    def __float__(self) -> float:
        return self.value

    def __int__(self) -> int:
        return int(self.value)

    __hash__ = None  # type: ignore[assignment]


def plain(number: Any) -> float:
    return number.value if isinstance(number, Counted) else float(number)


def two_sided(kind: str, operate: Callable[[float, float], float]) -> tuple[Any, Any]:
    """A binary operation and its reflection, one of `kind` each."""

    def forward(self: Counted, other: Any) -> Counted:
        Counted.tally[kind] += 1
        return Counted(operate(self.value, plain(other)))

    def reflected(self: Counted, other: Any) -> Counted:
        Counted.tally[kind] += 1
        return Counted(operate(plain(other), self.value))

    return forward, reflected


def comparison(compare: Callable[[float, float], bool]) -> Any:
    def compared(self: Counted, other: Any) -> bool:
        Counted.tally["compare"] += 1
        return compare(self.value, plain(other))

    return compared


def one_sided(*kinds: str, apply: Callable[[float], float]) -> Any:
    def applied(self: Counted) -> Counted:
        Counted.tally.update(kinds)
        return Counted(apply(self.value))

    return applied


for name, kind, operate in (
    ("add", "add", operator.add),
    ("sub", "subtract", operator.sub),
    ("mul", "multiply", operator.mul),
    ("truediv", "divide", operator.truediv),
    ("pow", "power", operator.pow),
):
    forward, reflected = two_sided(kind, operate)
    setattr(Counted, f"__{name}__", forward)
    setattr(Counted, f"__r{name}__", reflected)
for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Counted, f"__{name}__", comparison(getattr(operator, name)))
for name, kinds, apply in (
    ("__neg__", ("negate",), operator.neg),
    ("exp", ("exp",), math.exp),
    ("expm1", ("exp", "subtract"), math.expm1),
    ("log", ("log",), math.log),
    ("log1p", ("add", "log"), math.log1p),
    ("sqrt", ("sqrt",), math.sqrt),
    ("tanh", ("tanh",), math.tanh),
    ("erf", ("erf",), math.erf),
    ("sin", ("sin",), math.sin),
    ("cos", ("cos",), math.cos),
    ("__abs__", ("abs",), abs),
    ("__floor__", ("round",), math.floor),
    ("__ceil__", ("round",), math.ceil),
    ("rint", ("round",), round),
):
    setattr(Counted, name, one_sided(*kinds, apply=apply))


def counted(array: Array) -> Array:
    """The same numbers, counting; whole numbers are indices and flags conditions, with which nothing is done."""
    if array.dtype.kind in "iub":
        return array
    return np.array([Counted(value) for value in array.flat], dtype=object).reshape(array.shape)


def run_counted(call: Call, *arrays: Array) -> tuple[Any, Counter[str]]:
    """Run a kernel on counting scalars: its result as floats, one array or several, and what was done, by kind."""
    Counted.tally.clear()
    result = find(call.kernel).run(call, *map(counted, arrays))
    done = Counter(Counted.tally)
    if isinstance(result, tuple):
        return tuple(array.astype(float) for array in result), done
    return result.astype(float), done
