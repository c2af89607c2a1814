"""`shapecalc import`: a file of another tool as the text of an architecture file."""

from __future__ import annotations

from typing import Annotated

import typer

from shapecalc.cli.options.architecture import LimitOption, PartialOption, limits_of
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import ENDINGS, OutputOption, TextOrJsonOption, target_of
from shapecalc.cli.show import YAML, show_text

EXAMPLES = ("shapecalc import model.pt2", "shapecalc import model.onnx --output net.yaml")


def command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A `torch.export` program (.pt2), an ONNX model, a Keras model (.keras or JSON)."
        ),
    ],
    partial: PartialOption = False,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Write a file of another tool as an architecture file.

    Modules that are the same become blocks, and steps with tensors have the names of the file. Every command that takes
    an architecture also reads such a file itself. Nothing in a file is executed.
    """
    from shapecalc.files.load import imported_text

    target = target_of(format_, output, color, endings=YAML | ENDINGS)
    show_text(target, file, imported_text(file, limits_of(limit), partial=partial))
