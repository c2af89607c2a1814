"""The command line: a file per command, imported only when that command is given."""

from __future__ import annotations

import os
import sys
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from shapecalc.cli.exit_codes import Misuse, UsageError, ended_by, guarded, tolerant_streams
from shapecalc.cli.groups import BEFORE_BY_HAND, BY_HAND, COMMANDS, EPILOG, GROUPS, LOSSES_BY_HAND, module_of
from shapecalc.cli.parsing import Command, worded
from shapecalc.cli.signals import Terminated, end_by_signal, handle_signals, ignore_interrupts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COMPLETE = "_SHAPECALC_COMPLETE"
"""The variable by which a shell requests completion."""

_TyperError: Any = UsageError.__bases__[0]
"""The base class of all errors that typer shows, such as a file that cannot be opened."""


class _Command(Command):
    """A command whose help ends with its examples, in ASCII if the output has that encoding."""

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]
        text = super().get_help(ctx)
        if text.isascii():
            return text
        from shapecalc.cli.options.color import Color
        from shapecalc.cli.options.terminal import stdout_manner
        from shapecalc.render.terminal.escaping import ascii_only

        return text if stdout_manner(Color.NEVER)["unicode"] else ascii_only(text)

    def format_epilog(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        formatter.write("\nExamples:\n")
        formatter.write("".join(f"  {line}\n" for line in (self.epilog or "").splitlines()))


def _write_names(formatter: Any, title: str, names: Iterable[str]) -> None:
    lines = textwrap.fill(", ".join(names), 80, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    formatter.write(f"\n{title}\n{lines}\n")


class _CommandGroup(TyperGroup):
    """A group that imports `cli/<command>.py` when the command is used; each file defines one function, `command`."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return [*COMMANDS]  # once `cli/list.py` is imported, `list` is that module here

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if cmd_name not in COMMANDS:
            return None
        command = _command(cmd_name, module_of(cmd_name))
        if not ctx.resilient_parsing:
            return command
        from shapecalc.cli import completion

        return completion.attach(command)

    def shell_complete(self, ctx: typer.Context, incomplete: str) -> list[Any]:  # type: ignore[override]
        from shapecalc.cli import completion

        if incomplete.startswith("-"):
            return completion.options(super(TyperGroup, self).shell_complete, ctx, incomplete)
        return completion.commands(incomplete)

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        widest = max(len(name) for commands in GROUPS.values() for name in commands)
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{widest}}", summary) for name, summary in commands.items()])
            if title == BEFORE_BY_HAND:
                _write_names(formatter, "Compute by hand (--x NUMBERS; also conv, pool and linear):", BY_HAND)
                _write_names(formatter, "Losses by hand (--x NUMBERS --target NUMBERS):", LOSSES_BY_HAND)
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        pass  # above the options

    def format_epilog(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        formatter.write(EPILOG)

    def make_context(self, info_name: str | None, args: list[str], **more: Any) -> Any:  # type: ignore[override]
        if not args:
            return super().make_context(info_name, args, **more)  # the help, which has many lines
        with _escaped_messages():
            return super().make_context(info_name, args, **more)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        with _escaped_messages():
            return super().invoke(ctx)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from shapecalc.cli.unknown_commands import message
            from shapecalc.render.terminal.escaping import terminal

            error, help_ = message(name)
            misuse = Misuse(error, ctx)
            misuse.help = terminal(help_)
            raise misuse
        return super().resolve_command(ctx, args)


@contextmanager
def _escaped_messages() -> Iterator[None]:
    """Escape arguments quoted in the messages of usage errors, both typer's and those of commands."""
    try:
        yield
    except UsageError as error:
        from shapecalc.render.terminal.escaping import terminal

        if not isinstance(error, Misuse):  # a mistake before the name of the command
            raise Misuse(terminal(worded(error)), error.ctx) from None
        error.message = terminal(error.message)
        raise


def _command(name: str, module: Any) -> Any:
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=_Command, epilog="\n".join(module.EXAMPLES))(guarded(module.command))
    return typer.main.get_command(alone)


def _print_version(value: bool) -> None:
    if value:
        from shapecalc.version import __version__

        print(f"shapecalc {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_CommandGroup,
    name="shapecalc",
    help="Shapes, parameters and costs of neural networks, read from YAML files and proved by running them in NumPy.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, the same in a pipe, in CI and at any width
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line.

    Typer's own `main` would exit with 1 if the output is a closed pipe, and with a traceback if help is written to a
    full disk.
    """
    code = 0
    try:
        handle_signals()
        tolerant_streams()
        code = _exit_code()
    except Terminated as error:
        end_by_signal(error.number)
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - raised again if it is a bug of shapecalc
        # Outside of a command: while modules are loaded, options are read or help is shown.
        code = ended_by(error)
    ignore_interrupts()
    sys.exit(code)


def _exit_code() -> int:
    command = typer.main.get_command(app)
    if COMPLETE in os.environ:
        from shapecalc.cli import completion

        completion.answer(command)
    try:
        with command.make_context("shapecalc", sys.argv[1:]) as context:
            command.invoke(context)
        code = 0
    except typer.Exit as ended:
        code = ended.exit_code
    except _TyperError as error:
        error.show()
        code = error.exit_code
    sys.stdout.flush()
    return code
