"""An architecture after parsing: a graph of layers with every reference resolved and with source spans.

Steps are in an order in which they can be computed. Values flow through *slots*: an input's name, a step's path for
its first output, `path.name` for another output. A block is one `Subgraph` however often it is called: each
call is a `Group`, and `Architecture.layers` lists the layers of every group under their full paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.dims import free_symbols, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.diagnostics import Source, Span
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.dims import Condition, Shape
    from shapecalc.layers import Layer

DTYPES = ("float32", "int64", "bool")


class Input(NamedTuple):
    """An input of the network: its name, its shape with free symbols, and its dtype."""

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


class Unused(NamedTuple):
    """A block that nothing calls, or a parameter or name of `repeat` that nothing uses; `near` is a name in use."""

    name: str
    span: Span
    kind: Literal["block", "parameter", "repeat"]
    near: str | None = None
    block: str = ""
    """The block whose parameter it is; empty for the file's."""


class Bounds(NamedTuple):
    """The integers from `least` to `most` (None: unbounded) that a figure may be; `text` is the bound as written.

    >>> Bounds(0, 25_600_000, "<= 25.6M").allows(25_600_000)
    True
    """

    least: int
    most: int | None
    text: str

    @property
    def exact(self) -> bool:
        """Whether the file gives a single figure, such as `25.6M`."""
        return self.least == self.most and ".." not in self.text and not set(self.text) & set("<>≤≥±+")

    def allows(self, value: int) -> bool:
        """Return whether a figure is within the bounds."""
        return self.least <= value and (self.most is None or value <= self.most)


class Expectation(NamedTuple):
    """One entry of an `expect:` block: its key (`params`, `output`, …), the expected value, and the value's span.

    The key of one of several outputs is `outputs.` and its name.
    """

    key: str
    value: int | Bounds | Shape
    span: Span


class StatedCondition(NamedTuple):
    """A condition on symbols from `where:`, with its text and span."""

    condition: Condition
    text: str
    span: Span


class Decode(NamedTuple):
    """The loop of a `decode:` section: the chosen symbol is the input `token`, the slot `scores` rates the next one.

    `states` are the paths of recurrent steps that continue from their own last states; without any, all symbols so
    far are read again for each new one. A sequence begins after the symbol `start` and is complete with `end`.
    """

    token: str
    scores: str
    states: tuple[str, ...] = ()
    start: int = 0
    end: int | None = None
    max_length: int = 20
    beam: int = 5
    spans: Mapping[str, Span] = MappingProxyType({})
    """The span of each key's value."""


class SharedTensor(NamedTuple):
    """A parameter or buffer that a step uses: the path of the step that owns it, and its name there.

    `transposed` is whether its axes are swapped in this use.

    >>> SharedTensor("enc", "weight").path_of_tensor, SharedTensor("pos").path_of_tensor
    ('enc.weight', 'pos')
    """

    owner: str
    name: str = ""
    transposed: bool = False

    @property
    def path_of_tensor(self) -> str:
        """Its path, as in a `state_dict`."""
        return joined(self.owner, self.name)


class Step(NamedTuple):
    """One layer in the graph, with the slots that it reads; the slots that it writes are named after `path`."""

    path: str
    layer: Layer
    inputs: tuple[str, ...]
    spans: StepSpans | None = None
    expect: tuple[Expectation, ...] = ()
    weights: str = ""
    """The path of the step whose weights it uses, if they are not its own."""
    branches: tuple[str, ...] = ()
    """The names of the branches that it merges, if they are its own."""
    apart: Mapping[str, SharedTensor] = MappingProxyType({})
    """The tensors that are not those of the step `weights`, by name: the owner may be the step itself."""

    @property
    def shares(self) -> bool:
        """Whether it may use a tensor of another step."""
        return bool(self.weights or self.apart)

    def owner(self, tensor: str) -> str:
        """Return the path of the step that owns one of its parameters or buffers.

        >>> own = {"bias": SharedTensor("head", "bias")}
        >>> tied = Step("head", layer=None, inputs=("x",), weights="embedding", apart=own)
        >>> tied.owner("weight"), tied.owner("bias")
        ('embedding', 'head')
        """
        return self.apart[tensor].owner if tensor in self.apart else self.weights or self.path

    def tensor(self, name: str) -> str:
        """Return the path of one of its parameters or buffers, as in a `state_dict`: `c1.weight`.

        >>> Step("head", None, ("x",), apart={"weight": SharedTensor("filter")}).tensor("weight")
        'filter'
        """
        return self.apart[name].path_of_tensor if name in self.apart else joined(self.weights or self.path, name)

    @property
    def sources(self) -> tuple[str, ...]:
        """The step whose tensors it uses, or the single tensors of others: `enc.weight`, `enc.weight^T` if transposed.

        >>> Step("dec", None, ("x",), apart={"weight": SharedTensor("enc", "weight", transposed=True)}).sources
        ('enc.weight^T',)
        """
        if self.weights:
            return (self.weights,)
        others = (of for of in self.apart.values() if of.owner != self.path)
        return tuple(f"{of.owner}.{of.name}{'^T' * of.transposed}" for of in others)

    def shared(self, name: str) -> SharedTensor:
        """Return one of its parameters or buffers, for another step to use."""
        return self.apart[name] if name in self.apart else SharedTensor(self.weights or self.path, name)

    def transposes(self, tensor: str) -> bool:
        """Return whether it uses a tensor of another step with its axes swapped."""
        return tensor in self.apart and self.apart[tensor].transposed

    def owns(self, tensor: str) -> bool:
        """Return whether a parameter or buffer is its own."""
        return self.owner(tensor) == self.path

    def slot(self, output: str) -> str:
        """Return the slot of an output other than the first, `path.output`."""
        return joined(self.path, output)


