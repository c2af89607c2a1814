"""`expect:` → the expected figures of a file or of one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Expectation
from shapecalc.diagnostics import Fix
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import read_shape
from shapecalc.parser.tree import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.architecture import Bounds
    from shapecalc.parser.diagnostics import Diagnostics

EXPECT_KEYS = ("output", "outputs", "params", "active_params", "buffers", "macs", "flops", "memory", "activations")
BYTES_KEYS = ("memory", "activations")
"""Figures in bytes, at float32: `activations` of all outputs, `memory` of those and the parameters."""
_NAMES = {
    **dict.fromkeys(("parameters", "numparams"), "params"),
    **dict.fromkeys(("activeparameters", "activatedparams", "activatedparameters"), "active_params"),
    **dict.fromkeys(("outputshape", "shape"), "output"),
    **dict.fromkeys(("mem", "memorybytes", "totalmemory"), "memory"),
    **dict.fromkeys(("activationbytes", "activationmemory"), "activations"),
    "multadds": "macs",
}
"""Other tools' names of these figures, folded (`suggestions.fold`)."""


def read_expectations(node: Node, diagnostics: Diagnostics) -> tuple[Expectation, ...]:
    """Return the expected figures with their spans."""
    if not isinstance(node, Mapping):
        diagnostics.refuse_value("SC202", "`expect` expects figures such as `params: 61706`", node)
        return ()
    lines: list[Expectation] = []
    for key, value in diagnostics.keys(node, EXPECT_KEYS, "`expect`", names=_NAMES).items():
        if key == "outputs":
            lines += _outputs(value, diagnostics)
            continue
        wanted = (
            read_shape(value, "expect.output", diagnostics) if key == "output" else _figure(key, value, diagnostics)
        )
        if wanted is not None:
            lines.append(Expectation(key, wanted, value.span))
    return tuple(lines)


def _outputs(node: Node, diagnostics: Diagnostics) -> Iterator[Expectation]:
    if not isinstance(node, Mapping):
        expected = "`expect.outputs` expects names with shapes such as {classes: [N, 10]}"
        diagnostics.refuse_value("SC202", expected, node)
        return
    for name, value in node.entries:
        shape = read_shape(value, f"expect.outputs.{shorten(name.text)}", diagnostics)
        if shape is not None:
            yield Expectation(f"outputs.{name.text}", shape, value.span)


def _figure(key: str, node: Node, diagnostics: Diagnostics) -> int | Bounds | None:
    if isinstance(node, Scalar) and type(node.value) is int:
        return node.value
    # Imported here because exact fractions take milliseconds and most files have no bounds.
    from shapecalc.parser.bounds import EXPECTED, BoundsError, corrected, read_bounds  # noqa: PLC0415

    expected, help_text, written = EXPECTED, None, None
    value = node.value if isinstance(node, Scalar) else None
    of_bytes = key in BYTES_KEYS
    if isinstance(value, float) and value.is_integer() and 0 <= value <= LARGEST_DIM:
        written = str(int(value))
    elif isinstance(value, str):
        digits = value.isascii() and value.isdigit()
        try:
            bounds = read_bounds(value, of_bytes=of_bytes)
        except BoundsError as error:
            expected, help_text = str(error), error.help
        else:
            if not digits:
                return bounds
        written = value if digits else corrected(value, of_bytes=of_bytes)
        if written is not None and not written.isdigit():
            written = f'"{written}"'
        if not value:
            help_text = 'put quotes around a bound: `">= 5M"`'
    diagnostics.refuse_value(
        "SC202",
        f"`expect.{key}` expects {expected}",
        node,
        help=f"write `{written}`{' without quotes' if written == value else ''}" if written else help_text,
        fix=Fix(node.span, written) if written else None,
    )
    return None
