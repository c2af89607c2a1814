"""The steps of a file in Keras words → steps in the words of this project, with the order of axes followed through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.checking.keras.edits import TextEdits, step_text
from shapecalc.checking.keras.recognition import Order, keras_spec
from shapecalc.checking.keras.refusal import AgainError, NotConvertedError
from shapecalc.checking.keras.steps import WrittenStep, read_step
from shapecalc.diagnostics import LayerError
from shapecalc.dims import DimLimitError, Shape, product, show
from shapecalc.layers import layer_type
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.keras import (
    IGNORED,
    REQUIRED,
    KerasCall,
    KerasLayer,
    KerasRefusal,
    KerasStep,
    Reads,
    axes_moved,
    keras_layer_of,
)
from shapecalc.parser.did_you_mean import closest_layer
from shapecalc.parser.positions import offsets_of
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, plain

if TYPE_CHECKING:
    from shapecalc.diagnostics import Span
    from shapecalc.layers import Layer

FIRST_FIELDS = ("input_shape", "batch_input_shape", "shape", "batch_shape")
"""The fields of a first step that state the shape of the input, with the batch or without it."""
FLATTEN_NOTE = (
    "`flatten` joins the channels first, Keras joins them last: the `linear` after it has as many weights, in another "
    "order"
)


class KerasTensor(NamedTuple):
    """A tensor on its way through the steps."""

    shape: Shape
    """As the written steps have it."""
    moved: bool = False
    """Whether its channels are on axis 1, and not where Keras has them."""
    origin: str = ""
    """The input that it is, but for steps that act on each element."""
    shuffled: int = 0
    """The number of the flatten whose order of elements it has, if that differs from Keras's."""


class Changed(NamedTuple):
    """One step that was written anew: its text before and after."""

    node: Node
    after: str


class Decisions(NamedTuple):
    """What the rest of a network decides about its beginning."""

    moved_inputs: frozenset[str] = frozenset()
    ordered: frozenset[int] = frozenset()
    """The flattens before which the axes return to the order of Keras."""


