"""The colours of a terminal. By hand, because importing rich takes longer than finding a mistake."""

from __future__ import annotations

from dataclasses import dataclass

PLAIN, BOLD, DIM, GOOD, BAD, CAUTION = "", "1", "2", "1;32", "1;31", "1;33"
"""Styles, as the numbers that a terminal knows them by."""

_BLUE, _CYAN = "1;34", "1;36"
_SEVERITIES = {"error": BAD, "warning": CAUTION, "note": _CYAN}


def painted(text: str, style: str, *, color: bool) -> str:
    """Return a text in a style."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and style and text else text


def bold(text: str, *, color: bool) -> str:
    """Return a text that stands out where colour is wanted."""
    return painted(text, BOLD, color=color)


@dataclass(frozen=True, slots=True)
class Palette:
    """Paints the parts of one diagnostic, or leaves them as they are."""

    severity: str
    color: bool

    def primary(self, text: str) -> str:
        """Paint what the diagnostic is about, in the colour of its severity."""
        return painted(text, _SEVERITIES[self.severity], color=self.color)

    def secondary(self, text: str) -> str:
        """Paint a place that belongs to the story."""
        return painted(text, _BLUE, color=self.color)

    def gutter(self, text: str) -> str:
        """Paint line numbers, bars and arrows."""
        return painted(text, _BLUE, color=self.color)

    def strong(self, text: str) -> str:
        """Paint the headline."""
        return bold(text, color=self.color)
