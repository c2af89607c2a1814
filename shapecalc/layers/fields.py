"""The kinds of value that a layer's field accepts, with their descriptions.

A kind is part of the field's annotation (`out_channels: Count`), so that only the class defines what a layer accepts;
parsing, help and JSON Schema read it from there.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, Self

from shapecalc.diagnostics.errors import InFile, LayerError, Text, worded
from shapecalc.dims import Dim, Expr, evaluate, greatest, pretty
from shapecalc.layers.nested_values import Values
from shapecalc.layers.refusals import refused_value, said, wrong_type

LARGEST_DIM = 2**31 - 1
"""The largest size of one axis. Frameworks index with 32 or 64 bits; no real axis is close to it."""

SYMBOL_PATTERN = "[A-Za-z_][A-Za-z0-9_]{0,31}"
"""The names that a symbol may have."""


class Integer(NamedTuple):
    """An integer of at least `minimum`."""

    minimum: int | None = 1

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return {None: "an integer", 0: "an integer of at least 0", 1: "a positive integer"}.get(
            self.minimum, f"an integer of at least {self.minimum}"
        )

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        least = -LARGEST_DIM if self.minimum is None else self.minimum
        return {"type": ["integer"], "minimum": least, "maximum": LARGEST_DIM}

    def check(self, name: str, value: object, index: tuple[int, ...] = ()) -> None:
        """Raise `LayerError` SC202 or SC201 if `value` is not such a number."""
        if type(value) is not int:
            raise wrong_type(name, self.describe(), value, index)
        if self.minimum is not None and value < self.minimum:
            raise refused_value("SC201", name, self.describe(), value, index)
        if abs(value) > LARGEST_DIM:
            raise refused_value("SC201", name, f"at most {LARGEST_DIM} (2^31 - 1)", value, index)


class Size(Integer):
    """An integer of at least `minimum`, or an expression over symbols of the inputs, which is never below `lowest`.

    A value below `lowest` has a meaning of its own: −1 in `reshape`, a negative index. It is written as a number.
    """

    __slots__ = ()
    lowest = 1

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same kind: `typing` caches annotations by equality."""
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __hash__(self) -> int:
        return hash((type(self), *self))

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return f"{super().describe()} or an expression over symbols"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        return {**super().schema(), "type": ["integer", "string"], "pattern": f"^(?:{SYMBOL_PATTERN})$"}

    def check(self, name: str, value: object, index: tuple[int, ...] = ()) -> None:
        """Raise `LayerError` SC202 or SC201 if `value` is neither, or never at least `lowest`."""
        if not isinstance(value, Expr):
            super().check(name, value, index)
            return
        most = greatest(value)
        if most is not None and most < self.lowest:
            raise self.too_small(name, value, None, index)

    def bound(self, name: str, value: Expr, sizes: Mapping[str, int], index: tuple[int, ...] = ()) -> Dim:
        """Return an expression with sizes in place of symbols; raise `LayerError` SC201 if that is below `lowest`."""
        size = evaluate(value, sizes)
        if isinstance(size, int) and size < self.lowest:
            raise self.too_small(name, value, size, index)
        return size

    def too_small(self, name: str, value: Expr, size: int | None, index: tuple[int, ...] = ()) -> LayerError:
        """Return the SC201 error for an expression below `lowest`, at any size of its symbols or at one with `size`."""
        receives = pretty(value) if size is None else f"{pretty(size)}, the value of {pretty(value)}"
        return refused_value("SC201", name, f"a size of at least {self.lowest}", receives, index)


class SizeOrSame(Size):
    """A size, or −1 for the size of the input's axis."""

    __slots__ = ()

    def __new__(cls) -> Self:
        """Return the kind: 0 is not a size."""
        return super().__new__(cls, -1)

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return "a positive integer, -1 or an expression over symbols"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        return {**super().schema(), "not": {"const": 0}}

    def check(self, name: str, value: object, index: tuple[int, ...] = ()) -> None:
        """Raise `LayerError` SC202 or SC201 if `value` is neither."""
        super().check(name, value, index)
        if value == 0 and type(value) is int:
            raise refused_value("SC201", name, self.describe(), value, index)


class Index(Size):
    """An index, negative from the end, or an expression over symbols, which is never negative."""

    __slots__ = ()
    lowest = 0

    def __new__(cls) -> Self:
        """Return the kind: any integer."""
        return super().__new__(cls, None)

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return "an integer or an expression over symbols"


