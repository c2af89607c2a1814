"""`shapecalc conv`, run in this process."""

from __future__ import annotations

from typer.testing import CliRunner

from shapecalc.cli import app


def conv(words: str) -> str:
    result = CliRunner().invoke(app, ["conv", *words.split()])
    assert result.exit_code == 0, result.output
    assert not result.stderr
    return result.stdout
