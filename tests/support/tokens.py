"""Every architecture that ships, broken token by token, and taken through what happens to a user's file.

    python -m tests.support.tokens 1000000 [SEED]

runs as many mutants as are asked for and prints what went wrong.
"""

from __future__ import annotations

import random
import re
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fuzz.load import hold
from shapecalc.checking.diagnose import diagnose
from shapecalc.checking.result import Checked
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.dims import Expr
from shapecalc.files import zoo
from shapecalc.files.load import loads_source
from shapecalc.render.check import github, gitlab, json, junit, sarif, text
from shapecalc.render.inspect import table
from shapecalc.render.tables import text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.shape_inference.engine import infer
from tests.support.ci_logs import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.shape_inference.report import Report

TOKEN = re.compile(r"#[^\n]*|\n *|[A-Za-z_][\w.]*|[0-9]+(?:\.[0-9]+)?|\"[^\"\n]*\"|'[^'\n]*'| +|.", re.DOTALL)
HOSTILE = (
    *("0", "-1", "1", "2147483648", "9223372036854775808", "1" + "0" * 30, "1e400", ".nan", "-.inf", "1_000", "010"),
    *("12:30", "0x7fffffff", "0b1", "1.5", "~", "null", "true", "no", '""', "''", "[]", "{}", "[[[]]]", "{a: {b: c}}"),
    *("&a ", "*a", "&a [*a]", "<<: ", "!!int ", "!!python/object/apply:os.system ", "? ", "- ", ": ", ","),
    *("|\n", ">\n", "---\n", "...\n", "%YAML 1.1\n", "#", "\t", "\r", "\r\n", "\\"),
    *('"\\e[31m"', '"\\ud800"', "\x1b[31m"),
    *("\x85", "\x00", "\u2028", "\u202e", "\ufeff", "\ufffe", "é", "网络", "𝐍", "e\u0301"),
    *("::error::x", "##[error]x", "@team", "<b>", "[/x]", "$width", "${2 ** 999}", "${1 // 0}", "${", "}"),
    *("repeat: 99999", "repeat: 0", "from: input", "share: relu_0", "N", "H", "H*W*T*A*B*C", "same", "ceil_mode: true"),
    *("groups: 7", "dim: -9", "where: [H >= 8]", "sizes: {H: 3}", "include: x.yaml"),
)
NUMBERS = ("0", "-1", "1", "3", "2147483648", "9223372036854775808", "9" * 30, "1e400")
FORMATS = (text, json, github, gitlab, sarif, junit)
EVERY_FORMAT, EVERY_TABLE = 20, 10
"""Of so many mutants that are refused one is written in all formats, of so many that are taken one is drawn."""


class Failure(NamedTuple):
    """A mutant with which something went wrong, and what."""

    name: str
    number: int
    mutant: str
    what: str

    def __str__(self) -> str:
        return f"{self.name} {self.number}: {self.what}\n--- {self.mutant!r}"


@cache
def texts() -> dict[str, str]:
    paths = {name: zoo.path(name) for name in zoo.names()}
    return {name: path.read_text("utf-8") for name, path in paths.items() if isinstance(path, Path)}


@cache
def tokens(name: str) -> tuple[str, ...]:
    found = tuple(TOKEN.findall(texts()[name]))
    assert "".join(found) == texts()[name]
    return found


