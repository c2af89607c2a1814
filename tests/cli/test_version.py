"""`shapecalc version`: the version."""

from __future__ import annotations

from typer.testing import CliRunner

from shapecalc import __version__
from shapecalc.cli import app


def test_the_command_and_both_options_print_the_version() -> None:
    for word in ("version", "--version", "-V"):
        assert CliRunner().invoke(app, [word]).output == f"shapecalc {__version__}\n"
