"""Axes, their number and counts beyond what any framework holds."""

from __future__ import annotations

import pytest

from shapecalc import inspect
from shapecalc.shape_inference.engine import infer
from tests.support.inferred_networks import LARGEST, net, refused


def test_an_axis_ends_at_the_largest() -> None:
    assert inspect(net(f"[1, 1, {LARGEST - 1}]", "pad: [0, 1]")).layers[0].output == (1, 1, LARGEST)
    assert refused(net(f"[1, 1, {LARGEST - 1}]", "pad: [1, 1]")) == [("SC309", "pad")]


def test_counts_end_below_two_to_the_63() -> None:
    """2 x (2^31 - 1)^2 products and sums, and 2^31 - 1 for the bias: just below."""
    architecture = net(f"[N, {LARGEST}]", f"linear: {LARGEST}")
    totals = inspect(architecture, N=1).totals
    assert totals.flops == 2 * LARGEST**2 + LARGEST < 2**63
    assert totals.params == LARGEST**2 + LARGEST
    assert refused(architecture, sizes={"N": 2}) == [("SC322", "linear")]


@pytest.mark.parametrize(
    ("shape", "step", "what"),
    [
        (f"[1, {2**30}, 3, 3]", f"conv: {{out_channels: {LARGEST}, kernel_size: 3, bias: false}}", "parameters"),
        ("[4, 3, 1, 1]", f"pad: {[2**29] * 4}", "numbers"),
        (f"[4, {2**30}, {2**29}]", "softmax", "FLOPs"),
    ],
    ids=["parameters", "numbers that leave", "FLOPs"],
)
def test_what_is_counted_beyond_bounds_is_named(shape: str, step: str, what: str) -> None:
    _, (finding,) = infer(net(shape, step))
    assert finding.code == "SC322"
    assert f" {what}, more than 9223372036854775807 (2^63 - 1)" in finding.message


def test_a_network_of_layers_within_bounds_may_be_beyond_them() -> None:
    architecture = net(f"[1, {LARGEST}]", f"linear: {LARGEST}", f"linear: {LARGEST}")
    _, (finding,) = infer(architecture)
    assert finding.code == "SC322"
    assert finding.message.startswith("the network has ")
    assert finding.message.endswith("FLOPs, more than 9223372036854775807 (2^63 - 1)")


def test_a_closed_form_without_end_is_a_mistake_with_a_way_out_and_no_crash() -> None:
    architecture = net("[N, 3, H]", *["upsample: 1.5"] * 20)
    _, (finding,) = infer(architecture, symbolic=True)
    assert finding.code == "SC311"
    assert infer(architecture, sizes={"H": 4})[0] is not None
