"""The whole of multi-head attention: projections, heads, attention."""

from __future__ import annotations

from tests.importers.rewriting.networks import Network

WEIGHTS = {"weight": "in.w", "bias": "in.b"}


def heads(net, x, batch_first, order=(0, 1, 2)):
    """Return queries, keys and values [N, heads, length, features] of a projection."""
    projected = net.step("linear", x, out_features=24, weights=WEIGHTS)
    parts = net.step("chunk", projected, chunks=3, dim=2)
    first, second = x.shape[:2]
    result = []
    for index in order:
        apart = net.step("reshape", parts.other(str(index)), shape=[first, second, 2, 4])
        result.append(net.step("permute", apart, dims=[0, 2, 1, 3] if batch_first else [1, 2, 0, 3]))
    return result


def joined(net, attended, batch_first):
    moved = net.step("permute", attended, dims=[0, 2, 1, 3] if batch_first else [2, 0, 1, 3])
    return net.step("flatten", moved, start_dim=2)


def attention(batch_first, order=(0, 1, 2), turned=False):
    net = Network()
    x = net.step("relu", net.input(3, 5, 8))
    attended = net.step("scaled_dot_product_attention", *heads(net, x, batch_first, order), is_causal=True)
    rows = joined(net, attended, batch_first is not turned)
    return net, net.step("linear", rows, out_features=8, weights={"weight": "out.w", "bias": "out.b"})


def test_projections_heads_and_attention_are_one_layer_in_both_orders_of_the_axes():
    for batch_first in (True, False):
        net, y = attention(batch_first)
        assert net.rewritten(y) == ["relu", "multihead_attention"], batch_first
        assert (net.last().num_heads, net.last().batch_first, net.last().is_causal) == (2, batch_first, True)


def test_a_result_in_the_other_order_is_permuted():
    net, y = attention(batch_first=True, turned=True)
    assert net.rewritten(y) == ["relu", "multihead_attention", "permute"]


def test_parts_in_another_order_are_no_multihead_attention():
    net, y = attention(batch_first=True, order=(1, 0, 2))
    assert "multihead_attention" not in net.rewritten(y)


def test_one_axis_of_parts_before_heads():
    net = Network()
    x = net.step("relu", net.input(3, 5, 8))
    projected = net.step("linear", x, out_features=24, weights=WEIGHTS)
    apart = net.step("reshape", projected, shape=[0, 0, 3, 2, 4])
    parts = net.step("permute", apart, dims=[2, 0, 3, 1, 4])
    q, k, v = (net.step("select", parts, dim=0, index=index) for index in range(3))
    rows = joined(net, net.step("scaled_dot_product_attention", q, k, v), batch_first=True)
    y = net.step("linear", rows, out_features=8, weights={"weight": "out.w", "bias": "out.b"})
    assert net.rewritten(y) == ["relu", "multihead_attention"]
    assert [stored.name for stored in net.graph.nodes[-1].tensors.values()] == ["in.w", "in.b", "out.w", "out.b"]


def test_heads_before_parts_are_no_multihead_attention():
    net = Network()
    x = net.step("relu", net.input(3, 5, 8))
    projected = net.step("linear", x, out_features=24, weights=WEIGHTS)
    apart = net.step("reshape", projected, shape=[0, 0, 2, 3, 4])
    parts = net.step("permute", apart, dims=[3, 0, 2, 1, 4])
    q, k, v = (net.step("select", parts, dim=0, index=index) for index in range(3))
    rows = joined(net, net.step("scaled_dot_product_attention", q, k, v), batch_first=True)
    y = net.step("linear", rows, out_features=8, weights={"weight": "out.w", "bias": "out.b"})
    assert "multihead_attention" not in net.rewritten(y)
