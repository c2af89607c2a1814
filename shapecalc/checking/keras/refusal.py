"""Why a file in Keras words is not converted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic

if TYPE_CHECKING:
    from shapecalc.diagnostics import Span

ALL_OR_NOTHING = "a file in Keras words is converted as a whole or not at all"


class NotConvertedError(Exception):
    """A step stops the conversion: where, why, and what to write."""

    def __init__(self, span: Span, reason: str, help_text: str = "") -> None:
        super().__init__(reason)
        self.span = span
        self.reason = reason
        self.help = help_text

    @property
    def diagnostic(self) -> Diagnostic:
        """The one diagnostic of a file that is left as it is."""
        return Diagnostic(
            code="SC101",
            message=f"not converted: {self.reason}",
            span=self.span,
            help=self.help or None,
            notes=(ALL_OR_NOTHING,),
        )


class AgainError(Exception):
    """The conversion starts again with another decision: an input whose axes move, or a flatten whose order counts."""

    def __init__(self, *, moves: str = "", orders: int = 0) -> None:
        super().__init__(moves or orders)
        self.moves = moves
        self.orders = orders
