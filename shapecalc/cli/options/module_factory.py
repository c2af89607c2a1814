"""A network as `package.module:factory`: code of the user's own, which `inspect` runs to get a module of PyTorch."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.exit_codes import Misuse

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture

ExampleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="SIZES",
        help="Of a network given as package.module:factory, which is then run: the sizes of an example input, such as "
        "1,3,224,224 or 1,128:int64; of several inputs each in an option, in their order.",
    ),
]
_SIZES = re.compile(r"(\d{1,9}(?:,\d{1,9})*)(?::(float32|int64|bool))?")


def module_of_factory(name: str, inputs: list[str] | None) -> Architecture:
    """Return the architecture of the module that a function without arguments returns; it runs the user's code.

    The module is searched as `python -m` does: the current folder first.
    """
    sizes = [_sizes(text) for text in inputs or ()]
    if not sizes:
        raise Misuse(
            f"`{name}` is code that is run; it expects `--input` with the sizes of an example, such as 1,3,224,224"
        )
    path, _, function = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))  # until the end: the function may import more
    try:
        named = getattr(importlib.import_module(path), function)
    except (ImportError, AttributeError) as error:
        raise Misuse(f"`{name}` cannot be imported: {error}") from None
    module = named() if callable(named) and not hasattr(named, "forward") else named
    from shapecalc.files.load import from_torch

    return from_torch(module, tuple(_example(shape, dtype) for shape, dtype in sizes))


def _sizes(text: str) -> tuple[tuple[int, ...], str]:
    match = _SIZES.fullmatch(text)
    if match is None:
        raise Misuse(f"`--input` expects sizes such as 1,3,224,224 or 1,128:int64, receives `{text}`")
    return tuple(map(int, match[1].split(","))), match[2] or "float32"


def _example(shape: tuple[int, ...], dtype: str) -> Any:
    try:
        import torch
    except ImportError:
        raise Misuse("a module of PyTorch expects the package `torch`, which is not installed") from None
    return torch.zeros(shape, dtype=getattr(torch, dtype))
