"""Datasets that fit a network's input: training and test samples with their targets."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import free_symbols, show
from shapecalc.execution.training.digits import SMALLEST, draw_digits
from shapecalc.shape_inference.engine import inspect_at
from shapecalc.shape_inference.report import BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.architecture import Architecture, Input
    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import Report

TRAIN_DIGITS, TEST_DIGITS = 4000, 1000
"""Drawn digits for training and for testing."""

SIDE, STEPS = 28, 32
"""Pixels along a side, and characters of a passage, if the architecture does not fix them."""

VERSES = Path(__file__).with_name("verses.txt")
"""Poems of Lewis Carroll, from Alice's Adventures in Wonderland (1865) and Through the Looking-Glass (1871)."""


class Samples(NamedTuple):
    """Inputs and targets, sample by sample along the first axis; a target is a class."""

    inputs: Array
    targets: Array


class Dataset(NamedTuple):
    """Training and test samples, and the report of the network at the sizes of one batch.

    `classes` is the kind of a class: a digit, a character.
    """

    name: str
    report: Report
    train: Samples
    test: Samples
    classes: str


def load_dataset(
    architecture: Architecture,
    name: str,
    *,
    sizes: Mapping[str, int] | None = None,
    batch: int = 32,
    seed: int = 0,
    check_memory: Callable[[Report, int], None] = lambda _report, _samples: None,
) -> Dataset:
    """Return a dataset, `digits`, `digits8` (8 pixels a side) or `text`, that fits an architecture.

    The batch is the first axis of the only input. Digits are [N, 1, H, W], or as many pixels in any other shape; text
    is [N, T] integers, and the output has a score per character. `check_memory` is called with the bytes of the samples
    before they are drawn.
    Raises `ShapecalcError` SC703 if the dataset does not fit the architecture, and for mistakes in the file.
    """
    if len(architecture.inputs) != 1 or len(architecture.output_slots) != 1:
        counts = f"{len(architecture.inputs)} and {len(architecture.output_slots)}"
        raise unfit(architecture, f"training expects one input and one output, `{architecture.name}` has {counts}")
    (entry,) = architecture.inputs
    bound = _bound(architecture, entry, dict(sizes or {}), batch, name)
    report = inspect_at(architecture, bound)
    shape = tuple(dim for dim in report.inputs[0].shape if isinstance(dim, int))
    if name == "text":
        _check_passages(architecture, report, entry, shape)
        check_memory(report, 0)  # the samples are views of one short text
        return _text(architecture, report, entry, shape)
    _check_pictures(architecture, report, entry, shape, name)
    check_memory(report, BYTES * (TRAIN_DIGITS + TEST_DIGITS) * prod(shape[1:]))
    return _digits(report, shape, name, seed)


def _bound(architecture: Architecture, entry: Input, sizes: dict[str, int], batch: int, data: str) -> dict[str, int]:
    """Return the sizes of all symbols: the batch, and for the others the file's own, else the dataset's default."""
    if not entry.shape:
        raise unfit(architecture, f"training expects a batch along the first axis, `{entry.name}` has no axis")
    first, *rest = entry.shape
    for name in free_symbols(first):
        sizes.setdefault(name, batch)
    default = {"text": STEPS, "digits8": SMALLEST}.get(data, SIDE)
    for dim in rest:
        for name in free_symbols(dim):
            sizes.setdefault(name, architecture.sizes.get(name, default))
    return sizes


def _check_pictures(
    architecture: Architecture, report: Report, entry: Input, shape: tuple[int, ...], data: str
) -> None:
    pixels = prod(shape[1:])
    side = round(pixels**0.5)
    wanted = f"{SMALLEST} × {SMALLEST}" if data == "digits8" else f"square, {SMALLEST} pixels a side or more"
    if entry.dtype == "int64" or side * side != pixels or side < SMALLEST or (data == "digits8" and side != SMALLEST):
        what = f"{entry.dtype} {show(entry.shape)}"
        help_text = "write `--data text`" if entry.dtype == "int64" else _one_channel(shape, data)
        if data == "digits8" and side * side == pixels and side > SMALLEST:
            help_text = "write `--data digits`: it draws them as large as the input"
        raise unfit(
            architecture, f"`{data}` has pictures of one channel, {wanted}; `{entry.name}` is {what}", help_text
        )
    _check_scores(architecture, report, (shape[0],), 10, data)


