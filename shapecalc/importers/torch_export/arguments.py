"""The arguments and outputs of operators as the file has them: tagged values, most of which name others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operands import DType

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.torch_export.program import Operator

    Lookup = Callable[[str], Any]

_NUMBERS = frozenset({"as_sym_int", "as_sym_bool", "as_sym_float"})
_LISTS_OF_NUMBERS = frozenset({"as_sym_ints", "as_sym_bools", "as_sym_floats"})


def decoded(argument: Any, tensor: Lookup, number: Lookup) -> Any:
    """Return an argument; `tensor` and `number` give the values of names.

    >>> decoded({"as_sym_ints": [{"as_int": 3}, {"as_name": "sym_size"}]}, str, len)
    [3, 8]
    """
    ((kind, value),) = argument.items()
    if kind in {"as_tensor", "as_custom_obj"}:
        return tensor(value["name"])
    if kind == "as_tensors":
        return [tensor(each["name"]) for each in value]
    if kind == "as_optional_tensors":
        return [_optional(each, tensor) for each in value]
    if kind in _LISTS_OF_NUMBERS:
        return [_number(each, number) for each in value]
    return _single(kind, value, tensor, number)


def _single(kind: str, value: Any, tensor: Lookup, number: Lookup) -> Any:
    if kind == "as_optional_tensor":
        return _optional(value, tensor)
    if kind in _NUMBERS:
        return _number(value, number)
    if kind == "as_scalar_type":
        return DType(value)
    if kind == "as_float":
        return float(value)
    return None if kind == "as_none" else value


def _optional(value: Any, tensor: Lookup) -> Any:
    return tensor(value["as_tensor"]["name"]) if "as_tensor" in value else None


def _number(value: Any, number: Lookup) -> Any:
    return number(value["as_name"]) if "as_name" in value else next(iter(value.values()))


def tensors_named(argument: Any) -> list[str]:
    """Return the names of the tensors in an argument.

    >>> tensors_named({"as_tensors": [{"name": "split_0"}, {"name": "split_1"}]})
    ['split_0', 'split_1']
    """
    ((kind, value),) = argument.items()
    if kind == "as_tensor":
        return [value["name"]]
    if kind == "as_tensors":
        return [each["name"] for each in value]
    if kind == "as_optional_tensors":
        return [each["as_tensor"]["name"] for each in value if "as_tensor" in each]
    if kind == "as_optional_tensor" and "as_tensor" in value:
        return [value["as_tensor"]["name"]]
    return []


def outputs_of(operator: Operator) -> list[str]:
    """Return the names of the tensors that an operator gives, empty where it gives none."""
    outcome: list[str] = []
    for output in operator.outputs:
        outcome += [""] if "as_none" in output else tensors_named(output)
    return outcome


def base_of(operator: Operator) -> str | None:
    """Return the name of the first tensor that an operator reads, `self` of its schema."""
    argument = operator.arguments.get("self") or operator.arguments.get("input") or {}
    return argument["as_tensor"]["name"] if "as_tensor" in argument else None


def written_by(operator: Operator) -> str | None:
    """Return the name of the tensor that an operator writes to, such as `aten.relu_`."""
    name = operator.name
    in_place = name.startswith("aten.") and name.endswith("_") and not name.endswith("__")
    return base_of(operator) if in_place else None
