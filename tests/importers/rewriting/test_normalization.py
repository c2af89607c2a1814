"""Norms that are written as their formulas, and the weights that follow a norm."""

from __future__ import annotations

from tests.importers.rewriting.networks import Network


def centred(net, x, dim=-1):
    return net.step("subtract", x, net.step("mean", x, dim=dim, keepdim=True))


def layer_norm(net, x, dim=-1, *, power="square", over="sqrt", eps=1e-6):
    middle = centred(net, x, dim)
    squares = net.step("power", middle, other=2) if power == "power" else net.step("square", middle)
    if power == "product":
        squares = net.step("multiply", middle, middle)
    variance = net.step("mean", squares, dim=dim, keepdim=True)
    if power == "var":
        variance = net.step("var", x, dim=dim, keepdim=True, correction=0)
    return over_root(net, middle, net.step("add", variance, other=eps), over)


def over_root(net, above, below, over):
    if over == "sqrt":
        return net.step("divide", above, net.step("sqrt", below))
    if over == "rsqrt":
        return net.step("multiply", above, net.step("rsqrt", below))
    if over == "reciprocal":
        return net.step("multiply", net.step("reciprocal", net.step("sqrt", below)), above)
    return net.step("multiply", above, net.step("power", below, other=-0.5))


def rms_norm(net, x, dim=-1, over="rsqrt", eps=1e-5):
    squares = net.step("power", x, other=2)
    return over_root(net, x, net.step("add", net.step("mean", squares, dim=dim, keepdim=True), other=eps), over)


def test_a_layer_norm_is_recognised_however_its_square_and_its_root_are_written():
    wrong = []
    for power in ("square", "power", "product", "var"):
        for over in ("sqrt", "rsqrt", "reciprocal", "power"):
            net = Network()
            found = net.rewritten(layer_norm(net, net.input(3, 5, 8), power=power, over=over))
            if found != ["layer_norm"] or net.last().eps != 1e-6:
                wrong.append((power, over, found))
    assert not wrong


def test_weight_and_bias_belong_to_the_layer_norm():
    net = Network()
    normal = layer_norm(net, net.input(3, 5, 8))
    scaled = net.step("multiply", net.parameter("norm.a", 8), normal)
    assert net.rewritten(net.step("add", scaled, net.parameter("norm.b", 8))) == ["layer_norm"]
    node = net.graph.nodes[0]
    assert {name: stored.name for name, stored in node.tensors.items()} == {"weight": "norm.a", "bias": "norm.b"}
    assert node.comment == "layer norm, from 9 operators"


def test_an_rms_norm_has_its_weight_before_or_after():
    wrong = []
    for over in ("sqrt", "rsqrt", "reciprocal", "power"):
        for first in (True, False):
            net = Network()
            factors = [net.parameter("norm.weight", 8), rms_norm(net, net.input(3, 5, 8), over=over)]
            found = net.rewritten(net.step("multiply", *(factors if first else factors[::-1])))
            if found != ["rms_norm"] or list(net.graph.nodes[0].tensors) != ["weight"]:
                wrong.append((over, first, found))
    assert not wrong


def test_a_weight_that_1_is_added_to_is_left_alone():
    net = Network()
    weight = net.step("add", net.parameter("norm.weight", 8), other=1)
    found = net.rewritten(net.step("multiply", rms_norm(net, net.input(3, 5, 8)), weight))
    assert found == ["parameter", "add", "rms_norm", "multiply"]


def test_a_norm_over_channels_is_between_permutations():
    net = Network()
    found = net.rewritten(layer_norm(net, net.input(2, 8, 5, 3), dim=1))
    assert found == ["permute", "layer_norm", "permute"]


def test_a_variance_with_a_correction_is_no_layer_norm():
    net = Network()
    x = net.input(3, 5, 8)
    variance = net.step("add", net.step("var", x, dim=-1, keepdim=True), other=1e-5)
    found = net.rewritten(net.step("divide", centred(net, x), net.step("sqrt", variance)))
    assert "layer_norm" not in found


def test_a_mean_over_one_axis_and_a_variance_over_another_is_no_layer_norm():
    net = Network()
    x = net.input(3, 8, 8)
    variance = net.step("add", net.step("var", x, dim=1, keepdim=True, correction=0), other=1e-5)
    assert "layer_norm" not in net.rewritten(net.step("divide", centred(net, x), net.step("sqrt", variance)))


def test_a_vector_over_its_length_is_normalized():
    net = Network()
    x = net.input(3, 5, 8)
    length = net.step("clamp", net.step("norm", x, dim=-1, keepdim=True), min=1e-12)
    assert net.rewritten(net.step("divide", x, net.step("expand", length, size=(3, 5, 8)))) == ["normalize"]


def group_norm(net, ones):
    x = net.input(2, 6, 5, 3)
    groups = net.step("reshape", x, shape=(0, 3, -1))
    weights = {"weight": "ones", "bias": "zeros"}
    normal = net.step("instance_norm", groups, affine=True, weights=weights)
    net.given |= {"ones": ones, "zeros": [0.0, 0.0, 0.0]}
    back = net.step("reshape", normal, shape=(2, 6, 5, 3))
    scaled = net.step("multiply", back, net.parameter("norm.weight", 6, 1, 1))
    return net.step("add", scaled, net.parameter("norm.bias", 6, 1, 1))


def test_a_group_norm_as_onnx_writes_it():
    net = Network()
    assert net.rewritten(group_norm(net, [1.0, 1.0, 1.0])) == ["group_norm"]
    assert net.last().num_groups == 3


def test_groups_with_factors_of_their_own_are_no_group_norm():
    net = Network()
    assert "group_norm" not in net.rewritten(group_norm(net, [1.0, 2.0, 1.0]))
