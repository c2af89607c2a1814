"""What the formats are given: real findings of real texts, under names that were chosen to break something."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.checking.diagnose import diagnose
from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.files.load import loads_source
from shapecalc.parser.files import read_source
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = Path(__file__).parents[1] / "render" / "check" / "files"
HOSTILE = (
    "::error file=x::injected",
    "##[error]injected",
    "a\n::set-env name=PATH::x",
    "a\r\n  ::add-mask::secret",
    "\x1b[31m\x9b1mred\x07\x00",
    "<script>alert(1)</script>",
    '"]]>&lt;!--\ufffe\uffff',
    "@team/owners #1 [click](https://example.org) ![x](y)",
    "a|b\\|@team`c``d```e ~~~",
    "\u202egnp.\u200bnet\u2028\ufeff",
    "100%25,title=x:y,line=1%0A::",
    "=x/../y ",
    "\ud800\udc80lone",
    "-->{0}{{1}} \t é 网络 𝐍",
)
"""Pieces of names: workflow commands, terminal controls, markup, signs that some format takes for its own."""


def checked(path: str) -> Checked:
    """Read one of `files/`, as it is called there."""
    with chdir(FILES):
        try:
            source = read_source(path)
        except ShapecalcError as error:
            return Checked(path, error.source, error.diagnostics, readable=error.exit_code == 1)
        return checked_text(source, FILES)


def checked_text(source: Source, folder: Path | None = None) -> Checked:
    """Find what is wrong with a text: in reading, in shapes, in what it expects, and what is only suspect."""
    findings: tuple[Diagnostic, ...]
    try:
        architecture = loads_source(source, folder=folder)
        report = inspect(architecture)
    except ShapecalcError as error:
        return Checked(source.name, error.source or source, error.diagnostics)
    findings = diagnose(report)
    return Checked(source.name, architecture.file or source, findings)


def clean() -> list[Checked]:
    return [checked("clean.yaml")]


def one() -> list[Checked]:
    return [checked("clean.yaml"), checked("./one.yaml")]


def thirty() -> list[Checked]:
    return [checked(name) for name in ("thirty-words.yaml", "clean.yaml", "thirty-warnings.yaml", "missing.yaml")]


def hostile() -> list[Checked]:
    results = [checked_text(Source(f"{piece}.yaml", hostile_text(*[piece] * 6))) for piece in HOSTILE]
    return [*results, checked("gone\n::error::x.yaml")]


def hostile_text(name: str, comment: str, word: str, key: str, value: str, reference: str) -> str:
    """Write an architecture with a piece at each place where a file can have one."""
    remark = " ".join("".join(c for c in comment if c.isprintable() or c == "\t").split())
    return (
        f"name: {quoted(name)}  # {remark}\n"
        "input: [N, 8]\n"
        "layers:\n"
        f"  - {quoted(word)}  # {remark}\n"
        f"  - linear: {{{quoted(key)}: 3, out_features: {quoted(value)}}}  # {remark}\n"
        f"    from: {quoted(reference)}  # {remark}\n"
    )


def quoted(text: str) -> str:
    """Write a text as YAML between double quotes: as it is where YAML has it so, else escaped."""
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if "\ud800" <= letter <= "\udfff":
        return "?"  # no YAML has half a character
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


INPUTS: dict[str, Callable[[], list[Checked]]] = {"clean": clean, "one": one, "thirty": thirty, "hostile": hostile}
