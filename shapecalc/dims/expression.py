"""Exact integer expressions over positive integer symbols; every operation returns a normal form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from shapecalc.dims import printing
from shapecalc.dims.division import by_number, by_polynomial
from shapecalc.dims.floor_division import divided
from shapecalc.dims.terms import MAX_EXPONENT, DimLimitError, add_into, multiply, symbols_of, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.dims.terms import Monomial, Terms


class Expr:
    """An integer combination of products of symbols and floor terms ⌊p/c⌋; immutable, hashable, never a constant.

    `terms` maps each monomial to its coefficient; `constant` is the constant term. Arithmetic gives an `int` as soon as
    every symbol cancels. Two expressions are equal if their normal forms are, as they are for the same windows in the
    same order. Different normal forms may have the same value for all sizes (H − ⌊H/2⌋ and ⌊(H + 1)/2⌋), so inequality
    proves nothing.

    >>> H = symbol("H")
    >>> (H + 32) // 32 == H // 32 + 1
    True
    >>> (H + 1) - H
    1
    """

    __slots__ = ("_hash", "constant", "terms")

    # `array + expr` raises TypeError; NumPy would build an object array.
    __array_ufunc__ = None

    terms: Terms
    constant: int
    _hash: int

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"`{name}` of an expression cannot be set: expressions are immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"`{name}` of an expression cannot be deleted: expressions are immutable")

    def __reduce__(self) -> tuple[Callable[[dict[Any, int], int], Expr], tuple[dict[Any, int], int]]:
        return new_expr, (self.terms, self.constant)

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, _: object) -> Expr:
        return self

    def __repr__(self) -> str:
        return f"Expr({printing.ascii_text(self.terms, self.constant)!r})"

    def __str__(self) -> str:
        return printing.ascii_text(self.terms, self.constant)

    def __bool__(self) -> NoReturn:
        raise TypeError(f"`{self}` has no truth value before its symbols are bound")

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            _set_hash(self, hash((frozenset(self.terms.items()), self.constant)))
            return self._hash

    def __eq__(self, other: object) -> bool:
        if type(other) is not Expr:
            return NotImplemented
        return self is other or (self.constant == other.constant and self.terms == other.terms)

    def __add__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return new_expr(self.terms, self.constant + other) if other else self
        if type(other) is not Expr:
            return NotImplemented
        terms = self.terms.copy()
        add_into(terms, other.terms)
        return collapsed(terms, self.constant + other.constant)

    __radd__ = __add__

    def __neg__(self) -> Expr:
        return new_expr({monomial: -coefficient for monomial, coefficient in self.terms.items()}, -self.constant)

    def __sub__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return new_expr(self.terms, self.constant - other) if other else self
        if type(other) is not Expr:
            return NotImplemented
        terms = self.terms.copy()
        add_into(terms, other.terms, -1)
        return collapsed(terms, self.constant - other.constant)

    def __rsub__(self, other: int) -> Dim:
        return -self + other if isinstance(other, int) else NotImplemented

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            if other == 1:
                return self
            if other == 0:
                return 0
            terms = {monomial: coefficient * other for monomial, coefficient in self.terms.items()}
            return new_expr(terms, self.constant * other)
        if type(other) is not Expr:
            return NotImplemented
        return new_expr(
            multiply(self.terms, self.constant, other.terms, other.constant), self.constant * other.constant
        )

    __rmul__ = __mul__

    def __pow__(self, power: int) -> Dim:
        if not isinstance(power, int):
            return NotImplemented
        if power < 0:
            raise ValueError(f"a power expects an exponent of 0 or more, receives {power}")
        if not self.constant and len(self.terms) == 1 and power:
            ((monomial, coefficient),) = self.terms.items()
            return new_expr({tuple((atom, p * power) for atom, p in monomial): coefficient**power}, 0)
        if power > MAX_EXPONENT:
            raise DimLimitError(f"a sum expects an exponent of at most {MAX_EXPONENT}, receives {power}")
        result: Dim = 1
        for _ in range(power):
            result = self * result
        return result

    def __floordiv__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return floor_div(self, other)
        if type(other) is not Expr:
            return NotImplemented
        return _exactly(self, other)

    def __rfloordiv__(self, other: int) -> Dim:
        return _exactly(other, self) if isinstance(other, int) else NotImplemented

    def __mod__(self, divisor: int) -> Dim:
        return self - floor_div(self, divisor) * divisor if isinstance(divisor, int) else NotImplemented


Dim: TypeAlias = int | Expr

# The slots' own setters bypass `__setattr__`, and are faster than `object.__setattr__`.
_set_terms: Callable[[Expr, Terms], None] = Expr.__dict__["terms"].__set__
_set_constant: Callable[[Expr, int], None] = Expr.__dict__["constant"].__set__
_set_hash: Callable[[Expr, int], None] = Expr.__dict__["_hash"].__set__
_blank = Expr.__new__


def new_expr(terms: Terms, constant: int) -> Expr:
    """Return an expression of at least one term; it owns the dictionary, which must not change afterwards."""
    expr = _blank(Expr)
    _set_terms(expr, terms)
    _set_constant(expr, constant)
    return expr


def collapsed(terms: Terms, constant: int) -> Dim:
    """Return the expression of these terms, or the constant if there are none."""
    return new_expr(terms, constant) if terms else constant


def symbol(name: str) -> Expr:
    """Return the symbol of that name, a positive integer.

    Raises `ValueError` if the name has other characters than ASCII letters, digits and underscores, or starts with a
    digit.
    """
    if not (name.isascii() and name.isidentifier()):
        raise ValueError(f"a symbol expects a name of letters, digits and underscores, receives {name!r}")
    return new_expr({((name, 1),): 1}, 0)


def floor_div(dividend: Dim, divisor: int) -> Dim:
    """Return ⌊dividend/divisor⌋ in normal form.

    Raises `ZeroDivisionError` if the divisor is 0, `ValueError` if it is negative.

    >>> floor_div(symbol("H") - 5, 2) + 1
    Expr('(H - 3)//2')
    >>> floor_div(floor_div(symbol("H") + 6, 2) + 1, 2)      # ⌊(⌊(H + 6)/2⌋ + 1)/2⌋ = ⌊(H + 8)/4⌋
    Expr('(H + 8)//4')
    """
    if divisor <= 0:
        if not divisor:
            raise ZeroDivisionError(f"`{dividend}` is divided by 0")
        raise ValueError(f"`{dividend}` expects a positive divisor, receives {divisor}")
    if isinstance(dividend, int):
        return dividend // divisor
    return collapsed(*divided(dividend.terms, dividend.constant, divisor)) if divisor != 1 else dividend


def ceil_div(dividend: Dim, divisor: int) -> Dim:
    """Return ⌈dividend/divisor⌉ = ⌊(dividend + divisor − 1)/divisor⌋ in normal form; raises as `floor_div`.

    >>> ceil_div(7, 2), ceil_div(symbol("H"), 2)
    (4, Expr('(H + 1)//2'))
    """
    if divisor <= 0:
        return floor_div(dividend, divisor)
    return floor_div(dividend + (divisor - 1), divisor)


def product(dims: Iterable[Dim]) -> Dim:
    """Return the product of all dims, 1 for none.

    >>> product([2, symbol("N"), 8])
    Expr('16*N')
    """
    number = 1
    monomial: Monomial = ()
    sums: list[Expr] = []
    for dim in dims:
        if isinstance(dim, int):
            number *= dim
        elif dim.constant or len(dim.terms) > 1:
            sums.append(dim)
        else:
            ((factor, coefficient),) = dim.terms.items()
            number *= coefficient
            monomial = times(monomial, factor) if monomial else factor
    result: Dim = new_expr({monomial: number}, 0) if monomial and number else number
    for dim in sums:
        result = dim * result
    return result


def free_symbols(dim: Dim) -> tuple[str, ...]:
    """Return the names of the symbols in a dim, sorted.

    >>> free_symbols(symbol("W") * (symbol("H") // 2))
    ('H', 'W')
    """
    return () if isinstance(dim, int) else symbols_of(dim.terms)


def exact_quotient(a: Dim, b: Dim) -> Dim | None:
    """Return the dim q with q·b = a; None if the division leaves a remainder or a negative power, or b = 0.

    Floor terms are indeterminates: 2·⌊H/2⌋ divides its own multiples only, not those of H.

    >>> N, H, W = map(symbol, "NHW")
    >>> exact_quotient(N * H * W - N * W, H - 1)
    Expr('N*W')
    >>> exact_quotient(16 * N, 3) is None
    True
    """
    terms, constant = ({}, a) if isinstance(a, int) else (a.terms, a.constant)
    if isinstance(b, int):
        quotient = by_number(terms, constant, b)
    else:
        quotient = by_polynomial(terms, constant, b.terms, b.constant)
    return None if quotient is None else collapsed(*quotient)


def pretty(dim: Dim) -> str:
    """Return the dim for people, with floor brackets and a typographic minus.

    >>> print(pretty(16 * symbol("N") * floor_div(symbol("H") - 4, 2)))
    16·N·⌊(H − 4)/2⌋
    """
    if isinstance(dim, int):
        return printing.decimal(dim).replace("-", "−")
    return printing.pretty_text(dim.terms, dim.constant)


def grouped(dim: Dim) -> str:
    """Return the dim for people, an integer with its digits in groups of three.

    >>> grouped(61_706), grouped(-(2 * symbol("N")))
    ('61,706', '−2·N')
    """
    return f"{dim:,}" if isinstance(dim, int) else pretty(dim)


def latex(dim: Dim) -> str:
    r"""Return the dim in LaTeX's math mode.

    >>> print(latex(symbol("H") ** 2 * floor_div(symbol("W") + 31, 32)))
    H^{2} \, \left\lfloor \frac{W + 31}{32} \right\rfloor
    """
    return printing.decimal(dim) if isinstance(dim, int) else printing.latex_text(dim.terms, dim.constant)


def _exactly(dividend: Dim, divisor: Expr) -> Dim:
    quotient = exact_quotient(dividend, divisor)
    if quotient is None:
        raise ValueError(f"`{dividend}` is no exact multiple of `{divisor}`")
    return quotient
