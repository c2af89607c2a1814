"""The rules of the layers where paths meet and part: they take what NumPy takes, and say what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import LayerError
from shapecalc.dims import symbol
from shapecalc.layers.arithmetic import Add
from shapecalc.layers.merging import Chunk, Concat, Matmul, SelectChannels, Split
from tests.support.layers import answer, refused

N, H, W = symbol("N"), symbol("H"), symbol("W")


def nothing(shape: tuple[int, ...]) -> Any:
    """An array of any size that takes the memory of one cell."""
    return np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), shape, [0] * len(shape))


@given(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), min_size=1, max_size=4), st.data())
def test_inputs_join_where_numpy_joins_them_and_nowhere_else(inputs: list[tuple[int, ...]], data: Any) -> None:
    dim = data.draw(st.integers(-len(inputs[0]), len(inputs[0]) - 1))
    try:
        expected: Any = np.concatenate([nothing(shape) for shape in inputs], axis=dim).shape
    except ValueError:
        expected = "SC315"
    assert answer(Concat(dim=dim), *inputs) == expected


@given(
    st.lists(st.integers(1, 3), min_size=2, max_size=4).map(tuple),
    st.lists(st.integers(1, 3), min_size=2, max_size=4).map(tuple),
    st.booleans(),
)
def test_matrices_multiply_where_numpy_multiplies_them_and_nowhere_else(
    a: tuple[int, ...], b: tuple[int, ...], turned: bool
) -> None:
    second = np.swapaxes(np.zeros(b), -1, -2) if turned else np.zeros(b)
    try:
        expected: Any = np.matmul(np.zeros(a), second).shape
    except ValueError:
        expected = "SC315"
    assert answer(Matmul(transpose_b=turned), a, b) == expected


@given(st.integers(1, 40), st.integers(1, 12))
def test_pieces_of_an_axis_are_its_whole(size: int, number: int) -> None:
    pieces = [shape[1] for shape in Split(split_size=number).outputs((2, size)).values()]
    assert sum(pieces) == size
    assert set(pieces[:-1]) <= {number}
    if answer(Chunk(chunks=number), (2, size)) != "SC304":
        chunks = [shape[1] for shape in Chunk(chunks=number).outputs((2, size)).values()]
        assert (len(chunks), sum(chunks)) == (number, size)


@given(st.integers(1, 40), st.integers(1, 8))
def test_the_help_for_too_few_chunks_gives_as_many_pieces_as_asked(size: int, number: int) -> None:
    try:
        Chunk(chunks=number).outputs((size,))
    except LayerError as error:
        if error.code == "SC304" and "split_size" in (error.help or ""):
            sizes = [int(word) for word in error.help.partition("[")[2].partition("]")[0].split(",")]
            assert len(Split(split_size=tuple(sizes)).outputs((2, size))) == number


@pytest.mark.parametrize(
    ("layer", "inputs", "said", "help_text"),
    [
        pytest.param(
            Concat(),
            [(N, 64, 28, 28), (N, 32, 27, 28)],
            "expects equal sizes except for axis 1 (`dim`), receives [N, 64, 28, 28] and [N, 32, 27, 28]: "
            "axis 2 is 28 and 27",
            "a `stride`, `padding` or `center_crop` differs between them",
            id="space of maps that are joined",
        ),
        pytest.param(
            Concat(dim=-1),
            [(N, 4), (N, 4, 2), (N, 4)],
            "expects inputs of one rank, receives [N, 4], [N, 4, 2] and [N, 4]",
            "put `flatten`, or `global_avg_pool` and `flatten`, after [N, 4, 2]",
            id="ranks",
        ),
        pytest.param(
            Concat(dim=2),
            [(N, 4, 8, 8), (N, 5, 8, 8)],
            "expects equal sizes except for axis 2 (`dim`), receives [N, 4, 8, 8] and [N, 5, 8, 8]: axis 1 is 4 and 5",
            None,
            id="channels of maps joined along another axis",
        ),
        pytest.param(
            Matmul(),
            [(N, 5, 64), (N, 7, 64)],
            "expects inner axes that agree, receives [N, 5, 64] and [N, 7, 64]: "
            "axis -1 of the first is 64, axis -2 of the second 7",
            "write `matmul: {transpose_b: true}`",
            id="scores without a turn",
        ),
        pytest.param(
            Matmul(transpose_b=True),
            [(5, 7), (7, 5)],
            "expects inner axes that agree, receives [5, 7] and [7, 5]: "
            "axis -1 of the first is 7, axis -1 of the second 5",
            "leave `transpose_b` out",
            id="a turn too many",
        ),
        pytest.param(
            Matmul(),
            [(2, 3, 4, 5, 6), (2, 3, 5, 6, 7)],
            "expects leading axes that broadcast, receives [2, 3, 4, 5, 6] and [2, 3, 5, 6, 7]: axis 2 is 4 and 5",
            None,
            id="stacks of matrices",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_every_shape_and_the_axis(
    layer: Any, inputs: list[Any], said: str, help_text: str | None
) -> None:
    error = refused(layer, *inputs)
    assert (error.code, error.message, error.help) == ("SC315", said, help_text)


@pytest.mark.parametrize(
    ("layer", "inputs", "said", "field"),
    [
        pytest.param(
            Concat(),
            [(N, 4, H), (N, 4, 7)],
            "expects equal sizes except for axis 1 (`dim`), receives [N, 4, H] and [N, 4, 7], where axis 2 is H and 7: "
            "that depends on `H`",
            None,
            id="a symbol against a number",
        ),
        pytest.param(
            Matmul(),
            [(4, H), (W, 5)],
            "expects inner axes that agree, receives [4, H] and [W, 5], where axis -1 of the first is H, "
            "axis -2 of the second W: that depends on `H` and `W`",
            None,
            id="inner axes",
        ),
        pytest.param(
            Split(split_size=3),
            [(2, H)],
            "expects a number along axis 1, to cut it into pieces of 3, receives [2, H]: that depends on `H`",
            "split_size",
            id="how many pieces there are",
        ),
        pytest.param(
            Split(split_size=(3, 4)),
            [(2, H)],
            "expects axis 1 of 7, the sum of `split_size`, receives H in [2, H]: that depends on `H`",
            "split_size",
            id="whether a list sums to the axis",
        ),
        pytest.param(
            Chunk(chunks=2),
            [(2, H)],
            "expects 2 pieces of axis 1, receives fewer from [2, H]: that depends on `H`",
            "chunks",
            id="chunks of a symbol",
        ),
        pytest.param(
            SelectChannels(channels=(0, 4)),
            [(2, 2 * H)],
            "expects channel 4, receives [2, 2·H]: that depends on `H`",
            "channels",
            id="a channel that some sizes have",
        ),
    ],
)
def test_what_a_symbol_decides_is_left_open(layer: Any, inputs: list[Any], said: str, field: str | None) -> None:
    error = refused(layer, *inputs)
    assert (error.code, error.message, error.field) == ("SC311", said, field)


def test_joined_symbols_add_up() -> None:
    assert Concat(dim=0).output_shape((H, 3), (W, 3), (2, 3)) == (H + W + 2, 3)


def test_a_multiple_of_the_number_of_chunks_is_cut_with_its_symbols() -> None:
    assert Chunk(chunks=2, dim=2).outputs((N, 3, 4 * H)) == {"0": (N, 3, 2 * H), "1": (N, 3, 2 * H)}


def test_channels_that_every_size_has_are_taken_from_a_symbol() -> None:
    assert SelectChannels(channels=(0, 3)).output_shape((N, 4 * H, W)) == (N, 2, W)


def test_a_join_explains_its_axis_by_the_sum() -> None:
    inputs = (2, 64, 5), (2, 128, 5), (2, 32, 5)
    assert Concat(dim=-2).explain(*inputs, (2, 224, 5)) == "224 = 64 + 128 + 32"
    assert Concat().explain((2, H), (2, 3), (2, H + 3)) == ""


def test_sizes_that_do_not_sum_to_the_axis_are_refused_with_both_sums() -> None:
    error = refused(Split(split_size=(3, 4)), (2, 8))
    assert (error.code, error.field) == ("SC301", "split_size")
    assert error.message == "expects axis 1 of 7, the sum of `split_size`, receives 8 in [2, 8]"
    assert (error.label, error.help) == ("sums to 7", "write sizes that sum to 8")


def test_too_few_chunks_are_never_silent() -> None:
    error = refused(Chunk(chunks=4, dim=0), (5, 2))
    assert (error.code, error.field, error.label) == ("SC304", "chunks", "gives 3")
    assert error.message == "expects 4 pieces of axis 0, receives 3 of up to 2 from [5, 2]"
    assert error.help == "write `chunks: 3`, or say each size: `split: {split_size: [2, 1, 1, 1], dim: 0}`"


def test_a_channel_that_is_not_there_is_underlined_by_its_entry() -> None:
    error = refused(SelectChannels(channels=(0, 2, 3)), (2, 3, 7))
    assert (error.code, error.field, error.index) == ("SC310", "channels", (2,))
    assert error.message == "expects a channel from 0 to 2 of [2, 3, 7], receives 3"


def test_matrices_have_two_axes() -> None:
    assert refused(Matmul(), (4,), (4, 5)).code == "SC305"


@pytest.mark.parametrize(
    ("cls", "fields", "code"),
    [(Chunk, {"chunks": 4097}, "SC201"), (Split, {"split_size": (1,) * 4097}, "SC204")],
    ids=["chunk", "split"],
)
def test_more_pieces_than_a_step_gives_are_refused_by_the_fields(cls: Any, fields: Any, code: str) -> None:
    with pytest.raises(LayerError, match="at most 4096") as caught:
        cls(**fields)
    assert (caught.value.code, caught.value.field) == (code, next(iter(fields)))


def test_a_long_axis_is_not_cut_into_millions_of_pieces() -> None:
    assert refused(Split(split_size=1), (2, 2**31 - 1)).code == "SC309"
    assert len(Split(split_size=1).outputs((2, 4096))) == 4096


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (Add(), ("output",)),
        (Chunk(chunks=3), ("0", "1", "2")),
        (Split(split_size=(4, 1)), ("0", "1")),
        (Split(split_size=4), None),
    ],
    ids=["add", "chunk", "split by a list", "split by a number"],
)
def test_outputs_are_named_as_far_as_the_fields_tell(layer: Any, names: tuple[str, ...] | None) -> None:
    assert layer.output_names == names


def test_integers_are_joined_with_integers_alone() -> None:
    layer = Concat()
    assert layer.output_dtype("output", ("int64", "int64")) == "int64"
    with pytest.raises(LayerError, match="expects inputs of one dtype, receives int64 and float32"):
        layer.output_dtype("output", ("int64", "float32"))