class Group(NamedTuple):
    """One use of a subgraph: run once, or `times` in a row, each run reading the output of the one before.

    `inputs` are the slots that it reads, in the order of the subgraph's inputs. The paths of repeated runs are
    `path.0`, `path.1`, … Its first output, of repeated runs that of the last, is the slot `path`; another one of each
    run is `path.name` or `path.0.name`.
    """

    path: str
    subgraph: Subgraph
    inputs: tuple[str, ...]
    times: int | None = None
    spans: StepSpans | None = None
    expect: tuple[Expectation, ...] = ()
    weights: str = ""
    """The path of the group whose weights it uses, if they are not its own."""
    varied: tuple[Subgraph, ...] = ()
    """The subgraph of each run, if `repeat` binds names to values that differ; `subgraph` is the first."""
    bound: Mapping[str, tuple[Any, ...]] = MappingProxyType({})
    """The names that `repeat` binds, each with its value in each run."""

    @property
    def runs(self) -> tuple[str, ...]:
        """The path of each run."""
        return (self.path,) if self.times is None else tuple(f"{self.path}.{run}" for run in range(self.times))

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots of its outputs: the first, then the others of each run."""
        return (
            self.path,
            *(
                joined(run, name)
                for run, body in zip(self.runs, self.bodies, strict=True)
                for name in body.extra_outputs
            ),
        )

    @property
    def bodies(self) -> tuple[Subgraph, ...]:
        """The subgraph of each run."""
        return self.varied or (self.subgraph,) * (self.times or 1)

    @property
    def size(self) -> int:
        """The number of layers when unfolded."""
        return sum(body.size for body in self.varied) if self.varied else self.subgraph.size * (self.times or 1)


@dataclass(frozen=True, eq=False)
class Subgraph:
    """Steps that several groups can use: a block with its arguments, or the layers that a step repeats.

    Paths are relative to the group's path; that of a single repeated layer is empty. The slots of the inputs are
    `input_slot(0)`, `input_slot(1)`, … Subgraphs are compared by identity, so that results can be cached by subgraph.
    """

    steps: tuple[Step | Group, ...]
    output: str
    title: str
    """The name in tables: `bottleneck 64 stride=2`."""
    size: int
    """The number of layers when unfolded."""
    input_count: int = 1
    """The number of inputs that a call gives; the others are captured from the surrounding steps."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """The slots of its outputs by name, `output` first; empty if it has one without a name."""
    carried: tuple[tuple[int, str], ...] = ()
    """The positions of inputs that the next run reads from slots of this one, if not just the first from `output`."""

    @cached_property
    def extra_outputs(self) -> Mapping[str, str]:
        """The slots of its outputs after the first, by name."""
        return dict(islice(self.outputs.items(), 1, None)) if self.outputs else self.outputs

    @cached_property
    def feedback(self) -> tuple[tuple[int, str], ...]:
        """The position of each input that the next run reads from a slot of this one."""
        return self.carried or ((0, self.output),)


def input_slot(position: int) -> str:
    """Return the slot of a subgraph's input, which differs from every path.

    >>> input_slot(0)
    '<0>'
    """
    return f"<{position}>"


def joined(prefix: str, path: str) -> str:
    """Return two paths joined by a dot; either may be empty.

    >>> joined("layer1.0", "conv"), joined("layer1.0", ""), joined("", "conv")
    ('layer1.0.conv', 'layer1.0', 'conv')
    """
    return f"{prefix}.{path}" if prefix and path else prefix or path


def prefixes(path: str) -> Iterator[str]:
    """Yield a path and its prefixes, longest first.

    >>> list(prefixes("add_0.main"))
    ['add_0.main', 'add_0', '']
    """
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


def size_of(steps: Iterable[Step | Group]) -> int:
    """Return the number of layers in steps when unfolded."""
    return sum(1 if isinstance(step, Step) else step.size for step in steps)


class ImportOrigin(Protocol):
    """A file of another tool that an architecture was imported from."""

    @property
    def file(self) -> str:
        """Its path."""

    @property
    def stated(self) -> Mapping[str, Shape]:
        """The shape that it states of each slot, if it does."""

    @property
    def params_as(self) -> str:
        """The convention by which its parameters are counted by default."""

    @property
    def examples(self) -> Any:
        """The `inputs` and `outputs` that the other tool computed, None if only a file was read."""

    def arrays(self) -> dict[str, Any]:
        """Return the values of its tensors by the paths of ours."""


@dataclass(frozen=True)
class Architecture:
    """A network as a file describes it.

    `outputs` maps names to slots, `sizes` symbols to their usual values; `cites` is the source of the architecture.
    `file` is the text that spans point into, None if built in Python. `where` has the conditions on symbols.
    `parameters` has the values substituted for the file's own parameters, `widths` the names of those that are widths.
    `decode` is the decoding loop, if the file has one. `limits` are those under which the file was read, and is read
    again with other parameters. `unused` has the file's definitions without effect, if the parser looked for them.
    `origin` is the file of another tool that it was imported from.
    """

    name: str
    inputs: tuple[Input, ...]
    steps: tuple[Step | Group, ...]
    outputs: Mapping[str, str]
    sizes: Mapping[str, int] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()
    cites: str = ""
    file: Source | None = None
    where: tuple[StatedCondition, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    widths: tuple[str, ...] = ()
    decode: Decode | None = None
    limits: Limits = LIMITS
    unused: tuple[Unused, ...] = ()
    origin: ImportOrigin | None = None

    def __repr__(self) -> str:
        """Return the name and the inputs."""
        inputs = ", ".join(f"{entry.name} {show(entry.shape)}" for entry in self.inputs)
        return f"<Architecture {self.name}: {inputs}>"

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of its input shapes, sorted."""
        return input_symbols(self.inputs)

    @property
    def layers(self) -> tuple[Step, ...]:
        """Every layer under its full path, with blocks and repeats expanded."""
        return self._unfolded[0]

    @property
    def output_slots(self) -> Mapping[str, str]:
        """The slots of the outputs by name, as `layers` names them."""
        return {name: self.unfolded_slot(slot) for name, slot in self.outputs.items()}

    def unfolded_slot(self, slot: str) -> str:
        """Return the name in `layers` of a slot of `steps`."""
        return self._unfolded[1].get(slot, slot)

    @cached_property
    def _unfolded(self) -> tuple[tuple[Step, ...], Mapping[str, str]]:
        layers: list[Step] = []
        slots = _unfold(self.steps, _Nesting("", {}, ()), layers)
        return tuple(layers), slots


