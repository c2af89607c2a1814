"""The inputs of a file in Keras words: their shapes, and how they are written once their axes have moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.keras.edits import ChangedText
from shapecalc.checking.keras.recognition import keras_spec
from shapecalc.checking.keras.refusal import NotConvertedError
from shapecalc.checking.keras.steps import read_step
from shapecalc.checking.keras.walk import FIRST_FIELDS, Decisions, KerasTensor, KerasWalk
from shapecalc.dims import symbol
from shapecalc.parser.diagnostics import Diagnostics
from shapecalc.parser.positions import offsets_of
from shapecalc.parser.shapes import read_dim
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.checking.keras.steps import WrittenStep
    from shapecalc.diagnostics import Source
    from shapecalc.dims import Dim

_NO_BATCH = ("None", "null", "~", "-1", "?")
"""How a batch of any size is written elsewhere."""
_MOVED = "the channels of `{name}` are on axis 1 now: {shape}"


class KerasInputs:
    """The inputs of a file: their shapes, and how they are written."""

    def __init__(self, source: Source, root: Mapping) -> None:
        self._source = source
        self._root = root
        self.shapes: dict[str, tuple[tuple[Dim, ...], Sequence, Node | None]] = {}
        """The shape of each input, its list, and what the key has; None for one that the first step states."""
        node, several = root.get("input"), root.get("inputs")
        if node is not None:
            self._read("input", node)
        elif isinstance(several, Mapping):
            for key, value in several.entries:
                self._read(key.text, value)
        else:
            self._from_first_step()

    def tensor(self, name: str, *, moved: bool) -> KerasTensor:
        """Return an input as the steps read it."""
        shape = self.shapes[name][0]
        if moved:
            return KerasTensor((shape[0], shape[-1], *shape[1:-1]), moved=True)
        return KerasTensor(shape, origin=name)

    def write(self, walk: KerasWalk, decisions: Decisions) -> Iterator[ChangedText]:
        """Write the inputs whose axes move, a batch without a name, and `dtype: int64` of indices."""
        for name, (_, items, node) in self.shapes.items():
            texts = [self._text(item) for item in items.items]
            if node is None and len(texts) < len(self.shapes[name][0]):
                texts = ["N", *texts]
            texts[0] = "N" if texts[0] in _NO_BATCH else texts[0]
            moved = name in decisions.moved_inputs
            if moved:
                texts = [texts[0], texts[-1], *texts[1:-1]]
                walk.notes[_MOVED.format(name=name, shape=f"[{', '.join(texts)}]")] = None
            written = f"[{', '.join(texts)}]"
            indices = self._reads_indices() and not isinstance(node, Mapping)
            new = f"{{shape: {written}, dtype: int64}}" if indices else written
            if node is None:
                key = next(key for key, _ in self._root.entries if key.text == "layers")
                walk.edits.line_before(key, f"input: {new}")
                yield ChangedText(key.span, "layers", f"input: {new}")
            elif moved or indices or texts[0] != self._text(items.items[0]):
                old = node if indices else items
                walk.edits.replace(old, new)
                yield ChangedText(old.span, self._text(old), new)

    def _read(self, name: str, node: Node) -> None:
        items = node.get("shape") if isinstance(node, Mapping) else node
        if not isinstance(items, Sequence) or not items.items:
            raise NotConvertedError(node.span, f"the shape of `{name}` cannot be read", "write it as `[N, 28, 28, 1]`")
        self.shapes[name] = (self._dims(name, items), items, node)

    def _dims(self, name: str, items: Sequence) -> tuple[Dim, ...]:
        diagnostics = Diagnostics(self._source, ())
        dims: list[Dim] = []
        for place, item in enumerate(items.items):
            batch = place == 0 and self._text(item) in _NO_BATCH
            dim = read_dim(Scalar("N", item.span, "N") if batch else item, name, diagnostics)
            if dim is None:
                reason = f"the shape of `{name}` cannot be read: {diagnostics.recorded[0].message}"
                raise NotConvertedError(item.span, reason)
            dims.append(dim)
        return tuple(dims)

    def _from_first_step(self) -> None:
        """Read the shape that the first step states, with the batch or without it."""
        first = self._first
        for key, node in () if first is None else first.fields:
            if key.text in FIRST_FIELDS and isinstance(node, Sequence) and node.items:
                batch = () if key.text.startswith("batch") else (symbol("N"),)
                self.shapes["input"] = ((*batch, *self._dims("input", node)), node, None)
                return
        span = self._root.span._replace(end_line=self._root.span.line, end_column=self._root.span.column + 1)
        help_text = "add it with the batch and Keras's order of axes, `input: [N, 28, 28, 1]`"
        raise NotConvertedError(span, "the file has no `input:`", help_text)

    @property
    def _first(self) -> WrittenStep | None:
        layers = self._root.get("layers")
        return read_step(layers.items[0]) if isinstance(layers, Sequence) and layers.items else None

    def _reads_indices(self) -> bool:
        spec = None if self._first is None else keras_spec(self._first)
        return len(self.shapes) == 1 and spec is not None and "input_dim" in spec.fields

    def _text(self, node: Node) -> str:
        start, end = offsets_of(self._source.text, node.span)
        return self._source.text[start:end]
