"""A mistake of a calculator in the words of the command line: a rule's `kernel_size` is `--f` here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
from shapecalc.layers.fields import LONGEST_QUOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = {
    "n": "--n",
    "kernel_size": "--f",
    "stride": "--s",
    "padding": "--p",
    "dilation": "--d",
    "output_padding": "--output-padding",
    "output": "--out",
    "in_channels": "--c",
    "out_channels": "--k",
    "groups": "--groups",
    "in_features": "--in",
    "out_features": "--out",
    "rank": "--rank",
    "input_size": "--input-size",
    "hidden_size": "--hidden-size",
    "num_layers": "--num-layers",
    "proj_size": "--proj-size",
    "nonlinearity": "--nonlinearity",
    "dropout": "--dropout",
    "seq": "--seq",
    "batch": "--batch",
    "num_embeddings": "--num",
    "embedding_dim": "--dim",
    "input": "--input",
    "padding_idx": "--padding-idx",
    "vocabulary": "--vocab",
    "beam": "--beam",
    "length": "--length",
}
"""Fields of layers as the options that fill them."""

_FIELD = re.compile(r"`(\w+)(?:: ([^`]*))?`")
_NO_OPTION = re.compile(r", or (?:put (?:a )?`\w+` (?:step )?(?:before|after) it|leave `\w+` out: .*)")
"""What a file could do to mend it, and a command line cannot."""

_FILE_PAIRS, _OPTION_PAIRS = "a list of them or of [before, after] pairs", "1x2 per axis or 0:1 before and after"


def usage(code: str, message: str, help_text: str | None = None) -> ShapecalcError:
    """Return the error for options that do not go together: one diagnostic, exit code 2."""
    return ShapecalcError((Diagnostic(code=code, message=message, help=help_text),), exit_code=2)


def mistake(
    error: LayerError, written: Mapping[str, str], axes: tuple[str, ...] = (), *, padding: str = "--p"
) -> ShapecalcError:
    """Return what a rule says of a field as what is wrong with the option that was written.

    `axes` names the spatial axes where they were written one by one; else no axis is to blame alone. `padding` is the
    option that the padding was given by.
    """
    options = OPTIONS | {"padding": padding}
    field = error.field or ""
    text = written.get(field, "")
    shown = text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."
    subject = f"`{options.get(field, field)}{' ' if shown else ''}{shown}` " if field else ""
    message = (
        error.message.replace(f" as `{field}`", "").replace(f" in `{field}`", "").replace(_FILE_PAIRS, _OPTION_PAIRS)
    )
    for place, axis in enumerate(axes or ("", "", ""), start=2):
        message = message.replace(f" along axis {place}", f" along the {axis}" if axis else "")

    def named(text: str) -> str:
        """Write `padding: 1` as `--p 1`."""
        return _FIELD.sub(lambda at: f"`{' '.join(filter(None, (options.get(at[1], at[1]), at[2])))}`", text)

    help_text = named(_NO_OPTION.sub("", error.help)) if error.help else None
    return usage(error.code, subject + named(message), help_text)
