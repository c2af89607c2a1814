"""The command line: a file per command, imported only when that command is given."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from shapecalc import __version__
from shapecalc.cli.outcome import guarded

COMMANDS = ("inspect", "verify", "conv", "pool", "conv-transpose", "linear", "list", "show", "layers")


class _CommandsOnDemand(TyperGroup):
    """Imports `cli/<command>.py` when the command is asked for; each holds one function, `command`."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ANN401, ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"shapecalc.cli.{cmd_name.replace('-', '_')}")
        return _command(cmd_name, module.command)


def _command(name: str, function: Callable[..., None]) -> Any:  # noqa: ANN401 - the class lives in a private module
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(guarded(function))
    return typer.main.get_command(alone)


def _version_asked(value: bool) -> None:
    if value:
        print(f"shapecalc {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_CommandsOnDemand,
    name="shapecalc",
    help="Shapes, parameters and arithmetic of neural networks, read from YAML and proved by running them in NumPy.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help, the same in a pipe, in CI and at any width
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version_asked)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; the entry point of `shapecalc`."""
    app()
