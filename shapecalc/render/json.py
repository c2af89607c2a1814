"""Results as JSON: keys in a fixed order, exact integers, no NaN."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shapecalc.render.terminal.escaping import json_text
from shapecalc.shape_inference.report import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping


def document(values: Mapping[str, Any], *, unicode: bool = True) -> str:
    """Return a result as a JSON document whose first key is `schema_version`."""
    return text({"schema_version": SCHEMA_VERSION, **values}, unicode=unicode)


def text(value: Any, *, unicode: bool = True) -> str:
    """Return a value as JSON, indented by two spaces, without a line break at its end; in ASCII unless `unicode`."""
    return json_text(json.dumps(value, indent=2, ensure_ascii=not unicode, allow_nan=False))
