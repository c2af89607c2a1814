"""The commands that compute a loss by hand, each made from its function in `reference.losses`."""

from __future__ import annotations

import inspect
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shapecalc.cli.options.formats import Format, show, target_of
from shapecalc.cli.options.layer_values import LAST, InputOption, numbers_option
from shapecalc.cli.options.variant import with_options
from shapecalc.cli.options.written import Written
from shapecalc.cli.usage_errors import missing, mistake
from shapecalc.diagnostics import LayerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.cli.options.formats import Target
    from shapecalc.reference.losses import LossEntry

ALIASES = {"binary-cross-entropy": "bce"}
"""Commands whose loss has another name."""

HELP = """{sentence}

{more}

Each term is shown with the numbers put in, then their mean or sum; with --backward also the gradient with respect to
the predictions --x. A row is a sample: "1,2,3; 4,5,6".
"""
LOGITS = "The predictions are scores, before any softmax or sigmoid."
PROBABILITIES = "The predictions are probabilities; of scores before a sigmoid the loss is bce-with-logits."
OF_SCORES = ("cross_entropy", "bce_with_logits", "hinge")

CLASSES = ("--x 1,2,3 --target 2", '--x "1,2,3; 3,1,0" --target 2,0 --backward')
PAIRS = ("--x 1,3 --target 1,1", "--x 1,3 --target 0,5 --reduction sum --backward")
EXAMPLES = {
    "nll": ("--x -1.5,-0.25 --target 1", "--x -1.5,-0.25 --target 0 --backward"),
    "hinge": ("--x 13,-7,11 --target 0 --delta 10", "--x 13,-7,11 --target 0 --delta 10 --backward --exact"),
    "bce": ("--x 0.9,0.2 --target 1,0", "--x 0.9,0.2 --target 1,0 --backward"),
    "bce_with_logits": ("--x 2,-1 --target 1,0", "--x 2,-1 --target 1,0 --backward"),
}
"""The examples of a loss, unless they are those of its kind of targets."""

TargetOption = Annotated[
    str | None, numbers_option("target", "Class of each sample, counted from 0, or value of each prediction")
]
ReductionOption = Annotated[
    str | None,
    typer.Option("--reduction", metavar="mean|sum|none", help="Default: mean; of sum-of-squares sum."),
]
OPTION_HELP = {
    "delta": "Margin of the loss hinge, and bound of huber; default 1.",
    "beta": "Bound of the loss smooth_l1; default 1.",
}


def command_of(name: str) -> Any:
    """Return the command of a loss as a module has one: its function `command`, and `EXAMPLES`."""
    from shapecalc.reference.losses import LOSSES, Targets

    entry = LOSSES[ALIASES.get(name, name).replace("-", "_")]

    def command(**given: Any) -> None:
        target = target_of(given["format_"], given["output"], given["color"])
        lacking = [f"--{each} NUMBERS" for each in ("x", "target") if given[each] is None]
        if lacking:
            raise missing(*lacking)
        _answer(entry, given, target)

    paragraphs = inspect.cleandoc(entry.function.__doc__ or "").split("\n\n")
    first = " ".join(paragraphs[0].split()).replace("Return the", "The").replace("Return", "The loss")
    more = PROBABILITIES if entry.name == "bce" else LOGITS if entry.name in OF_SCORES else f"PyTorch: {entry.torch}."
    examples = EXAMPLES.get(entry.name, CLASSES if entry.targets is Targets.CLASSES else PAIRS)
    return SimpleNamespace(
        command=with_options(command, HELP.format(sentence=first, more=more), _options(entry)),
        EXAMPLES=tuple(f"shapecalc {name} {line}" for line in examples),
    )


def _answer(entry: LossEntry, given: dict[str, Any], target: Target) -> None:
    """Compute a loss on the arrays that are written, and print its values.

    Raises `ShapecalcError` that names the option.
    """
    from shapecalc.execution.arrays import read_array
    from shapecalc.execution.values.loss import loss_by_hand
    from shapecalc.render.values.loss import loss_values

    names = ("x", "target", "reduction", *entry.options)
    written = {name: Written(_text(given[name]), f"--{name}") for name in names if given[name] is not None}
    written["exact"] = Written("", "--exact")
    try:
        values = loss_by_hand(
            entry.name,
            read_array(given["x"], "x", exact=given["exact"]),
            read_array(given["target"], "target", exact=given["exact"]),
            reduction=given["reduction"],
            options={name: given[name] for name in entry.options if given[name] is not None},
            backward=given["backward"],
        )
    except LayerError as error:
        raise mistake(error, written) from None
    shown = partial(loss_values, values, everything=given["everything"])
    show(target, {Format.TEXT: shown, Format.JSON: values.to_dict}, formulas=True)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _options(entry: LossEntry) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, the annotation and the default of each option."""
    yield "x", InputOption, None
    yield "target", TargetOption, None
    yield "reduction", ReductionOption, None
    for name in entry.options:
        yield name, Annotated[float | None, typer.Option(f"--{name}", help=OPTION_HELP[name])], None
    yield from LAST
