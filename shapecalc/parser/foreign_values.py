"""Values in the notation of Python or of papers: `(3, 3)`, `3x3`, `None`, and `$C` where there are no parameters."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import LayerError
from shapecalc.layers import layer_type
from shapecalc.layers.refusals import said

if TYPE_CHECKING:
    from shapecalc.layers.base import Field

_TUPLE = re.compile(r"\((?=.*[0-9)] *,)[-0-9, ()]+\)")
_PRODUCT = re.compile(r"[0-9]+(?: ?[x×*] ?[0-9]+)+")
_PARAMETER = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_NOTHING = ("none", "nil")
_OPEN = ("?", -1)
"""Signs for a size that is left open, other than words for nothing."""


class ForeignValue(NamedTuple):
    """What to write for a value: a help, and the text that may replace it, None if it is not known."""

    help: str
    replacement: str | None = None
    value: Any = None


def foreign_entry(value: object, field: Field) -> ForeignValue | None:
    """Return what to write for the entry of a list in another notation; None for any other entry.

    >>> from shapecalc.layers import layer_type
    >>> from shapecalc.layers.base import fields_of
    >>> foreign_entry("None", fields_of(layer_type("reshape"))["shape"])
    ForeignValue(help='write `-1` for the size that is left', replacement='-1', value=-1)
    """
    if value in _OPEN or (isinstance(value, str) and is_nothing(value)):
        if fits(field, (None,)):
            return ForeignValue("write `null`", "null")
        if fits(field, (-1,)) and not fits(field, (-2,)):
            return ForeignValue("write `-1` for the size that is left", "-1", -1)
    instead = without_parameters(value) if isinstance(value, str) else None
    return None if instead is None else ForeignValue(instead)


def foreign_value(value: object, field: Field) -> ForeignValue | None:
    """Return what to write for the value of a field in another notation; None for any other value.

    >>> from shapecalc.layers import layer_type
    >>> from shapecalc.layers.base import fields_of
    >>> foreign_value("3x3", fields_of(layer_type("conv"))["kernel_size"])
    ForeignValue(help='write `[3, 3]`', replacement='[3, 3]', value=(3, 3))
    """
    if not isinstance(value, str):
        return None
    if is_nothing(value):
        if field.nullable:
            return ForeignValue(f"write `null`, or leave `{field.name}` out", "null")
        return None if field.required else ForeignValue(f"leave `{field.name}` out: it is {said(field.default)} then")
    if instead := without_parameters(value):
        return ForeignValue(instead)
    listed = as_list(value)
    entries = None if listed is None else _tuple(json.loads(listed))
    return ForeignValue(f"write `{listed}`", listed, entries) if entries is not None and fits(field, entries) else None


def without_parameters(text: str) -> str | None:
    """Return the help for `$C` in a file without parameters; None for another text."""
    match = _PARAMETER.fullmatch(text)
    if match is None:
        return None
    name = match[1]
    return f"`$` is for parameters, such as `parameters: {{{name}: 64}}`; a symbol of `input:` is written `{name}`"


def is_nothing(word: str) -> bool:
    """Return whether a word means no value in other notations, such as `None`."""
    return word.lower() in _NOTHING


def is_known(word: object) -> bool:
    """Return whether a word is the name of a layer, here or in other tools.

    >>> is_known("gelu"), is_known("selu"), is_known("rleu"), is_known(3)
    (True, True, False, False)
    """
    from shapecalc.diagnostics.suggestions import fold  # noqa: PLC0415 - only a word needs the tables
    from shapecalc.layers.foreign_names import foreign_types  # noqa: PLC0415

    return isinstance(word, str) and (layer_type(word) is not None or fold(word) in foreign_types())


def as_list(text: str) -> str | None:
    """Return a tuple of Python or a product as a list of YAML; None for another text.

    >>> as_list("(3, 5)"), as_list("3x5"), as_list("((1, 2), (3, 4))"), as_list("(3"), as_list("same")
    ('[3, 5]', '[3, 5]', '[[1, 2], [3, 4]]', None, None)
    """
    if _PRODUCT.fullmatch(text):
        return f"[{', '.join(re.findall('[0-9]+', text))}]"
    if not _TUPLE.fullmatch(text):
        return None
    listed = re.sub(r",\s*\)", ")", text).replace("(", "[").replace(")", "]")
    try:
        return json.dumps(json.loads(listed))
    except ValueError:
        return None


def fits(field: Field, value: object) -> bool:
    """Return whether a value is one of a field."""
    if value is None:
        return field.nullable
    try:
        field.kind.check(field.name, value)
    except LayerError:
        return False
    return True


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value
