"""Arguments of operators, which are tagged with their kinds."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.importers.torch_export.arguments import decoded, outputs_of, written_by
from shapecalc.importers.torch_export.operands import DType
from shapecalc.importers.torch_export.program import Operator


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ({"as_none": True}, None),
        ({"as_bool": False}, False),
        ({"as_ints": [2, 3]}, [2, 3]),
        ({"as_float": "-Infinity"}, float("-inf")),
        ({"as_sym_int": {"as_name": "size"}}, "SIZE"),
        ({"as_sym_ints": [{"as_name": "size"}, {"as_int": 4}]}, ["SIZE", 4]),
        ({"as_tensor": {"name": "x"}}, "<x>"),
        ({"as_optional_tensors": [{"as_none": True}, {"as_tensor": {"name": "i"}}]}, [None, "<i>"]),
        ({"as_scalar_type": 7}, DType(7)),
    ],
)
def test_an_argument_is_what_its_tag_says(argument: Any, expected: Any) -> None:
    assert decoded(argument, lambda name: f"<{name}>", str.upper) == expected


def operator(target: str, outputs: list[Any]) -> Operator:
    return Operator(target, {"self": {"as_tensor": {"name": "x"}}}, tuple(outputs), {})


def test_outputs_that_are_none_keep_their_places() -> None:
    outputs = [{"as_tensor": {"name": "y"}}, {"as_none": True}, {"as_tensors": [{"name": "a"}, {"name": "b"}]}]
    assert outputs_of(operator("aten.f.default", outputs)) == ["y", "", "a", "b"]


def test_only_operators_with_an_underscore_at_the_end_write_in_place() -> None:
    assert written_by(operator("aten.add_.Tensor", [])) == "x"
    assert written_by(operator("aten.add.Tensor", [])) is None
    assert written_by(operator("aten.__and__.Tensor", [])) is None
