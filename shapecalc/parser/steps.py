"""A list of steps → the steps of a graph: layers, merges with their branches, calls of blocks, repeats."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from shapecalc.architecture import Group, SharedTensor, Step, StepSpans, Subgraph, input_slot, joined, size_of
from shapecalc.diagnostics import Diagnostic, Fix, Label, ShapecalcError, Span
from shapecalc.diagnostics.progress import tracked
from shapecalc.layers import layer_type
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import LIKE, Number, said
from shapecalc.parser.blocks import (
    Block,
    argument_key,
    bind_arguments,
    call_title,
    substitute_steps,
    unknown_arguments,
    visible,
)
from shapecalc.parser.expect import read_expectations
from shapecalc.parser.fields import LayerReader
from shapecalc.parser.names import confusing, is_name
from shapecalc.parser.repeat import is_too_large, read_repeat, refuse_total
from shapecalc.parser.scalars import shorten
from shapecalc.parser.scopes import Scope, read_name
from shapecalc.parser.share import SharedTensors, read_share
from shapecalc.parser.step_keys import StepParts, refuse_keys_of_tensor, split_step, states_type
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping as MappingOf

    from shapecalc.architecture import Expectation
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.layers import Layer
    from shapecalc.parser.diagnostics import Diagnostics

UNSPECIFIED = "<?>"
"""The slot that the first step of a file with several inputs reads by default: it must name one in `from:`."""

_NAME_KEY = Scalar("name", Span(0, 0, 0, 0), "name")


class _StepContext(NamedTuple):
    """The context of a step: its scope, branch, path, span of its name, inputs and expectations."""

    scope: Scope
    prefix: str
    path: str
    name_span: Span
    inputs: tuple[str, ...]
    expect: tuple[Expectation, ...] = ()


class StepReader:
    """Reads the steps of one text; a block is read once for each set of arguments.

    `parameters` are the file's, which those of a block shadow.
    """

    __slots__ = ("_blocks", "_called", "_calls", "_depth", "_diagnostics", "_layers", "_limits", "_parameters",
                 "_steps_read", "_subgraphs")  # fmt: skip

    def __init__(
        self,
        diagnostics: Diagnostics,
        blocks: MappingOf[str, Block | None],
        limits: Limits,
        parameters: MappingOf[str, Node] = MappingProxyType({}),
    ) -> None:
        self._diagnostics = diagnostics
        self._parameters = parameters
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
        slot = self._list(self._items(node, subject), scope, "", flow)
        if not self._calls:  # a block's own size is refused where it is called
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
        if self._calls:
            self._count(node)
        if isinstance(node, Mapping) and self._diagnostics.is_placeholder(node.get("name")):
            scope.unnamed = True
        parts = None
        if self._depth > self._limits.depth:
            message = f"blocks and branches stand in each other deeper than {self._limits.depth}"
            self._diagnostics.refuse("SC011", message, head(node), help=self._limits.raising("depth"))
        else:
            parts = split_step(node, self._blocks, self._diagnostics)
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
        times = None
        if "repeat" in parts.keys:
            times = read_repeat(parts.keys["repeat"], self._diagnostics, self._limits)
        slot = self._read(parts, shared, _StepContext(scope, prefix, path, span, inputs or (), expect), times)
        lost = slot is None or inputs is None or ("share" in parts.keys and not shared)
        if lost or ("repeat" in parts.keys and times is None):
            scope.skip(prefix, position, path)
            slot = path
        return slot, flow if is_tensor else slot

    def _read(
        self, parts: StepParts, shared: Step | Group | SharedTensors | None, at: _StepContext, times: int | None
    ) -> str | None:
        """Read the layer, block or structure of a step, and return its slot; None if it could not be read."""
        if isinstance(parts.kind, type) and parts.kind.is_tensor:
            return self._tensor(parts, parts.kind, at)
        if parts.kind is None or isinstance(parts.kind, Block):
            return self._group(parts, shared, at, times)
        if "repeat" in parts.keys:
            return self._repeat(parts, at, times)
        return self._layer(parts, parts.kind, shared, at)

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
        if branches:
            assert isinstance(node, Mapping)  # only mappings have branches
            apart = {key.text for key, _ in branches}
            fields = tuple(entry for entry in node.entries if entry[0].text not in apart)
            node = node._replace(entries=fields)
            inputs = self._read_branches(branches, at, parts)
        elif cls.like_field is not None and isinstance(node, Mapping):
            node, inputs = self._read_like(cls.like_field, node, at)
        layer, spans = self._layers.read(cls, parts.type_node, node, parts.misplaced)
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

    def _repeat(self, parts: StepParts, at: _StepContext, times: int | None) -> str | None:
        """Read a repeated layer, or a merge with its branches, as a subgraph."""
        assert isinstance(parts.kind, type)  # blocks are subgraphs already
        self._refuse_repeated_share(parts)
        inside = Scope(self._diagnostics, {}, at.scope, at.prefix)
        inside.captured.extend(at.inputs)
        inside.input_count = len(at.inputs)
        inputs = tuple(input_slot(position) for position in range(len(at.inputs)))
        slot = self._layer(parts, parts.kind, None, _StepContext(inside, "", "", at.name_span, inputs))
        at.scope.define(at.path, (), at.name_span)
        if slot is None or not inside.complete or times is None:
            return None
        name = parts.type_node.text if any(step.path for step in inside.steps) else ""
        subgraph = self._subgraph(inside, slot, name, parts.type_node, times, input_count=inside.input_count)
        if subgraph is None:
            return None
        spans = self._with_key_spans(StepSpans(parts.type_node.span, {}), parts)
        at.scope.add(Group(at.path, subgraph, tuple(inside.captured), times, spans, at.expect))
        return at.path

    def _group(
        self, parts: StepParts, shared: Step | Group | SharedTensors | None, at: _StepContext, times: int | None
    ) -> str | None:
        """Add a call of a block, or the shared step or group of a step that has only `share:`."""
        assert not isinstance(shared, SharedTensors)  # which is refused for blocks
        spans = self._with_key_spans(StepSpans(parts.type_node.span, {}), parts)
        if isinstance(shared, Step):
            if parts.kind is not None:
                self._refuse_share(parts, shared, "a block")
                return None
            return self._reuse_layer(parts, shared, at, spans)
        subgraph = None
        if isinstance(parts.kind, Block):
            subgraph = self._call(parts.kind, parts.type_node, parts.node, len(at.inputs))
        elif shared is not None:
            subgraph, times = shared.subgraph, shared.times if times is None else times
        at.scope.define(at.path, (), at.name_span)
        if subgraph is None or not at.inputs or ("repeat" in parts.keys and times is None):
            return None
        weights = ""
        if shared is not None:
            if shared.subgraph is not subgraph or shared.times != times:
                labels = () if shared.spans is None else (Label(shared.spans.type, "its call"),)
                message = f"`share` expects a call like `{shared.path}`: the same arguments, the same `repeat`"
                self._diagnostics.refuse("SC316", message, head(parts.keys["share"]), labels=labels)
                return None
            weights = shared.weights or shared.path
        if self._is_refused(parts, subgraph, len(at.inputs), times):
            return None
        # A repeated merge captures the same outer slots in each use.
        around = () if shared is None else shared.inputs[subgraph.input_count :]
        at.scope.add(Group(at.path, subgraph, (*at.inputs, *around), times, spans, at.expect, weights))
        return at.path

    def _is_refused(self, parts: StepParts, subgraph: Subgraph, input_count: int, times: int | None) -> bool:
        """Refuse a subgraph that is too large or has another number of inputs; return whether it is refused."""
        if is_too_large(subgraph.size * (times or 1), parts.type_node, self._diagnostics, self._limits):
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
        outputs = shared.layer.output_names
        at.scope.define(at.path, outputs, at.name_span)
        if not at.inputs:
            return None
        at.scope.add(_sharing(Step(at.path, shared.layer, at.inputs, spans, at.expect), shared))
        return at.path

    def _call(self, block: Block, type_node: Scalar, node: Node | None, input_count: int) -> Subgraph | None:
        """Return the subgraph of a block with the arguments of a call; None if the call is refused."""
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
        around, self._layers.parameters = self._layers.parameters, known
        with self._diagnostics.steps_of_a_block():
            layers = substitute_steps(block.layers, known, self._diagnostics)
            slot = self.read(layers, scope, input_slot(0), f"block `{block.name.text}`")
        self._calls.pop()
        self._layers.parameters = around
        if slot is None or not scope.complete:
            return None
        return self._subgraph(scope, slot, name, type_node, input_count=len(block.inputs))

    def _subgraph(
        self, scope: Scope, output: str, name: str, type_node: Scalar, times: int = 1, *, input_count: int
    ) -> Subgraph | None:
        steps = tuple(scope.steps)
        size = size_of(steps)
        if is_too_large(size * times, type_node, self._diagnostics, self._limits):
            return None
        return Subgraph(steps, output, name, size, input_count)


def _is_branch(cls: type[Layer], key: Scalar, value: Node) -> bool:
    """Return whether an entry of a merge is a branch: no field, or a list of steps for a field that is a number."""
    field = fields_of(cls).get(key.text)
    return field is None or (isinstance(value, Sequence) and isinstance(field.kind, Number))


def _is_number(node: Node) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and type(node.value) in (int, float)


def _main_is_number(cls: type[Layer]) -> bool:
    return cls.main is not None and isinstance(fields_of(cls)[cls.main].kind, Number)


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
