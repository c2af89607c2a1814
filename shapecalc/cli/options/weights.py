"""The option `--weights FILE` of commands that run a network."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.diagnostics import ShapecalcError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="FILE",
        help="Weights and buffers by name, `.npz` or `.safetensors`, instead of random ones: all that the network has.",
    ),
]


@contextmanager
def arguments_as_misuse() -> Iterator[None]:
    """Make the errors of arrays, which options give, those of the command line: exit code 2."""
    try:
        yield
    except ShapecalcError as error:
        if all(diagnostic.code == "SC702" for diagnostic in error.diagnostics):
            raise ShapecalcError(error.diagnostics, error.source, exit_code=2) from None
        raise


def weights_of(file: str | None) -> Mapping[str, Any] | None:
    """Return the arrays of a file by name, None without one."""
    if file is None:
        return None
    from shapecalc.execution.stored_weights import ENDINGS, is_weights_file, read_weights

    if not is_weights_file(file):
        raise Misuse(f"`--weights` expects a name that ends in {' or '.join(ENDINGS)}, receives `{file}`")
    return read_weights(file)
