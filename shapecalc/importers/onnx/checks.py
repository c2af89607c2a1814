"""What is checked before a file is read: that texts are texts, and that nodes have what their operators require."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.unreadable import Unreadable, refuse_container

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DEEPEST = 100


def refuse_broken_texts(path: str, proto: Any) -> None:
    """Raise `ShapecalcError` SC032 if a name in the file is no UTF-8, which protobuf gives as bytes."""
    more = (text for entry in proto.metadata_props for text in (entry.key, entry.value))
    texts = (*more, proto.producer_name, proto.producer_version, *(each.domain for each in proto.opset_import))
    names = (name for function in proto.functions for name in (function.name, function.domain))
    bodies = (text for function in proto.functions for text in _texts_of_nodes(function.node, 0))
    for every in (texts, names, bodies, _texts_of_graph(proto.graph, 0)):
        if any(not isinstance(text, str) for text in every):
            refuse_container(path, "has names that are no UTF-8")


def _texts_of_graph(graph: Any, depth: int) -> Iterator[Any]:
    yield graph.name
    yield from (text for entry in graph.metadata_props for text in (entry.key, entry.value))
    for value in (*graph.input, *graph.output, *graph.value_info):
        yield value.name
        if value.type.HasField("tensor_type"):
            yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim if dim.HasField("dim_param"))
    for tensor in graph.initializer:
        yield tensor.name
        yield from (text for entry in tensor.external_data for text in (entry.key, entry.value))
    yield from (tensor.values.name for tensor in graph.sparse_initializer)
    yield from _texts_of_nodes(graph.node, depth)


def _texts_of_nodes(nodes: Iterable[Any], depth: int) -> Iterator[Any]:
    if depth > DEEPEST:
        return
    for node in nodes:
        yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
        for entry in node.metadata_props:
            yield from (entry.key, entry.value)
        for attribute in node.attribute:
            yield from (attribute.name, attribute.ref_attr_name)
            if attribute.HasField("g"):
                yield from _texts_of_graph(attribute.g, depth + 1)


def check_node(node: Any, opset: int) -> None:
    """Raise `Unreadable` if a node of ONNX has attributes, inputs or outputs that its operator does not have.

    Of other domains no schema is known.
    """
    schema = _schema(node.op_type, opset, node.domain)
    if schema is None:
        return
    seen: set[str] = set()
    for attribute in node.attribute:
        if schema.kinds.get(attribute.name) != attribute.type or attribute.name in seen:
            raise Unreadable(
                f"the attribute `{attribute.name[:80]}` is not one that it has, or of another kind, or twice"
            )
        seen.add(attribute.name)
    missing = [name for name in schema.required if name not in seen]
    if missing:
        raise Unreadable(f"it has no attribute `{missing[0]}`, which it requires")
    if not schema.inputs[0] <= len(node.input) <= schema.inputs[1] or len(node.output) < schema.outputs:
        raise Unreadable(f"it has {len(node.input)} inputs and {len(node.output)} outputs, which no such operator has")
    for place, formal in schema.single:
        if place < len(node.input) and not node.input[place]:
            raise Unreadable(f"it is called without its input `{formal}`")


class _Schema(NamedTuple):
    """What an operator has: attributes with their kinds, the numbers of inputs and outputs, inputs that it requires."""

    kinds: Mapping[str, int]
    required: tuple[str, ...]
    inputs: tuple[int, int]
    outputs: int
    single: tuple[tuple[int, str], ...]


@cache
def _schema(operator: str, opset: int, domain: str) -> _Schema | None:
    from onnx import defs  # noqa: PLC0415 - an extra

    try:
        schema = defs.get_schema(operator, opset, domain)
    except defs.SchemaError:
        return None
    single = defs.OpSchema.FormalParameterOption.Single
    return _Schema(
        {name: int(known.type.value) for name, known in schema.attributes.items()},  # type: ignore[attr-defined]
        tuple(name for name, known in schema.attributes.items() if known.required),
        (schema.min_input, schema.max_input),
        schema.min_output,
        tuple((place, formal.name) for place, formal in enumerate(schema.inputs) if formal.option == single),
    )
