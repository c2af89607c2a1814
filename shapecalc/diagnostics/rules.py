"""What each code of a diagnostic means: a page per code, with a bad and a mended example, in `explanations/`."""

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
    """One code: what it says in a few words, why and how to mend it, and two examples.

    `text` has a line for each paragraph, and an empty line between them.
    The examples are files where `language` is `yaml`, and commands of a shell where it is `console`: what a file alone
    cannot bring about. `broken` gives a diagnostic of this code, `mended` gives none.
    """

    code: str
    title: str
    text: str
    broken: str
    mended: str
    language: str = "yaml"


def codes() -> tuple[str, ...]:
    """Return every code that a diagnostic can have, in ascending order; no page is read.

    >>> codes()[0]
    'SC001'
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("SC[0-9][0-9][0-9].md")))


@cache
def rule(code: str) -> Rule:
    """Return what a code means.

    Raises `KeyError` for a code that no diagnostic has.

    >>> rule("SC301").title
    'a stated size is not what arrives'
    """
    if code not in codes():
        raise KeyError(code)
    return read_page((_FOLDER / f"{code}.md").read_text(encoding="utf-8"))


def rules() -> tuple[Rule, ...]:
    """Return what all codes mean, in their order."""
    return tuple(map(rule, codes()))


def read_page(page: str) -> Rule:
    """Return what a page says: a title, paragraphs, and two blocks of one language, the broken one first.

    Raises `ValueError` for a page of another form.
    """
    found = _PAGE.fullmatch(page)
    if found is None or found["broken_language"] != found["mended_language"]:
        raise ValueError(f"the page of a rule expects a title, a text and two examples, receives {page[:40]!r}")
    code, title, text, broken, mended, language = found.group(
        "code", "title", "text", "broken", "mended", "broken_language"
    )
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return Rule(code, title, "\n\n".join(paragraphs), broken, mended, language)
