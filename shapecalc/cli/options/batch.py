"""`--batch`: the size of the batch, whatever the file calls its symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.cli.exit_codes import Misuse

if TYPE_CHECKING:
    from collections.abc import Collection

    from shapecalc.architecture import Architecture


def named_batch(architecture: Architecture, batch: str, given: Collection[str] = ()) -> str:
    """Return the symbol that `--batch` sets; raise a usage error if there is none or `--set` has set it, in `given`.

    >>> from shapecalc import load
    >>> named_batch(load("lenet5"), "8")
    'N'
    """
    from shapecalc.dims import show
    from shapecalc.shape_inference.report import batch_symbol

    symbol = batch_symbol(architecture)
    if symbol is None:
        first = architecture.inputs[0]
        wanted = ", ".join(["N", *(show((dim,)).strip("[]") for dim in first.shape[1:])])
        key = f"`{first.name}`" if len(architecture.inputs) > 1 else "its input"
        raise Misuse(
            f"`--batch {batch}` expects a file with a batch axis N, B or batch; {key} is {show(first.shape)}: "
            f"write `[{wanted}]` for a batch of any size"
        )
    if symbol in given:
        raise Misuse(f"`--batch` and `--set {symbol}` mean the same, and both are given")
    return symbol
