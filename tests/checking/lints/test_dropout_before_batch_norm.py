"""SC404: dropout before a batch norm."""

from __future__ import annotations

import pytest

from tests.support.lints import TABLE, codes, layers


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("dropout", "batch_norm"), ["SC404"]),
        (("dropout: 0.1", "relu", "gelu", "batch_norm"), ["SC404"]),
        (("dropout: 0", "batch_norm"), []),
        (("dropout", "linear: {out_features: 5, bias: false}", "batch_norm"), []),
        (("dropout", "softmax", "batch_norm"), []),
        (("dropout", "layer_norm"), []),
        (("batch_norm", "dropout"), []),
        (("dropout", "relu"), []),
        (("stochastic_depth: 0.1", "batch_norm"), []),
    ],
)
def test_dropout_before_a_batch_norm(steps: tuple[str, ...], expected: list[str]) -> None:
    assert codes(TABLE + layers(*steps)) == expected


def test_the_slots_are_followed_and_not_the_lines() -> None:
    aside = layers("{relu: , name: kept}", "{dropout: 0.5, name: dropped}", "{batch_norm: , from: kept, name: normed}")
    assert codes(TABLE + aside + "outputs: [dropped, normed]\n") == []
    ahead = layers("{dropout: 0.5, name: dropped}", "tanh", "{batch_norm: , from: dropped, name: normed}")
    assert codes(TABLE + ahead + "outputs: [tanh_1, normed]\n") == ["SC404"]
