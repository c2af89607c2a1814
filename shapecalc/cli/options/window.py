"""The options of a window and the reading of their sizes: `5`, `3x5` per axis, `0:1` before and after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from shapecalc.diagnostics.errors import LayerError

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_RANK = 2
"""Number of spatial axes if all sizes are single numbers: `--n 32` is an image of 32 x 32."""

MOST_AXES = 3
LONGEST_NUMBER = 20
"""The most digits that are read; the largest size is 2^31 - 1."""

SizeOption = Annotated[
    str | None,
    typer.Option(
        "-n", "--n", "--size", metavar="SIZE", help="Input size: 32 (on every axis), or one per axis, 224x320."
    ),
]
WindowOption = Annotated[
    str | None,
    typer.Option("-f", "--f", "--kernel-size", metavar="SIZE", help="Kernel (filter, window) size: 5, or 3x5."),
]
StrideOption = Annotated[
    str | None,
    typer.Option("-s", "--s", "--stride", metavar="SIZE", help="Stride; default 1, of a pool the kernel size."),
]
PaddingOption = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--p",
        "--padding",
        metavar="SIZE|WORD",
        help="Padding on each side; default 0. Per axis 1x2; before:after 0:1. Also the words same and valid, of a "
        "convolution of one axis causal.",
    ),
]
DilationOption = Annotated[
    str | None,
    typer.Option("-d", "--d", "--dilation", metavar="SIZE", help="Dilation; default 1. Of a pool, max only."),
]
OutOption = Annotated[
    str | None,
    typer.Option("--out", metavar="SIZE", help="Output size instead of one of n, f, s and p: solves for that one."),
]
RankOption = Annotated[
    int | None,
    typer.Option(
        "--rank", min=1, max=MOST_AXES, help="Number of spatial axes if all sizes are single numbers; default 2."
    ),
]
InChannelsOption = Annotated[
    str | None,
    typer.Option("-c", "--c", "--in-channels", metavar="COUNT", help="Input channels; needed for costs."),
]
OutChannelsOption = Annotated[
    str | None,
    typer.Option("-k", "--k", "--out-channels", metavar="COUNT", help="Number of kernels (output channels)."),
]
GroupsOption = Annotated[
    str | None, typer.Option("-g", "--g", "--groups", metavar="COUNT", help="Groups of channels; default 1.")
]
BiasOption = Annotated[bool, typer.Option("--bias/--no-bias", help="Whether the layer has biases.")]
CeilOption = Annotated[
    bool, typer.Option("--ceil", help="Of a pool: round up, with PyTorch's rule for the last window.")
]

ORDER = (("n", "--n"), ("kernel_size", "--f"), ("stride", "--s"), ("padding", "--p"))
"""The quantities that may be written without an option, in this order."""


class WrittenSizes(NamedTuple):
    """Options by field, with one entry per axis: a size, a pair of paddings, or a word for all axes."""

    rank: int
    entries: Mapping[str, Any]
    apart: bool
    """Whether an option has a size for each axis."""

    def of(self, field: str, axis: int) -> Any:
        """Return the entry of one axis."""
        entries = self.entries[field]
        return entries if isinstance(entries, str) else entries[axis]


def integer(text: str, field: str, expects: str = "a whole number") -> int:
    """Return an integer; raise `LayerError` SC202 for any other text, SC201 for too many digits."""
    digits = text.strip()
    if not re.fullmatch("-?[0-9]+", digits):
        raise LayerError("SC202", expects=expects, field=field)
    if len(digits) > LONGEST_NUMBER:
        raise LayerError(
            "SC201", expects="at most 2147483647 (2^31 - 1)", receives=f"a number of {len(digits)} digits", field=field
        )
    return int(digits)


def per_axis(text: str) -> list[str]:
    """Return the parts of a text for several axes.

    >>> per_axis("224x320"), per_axis("5")
    (['224', '320'], ['5'])
    """
    return text.lower().replace("×", "x").split("x")


def read_sizes(written: Mapping[str, str], rank: int | None = None) -> WrittenSizes:
    """Return options by field, each with one entry for all axes or one per axis.

    Raises `LayerError` SC202, SC201, SC305, SC204 or SC205 for the first that is invalid.

    >>> read_sizes({"n": "224x320", "padding": "0:1"}).entries
    {'n': (224, 320), 'padding': ((0, 1), (0, 1))}
    """
    read = {field: entries_of(text, field) for field, text in written.items()}
    several = [len(entries) for entries in read.values() if not isinstance(entries, str) and len(entries) > 1]
    axes = several[0] if several else rank or USUAL_RANK
    if rank not in (None, axes):
        raise LayerError("SC205", expects=f"{rank} sizes where there are several", receives=axes, field="rank")
    for field, entries in read.items():
        if not isinstance(entries, str) and len(entries) not in (1, axes):
            raise LayerError(
                "SC204", expects=f"1 size, or {axes} as the other options have", receives=len(entries), field=field
            )
    spread = {field: entries * axes if len(entries) == 1 else entries for field, entries in read.items()}
    return WrittenSizes(axes, spread, apart=bool(several))


def entries_of(text: str, field: str) -> Any:
    """Return the sizes of a text, one per axis or one for all of them, pairs if it is a padding; a word as it is.

    Raises `LayerError` SC202, SC201 or SC305.

    >>> entries_of("3x5", "kernel_size"), entries_of("same", "padding"), entries_of("0:1", "padding")
    ((3, 5), 'same', ((0, 1),))
    """
    if field == "padding" and text.strip().isalpha():
        return text.strip().lower()
    parts = per_axis(text)
    if len(parts) > MOST_AXES:
        raise LayerError("SC305", expects=f"1 to {MOST_AXES} axes", receives=len(parts), field=field)
    if field == "padding":
        return tuple(map(_pair, parts))
    return tuple(integer(part, field, "a whole number, or one per axis (224x320)") for part in parts)


def _pair(text: str) -> tuple[int, int]:
    before, colon, after = text.partition(":")
    expects = "a whole number, or one per axis (1x2, or before:after 0:1)"
    first = integer(before, "padding", expects)
    return first, integer(after, "padding", expects) if colon else first
