"""Maxima back to their places: sizes by hand, and what is refused."""

from __future__ import annotations

from shapecalc.layers.unpooling import MaxUnpool
from tests.support.layers import made, refused


def test_the_default_size_is_the_smallest_that_the_pool_can_have_read() -> None:
    for fields, size in (({"kernel_size": 2}, 10), ({"kernel_size": 3, "stride": 2, "padding": 1}, 9)):
        y = MaxUnpool(**fields).output_shape((2, 3, 5), (2, 3, 5))  # type: ignore[arg-type]
        assert y == (2, 3, size)
        assert made("max_pool", **fields).output_shape(y) == (2, 3, 5)


def test_what_does_not_fit_is_refused() -> None:
    for layer, shapes, code in (
        (MaxUnpool(kernel_size=2), ((2, 3, 5), (2, 3, 6)), "SC301"),
        (MaxUnpool(kernel_size=2, padding=5), ((2, 3, 5), (2, 3, 5)), "SC302"),
        (MaxUnpool(kernel_size=2), ((2, 3), (2, 3)), "SC305"),
        (MaxUnpool(kernel_size=2, output_size=(3, 4)), ((2, 3, 5), (2, 3, 5)), "SC204"),
    ):
        assert refused(layer, *shapes).code == code


def test_a_pool_has_places_only_if_asked_for() -> None:
    assert made("max_pool", kernel_size=2).output_names == ("output",)
    pool = made("max_pool", kernel_size=2, return_indices=True)
    assert pool.outputs((2, 3, 4)) == {"output": (2, 3, 2), "indices": (2, 3, 2)}
    assert pool.output_dtype("indices", ("float32",)) == "int64"
