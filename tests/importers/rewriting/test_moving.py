"""Chains of steps that move elements, and parts of an axis."""

from __future__ import annotations

from shapecalc.dims import symbol
from tests.importers.rewriting.networks import Network


def ended(net, x):
    """Return a value that the network computes of another, so that a chain has a step before and after it."""
    return net.step("relu", x)


def moved(steps, *shape):
    net = Network()
    x = ended(net, net.input(*shape))
    for type_, fields in steps:
        x = net.step(type_, x, **fields)
    types = net.rewritten(ended(net, x))
    return types[1:-1], net


def test_chains_become_the_fewest_moves():
    rows = (
        ("a permutation and its inverse", [("permute", {"dims": [0, 2, 1]})] * 2, (2, 3, 5), []),
        ("two reshapes", [("reshape", {"shape": [2, 15]}), ("reshape", {"shape": [2, 5, 3]})], (2, 3, 5), ["reshape"]),
        ("an axis inserted and removed", [("unsqueeze", {"dim": 1}), ("squeeze", {"dim": 1})], (2, 3), []),
        (
            "two permutations",
            [("permute", {"dims": [1, 2, 0]}), ("permute", {"dims": [0, 2, 1]})],
            (2, 3, 5),
            ["permute"],
        ),
        (
            "an axis of size 1 moved through a permutation",
            [("unsqueeze", {"dim": 0}), ("permute", {"dims": [1, 0, 3, 2]}), ("squeeze", {"dim": 1})],
            (2, 3, 5),
            ["permute"],
        ),
        ("heads", [("reshape", {"shape": [2, 7, 4, 3]}), ("permute", {"dims": [0, 2, 1, 3]})], (2, 7, 12), None),
        (
            "heads joined and divided again",
            [
                ("permute", {"dims": [0, 2, 1, 3]}),
                ("reshape", {"shape": [2, 7, 12]}),
                ("reshape", {"shape": [2, 7, 4, 3]}),
                ("permute", {"dims": [0, 2, 1, 3]}),
            ],
            (2, 4, 7, 3),
            [],
        ),
    )
    wrong = []
    for name, steps, shape, expected in rows:
        found, _ = moved(steps, *shape)
        if found != ([type_ for type_, _ in steps] if expected is None else expected):
            wrong.append((name, found))
    assert not wrong


def test_a_reshape_copies_the_axes_that_stay():
    _, net = moved([("reshape", {"shape": [2, 7, 4, 3]})], 2, 7, 12)
    assert net.graph.nodes[1].layer.shape == (0, 0, 4, 3)


def test_a_reshape_that_joins_axes_is_a_flatten():
    assert moved([("reshape", {"shape": [2, 105]})], 2, 3, 5, 7)[0] == ["flatten"]


def test_a_symbol_is_a_factor_of_an_axis():
    net = Network()
    x = ended(net, net.input(symbol("N"), 6, 5))
    flat = net.step("reshape", x, shape=[symbol("N") * 6, 5])
    back = net.step("reshape", flat, shape=[symbol("N"), 3, 2, 5])
    assert net.rewritten(ended(net, back), N=3) == ["relu", "reshape", "relu"]


def test_a_move_that_others_read_stays():
    net = Network()
    turned = net.step("permute", net.input(2, 3, 5), dims=[0, 2, 1])
    back = net.step("permute", turned, dims=[0, 2, 1])
    types = net.rewritten(ended(net, back), ended(net, turned))
    assert types.count("permute") == 1


def test_selections_of_all_indices_are_an_unbinding():
    net = Network()
    x = ended(net, net.input(2, 3, 5))
    first, last, middle = (net.step("select", x, dim=1, index=index) for index in (0, -1, 1))
    types = net.rewritten(net.step("subtract", net.step("multiply", first, middle), last))
    assert types == ["relu", "unbind", "multiply", "subtract"]


def test_slices_that_are_all_parts_are_a_split():
    net = Network()
    x = ended(net, net.input(2, 7, 5))
    first, last = net.step("slice", x, dim=1, end=3), net.step("slice", x, dim=1, start=3)
    types = net.rewritten(net.step("concat", last, first))
    assert types == ["relu", "split", "concat"]


def test_slices_that_overlap_stay():
    net = Network()
    x = ended(net, net.input(2, 7, 5))
    first, last = net.step("slice", x, dim=1, end=4), net.step("slice", x, dim=1, start=3)
    types = net.rewritten(net.step("subtract", last, first))
    assert types == ["relu", "slice", "slice", "subtract"]


def test_a_step_that_no_output_depends_on_is_removed():
    net = Network()
    x = net.input(2, 3)
    net.step("tanh", net.step("exp", x))
    assert net.rewritten(net.step("relu", x)) == ["relu"]


def test_a_network_that_changes_nothing_keeps_its_step():
    net = Network()
    assert net.rewritten(net.step("identity", net.input(2, 3))) == ["identity"]


def test_a_layer_with_parameters_that_no_output_depends_on_is_kept():
    net = Network()
    x = net.input(2, 3)
    net.step("tanh", net.step("linear", x, out_features=4, weights={"weight": "pooler.weight", "bias": "pooler.bias"}))
    assert net.rewritten(net.step("relu", x)) == ["linear", "tanh", "relu"]
