"""`shapecalc verify`: predicted against executed."""

from __future__ import annotations

import gc
import re
import sys
import time
from enum import Enum
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from shapecalc.cli.color import Color, ColorOption, wants_color
from shapecalc.cli.outcome import Misuse
from shapecalc.cli.sizes import ArchitectureArgument, SetOption, bindings
from shapecalc.cli.terminal import stdout_manner
from shapecalc.render.escaping import terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

UNITS = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9}
PATIENCE = 1.0
"""Seconds before a progress bar appears: what is over sooner needs none."""


class Format(Enum):
    """The words of `--format`."""

    TABLE = "table"
    JSON = "json"


def command(
    architecture: ArchitectureArgument,
    set_: SetOption = None,
    max_memory: Annotated[
        str, typer.Option("--max-memory", metavar="SIZE", help="Refuse a run that would take more than this.")
    ] = "4GiB",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random weights and inputs.")] = 0,
    format_: Annotated[Format, typer.Option("--format", help="How to write the result.")] = Format.TABLE,
    color: ColorOption = Color.AUTO,
) -> None:
    """Run it in NumPy and compare with the prediction.

    Shapes, parameters and multiply-accumulates are held against what the kernels really did. Each symbol that is left
    free is tried at two sizes. Exit code 1 where anything disagrees.
    """
    allowed, sizes = _bytes(max_memory), bindings(set_)
    gc.enable()  # a run takes its time, and memory is what it is about
    from shapecalc.loading import load
    from shapecalc.render import proof as rendered
    from shapecalc.verification import verify_at

    loaded = load(architecture)
    bar = _ProgressBar() if sys.stderr.isatty() else None
    try:
        proof = verify_at(loaded, sizes, seed=seed, max_memory=allowed, progress=bar)
    finally:
        if bar is not None:
            bar.clear()
    manner = stdout_manner(color)
    match format_:
        case Format.TABLE:
            print(rendered.table(proof, **manner))
        case Format.JSON:
            from shapecalc.render import json

            print(json.document(rendered.as_dict(proof), unicode=manner["unicode"]))
        case _:
            assert_never(format_)
    if not proof.ok:
        raise typer.Exit(1)


def _bytes(text: str) -> int:
    """Read `4GiB`, `500 MB` or plain bytes.

    >>> _bytes("4GiB"), _bytes("1.5 MB")
    (4294967296, 1500000)
    """
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]*)", text.strip())
    if found is None or found[2].lower() not in UNITS:
        raise Misuse(f"`--max-memory` expects a size such as 4GiB, 500MiB or bytes, receives `{text}`")
    whole, _, part = found[1].partition(".")
    unit = UNITS[found[2].lower()]
    return int(whole) * unit + (int(part) * unit // 10 ** len(part) if part else 0)


class _ProgressBar:
    """A bar on stderr, drawn once a run has taken a while and gone at its end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, path: str, done: int, total: int) -> None:
        """Show how many layers are done and which one is next."""
        if self._bar is None:
            if time.monotonic() - self._began < PATIENCE:
                return
            self._bar, self._task = _drawn_bar(total)
        assert self._task is not None  # comes with the bar
        self._bar.update(self._task, completed=done, description=terminal(path)[:30])

    def clear(self) -> None:
        """Wipe the bar out."""
        if self._bar is not None:
            self._bar.stop()


def _drawn_bar(total: int) -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    color = wants_color(sys.stderr)
    console = Console(stderr=True, no_color=not color)
    bar = Progress(*columns, console=console, transient=True)
    bar.start()
    return bar, bar.add_task("", total=total)
