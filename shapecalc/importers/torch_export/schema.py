"""The kinds of values that torch.export's JSON has in each place: a graph is checked once, before it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_NESTED = 16
"""Graphs in graphs."""
LARGEST = 2**63
MOST_AXES = 64
LONGEST_NAME = 1_000
LONGEST_TEXT = 1 << 20


class SchemaError(ValueError):
    """Raised for a value of another kind than torch.export writes; the text says where."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME


def _is_int(value: Any) -> bool:
    return type(value) is int and -LARGEST <= value < LARGEST


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return type(value) is float or _is_int(value) or value in ("Infinity", "-Infinity", "NaN")


def _each(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _named(value: Any) -> bool:
    return isinstance(value, dict) and _is_name(value.get("name"))


def _either(kinds: Mapping[str, Callable[[Any], bool]]) -> Callable[[Any], bool]:
    """Return the check of an object with one key, which says of what kind its value is."""

    def check(value: Any) -> bool:
        if not isinstance(value, dict) or len(value) != 1:
            return False
        ((kind, inner),) = value.items()
        return kind in kinds and kinds[kind](inner)

    return check


def _expression(value: Any) -> bool:
    if not isinstance(value, dict) or not _is_text(value.get("expr_str")):
        return False
    hint = value.get("hint")
    return hint is None or isinstance(hint, dict)


def _anything(value: Any) -> bool:  # noqa: ARG001 - the place of any value
    return True


is_size = _either({"as_int": _is_int, "as_expr": _expression})
is_size_argument = _either({"as_int": _is_int, "as_name": _is_name})
_OPTIONAL_TENSOR = _either({"as_tensor": _named, "as_none": _anything})
_ARGUMENT: dict[str, Callable[[Any], bool]] = {
    "as_none": _anything,
    "as_tensor": _named,
    "as_tensors": _each(_named),
    "as_nested_tensors": _each(_each(_named)),
    "as_optional_tensor": _OPTIONAL_TENSOR,
    "as_optional_tensors": _each(_OPTIONAL_TENSOR),
    "as_int": _is_int,
    "as_ints": _each(_is_int),
    "as_int_lists": _each(_each(_is_int)),
    "as_float": _is_number,
    "as_floats": _each(_is_number),
    "as_string": _is_text,
    "as_strings": _each(_is_text),
    "as_bool": _is_flag,
    "as_bools": _each(_is_flag),
    "as_sym_int": is_size_argument,
    "as_sym_ints": _each(is_size_argument),
    "as_sym_float": _either({"as_float": _is_number, "as_name": _is_name}),
    "as_sym_floats": _each(_either({"as_float": _is_number, "as_name": _is_name})),
    "as_sym_bool": _either({"as_bool": _is_flag, "as_name": _is_name}),
    "as_sym_bools": _each(_either({"as_bool": _is_flag, "as_name": _is_name})),
    "as_scalar_type": _is_int,
    "as_memory_format": _is_int,
    "as_layout": _is_int,
    "as_device": lambda value: isinstance(value, dict),
    "as_custom_obj": lambda value: isinstance(value, dict),
    "as_operator": _is_text,
    "as_complex": lambda value: isinstance(value, dict),
    "as_string_to_argument": lambda value: isinstance(value, dict),
}


def is_argument(value: Any) -> bool:
    """Return whether a value is an argument of an operator; a graph is one too, and is checked apart.

    An argument of a kind that is not known is one: the operator that has it cannot be read, others can.

    >>> is_argument({"as_tensor": {"name": "x"}}), is_argument({"as_tensor": "x"}), is_argument({"as_ints": [1, None]})
    (True, False, False)
    """
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, inner),) = value.items()
    if kind == "as_graph":
        return isinstance(inner, dict)
    return kind.startswith("as_") and _ARGUMENT.get(kind, _anything)(inner)


def _is_meta(value: Any) -> bool:
    """Return whether a value describes a tensor."""
    if not isinstance(value, dict) or not _is_int(value.get("dtype")):
        return False
    axes = [value.get("sizes"), value.get("strides")]
    lists = all(isinstance(each, list) and len(each) <= MOST_AXES and all(map(is_size, each)) for each in axes)
    return lists and len(axes[0] or ()) == len(axes[1] or ())


