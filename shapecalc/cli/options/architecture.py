"""The options that select an architecture, bind its symbols and parameters, and raise the limits of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options import window
from shapecalc.cli.options.batch import named_batch
from shapecalc.diagnostics.errors import LayerError
from shapecalc.diagnostics.limits import LIMITS, Limits, flag
from shapecalc.layers.fields import LARGEST_DIM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.architecture import Architecture
    from shapecalc.files.settings import Settings


ArchitectureArgument = Annotated[
    str, typer.Argument(metavar="ARCH", help="A file, - for standard input, or a name that `shapecalc list` shows.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=SIZE",
        help="Bind a symbol of the input to a size, such as N=8, or set a parameter of the file; may be repeated.",
    ),
]
BatchOption = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="N",
        help="Number of samples: short for --set with the symbol of the batch axis, N, B or batch.",
    ),
]
ScaleOption = Annotated[
    str | None,
    typer.Option("--scale", metavar="1/N", help="Run a narrower network: divide the parameters that `widths:` names."),
]

PartialOption = Annotated[
    bool,
    typer.Option("--partial", help="Of an imported file: show what can be read; operators without a layer are opaque."),
]

LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=MOST",
        help="Raise a limit for a file that you trust, such as layers=1000000; may be repeated. Names: "
        f"{', '.join(map(flag, LIMITS._fields))}.",
    ),
]


_RANGE = re.compile(r"[0-9]+ *(?:\.\.+|:|-|,|to) *[0-9].*")


def settings(given: list[str] | None) -> dict[str, str]:
    """Return `N=8` settings by name; raise a usage error for any other text.

    >>> settings(["N=8", "activation=gelu"])
    {'N': '8', 'activation': 'gelu'}
    """
    texts: dict[str, str] = {}
    for setting in given or ():
        name, equals, text = setting.partition("=")
        if not name.isidentifier() or not equals:
            raise Misuse(f"`--set` expects NAME=SIZE such as N=8, receives `{setting}`")
        if texts.setdefault(name, text) != text:
            raise Misuse(f"`--set {name}` is given twice, as {texts[name]} and as {text}")
    return texts


def single(texts: dict[str, str]) -> dict[str, str]:
    """Return settings that have one value each; raise a usage error for a range or a list, which only `sweep` takes.

    >>> single({"N": "8"})
    {'N': '8'}
    """
    for name, text in texts.items():
        if _RANGE.fullmatch(text):
            many = f"`shapecalc sweep --set {name}=8:32:8` takes several"
            raise Misuse(f"`--set {name}` expects one value, receives `{text}`; {many}")
    return texts


def divisor_of(scale: str | None) -> int:
    """Return the divisor of a scale such as `1/8`; 1 if there is none.

    >>> divisor_of("1/8"), divisor_of(None)
    (8, 1)
    """
    if scale is None:
        return 1
    match = re.fullmatch(r"1\s*/\s*([1-9][0-9]{0,5})", scale.strip())
    if match is None:
        raise Misuse(f"`--scale` expects a part such as 1/8, receives `{scale}`")
    return int(match[1])


def limits_of(given: list[str] | None) -> Limits:
    """Return the limits with `layers=1000000` settings; raise a usage error for unknown names and invalid values.

    >>> limits_of(["layers=1000000", "file-size=64MiB"]).file_size
    67108864
    """
    from shapecalc.diagnostics.limits import LARGEST, MOST, is_of_bytes
    from shapecalc.parser.quantities import read_quantity

    names = {flag(name): name for name in LIMITS._fields}
    raised: dict[str, int] = {}
    for setting in given or ():
        known, equals, text = setting.partition("=")
        name = names.get(known)
        if not equals or name is None:
            from shapecalc.diagnostics.suggestions import closest

            near = closest(known, tuple(names))
            hint = f"did you mean `{near}`?" if near else f"limits: {', '.join(names)}"
            raise Misuse(f"`--limit` expects NAME=MOST such as layers=1000000, receives `{setting}`; {hint}")
        value = read_quantity(text, of_bytes=is_of_bytes(name))
        most = MOST.get(name, LARGEST)
        if value is None or value.denominator != 1 or not 1 <= value <= most:
            raise Misuse(f"`--limit {known}` expects a whole number from 1 to {most}, receives `{text}`")
        raised[name] = int(value)
    return LIMITS._replace(**raised)


def load_bound(
    architecture: str,
    set_: list[str] | None,
    limit: list[str] | None,
    scale: str | None = None,
    batch: str | None = None,
    *,
    partial: bool = False,
) -> tuple[Architecture, dict[str, int]]:
    """Return an architecture with its parameters set and narrowed, and the sizes that the other settings give."""
    from shapecalc.files.load import load_set, narrowed

    given, divisor = single(settings(set_)), divisor_of(scale)
    values = {name: parameter(text) for name, text in given.items()}
    loaded, others = load_set(architecture, values, limits_of(limit), partial=partial)
    sizes = {name: integer(given[name], f"--set {name}") for name in others}
    if batch is not None:
        sizes[named_batch(loaded, batch, given)] = count(batch, "--batch", LARGEST_DIM)
    return (narrowed(loaded, divisor) if divisor > 1 else loaded), sizes


def settings_of(set_: list[str] | None, batch: str | None) -> Settings:
    """Return the values that --set and --batch give to several files, each of which takes those that it has."""
    from shapecalc.files.settings import Settings

    values = {name: parameter(text) for name, text in single(settings(set_)).items()}
    return Settings(values, None if batch is None else count(batch, "--batch", LARGEST_DIM))


def refuse_unused(given: Settings, used: Iterable[str]) -> None:
    """Raise a usage error for a setting that no file has."""
    for name in given.unused({*used}):
        if name == "batch":
            raise Misuse(f"`--batch {given.batch}` expects a file with a batch axis N, B or batch; no file has one")
        raise Misuse(f"`--set {name}` expects a symbol or a parameter of a file; no file has `{name}`")


def parameter(text: str) -> Any:
    """Return the value of a parameter, read as in a file: a number, a flag, a word, or a list of them.

    >>> parameter("32"), parameter("gelu"), parameter("true"), parameter("[64, 128]")
    (32, 'gelu', True, (64, 128))
    """
    if text.startswith("[") and text.endswith("]"):
        return tuple(parameter(entry.strip().strip("[]")) for entry in text[1:-1].split(",") if entry.strip())
    from shapecalc.parser.scalars import Refused, resolve

    value = resolve(text)
    return text if isinstance(value, Refused) else value


def integer(text: str, option: str) -> int:
    """Return an integer of at most 20 digits; raise a usage error that names the option."""
    try:
        return window.integer(text, option)
    except LayerError:
        raise Misuse(f"`{option}` expects a whole number, receives `{text}`") from None


def count_of(text: str | None, option: str, most: int) -> int | None:
    """Return an integer from 1 to `most`, or None if the option is not given; raise a usage error for any other."""
    return None if text is None else count(text, option, most)


def count(text: str, option: str, most: int) -> int:
    """Return an integer from 1 to `most`; raise a usage error for any other text."""
    number = integer(text, option)
    if not 1 <= number <= most:
        raise Misuse(f"`{option}` expects 1 to {most}, receives {number}")
    return number
