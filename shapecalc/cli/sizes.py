"""Options and arguments that several commands share: what to read, what to bind, how sizes are written."""

from __future__ import annotations

from typing import Annotated

import typer

from shapecalc.cli.outcome import Misuse

ArchitectureArgument = Annotated[
    str, typer.Argument(metavar="ARCH", help="A file, - for standard input, or a name that `shapecalc list` shows.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=SIZE", help="Give a symbol of the input a size, such as N=8; may be repeated."),
]


def bindings(settings: list[str] | None) -> dict[str, int]:
    """Read `N=8` settings; raise a usage error for what is none.

    >>> bindings(["N=8", "H=224"])
    {'N': 8, 'H': 224}
    """
    sizes: dict[str, int] = {}
    for setting in settings or ():
        name, equals, size = setting.partition("=")
        if not name.isidentifier() or not equals:
            raise Misuse(f"`--set` expects NAME=SIZE such as N=8, receives `{setting}`")
        value = whole(size, f"--set {name}")
        if sizes.setdefault(name, value) != value:
            raise Misuse(f"`--set {name}` is given twice, as {sizes[name]} and as {value}")
    return sizes


def whole(text: str, option: str) -> int:
    """Read a whole number of at most 20 digits; raise a usage error that names the option."""
    digits = text.strip()
    if digits.removeprefix("-").isascii() and digits.removeprefix("-").isdigit() and len(digits) <= 20:  # noqa: PLR2004
        return int(digits)
    raise Misuse(f"`{option}` expects a whole number, receives `{text}`")


def per_axis(text: str, option: str) -> tuple[int, ...]:
    """Read a size per axis, `224x320`, or one for all, `224`.

    >>> per_axis("224x320", "--n")
    (224, 320)
    """
    return tuple(whole(part, option) for part in text.lower().replace("×", "x").split("x"))
