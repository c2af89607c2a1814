"""Whole processes: commands against the programs that a user would run instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.pairs import in_turn, median, network_file, process, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.pairs import Row, Settings

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

SHAPECALC = [sys.executable, "-m", "shapecalc"]


COMPLETED = {
    "`shapecalc inspect res` and Tab": "shapecalc inspect res",
    "`shapecalc inspect resnet50 --set` and Tab": "shapecalc inspect resnet50 --set ",
}


def completion(settings: Settings) -> Iterator[Row]:
    """Words for the shell; what it takes beyond the start of Python should stay below 150 ms."""
    for what, line in COMPLETED.items():
        variables = ("_SHAPECALC_COMPLETE=complete_zsh", f"_TYPER_COMPLETE_ARGS={line}")
        sides = {
            "ours": process(["env", *variables, *SHAPECALC]),
            "typer": process([sys.executable, "-c", "import typer"]),
            "python": process([sys.executable, "-c", "pass"]),
        }
        found = in_turn(sides, 3 * settings.rounds, warm=1)
        beyond = 1000 * (median(found["ours"]) - median(found["python"]))
        beside = f"{beyond:.0f} ms beyond the start of Python"
        yield row(what, found["ours"], "Python that imports typer", found["typer"], 2.5, beside)


def rows(settings: Settings) -> Iterator[Row]:
    """Short commands, an inspection and a verification; all of it counts, from the interpreter's start to its end."""
    yield from completion(settings)
    for what, command, peer, script, at_most in (
        ("inspect lenet5", ["inspect", "lenet5"], "bare typer, rich and yaml, a table", BARE_TABLE, 1.25),
        ("conv", ["conv", "--n", "32", "--f", "5", "--s", "1"], "a one-command typer program", BARE_COMMAND, 1.10),
    ):
        file = settings.folder / f"bare_{what.split()[0]}.py"  # no name that a module has
        file.write_text(script, encoding="utf-8")
        sides = {"ours": process([*SHAPECALC, *command]), "bare": process([sys.executable, str(file)])}
        found = in_turn(sides, 3 * settings.rounds, warm=1)
        yield row(f"`shapecalc {what}`", found["ours"], peer, found["bare"], at_most)

    resnet = [settings.peers, "-m", "benchmarks.twin_torch", "summary", network_file(settings, "resnet50")]
    sides = {"ours": process([*SHAPECALC, "inspect", "resnet50"]), "torchinfo": process(resnet)}
    found = in_turn(sides, settings.rounds, warm=1)
    yield row(
        "`shapecalc inspect resnet50`",
        found["ours"],
        "torchinfo, meta device: build, print",
        found["torchinfo"],
        1 / 10,
    )

    verify, sizes = [*SHAPECALC, "verify", "vgg16"], ["--set", "N=1", "--set", "H=224", "--set", "W=224"]
    vgg = [settings.peers, "-m", "benchmarks.twin_torch", "once", network_file(settings, "vgg16")]
    sides = {"plain": process(verify), "at one size": process([*verify, *sizes]), "torch": process(vgg)}
    found = in_turn(sides, settings.rounds, warm=1)
    peer = "PyTorch: build VGG-16, run it once"
    yield row("`shapecalc verify vgg16`: two sizes of each symbol", found["plain"], peer, found["torch"], 1 / 5)
    yield row(
        "`shapecalc verify vgg16 --set N=1 --set H=224 --set W=224`: one size",
        found["at one size"], peer, found["torch"], 1 / 5,
    )  # fmt: skip
