"""The colours of a terminal. No library is used, as importing one takes longer than checking a file."""

from __future__ import annotations

from dataclasses import dataclass

PLAIN, BOLD, DIM, GOOD, BAD, CAUTION, NAME = "", "1", "2", "1;32", "1;31", "1;33", "36"
"""Styles, as numbers of ANSI escape codes."""

_BLUE, _CYAN = "1;34", "1;36"
_SEVERITIES = {"error": BAD, "warning": CAUTION, "note": _CYAN}


def painted(text: str, style: str, *, color: bool) -> str:
    """Return a text in a style."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and style and text else text


def bold(text: str, *, color: bool) -> str:
    """Return a text in bold if `color`."""
    return painted(text, BOLD, color=color)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a diagnostic, or none."""

    severity: str
    color: bool

    def primary(self, text: str) -> str:
        """Return the underlined part in the colour of the severity."""
        return painted(text, _SEVERITIES[self.severity], color=self.color)

    def secondary(self, text: str) -> str:
        """Return the text of a secondary label."""
        return painted(text, _BLUE, color=self.color)

    def gutter(self, text: str) -> str:
        """Return line numbers, bars and arrows."""
        return painted(text, _BLUE, color=self.color)

    def strong(self, text: str) -> str:
        """Return the headline."""
        return bold(text, color=self.color)
