"""What an importer cannot read: operators without a layer, broken or hostile containers, packages that are missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from shapecalc.diagnostics import Diagnostic, ShapecalcError

MOST_NAMED = 10
"""Operators that a message names one by one."""
MOST_PLACES = 3
"""Places that it gives of each."""


class Unreadable(Exception):  # noqa: N818 - it names what the operator is
    """Raised for one operator that has no steps in our format, or that our rules refuse.

    >>> str(Unreadable("`aten.foo` has no layer", "encoder.0, net.py:7"))
    '`aten.foo` has no layer (encoder.0, net.py:7)'
    """

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return f"{self.message} ({self.place})" if self.place else self.message


@dataclass(slots=True)
class Problems:
    """The operators of a file that cannot be read: where each is, and why, in the order of the file."""

    places: dict[str, list[str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, operator: str, error: Unreadable, place: str = "") -> None:
        """Add an operator; `place` is where it is if the error does not say."""
        self.places.setdefault(operator, []).append(error.place or place)
        self.reasons.setdefault(operator, error.message)

    def __bool__(self) -> bool:
        return bool(self.places)

    def error(self, file: str, *, partial: bool = False) -> ShapecalcError:
        """Return the error SC031 (exit code 1) that names them; `partial` if the file does not state their shapes."""
        operators = list(self.places)
        diagnostics = []
        for operator in operators[:MOST_NAMED]:
            places = list(dict.fromkeys(place for place in self.places[operator] if place))
            count = len(self.places[operator])
            shown = ", ".join(f"`{place}`" for place in places[:MOST_PLACES])
            more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
            where = f" at {shown}{more}" if shown else ""
            times = "" if count == 1 else f" {count} times"
            message = f"`{file}` has `{operator}`{times}{where}: {self.reasons[operator]}"
            diagnostics.append(Diagnostic(code="SC031", message=message))
        if len(operators) > MOST_NAMED:
            others = ", ".join(f"`{name}`" for name in operators[MOST_NAMED : 2 * MOST_NAMED])
            message = f"`{file}` has {len(operators) - MOST_NAMED} other operators that cannot be read: {others}"
            diagnostics.append(Diagnostic(code="SC031", message=message))
        help_text = "`--partial` gives shapes and costs of the rest" if not partial else None
        diagnostics[-1] = diagnostics[-1]._replace(help=help_text)
        return ShapecalcError(tuple(diagnostics))


def refuse_container(file: str, message: str, help_text: str | None = None, code: str = "SC032") -> NoReturn:
    """Raise `ShapecalcError` SC032 (exit code 2): the file is broken, unsafe, or of a version that is not known.

    The message continues the file's name: `has no graph`. SC010 is the code of a size that is above a limit.
    """
    raise ShapecalcError((Diagnostic(code=code, message=f"`{file}` {message}", help=help_text),), exit_code=2)


def refuse_without(file: str, package: str, extra: str) -> NoReturn:
    """Raise `ShapecalcError` SC006 (exit code 2): reading the file needs a package that is not installed."""
    message = f"`{file}` is read with the package `{package}`, which is not installed"
    help_text = f"`pip install 'nn-shapecalc[{extra}]'` installs it"
    raise ShapecalcError((Diagnostic(code="SC006", message=message, help=help_text),), exit_code=2)
