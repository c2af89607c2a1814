"""The call of a block → the subgraph of its steps, read once for each set of arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shapecalc.architecture import Step, Subgraph, input_slot, size_of
from shapecalc.diagnostics import Label
from shapecalc.diagnostics.step_spans import StepSpans
from shapecalc.layers.reshaping import Identity
from shapecalc.parser.blocks import Block, argument_key, bind_arguments, call_title, unknown_arguments, visible
from shapecalc.parser.repeat import is_too_large
from shapecalc.parser.scopes import Scope
from shapecalc.parser.substitution import substitute_steps
from shapecalc.parser.tree import Node, Scalar, head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping as MappingOf

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.parser.diagnostics import Diagnostics
    from shapecalc.parser.step_lists import StepLists
    from shapecalc.parser.step_parts import StepContext, StepParts
    from shapecalc.parser.visible_parameters import VisibleParameters


class BlockCalls:
    """Reads the blocks of one text at their calls; `read` reads the steps of one."""

    __slots__ = ("_blocks", "_calls", "_diagnostics", "_limits", "_lists", "_parameters", "_read", "_subgraphs",
                 "_visible", "called")  # fmt: skip

    def __init__(
        self,
        blocks: MappingOf[str, Block | None],
        lists: StepLists,
        visible: VisibleParameters,
        read: Callable[[tuple[Node, ...], Scope, str, str | None], str | None],
        diagnostics: Diagnostics,
        limits: Limits,
    ) -> None:
        self._blocks = blocks
        self._lists = lists
        self._visible = visible
        self._parameters = visible.values
        """The parameters of the file, which those of a block shadow."""
        self._read = read
        self._diagnostics = diagnostics
        self._limits = limits
        self._subgraphs: dict[str, dict[str, Subgraph | None]] = {}
        """The subgraphs of a block by its arguments."""
        self._calls: list[Block] = []
        """The calls around the steps that are read now."""
        self.called: set[str] = set()
        """The names of the blocks that are called."""

    def read_uncalled(self, blocks: Iterable[Block]) -> None:
        """Read the blocks that were not called as if they were, with required parameters alone of unknown values."""
        for block in blocks:
            if block.name.text not in self._subgraphs:
                with self._diagnostics.steps_of_a_block():
                    arguments = unknown_arguments(block, self._parameters, self._diagnostics)
                    self._expand(block, block.name.text, block.name, arguments)

    def subgraph(self, parts: StepParts, at: StepContext) -> Subgraph | None:
        """Return the subgraph of a block with the arguments of a call; None if the call is refused."""
        block, type_node, node, input_count = parts.kind, parts.type_node, parts.node, len(at.inputs)
        assert isinstance(block, Block)
        # With another value, a parameter that names the block names another one.
        self.called |= self._blocks.keys() if type_node.span in self._diagnostics.origins else {block.name.text}
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
        """Return the subgraph of a block with these arguments; None if a step could not be read."""
        known = visible(arguments, self._parameters)
        scope = Scope(self._diagnostics, {name: input_slot(position) for position, name in enumerate(block.inputs)})
        self._calls.append(block)
        with self._visible.replaced(known):
            layers = substitute_steps(block.layers, known, self._diagnostics)
            items = self._lists.items(layers, f"block `{block.name.text}`")
            slot = self._read(items, scope, "", input_slot(0))
            if slot is not None and scope.complete and not scope.steps:  # none is there
                path = Identity.type
                scope.add(Step(path, Identity(), (slot,), StepSpans(block.name.span, {})))
                slot = path
            outputs = self._outputs(block, scope) if slot is not None and scope.complete else None
        self._calls.pop()
        if slot is None or outputs is None:
            return None
        subgraph = subgraph_of(
            scope, slot, name, type_node, self._diagnostics, self._limits, input_count=len(block.inputs)
        )
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


def subgraph_of(
    scope: Scope,
    output: str,
    name: str,
    type_node: Scalar,
    diagnostics: Diagnostics,
    limits: Limits,
    *,
    input_count: int,
) -> Subgraph | None:
    """Return the steps of a scope as a subgraph; None if it has more layers than the limit."""
    steps = tuple(scope.steps)
    size = size_of(steps)
    if is_too_large(size, type_node, diagnostics, limits):
        return None
    return Subgraph(steps, output, name, size, input_count)
