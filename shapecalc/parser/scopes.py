"""Names of steps within one graph or subgraph, and their resolution for `from:` and `share:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Group, SharedTensor, Step, input_slot, joined, prefixes
from shapecalc.diagnostics import Fix, Label, Span
from shapecalc.parser.names import confusing, is_step_name, likely_step_name, looks_as
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Node, Scalar, Sequence, head

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping as MappingOf

    from shapecalc.parser.diagnostics import Diagnostics

UNSPECIFIED = "<?>"
"""The slot that the first step of a file with several inputs reads by default: it must name one in `from:`."""

_MOST_SHOWN = 8
_MOST_PARTS = 64
"""The number of parts of an unknown name that are looked up."""


class Scope:
    """The steps of one graph or subgraph while they are read, the names defined so far, and the slots that these name.

    `inputs` maps names of inputs to slots. A repeated step has a scope of its own, which can also read from the scope
    `parent`, as seen from the branch `parent_prefix` in it: such slots become inputs, and `captured` lists the outer
    slots in the order of the inputs.
    """

    __slots__ = ("_alike", "_ambiguous", "_by_path", "_diagnostics", "_numbered", "_several", "_slots", "_spans",
                 "absent", "captured", "complete", "input_count", "inputs", "later_spans", "may_be_absent", "parent",
                 "parent_prefix", "steps", "unnamed", "unread")  # fmt: skip

    def __init__(
        self,
        diagnostics: Diagnostics,
        inputs: MappingOf[str, str],
        parent: Scope | None = None,
        parent_prefix: str = "",
    ) -> None:
        self._diagnostics = diagnostics
        self._slots = dict(inputs)
        self._spans: dict[str, Span] = {}
        self._alike = {looks_as(name): name for name in inputs}
        """Names by what they look like."""
        self._ambiguous: set[str] = set()
        """Names that two steps have, so that references to them are ambiguous."""
        self.inputs = inputs
        self.parent = parent
        self.parent_prefix = parent_prefix
        self.captured: list[str] = []
        self.input_count = 0
        """The number of `captured` slots that are the step's inputs, which change from run to run and have no name."""
        self._numbered: set[str] = set()
        """Steps with numbered outputs, whose number depends on the input."""
        self._several: dict[str, tuple[str, ...]] = {}
        """Names of several slots: an output of all runs of a step that repeats."""
        self.later_spans: dict[str, Span] = {}
        self.unread: list[tuple[str, int, str | None]] = []
        self.unnamed = False
        """Whether the name of a step is not known, so that any may be its name."""
        self.may_be_absent = False
        """Whether the condition of the step that is read is not known, so that another one may have its name."""
        self.steps: list[Step | Group] = []
        self._by_path: dict[str, Step | Group] = {}
        self.absent: dict[str, Span] = {}
        """Steps whose `when` is false, with its span."""
        self.complete = True
        """Whether every step so far could be read; steps after one that could not are not added."""

    def add(self, step: Step | Group) -> None:
        """Add a step, unless an earlier one could not be read."""
        if self.complete:
            self.steps.append(step)
            self._by_path.setdefault(step.path, step)

    def skip(self, prefix: str, position: int, name: str | None) -> None:
        """Record a step that could not be read, so that references to it are not refused."""
        self.complete = False
        self.unread.append((prefix, position, name))

    def define(self, path: str, outputs: Iterable[str] | None, span: Span, times: int | None = None) -> None:
        """Define the names of a step and its outputs (None: depending on the input); the first has the step's name.

        If it runs several `times`, the name of a further output is that of the outputs of all runs.
        """
        if path and not self.may_be_absent:
            self._refuse_taken(path, outputs or (), span)
            self._refuse_alike(path, span)
        self._spans.setdefault(path, span)
        self._slots[path] = path
        if outputs is None:
            self._numbered.add(path)
            return
        for position, output in enumerate(outputs):
            name = joined(path, output)
            if not position or times is None:
                self._slots[name] = name if position else path
            else:
                of_runs = tuple(joined(f"{path}.{run}", output) for run in range(times))
                self._several[name] = of_runs
                self._slots |= zip(of_runs, of_runs, strict=True)

    def _refuse_taken(self, path: str, outputs: Iterable[str], span: Span) -> None:
        """Refuse a name that is already defined in this scope."""
        names = [joined(path, output) for output in outputs]
        taken = [name for name in names if name in self._spans]
        if path in self.inputs:
            message = f"`name` expects a name of its own: `{path}` is what enters"
            self._diagnostics.refuse("SC103", message, span)
        elif path in self._slots and path not in self._spans:
            step, _, output = path.rpartition(".")
            message = f"`name` expects a name of its own: `{path}` is the output {output} of `{step}`"
            self._diagnostics.refuse("SC103", message, span, labels=self._named(step))
        elif taken:
            message = f"`name` expects a name of its own: `{taken[0]}` would be an output of it"
            self._diagnostics.refuse("SC103", message, span, labels=self._named(taken[0]))
        elif path in self._spans:
            self._ambiguous.add(path)
            self._diagnostics.refuse(
                "SC103",
                f"the name `{path}` is used twice",
                span,
                labels=(Label(self._spans[path], "first used here"),),
                help="give one another `name`",
            )

    def _refuse_alike(self, path: str, span: Span) -> None:
        """Refuse a name that looks like another one in letters of another script."""
        other = self._alike.setdefault(looks_as(path), path)
        if other != path:
            message = f"the name `{path}` looks like `{other}`, in letters of another script"
            labels = self._named(other)
            self._diagnostics.refuse("SC103", message, span, labels=labels, help="give one another `name`")

    def _named(self, path: str) -> tuple[Label, ...]:
        return (Label(self._spans[path], "named here"),) if path in self._spans else ()

    def refuse_unspecified(self, expects: str, span: Span) -> None:
        """Refuse a step that reads what precedes, where several inputs do."""
        names = " or ".join(f"`{name}`" for name in self.inputs)
        message = f"{expects}, for several inputs enter: {names}"
        self._diagnostics.refuse("SC104", message, span, help=f"put `from: {next(iter(self.inputs))}` next to it")

    def resolve(self, name: str, prefix: str) -> tuple[str, ...]:
        """Return the slots of a name used within the branch `prefix`; inner definitions shadow outer ones.

        It is one slot, but for an output of all runs of a step that repeats; none if the name is not known.
        """
        for ancestor in prefixes(prefix):
            slot = self._slots.get(joined(ancestor, name))
            if slot is not None:
                return (slot,)
            several = self._several.get(joined(ancestor, name))
            if several is not None:
                return several
            step, _, output = name.rpartition(".")
            if joined(ancestor, step) in self._numbered and output.isascii() and output.isdigit():
                return (joined(ancestor, name) if int(output) else joined(ancestor, step),)
        if self.parent is None:
            return ()
        return tuple(map(self._capture, self.parent.resolve(name, self.parent_prefix)))

    def _capture(self, slot: str) -> str:
        if slot not in self.captured[self.input_count :]:
            self.captured.append(slot)
        return input_slot(self.captured.index(slot, self.input_count))

    def references(self, node: Node, path: str, prefix: str, key: str = "from") -> tuple[str, ...] | None:
        """Return the slots that `from:` names; None if one of them is refused."""
        items = node.items if isinstance(node, Sequence) else (node,)
        slots: list[str] = []
        known = 0
        for item in items:
            name = item.value if isinstance(item, Scalar) else None
            if not isinstance(name, str):
                expected = f"`{key}` expects the name of an earlier step, or a list of them"
                self._diagnostics.refuse_value("SC202", expected, item)
                continue
            of_name = self.resolve(name, prefix)
            if not of_name:
                self._refuse_reference(name, item, path, prefix, key)
            elif self._ambiguous.isdisjoint(of_name):
                slots += of_name
                known += 1
        if not items:
            message = f"`{key}` expects the name of an earlier step, receives an empty list"
            self._diagnostics.refuse("SC202", message, head(node))
        return tuple(slots) if slots and known == len(items) else None

    def shared_step(self, node: Node, path: str, prefix: str) -> Step | Group | None:
        """Return the earlier step of this scope that `share:` names; None if it is refused."""
        name = node.value if isinstance(node, Scalar) else None
        if not isinstance(name, str):
            self._diagnostics.refuse_value("SC202", "`share` expects the name of an earlier step", node)
            return None
        for ancestor in prefixes(prefix):
            candidate = self._step_at(joined(ancestor, name))
            if candidate is not None:
                return candidate
        if not self.complete and any(joined(ancestor, name) in self._spans for ancestor in prefixes(prefix)):
            return None  # it is after a step that could not be read
        outside = self.parent is not None and bool(self.parent.resolve(name, self.parent_prefix))
        if name in self.inputs or outside:
            message = f"`share` expects a step beside this one, `{shorten(name)}` stands outside"
            help_text = "put `share` where both stand side by side"
            self._diagnostics.refuse("SC104", message, head(node), help=help_text)
        else:
            self._refuse_reference(name, node, path, prefix, "share")
        return None

    def shared_tensor(self, node: Node, prefix: str) -> SharedTensor | None:
        """Return the tensor of an earlier step of this scope that an entry of `share:` names; None if it is refused."""
        name = node.value if isinstance(node, Scalar) else None
        if not isinstance(node, Scalar) or not isinstance(name, str):
            expected = "`share` expects the name of a tensor, such as `embedding.weight`"
            self._diagnostics.refuse_value("SC202", expected, node)
            return None
        step_name, _, tensor = name.rpartition(".")
        for ancestor in prefixes(prefix):
            of, own = self._step_at(joined(ancestor, name)), self._step_at(joined(ancestor, step_name))
            if isinstance(of, Step) and of.layer.is_tensor:
                return SharedTensor(of.path)
            if isinstance(own, Step) and step_name:
                return None if own.path in self._ambiguous else own.shared(tensor)
        candidate = next((of for at in prefixes(prefix) if (of := self._step_at(joined(at, name))) is not None), None)
        if candidate is None and not self.complete:
            return None  # its step may be after one that could not be read: one cause, one error
        if candidate is None or isinstance(candidate, Group):
            self._refuse_tensor(node, step_name or name, f".{tensor}" if step_name else "", prefix)
            return None
        message = f"`share` expects a tensor of a step, `{shorten(name)}` is a step"
        help_text = (
            f"name it, such as `{shorten(name)}.weight`; `share: {shorten(name)}` shares all tensors of the step"
        )
        self._diagnostics.refuse("SC316", message, head(node), help=help_text)
        return None

    def _refuse_tensor(self, node: Scalar, step: str, tensor: str, prefix: str) -> None:
        """Refuse `step` and `.tensor` of an unknown step; a near name gets the tensor again."""
        before = len(self._diagnostics.recorded)
        self.shared_step(node._replace(value=step, text=step), "", prefix)
        for diagnostic in self._diagnostics.recorded[before:]:
            if diagnostic.fix is not None and tensor:
                near = f"{diagnostic.fix.replacement}{tensor}"
                fixed = diagnostic._replace(help=f"write `{near}`", fix=diagnostic.fix._replace(replacement=near))
                self._diagnostics.recorded[self._diagnostics.recorded.index(diagnostic)] = fixed

    def _refuse_reference(self, name: str, node: Node, path: str, prefix: str, key: str) -> None:
        if self._is_unread(name):
            return  # its step was refused: one cause, one error
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        names = self._visible(prefix)
        near = closest(name, names)
        labels: tuple[Label, ...] = ()
        step, _, output = name.rpartition(".")
        makers = (joined(ancestor, step) for ancestor in prefixes(prefix))
        maker = next((path for path in makers if path in self._spans), None)
        block = next((label for label in map(self._group_label, _heads(name)) if label is not None), None)
        absent = self._absent(name, prefix)
        if absent is not None:
            message = f"`{key}` names `{shorten(name)}`, a step that is absent: its `when` is false"
            near, otherwise = None, "put the same `when` next to this step, or name a step that is always there"
            labels = (Label(absent, "false here"),)
        elif joined(prefix, name) == path:
            message, near, otherwise = f"`{key}` names `{name}`, the step itself", None, "name a step above it"
        elif maker is not None and (block is None or self._has_outputs(maker)):
            given = [slot for slot in (*self._slots, *self._several) if slot == maker or slot.startswith(f"{maker}.")]
            given = [slot for slot in given if not slot.endswith(".output")]
            made = self._step_at(maker)
            word = made.layer.type if isinstance(made, Step) else "block" if block else "step"
            message = f"`{key}` names `{shorten(output)}` of `{step}`, which a `{word}` does not give"
            near = closest(name, given)
            otherwise = f"it gives {' and '.join(f'`{slot}`' for slot in given)}"
        elif block is not None:
            message = f"`{key}` names `{shorten(name)}`: what stands in a block or a repeat is not seen from outside"
            near, otherwise = None, "name the whole, or take the step out of it"
            if block.text == "the block":
                otherwise = "name it in `outputs:` of the block, or name the whole"
            labels = (block,)
        elif name in self.later_spans and joined(prefix, name) not in self._spans:
            message, near, otherwise = f"`{key}` names `{shorten(name)}`, which comes later", None, "move that step up"
            labels = (Label(self.later_spans[name], "it is here"),)
        else:
            message = f"`{key}` names `{shorten(name)}`, but no earlier step has this name"
            shown = [slot for slot in names if not slot.endswith(".output")][-_MOST_SHOWN:]
            otherwise = f"names before it: {', '.join(f'`{slot}`' for slot in shown)}"
            if self._is_block:
                otherwise += "; a block sees nothing around it but what enters"
        help_text = f"write `{near}`" if near else otherwise
        fix = Fix(node.span, near) if near else None
        self._diagnostics.refuse("SC104", message, head(node), labels=labels, help=help_text, fix=fix)

    def _absent(self, name: str, prefix: str) -> Span | None:
        """Return the span of the `when` of a step that is absent, by its name or that of an output or of a part."""
        for head_of_name in (name, *_heads(name)):
            for ancestor in prefixes(prefix):
                if joined(ancestor, head_of_name) in self.absent:
                    return self.absent[joined(ancestor, head_of_name)]
        return None if self.parent is None else self.parent._absent(name, self.parent_prefix)  # noqa: SLF001 - of its own kind

    @property
    def _is_block(self) -> bool:
        return self.parent is None and input_slot(0) in self.inputs.values()

    def _has_outputs(self, path: str) -> bool:
        step = self._step_at(path)
        return isinstance(step, Group) and bool(step.subgraph.outputs)

    def _step_at(self, path: str) -> Step | Group | None:
        return self._by_path.get(path)

    def _group_label(self, path: str) -> Label | None:
        """Return a label at the group of that name, None if it is not the name of a group."""
        candidate = self._step_at(path)
        if not isinstance(candidate, Group) or candidate.spans is None:
            return None
        return Label(candidate.spans.type, "the block" if candidate.times is None else "the repeat")

    def _visible(self, prefix: str) -> list[str]:
        """Return the names that can be used within a prefix, with those of the scopes around."""
        own = [slot for slot in self._slots if not slot.endswith(".output")]
        if prefix:
            inner = [
                slot.removeprefix(f"{ancestor}.")
                for ancestor in prefixes(prefix)
                if ancestor
                for slot in own
                if slot.startswith(f"{ancestor}.")
            ]
            own = [*own, *inner]
        return own if self.parent is None else [*self.parent._visible(self.parent_prefix), *own]  # noqa: SLF001 - of its own kind

    def _is_unread(self, name: str) -> bool:
        """Return whether a name may refer to a step that could not be read or that has an ambiguous name."""
        if self._ambiguous or self.unnamed:
            return True
        for _, position, given in self.unread:
            if name == given or name.startswith(f"{given}.") or name.partition(".")[0].endswith(f"_{position}"):
                return True
        return self.parent is not None and self.parent._is_unread(name)  # noqa: SLF001 - of its own kind


def read_name(node: Node, diagnostics: Diagnostics) -> str | None:
    """Return the value of `name:`; None if it is refused."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and is_step_name(node.value):
        return node.value
    expected = "`name` expects a letter or digit, then letters, digits, `_`, `.`, `-` or `/`, 128 at most"
    near = likely_step_name(node.text) if isinstance(node, Scalar) else None
    help_text = f"write `{near}`" if near else None
    fix = Fix(node.span, near, safe=node.text.isascii()) if near and isinstance(node, Scalar) else None
    label = confusing(node.text) if isinstance(node, Scalar) else ""
    diagnostics.refuse_value("SC110", expected, node, label=label, help=help_text, fix=fix)
    return None


def _heads(name: str) -> Iterable[str]:
    parts = name.split(".")[:_MOST_PARTS]
    return (".".join(parts[:count]) for count in range(1, len(parts)))