class _Nesting(NamedTuple):
    """The context of a subgraph: the prefix of its paths, the outer names of its slots, and the owners of its weights.

    Each pair of `shared` replaces one prefix of paths by another, innermost first.
    """

    prefix: str
    slots: Mapping[str, str]
    shared: tuple[tuple[str, str], ...]

    def owner(self, path: str) -> str:
        """Return the outer path of the step that owns the tensors of the step at an inner path."""
        path = joined(self.prefix, path)
        for own, other in self.shared:
            path = other + path.removeprefix(own)
        return path


def _unfold(steps: Iterable[Step | Group], nesting: _Nesting, layers: list[Step]) -> Mapping[str, str]:
    """Add the layers of steps to `layers`, and return the names of their slots that differ from their paths."""
    slots = dict(nesting.slots)
    for step in steps:
        inputs = tuple([slots.get(slot) or joined(nesting.prefix, slot) for slot in step.inputs])
        path = joined(nesting.prefix, step.path)
        if isinstance(step, Step):
            owner = nesting.owner(step.weights or step.path)
            weights = owner if owner != path else ""
            apart = {name: of._replace(owner=nesting.owner(of.owner)) for name, of in step.apart.items()}
            here = (path, inputs, weights, apart) == (step.path, step.inputs, step.weights, step.apart)
            layers.append(step if here else step._replace(path=path, inputs=inputs, weights=weights, apart=apart))
            continue
        shared = ((path, joined(nesting.prefix, step.weights)), *nesting.shared) if step.weights else nesting.shared
        arriving = list(inputs)
        for run, body in zip(step.runs, step.bodies, strict=True):
            prefix = joined(nesting.prefix, run)
            entered = {input_slot(position): slot for position, slot in enumerate(arriving)}
            inside = _unfold(body.steps, _Nesting(prefix, entered, shared), layers)
            slots[step.path] = inside.get(body.output) or joined(prefix, body.output)
            for name, slot in body.extra_outputs.items():
                slots[joined(run, name)] = inside.get(slot) or joined(prefix, slot)
            for position, slot in body.feedback:
                arriving[position] = inside.get(slot) or joined(prefix, slot)
    return slots
