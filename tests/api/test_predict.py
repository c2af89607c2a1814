"""Predictions: sizes, memory and the cost of training by keyword, and arguments that are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import shapecalc
from shapecalc import ShapecalcError

IMPORTED = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'rich', 'typer'}))"


@pytest.mark.parametrize(
    "call", ["inspect('lenet5')", "memory('lenet5')", "train_cost('lenet5')", "solve('lenet5')", "explain('lenet5')"]
)
def test_a_prediction_imports_neither_numpy_nor_the_command_line(call: str) -> None:
    program = f"import sys; sys.path.insert(0, {str(Path(shapecalc.__file__).parents[1])!r})\n"
    program += f"import shapecalc; shapecalc.{call}; {IMPORTED}"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_parameters_are_counted_as_another_framework_does() -> None:
    assert shapecalc.inspect("resnet18", params_as="keras").params_as == "keras"


def test_memory_is_that_of_a_type_of_elements() -> None:
    sizes = [
        shapecalc.inspect("lenet5", dtype=dtype).totals.parameter_bytes for dtype in ("float32", "bfloat16", "int4")
    ]
    assert sizes == [61706 * 4, 61706 * 2, 61706 // 2]
    with pytest.raises(ShapecalcError, match="SC203: `dtype` expects one of float32"):
        shapecalc.inspect("lenet5", dtype="bf17")


def test_a_training_step_of_more_samples_takes_more_memory() -> None:
    peaks = [shapecalc.train_cost("lenet5", batch=batch) for batch in (1, 2, 3)]
    one, two, three = (cost.bytes_at(cost.peak.live) for cost in peaks if cost.peak)
    assert two - one == three - two > 0
    assert shapecalc.train_cost("lenet5", N=2).to_dict() == shapecalc.train_cost("lenet5", batch=2).to_dict()


def test_memory_is_read_as_on_the_command_line() -> None:
    fits = [shapecalc.train_cost("lenet5", max_memory=size).largest_batch for size in ("1 GiB", 2**30, "1024MiB")]
    assert len(set(fits)) == 1


def test_memory_is_of_elements_of_the_type() -> None:
    usual, half = (shapecalc.memory("lenet5", N=1, dtype=dtype) for dtype in ("float32", "bfloat16"))
    assert [step.live for step in usual.steps] == [2 * step.live for step in half.steps]
    with pytest.raises(ShapecalcError, match="SC203: `dtype` expects one of float32, float16, bfloat16, int8, int4"):
        shapecalc.memory("lenet5", dtype="int3")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "lion"}, "SC203: `optimizer` expects one of sgd, momentum, adam, receives `lion`"),
        ({"dtype": "int8"}, "SC203: `dtype` expects one of float32, float16, bfloat16, bf16, receives `int8`"),
        ({"batch": 0}, "SC201: `batch` expects 1 to 2147483647, receives 0"),
        ({"checkpoint": 99}, "SC201: `checkpoint` expects 1 to 13"),
        ({"max_memory": "much"}, "SC201: `max_memory` expects bytes, or a size such as 24GiB, receives `much`"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_is_a_diagnostic(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.train_cost("lenet5", **arguments)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_number_is_derived_with_the_arguments_of_the_command() -> None:
    (step,) = shapecalc.explain("lenet5", "c1", key=["macs", "backward"], levels=0, optimizer="adam", N=2).steps
    assert [key.result for key in step.keys] == [235_200, 235_200]
    assert str(shapecalc.explain("lenet5", key="params")).startswith(
        "LeNet-5, the sum of its layers\n\nparams = 61,706"
    )
    for arguments, message in (
        ({"levels": -1}, "`levels` expects a number of layers, 0 or more, receives -1"),
        ({"levels": "all"}, "`levels` expects a number of layers, 0 or more, receives 'all'"),
        ({"optimizer": "lion"}, "`optimizer` expects one of sgd, momentum, adam, receives"),
        ({"dtype": "float"}, "`dtype` expects one of float32"),
        ({"key": "mac"}, "`c1` has no number `mac`"),
    ):
        with pytest.raises(shapecalc.ShapecalcError) as caught:
            shapecalc.explain("lenet5", "c1", **arguments)
        assert caught.value.diagnostics[0].message.startswith(message), caught.value
