"""SC403: inputs and steps that no step reads, and that are not outputs."""

from __future__ import annotations

import pytest

from tests.support.lints import TABLE, layers, warned


def found(text: str) -> list[tuple[str, str, int]]:
    return [(one.code, one.message, one.span.line if one.span else 0) for one in warned(text)]


def test_an_input_that_no_step_reads_is_named_where_it_is_declared() -> None:
    text = "inputs:\n  x: [N, 3]\n  y: [N, 5]\nlayers:\n  - {relu: {}, from: x}\n"
    assert found(text) == [("SC403", "nothing reads the input `y`", 3)]


def test_a_step_that_no_step_reads_is_named_at_its_type() -> None:
    text = TABLE + layers("{linear: 5, name: a}", "{linear: 7, name: b, from: input}")
    assert found(text) == [("SC403", "nothing reads `a`, and it does not leave", 3)]


@pytest.mark.parametrize(
    "text",
    [
        TABLE + layers("{linear: 5, name: a}", "relu"),  # the next step reads it
        TABLE + layers("{linear: 5, name: a}", "relu", "{add: {}, from: [relu_1, a]}"),  # a later one does
        TABLE + layers("{linear: 5, name: a}", "{linear: 7, name: b, from: input}") + "outputs: {y: a, z: b}\n",
        "inputs: {x: [N, 3], y: [N, 5]}\n" + layers("{relu: {}, from: x}") + "outputs: {z: relu_0, y: y}\n",
        "input: [T, N, 12]\n" + layers("{lstm: 5, name: a}", "{linear: 3, from: a.h_n}"),  # a further output alone
    ],
)
def test_what_is_read_or_is_an_output_is_not_warned_of(text: str) -> None:
    assert not found(text)


def test_a_step_in_a_block_is_warned_of_once_however_often_the_block_is_called() -> None:
    block = "blocks: {b: {layers: [{linear: 5, name: lost}, {linear: 12, from: input}]}}\n"
    codes = [code for code, *_ in found(TABLE + block + layers("b", "b", "{b: , repeat: 3}"))]
    assert codes == ["SC403"]
