"""A list of steps → the steps of a graph: layers, merges with their branches, calls of blocks, repeats."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Group, Step, Subgraph, input_slot, joined
from shapecalc.diagnostics import Diagnostic, Label, ShapecalcError, Span
from shapecalc.diagnostics.progress import tracked
from shapecalc.diagnostics.step_spans import StepSpans
from shapecalc.parser.blocks import Block, argument_key
from shapecalc.parser.calls import BlockCalls, subgraph_of
from shapecalc.parser.expect import read_expectations
from shapecalc.parser.fields import LayerReader
from shapecalc.parser.layer_steps import LayerSteps
from shapecalc.parser.repeat import Runs, gives_too_many, is_too_large, read_repeat, refuse_total
from shapecalc.parser.scopes import UNSPECIFIED, Scope, read_name
from shapecalc.parser.share import SharedTensors, read_share, refuse_other_kind, refuse_repeated_share, sharing
from shapecalc.parser.step_keys import split_step
from shapecalc.parser.step_lists import StepLists, name_spans, written_name
from shapecalc.parser.step_parts import StepContext, StepParts
from shapecalc.parser.substitution import repeats_over_lists
from shapecalc.parser.tree import Mapping, Node, head
from shapecalc.parser.visible_parameters import VisibleParameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping as MappingOf

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.layers import Layer
    from shapecalc.parser.diagnostics import Diagnostics


class _Repeat(NamedTuple):
    """A step with `repeat:`: the step as written, how often it runs, and the parts of its first run."""

    node: Node
    parts: StepParts
    runs: Runs | None


class StepReader:
    """Reads the steps of one text; a block is read once for each set of arguments.

    `parameters` are the file's, which those of a block shadow.
    """

    __slots__ = ("_blocks", "_calls", "_depth", "_diagnostics", "_layer_steps", "_layers", "_limits", "_lists",
                 "_steps_read", "_visible")  # fmt: skip

    def __init__(
        self,
        diagnostics: Diagnostics,
        blocks: MappingOf[str, Block | None],
        limits: Limits,
        parameters: MappingOf[str, Node] = MappingProxyType({}),
    ) -> None:
        self._diagnostics = diagnostics
        self._blocks = blocks
        self._limits = limits
        self._visible = VisibleParameters(parameters, diagnostics)
        self._lists = StepLists(blocks, diagnostics)
        self._layers = LayerReader(diagnostics, self._visible)
        self._layer_steps = LayerSteps(self._layers, self._visible, self._list, diagnostics)
        self._calls = BlockCalls(blocks, self._lists, self._visible, self._list, diagnostics, limits)
        self._depth = 0
        """The nesting depth of the current list of steps, through branches and called blocks."""
        self._steps_read = 0

    def read(self, node: Node, scope: Scope, flow: str) -> str | None:
        """Add the steps of a list to a scope, and return the last one's slot; None if it could not be read.

        Every step is checked for mistakes; the scope has the steps before the first that could not be read.
        """
        items = self._lists.items(node, "`layers`")
        slot = self._list(items, scope, "", flow)
        if items and not scope.steps and scope.complete:
            message = "`layers` expects at least one step, has none whose `when` is true"
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
            self._calls.read_uncalled(blocks)
        except ShapecalcError as error:
            if error.diagnostics[-1].code != "SC016":
                raise
            return frozenset(self._blocks)
        return frozenset(self._calls.called)

    def _list(self, items: tuple[Node, ...], scope: Scope, prefix: str, flow: str | None) -> str | None:
        scope.later_spans |= name_spans(items)
        self._depth += 1
        end = flow
        for position, item in enumerate(tracked(items, "steps", len(items))):
            if self._visible.expansions:
                self._count(item)
            there: bool | None = True
            for key, value in item.entries if isinstance(item, Mapping) else ():
                if key.text == "when":
                    there = self._visible.is_true(value)
                elif key.text == "name" and self._diagnostics.is_placeholder(value):
                    scope.unnamed = True
            if there is False:
                self._skip(item, position, scope, prefix)
                continue
            around = scope.may_be_absent
            scope.may_be_absent = around or there is None
            end, flow = self._step(item, position, scope, prefix, flow)
            scope.may_be_absent = around
        self._depth -= 1
        return end

    def _step(
        self, node: Node, position: int, scope: Scope, prefix: str, flow: str | None
    ) -> tuple[str | None, str | None]:
        """Read one step, and return its slot and the one that the next step reads; None for one that is not known.

        They differ for a tensor, which reads nothing: the next step reads what it would read without that.
        """
        parts, runs = self._parts(node)
        if parts is None:
            self._check_reference(node, scope, prefix)
            scope.skip(prefix, position, written_name(node))
            return None, None
        shared = read_share(parts, scope, prefix, self._diagnostics) if "share" in parts.keys else None
        type_name = parts.type_node.text
        if parts.kind is None:
            type_name = _type_name(shared) if isinstance(shared, Step | Group) else "share"
        path, span = self._path(parts, type_name, position, prefix)
        expect = read_expectations(parts.keys["expect"], self._diagnostics) if "expect" in parts.keys else ()
        is_tensor = isinstance(parts.kind, type) and parts.kind.is_tensor
        inputs = () if is_tensor else self._inputs(parts, path, scope, prefix, flow)
        at = StepContext(scope, prefix, path, span, inputs or (), expect)
        repeat = _Repeat(node, parts, runs)
        # The methods between a step and the steps of its block call each other at each level: the fewer, the better.
        if isinstance(parts.kind, type) and parts.kind.is_tensor:
            slot = self._layer_steps.tensor(parts, parts.kind, at)
        elif parts.kind is None or isinstance(parts.kind, Block):
            slot = self._group(repeat, shared, at)
        elif "repeat" in parts.keys:
            slot = self._repeat(repeat, at)
        else:
            slot = self._layer_steps.layer(parts, parts.kind, shared, at)
        lost = slot is None or inputs is None or ("share" in parts.keys and not shared)
        if lost or ("repeat" in parts.keys and runs is None):
            scope.skip(prefix, position, path)
            slot = path
        return slot, flow if is_tensor else slot

    def _skip(self, node: Node, position: int, scope: Scope, prefix: str) -> None:
        """Record a step that is absent, and check what does not depend on the values of parameters."""
        assert isinstance(node, Mapping)  # it has `when`
        condition = next(key for key, _ in node.entries if key.text == "when")
        name = written_name(node)
        if not repeats_over_lists(node):
            with self._visible.without_values(node) as step:
                parts = split_step(step, self._blocks, self._diagnostics)
                if parts is not None and isinstance(parts.kind, type):
                    self._layers.read(parts.kind, parts.type_node, parts.fields, parts.misplaced)
                name = name or f"{parts.type_node.text if parts else 'step'}_{position}"
        scope.absent[joined(prefix, name or f"step_{position}")] = condition.span

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
        runs = read_repeat(self._visible.substituted(repeat), self._diagnostics, self._limits)
        if runs is None:
            return None, None
        with self._visible.of_run(node, runs.values[0]) as run:
            return split_step(run, self._blocks, self._diagnostics), runs

    def _bodies(
        self, repeat: _Repeat, at: StepContext, read: Callable[[StepParts, StepContext], Subgraph | None]
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
                with self._visible.of_run(repeat.node, values) as run:
                    run_parts = split_step(run, self._blocks, self._diagnostics)
                    bodies[key] = None if run_parts is None else read(run_parts, at)
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
        if flow == UNSPECIFIED and ("repeat" in parts.keys or not parts.branches):
            scope.refuse_unspecified("the first step expects `from:`", parts.type_node.span)
            return None
        return None if flow is None else (flow,)

    def _repeat(self, repeat: _Repeat, at: StepContext) -> str | None:
        """Read a repeated layer, or a merge with its branches, as a subgraph for each set of values."""
        parts = repeat.parts
        refuse_repeated_share(parts, self._diagnostics)
        captured = [*at.inputs]
        bodies = self._bodies(repeat, at._replace(captured=captured), self._layer_alone)
        at.scope.define(at.path, (), at.name_span)
        if not bodies or repeat.runs is None:
            return None
        spans = parts.with_key_spans(StepSpans(parts.type_node.span, {}))
        group = _grouped(bodies, tuple(captured), at, repeat.runs)._replace(spans=spans)
        if is_too_large(group.size, parts.type_node, self._diagnostics, self._limits):
            return None
        at.scope.add(group)
        return at.path

    def _layer_alone(self, parts: StepParts, at: StepContext) -> Subgraph | None:
        """Return one run of a layer as a subgraph, whose inputs are the captured slots."""
        assert isinstance(parts.kind, type)
        assert at.captured is not None
        count = len(at.inputs)
        inside = Scope(self._diagnostics, {}, at.scope, at.prefix)
        inside.captured, inside.input_count = at.captured, count
        inputs = tuple(input_slot(position) for position in range(count))
        slot = self._layer_steps.layer(parts, parts.kind, None, StepContext(inside, "", "", at.name_span, inputs))
        if slot is None or not inside.complete:
            return None
        name = parts.type_node.text if any(step.path for step in inside.steps) else ""
        return subgraph_of(inside, slot, name, parts.type_node, self._diagnostics, self._limits, input_count=count)

    def _group(self, repeat: _Repeat, shared: Step | Group | SharedTensors | None, at: StepContext) -> str | None:
        """Add a call of a block, or the shared step or group of a step that has only `share:`."""
        assert not isinstance(shared, SharedTensors)  # which is refused for blocks
        _, parts, runs = repeat
        spans = parts.with_key_spans(StepSpans(parts.type_node.span, {}))
        if isinstance(shared, Step):
            if parts.kind is not None:
                refuse_other_kind(parts, shared, "a block", self._diagnostics)
                return None
            return self._reuse_layer(parts, shared, at, spans)
        bodies: tuple[Subgraph, ...] = ()
        if isinstance(parts.kind, Block):
            bodies = self._bodies(repeat, at, self._calls.subgraph)
        elif shared is not None:
            bodies = shared.varied or (shared.subgraph,)
        times = shared.times if isinstance(shared, Group) and runs is None else runs and runs.times
        outputs = _output_names(parts.kind, bodies)
        refused = gives_too_many(len(outputs), times or 1, parts.type_node, self._diagnostics, self._limits)
        at.scope.define(at.path, outputs, at.name_span, None if refused else times)
        if refused or not bodies or not at.inputs or ("repeat" in parts.keys and runs is None):
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

    def _reuse_layer(self, parts: StepParts, shared: Step, at: StepContext, spans: StepSpans) -> str | None:
        """Add a step with the layer and the weights of another step."""
        refuse_repeated_share(parts, self._diagnostics)
        if shared.layer.is_tensor:
            message = f"`share` expects a step that reads, `{shared.path}` is a tensor"
            help_text = f"delete this step; steps that read the tensor name it: `from: {shared.path}`"
            self._diagnostics.refuse("SC316", message, head(parts.keys["share"]), help=help_text)
        outputs = shared.layer.output_names
        at.scope.define(at.path, outputs, at.name_span)
        if not at.inputs or shared.layer.is_tensor:
            return None
        at.scope.add(sharing(Step(at.path, shared.layer, at.inputs, spans, at.expect), shared))
        return at.path


def _grouped(bodies: tuple[Subgraph, ...], inputs: tuple[str, ...], at: StepContext, runs: Runs | None) -> Group:
    group = Group(at.path, bodies[0], inputs, None if runs is None else runs.times, expect=at.expect)
    if runs is None or not runs.values:
        return group
    return group._replace(varied=bodies if len(set(bodies)) > 1 else (), bound=runs.bound)


def _output_names(kind: type[Layer] | Block | None, bodies: tuple[Subgraph, ...]) -> tuple[str, ...]:
    if isinstance(kind, Block):
        return tuple(key.text for key, _ in kind.outputs)
    return tuple(bodies[0].outputs) if bodies else ()


def _type_name(shared: Step | Group) -> str:
    return shared.layer.type if isinstance(shared, Step) else shared.path.rpartition(".")[2]
