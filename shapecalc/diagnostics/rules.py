"""Explanations of the codes of diagnostics: a page per code in `explanations/`, with a broken and a fixed example."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "explanations"
_EXAMPLE = r"```(?P<{0}_language>yaml|console)\n(?P<{0}>.*?)\n```\n"
_PAGE = re.compile(
    r"# (?P<code>SC\d{3}): (?P<title>[^\n]+)\n\n(?P<text>.+?)\n\n"
    rf"{_EXAMPLE.format('broken')}\n{_EXAMPLE.format('mended')}",
    re.DOTALL,
)


class Rule(NamedTuple):
    """The explanation of one code: a title, the cause and the fix, and two examples.

    `text` has a line for each paragraph, and an empty line between them. The examples are files if `language` is
    `yaml`, and shell commands if it is `console`, for codes that no file by itself can cause. `broken` causes a
    diagnostic of this code, `mended` does not.
    """

    code: str
    title: str
    text: str
    broken: str
    mended: str
    language: str = "yaml"


def codes() -> tuple[str, ...]:
    """Return every code of a diagnostic in ascending order, without reading the pages.

    >>> codes()[0]
    'SC001'
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("SC[0-9][0-9][0-9].md")))


def page_of(code: str) -> str:
    """Return the path of the page of a code, from the root of the repository.

    >>> page_of("SC301")
    'shapecalc/diagnostics/explanations/SC301.md'
    """
    return f"shapecalc/diagnostics/{_FOLDER.name}/{code}.md"


@cache
def rule(code: str) -> Rule:
    """Return the explanation of a code.

    Raises `KeyError` for an unknown code.

    >>> rule("SC301").title
    'a stated size is not what arrives'
    """
    if code not in codes():
        raise KeyError(code)
    return read_page((_FOLDER / f"{code}.md").read_text(encoding="utf-8"))


def rules() -> tuple[Rule, ...]:
    """Return the explanations of all codes, in their order."""
    return tuple(map(rule, codes()))


def read_page(page: str) -> Rule:
    """Return the rule of a page: a title, paragraphs, and two blocks of one language, the broken one first.

    Raises `ValueError` for a page of another form.
    """
    match = _PAGE.fullmatch(page)
    if match is None or match["broken_language"] != match["mended_language"]:
        raise ValueError(f"the page of a rule expects a title, a text and two examples, receives {page[:40]!r}")
    code, title, text, broken, mended, language = match.group(
        "code", "title", "text", "broken", "mended", "broken_language"
    )
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return Rule(code, title, "\n\n".join(paragraphs), broken, mended, language)
