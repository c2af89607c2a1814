"""Constraints of layers on symbols, which are collected, or refused without a collector."""

from math import isqrt
from typing import NamedTuple

from shapecalc.diagnostics.errors import FieldName, LayerError
from shapecalc.dims import (
    Condition,
    Dim,
    Expr,
    Relation,
    Shape,
    condition,
    exact_quotient,
    free_symbols,
    least,
    pretty,
    show,
)


class Constraints(NamedTuple):
    """A collector of conditions on symbols, which is passed to a rule.

    `conditions` are in the order in which rules require them; None refuses with SC311 what depends on a symbol.
    """

    conditions: list[Condition] | None

    def require(self, value: Dim, relation: Relation, error: LayerError) -> None:
        """Require that a dim has a relation to 0; raise `error` if it has another at every size."""
        required = condition(value, relation)
        if required is True:
            return
        if required is False:
            raise error
        if self.conditions is None:
            raise undecided(error.message, required.expr, error.field)
        self.conditions.append(required)

    def require_equal(self, wanted: Shape, arriving: Shape, error: LayerError) -> None:
        """Require that two shapes are equal; raise `error` if they differ at every size."""
        if wanted == arriving:
            return
        differences = [dim - other for dim, other in zip(wanted, arriving, strict=False)]
        if len(wanted) != len(arriving) or any(type(difference) is int and difference for difference in differences):
            raise error
        for difference in differences:
            self.require(difference, Relation.ZERO, error)

    def require_stated(
        self, value: int | None, arriving: Dim, field: str, what: str, *, x: Shape, sure: bool = True
    ) -> None:
        """Require that a size which the file states, if any, is the one that arrives.

        Raises `LayerError` SC301 if they differ. If another axis of the input `x` has that size, its axes may be in
        another order than they should: then, and if the layer is not `sure` for a reason of its own, the stated size
        may be right and the input wrong.
        """
        if value is None or value == arriving:
            return
        if isinstance(arriving, Expr):
            error = LayerError("SC301", expects=f"{value} {what}", receives=pretty(arriving), field=field)
            self.require(arriving - value, Relation.ZERO, error)
            return
        raise LayerError(
            "SC301",
            expects=f"{value} {what.removesuffix('s') if value == 1 else what}",
            receives=arriving,
            field=field,
            label=f"expected {arriving}",
            help=f"write `{field}: {arriving}`, or leave `{field}` out: it follows from the input",
            replacement=str(arriving),
            safe=sure and value not in x,
        )

    def require_divides(
        self, field: str, divisor: int, size: Dim, what: str, *, common: int = 0, offered: int = 2, x: Shape = ()
    ) -> None:
        """Require that the number of groups or heads that a field states divides a size.

        Raises `LayerError` SC304 that offers the nearest divisors of `common`, by default of the size. Of a symbol the
        message shows the input `x`, by default the size alone.
        """
        if exact_quotient(size, divisor) is not None:
            return
        expects = f"{what} that {divisor} {field.removeprefix('num_')} divide"
        if isinstance(size, Expr):
            error = LayerError("SC304", expects=expects, receives=show(x) if x else pretty(size), field=field)
            self.require(size % divisor, Relation.ZERO, error)
            return
        near = divisors_near(common or size, divisor)[:offered]
        written = [part for value in near for part in (" or ", FieldName(field, value))]
        raise LayerError(
            "SC304",
            expects=expects,
            receives=f"{size}, which leaves {size % divisor} over",
            field=field,
            label=f"{size} {what}",
            help=("write ", *written[1:]),
            replacement=str(near[0]),
        )

    def require_room(self, value: Dim, error: LayerError) -> None:
        """Raise `error` if an integer is negative; record that an expression must not be, see `require_nonnegative`."""
        if isinstance(value, int) and value < 0:
            raise error
        self.require_nonnegative(value)

    def require_nonnegative(self, value: Dim) -> None:
        """Record that a dim must not be negative. No effect for an integer: its rule has checked it.

        What is negative at every size is recorded as well: that no size fits is found from all conditions together.
        """
        if self.conditions is None or isinstance(value, int):
            return
        low = least(value)
        if low is None or low < 0:
            self.conditions.append(Condition(value, Relation.NONNEGATIVE))


def divisors_near(size: int, divisor: int) -> tuple[int, ...]:
    """Return the divisors of `size` next to `divisor`, below and above."""
    small = [d for d in range(1, isqrt(size) + 1) if size % d == 0]
    divisors = [*small, *(size // d for d in reversed(small))]
    below = max(d for d in divisors if d <= divisor)
    above = min((d for d in divisors if d >= divisor), default=None)
    return (below,) if above is None else (below, above)


REFUSING = Constraints(None)
"""The default of a rule that is called by itself."""


def undecided(message: str, dim: Dim, field: str | None = None, fix: str | None = None) -> LayerError:
    """Return the SC311 error for a question that has no answer until a symbol has a number.

    `fix` is a help that does not need a number.
    """
    symbols = free_symbols(dim)
    names = " and ".join(f"`{name}`" for name in symbols)
    settings = " ".join(f"--set {name}=…" for name in symbols)
    numbers = f"give {names} a number: `{settings}`, or `sizes:` in the file"
    return LayerError(
        "SC311",
        f"{message}: that depends on {names}",
        field=field,
        help=f"{fix}; or {numbers}" if fix else numbers,
    )


def require_one_dtype(arriving: tuple[str, ...]) -> None:
    """Raise `LayerError` SC206 if inputs that are computed with together have different dtypes."""
    first = arriving[0]
    for dtype in arriving[1:]:
        if dtype != first:
            raise LayerError(
                "SC206",
                expects="inputs of one dtype",
                receives=f"{first} and {dtype}",
                help=f"put `cast: {first}` before the other one",
            )
