"""Products with stored matrices, summands and factors of channels."""

from __future__ import annotations

from tests.importers.rewriting.networks import Network


def test_a_product_with_a_stored_matrix_and_a_stored_vector_is_a_linear_layer():
    net = Network()
    product = net.step("matmul", net.input(3, 5, 8), net.parameter("fc.weight", 8, 7))
    assert net.rewritten(net.step("add", product, net.parameter("fc.bias", 7))) == ["linear"]
    assert net.graph.nodes[0].tensors["weight"].how == "transposed"


def test_a_matrix_that_is_transposed_in_the_graph_is_the_weight_as_it_is():
    net = Network()
    turned = net.step("permute", net.parameter("fc.weight", 7, 8), dims=[1, 0])
    assert net.rewritten(net.step("matmul", net.input(3, 8), turned)) == ["linear"]
    assert net.graph.nodes[0].tensors["weight"].how == ""


def test_a_matrix_that_a_second_step_reads_stays_a_step():
    net = Network()
    matrix = net.parameter("w", 8, 8)
    product = net.step("matmul", net.input(8, 8), matrix)
    assert net.rewritten(net.step("add", product, matrix)) == ["parameter", "matmul", "add"]


def test_a_summand_of_each_channel_is_the_bias_of_a_convolution():
    net = Network()
    x = net.input(2, 3, 6, 5)
    maps = net.step("conv", x, out_channels=4, kernel_size=3, bias=False, weights={"weight": "c.weight"})
    assert net.rewritten(net.step("add", maps, net.parameter("c.b", 1, 4, 1, 1))) == ["conv"]
    assert net.last().bias


def test_a_summand_of_each_position_is_no_bias():
    net = Network()
    x = net.input(2, 3, 6, 5)
    maps = net.step("conv", x, out_channels=4, kernel_size=3, bias=False, weights={"weight": "c.weight"})
    assert net.rewritten(net.step("add", maps, net.parameter("p", 1, 4, 4, 3))) == ["conv", "parameter", "add"]


def test_a_factor_and_a_summand_of_each_channel_are_a_scale():
    net = Network()
    x = net.step("relu", net.input(2, 5, 3))
    scaled = net.step("multiply", x, net.parameter("gamma", 3))
    assert net.rewritten(net.step("add", scaled, net.parameter("beta", 3))) == ["relu", "scale"]
    assert (net.last().dim, net.last().bias) == (-1, True)


def test_zeros_before_a_convolution_are_its_padding():
    net = Network()
    padded = net.step("pad", net.input(2, 3, 6, 5), padding=[0, 1, 0, 1])
    assert net.rewritten(
        net.step("conv", padded, out_channels=4, kernel_size=3, stride=2, weights={"weight": "w", "bias": "b"})
    ) == ["conv"]
    assert net.last().padding == ((0, 1), (0, 1))


def test_ones_before_a_convolution_are_not_its_padding():
    net = Network()
    padded = net.step("pad", net.input(2, 3, 6, 5), padding=1, value=1.0)
    assert net.rewritten(
        net.step("conv", padded, out_channels=4, kernel_size=3, weights={"weight": "w", "bias": "b"})
    ) == ["pad", "conv"]


def test_rows_need_not_be_joined_for_a_linear_layer():
    net = Network()
    rows = net.step("reshape", net.input(2, 3, 8), shape=[6, 8])
    features = net.step("linear", rows, out_features=5, weights={"weight": "w", "bias": "b"})
    assert net.rewritten(net.step("reshape", features, shape=[2, 3, 5])) == ["linear"]
