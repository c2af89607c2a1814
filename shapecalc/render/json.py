"""Results as JSON: keys in a fixed order, exact integers, no NaN."""

from __future__ import annotations

import json
from typing import Any


def document(value: Any, *, unicode: bool = True) -> str:
    """Return a JSON document, two spaces deep, without a line break at its end; escaped where only ASCII goes."""
    return json.dumps(value, indent=2, ensure_ascii=not unicode, allow_nan=False)
