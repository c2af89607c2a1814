"""Whether architecture files are in order."""

from __future__ import annotations

from shapecalc.checking.files import Asked, check, check_file, check_source, chosen
from shapecalc.checking.result import Checked

__all__ = ["Asked", "Checked", "check", "check_file", "check_source", "chosen"]
