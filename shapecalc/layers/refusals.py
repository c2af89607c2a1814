"""Errors for values that a field does not accept, and values as messages quote them."""

import re
from typing import Any

from shapecalc.diagnostics.errors import FieldName, LayerError, Text, worded
from shapecalc.dims import Expr, pretty

LONGEST_QUOTE = 60
"""Characters of a value that a message quotes."""

_BOOLEANS = {"no": "false", "off": "false", "false": "false", "yes": "true", "on": "true", "true": "true"}


def wrong_type(name: str, expects: Text, value: object, index: tuple[int, ...] = ()) -> LayerError:
    """Return the SC202 error for a value of the wrong type, with a fix for common mistakes."""
    replacement = help_text = None
    safe = False
    expected = worded(expects)
    if isinstance(value, Expr):
        help_text = "symbols of the input stand in fields that hold sizes: write a number, or a parameter"
    elif isinstance(value, str) and "`true`" in expected and value.lower() in _BOOLEANS:
        replacement = _BOOLEANS[value.lower()]
    elif type(value) is int and "`true`" in expected and value in (0, 1):
        replacement = "true" if value else "false"
    elif isinstance(value, float) and value.is_integer() and "integer" in expected:
        replacement = str(int(value))
    elif isinstance(value, str) and _is_number(value, integer="integer" in expected) and "`true`" not in expected:
        replacement = value
        help_text = f"write `{value}` without quotes"
        safe = not re.match("-?0[0-9]", value)  # without quotes, `010` would be refused
    return refused_value("SC202", name, expects, said(value), index, help=help_text, replacement=replacement, safe=safe)


def refused_value(
    code: str, name: str, expects: Text, receives: object, index: tuple[int, ...] = (), **more: Any
) -> LayerError:
    """Return the error for a value of a field; a `replacement` is also its help."""
    replacement = more.get("replacement")
    if replacement is not None and more.get("help") is None:
        more["help"] = f"write `{replacement}`" if index else ("write ", FieldName(name, replacement))
    more = {"preposition": "as", **more}
    return LayerError(code, expects=expects, receives=receives, field=name, index=index, **more)


def said(value: Any) -> str:
    """Return a value as YAML writes it, for a message: `the string "64"`, `a list`, `true`.

    >>> said("64"), said(True), said(None), said((1, 2))
    ('the string "64"', '`true`', 'nothing', 'the list [1, 2]')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'the string "{_cut(value)}"'
    if isinstance(value, tuple | list):
        return _cut(f"the list {_entries(value)}")
    if isinstance(value, dict):
        return "a mapping"
    return f"the expression {_cut(pretty(value))}" if isinstance(value, Expr) else str(value)


def _entries(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_entries, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else "{…}" if isinstance(value, dict) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def _is_number(text: str, *, integer: bool) -> bool:
    return re.fullmatch(r"-?[0-9]{1,20}" if integer else r"-?[0-9]{1,20}(\.[0-9]{1,20})?", text) is not None
