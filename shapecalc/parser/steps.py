"""A list of steps → the steps of a graph: layers, merges with their branches, calls of blocks, repeats."""

from __future__ import annotations

from collections import ChainMap
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from shapecalc.architecture import Group, SharedTensor, Step, StepSpans, Subgraph, input_slot, joined, size_of
from shapecalc.diagnostics import Diagnostic, Fix, Label, ShapecalcError, Span
from shapecalc.diagnostics.progress import tracked
from shapecalc.layers import layer_type
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import LIKE, Number, said
from shapecalc.layers.reshaping import Identity
from shapecalc.parser.blocks import Block, argument_key, bind_arguments, call_title, unknown_arguments, visible
from shapecalc.parser.expect import read_expectations
from shapecalc.parser.fields import LayerReader
from shapecalc.parser.names import confusing, is_name
from shapecalc.parser.repeat import Runs, is_too_large, read_repeat, refuse_total
from shapecalc.parser.scalars import shorten
from shapecalc.parser.scopes import Scope, read_name
from shapecalc.parser.share import SharedTensors, read_share
from shapecalc.parser.step_keys import StepParts, refuse_keys_of_tensor, split_step, states_type
from shapecalc.parser.substitution import (
    checked_without_values,
    is_conditional_branch,
    repeats_over_lists,
    substitute_run,
    substitute_steps,
)
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain
from shapecalc.parser.when import read_when

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping as MappingOf

    from shapecalc.architecture import Expectation
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.layers import Layer
    from shapecalc.parser.diagnostics import Diagnostics

UNSPECIFIED = "<?>"
"""The slot that the first step of a file with several inputs reads by default: it must name one in `from:`."""

_NAME_KEY = Scalar("name", Span(0, 0, 0, 0), "name")


class _StepContext(NamedTuple):
    """The context of a step: its scope, branch, path, span of its name, inputs and expectations.

    A repeated layer adds the slots that its branches read to `captured`, after the inputs.
    """

    scope: Scope
    prefix: str
    path: str
    name_span: Span
    inputs: tuple[str, ...]
    expect: tuple[Expectation, ...] = ()
    captured: list[str] | None = None


class _Repeat(NamedTuple):
    """A step with `repeat:`: the step as written, how often it runs, and the parts of its first run."""

    node: Node
    parts: StepParts
    runs: Runs | None


