"""Quantities as the user wrote them: by an option's long or short name, or by their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from shapecalc.cli.exit_codes import Misuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Written(str):
    """The text of an option, with the name that the user wrote it by."""

    __slots__ = ("option",)
    option: str

    def __new__(cls, text: str, option: str) -> Self:
        """Return the text of an option."""
        self = super().__new__(cls, text)
        self.option = option
        return self


def option_of(text: str | None, usual: str) -> str:
    """Return the name that an option was written by; the usual one if it was not.

    >>> option_of(Written("5", "--kernel-size"), "--f"), option_of(None, "--f")
    ('--kernel-size', '--f')
    """
    return text.option if isinstance(text, Written) else usual


def numbers_argument(*names: str) -> Any:
    """Return the argument for quantities that are written in this order, each of which has an option too."""
    *others, last = names
    metavar = f"[{last}]"
    for name in reversed(others):
        metavar = f"[{name} {metavar}]"
    return typer.Argument(metavar=metavar, help="The same as the options, in this order.", show_default=False)


NumbersArgument = Annotated[list[str] | None, numbers_argument("SIZE", "KERNEL_SIZE", "STRIDE", "PADDING")]


def placed(
    numbers: Sequence[str] | None, options: Mapping[str, str | None], order: Iterable[tuple[str, str]]
) -> dict[str, str | None]:
    """Return the texts of options by field, also those written by their place; `order` has their fields and options.

    Raises a usage error if there are too many, or if the option of one is given too.

    >>> placed(["400"], {"in_features": None, "out_features": "120"}, [("in_features", "--in")])
    {'in_features': '400', 'out_features': '120'}
    """
    texts, order = dict(options), tuple(order)
    numbers = numbers or ()
    if len(numbers) > len(order):
        raise Misuse(f"expected are at most {len(order)} numbers, received `{' '.join(numbers)}`")
    for text, (field, option) in zip(numbers, order, strict=False):
        given = texts[field]
        if given is not None:
            name = option_of(given, option)
            raise Misuse(f"`{text}` and `{name} {given}` are the same quantity, and both are given: leave one out")
        texts[field] = Written(text, option)
    return texts
