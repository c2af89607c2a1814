"""Attention from its products, causal masks, and heads that are repeated."""

from __future__ import annotations

import numpy as np
import pytest

from tests.importers.rewriting.networks import Network

LATER = np.triu(np.ones((6, 6)), 1) > 0


def attention(net, *, mask=None, turned=True, factor=0.5, before=False, length=6):
    q, k, v = (net.input(2, 3, length, 4, name=name) for name in "qkv")
    if before:
        q = net.step("multiply", q, other=factor)
    if turned:
        scores = net.step("matmul", q, net.step("permute", k, dims=[0, 1, 3, 2]))
    else:
        scores = net.step("matmul", q, k, transpose_b=True)
    scores = scores if before else net.step("multiply", scores, other=factor)
    return net.step("matmul", net.step("softmax", mask(scores) if mask else scores, dim=-1), v)


def test_the_products_of_attention_are_one_layer_wherever_they_are_scaled():
    wrong = []
    for turned in (True, False):
        for before in (True, False):
            net = Network()
            found = net.rewritten(attention(net, turned=turned, before=before))
            if found != ["scaled_dot_product_attention"] or net.last().scale is not None:
                wrong.append((turned, before, found))
    assert not wrong


def test_another_scale_is_written():
    net = Network()
    assert net.rewritten(attention(net, factor=0.3)) == ["scaled_dot_product_attention"]
    assert net.last().scale == 0.3


def test_a_mask_that_is_computed_is_the_fourth_input():
    net = Network()
    given = net.input(2, 1, 6, 6, name="mask")
    net.rewritten(attention(net, mask=lambda scores: net.step("add", scores, given)))
    assert [len(node.reads) for node in net.graph.nodes] == [4]


@pytest.mark.parametrize("value", [-np.inf, -1e9])
def test_a_constant_that_hides_the_later_keys_is_causal(value):
    net = Network()
    mask = net.constant("mask", np.where(LATER, value, 0.0)[None, None])
    types = net.rewritten(attention(net, mask=lambda scores: net.step("add", scores, mask)))
    assert types == ["scaled_dot_product_attention"]
    assert net.last().is_causal


def test_a_window_is_read_from_a_constant():
    net = Network()
    far = LATER | (np.tril(np.ones((6, 6)), -3) > 0)
    mask = net.constant("mask", np.where(far, -np.inf, 0.0))
    net.rewritten(attention(net, mask=lambda scores: net.step("add", scores, mask)))
    assert (net.last().is_causal, net.last().window) == (True, 3)


def test_scores_that_are_filled_with_minus_infinity_are_hidden():
    net = Network()
    lower = net.step("tril", net.constant("ones", np.ones((6, 6))))
    mask = net.step("equal", lower, other=0)
    net.rewritten(attention(net, mask=lambda scores: net.step("masked_fill", scores, mask, value=-np.inf)))
    assert net.last().is_causal


def test_a_constant_that_hides_other_keys_stays_a_mask():
    net = Network()
    other = LATER.copy()
    other[3, 1] = True
    mask = net.constant("mask", np.where(other, -np.inf, 0.0))
    net.rewritten(attention(net, mask=lambda scores: net.step("add", scores, mask)))
    assert not net.last().is_causal


def test_a_mask_that_a_factor_follows_is_no_mask_of_attention():
    net = Network()
    given = net.input(2, 1, 6, 6, name="mask")
    masked = lambda scores: net.step("multiply", net.step("add", scores, given), other=2.0)  # noqa: E731
    assert "scaled_dot_product_attention" not in net.rewritten(attention(net, mask=masked))


def test_a_bound_of_the_scores_is_a_softcap():
    net = Network()

    def capped(scores):
        return net.step("multiply", net.step("tanh", net.step("divide", scores, other=20.0)), other=20.0)

    assert net.rewritten(attention(net, mask=capped)) == ["scaled_dot_product_attention"]
    assert net.last().softcap == 20
    assert net.last().scale is None


def test_a_softmax_along_the_queries_is_no_attention():
    net = Network()
    q, k, v = (net.input(2, 3, 6, 4, name=name) for name in "qkv")
    weights = net.step("softmax", net.step("matmul", q, k, transpose_b=True), dim=-2)
    assert net.rewritten(net.step("matmul", weights, v)) == ["matmul", "softmax", "matmul"]


def test_heads_that_are_repeated_are_shared():
    net = Network()
    q = net.input(2, 6, 5, 4, name="q")
    repeated = []
    for name in "kv":
        one = net.step("unsqueeze", net.input(2, 3, 5, 4, name=name), dim=2)
        wide = net.step("expand", one, size=[2, 3, 2, 5, 4])
        repeated.append(net.step("reshape", wide, shape=[2, 6, 5, 4]))
    types = net.rewritten(net.step("scaled_dot_product_attention", q, *repeated))
    assert types == ["scaled_dot_product_attention"]
    assert net.last().enable_gqa


def test_keys_that_are_repeated_as_a_whole_are_not_shared():
    net = Network()
    q = net.input(2, 6, 5, 4, name="q")
    tiled = [net.step("tile", net.input(2, 3, 5, 4, name=name), dims=[1, 2, 1, 1]) for name in "kv"]
    net.rewritten(net.step("scaled_dot_product_attention", q, *tiled))
    assert not net.last().enable_gqa


