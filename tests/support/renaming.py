"""Results with other names in them: what a renderer is given, under names that no file could have.

The parser allows names of letters, digits and `_.-/`; a renderer must not have to know that.
"""

from __future__ import annotations

import dataclasses
import os
import random
import re
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr
from shapecalc.layers import Layer
from tests.support.check_inputs import HOSTILE
from tests.support.ci_logs import REGISTERED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PIECES = (
    *HOSTILE,
    *(f"::{word} " for word in sorted(REGISTERED)),
    *(f"##[{word}]" for word in sorted(REGISTERED)),
    *("::", "##", "%0A::error::x", "::stop-commands::x", "##vso[task.setvariable]"),
    *("\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\x90", "\x00", "\x7f", "\b\b\b", "\r", "\n", "\t", "\x0b", "\x85"),
    *("\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u3164"),
    *("\u2028", "\u2029", "\U000e0041", "\ufe0f", "\ud800", "\udcff", "\uffff", "\xa0", "\u3000"),
    *("e\u0301", "網路", "👩\u200d💻", "שלום", "مرحبا", "ﬂ¶", "Ω⌊H/2⌋·×−Σ"),
    *("[/x]", "[bold]", "[link=x]y[/link]", ":warning:", "[@click=x]"),
    *("@team/owners", "#1", "GH-1", "a@b.org", "https://x.org", "www.x.org", "[a](b)", "![a](b)", "[a]: b", "<a@b.c>"),
    *("<script>alert(1)</script>", "</svg>", "</details>", "<!--", "-->", "]]>", "&amp;", "&#10;", "<br>", "'\"><b"),
    *("|", "\\|", "`", "``", "```", "~~~", "*a*", "_a_", "__a__", "~~a~~", "# a", "- a", "> a", "1. a", "---", "==="),
    *(
        "\\",
        "\\\\",
        "\\input{/etc/passwd}",
        "\\write18{x}",
        "$x$",
        "$$",
        "%",
        "{}",
        "}{",
        "^^5c",
        "~",
        "''",
        "--",
        "?`",
    ),
    *('"];x[label="', '"', '"]', "end", "click n0 href", "%%{init: {}}%%", "subgraph", "#quot;", "<u>", "{a|b}", "\\N"),
    *("=cmd|'/C calc'!A1", "=1+1", "+1", "-1", "@SUM(A1)", "＝1", ";", ",", "'", "a,b", "x" * 300),
    *("conv", "a.b", ".", "/", "..", " ", "  a", "a  ", "0", "input", "é"),
)


def seed() -> int:
    """Return 0 in CI, else another one each time, which is printed where a test fails."""
    number = 0 if os.environ.get("CI") else random.SystemRandom().randrange(1 << 32)
    print(f"seed {number}")
    return number


def drawn(chance: random.Random, count: int) -> list[str]:
    """Return so many names, no two alike; the first are pieces by themselves."""
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(chance.choices(PIECES, k=chance.choice((1, 1, 2, 3)))) or "x"] = None
    return list(names)


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return a result with other names in every text of it; layers and dims stay what they are."""
    places = re.compile("|".join(names))
    memo: dict[int, Any] = {}

    def of(part: Any) -> Any:
        if isinstance(part, str):
            return places.sub(lambda found: names[found[0]], part) if "zz" in part else part
        if part is None or isinstance(part, int | float | Layer | Expr | Enum):
            return part
        if id(part) not in memo:
            memo[id(part)] = _rebuilt(part, of)
        return memo[id(part)]

    return of(value)


def _rebuilt(part: Any, of: Callable[[Any], Any]) -> Any:
    if isinstance(part, tuple):
        return type(part)._make(map(of, part)) if hasattr(part, "_make") else tuple(map(of, part))
    if isinstance(part, list):
        return [of(item) for item in part]
    if isinstance(part, dict | MappingProxyType):
        return {of(key): of(item) for key, item in part.items()}
    if not dataclasses.is_dataclass(part):
        return part
    twin = object.__new__(type(part))
    for field in dataclasses.fields(part):  # and nothing that was worked out from them and kept
        object.__setattr__(twin, field.name, of(getattr(part, field.name)))
    return twin
