"""Names of steps within one body, and their resolution for `from:` and `share:`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.architecture import Group, Step, entering, joined, outward
from shapecalc.diagnostics import Fix, Label, Span
from shapecalc.layers.fields import said
from shapecalc.parser.findings import head
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping as MappingOf

    from shapecalc.parser.findings import Findings

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-/]{0,127}")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_.\-/]+")
_MOST_SHOWN = 8
_MOST_PARTS = 64
"""The number of parts of an unknown name that are looked up."""


class Scope:
    """The steps of one body while they are read, the names defined so far, and the slots that these name.

    `entered` maps names of inputs to slots. A repeated step is a body of its own that can read from the scope `around`
    it, resolved from its branch `within` that scope: such slots become inputs, and `captured` lists the outer slots in
    the order of the inputs.
    """

    __slots__ = (
        "_by_path",
        "_findings",
        "_open",
        "_slots",
        "_spans",
        "_twice",
        "around",
        "captured",
        "entered",
        "fixed",
        "later",
        "lost",
        "steps",
        "whole",
        "within",
    )

    def __init__(
        self, findings: Findings, entered: MappingOf[str, str], around: Scope | None = None, within: str = ""
    ) -> None:
        self._findings = findings
        self._slots = dict(entered)
        self._spans: dict[str, Span] = {}
        self._twice: set[str] = set()
        """Names that two steps have, so that references to them are ambiguous."""
        self.entered = entered
        self.around = around
        self.within = within
        self.captured: list[str] = []
        self.fixed = 0
        """The number of `captured` slots that are the step's inputs, which change from run to run and have no name."""
        self._open: set[str] = set()
        """Steps with numbered outputs, whose number depends on the input."""
        self.later: dict[str, Span] = {}
        self.lost: list[tuple[str, int, str | None]] = []
        self.steps: list[Step | Group] = []
        self._by_path: dict[str, Step | Group] = {}
        self.whole = True
        """Whether every step so far could be read; steps after one that could not are not added."""

    def add(self, step: Step | Group) -> None:
        """Add a step, unless an earlier one could not be read."""
        if self.whole:
            self.steps.append(step)
            self._by_path.setdefault(step.path, step)

    def lose(self, prefix: str, position: int, name: str | None) -> None:
        """Record a step that could not be read, so that references to it are not refused."""
        self.whole = False
        self.lost.append((prefix, position, name))

    def give(self, path: str, outputs: Iterable[str] | None, span: Span) -> None:
        """Define the names of a step and its outputs (None: depending on the input); the first has the step's name."""
        self._spans.setdefault(path, span)
        self._slots[path] = path
        if outputs is None:
            self._open.add(path)
            return
        for position, output in enumerate(outputs):
            name = joined(path, output)
            self._slots[name] = name if position else path

    def refuse_taken(self, path: str, outputs: Iterable[str], span: Span) -> None:
        """Refuse a name that is already defined in this body."""
        names = [joined(path, output) for output in outputs]
        taken = [name for name in names if name in self._spans]
        if path in self.entered:
            message = f"`name` expects a name of its own: `{path}` is what enters"
            self._findings.refuse("SC103", message, span)
        elif path in self._slots and path not in self._spans:
            step, _, output = path.rpartition(".")
            message = f"`name` expects a name of its own: `{path}` is the output {output} of `{step}`"
            self._findings.refuse("SC103", message, span, labels=self._named(step))
        elif taken:
            message = f"`name` expects a name of its own: `{taken[0]}` would be an output of it"
            self._findings.refuse("SC103", message, span, labels=self._named(taken[0]))
        elif path in self._spans:
            self._twice.add(path)
            self._findings.refuse(
                "SC103",
                f"the name `{path}` is used twice",
                span,
                labels=(Label(self._spans[path], "first used here"),),
                help="give one another `name`",
            )

    def _named(self, path: str) -> tuple[Label, ...]:
        return (Label(self._spans[path], "named here"),) if path in self._spans else ()

    def find(self, name: str, prefix: str) -> str | None:
        """Return the slot of a name used within the branch `prefix`; inner definitions shadow outer ones."""
        for place in outward(prefix):
            slot = self._slots.get(joined(place, name))
            if slot is not None:
                return slot
            step, _, output = name.rpartition(".")
            if joined(place, step) in self._open and output.isascii() and output.isdigit():
                return joined(place, name) if int(output) else joined(place, step)
        if self.around is None:
            return None
        outside = self.around.find(name, self.within)
        return None if outside is None else self._capture(outside)

    def _capture(self, slot: str) -> str:
        if slot not in self.captured[self.fixed :]:
            self.captured.append(slot)
        return entering(self.captured.index(slot, self.fixed))

    def references(self, node: Node, path: str, prefix: str, key: str = "from") -> tuple[str, ...] | None:
        """Return the slots that `from:` names; None if one of them is refused."""
        items = node.items if isinstance(node, Sequence) else (node,)
        slots = []
        for item in items:
            name = item.value if isinstance(item, Scalar) else None
            if not isinstance(name, str):
                message = (
                    f"`{key}` expects the name of an earlier step, or a list of them, receives {said(plain(item))}"
                )
                self._findings.refuse("SC202", message, head(item))
                continue
            slot = self.find(name, prefix)
            if slot is None:
                self._refuse_reference(name, item, path, prefix, key)
            elif slot not in self._twice:
                slots.append(slot)
        if not items:
            message = f"`{key}` expects the name of an earlier step, receives an empty list"
            self._findings.refuse("SC202", message, head(node))
        return tuple(slots) if slots and len(slots) == len(items) else None

    def step(self, node: Node, path: str, prefix: str) -> Step | Group | None:
        """Return the earlier step of this body that `share:` names; None if it is refused."""
        name = node.value if isinstance(node, Scalar) else None
        if not isinstance(name, str):
            message = f"`share` expects the name of an earlier step, receives {said(plain(node))}"
            self._findings.refuse("SC202", message, head(node))
            return None
        for place in outward(prefix):
            found = self._made(joined(place, name))
            if found is not None:
                return found
        if name in self.entered or (self.around is not None and self.around.find(name, self.within) is not None):
            message = f"`share` expects a step beside this one, `{shorten(name)}` stands outside"
            help_text = "put `share` where both stand side by side"
            self._findings.refuse("SC104", message, head(node), help=help_text)
        else:
            self._refuse_reference(name, node, path, prefix, "share")
        return None

    def _refuse_reference(self, name: str, node: Node, path: str, prefix: str, key: str) -> None:
        if self._is_lost(name):
            return  # its step was refused: one cause, one error
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        names = self._visible(prefix)
        near = closest(name, names)
        labels: tuple[Label, ...] = ()
        step, _, output = name.rpartition(".")
        maker = next((joined(place, step) for place in outward(prefix) if joined(place, step) in self._spans), None)
        block = next((label for label in map(self._block, _heads(name)) if label is not None), None)
        if joined(prefix, name) == path:
            message, near, otherwise = f"`{key}` names `{name}`, the step itself", None, "name a step above it"
        elif maker is not None and block is None:
            given = [slot for slot in self._slots if slot == maker or slot.startswith(f"{maker}.")]
            given = [slot for slot in given if not slot.endswith(".output")]
            made = self._made(maker)
            word = made.layer.type if isinstance(made, Step) else "step"
            message = f"`{key}` names `{shorten(output)}` of `{step}`, which a `{word}` does not give"
            near = closest(name, given)
            otherwise = f"it gives {' and '.join(f'`{slot}`' for slot in given)}"
        elif block is not None:
            message = f"`{key}` names `{shorten(name)}`: what stands in a block or a repeat is not seen from outside"
            near, otherwise = None, "name the whole, or take the step out of it"
            labels = (block,)
        elif name in self.later and joined(prefix, name) not in self._spans:
            message, near, otherwise = f"`{key}` names `{shorten(name)}`, which comes later", None, "move that step up"
            labels = (Label(self.later[name], "it is here"),)
        else:
            message = f"`{key}` names `{shorten(name)}`, which no earlier step is called"
            shown = [slot for slot in names if not slot.endswith(".output")][-_MOST_SHOWN:]
            otherwise = f"what stands before it: {', '.join(f'`{slot}`' for slot in shown)}"
            if self._is_block:
                otherwise += "; a block sees nothing around it but what enters"
        help_text = f"write `{near}`" if near else otherwise
        fix = Fix(node.span, near) if near else None
        self._findings.refuse("SC104", message, head(node), labels=labels, help=help_text, fix=fix)

    @property
    def _is_block(self) -> bool:
        return self.around is None and entering(0) in self.entered.values()

    def _made(self, path: str) -> Step | Group | None:
        return self._by_path.get(path)

    def _block(self, path: str) -> Label | None:
        """Return a label at the group of that name, None if it is not the name of a group."""
        found = self._made(path)
        if not isinstance(found, Group) or found.place is None:
            return None
        return Label(found.place.word, "the block" if found.times is None else "the repeat")

    def _visible(self, prefix: str) -> list[str]:
        """Return the names that can be used within a prefix, with those of the scopes around."""
        own = [slot for slot in self._slots if not slot.endswith(".output")]
        if prefix:
            inner = [
                slot.removeprefix(f"{place}.")
                for place in outward(prefix)
                if place
                for slot in own
                if slot.startswith(f"{place}.")
            ]
            own = [*own, *inner]
        return own if self.around is None else [*self.around._visible(self.within), *own]  # noqa: SLF001 - of its own kind

    def _is_lost(self, name: str) -> bool:
        """Return whether a name may refer to a step that could not be read or that has an ambiguous name."""
        if self._twice:
            return True
        for _, position, given in self.lost:
            if name == given or name.startswith(f"{given}.") or name.partition(".")[0].endswith(f"_{position}"):
                return True
        return self.around is not None and self.around._is_lost(name)  # noqa: SLF001 - of its own kind


def chosen_name(node: Node, findings: Findings) -> str | None:
    """Return the value of `name:`; None if it is refused."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and NAME.fullmatch(node.value):
        return node.value
    message = "`name` expects a letter, then letters, digits, `_`, `.`, `-` or `/`, 128 at most"
    near = _NOT_OF_A_NAME.sub("_", node.text)[:128] if isinstance(node, Scalar) else ""
    near = near if NAME.fullmatch(near) else f"_{near}"[:128]
    likely = bool(near.strip("_"))
    findings.refuse(
        "SC110",
        f"{message}, receives {said(plain(node))}",
        head(node),
        help=f"write `{near}`" if likely else None,
        fix=Fix(node.span, near) if likely else None,
    )
    return None


def _heads(name: str) -> Iterable[str]:
    parts = name.split(".")[:_MOST_PARTS]
    return (".".join(parts[:count]) for count in range(1, len(parts)))
