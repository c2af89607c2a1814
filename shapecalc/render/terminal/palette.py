"""Colours of diagnostics. By hand, because importing rich takes longer than finding the mistake."""

from __future__ import annotations

from dataclasses import dataclass

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_BLUE = "\x1b[1;34m"
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m"}


@dataclass(frozen=True, slots=True)
class Palette:
    """Paints the parts of one diagnostic, or leaves them as they are."""

    severity: str
    color: bool

    def primary(self, text: str) -> str:
        """Paint what the diagnostic is about, in the colour of its severity."""
        return self._paint(_COLOURS[self.severity], text)

    def secondary(self, text: str) -> str:
        """Paint a place that belongs to the story."""
        return self._paint(_BLUE, text)

    def gutter(self, text: str) -> str:
        """Paint line numbers, bars and arrows."""
        return self._paint(_BLUE, text)

    def strong(self, text: str) -> str:
        """Paint the headline."""
        return self._paint(_BOLD, text)

    def _paint(self, code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if self.color and text else text
