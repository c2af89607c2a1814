"""The reading of a command's arguments: old spellings of options, plain names of values, and mistakes in our words."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from shapecalc.cli.exit_codes import Misuse, UsageError
from shapecalc.cli.options.formats import any_of
from shapecalc.cli.options.written import Written

if TYPE_CHECKING:
    from collections.abc import Iterable

    import typer

OLD_SPELLINGS = {
    "check": {"--processes": "--jobs"},
    "lock": {"--file": "--lock-file"},
    "linear": {"--n": "--rows"},
    "solve": {"--most": "--top"},
    "train-cost": {"--memory": "--max-memory"},
}
"""Options by the names that they had before, of each command: they are still read, and no help shows them."""

FORMER_FLAGS = {"beam": "--end"}
"""Options with a value that were flags before, of each command: without a value they are still read."""

NUMBERS = {"int": "N", "int range": "N", "float": "X", "float range": "X"}
"""The placeholder of a number in help, by the name that typer has for its type."""

_QUOTED = re.compile(r"(?P<value>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|-?[0-9.]+(?:e[-+]?[0-9]+)?|nan|-?inf) is not ")


class Command(TyperCommand):
    """A command that also reads the old spellings of its options."""

    def __init__(self, name: str | None, **more: Any) -> None:
        super().__init__(name, **more)
        for parameter in self.params:
            if parameter.metavar is None and not getattr(parameter, "is_flag", False):
                parameter.metavar = _metavar(parameter)

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the parts of the usage line, without the braces that typer puts around arguments."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the arguments; raise `Misuse` for a mistake."""
        args = [*_in_new_words(args, OLD_SPELLINGS.get(self.name or "", {}))]
        flag = FORMER_FLAGS.get(self.name or "")
        for place in [place for place, arg in enumerate(args) if arg == flag]:
            if args[place + 1 : place + 2] == [] or args[place + 1].startswith("-"):
                args[place] += "="
        given = {arg.partition("=")[0] for arg in args}
        try:
            rest = super().parse_args(ctx, args)
        except Misuse:
            raise
        except UsageError as error:
            raise Misuse(worded(error, given), ctx) from None
        for parameter in self.params:
            names = [name for name in parameter.opts if name in given]
            value = ctx.params.get(parameter.name or "")
            if len(names) > 1 and parameter.param_type_name == "option" and not parameter.multiple:
                raise Misuse(
                    f"`{names[0]}` and `{names[1]}` mean the same, and both are given; leave one of them out", ctx
                )
            if names and len(parameter.opts) > 1 and isinstance(value, str):
                ctx.params[str(parameter.name)] = Written(value, names[0])
        return rest


def _metavar(parameter: Any) -> str | None:
    choices = getattr(parameter.type, "choices", None)
    if choices is not None:
        return "|".join(map(_word, choices))
    return NUMBERS.get(parameter.type.name)


def _word(choice: Any) -> str:
    return str(getattr(choice, "value", choice))


def _in_new_words(args: Iterable[str], old: dict[str, str]) -> Iterable[str]:
    for arg in args:
        name, equals, value = arg.partition("=")
        yield f"{old[name]}{equals}{value}" if name in old else arg


def worded(error: Any, given: Iterable[str] = ()) -> str:
    """Return the message of a usage error of typer; `given` has the options that the user wrote.

    >>> class NoSuchOption: option_name, possibilities = "--formt", ["--format"]
    >>> worded(NoSuchOption)
    'there is no option `--formt`; did you mean `--format`?'
    """
    parameter = getattr(error, "param", None)
    if parameter is not None:
        names = [name for name in parameter.opts if name in given] or sorted(parameter.opts, key=len)
        name = f"`{names[-1]}`" if parameter.param_type_name == "option" else f"`{parameter.metavar}`"
        expects = _expects(parameter)
        value = _QUOTED.match(error.message)
        if hasattr(error, "param_type"):  # it is missing
            return f"{name} is missing{f': {expects}' if expects else ''}"
        if value is not None:
            return f"{name} expects {expects}, receives `{_literal(value['value'])}`"
        return f"{name}: {error.message}"
    option = getattr(error, "option_name", None)
    if option is None:
        extra = re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", error.message, re.DOTALL)
        return error.message if extra is None else f"unexpected argument `{extra[1]}`"
    if hasattr(error, "possibilities"):
        near = f"; did you mean {any_of([f'`{each}`' for each in error.possibilities])}?" if error.possibilities else ""
        return f"there is no option `{option}`{near}"
    takes = "expects no value" if "not take" in error.message else "expects a value, receives none"
    return f"`{option}` {takes}"


def _expects(parameter: Any) -> str:
    """Return what a parameter takes, empty if any text."""
    kind = parameter.type
    if getattr(kind, "choices", None) is not None:
        return any_of(map(_word, kind.choices))
    number = {"N": "a whole number", "X": "a number"}.get(NUMBERS.get(kind.name, ""), "")
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None and most is None:
        return number
    return f"{number} of at least {least}" if most is None else f"{number} from {least} to {most}"


def _literal(text: str) -> str:
    """Return the string of a quoted literal, and any other text unchanged."""
    with suppress(ValueError, SyntaxError):
        value = ast.literal_eval(text)
        return value if isinstance(value, str) else text
    return text
