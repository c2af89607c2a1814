"""An architecture after parsing: a graph of layers with every reference resolved, and the place of everything.

Steps stand in the order in which they can be computed. Values flow through *slots*: an input's name, a step's path for
its first output, `path.name` for a further one. A block stands as one body however often it is called: a `Group` puts
it in its place, and `Architecture.layers` has the layers of every group under their full paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.diagnostics.model import Diagnostic, Fix, Label
from shapecalc.dims import free_symbols

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.diagnostics import LayerError, Source, Span
    from shapecalc.dims import Condition, Shape
    from shapecalc.layers import Layer

DTYPES = ("float32", "int64")


OF_INPUTS = {"SC206", "SC301", "SC313", "SC314", "SC315"}
"""Codes of mistakes in what a step reads where they are of no field: `from:` is to blame, where it stands."""


class Input(NamedTuple):
    """What enters: its name, its shape with free symbols, and its dtype."""

    name: str
    shape: Shape
    dtype: str = "float32"
    span: Span | None = None


def input_symbols(inputs: Iterable[Input]) -> tuple[str, ...]:
    """Return the symbols of input shapes, sorted.

    >>> from shapecalc.dims import symbol
    >>> input_symbols([Input("x", (symbol("N"), 3, 2 * symbol("H"))), Input("y", (symbol("N"),))])
    ('H', 'N')
    """
    return tuple(sorted({name for entry in inputs for dim in entry.shape for name in free_symbols(dim)}))


class Origin(NamedTuple):
    """Where a call gives the value that a parameter stands for, and what to say there."""

    label: Label
    single: bool
    """Whether it is a single value on one line, which an edit can replace."""


class Place(NamedTuple):
    """Where a step stands: the whole step, its layer word, and each field's value.

    `fields` maps a field to the span of its value, and `(field, 0)`, `(field, 0, 1)` to the entries of a list.
    """

    word: Span
    fields: Mapping[tuple[str | int, ...], Span]
    reads: Span | None = None
    """Where `from:` says what it reads."""
    shares: Span | None = None
    """Where `share:` says whose weights it uses."""
    given: Mapping[Span, Origin | None] = MappingProxyType({})
    """The fields whose values are a block's parameters, with the place where the call gives them, if one does."""

    def diagnose(self, error: LayerError, word: str, labels: tuple[Label, ...] = ()) -> Diagnostic:
        """Give a layer's mistake its place: the entry of the field that is wrong, else the field, else the layer."""
        entry = self.fields.get((error.field or "", *error.index))
        span = entry or self.fields.get((error.field or "",))
        whole = self.reads if error.code in OF_INPUTS and self.reads is not None else self.word
        fix = None
        if span is not None and error.replacement is not None:
            fix = Fix(span, error.replacement, safe=error.safe)
        found = Diagnostic(
            code=error.code,
            message=f"`{word}` {error.message}",
            span=span or whole,
            label=error.label,
            labels=labels,
            help=error.help,
            fix=fix,
        )
        return traced(found, self.given)


def traced(finding: Diagnostic, given: Mapping[Span, Origin | None]) -> Diagnostic:
    """Return a finding with the place where a call gives the value that is wrong, if its span stands for a parameter.

    To write a value in place of the parameter would mend one call of the block and break others: the edit goes to the
    call, where that has a single value.
    """
    if finding.span is None or finding.span not in given:
        return finding
    chain: list[Origin | None] = [given[finding.span]]
    # An alias in one block of what another writes may stand for itself.
    while (last := chain[-1]) is not None and given.get(last.label.span, last) not in chain:
        chain.append(given[last.label.span])
    labels = dict.fromkeys([*finding.labels, *(origin.label for origin in chain if origin is not None)])
    fix = finding.fix
    if fix is not None and fix.span == finding.span:
        # What contradicts the input in one place may be right in the others that the parameter stands for.
        safe = fix.safe and finding.code not in OF_INPUTS
        fix = fix._replace(span=last.label.span, safe=safe) if last is not None and last.single else None
    help_text = finding.help
    if help_text is not None and help_text.startswith("write "):
        help_text = f"it needs {help_text.removeprefix('write ')}"
    return finding._replace(labels=tuple(labels), help=help_text, fix=fix)


