"""SC406: a softmax of probabilities."""

from __future__ import annotations

import pytest

from tests.support.lints import TABLE, codes, layers


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("softmax", "log_softmax"), ["SC406"]),
        (("softmax: 1", "softmax: -1"), ["SC406"]),
        (("softmax: 0", "softmax: 1"), ["SC414"]),  # the first one is over the batch
        (("log_softmax", "softmax"), []),
        (("softmax", "relu", "log_softmax"), []),
        (("softmax", "softmax", "softmax"), ["SC406", "SC406"]),
        (("linear: 5", "log_softmax"), []),
    ],
)
def test_a_softmax_of_probabilities_along_their_axis(steps: tuple[str, ...], expected: list[str]) -> None:
    assert codes(TABLE + layers(*steps)) == expected
