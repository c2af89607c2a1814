"""What texts are broken with: the format's own words, YAML's signs, and pieces that some sink takes for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.parser.decode import KEYS as DECODE_KEYS
from shapecalc.parser.expect import EXPECT_KEYS
from shapecalc.parser.grammar import FILE_KEYS
from shapecalc.parser.step_keys import STEP_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

YAML = (
    *(
        "\n",
        "\n  - ",
        "\n    ",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "!x ",
        "? ",
        "|\n",
    ),
    *(">-\n", "#", " # ", '"', "'", "---\n", "...\n", "%YAML 1.1\n", "\\", "\t", "~", "\r\n", "\r", "{}", "[]", "null"),
    *("\x00", "\ufeff", "\x85", "\u2028", '"\\e[31m"', '"\\u202e"', '"\\U0010FFFF"', '"\\ud800"', '"\\N"', "@", "`"),
)
NUMBERS = (
    *(
        "-1",
        "0",
        "1",
        "2",
        "3",
        "7",
        "8",
        "64",
        "224",
        "1.5",
        "0.0",
        "-0",
        "1e9",
        "1e400",
        ".nan",
        ".inf",
        "010",
        "0x10",
    ),
    *("1_000", "12:30", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "1" * 21, "100001"),
    *("65536", "46341", "true", "false", "yes", "off", "[1, 2]", "[[1, 2], [0, 1]]", "[3, 3]", "same", "valid"),
)
EXPRESSIONS = (
    *("N", "H", "W", "T", "B", "batch", "input", "H//2", "2*H + 1", "(H - 3)//2 + 1", "H*W", "H % 2 == 0", "H >= 8"),
    *(
        "$x",
        "$width",
        '"${2 * width}"',
        '"${width // 0}"',
        '"${width / 3}"',
        '"${"',
        "input: [N, 3, H, W]",
        "..",
        "a.b",
    ),
    *("<= 5M", ">= 1 KiB", "10 .. 20K", "80 ± 2%", "dtype: int64", "{shape: [N, T], dtype: int64}", "sizes: {H: 8}"),
    *("[N, 8]", "from: input", "name: a", "share: a", "repeat: 2", "repeat: 100000", "conv_0", "relu_1", "H*H//7"),
)
HOSTILE = (
    *("::error file=x::y", "##[error]y", "##vso[task.setvariable]y", "%0A::add-mask::y", "::stop-commands::y", "[/x]"),
    *(
        "[red]",
        ":warning:",
        "<script>alert(1)</script>",
        "]]>",
        "<!--",
        "-->",
        "&#10;",
        "](javascript:y)",
        "@team",
        "|",
    ),
    *(
        "```",
        "~~~",
        "\\end{tabular}",
        "$x^",
        "\\input{y}",
        "=cmd()",
        "\u202e",
        "\u200b",
        "\u0301",
        "网",
        "𝐍",
        "\U000e0041",
    ),
    *(
        "\ue000",
        "subgraph y",
        "end",
        "classDef",
        "%%{init: {}}%%",
        "{0}",
        "{{1}}",
        "%s",
        "\u00ad",
        "\ufe0f",
        "\xa0",
        "é",
    ),
)


def words() -> tuple[str, ...]:
    """Return the words of the format: keys of a file and of a step, layers, their fields."""
    types = layer_types()
    fields = (name for cls in types.values() for name in fields_of(cls))
    found = (*FILE_KEYS, *STEP_KEYS, *EXPECT_KEYS, *DECODE_KEYS, "shape", "dtype", "int64", *types, *fields)
    return tuple(dict.fromkeys(found))


def tokens() -> tuple[str, ...]:
    """Return all that may stand where something else stood."""
    return tuple(dict.fromkeys((*words(), *YAML, *NUMBERS, *EXPRESSIONS, *HOSTILE)))


def dictionary(entries: Iterable[str]) -> str:
    r"""Write entries as libFuzzer reads them: quoted, everything but letters of ASCII as `\xAB`.

    >>> dictionary(["conv", "é"])
    '"conv"\n"\\xc3\\xa9"\n'
    """
    return "".join(f'"{"".join(map(_byte, entry.encode()))}"\n' for entry in entries)


def _byte(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and byte not in b'"\\'
    return chr(byte) if plain else f"\\x{byte:02x}"