class StepReader:
    """Reads the steps of one text; a block is read once for each set of arguments.

    `parameters` are the file's, which those of a block shadow.
    """

    __slots__ = ("_arguments", "_blocks", "_called", "_calls", "_depth", "_diagnostics", "_expanding", "_layers",
                 "_limits", "_parameters", "_steps_read", "_subgraphs")  # fmt: skip

    def __init__(
        self,
        diagnostics: Diagnostics,
        blocks: MappingOf[str, Block | None],
        limits: Limits,
        parameters: MappingOf[str, Node] = MappingProxyType({}),
    ) -> None:
        self._diagnostics = diagnostics
        self._parameters = parameters
        self._arguments = parameters
        """The parameters that the steps see."""
        self._expanding = 0
        """The number of calls and of repeats over lists around the steps, which are read for each set of values."""
        self._blocks = blocks
        self._limits = limits
        self._layers = LayerReader(diagnostics, parameters)
        self._subgraphs: dict[str, dict[str, Subgraph | None]] = {}
        """The subgraphs of a block by its arguments."""
        self._called: set[str] = set()
        self._calls: list[Block] = []
        self._depth = 0
        """The nesting depth of the current list of steps, through branches and called blocks."""
        self._steps_read = 0

    def read(self, node: Node, scope: Scope, flow: str, subject: str = "`layers`") -> str | None:
        """Add the steps of a list to a scope, and return the last one's slot; None if it could not be read.

        Every step is checked for mistakes; the scope has the steps before the first that could not be read.
        """
        items = self._items(node, subject)
        slot = self._list(items, scope, "", flow)
        if items and not scope.steps and scope.complete:
            message = f"{subject} expects at least one step, has none whose `when` is true"
            self._diagnostics.refuse("SC107", message, head(node))
        refuse_total(scope.steps, self._diagnostics, self._limits)
        return slot

    def read_uncalled(self, blocks: Iterable[Block]) -> frozenset[str]:
        """Check the steps of the blocks that were not read, and return the names of all that are called.

        A block is read as if it were called with its required parameters alone, whose values are not known. At the
        limit of steps the rest is not checked, and could call every block.
        """
        self._steps_read = 0
        try:
            for block in blocks:
                if block.name.text not in self._subgraphs:
                    with self._diagnostics.steps_of_a_block():
                        arguments = unknown_arguments(block, self._parameters, self._diagnostics)
                        self._expand(block, block.name.text, block.name, arguments)
        except ShapecalcError as error:
            if error.diagnostics[-1].code != "SC016":
                raise
            return frozenset(self._blocks)
        return frozenset(self._called)

    def _items(self, node: Node, subject: str) -> tuple[Node, ...]:
        if isinstance(node, Sequence) and node.items:
            return node.items
        nothing = isinstance(node, Sequence) or plain(node) is None
        message = f"{subject} expects at least one step, has none"
        if not nothing:
            message = f"{subject} expects a list of steps, receives {said(plain(node))}"
        help_text = "begin each step with `- `"
        if not isinstance(node, Mapping):
            self._diagnostics.refuse("SC107", message, head(node), help=help_text)
            return ()
        steps = tuple(map(self._without_dash, node.entries))
        if steps and all(name is not None for name, _ in steps):
            name = shorten(steps[0][0] or "")
            help_text = f"write a list of steps, each with its name: `- {{conv: …, name: {name}}}`"
        self._diagnostics.refuse("SC107", message, head(node), help=help_text)
        return tuple(step for _, step in steps)

    def _without_dash(self, entry: tuple[Scalar, Node]) -> tuple[str | None, Node]:
        """Return the step of an entry where a list is expected, and its name if the key is one.

        A key is a layer type whose dash is missing, or a name: then the value has the layer, or is not checked.
        """
        key, value = entry
        if layer_type(key.text) is not None or key.text in self._blocks or not isinstance(value, Mapping):
            return None, Mapping((entry,), key.span)
        if any(layer_type(own.text) is not None or own.text in self._blocks for own, _ in value.entries):
            named = value if value.get("name") else value._replace(entries=(*value.entries, (_NAME_KEY, key)))
            return key.text, named
        stated = any(states_type(*own) for own in value.entries)
        return (key.text, self._diagnostics.placeholder(value.span)) if stated else (None, Mapping((entry,), key.span))

    def _list(self, items: tuple[Node, ...], scope: Scope, prefix: str, flow: str | None) -> str | None:
        scope.later_spans |= _name_spans(items)
        self._depth += 1
        end = flow
        for position, item in enumerate(tracked(items, "steps", len(items))):
            end, flow = self._step(item, position, scope, prefix, flow)
        self._depth -= 1
        return end

    def _step(
        self, node: Node, position: int, scope: Scope, prefix: str, flow: str | None
    ) -> tuple[str | None, str | None]:
        """Read one step, and return its slot and the one that the next step reads; None for one that is not known.

        They differ for a tensor, which reads nothing: the next step reads what it would read without that.
        """
        if self._expanding:
            self._count(node)
        if isinstance(node, Mapping) and self._diagnostics.is_placeholder(node.get("name")):
            scope.unnamed = True
        if isinstance(node, Mapping) and not self._is_there(node):
            self._skip(node, position, scope, prefix)
            return flow, flow
        parts, runs = self._parts(node)
        if parts is None:
            self._check_reference(node, scope, prefix)
            scope.skip(prefix, position, _written_name(node))
            return None, None
        shared = read_share(parts, scope, prefix, self._diagnostics)
        type_name = parts.type_node.text
        if parts.kind is None:
            type_name = _type_name(shared) if isinstance(shared, Step | Group) else "share"
        path, span = self._path(parts, type_name, position, prefix)
        expect = read_expectations(parts.keys["expect"], self._diagnostics) if "expect" in parts.keys else ()
        is_tensor = isinstance(parts.kind, type) and parts.kind.is_tensor
        inputs = () if is_tensor else self._inputs(parts, path, scope, prefix, flow)
        at = _StepContext(scope, prefix, path, span, inputs or (), expect)
        repeat = _Repeat(node, parts, runs)
        # The methods between a step and the steps of its block call each other at each level: the fewer, the better.
        if isinstance(parts.kind, type) and parts.kind.is_tensor:
            slot = self._tensor(parts, parts.kind, at)
        elif parts.kind is None or isinstance(parts.kind, Block):
            slot = self._group(repeat, shared, at)
        elif "repeat" in parts.keys:
            slot = self._repeat(repeat, at)
        else:
            slot = self._layer(parts, parts.kind, shared, at)
        lost = slot is None or inputs is None or ("share" in parts.keys and not shared)
        if lost or ("repeat" in parts.keys and runs is None):
            scope.skip(prefix, position, path)
            slot = path
        return slot, flow if is_tensor else slot

    def _is_there(self, step: Mapping) -> bool:
        """Return whether the condition of a step or branch is true, if it has one."""
        node = step.get("when")
        return node is None or read_when(self._with_arguments(node), self._diagnostics)

    def _with_arguments(self, node: Node) -> Node:
        return substitute_steps(node, self._arguments, self._diagnostics, self._owner)

    @property
    def _owner(self) -> str:
        return "the block" if self._calls else "the file"

    def _skip(self, node: Mapping, position: int, scope: Scope, prefix: str) -> None:
        """Record a step that is absent, and check what does not depend on the values of parameters."""
        condition = next(key for key, _ in node.entries if key.text == "when")
        name = _written_name(node)
        if not repeats_over_lists(node):
            with checked_without_values(node, self._arguments, self._diagnostics, self._owner) as step:
                parts = split_step(step, self._blocks, self._diagnostics)
                if parts is not None and isinstance(parts.kind, type):
                    self._layers.read(parts.kind, parts.type_node, self._fields(parts), parts.misplaced)
                name = name or f"{parts.type_node.text if parts else 'step'}_{position}"
        scope.absent[joined(prefix, name or f"step_{position}")] = condition.span

    def _fields(self, parts: StepParts) -> Node | None:
        """Return the value of a layer without its branches, and without a size that is like another step's."""
        apart = {key.text for key, _ in self._branches(parts)}
        if isinstance(parts.kind, type) and parts.kind.like_field is not None and isinstance(parts.node, Mapping):
            apart |= {key.text for key, value in parts.node.entries if isinstance(value, Mapping)}
        if not apart or not isinstance(parts.node, Mapping):
            return parts.node
        fields = tuple(entry for entry in parts.node.entries if entry[0].text not in apart)
        return parts.node._replace(entries=fields) if fields else None

    def _parts(self, node: Node) -> tuple[StepParts | None, Runs | None]:
        """Return the parts of a step, None if it is refused, and how often it runs; of several runs the first one's."""
        if self._depth > self._limits.depth:
            message = f"blocks and branches stand in each other deeper than {self._limits.depth}"
            self._diagnostics.refuse("SC011", message, head(node), help=self._limits.raising("depth"))
            return None, None
        repeat = node.get("repeat") if isinstance(node, Mapping) else None
        if repeat is None or not repeats_over_lists(node):
            parts = split_step(node, self._blocks, self._diagnostics)
            runs = None
            if parts is not None and repeat is not None:
                runs = read_repeat(repeat, self._diagnostics, self._limits)
            return parts, runs
        runs = read_repeat(self._with_arguments(repeat), self._diagnostics, self._limits)
        if runs is None:
            return None, None
        with self._run(node, runs.values[0]) as parts:
            return parts, runs

    @contextmanager
    def _run(self, node: Node, values: MappingOf[str, Node]) -> Iterator[StepParts | None]:
        """Give the parts of one run of a step that repeats over lists, which sees its values as parameters."""
        assert isinstance(node, Mapping)  # it has `repeat`
        owner = f"{self._owner} or of `repeat`"
        arguments = ChainMap({**values}, self._arguments)  # type: ignore[arg-type]  # it is not written to
        with self._seeing(arguments), self._diagnostics.steps_of_a_block():
            run = substitute_run(node, arguments, self._diagnostics, owner)
            yield split_step(run, self._blocks, self._diagnostics)

    @contextmanager
    def _seeing(self, arguments: MappingOf[str, Node]) -> Iterator[None]:
        """Read steps that see these parameters, and that are read again for others."""
        around = self._arguments
        self._arguments = self._layers.parameters = arguments
        self._expanding += 1
        yield
        self._expanding -= 1
        self._arguments = self._layers.parameters = around

    def _bodies(
        self, repeat: _Repeat, at: _StepContext, read: Callable[[StepParts, _StepContext], Subgraph | None]
    ) -> tuple[Subgraph, ...]:
        """Return the subgraph of each run, or one of all; none if one is refused."""
        _, parts, runs = repeat
        bodies: dict[str, Subgraph | None] = {}
        if runs is None or not runs.values:
            body = read(parts, at)
            return () if body is None else (body,)
        for values in runs.values:
            key = argument_key(values)
            if key not in bodies:
                self._count(repeat.node)
                with self._run(repeat.node, values) as run:
                    bodies[key] = None if run is None else read(run, at)
        subgraphs = tuple(body for values in runs.values if (body := bodies[argument_key(values)]) is not None)
        return subgraphs if len(subgraphs) == runs.times else ()

    def _check_reference(self, node: Node, scope: Scope, prefix: str) -> None:
        """Check `from:` of a step whose layer type is not known."""
        names = node.get("from") if isinstance(node, Mapping) and self._diagnostics.has_skipped(node.span) else None
        if names is not None:
            scope.references(names, "", prefix)

    def _count(self, node: Node) -> None:
        self._steps_read += 1
        if self._steps_read > self._limits.block_steps:
            diagnostic = Diagnostic(
                code="SC016",
                message=f"calls of blocks with different arguments expand to over {self._limits.block_steps} steps",
                span=head(node),
                help=self._limits.raising("block_steps"),
            )
            raise ShapecalcError((*self._diagnostics.recorded, diagnostic), self._diagnostics.source)

    def _path(self, parts: StepParts, type_name: str, position: int, prefix: str) -> tuple[str, Span]:
        path, span = f"{type_name}_{position}", parts.type_node.span
        node = parts.keys.get("name")
        if node is not None:
            span = node.span
            path = read_name(node, self._diagnostics) or path
        return joined(prefix, path), span

    def _inputs(
        self, parts: StepParts, path: str, scope: Scope, prefix: str, flow: str | None
    ) -> tuple[str, ...] | None:
        """Return the slots that a step reads; None if they could not be read."""
        if "from" in parts.keys:
            return scope.references(parts.keys["from"], path, prefix)
        if flow == UNSPECIFIED and ("repeat" in parts.keys or not self._branches(parts)):
            self._refuse_unspecified("the first step expects `from:`", parts.type_node.span, scope)
            return None
        return None if flow is None else (flow,)

    def _refuse_unspecified(self, expects: str, span: Span, scope: Scope) -> None:
        names = " or ".join(f"`{name}`" for name in scope.inputs)
        message = f"{expects}, for several inputs enter: {names}"
        self._diagnostics.refuse("SC104", message, span, help=f"put `from: {next(iter(scope.inputs))}` next to it")

    def _branches(self, parts: StepParts) -> tuple[tuple[Scalar, Node], ...]:
        """Return the branches below a merge."""
        if not isinstance(parts.kind, type) or not parts.kind.merges or not isinstance(parts.node, Mapping):
            return ()
        return tuple(entry for entry in parts.node.entries if _is_branch(parts.kind, *entry))

    def _layer(
        self, parts: StepParts, cls: type[Layer], shared: Step | Group | SharedTensors | None, at: _StepContext
    ) -> str | None:
        branches = self._branches(parts)
        node, inputs = parts.node, at.inputs
        left_out = False
        if branches:
            node = self._fields(parts)
            present = tuple(entry for entry in branches if self._is_present(entry[1]))
            left_out, branches = len(present) < len(branches), present
            inputs = self._read_branches(branches, at, parts)
        elif cls.like_field is not None and isinstance(node, Mapping):
            node, inputs = self._read_like(cls.like_field, node, at)
        layer, spans = self._layers.read(cls, parts.type_node, node, parts.misplaced)
        if left_out:
            layer = self._of_present(layer, parts, inputs, branches)
        outputs = ("output", *cls.extra_outputs) if layer is None else layer.output_names
        at.scope.define(at.path, outputs, at.name_span)
        if layer is None or not inputs:
            return None
        spans = self._with_key_spans(spans, parts)
        step = Step(at.path, layer, inputs, spans, at.expect, branches=tuple(key.text for key, _ in branches))
        if isinstance(shared, SharedTensors):
            step = step._replace(apart=shared.tensors)
        elif shared is not None:
            if isinstance(shared, Group):
                self._refuse_share(parts, shared, "a layer")
                return None
            step = _sharing(step, shared)
        at.scope.add(step)
        return at.path

    def _read_like(self, field: str, node: Mapping, at: _StepContext) -> tuple[Mapping, tuple[str, ...]]:
        """Return the fields without `{like: step}`, and the inputs with that step; no inputs if it is refused."""
        value = node.get(field)
        if not isinstance(value, Mapping) or self._diagnostics.is_placeholder(value):
            return node, at.inputs
        named = self._diagnostics.keys(value, (LIKE,), f"`{field}`").get(LIKE)
        slots = None
        if isinstance(named, Scalar):
            slots = at.scope.references(named, at.path, at.prefix, LIKE)
        elif not self._diagnostics.refused_within(value.span):
            wrong = value if named is None else named
            self._diagnostics.refuse_value(
                "SC202", f"`{field}` expects `{{like: step}}` with the name of a step", wrong
            )
        rest = tuple(entry for entry in node.entries if entry[0].text != field)
        return node._replace(entries=rest), (*at.inputs, *slots) if slots and at.inputs else ()

    def _tensor(self, parts: StepParts, cls: type[Layer], at: _StepContext) -> str | None:
        """Read a tensor, which has no inputs."""
        refused = refuse_keys_of_tensor(parts, cls, at.path, self._diagnostics)
        layer, spans = self._layers.read(cls, parts.type_node, parts.node, parts.misplaced)
        at.scope.define(at.path, ("output",), at.name_span)
        if layer is None or refused:
            return None
        at.scope.add(Step(at.path, layer, (), spans, at.expect))
        return at.path

    def _of_present(
        self, layer: Layer | None, parts: StepParts, inputs: tuple[str, ...], branches: tuple[tuple[Scalar, Node], ...]
    ) -> Layer | None:
        """Return the layer that merges the branches that are present: the identity, if one is left of a sum."""
        if not branches:
            message = f"`{parts.type_node.text}` expects a branch, has none whose `when` is true"
            help_text = f"put `when` next to `{parts.type_node.text}`, to leave out the whole"
            self._diagnostics.refuse("SC107", message, parts.type_node.span, help=help_text)
        if layer is None or len(inputs) != 1 or not layer.identity_of_one or layer != type(layer)():
            return layer
        return Identity()

    def _is_present(self, branch: Node) -> bool:
        if not isinstance(branch, Mapping) or not is_conditional_branch(branch) or self._is_there(branch):
            return True
        with checked_without_values(branch, self._arguments, self._diagnostics, self._owner):
            return False

    def _read_branches(
        self, branches: tuple[tuple[Scalar, Node], ...], at: _StepContext, parts: StepParts
    ) -> tuple[str, ...]:
        """Read each branch, and return the slots of their outputs; none if one of them could not be read."""
        if len(at.inputs) > 1:
            message = f"`{parts.type_node.text}` expects branches, or several names in `from`, has both"
            help_text = "begin each branch with a step that says `from:`"
            self._diagnostics.refuse("SC107", message, head(parts.keys["from"]), help=help_text)
        flow = at.inputs[0] if at.inputs else None
        ends = []
        for key, value in branches:
            if isinstance(value, Mapping) and is_conditional_branch(value):
                value = value.get("layers") or value  # noqa: PLW2901 - the branch itself
            if not is_name(key.text):
                message = f"a branch expects a name of letters, digits and `_`, receives `{shorten(key.text)}`"
                self._diagnostics.refuse("SC110", message, key.span, label=confusing(key.text))
            if isinstance(value, Sequence):
                end = self._list(value.items, at.scope, joined(at.path, key.text), flow)
                if end == UNSPECIFIED:
                    expected = f"branch `{shorten(key.text)}` expects a step with `from:`"
                    self._refuse_unspecified(expected, key.span, at.scope)
                    end = None
                ends.append(end)
                continue
            expected = f"branch `{shorten(key.text)}` expects a list of steps"
            nothing = isinstance(value, Scalar) and value.value is None
            help_text = f"write `{key.text}: []` for what passes unchanged" if nothing else "begin each step with `- `"
            if isinstance(parts.kind, type) and _is_number(value) and _main_is_number(parts.kind):
                help_text = f"a number as operand is `{parts.kind.type}: {shorten(value.text)}`"
            fix = Fix(value.span, "[]" if value.text else " []") if nothing and isinstance(value, Scalar) else None
            self._diagnostics.refuse_value("SC107", expected, value, help=help_text, fix=fix)
            ends.append(None)
        known = tuple(end for end in ends if end is not None)
        return known if len(known) == len(ends) else ()

    def _with_key_spans(self, spans: StepSpans, parts: StepParts) -> StepSpans:
        inputs, share = parts.keys.get("from"), parts.keys.get("share")
        if inputs is share is None:
            return spans
        tensors = share.entries if isinstance(share, Mapping) else ()
        fields: dict[tuple[str | int, ...], Span] = {**spans.fields}
        for key, value in tensors:
            fields |= {("share", key.text): head(value), ("share", key.text, "name"): key.span}
        return spans._replace(fields=fields, inputs=inputs and head(inputs), share=share and head(share))

    def _refuse_repeated_share(self, parts: StepParts) -> None:
        if "repeat" in parts.keys and "share" in parts.keys:
            message = "`repeat` and `share` stand on one step"
            help_text = "put the layer into a block, and repeat or share that"
            self._diagnostics.refuse("SC107", message, head(parts.keys["share"]), help=help_text)

    def _refuse_share(self, parts: StepParts, shared: Step | Group, what: str) -> None:
        at = shared.spans
        labels = () if at is None else (Label(at.type, f"`{shared.path}`"),)
        message = f"`share` expects {what}, `{shared.path}` is {'a block' if isinstance(shared, Group) else 'a layer'}"
        self._diagnostics.refuse("SC316", message, head(parts.keys["share"]), labels=labels)

    def _repeat(self, repeat: _Repeat, at: _StepContext) -> str | None:
        """Read a repeated layer, or a merge with its branches, as a subgraph for each set of values."""
        parts = repeat.parts
        self._refuse_repeated_share(parts)
        captured = [*at.inputs]
        bodies = self._bodies(repeat, at._replace(captured=captured), self._layer_alone)
        at.scope.define(at.path, (), at.name_span)
        if not bodies or repeat.runs is None:
            return None
        spans = self._with_key_spans(StepSpans(parts.type_node.span, {}), parts)
        group = _grouped(bodies, tuple(captured), at, repeat.runs)._replace(spans=spans)
        if is_too_large(group.size, parts.type_node, self._diagnostics, self._limits):
            return None
        at.scope.add(group)
        return at.path

    def _layer_alone(self, parts: StepParts, at: _StepContext) -> Subgraph | None:
        """Return one run of a layer as a subgraph, whose inputs are the captured slots."""
        assert isinstance(parts.kind, type)
        assert at.captured is not None
        count = len(at.inputs)
        inside = Scope(self._diagnostics, {}, at.scope, at.prefix)
        inside.captured, inside.input_count = at.captured, count
        inputs = tuple(input_slot(position) for position in range(count))
        slot = self._layer(parts, parts.kind, None, _StepContext(inside, "", "", at.name_span, inputs))
        if slot is None or not inside.complete:
            return None
        name = parts.type_node.text if any(step.path for step in inside.steps) else ""
        return self._subgraph(inside, slot, name, parts.type_node, input_count=count)

    def _group(self, repeat: _Repeat, shared: Step | Group | SharedTensors | None, at: _StepContext) -> str | None:
        """Add a call of a block, or the shared step or group of a step that has only `share:`."""
        assert not isinstance(shared, SharedTensors)  # which is refused for blocks
        _, parts, runs = repeat
        spans = self._with_key_spans(StepSpans(parts.type_node.span, {}), parts)
        if isinstance(shared, Step):
            if parts.kind is not None:
                self._refuse_share(parts, shared, "a block")
                return None
            return self._reuse_layer(parts, shared, at, spans)
        bodies: tuple[Subgraph, ...] = ()
        if isinstance(parts.kind, Block):
            bodies = self._bodies(repeat, at, self._call)
        elif shared is not None:
            bodies = shared.varied or (shared.subgraph,)
        times = shared.times if isinstance(shared, Group) and runs is None else runs and runs.times
        at.scope.define(at.path, _output_names(parts.kind, bodies), at.name_span, times)
        if not bodies or not at.inputs or ("repeat" in parts.keys and runs is None):
            return None
        group = _grouped(bodies, at.inputs, at, runs)
        if shared is not None:
            if parts.kind is None and runs is None:
                group = group._replace(times=shared.times, varied=shared.varied, bound=shared.bound)
            if (shared.times, shared.bodies) != (group.times, group.bodies):
                labels = () if shared.spans is None else (Label(shared.spans.type, "its call"),)
                message = f"`share` expects a call like `{shared.path}`: the same arguments, the same `repeat`"
                self._diagnostics.refuse("SC316", message, head(parts.keys["share"]), labels=labels)
                return None
            group = group._replace(weights=shared.weights or shared.path)
        if self._is_refused(parts, group):
            return None
        # A repeated merge captures the same outer slots in each use.
        around = () if shared is None else shared.inputs[group.subgraph.input_count :]
        at.scope.add(group._replace(inputs=(*at.inputs, *around), spans=spans))
        return at.path

    def _is_refused(self, parts: StepParts, group: Group) -> bool:
        """Refuse a group that is too large or has another number of inputs; return whether it is refused."""
        subgraph, input_count = group.subgraph, len(group.inputs)
        if is_too_large(group.size, parts.type_node, self._diagnostics, self._limits):
            return True
        if input_count != subgraph.input_count:
            expected = "1 input" if subgraph.input_count == 1 else f"{subgraph.input_count} inputs"
            message = f"`{parts.type_node.text}` expects {expected}, receives {input_count}"
            self._diagnostics.refuse("SC313", message, parts.type_node.span, help="name them in `from:`")
            return True
        return False

    def _reuse_layer(self, parts: StepParts, shared: Step, at: _StepContext, spans: StepSpans) -> str | None:
        """Add a step with the layer and the weights of another step."""
        self._refuse_repeated_share(parts)
        if shared.layer.is_tensor:
            message = f"`share` expects a step that reads, `{shared.path}` is a tensor"
            help_text = f"delete this step; steps that read the tensor name it: `from: {shared.path}`"
            self._diagnostics.refuse("SC316", message, head(parts.keys["share"]), help=help_text)
        outputs = shared.layer.output_names
        at.scope.define(at.path, outputs, at.name_span)
        if not at.inputs or shared.layer.is_tensor:
            return None
        at.scope.add(_sharing(Step(at.path, shared.layer, at.inputs, spans, at.expect), shared))
        return at.path

    def _call(self, parts: StepParts, at: _StepContext) -> Subgraph | None:
        """Return the subgraph of a block with the arguments of a call; None if the call is refused."""
        block, type_node, node, input_count = parts.kind, parts.type_node, parts.node, len(at.inputs)
        assert isinstance(block, Block)
        # With another value, a parameter that names the block names another one.
        self._called |= self._blocks.keys() if type_node.span in self._diagnostics.origins else {block.name.text}
        if block in self._calls:
            first = self._calls.index(block)
            circle = [*(call.name.text for call in self._calls[first:]), block.name.text]
            message = f"block `{block.name.text}` calls itself: {' → '.join(circle)}"
            labels = (Label(block.name.span, "defined here"),)
            help_text = "`repeat:` beside a call runs a block a number of times"
            self._diagnostics.refuse("SC112", message, type_node.span, labels=labels, help=help_text)
            return None
        arguments = bind_arguments(block, type_node, node, self._parameters, self._diagnostics)
        if input_count and input_count != len(block.inputs):
            names = ", ".join(block.inputs)
            one = "1 input" if len(block.inputs) == 1 else f"{len(block.inputs)} inputs"
            message = f"block `{block.name.text}` expects {one} ({names}), receives {input_count}"
            labels = (Label(block.name.span, "defined here"),)
            help_text = "put `from:` next to it, with the name of a step for each"
            self._diagnostics.refuse("SC313", message, type_node.span, labels=labels, help=help_text)
            return None
        if arguments is None:
            return None
        subgraphs, key = self._subgraphs.setdefault(block.name.text, {}), argument_key(arguments)
        if key not in subgraphs:
            name = call_title(type_node.text, node, arguments, block)
            with self._diagnostics.within(Label(type_node.span, f"in this `{name}`")):
                subgraphs[key] = self._expand(block, name, type_node, arguments)
        return subgraphs[key]

    def _expand(self, block: Block, name: str, type_node: Scalar, arguments: dict[str, Node]) -> Subgraph | None:
        known = visible(arguments, self._parameters)
        scope = Scope(self._diagnostics, {name: input_slot(position) for position, name in enumerate(block.inputs)})
        self._calls.append(block)
        with self._seeing(known), self._diagnostics.steps_of_a_block():
            layers = substitute_steps(block.layers, known, self._diagnostics)
            items = self._items(layers, f"block `{block.name.text}`")
            slot = self._list(items, scope, "", input_slot(0))
            if slot is not None and scope.complete and not scope.steps:  # none is there
                path = Identity.type
                scope.add(Step(path, Identity(), (slot,), StepSpans(block.name.span, {})))
                slot = path
            outputs = self._outputs(block, scope) if slot is not None and scope.complete else None
        self._calls.pop()
        if slot is None or outputs is None:
            return None
        subgraph = self._subgraph(scope, slot, name, type_node, input_count=len(block.inputs))
        if subgraph is None or not outputs:
            return subgraph
        first = next(iter(outputs))
        carried = {place: outputs[name] for place, name in enumerate(block.inputs) if name in outputs}
        if first not in block.inputs:
            carried.setdefault(0, outputs[first])
        return replace(subgraph, output=outputs[first], outputs=outputs, carried=tuple(carried.items()))

    def _outputs(self, block: Block, scope: Scope) -> dict[str, str] | None:
        """Return the slots of the outputs of a block by name; None if one is refused."""
        outputs = {}
        for key, node in block.outputs:
            slots = scope.references(node, "", "", "outputs")
            if slots is None:
                return None
            if len(slots) > 1:
                message = f"`outputs.{key.text}` of block `{block.name.text}` expects the name of one step"
                self._diagnostics.refuse("SC202", message, head(node))
                return None
            outputs[key.text] = slots[0]
        return outputs

    def _subgraph(
        self, scope: Scope, output: str, name: str, type_node: Scalar, *, input_count: int
    ) -> Subgraph | None:
        steps = tuple(scope.steps)
        size = size_of(steps)
        if is_too_large(size, type_node, self._diagnostics, self._limits):
            return None
        return Subgraph(steps, output, name, size, input_count)


