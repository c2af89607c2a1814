"""`--dtype`: the type of the elements of tensors, by which memory is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.shape_inference.dtypes import BITS, USUAL_DTYPE as USUAL_DTYPE  # noqa: PLC0414 - for commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ALIASES = {"bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32"}
"""Other names of types, which are read too."""


def dtype_option(parser: Callable[[str], str] | None = None, names: Iterable[str] = tuple(BITS)) -> Any:
    """Return the option `--dtype`, of these types."""
    words = tuple(names)
    return typer.Option(
        "--dtype",
        metavar="|".join(words),
        parser=parser or dtype_of,
        autocompletion=lambda incomplete: [word for word in words if word.startswith(incomplete)],
        help="Type of the elements of tensors, by which memory is counted.",
    )


def dtype_of(text: str) -> str:
    """Return the name of a type; raise a usage error for any other text.

    >>> dtype_of("bf16"), dtype_of("INT8")
    ('bfloat16', 'int8')
    """
    word = text.strip().lower()
    word = ALIASES.get(word, word)
    if word not in BITS:
        from shapecalc.cli.options.formats import any_of
        from shapecalc.diagnostics.suggestions import closest

        near = closest(word, tuple(BITS))
        hint = f"; did you mean `{near}`?" if near else ""
        raise Misuse(f"`--dtype` expects {any_of(BITS)}, receives `{text}`{hint}")
    return word


DtypeOption = Annotated[str, dtype_option()]