class Number(NamedTuple):
    """A finite number between `minimum` and `maximum`, both allowed, or `above` a bound; with `infinite`, also ±∞."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    infinite: bool = False

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        if self.above is not None:
            return f"a number above {self.above:g}"
        if self.minimum is not None and self.maximum is not None:
            return f"a number from {self.minimum:g} to {self.maximum:g}"
        return "a number" if self.minimum is None else f"a number of at least {self.minimum:g}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        bounds = {"minimum": self.minimum, "maximum": self.maximum, "exclusiveMinimum": self.above}
        return {"type": ["number"], **{name: bound for name, bound in bounds.items() if bound is not None}}

    def check(self, name: str, value: object, index: tuple[int, ...] = ()) -> None:
        """Raise `LayerError` SC202 or SC201 if `value` is not such a number."""
        if type(value) not in (int, float):
            raise wrong_type(name, self.describe(), value, index)
        assert isinstance(value, int | float)
        low = self.minimum is not None and value < self.minimum
        low = low or (self.above is not None and value <= self.above)
        high = self.maximum is not None and value > self.maximum
        endless = value - value != 0 and not (self.infinite and value == value)  # noqa: PLR0124 - NaN differs from itself
        if low or high or endless:
            raise refused_value("SC201", name, self.describe(), value, index)


class Flag:
    """`true` or `false`."""

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return "`true` or `false`"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        return {"type": ["boolean"]}

    def check(self, name: str, value: object) -> None:
        """Raise `LayerError` SC202 if `value` is neither."""
        if type(value) is not bool:
            raise wrong_type(name, self.describe(), value)


class OneOf(NamedTuple):
    """One of a few strings."""

    choices: tuple[str, ...]

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        *others, last = (f"`{choice}`" for choice in self.choices)
        return f"{', '.join(others)} or {last}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        return {"enum": list(self.choices)}

    def check(self, name: str, value: object) -> None:
        """Raise `LayerError` SC202 or SC203 if `value` is not one of them."""
        if not isinstance(value, str):
            raise wrong_type(name, self.describe(), value)
        if value not in self.choices:
            from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

            raise refused_value("SC203", name, self.describe(), f"`{value}`", replacement=closest(value, self.choices))


class Form(NamedTuple):
    """A string of one form, which a regular expression defines."""

    pattern: str
    described: str

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return self.described

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        return {"type": ["string"], "pattern": self.pattern}

    def check(self, name: str, value: object) -> None:
        """Raise `LayerError` SC202 or SC203 if `value` is not such a string."""
        if not isinstance(value, str):
            raise wrong_type(name, self.described, value)
        if not re.fullmatch(self.pattern, value):
            raise refused_value("SC203", name, self.described, said(value))


class Several(NamedTuple):
    """A list of values of the kind `item`; with `single`, also a single value for all axes; with `empty`, also none."""

    item: Integer | Number
    single: bool = True
    nullable: bool = False
    empty: bool = False

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        one = self.item.describe()
        if self.single:
            return f"{one} or a list of them{' and null' if self.nullable else ''}"
        return f"a list, each entry {one}{' or null' if self.nullable else ''}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value: bounds apply to numbers, `items` to lists."""
        one = self.item.schema()
        entry = {**one, "type": [*one["type"], "null"]} if self.nullable else one
        several = {"items": entry, "minItems": 0 if self.empty else 1}
        return {**one, "type": [*one["type"], "array"], **several} if self.single else {"type": ["array"], **several}

    def check(self, name: str, value: object) -> None:
        """Raise `LayerError` SC202, SC201 or SC204 if `value` is neither such a value nor such a list."""
        if isinstance(value, tuple):
            if not value and not self.empty:
                raise refused_value("SC204", name, "at least one entry", "none", preposition="in")
            for position, entry in enumerate(value):
                if not (entry is None and self.nullable):
                    self.item.check(name, entry, (position,))
        elif self.single:
            if value is not None and not isinstance(value, bool | int | float | Expr):
                raise wrong_type(name, self.describe(), value)
            self.item.check(name, value)
        else:
            raise wrong_type(name, self.describe(), value)


