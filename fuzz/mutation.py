"""Another input from one that was interesting: words for words, lines for lines, so that most are YAML still."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import TYPE_CHECKING

from fuzz.seeds import BREAK, GENERATED
from fuzz.words import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = re.compile(r"\s+|[A-Za-z_][A-Za-z0-9_]*|\d+|//|.", re.DOTALL)
known = cache(tokens)


def mutator(mutate: Callable[[bytes, int], bytes]) -> Callable[[bytes, int, int], bytes]:
    """Return a mutator for libFuzzer, whose own `mutate` still does one in eight, and all that is no text."""

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if data.startswith(GENERATED) or chance.random() < 1 / 8:
            return mutate(data, most)
        text = data.decode("utf-8", "replace")
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            text = changed(text, chance)
        return text.encode()[:most]

    return mutated


def crossed(first: bytes, second: bytes, most: int, seed: int) -> bytes:
    """Return lines of one text among those of another, or the two as a pair of files."""
    chance = random.Random(seed)
    one, other = (data.decode("utf-8", "replace") for data in (first, second))
    if chance.random() < 1 / 4:
        return (one.partition(BREAK)[0] + BREAK + other.partition(BREAK)[0]).encode()[:most]
    lines, others = one.split("\n"), other.split("\n")
    start = chance.randrange(len(others))
    stop = start + chance.randint(1, 6)
    at = chance.randrange(len(lines) + 1)
    return "\n".join([*lines[:at], *others[start:stop], *lines[at:]]).encode()[:most]


def changed(text: str, chance: random.Random) -> str:
    """Return a text with one token or one line changed."""
    match chance.randrange(10):
        case 0 | 1 | 2:
            return with_a_line_moved(text, chance)
        case 3:
            lines = text.split("\n")
            at = chance.randrange(len(lines))
            lines[at] = " " * chance.choice((1, 2, 4)) + lines[at]
            return "\n".join(lines)
        case _:
            return _with_another_token(text, chance)


def with_a_line_moved(text: str, chance: random.Random) -> str:
    """Return a text with two lines in each other's place, with one line less, or with one twice."""
    lines = text.split("\n")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(3):
        case 0:
            lines[at], lines[other] = lines[other], lines[at]
        case 1:
            del lines[at]
        case _:
            lines.insert(at, lines[other])
    return "\n".join(lines)


def _with_another_token(text: str, chance: random.Random) -> str:
    parts = TOKEN.findall(text) or [""]
    wordy = [at for at, part in enumerate(parts) if part[:1].isalnum() or part[:1] == "_"] or [0]
    at = chance.choice(wordy) if chance.random() < 0.8 else chance.randrange(len(parts))
    match chance.randrange(6):
        case 0:
            parts[at] = parts[chance.choice(wordy)]
        case 1:
            del parts[at]
        case 2:
            parts.insert(at, chance.choice(known()))
        case 3 if parts[at].isdigit():
            parts[at] = str(max(0, int(parts[at][:20]) + chance.choice((-1, 1, 2, -2, 10))))
        case _:
            parts[at] = chance.choice(known())
    return "".join(parts)
