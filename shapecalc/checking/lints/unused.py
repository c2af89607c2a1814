"""Blocks that nothing calls, SC417, and parameters and names of `repeat` that nothing uses, SC418."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.architecture import Unused


def unused(definitions: Iterable[Unused]) -> Iterator[Diagnostic]:
    """Yield a warning for each definition that has no effect."""
    for name, span, kind, near, block in definitions:
        if kind == "block":
            code, message, use, used = "SC417", f"nothing calls the block `{name}`", "call it", f"called: `{near}`"
        else:
            owner = f" of block `{block}`" if block else ""
            what = f"the name `{name}` of `repeat`" if kind == "repeat" else f"the parameter `{name}`{owner}"
            code, message = "SC418", f"nothing uses {what}"
            use, used = f"use it as `${name}`", f"used: `${near}`"
        yield Diagnostic(
            code=code,
            message=message,
            span=span,
            severity=Severity.WARNING,
            help=f"{use}, or take it out",
            notes=(f"a similar name is {used}",) if near else (),
        )