class KerasWalk:
    """One walk over the steps of a file.

    It raises `NotConvertedError`, or `AgainError` if a decision about the beginning was another one.
    """

    def __init__(
        self, text: str, order: Order, decisions: Decisions, tensors: dict[str, KerasTensor], referenced: frozenset[str]
    ) -> None:
        self.edits = TextEdits(text)
        self.layers: list[tuple[Layer, Shape]] = []
        """The layers that the new text has, in their order, with the shape of the output of each."""
        self.changed: list[Changed] = []
        self.notes: dict[str, None] = {}
        self._order = order
        self._decisions = decisions
        self._tensors = tensors
        self._referenced = referenced
        self._number = 0
        self._seen: set[Span] = set()

    def steps(self, items: Sequence, flow: KerasTensor | None) -> KerasTensor | None:
        """Convert a list of steps, and return what leaves the last."""
        for item in items.items:
            flow = self._step(item, items, flow)
        return flow

    def finish(self, end: KerasTensor | None) -> None:
        """Take a decision again if the order of elements of an output is not that of Keras."""
        if end is not None and end.shuffled:
            raise AgainError(orders=end.shuffled)

    # One step.

    def _step(self, item: Node, items: Sequence, flow: KerasTensor | None) -> KerasTensor:
        self._number += 1
        written = read_step(item)
        if written is None:
            raise NotConvertedError(item.span, "this is no step")
        word = written.word
        if item.span in self._seen:
            raise NotConvertedError(item.span, f"`{word.text}` is read again by an alias", "write the step out")
        self._seen.add(item.span)
        if written.others:
            other = written.others[0]
            raise NotConvertedError(other.span, f"`{other.text}` is next to `{word.text}`", "indent it below the layer")
        for key, (node, _) in written.keys.items():
            if key not in ("name", "from"):
                raise NotConvertedError(node.span, f"`{key}` next to `{word.text}` is not converted", "write it out")
        inputs = self._inputs(written, flow)
        ends = [self._branch(branch, inputs[0]) for _, branch in written.branches] or inputs
        self._refuse_orders(written, ends)
        spec = keras_spec(written)
        end = self._own(written, ends) if spec is None else self._keras(written, items, spec, ends)
        name = self._name(written)
        if name:
            self._tensors[name] = end._replace(origin="")
        return end

    def _inputs(self, written: WrittenStep, flow: KerasTensor | None) -> list[KerasTensor]:
        if "from" not in written.keys:
            if flow is None:
                raise NotConvertedError(
                    written.word.span, f"`{written.word.text}` reads no input", "put `from:` next to it"
                )
            return [flow]
        _, node = written.keys["from"]
        tensors = []
        for each in node.items if isinstance(node, Sequence) else (node,):
            name = each.text if isinstance(each, Scalar) else ""
            if name not in self._tensors:
                raise NotConvertedError(each.span, f"`from: {name}` is not the name of an earlier step or an input",
                                        "give that step a `name:`")  # fmt: skip
            tensor = self._tensors[name]
            if tensor.shuffled:
                raise AgainError(orders=tensor.shuffled)
            tensors.append(tensor)
        return tensors

    def _branch(self, items: Sequence, flow: KerasTensor) -> KerasTensor:
        end = self.steps(items, flow)
        assert end is not None  # it is `flow` if there are no steps
        if end.shuffled:
            raise AgainError(orders=end.shuffled)
        return end

    def _refuse_orders(self, written: WrittenStep, tensors: list[KerasTensor]) -> None:
        """Refuse inputs of which some have the channels on axis 1, and others on the last."""
        if len({tensor.moved for tensor in tensors if len(tensor.shape) > 2}) > 1:  # noqa: PLR2004 - samples, features
            raise NotConvertedError(
                written.word.span,
                f"`{written.word.text}` joins a tensor whose channels are on axis 1 now with one that has them last",
                "let each of its inputs end with a layer of the same kind",
            )

    # Steps in our own words.

    def _own(self, written: WrittenStep, inputs: list[KerasTensor]) -> KerasTensor:
        """Follow a step in our words, which stays as it is."""
        word = written.word.text
        cls = layer_type(word)
        if cls is None:
            raise NotConvertedError(written.word.span, f"`{word}` is not a layer of Keras, nor of shapecalc")
        try:
            layer = cls(**self._own_fields(written, cls))
        except (LayerError, TypeError) as error:
            raise NotConvertedError(written.word.span, f"`{word}`: {error}") from None
        tensor = inputs[0]
        if isinstance(layer, Elementwise):
            return self._made(layer, written, inputs, tensor)
        if tensor.shuffled:
            raise AgainError(orders=tensor.shuffled)
        map_before = len(tensor.shape) > 2  # noqa: PLR2004 - samples and features
        same = tensor.moved == _reads_map(word) if _reads_map(word) or _reads_last(word, layer) else False
        if self._order is not Order.FIRST and map_before and not same:
            raise NotConvertedError(
                written.word.span,
                f"`{word}` is a word of shapecalc, between words of Keras that have another order of axes",
                "write all steps in words of Keras, or all in those of shapecalc",
            )
        end = self._made(layer, written, inputs, tensor._replace(origin=""))
        return end._replace(moved=tensor.moved and len(end.shape) > 2)  # noqa: PLR2004

    def _own_fields(self, written: WrittenStep, cls: type[Layer]) -> dict[str, Any]:
        if written.value is None or written.branches:
            return {key.text: plain(value) for key, value in written.fields}
        if isinstance(written.value, Mapping):
            return {key.text: plain(value) for key, value in written.value.entries}
        return {} if cls.main is None else {cls.main: plain(written.value)}

    def _made(self, layer: Layer, written: WrittenStep, inputs: list[KerasTensor], end: KerasTensor) -> KerasTensor:
        shape = self._shape(layer, tuple(tensor.shape for tensor in inputs), written)
        self.layers.append((layer, shape))
        return end._replace(shape=shape)

    def _shape(self, layer: Layer, shapes: tuple[Shape, ...], written: WrittenStep) -> Shape:
        try:
            return layer.output_shape(*shapes, constraints=Constraints([]))
        except (LayerError, DimLimitError, TypeError) as error:
            received = " and ".join(map(show, shapes))
            raise NotConvertedError(
                written.word.span, f"`{written.word.text}` as `{layer.type}` on {received}: {error}"
            ) from None

    # Steps in Keras words.

    def _keras(self, written: WrittenStep, items: Sequence, spec: KerasLayer, inputs: list[KerasTensor]) -> KerasTensor:
        word = written.word.text
        name = self._name(written)
        if spec.fields.keys() >= {"batch_shape", "batch_size"}:
            return self._input(written, items, inputs[0])
        spec, inner, fields = self._unwrapped(written, spec)
        before: list[KerasStep] = []
        inputs = [self._ordered(written, spec, inner, tensor, before, several=len(inputs) > 1) for tensor in inputs]
        tensor = inputs[0]
        named = name or f"{word.lower()}_{self._number}"  # no layer type, so that no other step has this name
        call = KerasCall(inner, fields, tuple(each.shape for each in inputs), tensor.moved, named)
        try:
            made = [*spec.write(call)]
        except KerasRefusal as error:
            raise NotConvertedError(written.word.span, error.reason, error.help) from None
        layers = [self._layer(step, written) for step in (*before, *made)]
        end = self._followed(written, spec, layers, (*before, *made), inputs, len(before))
        self._write(written, items, before, made, name)
        return end

    def _input(self, written: WrittenStep, items: Sequence, tensor: KerasTensor) -> KerasTensor:
        """Remove a step that states the input."""
        for key, node in written.fields:
            if key.text in FIRST_FIELDS and plain(node) is not None:
                self._refuse_other_input(key, node)
        if self._number > 1 or written.keys:
            raise NotConvertedError(written.word.span, f"`{written.word.text}` is not the first step",
                                    "state the shapes in `inputs:`")  # fmt: skip
        self.edits.without_step(written.node, items)
        self.changed.append(Changed(written.node, "(the `input:` of the file)"))
        return tensor

    def _unwrapped(self, written: WrittenStep, spec: KerasLayer) -> tuple[KerasLayer, str, dict[str, Any]]:
        """Return the layer that a step means, its word, and its fields: for a wrapper those of the layer within."""
        word = written.word.text
        if not spec.wraps:
            return spec, word, self._fields(written, spec)
        entries = written.value.entries if isinstance(written.value, Mapping) else ()
        inner = [(key, value) for key, value in entries if keras_layer_of(key.text) is not None]
        below = next((value for key, value in entries if key.text == "layer"), None)
        if isinstance(below, Mapping) and len(below.entries) == 1:
            inner = [*below.entries]
        elif isinstance(below, Scalar) and isinstance(below.value, str):
            inner = [(below, below._replace(value=None))]
        others = [key for key, _ in entries if key.text not in ("layer", "merge_mode", "name") and key not in
                  [own for own, _ in inner]]  # fmt: skip
        within = keras_layer_of(inner[0][0].text) if len(inner) == 1 else None
        if within is None or others:
            raise NotConvertedError(written.word.span, f"`{word}` expects one layer of Keras",
                                    f"write `{word}: {{layer: {{LSTM: {{units: 64}}}}}}`")  # fmt: skip
        key, value = inner[0]
        empty = isinstance(value, Scalar) and value.value is None
        fields = self._fields(WrittenStep(key, key, None if empty else value, {}), within)
        both = word.lower() == "bidirectional"
        if both:
            if "return_sequences" not in within.fields:
                raise NotConvertedError(key.span, f"`{word}` of `{key.text}` has no counterpart here")
            merge = next((plain(node) for own, node in entries if own.text == "merge_mode"), spec.fields["merge_mode"])
            if merge != spec.fields["merge_mode"]:
                raise NotConvertedError(written.word.span, f"`merge_mode: {merge}` has no counterpart here")
            return within, key.text, {**fields, "bidirectional": True}
        if within.reads is not Reads.LAST or "return_sequences" in within.fields or "key_dim" in within.fields:
            raise NotConvertedError(key.span, f"`{word}` of `{key.text}` has no counterpart here")
        return within, key.text, fields

    def _fields(self, written: WrittenStep, spec: KerasLayer) -> dict[str, Any]:
        """Return the values of all fields, defaults included."""
        word = written.word.text
        if spec.lost:
            return {}
        fields = {**spec.fields, **self._given(written, spec)}
        for name, each in fields.items():
            if each is REQUIRED:
                raise NotConvertedError(written.word.span, f"`{word}` expects `{name}`, receives none")
            if isinstance(each, str) and each.startswith("$"):
                reason = f"`{name}` of `{word}` is the parameter `{each}`"
                raise NotConvertedError(written.word.span, reason, "write a number: parameters are not converted")
        order = {None: self._order, "channels_first": Order.FIRST, "channels_last": Order.LAST}
        if order.get(fields.get("data_format")) is not self._order:
            raise NotConvertedError(written.word.span, f"`data_format` of `{word}` differs from that of another step")
        return fields

    def _given(self, written: WrittenStep, spec: KerasLayer) -> dict[str, Any]:
        """Return the values that are written; a single one is that of the first field."""
        value = written.value
        if isinstance(value, Mapping):
            for key, node in written.fields:
                self._refuse_field(key, node, written.word.text, spec)
            return {key.text: plain(node) for key, node in written.fields if key.text in spec.fields}
        if value is None:
            return {}
        if not spec.fields:
            raise NotConvertedError(value.span, f"`{written.word.text}` has no field")
        return {next(iter(spec.fields)): plain(value)}

    def _refuse_field(self, key: Scalar, node: Node, word: str, spec: KerasLayer) -> None:
        if key.text in spec.fields or key.text in IGNORED or key.text == "name":
            return
        if key.text in FIRST_FIELDS and self._number == 1:
            self._refuse_other_input(key, node)
            return
        wanted = ", ".join(spec.fields) or "none"
        raise NotConvertedError(key.span, f"`{word}` of Keras has no field `{key.text}` that is converted",
                                f"fields: {wanted}")  # fmt: skip

    def _refuse_other_input(self, key: Scalar, node: Node) -> None:
        """Refuse a stated shape that is not that of the input."""
        shapes = [tensor for tensor in self._tensors.values() if tensor.shape]
        stated = plain(node)
        for tensor in shapes:
            shape = tensor.shape if not tensor.moved else (tensor.shape[0], *tensor.shape[2:], tensor.shape[1])
            known = tuple(dim if isinstance(dim, int) else None for dim in shape)
            given = tuple(dim if isinstance(dim, int) else None for dim in stated) if isinstance(stated, tuple) else ()
            if given in (known, known[1:]):
                return
        raise NotConvertedError(key.span, f"`{key.text}` is not the shape of the input above", "state one of the two")

    def _layer(self, step: KerasStep, written: WrittenStep) -> Layer:
        cls = layer_type(step.type)
        assert cls is not None  # writers name layers that exist
        try:
            return cls(**step.fields)
        except LayerError as error:
            raise NotConvertedError(written.word.span, f"`{written.word.text}`: {error}") from None

    def _name(self, written: WrittenStep) -> str:
        node: Node | None = written.keys["name"][1] if "name" in written.keys else None
        if node is None:
            node = next((value for key, value in written.fields if key.text == "name"), None)
        return node.text if isinstance(node, Scalar) else ""

    # The order of axes.

    def _ordered(
        self,
        written: WrittenStep,
        spec: KerasLayer,
        word: str,
        tensor: KerasTensor,
        before: list[KerasStep],
        *,
        several: bool,
    ) -> KerasTensor:
        """Return a tensor with its axes in the order that a layer reads; `before` gets the permute."""
        rank = len(tensor.shape)
        if spec.reads is Reads.MAP:
            self._refuse_rank(written, spec, word, rank)
        if tensor.shuffled and not (spec.reads is Reads.ANY and not several) and "units" not in spec.fields:
            raise AgainError(orders=tensor.shuffled)
        if tensor.shuffled and "return_sequences" in spec.fields:
            raise AgainError(orders=tensor.shuffled)
        if self._order is Order.FIRST or rank < 3:  # noqa: PLR2004 - samples and features
            return tensor
        if spec.reads is Reads.MAP and not tensor.moved:
            if tensor.origin:
                self._refuse_unknown(written, tensor)
                raise AgainError(moves=tensor.origin)
            return self._permuted(written, tensor, before, several=several)
        back = spec.reads in (Reads.LAST, Reads.ORDER) or (
            spec.reads is Reads.FLAT and self._number in self._decisions.ordered
        )
        return self._permuted(written, tensor, before, several=several) if back and tensor.moved else tensor

    def _permuted(
        self, written: WrittenStep, tensor: KerasTensor, before: list[KerasStep], *, several: bool
    ) -> KerasTensor:
        if several:
            reason = f"`{written.word.text}` reads several tensors, and the axes of one need to move"
            raise NotConvertedError(written.word.span, reason)
        step = axes_moved(len(tensor.shape), back=tensor.moved)
        before.append(step)
        return KerasTensor(tuple(tensor.shape[dim] for dim in step.fields["dims"]), moved=not tensor.moved)

    def _refuse_rank(self, written: WrittenStep, spec: KerasLayer, word: str, rank: int) -> None:
        if spec.rank is None or spec.rank == rank:
            return
        missing = "the batch is missing: begin the input with `N`" if rank == spec.rank - 1 else ""
        raise NotConvertedError(written.word.span, f"`{word}` reads {spec.rank} axes, and receives {rank}", missing)

    def _refuse_unknown(self, written: WrittenStep, tensor: KerasTensor) -> None:
        """Refuse an input that may have its channels on axis 1 or on the last."""
        if self._order is not Order.UNKNOWN:
            return
        shape = tensor.shape
        last, own = (shape[0], *shape[2:], shape[1]), closest_layer(written.word.text)
        raise NotConvertedError(
            written.word.span,
            f"`{written.word.text}` of Keras reads the last axis of {show(shape)} as channels, `{own}` here axis 1, "
            "and the sizes do not show which is meant",
            f"for {show(shape[-1:])[1:-1]} channels write `data_format: channels_last` in this step; for "
            f"{show(shape[1:2])[1:-1]} channels `{tensor.origin}: {show(last)}`, or `data_format: channels_first`",
        )

    def _followed(
        self,
        written: WrittenStep,
        spec: KerasLayer,
        layers: list[Layer],
        steps: tuple[KerasStep, ...],
        inputs: list[KerasTensor],
        skipped: int,
    ) -> KerasTensor:
        """Return the tensor after new steps, and record their layers; the permutes before are applied already."""
        tensor = inputs[0]
        shapes = tuple(each.shape for each in inputs)
        outputs: dict[str, Shape] = {}
        for at, (layer, step) in enumerate(zip(layers, steps, strict=True)):
            if at < skipped:
                self.layers.append((layer, shapes[0]))
                continue
            if step.reads:
                shapes = (outputs[step.reads.rpartition(".")[2]],)
            shape = self._shape(layer, shapes, written)
            outputs = layer.outputs(*shapes, constraints=Constraints([])) if step.name else outputs
            self.layers.append((layer, shape))
            shapes = (shape,)
        shape = shapes[0]
        if spec.reads is Reads.ANY:
            origin = "" if len(inputs) > 1 else tensor.origin
            return tensor._replace(shape=shape, origin=origin)
        if spec.reads is Reads.FLAT:
            return KerasTensor(shape, shuffled=self._number if self._is_shuffled(tensor) else 0)
        if tensor.shuffled:
            self.notes[FLATTEN_NOTE] = None
        moved = spec.reads is Reads.MAP and self._order is not Order.FIRST
        return KerasTensor(shape, moved=moved and len(shape) > 2)  # noqa: PLR2004 - samples and features

    def _is_shuffled(self, tensor: KerasTensor) -> bool:
        """Return whether flattening gives another order than in Keras: not if there is one channel, or one position."""
        return tensor.moved and tensor.shape[1] != 1 and product(tensor.shape[2:]) != 1

    # Text.

    def _write(
        self, written: WrittenStep, items: Sequence, before: list[KerasStep], made: list[KerasStep], name: str
    ) -> None:
        """Write the new steps in place of the old one; a name that is read is that of the last."""
        at = next((place for place, step in enumerate(made) if step.leads), 0)
        if made[at].name and not name:
            name = made[at].name
        reads = ""
        if "from" in written.keys:
            start, end = offsets_of(self.edits.text, written.keys["from"][1].span)
            reads = self.edits.text[start:end]
        leading = [*before, *made[:at]]
        following = made[at + 1 :]
        read_later = name in self._referenced and bool(following) and not made[at].name
        texts = []
        for place, step in enumerate(leading):
            text = step_text(step, reads=reads if place == 0 else "")
            texts.append(text)
            self.edits.step_before(written.node, items, text)
        new_name = "" if "name" in written.keys or read_later else name
        self.edits.step(written, items, made[at], name=new_name, keeps_from=not leading)
        texts.append(step_text(made[at]))
        if read_later:
            self.edits.without_name(written)
        for place, step in enumerate(following):
            text = step_text(step, name=name if read_later and place == len(following) - 1 else "")
            texts.append(text)
            self.edits.step_after(written.node, items, text)
        self.changed.append(Changed(written.node, "; ".join(texts)))


def _reads_map(word: str) -> bool:
    """Return whether a layer of ours reads [N, C, *spatial] as the one of Keras does once the axes have moved."""
    spec = keras_layer_of(word)
    return spec is not None and spec.reads is Reads.MAP


def _reads_last(word: str, layer: Layer) -> bool:
    """Return whether a layer of ours reads the last axis of [N, *, features] as Keras does."""
    spec = keras_layer_of(word)
    return spec is not None and spec.reads is Reads.LAST and getattr(layer, "batch_first", True)
