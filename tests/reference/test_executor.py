"""Calls run one at a time, and let go of what nobody reads."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest

from shapecalc.reference.base import Array, Call
from shapecalc.reference.executor import ExecutionError, execute

if TYPE_CHECKING:
    from collections.abc import Iterator


def linear(path: str, weight: Array, reads: str, *, frees: tuple[str, ...] = ()) -> Call:
    return Call(path, "linear", {"bias": False}, {"weight": weight}, (reads,), (path,), frees)


def test_a_run_reports_shapes_macs_and_parameter_sizes() -> None:
    calls = [
        linear("first", np.ones((5, 3)), "input"),
        Call("second", "relu", {}, {}, ("first",), ("second",)),
    ]
    execution = execute(calls, {"input": np.ones((2, 3))})
    first, second = execution
    assert (first.path, first.kernel, first.shapes, first.macs) == ("first", "linear", ((2, 5),), 2 * 3 * 5)
    assert first.parameters == {"weight": 15}
    assert (second.shapes, second.macs, second.parameters) == (((2, 5),), 0, {})
    assert first.seconds > 0
    np.testing.assert_array_equal(execution.values["second"], np.full((2, 5), 3.0))


def test_only_one_layers_weights_are_live() -> None:
    weights: list[weakref.ref[Array]] = []
    live_when_made: list[int] = []

    def produce() -> Iterator[Call]:
        for number in range(4):
            live_when_made.append(sum(weight() is not None for weight in weights))
            weight = np.ones((3, 3))
            weights.append(weakref.ref(weight))
            call = linear(f"l{number + 1}", weight, f"l{number}")
            del weight
            yield call
            del call

    for executed in execute(produce(), {"l0": np.ones((2, 3))}):
        assert executed.macs == 18
        assert not any(weight() is not None for weight in weights[:-1])
    assert live_when_made == [0, 0, 0, 0]


def test_calls_are_made_one_at_a_time() -> None:
    taken: list[str] = []

    def produce() -> Iterator[Call]:
        for path, reads in (("a", "input"), ("b", "a")):
            taken.append(path)
            yield linear(path, np.ones((3, 3)), reads)

    steps = iter(execute(produce(), {"input": np.ones((2, 3))}))
    assert taken == []
    next(steps)
    assert taken == ["a"]


def test_freed_slots_are_gone_and_their_arrays_too() -> None:
    calls = [linear("a", np.ones((5, 3)), "input", frees=("input",)), linear("b", np.ones((7, 5)), "a", frees=("a",))]
    execution = execute(calls, {"input": np.ones((2, 3))})
    steps = iter(execution)
    next(steps)
    kept = weakref.ref(execution.values["a"])
    assert set(execution.values) == {"a"}
    next(steps)
    assert set(execution.values) == {"b"}
    assert kept() is None


def test_an_array_read_twice_stays_until_its_last_reader() -> None:
    calls = [
        linear("a", np.ones((3, 3)), "input"),
        linear("b", np.ones((3, 3)), "input", frees=("input",)),
    ]
    execution = execute(calls, {"input": np.ones((2, 3))})
    assert [executed.shapes for executed in execution] == [((2, 3),), ((2, 3),)]
    assert set(execution.values) == {"a", "b"}


def test_the_callers_mapping_is_unchanged() -> None:
    inputs = {"input": np.ones((2, 3))}
    list(execute([linear("a", np.ones((3, 3)), "input", frees=("input",))], inputs))
    assert set(inputs) == {"input"}


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        pytest.param(linear("a", np.ones((5, 4)), "input"), "mismatch", id="a weight that does not fit"),
        pytest.param(linear("a", np.ones((5, 3)), "b"), "reads b, which nothing has written", id="a missing slot"),
        pytest.param(
            Call("a", "linear", {"bias": True}, {"weight": np.ones((5, 3))}, ("input",), ("a",)),
            "asks for 'bias', which it was not given",
            id="a missing parameter",
        ),
        pytest.param(Call("a", "no_such", {}, {}, ("input",), ("a",)), "has no kernel", id="an unknown word"),
        pytest.param(
            Call("a", "flatten", {"start_dim": 1, "end_dim": 4}, {}, ("input",), ("a",)),
            "index out of range",
            id="an axis that is not there",
        ),
        pytest.param(
            Call("a", "relu", {}, {}, ("input",), ("a", "b")), "gives 1 outputs for 2 slots", id="an output too many"
        ),
        pytest.param(
            Call("a", "relu", {}, {}, ("input", "input"), ("a",)), "positional argument", id="an input too many"
        ),
    ],
)
def test_a_call_that_cannot_run_says_where_and_why(call: Call, reason: str) -> None:
    with pytest.raises(ExecutionError, match=reason) as caught:
        list(execute([call], {"input": np.ones((2, 3))}))
    assert (caught.value.path, caught.value.kernel) == ("a", call.kernel)
    assert reason in caught.value.reason
