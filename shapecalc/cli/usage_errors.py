"""Errors of calculators in terms of the command line: the field `kernel_size` is `--f` here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.cli.options.written import option_of
from shapecalc.diagnostics import LayerError, ShapecalcError, misuse
from shapecalc.diagnostics.errors import FieldName, InFile
from shapecalc.layers.fields import LISTS
from shapecalc.layers.refusals import LONGEST_QUOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = {
    "kernel_size": "--f",
    "stride": "--s",
    "padding": "--p",
    "dilation": "--d",
    "output": "--out",
    "in_channels": "--c",
    "out_channels": "--k",
    "in_features": "--in",
    "out_features": "--out",
    "num_embeddings": "--num",
    "embedding_dim": "--dim",
    "vocabulary": "--vocab",
    "groups": "--groups",
} | {
    field: f"--{field.replace('_', '-')}"
    for fields in (
        ("n", "rank", "output_padding", "input", "padding_idx", "beam", "length", "end", "probabilities"),
        ("weights", "target"),
        ("input_size", "hidden_size", "num_layers", "proj_size", "nonlinearity", "dropout", "seq", "batch"),
    )
    for field in fields
}
"""The options that set the fields of layers."""

OPTION_TEXTS = {LISTS: "1x2 per axis or 0:1 before and after"}
"""Texts for parts of messages that apply to files only; by default nothing."""


def missing(*options: str, otherwise: str = "") -> ShapecalcError:
    """Return the error for options such as `--n CELLS` that are required and not given."""
    names = " and ".join(f"`{option.split()[0]}`" for option in options)
    add = " and ".join(f"`{option}`" for option in options)
    return misuse("SC106", f"{names} {'is' if len(options) == 1 else 'are'} missing", f"add {add}{otherwise}")


def mistake(
    error: LayerError,
    written: Mapping[str, str],
    axes: tuple[str, ...] = (),
    *,
    subject: str | None = None,
) -> ShapecalcError:
    """Return the error of a layer's field as an error of the option that set it, or of the `subject`.

    `axes` names the spatial axes if the option has a size for each; else the error names no axis.
    """

    def word(part: str | FieldName) -> str:
        """Write `padding: 1` as `--p 1`."""
        if isinstance(part, FieldName):
            option = option_of(written.get(part.field), OPTIONS.get(part.field, part.field))
            return f"`{option}`" if part.value is None else f"`{option} {part.value}`"
        return OPTION_TEXTS.get(part, "") if isinstance(part, InFile) else part

    if subject is not None:
        subject = f"`{subject}` "
    elif error.field is not None:
        text = written.get(error.field, "")
        shown = text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."
        subject = word(FieldName(error.field, shown or None)) + " "
    where = f" along the {axes[error.axis - 2]}" if axes and error.axis is not None else ""
    message, help_text = error.composed(word, where)
    return misuse(error.code, f"{subject or ''}{message}", help_text)
