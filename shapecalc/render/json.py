"""Results as JSON: keys in a fixed order, exact integers, no NaN."""

from __future__ import annotations

import json
from typing import Any


def document(value: Any) -> str:  # noqa: ANN401 - whatever a result's `to_dict` gives
    """Return a JSON document, two spaces deep, without a line break at its end."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
