"""The sizes of torch.export, integers or SymPy expressions as text → dims, with the symbols that people write."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr, ceil_div, floor_div, free_symbols, parse, symbol
from shapecalc.dims.parsing import DimSyntaxError
from shapecalc.dims.terms import DimLimitError
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.dims import Dim, Shape

MOST_CHARACTERS = 20_000
MOST_NESTED = 200
LARGEST = 1 << 62
"""A size that no tensor has."""
UNBOUNDED = 1 << 31
"""A greatest size from which on a symbol is not bounded."""
LETTERS = {1: "N", 2: "NT", 3: "NTL", 4: "NCHW", 5: "NCDHW"}
"""The symbols of the axes of an input by its rank."""
_TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)\s*(\(|=)?|'([^']*)'|(-?\d+)|(.))", re.DOTALL)


def _total(*terms: Dim) -> Dim:
    result: Dim = 0
    for term in terms:
        result = result + term
    return result


def _product(*factors: Dim) -> Dim:
    result: Dim = 1
    for factor in factors:
        result = result * factor
    return result


def _quotient(dividend: Dim, divisor: Dim) -> Dim:
    return dividend // divisor


def _rest(dividend: Dim, divisor: Dim) -> Dim:
    return dividend - divisor * (dividend // divisor)


def _ceiling(dividend: Dim, divisor: Dim) -> Dim:
    return ceil_div(dividend, divisor) if isinstance(divisor, int) else -(-dividend // divisor)


def _power(base: Dim, exponent: Dim) -> Dim:
    if not isinstance(exponent, int) or not 0 <= exponent <= MOST_NESTED:
        raise Unreadable("a power in a size")
    return base**exponent


FUNCTIONS: Mapping[str, Callable[..., Dim]] = {
    "Add": _total,
    "Mul": _product,
    "Integer": lambda value: value,
    "FloorDiv": _quotient,
    "CleanDiv": _quotient,
    "Mod": _rest,
    "PythonMod": _rest,
    "CeilDiv": _ceiling,
    "Pow": _power,
    "PowByNatural": _power,
}


def read_expression(text: str, symbols: Mapping[str, Dim]) -> Dim:
    """Return the dim of SymPy's text of an expression; `symbols` are those of its names, by default the names.

    Raises `Unreadable` if it has other functions than sums, products, floors, remainders and powers.

    >>> T = "Symbol('s77', positive=True, integer=True)"
    >>> str(read_expression(f"Add(FloorDiv(Add({T}, Integer(-1)), Integer(2)), Integer(1))", {"s77": symbol("H")}))
    '(H + 1)//2'
    >>> str(read_expression("((s77 - 1)//2) + 1", {"s77": symbol("H")}))
    '(H + 1)//2'
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"a size of {len(text)} characters")
    try:
        if re.match(r"\s*(Symbol|Integer|Add|Mul|Pow|FloorDiv|CleanDiv|Mod|PythonMod|CeilDiv)\(", text):
            return _functional(text, symbols)
        return substituted(parse(text), symbols)
    except (DimSyntaxError, DimLimitError, ZeroDivisionError, ValueError, TypeError, OverflowError) as error:
        raise Unreadable(f"a size that is `{text[:60]}`") from error


def _functional(text: str, symbols: Mapping[str, Dim]) -> Dim:
    """Read SymPy's notation with a function for each operation, without recursion."""
    stack: list[tuple[str, list[Any]]] = [("", [])]
    for name, after, quoted, number, other in _TOKEN.findall(text):
        if after == "(":
            stack.append((name, []))
            if len(stack) > MOST_NESTED:
                raise Unreadable("a size that is nested too deep")
        elif name or other == ",":
            continue  # an assumption, `positive=True`
        elif quoted:
            stack[-1][1].append(quoted)
        elif number:
            stack[-1][1].append(int(number))
        elif other == ")" and len(stack) > 1:
            function, arguments = stack.pop()
            stack[-1][1].append(_applied(function, arguments, symbols))
        elif other.strip():
            raise ValueError(other)
    if len(stack) != 1 or len(stack[0][1]) != 1 or not isinstance(stack[0][1][0], (int, Expr)):
        raise ValueError(text)
    result: Dim = stack[0][1][0]
    return result


def _applied(function: str, arguments: list[Any], symbols: Mapping[str, Dim]) -> Dim:
    if function == "Symbol":
        (name,) = arguments
        return symbols[name] if name in symbols else symbol(name)
    if function not in FUNCTIONS:
        raise Unreadable(f"a size with `{function}`")
    return FUNCTIONS[function](*arguments)


