"""Numbers in lists nested by axis, which a file states for a constant."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from shapecalc.layers.refusals import refused_value, wrong_type


class Values(NamedTuple):
    """A number, or lists of numbers nested by axis, of equal lengths along each; ±∞ are numbers here."""

    infinite: bool = True

    def describe(self) -> str:
        """Return the text that follows "expects" in a message."""
        return "a number, or lists of numbers nested by axis"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft-07) of such a value."""
        one: dict[str, Any] = {"type": ["number", "boolean"]}
        nested = one
        for _ in range(MOST_AXES):
            nested = {"type": [*one["type"], "array"], "items": nested, "minItems": 1, "maxItems": MOST_VALUES}
        return nested

    def check(self, name: str, value: object) -> None:
        """Raise `LayerError` SC202 for what is not a number, SC204 for lists of several lengths or too many numbers."""
        count = 0
        for index, entry in entries_of(value):
            count += 1
            if type(entry) not in (int, float, bool):
                raise wrong_type(name, "a number" if index else self.describe(), entry, index)
            if entry != entry:  # noqa: PLR0124 - NaN differs from itself
                raise refused_value("SC201", name, "numbers", "NaN", index)
        if count > MOST_VALUES:
            help_text = f"write `{NESTED_SHAPE}`: its values come with `--weights`"
            raise refused_value(
                "SC204", name, f"at most {MOST_VALUES} numbers", count, preposition="in", help=help_text
            )
        shape = shape_of(value)
        if len(shape) > MOST_AXES:
            raise refused_value("SC204", name, f"lists of at most {MOST_AXES} axes", len(shape), preposition="in")
        _check_lengths(name, value, shape, ())


NESTED_SHAPE = "shape: […]"
MOST_AXES = 8
MOST_VALUES = 512
"""Numbers that a file lists for one constant; those of more come with the weights."""


def entries_of(values: Any, index: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield the entries of nested lists with their indices; the value itself if it is not a list.

    >>> list(entries_of(((1, 2), (3,))))
    [((0, 0), 1), ((0, 1), 2), ((1, 0), 3)]
    """
    if not isinstance(values, tuple):
        yield index, values
        return
    for position, entry in enumerate(values):
        yield from entries_of(entry, (*index, position))


def shape_of(values: Any) -> tuple[int, ...]:
    """Return the lengths of nested lists, that of each first entry.

    >>> shape_of(((1, 2, 3), (4, 5, 6))), shape_of(0.5)
    ((2, 3), ())
    """
    if not isinstance(values, tuple):
        return ()
    return (len(values), *(shape_of(values[0]) if values else ()))


def _check_lengths(name: str, values: object, shape: tuple[int, ...], index: tuple[int, ...]) -> None:
    if values == ():
        raise refused_value("SC204", name, "at least one number in each list", "none", index, preposition="in")
    if isinstance(values, tuple) != bool(shape):
        expected, received = ("a list", "a number") if shape else ("a number", "a list")
        raise refused_value("SC204", name, f"{expected} here, as in the first entry,", received, index)
    if not isinstance(values, tuple):
        return
    if len(values) != shape[0]:
        raise refused_value("SC204", name, f"lists of {shape[0]} entries", len(values), index, preposition="in")
    for position, entry in enumerate(values):
        _check_lengths(name, entry, shape[1:], (*index, position))
