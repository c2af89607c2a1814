"""A list of steps → the steps of a body: layers, merges with their branches, calls of blocks, repeats."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Body, Group, Place, Step, entering, joined, size_of
from shapecalc.diagnostics import Diagnostic, Fix, Label, ShapecalcError, Span
from shapecalc.diagnostics.progress import tracked
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import said
from shapecalc.parser.blocks import Block, argument_key, bind, put_in_steps, seen, title
from shapecalc.parser.expect import read_expectations
from shapecalc.parser.expressions import NAME
from shapecalc.parser.fields import LayerReader
from shapecalc.parser.findings import head
from shapecalc.parser.repeat import is_too_large, read_times, refuse_sum
from shapecalc.parser.scalars import shorten
from shapecalc.parser.scopes import Scope, chosen_name
from shapecalc.parser.shapes import plain
from shapecalc.parser.step_keys import Found, take_apart
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from shapecalc.architecture import Expectation
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.layers import Layer
    from shapecalc.parser.findings import Findings

UNSAID = "<?>"
"""The slot that the first step of a file with several inputs reads by default: it must name one in `from:`."""


class _StepContext(NamedTuple):
    """The context of a step: its scope, branch, path, inputs, expectations and owner of its weights."""

    scope: Scope
    prefix: str
    path: str
    inputs: tuple[str, ...]
    expect: tuple[Expectation, ...] = ()
    weights: str = ""


class StepReader:
    """Reads the steps of one text; a block is read once for each set of arguments.

    `parameters` are the file's, which those of a block shadow.
    """

    __slots__ = ("_blocks", "_bodies", "_calls", "_depth", "_findings", "_layers", "_limits", "_parameters", "_read")

    def __init__(
        self,
        findings: Findings,
        blocks: MappingOf[str, Block | None],
        limits: Limits,
        parameters: MappingOf[str, Node] = MappingProxyType({}),
    ) -> None:
        self._findings = findings
        self._parameters = parameters
        self._blocks = blocks
        self._limits = limits
        self._layers = LayerReader(findings)
        self._bodies: dict[tuple[str, str], Body | None] = {}
        self._calls: list[Block] = []
        self._depth = 0
        """The nesting depth of the current list of steps, through branches and called blocks."""
        self._read = 0

    def read(self, node: Node, scope: Scope, flow: str, subject: str = "`layers`") -> str | None:
        """Add the steps of a list to a scope, and return the last one's slot; None if it could not be read.

        Every step is checked for mistakes; the scope has the steps before the first that could not be read.
        """
        slot = self._list(self._items(node, subject), scope, "", flow)
        if not self._calls:  # a block's own size is refused where it is called
            refuse_sum(scope.steps, self._findings, self._limits)
        return slot

    def _items(self, node: Node, subject: str) -> tuple[Node, ...]:
        if isinstance(node, Sequence) and node.items:
            return node.items
        nothing = isinstance(node, Sequence) or plain(node) is None
        message = f"{subject} expects at least one step, has none"
        if not nothing:
            message = f"{subject} expects a list of steps, receives {said(plain(node))}"
        self._findings.refuse("SC107", message, head(node), help="begin each step with `- `")
        # The keys of a mapping are checked as steps whose dashes are missing.
        return tuple(Mapping((entry,), entry[0].span) for entry in node.entries) if isinstance(node, Mapping) else ()

    def _list(self, items: tuple[Node, ...], scope: Scope, prefix: str, flow: str | None) -> str | None:
        scope.later |= _named(items)
        self._depth += 1
        for position, item in enumerate(tracked(items, "steps", len(items))):
            flow = self._step(item, position, scope, prefix, flow)
        self._depth -= 1
        return flow

    def _step(self, node: Node, position: int, scope: Scope, prefix: str, flow: str | None) -> str | None:
        """Read one step, and return the slot that the next one reads; None if the step could not be read."""
        if self._calls:
            self._count(node)
        found = None
        if self._depth > self._limits.depth:
            message = f"blocks and branches stand in each other deeper than {self._limits.depth}"
            self._findings.refuse("SC011", message, head(node), help=self._limits.raising("depth"))
        else:
            found = take_apart(node, self._blocks, self._findings)
        if found is None:
            scope.lose(prefix, position, _given_name(node))
            return None
        shared = scope.step(found.own["share"], "", prefix) if "share" in found.own else None
        word = found.word.text
        if found.kind is None:
            word = "share" if shared is None else _word_of(shared)
        path, span = self._path(found, word, position, prefix)
        expect = read_expectations(found.own["expect"], self._findings) if "expect" in found.own else ()
        inputs = self._inputs(found, path, scope, prefix, flow)
        times = None
        if "repeat" in found.own:
            times = read_times(found.own["repeat"], self._findings, self._limits)
        at = _StepContext(scope, prefix, path, inputs or (), expect)
        if found.kind is None or isinstance(found.kind, Block):
            slot = self._group(found, shared, at, span, times)
        elif "repeat" in found.own:
            slot = self._repeated(found, at, span, times)
        else:
            slot = self._layer(found, found.kind, shared, at, span)
        lost = slot is None or inputs is None or ("share" in found.own and shared is None)
        if lost or ("repeat" in found.own and times is None):
            scope.lose(prefix, position, path)
            return None
        return slot

    def _count(self, node: Node) -> None:
        self._read += 1
        if self._read > self._limits.block_steps:
            finding = Diagnostic(
                code="SC016",
                message=f"calls of blocks with different arguments come to over {self._limits.block_steps} steps",
                span=head(node),
                help=self._limits.raising("block_steps"),
            )
            raise ShapecalcError((*self._findings.found, finding), self._findings.source)

    def _path(self, found: Found, word: str, position: int, prefix: str) -> tuple[str, Span]:
        path, span = f"{word}_{position}", found.word.span
        node = found.own.get("name")
        if node is not None:
            span = node.span
            path = chosen_name(node, self._findings) or path
        return joined(prefix, path), span

    def _inputs(self, found: Found, path: str, scope: Scope, prefix: str, flow: str | None) -> tuple[str, ...] | None:
        """Return the slots that a step reads; None if they could not be read."""
        if "from" in found.own:
            return scope.references(found.own["from"], path, prefix)
        if flow == UNSAID and ("repeat" in found.own or not self._branches(found)):
            self._refuse_unsaid("the first step expects `from:`", found.word.span, scope)
            return None
        return None if flow is None else (flow,)

    def _refuse_unsaid(self, expects: str, span: Span, scope: Scope) -> None:
        names = " or ".join(f"`{name}`" for name in scope.entered)
        message = f"{expects}, for several inputs enter: {names}"
        self._findings.refuse("SC104", message, span, help=f"put `from: {next(iter(scope.entered))}` beside it")

    def _branches(self, found: Found) -> tuple[tuple[Scalar, Node], ...]:
        """Return the branches below a merge."""
        if not isinstance(found.kind, type) or not found.kind.merges or not isinstance(found.node, Mapping):
            return ()
        return tuple((key, value) for key, value in found.node.entries if key.text not in fields_of(found.kind))

    def _layer(
        self, found: Found, cls: type[Layer], shared: Step | Group | None, at: _StepContext, span: Span
    ) -> str | None:
        branches = self._branches(found)
        node, inputs = found.node, at.inputs
        if branches:
            assert isinstance(node, Mapping)  # only mappings have branches
            apart = {key.text for key, _ in branches}
            kept = tuple(entry for entry in node.entries if entry[0].text not in apart)
            node = node._replace(entries=kept)
            inputs = self._branched(branches, at, found)
        layer, place = self._layers.read(cls, found.word, node, found.strays)
        outputs = ("output", *cls.extra_outputs) if layer is None else layer.output_names
        if at.path:
            at.scope.refuse_taken(at.path, outputs or (), span)
        at.scope.give(at.path, outputs, span)
        if layer is None or not inputs:
            return None
        place = self._places(place, found)
        weights = ""
        if shared is not None:
            if isinstance(shared, Group):
                self._refuse_share(found, shared, "a layer")
                return None
            weights = shared.weights or shared.path
        names = tuple(key.text for key, _ in branches)
        at.scope.add(Step(at.path, layer, inputs, place, at.expect, weights, names))
        return at.path

    def _branched(self, branches: tuple[tuple[Scalar, Node], ...], at: _StepContext, found: Found) -> tuple[str, ...]:
        """Read each branch, and return the slots of their outputs; none if one of them could not be read."""
        if len(at.inputs) > 1:
            message = f"`{found.word.text}` expects branches, or several names in `from`, has both"
            help_text = "begin each branch with a step that says `from:`"
            self._findings.refuse("SC107", message, head(found.own["from"]), help=help_text)
        flow = at.inputs[0] if at.inputs else None
        ends = []
        for key, value in branches:
            if not NAME.fullmatch(key.text):
                message = f"a branch expects a name of letters, digits and `_`, receives `{shorten(key.text)}`"
                self._findings.refuse("SC110", message, key.span)
            if isinstance(value, Sequence):
                end = self._list(value.items, at.scope, joined(at.path, key.text), flow)
                if end == UNSAID:
                    self._refuse_unsaid(f"branch `{shorten(key.text)}` expects a step with `from:`", key.span, at.scope)
                    end = None
                ends.append(end)
                continue
            message = f"branch `{shorten(key.text)}` expects a list of steps, receives {said(plain(value))}"
            nothing = isinstance(value, Scalar) and value.value is None
            help_text = f"write `{key.text}: []` for what passes unchanged" if nothing else "begin each step with `- `"
            fix = Fix(value.span, "[]" if value.text else " []") if nothing and isinstance(value, Scalar) else None
            self._findings.refuse("SC107", message, head(value), help=help_text, fix=fix)
            ends.append(None)
        known = tuple(end for end in ends if end is not None)
        return known if len(known) == len(ends) else ()

    def _places(self, place: Place, found: Found) -> Place:
        if "from" in found.own:
            place = place._replace(reads=head(found.own["from"]))
        if "share" in found.own:
            place = place._replace(shares=head(found.own["share"]))
        return place

    def _refuse_share(self, found: Found, shared: Step | Group, what: str) -> None:
        at = shared.place
        labels = () if at is None else (Label(at.word, f"`{shared.path}`"),)
        message = f"`share` expects {what}, `{shared.path}` is {'a block' if isinstance(shared, Group) else 'a layer'}"
        self._findings.refuse("SC316", message, head(found.own["share"]), labels=labels)

    def _repeated(self, found: Found, at: _StepContext, span: Span, times: int | None) -> str | None:
        """Read a repeated layer, or a merge with its branches, as a body of its own."""
        assert isinstance(found.kind, type)  # blocks are bodies already
        if "share" in found.own:
            message = "`repeat` and `share` stand on one step"
            help_text = "put the layer into a block, and repeat or share that"
            self._findings.refuse("SC107", message, head(found.own["share"]), help=help_text)
        inside = Scope(self._findings, {}, at.scope, at.prefix)
        inside.captured.extend(at.inputs)
        inside.fixed = len(at.inputs)
        inputs = tuple(entering(position) for position in range(len(at.inputs)))
        slot = self._layer(found, found.kind, None, _StepContext(inside, "", "", inputs), span)
        at.scope.refuse_taken(at.path, (), span)
        at.scope.give(at.path, (), span)
        if slot is None or not inside.whole or times is None:
            return None
        merged = any(step.path for step in inside.steps)
        body = self._body(inside, slot, found.word.text if merged else "", found.word, times, reads=inside.fixed)
        if body is None:
            return None
        place = self._places(Place(found.word.span, {}), found)
        at.scope.add(Group(at.path, body, tuple(inside.captured), times, place, at.expect))
        return at.path

    def _group(
        self, found: Found, shared: Step | Group | None, at: _StepContext, span: Span, times: int | None
    ) -> str | None:
        """Add a call of a block, or the shared step or group of a step that has only `share:`."""
        place = self._places(Place(found.word.span, {}), found)
        if isinstance(shared, Step):
            if found.kind is not None:
                self._refuse_share(found, shared, "a block")
                return None
            return self._again(found, shared, at, span, place)
        body = None
        if isinstance(found.kind, Block):
            body = self._called(found.kind, found.word, found.node, len(at.inputs))
        elif shared is not None:
            body, times = shared.body, shared.times if times is None else times
        at.scope.refuse_taken(at.path, (), span)
        at.scope.give(at.path, (), span)
        if body is None or not at.inputs:
            return None
        weights = ""
        if shared is not None:
            if shared.body is not body or shared.times != times:
                labels = () if shared.place is None else (Label(shared.place.word, "its call"),)
                message = f"`share` expects a call like `{shared.path}`: the same arguments, the same `repeat`"
                self._findings.refuse("SC316", message, head(found.own["share"]), labels=labels)
                return None
            weights = shared.weights or shared.path
        if self._misfits(found, body, len(at.inputs), times):
            return None
        # A repeated merge captures the same outer slots in each use.
        around = () if shared is None else shared.inputs[body.reads :]
        at.scope.add(Group(at.path, body, (*at.inputs, *around), times, place, at.expect, weights))
        return at.path

    def _misfits(self, found: Found, body: Body, reads: int, times: int | None) -> bool:
        """Refuse a body that is too large when unfolded, or a wrong number of inputs; return whether it is refused."""
        if is_too_large(body.size * (times or 1), found.word, self._findings, self._limits):
            return True
        if reads != body.reads:
            expected = "1 input" if body.reads == 1 else f"{body.reads} inputs"
            message = f"`{found.word.text}` expects {expected}, receives {reads}"
            self._findings.refuse("SC313", message, found.word.span, help="name them in `from:`")
            return True
        return False

    def _again(self, found: Found, shared: Step, at: _StepContext, span: Span, place: Place) -> str | None:
        """Add a step with the layer and the weights of another step."""
        if "repeat" in found.own:
            message = "`repeat` and `share` stand on one step"
            help_text = "put the layer into a block, and repeat or share that"
            self._findings.refuse("SC107", message, head(found.own["share"]), help=help_text)
        outputs = shared.layer.output_names
        at.scope.refuse_taken(at.path, outputs or (), span)
        at.scope.give(at.path, outputs, span)
        if not at.inputs:
            return None
        weights = shared.weights or shared.path
        at.scope.add(Step(at.path, shared.layer, at.inputs, place, at.expect, weights))
        return at.path

    def _called(self, block: Block, word: Scalar, node: Node | None, reads: int) -> Body | None:
        """Return the body of a block with the arguments of a call; None if the call is refused."""
        if block in self._calls:
            first = self._calls.index(block)
            circle = [*(call.name.text for call in self._calls[first:]), block.name.text]
            message = f"block `{block.name.text}` calls itself: {' → '.join(circle)}"
            labels = (Label(block.name.span, "defined here"),)
            self._findings.refuse(
                "SC112",
                message,
                word.span,
                labels=labels,
                help="`repeat:` beside a call runs a block a number of times",
            )
            return None
        arguments = bind(block, word, node, self._parameters, self._findings)
        if reads and reads != len(block.inputs):
            names = ", ".join(block.inputs)
            one = "1 input" if len(block.inputs) == 1 else f"{len(block.inputs)} inputs"
            message = f"block `{block.name.text}` expects {one} ({names}), receives {reads}"
            labels = (Label(block.name.span, "defined here"),)
            help_text = "put `from:` beside it, with the name of a step for each"
            self._findings.refuse("SC313", message, word.span, labels=labels, help=help_text)
            return None
        if arguments is None:
            return None
        key = (block.name.text, argument_key(arguments))
        if key not in self._bodies:
            name = title(word.text, node, arguments, block)
            with self._findings.within(Label(word.span, f"in this `{name}`")):
                self._calls.append(block)
                self._bodies[key] = self._instance(block, name, word, arguments)
                self._calls.pop()
        return self._bodies[key]

    def _instance(self, block: Block, name: str, word: Scalar, arguments: dict[str, Node]) -> Body | None:
        known = seen(arguments, self._parameters)
        layers = put_in_steps(block.layers, known, self._findings)
        scope = Scope(self._findings, {name: entering(position) for position, name in enumerate(block.inputs)})
        slot = self.read(layers, scope, entering(0), f"block `{block.name.text}`")
        if slot is None or not scope.whole:
            return None
        return self._body(scope, slot, name, word, reads=len(block.inputs))

    def _body(self, scope: Scope, output: str, name: str, word: Scalar, times: int = 1, *, reads: int) -> Body | None:
        steps = tuple(scope.steps)
        size = size_of(steps)
        if is_too_large(size * times, word, self._findings, self._limits):
            return None
        return Body(steps, output, name, size, reads)


def _named(items: tuple[Node, ...]) -> dict[str, Span]:
    """Return the span of each name in a list of steps, to recognize references to later steps."""
    names = (item.get("name") for item in items if isinstance(item, Mapping))
    return {name.text: name.span for name in names if isinstance(name, Scalar)}


def _given_name(node: Node) -> str | None:
    own = node.get("name") if isinstance(node, Mapping) else None
    return own.text if isinstance(own, Scalar) else None


def _word_of(shared: Step | Group) -> str:
    return shared.layer.type if isinstance(shared, Step) else shared.path.rpartition(".")[2]