def shares(count: int) -> dict[str, int]:
    """Return how many mutants each file has: a short one, which is quick to read, more than a long one."""
    weights = {name: len(text) ** -1.0 for name, text in texts().items()}
    whole = sum(weights.values())
    return {name: -(-int(count * 1000 * weight / whole) // 1000) + 1 for name, weight in weights.items()}


def mutant(name: str, number: int, seed: int = 0) -> str:
    """Return a file with one to three of its tokens changed."""
    chance = random.Random(f"{seed} {name} {number}")
    written = list(tokens(name))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(written))
        chance.choice(MUTATIONS)(written, at, chance)
        if not written:
            break
    return "".join(written)


def _deleted(written: list[str], at: int, _: random.Random) -> None:
    del written[at]


def _doubled(written: list[str], at: int, chance: random.Random) -> None:
    written[at : at + 1] = [written[at]] * chance.choice((2, 2, 3, 200))


def _swapped(written: list[str], at: int, chance: random.Random) -> None:
    other = chance.randrange(len(written))
    written[at], written[other] = written[other], written[at]


def _replaced(written: list[str], at: int, chance: random.Random) -> None:
    written[at] = chance.choice(HOSTILE)


def _inserted(written: list[str], at: int, chance: random.Random) -> None:
    written.insert(at, chance.choice(HOSTILE))


def _exchanged(written: list[str], at: int, chance: random.Random) -> None:
    """Put a token of the same kind in its place, of any file."""
    other = chance.choice(tokens(chance.choice(tuple(texts()))))
    if other[:1].isalnum() == written[at][:1].isalnum():
        written[at] = other


def _renumbered(written: list[str], at: int, chance: random.Random) -> None:
    places = [place for place in range(at, len(written)) if written[place].isdigit()]
    if places:
        written[places[0]] = chance.choice(
            ("0", "-1", "1", "3", "2147483648", "9223372036854775808", "9" * 30, "1e400")
        )


def _renamed(written: list[str], at: int, chance: random.Random) -> None:
    words = [place for place in range(at, len(written)) if written[place][:1].isalpha()]
    if words:
        word = written[words[0]]
        cut = chance.randrange(len(word))
        written[words[0]] = chance.choice((word[:cut] + word[cut + 1 :], word.upper(), word + word, word[:cut] + "х"))


def _indented(written: list[str], at: int, chance: random.Random) -> None:
    places = [place for place in range(at, len(written)) if written[place].startswith("\n")]
    if places:
        written[places[0]] = "\n" + " " * chance.choice((0, 1, 2, 3, 4, 6, 8, 65))


def _cut_off(written: list[str], at: int, _: random.Random) -> None:
    del written[at:]


def _line_gone(written: list[str], at: int, chance: random.Random) -> None:
    """Take out a line, or put it somewhere else."""
    ends = [place for place, token in enumerate(written) if token.startswith("\n")]
    within = [(start, end) for start, end in pairwise(ends) if start <= at < end]
    if within:
        start, end = within[0]
        line = written[start:end]
        del written[start:end]
        if chance.random() < 0.5:
            put = chance.choice([place for place in ends if place <= len(written)] or [0])
            written[put:put] = line


MUTATIONS = (
    *(_deleted, _doubled, _swapped, _replaced, _replaced, _inserted, _exchanged, _exchanged),
    *(_renumbered, _renamed, _indented, _cut_off, _line_gone),
)


def taken_through(name: str, number: int, written: str) -> str | None:
    """Take a text through reading, inference and rendering; return None where a user would have to do with it.

    Whatever else leaves than `ShapecalcError`, or is wrong in what is said, is an assertion or the error itself.
    """
    source = Source(f"{name}.yaml", written)
    folder = Path(zoo.path(name) or ".").parent
    try:
        architecture = loads_source(source, folder=folder, unused=True)
        source = architecture.file or source
        report, findings = infer(architecture)
        if report is not None:
            findings = diagnose(report)
            counted(report)
            if not number % EVERY_TABLE:
                shown(tables_text.document(table.inspection(report), Page(80, color=False, unicode=True)))
    except ShapecalcError as error:
        source, findings, report = error.source or source, error.diagnostics, None
    assert report is not None or findings, "refused without a word"
    hold(findings, source)
    checked = Checked(source.name, source, findings)
    for form in FORMATS if not number % EVERY_FORMAT else FORMATS[:1]:
        shown(form.checks([checked]))
    return "taken" if report is not None else None


def counted(report: Report) -> None:
    """Hold counts to what counts are: whole numbers from 0 on, or expressions."""
    for count in (*report.totals, *(count for row in report.layers for count in (row.params, row.macs, row.flops))):
        assert count is None or isinstance(count, Expr) or (type(count) is int and 0 <= count < 2**63), count


def shown(written: str) -> None:
    found = CONTROLS.search(written)
    assert found is None, f"{found[0]!r} is shown"
    written.encode()


def run(name: str, numbers: Iterable[int], seed: int = 0) -> tuple[int, list[Failure]]:
    """Take mutants of a file through; return how many were no mistake at all, and what went wrong."""
    fine, failures = 0, []
    for number in numbers:
        written = mutant(name, number, seed)
        try:
            fine += taken_through(name, number, written) is not None
        except Exception:  # noqa: BLE001 - anything is what this looks for
            failures.append(Failure(name, number, written, traceback.format_exc(limit=-4)))
    return fine, failures


CHUNK = 250


def run_all(count: int, seed: int = 0, processes: int = 2) -> tuple[int, int, list[Failure]]:
    """Return how many mutants of all files were run, how many were no mistake, and what went wrong."""
    chunks = [
        (name, range(first, min(first + CHUNK, many)))
        for name, many in shares(count).items()
        for first in range(0, many, CHUNK)
    ]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        names, numbers = zip(*chunks, strict=True)
        done = list(pool.map(run, names, numbers, [seed] * len(chunks)))
    return sum(map(len, numbers)), sum(fine for fine, _ in done), [failure for _, found in done for failure in found]


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    many, fine, failures = run_all(count, seed)
    print(f"{many:,} mutants, {fine:,} of them no mistake, {len(failures)} failures")
    print(*failures[:20], sep="\n\n")


if __name__ == "__main__":
    main()
