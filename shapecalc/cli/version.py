"""`shapecalc version`: the version."""

from __future__ import annotations

from shapecalc.version import __version__

EXAMPLES = ("shapecalc version", "shapecalc --version")


def command() -> None:
    """Print the version."""
    print(f"shapecalc {__version__}")