class Bounds(NamedTuple):
    """The whole numbers that a figure may be, from `least` to `most`, None for no end; `text` is how the file says it.

    >>> Bounds(0, 25_600_000, "<= 25.6M").allows(25_600_000)
    True
    """

    least: int
    most: int | None
    text: str

    @property
    def exact(self) -> bool:
        """Whether the file says a single figure, such as `25.6M`."""
        return self.least == self.most and ".." not in self.text and not set(self.text) & set("<>≤≥±+")

    def allows(self, value: int) -> bool:
        """Return whether a figure lies within."""
        return self.least <= value and (self.most is None or value <= self.most)


class Expectation(NamedTuple):
    """One line of an `expect:` block: what (`params`, `output`, …), what it must be, and where that stands.

    Of several outputs each is `outputs.` and its name.
    """

    key: str
    value: int | Bounds | Shape
    span: Span


class Stated(NamedTuple):
    """A condition on symbols that a file states: the condition, its text, and where that stands."""

    condition: Condition
    text: str
    span: Span


class Decode(NamedTuple):
    """The loop of a `decode:` section: the chosen symbol enters as `token`, and `scores` rates the next one.

    `states` are the paths of recurrent steps that go on from their own last states; where there are none, all symbols
    so far are read again for each. A sequence begins after the symbol `start` and is complete with `end`.
    """

    token: str
    scores: str
    states: tuple[str, ...] = ()
    start: int = 0
    end: int | None = None
    max_length: int = 20
    beam: int = 5
    places: Mapping[str, Span] = MappingProxyType({})
    """Where the file gives each key's value."""


class Step(NamedTuple):
    """One layer in its place: what it reads, and the slots that it writes are named after `path`."""

    path: str
    layer: Layer
    inputs: tuple[str, ...]
    place: Place | None = None
    expect: tuple[Expectation, ...] = ()
    weights: str = ""
    """The path of the step whose weights it uses, where they are not its own."""
    branches: tuple[str, ...] = ()
    """The names of what it merges, where they are branches of its own."""

    def slot(self, output: str) -> str:
        """Return the slot of a further output, `path.output`."""
        return joined(self.path, output)


