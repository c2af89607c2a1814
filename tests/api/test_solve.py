"""Sizes and fields that give a result."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError

UNET = """\
input: [N, 1, H, W]
layers:
  - {max_pool: 2}
  - {max_pool: 2}
  - {upsample: {scale_factor: 4}}
  - {add: {}, from: [upsample_2, input]}
"""

SHORT = """\
input: [1, 1, 9]
layers: [{conv: {out_channels: 2, kernel_size: 3}, name: c}]
expect: {output: [1, 2, 4]}
"""


def test_sizes_near_one_are_valid_and_next_to_it() -> None:
    net = shapecalc.loads(UNET)
    solution = shapecalc.solve(net, near={"H": 98})
    close = solution.close["H"]
    assert (close.below, close.fits, close.above) == (96, False, 100)
    for size, fits in ((close.below, True), (98, False), (close.above, True)):
        if fits:
            assert shapecalc.inspect(net, N=1, H=size, W=8).outputs["output"][2] == size
        else:
            with pytest.raises(ShapecalcError):
                shapecalc.inspect(net, N=1, H=size, W=8)
    assert set(shapecalc.solve(net, near=np.int64(98)).close) == {"N", "H", "W"}


def test_an_output_fixes_the_sizes() -> None:
    solution = shapecalc.solve("vgg16", output=(7, None), at="features.30", N=1)
    assert solution.sizes["H"].sentence("H") == "H must be 224 to 255"
    assert "N" not in solution.sizes


def test_unknown_fields_are_solved_for() -> None:
    choices = shapecalc.solve("alexnet", unknown=["conv1.stride"], at="conv1", output=(55, 55))
    assert [choice.values for choice in choices.solutions] == [(4,)]
    expecting = shapecalc.loads(
        "{input: [1, 1, 9], layers: [{conv: {out_channels: 2, kernel_size: 3}, name: c}], expect: {output: [1, 2, 4]}}"
    )
    found = shapecalc.solve(expecting, unknown="c.stride")
    assert [choice.values for choice in found.solutions] == [(2,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output": (0, 7)}, "SC201: `output` expects sizes of at least 1"),
        ({"output": ()}, "SC201: `output` expects sizes of at least 1"),
        ({"near": {"Q": 3}}, "SC312: `near` names `Q`"),
        ({"near": 0}, "SC201: `near` expects a size of at least 1, receives 0"),
        ({"unknown": []}, "SC201: `unknown` expects 1 to 3 different fields"),
        ({"unknown": ["c1.stride", "c1.stride"]}, "SC201: `unknown` expects 1 to 3 different fields"),
        ({"unknown": "c1.stride"}, "SC106: `unknown` c1.stride expects `output` as well, receives none"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_is_a_diagnostic(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.solve("lenet5", **arguments)  # type: ignore[call-overload]
    assert str(caught.value).startswith(message)


def test_axes_are_keywords_or_a_mapping() -> None:
    by_keyword = shapecalc.sweep("lenet5", N=range(1, 4))
    assert list(by_keyword.rows()) == list(shapecalc.sweep("lenet5", {"N": [1, 2, 3]}).rows())
    assert [row["macs"] for row in by_keyword.rows()] == [
        shapecalc.inspect("lenet5", N=n).totals.macs for n in (1, 2, 3)
    ]