def rotary(net, cosines, sines):
    x = net.input(2, 3, 6, 8)
    first, second = net.step("slice", x, dim=-1, end=4), net.step("slice", x, dim=-1, start=4)
    turned = net.step("concat", net.step("negative", second), first, dim=-1)
    cos, sin = (net.constant(name, table) for name, table in (("cos", cosines), ("sin", sines)))
    return net.step("add", net.step("multiply", x, cos), net.step("multiply", turned, sin))


def angles(base):
    half = np.arange(6)[:, None] * base ** -(np.arange(0, 8, 2) / 8)
    return np.concatenate([half, half], axis=1)


def test_a_rotation_by_the_angles_of_a_base_has_that_base():
    net = Network()
    table = angles(500_000.0)
    assert net.rewritten(rotary(net, np.cos(table), np.sin(table))) == ["rotary_embedding"]
    assert net.last().base == 500_000


def test_a_rotation_by_other_angles_reads_them():
    net = Network()
    table = angles(10_000.0) * 1.1
    assert net.rewritten(rotary(net, np.cos(table), np.sin(table))) == ["constant", "constant", "rotary_embedding"]


def test_a_trained_vector_in_front_of_a_sequence_is_a_class_token():
    net = Network()
    wide = net.step("expand", net.parameter("cls", 1, 1, 4), size=[2, -1, -1])
    assert net.rewritten(net.step("concat", wide, net.input(2, 5, 4), dim=1)) == ["class_token"]


def test_a_finite_fill_of_a_constant_mask_that_leaves_keys_is_causal():
    net = Network()
    mask = net.constant("mask", ~LATER)
    net.rewritten(attention(net, mask=lambda scores: net.step("where", mask, scores, y=-3.4e38)))
    assert net.last().is_causal


def test_a_finite_fill_that_may_hide_every_key_stays():
    net = Network()
    mask = net.input(2, 1, 1, 6, name="mask", dtype="bool")
    types = net.rewritten(attention(net, mask=lambda scores: net.step("where", mask, scores, y=-1e9)))
    assert "scaled_dot_product_attention" not in types


def test_queries_that_are_scaled_before_they_are_divided_into_heads():
    net = Network()
    k, v = (net.input(2, 3, 6, 4, name=name) for name in "kv")
    x = net.step("multiply", net.step("relu", net.input(2, 6, 12)), other=0.5)
    q = net.step("permute", net.step("reshape", x, shape=[0, 0, 3, 4]), dims=[0, 2, 1, 3])
    types = net.rewritten(net.step("scaled_dot_product_attention", q, k, v, scale=1.0))
    assert types == ["relu", "reshape", "permute", "scaled_dot_product_attention"]
    assert net.last().scale is None


def test_a_condition_that_is_true_everywhere_is_dropped():
    net = Network()
    everywhere = net.constant("all", np.ones((1, 6), dtype=bool))
    x = net.step("relu", net.input(2, 6))
    assert net.rewritten(net.step("tanh", net.step("where", everywhere, x, y=-1e9))) == ["relu", "tanh"]


@pytest.mark.parametrize(("first", "expected"), [(0, "positional_encoding"), (1, "embedding")])
def test_rows_for_the_indices_from_0_are_a_learned_positional_encoding(first, expected):
    net = Network()
    indices = net.constant("indices", np.arange(first, first + 6)[None])
    rows = net.step("embedding", indices, num_embeddings=9, embedding_dim=4, weights={"weight": "wpe.weight"})
    assert expected in net.rewritten(net.step("add", net.step("relu", net.input(2, 6, 4)), rows))


def rotated_parts(net, first, second, table):
    cos, sin = (net.constant(name, of(table)) for name, of in (("cos", np.cos), ("sin", np.sin)))
    left = net.step("subtract", net.step("multiply", first, cos), net.step("multiply", second, sin))
    right = net.step("add", net.step("multiply", first, sin), net.step("multiply", second, cos))
    return left, right


def test_pairs_of_neighbours_are_rotated_together():
    net = Network()
    x = net.step("relu", net.input(2, 3, 6, 8))
    pairs = net.step("reshape", x, shape=[2, 3, 6, 4, 2])
    first, second = (net.step("select", pairs, dim=-1, index=index) for index in (0, 1))
    rotated = net.step("stack", *rotated_parts(net, first, second, angles(10_000.0)[:, :4]), dim=-1)
    assert net.rewritten(net.step("flatten", rotated, start_dim=3)) == ["relu", "rotary_embedding"]
    assert net.last().interleaved


def test_halves_that_are_rotated_and_joined():
    net = Network()
    halves = net.step("chunk", net.step("relu", net.input(2, 3, 6, 8)), chunks=2, dim=-1)
    parts = rotated_parts(net, halves, halves.other("1"), angles(10_000.0)[:, :4])
    assert net.rewritten(net.step("concat", *parts, dim=-1)) == ["relu", "rotary_embedding"]


def test_halves_that_are_joined_in_the_other_order_are_no_rotation():
    net = Network()
    halves = net.step("chunk", net.step("relu", net.input(2, 3, 6, 8)), chunks=2, dim=-1)
    parts = rotated_parts(net, halves.other("1"), halves, angles(10_000.0)[:, :4])
    assert "rotary_embedding" not in net.rewritten(net.step("concat", *parts, dim=-1))