class Group(NamedTuple):
    """A body in its place: run once, or `times` in a row, where each run reads what the one before gave.

    `inputs` are the slots that it reads, in the order of the body's own. Its one output is the slot of its path; the
    runs of a repeated one are `path.0`, `path.1`, …
    """

    path: str
    body: Body
    inputs: tuple[str, ...]
    times: int | None = None
    place: Place | None = None
    expect: tuple[Expectation, ...] = ()
    weights: str = ""
    """The path of the group whose weights it uses, where they are not its own."""

    @property
    def runs(self) -> tuple[str, ...]:
        """The path of each run."""
        return (self.path,) if self.times is None else tuple(f"{self.path}.{run}" for run in range(self.times))


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Steps that may stand in several places: a block with its arguments, or what a step repeats.

    Paths are relative to where it is put, one of a lone layer is empty. `entering(0)`, `entering(1)`, … are the slots
    of what it reads. Two bodies are equal only where they are one object, so that what is found of one is found once.
    """

    steps: tuple[Step | Group, ...]
    output: str
    title: str
    """What a table calls it: `bottleneck 64 stride=2`."""
    size: int
    """How many layers it has when unfolded."""
    reads: int = 1
    """How many values a call gives it; what more it reads, it finds around it."""


def entering(position: int) -> str:
    """Return the slot of what a body reads: no path looks like it.

    >>> entering(0)
    '<0>'
    """
    return f"<{position}>"


def joined(prefix: str, path: str) -> str:
    """Return a path below another, either of which may be empty.

    >>> joined("layer1.0", "conv"), joined("layer1.0", ""), joined("", "conv")
    ('layer1.0.conv', 'layer1.0', 'conv')
    """
    return f"{prefix}.{path}" if prefix and path else prefix or path


def outward(path: str) -> Iterator[str]:
    """Yield a path and the shorter ones around it.

    >>> list(outward("add_0.main"))
    ['add_0.main', 'add_0', '']
    """
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def size_of(steps: Iterable[Step | Group]) -> int:
    """Return how many layers steps are when unfolded."""
    return sum(1 if isinstance(step, Step) else step.body.size * (step.times or 1) for step in steps)


@dataclass(frozen=True)
class Architecture:
    """A network as a file describes it.

    `sizes` holds the usual values of its symbols, `outputs` the slots that leave by name, `cites` where the
    architecture comes from. `file` is the text that spans point into, None for one built in Python. `where` is what
    its symbols must keep to. `parameters` holds the values that were put in for the file's own parameters, `widths` the
    names of those that say how wide the network is. `decode` is the loop that makes a sequence with it, if the file
    names one. `limits` are those that it was read under, and is read again under with other parameters.
    """

    name: str
    inputs: tuple[Input, ...]
    steps: tuple[Step | Group, ...]
    outputs: Mapping[str, str]
    sizes: Mapping[str, int] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    cites: str = ""
    file: Source | None = None
    where: tuple[Stated, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    widths: tuple[str, ...] = ()
    decode: Decode | None = None
    limits: Limits = LIMITS

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of its input shapes, sorted."""
        return input_symbols(self.inputs)

    @property
    def layers(self) -> tuple[Step, ...]:
        """Every layer under its full path, blocks and repeats written out."""
        return self._unfolded[0]

    @property
    def leaving(self) -> Mapping[str, str]:
        """The slots of `outputs` as `layers` names them."""
        return {name: self.unfolded_slot(slot) for name, slot in self.outputs.items()}

    def unfolded_slot(self, slot: str) -> str:
        """Return what `layers` names a slot of `steps`."""
        return self._unfolded[1].get(slot, slot)

    @cached_property
    def _unfolded(self) -> tuple[tuple[Step, ...], Mapping[str, str]]:
        layers: list[Step] = []
        slots = _unfold(self.steps, _Standing("", {}, ()), layers)
        return tuple(layers), slots


class _Standing(NamedTuple):
    """Where a body stands: the prefix of its paths, what its slots are called outside, and whose weights it uses.

    Each pair of `shared` puts one prefix of paths for another, innermost first.
    """

    prefix: str
    slots: Mapping[str, str]
    shared: tuple[tuple[str, str], ...]


def _unfold(steps: Iterable[Step | Group], at: _Standing, layers: list[Step]) -> Mapping[str, str]:
    """Add the layers of steps to `layers`, and return what their slots are called where that is not their path."""
    slots = dict(at.slots)
    for step in steps:
        inputs = tuple([slots.get(slot) or joined(at.prefix, slot) for slot in step.inputs])
        path = joined(at.prefix, step.path)
        if isinstance(step, Step):
            owner = joined(at.prefix, step.weights) if step.weights else path
            for own, other in at.shared:
                owner = other + owner.removeprefix(own)
            weights = owner if owner != path else ""
            here = (path, inputs, weights) == (step.path, step.inputs, step.weights)
            layers.append(step if here else step._replace(path=path, inputs=inputs, weights=weights))
            continue
        shared = ((path, joined(at.prefix, step.weights)), *at.shared) if step.weights else at.shared
        for run in step.runs:
            prefix = joined(at.prefix, run)
            entered = {entering(position): slot for position, slot in enumerate(inputs)}
            inside = _unfold(step.body.steps, _Standing(prefix, entered, shared), layers)
            leaves = inside.get(step.body.output) or joined(prefix, step.body.output)
            inputs = (leaves, *inputs[1:])
        slots[step.path] = inputs[0]
    return slots