def substituted(value: Dim, symbols: Mapping[str, Dim]) -> Dim:
    """Return a dim with other dims in place of symbols.

    >>> str(substituted(parse("s0 // 2 + s1"), {"s0": symbol("H"), "s1": 3}))
    '(H + 6)//2'
    """
    if isinstance(value, int) or not symbols:
        return value
    names = free_symbols(value)
    if not any(name in symbols for name in names):
        return value
    # The text of a dim is in a grammar of names, so that other names can be put in.
    text = re.sub(r"[A-Za-z_]\w*", lambda outcome: f"({symbols.get(outcome[0], outcome[0])})", str(value))
    return parse(text)


@dataclass(slots=True)
class FileSymbols:
    """The symbols of a file, with what they are in ours, the usual sizes, and the conditions on them."""

    ranges: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    ours: dict[str, Dim] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    where: list[str] = field(default_factory=list)

    def size(self, value: Any) -> Dim:
        """Return a size, `{as_int: 3}` or `{as_expr: …}`."""
        if "as_int" in value:
            if type(value["as_int"]) is not int or not 0 <= value["as_int"] < LARGEST:
                raise ValueError(value["as_int"])
            return int(value["as_int"])
        outcome = read_expression(value["as_expr"]["expr_str"], self.ours)
        known = (
            {name for dim in self.ours.values() for name in free_symbols(dim)} if isinstance(outcome, Expr) else set()
        )
        if isinstance(outcome, Expr) and not known.issuperset(free_symbols(outcome)):
            raise Unreadable("a size that depends on data")
        return outcome

    def shape(self, sizes: Sequence[Any]) -> Shape:
        """Return a shape."""
        return tuple(map(self.size, sizes))

    def name_inputs(self, inputs: Sequence[Sequence[Any]]) -> None:
        """Name the symbols of the inputs by the axes at which they are."""
        taken: set[str] = set()
        for sizes in inputs:
            letters = LETTERS.get(len(sizes), "N")
            for axis, size in enumerate(sizes):
                if "as_expr" in size:
                    self._name(size["as_expr"], letters[axis] if axis < len(letters) else f"D{axis}", taken)

    def _name(self, expression: Any, letter: str, taken: set[str]) -> None:
        dim = read_expression(expression["expr_str"], {})
        names = free_symbols(dim) if isinstance(dim, Expr) else ()
        if len(names) != 1 or names[0] in self.ours:
            return
        (name,) = names
        ours = letter
        count = 2
        while ours in taken:
            ours, count = f"{letter}{count}", count + 1
        taken.add(ours)
        factor, offset = _linear(dim, name)
        new = symbol(ours)
        self.ours[name] = floor_div(new - offset, factor)
        if factor != 1:
            self.where.append(f"({new - offset}) % {factor} == 0" if offset else f"{ours} % {factor} == 0")
        hint = (expression.get("hint") or {}).get("as_int")
        if letter != "N" and isinstance(hint, int) and hint > 0:
            self.sizes[ours] = hint
        self._bounds(name, ours, factor, offset)

    def _bounds(self, name: str, ours: str, factor: int, offset: int) -> None:
        low, high = self.ranges.get(name, (None, None))
        least = None if low is None else low * factor + offset
        if least is not None and low is not None and low > 2:  # noqa: PLR2004 - 0 and 1 are special in torch.export
            self.where.append(f"{ours} >= {least}")
        if high is not None and (high * factor + offset < 1 or (low is not None and low > high)):
            raise Unreadable(f"a symbol `{name[:40]}` with bounds that no size has")
        if high is not None and high < UNBOUNDED:
            self.where.append(f"{ours} <= {high * factor + offset}")


def _linear(dim: Dim, name: str) -> tuple[int, int]:
    """Return the factor and the offset of a dim that is linear in a symbol; (1, 0) raises for others."""
    from shapecalc.dims import evaluate  # noqa: PLC0415 - only derived sizes need it

    zero, one, two = (int(str(evaluate(dim, {name: size}))) for size in (1, 2, 3))
    factor = one - zero
    if factor < 1 or two - one != factor or dim - (factor * symbol(name) + (zero - factor)) != 0:
        raise Unreadable(f"an input of size `{dim}`")
    return factor, zero - factor