class SizesLike(Several):
    """Sizes of spatial axes, or in a file `{like: step}`: a further input of which only the spatial size is read."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same kind: `typing` caches annotations by equality."""
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __hash__(self) -> int:
        return hash((type(self), *self))

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return f"{super().describe()}, or `{{like: step}}`"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        sizes = super().schema()
        like = {"type": "string", "description": "The step whose spatial size it is."}
        keys = {"properties": {LIKE: like}, "required": [LIKE], "additionalProperties": False}
        return {**sizes, "type": [*sizes["type"], "object"], **keys}


LIKE = "like"
"""The key of a step whose size a field takes."""
FROM_ZERO = Integer(minimum=0)
LISTS = InFile("a list of them or of [before, after] pairs")
"""How a file writes padding per axis."""


class PaddingKind(NamedTuple):
    """Padding of each axis: a number, one per axis, a `[before, after]` pair per axis, or a word."""

    choices: tuple[str, ...] = ("same", "valid")

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return worded(self._described)

    @property
    def _described(self) -> Text:
        return ("an integer of at least 0, ", LISTS, ", ", OneOf(self.choices).describe())

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        amount = FROM_ZERO.schema()
        pair = {"type": ["array"], "items": amount, "minItems": 2, "maxItems": 2}
        # `items` applies to lists only: a number passes both.
        numbers = {
            **amount,
            "type": [*amount["type"], "array"],
            "minItems": 1,
            "anyOf": [{"items": amount}, {"items": pair}],
        }
        return {"anyOf": [{"enum": list(self.choices)}, numbers]}

    def check(self, name: str, value: object) -> None:
        """Raise `LayerError` SC202, SC201, SC203 or SC204 if `value` is not one of these."""
        if isinstance(value, str):
            if value not in self.choices:
                raise self._unknown_choice(name, value)
        elif isinstance(value, tuple):
            if not value:
                raise refused_value("SC204", name, "at least one entry", "none", preposition="in")
            for position, entry in enumerate(value):
                self._check_entry(name, entry, position)
            if len({isinstance(entry, tuple) for entry in value}) > 1:
                raise refused_value("SC202", name, "numbers or pairs", "both", preposition="in")
        elif type(value) is int:
            FROM_ZERO.check(name, value)
        else:
            raise wrong_type(name, self._described, value)

    def _check_entry(self, name: str, entry: object, position: int) -> None:
        if not isinstance(entry, tuple):
            FROM_ZERO.check(name, entry, (position,))
            return
        if len(entry) != 2:
            count, index = f"{len(entry)} entries", (position,)
            raise refused_value("SC204", name, "[before, after]", count, index, preposition="in")
        for side, size in enumerate(entry):
            FROM_ZERO.check(name, size, (position, side))

    def _unknown_choice(self, name: str, value: str) -> LayerError:
        error = wrong_type(name, self._described, value)
        if error.replacement is not None:
            return error
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        return refused_value("SC203", name, self._described, said(value), replacement=closest(value, self.choices))


Kind = Integer | Number | Flag | OneOf | Form | Several | PaddingKind | Values

Count = Annotated[int, Integer()]
OptionalCount = Annotated[int | None, Integer()]
Axis = Annotated[int, Integer(minimum=None)]
Axes = Annotated[int | tuple[int, ...], Several(Integer(minimum=None))]
AxesOrAll = Annotated[int | tuple[int, ...] | None, Several(Integer(minimum=None))]
Bool = Annotated[bool, Flag()]
PerAxis = Annotated[int | tuple[int, ...], Several(Integer())]
OptionalPerAxis = Annotated[int | tuple[int, ...] | None, Several(Integer())]
PerAxisOrNone = Annotated[int | tuple[int | None, ...], Several(Integer(), nullable=True)]
OptionalSizesLike = Annotated[Dim | tuple[Dim, ...] | None, SizesLike(Size())]
PerAxisFromZero = Annotated[int | tuple[int, ...], Several(Integer(minimum=0))]
OptionalIndex = Annotated[Dim | None, Index()]
OptionalPerAxisFromZero = Annotated[int | tuple[int, ...] | None, Several(Integer(minimum=0))]
Pairs = tuple[tuple[int, int], ...]
Padding = Annotated[int | str | tuple[int, ...] | Pairs, PaddingKind()]
ConvPadding = Annotated[int | str | tuple[int, ...] | Pairs, PaddingKind(choices=("same", "valid", "causal"))]