def _is_branch(cls: type[Layer], key: Scalar, value: Node) -> bool:
    """Return whether an entry of a merge is a branch: no field, or a list of steps for a field that is a number."""
    field = fields_of(cls).get(key.text)
    is_list = isinstance(value, Sequence) or is_conditional_branch(value)
    return field is None or (is_list and isinstance(field.kind, Number))


def _is_number(node: Node) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and type(node.value) in (int, float)


def _main_is_number(cls: type[Layer]) -> bool:
    return cls.main is not None and isinstance(fields_of(cls)[cls.main].kind, Number)


def _grouped(bodies: tuple[Subgraph, ...], inputs: tuple[str, ...], at: _StepContext, runs: Runs | None) -> Group:
    group = Group(at.path, bodies[0], inputs, None if runs is None else runs.times, expect=at.expect)
    if runs is None or not runs.values:
        return group
    return group._replace(varied=bodies if len(set(bodies)) > 1 else (), bound=runs.bound)


def _output_names(kind: type[Layer] | Block | None, bodies: tuple[Subgraph, ...]) -> tuple[str, ...]:
    if isinstance(kind, Block):
        return tuple(key.text for key, _ in kind.outputs)
    return tuple(bodies[0].outputs) if bodies else ()


def _name_spans(items: tuple[Node, ...]) -> dict[str, Span]:
    """Return the span of each name in a list of steps, to recognize references to later steps."""
    names = (item.get("name") for item in items if isinstance(item, Mapping))
    return {name.text: name.span for name in names if isinstance(name, Scalar)}


def _written_name(node: Node) -> str | None:
    own = node.get("name") if isinstance(node, Mapping) else None
    return own.text if isinstance(own, Scalar) else None


def _type_name(shared: Step | Group) -> str:
    return shared.layer.type if isinstance(shared, Step) else shared.path.rpartition(".")[2]


def _sharing(step: Step, shared: Step) -> Step:
    """Return a step with the tensors of another one, and with a bias of its own if that one is without."""
    step = step._replace(weights=shared.weights or shared.path)
    if not step.layer.has_bias:
        return step
    return step._replace(apart=shared.apart if shared.layer.has_bias else {"bias": SharedTensor(step.path, "bias")})
