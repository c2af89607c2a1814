"""An architecture after parsing: a graph of layers with every reference resolved, and the place of everything.

Steps stand in the order in which they can be computed. Values flow through *slots*: an input's name, a step's path for
its first output, `path.name` for a further one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.model import Diagnostic, Fix, Label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.diagnostics import LayerError, Source, Span
    from shapecalc.layers import Layer, Shape

DTYPES = ("float32", "int64")


OF_INPUTS = {"SC206", "SC301", "SC313", "SC314"}
"""Codes of mistakes in what a step reads where they are of no field: `from:` is to blame, where it stands."""


class Input(NamedTuple):
    """What enters: its name, its shape with free symbols, and its dtype."""

    name: str
    shape: Shape
    dtype: str = "float32"
    span: Span | None = None


class Place(NamedTuple):
    """Where a step stands: the whole step, its layer word, and each field's value.

    `fields` maps a field to the span of its value, and `(field, 0)`, `(field, 0, 1)` to the entries of a list.
    """

    word: Span
    fields: Mapping[tuple[str | int, ...], Span]
    reads: Span | None = None
    """Where `from:` says what it reads."""

    def diagnose(self, error: LayerError, word: str, labels: tuple[Label, ...] = ()) -> Diagnostic:
        """Give a layer's mistake its place: the entry of the field that is wrong, else the field, else the layer."""
        entry = self.fields.get((error.field or "", *error.index))
        span = entry or self.fields.get((error.field or "",))
        whole = self.reads if error.code in OF_INPUTS and self.reads is not None else self.word
        return Diagnostic(
            code=error.code,
            message=f"`{word}` {error.message}",
            span=span or whole,
            label=error.label,
            labels=labels,
            help=error.help,
            fix=Fix(span, error.replacement) if span is not None and error.replacement is not None else None,
        )


class Expectation(NamedTuple):
    """One line of an `expect:` block: what (`params`, `output`, …), the value it must have, and where that stands."""

    key: str
    value: int | Shape
    span: Span


class Step(NamedTuple):
    """One layer in its place: what it reads, and the slots that it writes are named after `path`."""

    path: str
    layer: Layer
    inputs: tuple[str, ...]
    place: Place | None = None
    expect: tuple[Expectation, ...] = ()

    def slot(self, output: str) -> str:
        """Return the slot of a further output, `path.output`."""
        return f"{self.path}.{output}"


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network as a file describes it.

    `sizes` holds the usual values of its symbols, `outputs` the slots that leave by name, `cites` where the
    architecture comes from. `file` is the text that spans point into, None for one built in Python.
    """

    name: str
    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    outputs: Mapping[str, str]
    sizes: Mapping[str, int] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    cites: str = ""
    file: Source | None = None
