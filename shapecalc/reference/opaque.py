"""An operator without a layer has no kernel: a run stops at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from shapecalc.reference.base import Array, kernel

if TYPE_CHECKING:
    from shapecalc.reference.base import Call


@kernel("opaque")
def opaque(call: Call, *_: Array) -> NoReturn:
    """Refuse to run."""
    raise ValueError(f"`{call.fields['operator']}` has no layer, so that its values are unknown")
