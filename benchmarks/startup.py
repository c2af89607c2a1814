"""Whole processes: `shapecalc inspect lenet5` and `shapecalc conv` against bare programs of the same libraries."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.pairs import in_turn, line, process

BARE_TABLE = """
import typer, yaml
from rich.console import Console
from rich.table import Table

table = Table("path", "output")
table.add_row("c1", "[N, 6, 28, 28]")
Console().print(table)
"""

BARE_COMMAND = """
import typer

app = typer.Typer(add_completion=False)

@app.command()
def main(n: int = 32, f: int = 5, s: int = 1) -> None:
    print((n - f) // s + 1)

app()
"""


def main() -> None:
    shapecalc = [sys.executable, "-m", "shapecalc"]
    with tempfile.TemporaryDirectory() as folder:
        table, command = Path(folder, "table.py"), Path(folder, "command.py")
        table.write_text(BARE_TABLE)
        command.write_text(BARE_COMMAND)
        bare = in_turn(process([*shapecalc, "inspect", "lenet5"]), process([sys.executable, str(table)]))
        print(line("inspect lenet5", bare[0], "bare typer, rich and yaml", bare[1], bare[2], "at most 1.25"))
        conv = process([*shapecalc, "conv", "--n", "32", "--f", "5", "--s", "1"])
        one = in_turn(conv, process([sys.executable, str(command)]))
        print(line("conv", one[0], "a one-command typer program", one[1], one[2], "at most 1.10"))


if __name__ == "__main__":
    main()
