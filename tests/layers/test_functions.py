"""Functions of each element: costs, what is saved, which are activations, and networks of reports that need them."""

from __future__ import annotations

import shapecalc
from shapecalc.layers import layer_types
from shapecalc.layers.elementwise import Elementwise
from tests.support.layers import flops, made, saved
from tests.support.rows import for_each

FROM_OUTPUT = ("sqrt", "rsqrt", "exp", "expm1", "reciprocal")
FROM_INPUT = ("log", "log1p", "square", "erf", "sin", "cos")
TWO = ("rsqrt", "expm1", "log1p")


@for_each("word", (*FROM_OUTPUT, *FROM_INPUT))
def test_a_function_costs_one_operation_or_is_one_after_another(word: str) -> None:
    assert flops(made(word), (2, 3, 5)) == (60 if word in TWO else 30)


@for_each("word", (*FROM_OUTPUT, *FROM_INPUT))
def test_the_derivative_is_computed_from_the_output_or_from_the_input(word: str) -> None:
    assert saved(made(word), (2, 3)) == {"output" if word in FROM_OUTPUT else "input": 6}


@for_each("word", (*FROM_OUTPUT, *FROM_INPUT, "abs", "clamp"))
def test_a_function_is_elementwise_and_no_activation(word: str) -> None:
    """A pre-activation is what an activation reads: a square root is none."""
    assert issubclass(layer_types()[word], Elementwise)
    assert not layer_types()[word].is_activation


SIAMESE = """
name: Siamese, Koch 2015 (Omniglot)
inputs:
  left: [N, 1, 105, 105]
  right: [N, 1, 105, 105]
blocks:
  tower:
    layers:
      - conv: {out_channels: 64, kernel_size: 10}
      - relu
      - max_pool: 2
      - conv: {out_channels: 128, kernel_size: 7}
      - relu
      - max_pool: 2
      - conv: {out_channels: 128, kernel_size: 4}
      - relu
      - max_pool: 2
      - conv: {out_channels: 256, kernel_size: 4}
      - relu
      - flatten
      - linear: 4096
      - sigmoid
layers:
  - {tower: {}, from: left, name: a}
  - {tower: {}, from: right, share: a, name: b}
  - {subtract: {}, from: [a, b]}
  - abs
  - linear: 1
  - sigmoid
"""

VAE = """
name: PyTorch examples VAE
inputs:
  x: [N, 784]
  eps: [N, 20]
layers:
  - {linear: 400, from: x, name: fc1}
  - {relu: {}, name: h1}
  - {linear: 20, from: h1, name: mu}
  - {linear: 20, from: h1, name: logvar}
  - {multiply: 0.5, from: logvar}
  - {exp: {}, name: std}
  - {multiply: {}, from: [eps, std], name: noise}
  - {add: {}, from: [mu, noise], name: z}
  - linear: 400
  - relu
  - linear: 784
  - {sigmoid: {}, name: recon}
outputs: {recon: recon, mu: mu, logvar: logvar}
"""


def test_a_siamese_network_compares_its_towers_and_counts_them_once() -> None:
    """Koch, Zemel and Salakhutdinov 2015, figure 4; the figure is that of torch."""
    report = shapecalc.inspect(shapecalc.loads(SIAMESE))
    assert report.totals.params == 38_951_745
    assert report.layers[-1].output[1:] == (1,)


def test_a_variational_autoencoder_draws_with_the_root_of_its_variance() -> None:
    """pytorch/examples, vae/main.py: std = exp(0.5·logvar)."""
    network = shapecalc.loads(VAE)
    assert (
        shapecalc.inspect(network).totals.params
        == 784 * 400 + 400 + 2 * (400 * 20 + 20) + 20 * 400 + 400 + 400 * 784 + 784
    )
    assert shapecalc.verify(network).ok
    assert shapecalc.verify(network, backward=True).ok