_NUMBER = _either({"as_int": _is_int, "as_expr": _expression, "as_float": _is_number, "as_bool": _is_flag})


def check_graph(graph: Any, depth: int = 0) -> None:
    """Raise `SchemaError` if a graph, or one inside of it, is not as torch.export writes it."""
    if depth > MOST_NESTED:
        raise SchemaError(f"graphs in graphs more than {MOST_NESTED} deep")
    if not isinstance(graph, dict):
        raise SchemaError("a graph that is no object")
    for key in ("inputs", "outputs"):
        if not _each(is_argument)(graph.get(key)):
            raise SchemaError(f"a graph whose `{key}` are no arguments")
    for key, check in (("tensor_values", _is_meta), ("sym_int_values", _NUMBER), ("sym_bool_values", _NUMBER)):
        values = graph.get(key, {})
        if not isinstance(values, dict) or not all(_is_name(name) and check(each) for name, each in values.items()):
            raise SchemaError(f"a graph whose `{key}` are not described")
    if not isinstance(graph.get("sym_float_values", {}), dict) or "tensor_values" not in graph:
        raise SchemaError("a graph without `tensor_values`")
    if not isinstance(graph.get("nodes"), list):
        raise SchemaError("a graph without `nodes`")
    for node in graph["nodes"]:
        _check_node(node, depth)


def _check_node(node: Any, depth: int) -> None:
    if not isinstance(node, dict) or not _is_name(node.get("target")):
        raise SchemaError("a node without a target")
    metadata = node.get("metadata") or {}
    if not isinstance(metadata, dict) or not all(map(_is_text, metadata.values())):
        raise SchemaError("a node whose `metadata` are no texts")
    if not _each(is_argument)(node.get("outputs")) or not isinstance(node.get("inputs"), list):
        raise SchemaError("a node without lists of inputs and outputs")
    for each in node["inputs"]:
        name_is_text = isinstance(each, dict) and isinstance(each.get("name", ""), (str, type(None)))
        if not name_is_text or not is_argument(each.get("arg")):
            raise SchemaError("a node with an input that is no argument")
        if "as_graph" in each["arg"]:
            check_graph(each["arg"]["as_graph"].get("graph"), depth + 1)


_SPEC_NAMES = ("parameter_name", "buffer_name", "tensor_constant_name")


def check_signature(signature: Any) -> None:
    """Raise `SchemaError` if the inputs and outputs of a program are not as torch.export writes them."""
    if not isinstance(signature, dict):
        raise SchemaError("no signature")
    for key in ("input_specs", "output_specs"):
        specs = signature.get(key)
        if not isinstance(specs, list):
            raise SchemaError(f"a signature without `{key}`")
        for spec in specs:
            if not isinstance(spec, dict) or len(spec) != 1:
                raise SchemaError(f"an entry of `{key}` that is not of one kind")
            ((kind, row),) = spec.items()
            _check_spec(kind, row)


def _check_spec(kind: str, row: Any) -> None:
    if not isinstance(row, dict) or not all(_is_name(row.get(name, "")) for name in _SPEC_NAMES):
        raise SchemaError(f"`{kind[:40]}` that is no object")
    argument = row.get("arg")
    complete = (
        is_argument(argument)
        if kind in ("user_input", "user_output")
        else kind == "constant_input" or (argument is None or _named(argument))
    )
    if not complete:
        raise SchemaError(f"`{kind[:40]}` without an argument")
    if kind == "constant_input" and not (
        _is_name(row.get("name")) and isinstance(row.get("value"), dict) and len(row["value"]) == 1
    ):
        raise SchemaError("a constant input without a value")


def check_ranges(ranges: Any) -> None:
    """Raise `SchemaError` if the bounds of symbols are no integers."""
    if not isinstance(ranges, dict):
        raise SchemaError("no `range_constraints`")
    for row in ranges.values():
        if not isinstance(row, dict) or not all(
            row.get(key) is None or _is_int(row[key]) for key in ("min_val", "max_val")
        ):
            raise SchemaError("a symbol whose bounds are no integers")
