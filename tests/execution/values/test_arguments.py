"""Inputs and parameters as arrays: given, by a word, or one sample without its axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective

NET = shapecalc.loads("{input: [N, 2], layers: [{linear: 3, name: fc}, {batch_norm: , name: b}]}")
WORDS = shapecalc.loads(
    "{inputs: {ids: {shape: [N, T], dtype: int64}}, sizes: {T: 4}, layers: [{embedding: {num_embeddings: 9, "
    "embedding_dim: 3}, name: e}]}"
)
TWO = shapecalc.loads("{inputs: {x: [N, H], y: [N, H]}, layers: [{add: , from: [x, y], name: s}]}")


def test_symbols_take_the_sizes_of_arrays_then_those_given_then_the_first_that_verify_tries() -> None:
    assert values(NET, np.ones((5, 2))).report.bindings == {"N": 5}
    assert values(NET, sizes={"N": 4})["fc"].shape == (4, 3)
    assert values(NET)["fc"].shape == (1, 3)
    assert values(WORDS)["e"].shape == (1, 4, 3)
    assert values(TWO, {"x": np.ones((2, 6)), "y": "random"})["y"].shape == (2, 6)
    assert values(TWO)["s"].shape == (1, values(TWO).report.bindings["H"])


def test_one_sample_may_be_without_its_axis() -> None:
    np.testing.assert_array_equal(values(NET, [1, 2])["fc"], values(NET, [[1, 2]])["fc"])
    assert values(WORDS, [2, 5, 8])["e"].shape == (1, 3, 3)


def test_words_stand_for_arrays() -> None:
    ones = values(NET, "ones", {"fc.weight": "ones", "fc.bias": "zeros", "b.running_mean": "zeros"})
    assert ones["input"].tolist() == [[1, 1]]
    assert ones["fc"].tolist() == [[2, 2, 2]]
    assert [record.name for record in ones.tensors() if record.drawn] == ["b.weight", "b.bias", "b.running_var"]
    zeros = values(NET, "zeros", "zeros")
    assert not any(record.drawn for record in zeros.tensors())
    assert zeros["fc"].tolist() == [[0, 0, 0]]
    assert all(record.drawn for record in values(WORDS).tensors() if record.name != "e")


def test_the_seed_decides_what_is_random() -> None:
    first, again, other = (values(NET, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["fc"], again["fc"])
    assert not np.array_equal(first["fc"], other["fc"])


def test_numbers_are_computed_in_the_dtype_asked_for() -> None:
    for dtype in ("float32", "float64"):
        found = values(NET, [1, 2], {"fc.weight": [[1, 2]] * 3}, dtype=dtype, objective=Objective())
        assert {array.dtype.name for name, array in found.arrays.items() if name != "losses"} == {dtype}
    assert values(NET, [0.1, 0.2])["input"].tolist() == [[0.1, 0.2]], "not rounded to float32"


REFUSED: list[tuple[Any, Any, Any, str]] = [
    (NET, [1, 2, 3], "ones", r"`input` expects \[N, 2\], receives \[1, 3\]"),
    (NET, [[[1, 2]]], "ones", r"`input` expects \[N, 2\], receives \[1, 1, 2\]"),
    (NET, [[1, 2], [3]], "ones", "lists of several lengths"),
    (NET, "twos", "ones", "`input` expects numbers or one of random, ones, zeros, receives `twos`"),
    (NET, {"x": [1, 2]}, "ones", r"expects inputs \['input'\], receives \['x'\]"),
    (NET, "ones", "twos", "`params` expects numbers or one of"),
    (NET, "ones", {"fc.weigth": "ones"}, "`fc.weigth` is no parameter"),
    (NET, "ones", {"fc.weight": "twos"}, "`fc.weight` expects numbers or one of"),
    (NET, "ones", {"fc.weight": [[1, 2]]}, r"`fc.weight` expects \[3, 2\], receives \[1, 2\]"),
    (TWO, [1, 2], "ones", r"expects inputs \['x', 'y'\], receives one array"),
    (TWO, {"x": [[1, 2]], "y": [[1, 2, 3]]}, "ones", r"`y` expects \[N, H\], receives \[1, 3\]"),
    (WORDS, [[0.5]], "ones", "`ids` expects int64, receives float64"),
    (WORDS, [[9]], "ones", "reads indices from 0 to 8, receives 9"),
]


def test_what_does_not_fit_is_refused() -> None:
    for net, inputs, params, message in REFUSED:
        with pytest.raises(ShapecalcError, match=f"SC702: .*{message}"):
            values(net, inputs, params)
    with pytest.raises(ShapecalcError, match=r"`input` expects \[N, 2\] at N = 3, receives \[1, 2\]"):
        values(NET, [[1, 2]], sizes={"N": 3})


def test_a_random_buffer_of_integers_or_flags_is_of_its_own_dtype() -> None:
    for dtype in ("int64", "bool"):
        buffer = f"{{buffer: {{shape: [3], dtype: {dtype}}}, name: b}}"
        network = shapecalc.loads(f"{{input: [N, 4], layers: [{buffer}], outputs: {{b: b}}}}")
        assert shapecalc.values(network)["b"].dtype == dtype
