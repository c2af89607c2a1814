"""Plain scalars by the core schema of YAML 1.2.

`no`, `off`, `yes`, `on`, `y` and `n` are strings, `1e-5` is a number. A number that differs between YAML 1.1 and 1.2
is refused: half of the tools that open the file would read another network.

Source: YAML 1.2.2, section 10.3.2; YAML 1.1 types int and float (yaml.org/type).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapecalc.parser.tree import Value

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC_START = frozenset("0123456789+-.")
# Most files have integers only: `re` compiles the other patterns at their first use.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+")
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_INFINITE = r"[-+]?\.(?:inf|Inf|INF)"
_NOT_FINITE = rf"{_INFINITE}|\.(?:nan|NaN|NAN)"
_LEADING_ZERO = r"[-+]?0[0-9]+"
_UNDERSCORED = (
    r"[-+]?(?=[^_]*_)(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*)"
)
_BASE_60 = r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
_OTHER_BASE = r"[-+]?0b[01]+|0o[0-7]+|[-+]0x[0-9a-fA-F]+"

_LONGEST_QUOTE = 40


class Refused(NamedTuple):
    """A scalar that is refused, with the text of its diagnostic.

    `value` is the most likely reading, for callers that look for other mistakes.
    """

    code: str
    message: str
    help: str
    value: Value
    replacement: str | None = None


def resolve(text: str, digits: int = 20) -> Value | Refused:
    """Return the value of a plain scalar, or its refusal.

    >>> resolve("1e-5"), resolve("no"), resolve("~"), resolve("0x20")
    (1e-05, 'no', None, 32)
    >>> resolve("010").message
    '`010` is 8 in YAML 1.1 and 10 in YAML 1.2'
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text, digits)
    if re.fullmatch(_LEADING_ZERO, text):
        return _leading_zero(text, digits)
    if re.fullmatch(_FLOAT, text):
        return _finite(text)
    return _refuse(text, digits)


def shorten(text: str) -> str:
    """Return a text cut to the length that messages quote.

    >>> shorten("9" * 50)
    '9999999999999999999999999999999999999999…'
    """
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def infinite(text: str) -> float | None:
    """Return the infinity that a plain scalar writes, None for any other text.

    >>> infinite("-.inf"), infinite(".nan"), infinite("1e999")
    (-inf, None, None)
    """
    if not re.fullmatch(_INFINITE, text):
        return None
    return -math.inf if text.startswith("-") else math.inf


def _integer(text: str, digits: int) -> int | Refused:
    return _too_long(text, digits) or int(text, 0)


def _too_long(text: str, digits: int) -> Refused | None:
    count = len(text.lstrip("+-").removeprefix("0x"))
    if count <= digits:
        return None
    message = f"`{shorten(text)}` has {count} digits, expects at most {digits}"
    help_text = f"write an integer of at most {digits} digits; `--limit integer-digits={count}` allows more"
    return Refused("SC014", message, help_text, 0)


def _leading_zero(text: str, digits: int) -> int | Refused:
    too_long = _too_long(text, digits)
    if too_long:
        return too_long
    decimal = int(text)
    octal = int(text, 8) if not set("89") & set(text) else "a text"
    if octal == decimal:
        return decimal
    return Refused(
        "SC024",
        f"`{text}` is {octal} in YAML 1.1 and {decimal} in YAML 1.2",
        f"write `{decimal}`, or put quotes around a text",
        decimal,
        str(decimal),
    )


def _finite(text: str) -> float | Refused:
    number = float(text)
    if math.isinf(number):
        return Refused("SC025", f"`{shorten(text)}` is larger than any float", "write a finite number", 0.0)
    return number


def _refuse(text: str, digits: int) -> str | Refused:
    """Return the refusal of a text that YAML 1.1 reads as a number, else the text."""
    if re.fullmatch(_NOT_FINITE, text):
        return Refused("SC025", f"`{text}` is not a finite number", "write a finite number", 0.0)
    if re.fullmatch(_UNDERSCORED, text):
        plain = text.replace("_", "")
        value = resolve(plain, digits)
        if not isinstance(value, Refused):
            return Refused(
                "SC024", _number_in_1_1(text), f"write `{shorten(plain)}`, or put quotes around a text", value, plain
            )
        return Refused("SC024", _number_in_1_1(text), "write the digits without underscores", value.value)
    if re.fullmatch(_BASE_60, text):
        return Refused("SC024", _number_in_1_1(text), f'put quotes around it: `"{shorten(text)}"`', text)
    if re.fullmatch(_OTHER_BASE, text):
        return _other_base(text, digits)
    return text


def _other_base(text: str, digits: int) -> Refused:
    if len(text) > digits:
        return Refused(
            "SC024", f"`{shorten(text)}` is a number in one YAML and a text in the other", "write it in decimal", 0
        )
    number = int(text, 0)
    message = (
        f"`{text}` is a text in YAML 1.1 and {number} in YAML 1.2"
        if "0o" in text
        else f"`{text}` is {number} in YAML 1.1 and a text in YAML 1.2"
    )
    return Refused("SC024", message, f"write `{number}`, or put quotes around a text", number, str(number))


def _number_in_1_1(text: str) -> str:
    return f"`{shorten(text)}` is a number in YAML 1.1 and a text in YAML 1.2"
