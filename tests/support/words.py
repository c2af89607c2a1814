"""The words that shapecalc avoids, what stands in their place, and where the package's texts and names use them.

`python -m tests.support.words [ROOM]` prints each use.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = Path(__file__).parents[2] / "shapecalc"

TEXTS = {
    r"\b(held|holds?|holding)\b[^.;:]{0,30}\bagainst\b": "compared with, checked against",
    r"\b(mend(s|ed|ing)?|slips?)\b": "fix, typo, mistake",
    r"\balive\b": "live",
    r"\b(left|leaves?|leaving) (\w+ )?free\b": "unbound",
    r"\bgradients? by\b": "gradient with respect to",
    r"\bdemand(s|ed|ing)?\b": "constraint, require",
    r"\b(il)?legal(ity|ly)?\b": "valid, invalid",
    r"\bsuspicio(n|us)\w*|\bsuspects?\b": "lint, warning",
    r"\bcom(es?|ing) to\b": "totals, is",
    r"\b(enters?|entering)\b": "input, passed to",
    r"\bstands? (for|in|at|on|before|behind|there|to|where|as|beside|next|alone|again)\b": "is, appears",
    r"\bwhole numbers?\b": "integer",
    r"\blone\b": "single",
    r"\bbesides?\b": "next to, in addition to",
    r"\bunless stated\b": "by default",
    r"\b(pupils?|lessons?)\b": "model, dataset",
    r"\bso many\b": "N",
    r"\b(nobody|whoever)\b": "no one, the caller",
    r"(?<!there )\bis no\b|\bhas (?-i:none)\b|(?<!there )\bis (?-i:none)\b": "is not a, has no",
    r"\b(told|tells?|telling|asked|asks?|spoken|spelt|learnt)\b": "reported, requested, formatted, trainable",
    r"\bworked out\b": "computed",
    r"\bwritten out\b": "expanded",
}
"""Patterns over docstrings, comments and help texts, and what to write."""

MESSAGES = {
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bin all\b(?! (these|of|the)\b)": "in total",
    r"\bbesides\b": "in addition",
    r"\balike\b": "unchanged, equal",
    r"\bhands? on\b": "passes on",
    r"\b(come|comes|coming) to\b": "is, has, expands to",
    r"\bbut for\b": "except for",
    r"\bso many\b": "this number of",
    r"\bis of use\b": "requires",
    r"\btak(es?|ing) away\b": "makes redundant",
    r"\bcan stand\b": "is possible",
    r"\b(nobody|whoever)\b": "no one, the caller",
    r"\bis legal\b": "is valid",
}
"""Patterns over every other text, such as a message, and over the explanations of diagnostics."""

NAMES = {
    *("alive", "asked", "demand", "demands", "demanded", "entering", "found", "further", "held", "keeping", "kept"),
    *("leaving", "legal", "illegal", "legality", "lesson", "lessons", "lone", "mend", "mended", "mending", "moment"),
    *("moments", "noted", "noting", "pupil", "slip", "slips", "spelt", "spoken", "suspect", "suspects", "suspicion"),
    *("suspicions", "telling", "told", "unseen", "whole"),
}
"""Parts of identifiers."""


class Use(NamedTuple):
    """One use of a word that the list has, and the text or name around it."""

    file: str
    line: int
    word: str
    text: str


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings, comments and help texts of a module with the line that each begins on."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, re.sub(r"`[^`]*`|^ *(>>>|\.\.\.).*$", "", node.value.value, flags=re.MULTILINE)
        if isinstance(node, ast.keyword) and node.arg == "help":
            for part in ast.walk(node.value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], re.sub(r"`[^`]*`", "", token.string)


def messages_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the other texts of more than one word with the line that each begins on."""
    tree = ast.parse(source)
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart
        if is_text and " " in node.value.strip():
            yield node.lineno, node.value


def names_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the names that a module defines: modules' variables, functions, classes, arguments, attributes, locals."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def parts_of(name: str) -> list[str]:
    """Return the words of an identifier.

    >>> parts_of("LayerKeeping"), parts_of("_kept_bytes")
    (['layer', 'keeping'], ['kept', 'bytes'])
    """
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]


def _matches(file: str, line: int, text: str, patterns: Iterable[str]) -> Iterator[Use]:
    for pattern in patterns:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            shown = text[max(match.start() - 40, 0) : match.end() + 40]
            yield Use(file, line, match[0].lower(), " ".join(shown.split()))


def uses(package: Path = PACKAGE) -> list[Use]:
    """Return every use of a listed word in the texts and names of a package."""
    found = []
    for path in sorted(package.rglob("*.py")):
        source, file = path.read_text(encoding="utf-8"), str(path.relative_to(package))
        for line, text in texts_of(source):
            found += _matches(file, line, text, TEXTS)
        for line, text in messages_of(source):
            found += _matches(file, line, text, MESSAGES)
        for line, name in names_of(source):
            found += [Use(file, line, part, name) for part in parts_of(name) if part in NAMES]
    for path in sorted(package.rglob("*.md")):
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found += _matches(str(path.relative_to(package)), line, text, MESSAGES)
    return found


if __name__ == "__main__":
    room = sys.argv[1] if len(sys.argv) > 1 else ""
    for use in uses():
        if use.file.startswith(room):
            print(f"{use.file}:{use.line}: {use.word}: {use.text}")
