"""The suite: `python -m benchmarks --peers FOLDER [--only NAME...] [--quick] [--markdown]`."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import MODULES
from benchmarks.pairs import Row, Settings, in_turn, median, process, share_written, spoken
from benchmarks.peers import python_of

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = ("what", "shapecalc", "peer", "the peer's", "ratio", "target", "beside")
VERSIONS = """
from importlib.metadata import version

print(", ".join(f"{name} {version(name)}" for name in ("torch", "onnx", "onnxruntime", "torchinfo")))
"""


def machine(settings: Settings) -> str:
    """Return where and when, in words: what every figure hangs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    theirs = subprocess.run([settings.peers, "-c", VERSIONS], check=True, capture_output=True, text=True).stdout.strip()
    ours = ", ".join(f"{name} {version(name)}" for name in ("numpy", "typer"))
    typer = in_turn({"typer": process([sys.executable, "-c", "import typer"])}, 5, warm=1)["typer"]
    return (
        f"Measured on {datetime.now(UTC).date()}: {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, load {os.getloadavg()[0]:.1f} at the start; "
        f"Python {platform.python_version()}, {ours}; "
        f"{theirs}. Medians of {settings.rounds} rounds at most. A process that imports typer takes "
        f"{spoken(median(typer))}."
    )


def plain_line(row: Row) -> str:
    target = f" (target {row.target}{'' if row.met else ', missed'})" if row.target else ""
    beside = f"; {row.beside}" if row.beside else ""
    return f"{row.what}: {row.ours} against {row.peer} {row.theirs}, ratio {share_written(row.ratio)}{target}{beside}"


def table(rows: Iterable[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = [f"| {' | '.join(HEAD)} |", "| --- | ---: | --- | ---: | ---: | --- | --- |"]
    for row in rows:
        target = f"{row.target}{'' if row.met else ', **missed**'}" if row.target else ""
        cells = (row.what, row.ours, row.peer, row.theirs, share_written(row.ratio), target, row.beside)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--peers", type=Path, required=True, help="the folder that `python -m benchmarks.peers` made")
    options.add_argument("--only", nargs="+", choices=MODULES, default=MODULES, metavar="NAME", help=", ".join(MODULES))
    options.add_argument("--quick", action="store_true", help="one round of everything")
    options.add_argument("--markdown", action="store_true", help="print the tables of benchmarks/README.md")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(python_of(given.peers.absolute()), 1 if given.quick else 5, Path(folder))
        print(f"{machine(settings)}\n", flush=True)
        for name in given.only:
            began, rows = time.perf_counter(), []
            for row in importlib.import_module(f"benchmarks.{name}").rows(settings):
                rows.append(row)
                print(plain_line(row), flush=True, file=sys.stderr if given.markdown else sys.stdout)
            if given.markdown:
                print(f"### {name}\n\n{table(rows)}\n", flush=True)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
