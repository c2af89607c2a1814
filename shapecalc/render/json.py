"""Results as JSON: keys in a fixed order, exact integers, no NaN."""

from __future__ import annotations

import json
import math
from typing import Any

from shapecalc.render.terminal.escaping import json_text


def document(value: Any, *, unicode: bool = True) -> str:
    """Return a JSON document, two spaces deep, without a line break at its end; escaped where only ASCII goes."""
    return json_text(json.dumps(value, indent=2, ensure_ascii=not unicode, allow_nan=False))


def number(value: float | None) -> float | None:
    """Return a number as JSON has it, null where it is infinite or none at all.

    >>> number(0.5), number(float("inf")), number(float("nan"))
    (0.5, None, None)
    """
    return value if value is not None and math.isfinite(value) else None