def _one_channel(shape: tuple[int, ...], data: str) -> str:
    """Return the help for pictures of other channels: the input with one, of the same side if there are such digits."""
    side = SMALLEST if data == "digits8" else SIDE
    if data != "digits8" and len(shape) > 1 and shape[-2] == shape[-1] >= SMALLEST:
        side = shape[-1]
    return f"write `input: [N, 1, {side}, {side}]`"


def _digits(report: Report, shape: tuple[int, ...], data: str, seed: int) -> Dataset:
    side = round(prod(shape[1:]) ** 0.5)
    pictures, digits = draw_digits(TRAIN_DIGITS + TEST_DIGITS, side, seed=seed)
    inputs = pictures.reshape(-1, *shape[1:])
    train = Samples(inputs[:TRAIN_DIGITS], digits[:TRAIN_DIGITS])
    test = Samples(inputs[TRAIN_DIGITS:], digits[TRAIN_DIGITS:])
    return Dataset(data, report, train, test, "digit")


def _check_passages(architecture: Architecture, report: Report, entry: Input, shape: tuple[int, ...]) -> None:
    axes = 2
    if entry.dtype != "int64" or len(shape) != axes:
        message = f"`text` has passages [N, T] of int64, `{entry.name}` is {entry.dtype} {show(entry.shape)}"
        raise unfit(architecture, message, "write `input: {shape: [N, T], dtype: int64}`")
    _check_scores(architecture, report, shape, len(encoded()[1]), "text")


def _text(architecture: Architecture, report: Report, entry: Input, shape: tuple[int, ...]) -> Dataset:
    codes, _ = encoded()
    steps = shape[1]
    # The last tenth is for testing.
    cut = len(codes) * 9 // 10
    if cut <= steps or len(codes) - cut <= steps:
        message = f"the last tenth of `text` is {len(codes) - cut} characters, a passage of {steps} does not fit"
        raise unfit(architecture, message, f"write `--set {entry.shape[1]}={STEPS}`")
    return Dataset("text", report, _passages(codes[:cut], steps), _passages(codes[cut:], steps), "next character")


def encoded() -> tuple[Array, str]:
    """Return the verses as integers, each the index of a character, and the characters."""
    text = VERSES.read_text(encoding="utf-8")
    alphabet = "".join(sorted(set(text)))
    return np.array([alphabet.index(character) for character in text]), alphabet


def _passages(codes: Array, steps: int) -> Samples:
    """Return passages that begin every quarter of their length; the target of each character is the next one."""
    starts = np.arange(0, len(codes) - steps, max(steps // 4, 1))
    windows = np.lib.stride_tricks.sliding_window_view(codes, steps + 1)[starts]
    return Samples(windows[:, :-1], windows[:, 1:])


def _check_scores(
    architecture: Architecture, report: Report, samples: tuple[int, ...], classes: int, data: str
) -> None:
    """Require a score per class for each sample: exactly ten for digits, at least one per character for text."""
    (output,) = report.outputs.values()
    scores = output[-1] if output[:-1] == samples else 0
    if scores == classes or (data == "text" and isinstance(scores, int) and scores > classes):
        return
    wanted = show((*samples, classes))
    more = " or more in the last axis" if data == "text" else ""
    raise unfit(
        architecture,
        f"`{data}` expects an output {wanted}{more}, `{architecture.name}` gives {show(output)}",
        f"let the last `linear` have {classes} features",
    )


def unfit(architecture: Architecture, message: str, help_text: str | None = None) -> ShapecalcError:
    """Return the error of a network that does not fit the dataset or the options."""
    return ShapecalcError((Diagnostic(code="SC703", message=message, help=help_text),), architecture.file)
