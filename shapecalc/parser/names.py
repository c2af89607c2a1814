"""Names of steps, blocks, branches and inputs: letters of any script, digits, `_`, and for steps `.`, `-` and `/`."""

from __future__ import annotations

import re
import unicodedata

MOST = 64
MOST_OF_A_STEP = 128
_BEYOND_ASCII = r"[^\x00-\x7f]"
NAME_PATTERN = rf"(?:[A-Za-z_]|{_BEYOND_ASCII})(?:[A-Za-z0-9_]|{_BEYOND_ASCII}){{0,{MOST - 1}}}"
STEP_NAME_PATTERN = rf"(?:[A-Za-z0-9_]|{_BEYOND_ASCII})(?:[A-Za-z0-9_.\-/]|{_BEYOND_ASCII}){{0,{MOST_OF_A_STEP - 1}}}"
"""Patterns that every name matches. The functions below are stricter beyond ASCII, which no pattern can express."""
_NAME, _STEP_NAME = re.compile(NAME_PATTERN), re.compile(STEP_NAME_PATTERN)
_NOT_OF_A_STEP_NAME = re.compile(rf"(?:(?![A-Za-z0-9_.\-/]|{_BEYOND_ASCII}).)+", re.DOTALL)

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks without a glyph."""
_MOST_MARKS = 3
"""In a row. Letters of Indic scripts have up to three."""
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
"""The first words of the Unicode names of letters that look like no others: they are next to letters of any script."""
_ALIKE = str.maketrans(
    "аеорсухіјѕһԁӏԛԝАВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧον",
    "aeopcyxijshdlqwABESIJKMHOPCTYXABEZHIKMNOPTYXov",
)
"""Letters of Cyrillic and Greek that look like Latin ones."""


def is_name(text: str) -> bool:
    r"""Return whether a text can name a block, a branch or an input.

    >>> [is_name(text) for text in ("conv_1", "卷积层", "слой", "con\u0432", "a-b", "1a", "")]
    [True, True, True, False, False, False, False]
    """
    return _NAME.fullmatch(text) is not None and not confusing(text)


def is_step_name(text: str) -> bool:
    """Return whether a text can name a step.

    >>> is_step_name("编码器.0/conv-1")
    True
    """
    return _STEP_NAME.fullmatch(text) is not None and not confusing(text)


def likely_step_name(text: str) -> str | None:
    r"""Return the step name that is likely meant by another text: composed letters, and `_` in the place of others.

    >>> likely_step_name("conv 1"), likely_step_name("cafe\u0301"), likely_step_name("c\u043env"), likely_step_name("?")
    ('conv_1', 'café', 'conv', None)
    """
    near = _NOT_OF_A_STEP_NAME.sub("_", unicodedata.normalize("NFKC", text))
    near = near if is_step_name(near) else near.translate(_ALIKE)
    near = re.sub("_+", "_", "".join(letter if letter.isascii() or _is_letter(letter) else "_" for letter in near))
    choices = (near[:MOST_OF_A_STEP], f"_{near}"[:MOST_OF_A_STEP])
    return next((name for name in choices if is_step_name(name)), None) if near.strip("_") else None


def looks_as(name: str) -> str:
    """Return a name with Latin letters in place of those that look like them."""
    return name if name.isascii() else name.translate(_ALIKE)


def confusing(text: str) -> str:
    r"""Return why letters beyond ASCII could be taken for others, empty if they could not.

    >>> confusing("c\u043env"), confusing("cafe\u0301"), confusing("卷积conv")
    ('letters of cyrillic and latin in one word', 'letters in several pieces, expects them composed (NFKC)', '')
    """
    if text.isascii():
        return ""
    others = [letter for letter in text if not letter.isascii() and not _is_letter(letter)]
    if others:
        return f"U+{ord(others[0]):04X} is not a letter"
    if not unicodedata.is_normalized("NFKC", text):
        return "letters in several pieces, expects them composed (NFKC)"
    kinds = "".join(unicodedata.category(letter)[0] for letter in text)
    if re.search(f"(?<![LM])M|M{{{_MOST_MARKS + 1}}}", kinds):
        return f"a mark without a letter, or more than {_MOST_MARKS} on one"
    for word in re.split(r"[0-9_.\-/]+", text):
        scripts = sorted({*map(_script, word)} - _EAST_ASIAN - {""})
        if len(scripts) > 1:
            return f"letters of {' and '.join(scripts).lower()} in one word"
    return ""


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter) in _LETTERS and not _INVISIBLE.match(letter)


_LETTERS = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc"}


def _script(letter: str) -> str:
    """Return the first word of the Unicode name of a letter, which is that of its script; empty for a mark."""
    is_mark = unicodedata.category(letter)[0] == "M"
    return "" if is_mark else unicodedata.name(letter, "").partition(" ")[0]
