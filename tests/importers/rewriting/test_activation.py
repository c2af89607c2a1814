"""Activation functions that are written as their formulas."""

from __future__ import annotations

from math import pi, sqrt

import pytest

from tests.importers.rewriting.networks import Network, types_of

HALF = sqrt(0.5)
ROOT = sqrt(2 / pi)


def gelu_by_erf(net, x):
    return net.step("multiply", net.step("multiply", x, other=0.5), phi(net, net.step("multiply", x, other=HALF)))


def gelu_with_the_half_last(net, x):
    gate = phi(net, net.step("divide", x, other=sqrt(2)))
    return net.step("multiply", net.step("multiply", x, gate), other=0.5)


def gelu_of_constants_as_steps(net, x):
    half = net.step("constant", values=0.5)
    gate = net.step("add", net.step("erf", net.step("multiply", x, other=0.70710677)), net.step("constant", values=1))
    return net.step("multiply", x, net.step("multiply", gate, half))


def phi(net, scaled):
    return net.step("add", net.step("erf", scaled), other=1)


def gelu_by_tanh(net, x):
    cubic = net.step("multiply", net.step("power", x, other=3), other=0.044715)
    return by_tanh(net, x, net.step("multiply", net.step("add", x, cubic), other=ROOT))


def gelu_by_tanh_of_factors(net, x):
    inner = net.step("add", net.step("multiply", net.step("multiply", x, other=0.044715), x), other=1)
    return by_tanh(net, x, net.step("multiply", net.step("multiply", x, other=ROOT), inner))


def gelu_by_tanh_of_squares(net, x):
    cube = net.step("multiply", net.step("square", x), x)
    inner = net.step("add", net.step("multiply", cube, other=0.044715), x)
    return by_tanh(net, x, net.step("multiply", inner, other=ROOT))


def by_tanh(net, x, inner):
    gate = net.step("add", net.step("tanh", inner), other=1)
    return net.step("multiply", net.step("multiply", x, other=0.5), gate)


def relu6_of_three_more(net, x):
    return net.step("clamp", net.step("add", x, other=3), min=0, max=6)


FORMULAS = {
    "gelu": (
        gelu_by_erf,
        gelu_with_the_half_last,
        gelu_of_constants_as_steps,
        gelu_by_tanh,
        gelu_by_tanh_of_factors,
        gelu_by_tanh_of_squares,
    ),
    "silu": (
        lambda net, x: net.step("multiply", x, net.step("sigmoid", x)),
        lambda net, x: net.step("multiply", net.step("sigmoid", x), x),
        lambda net, x: net.step("divide", x, net.step("add", net.step("exp", net.step("negative", x)), other=1)),
    ),
    "quick_gelu": (lambda net, x: net.step("multiply", x, net.step("sigmoid", net.step("multiply", x, other=1.702))),),
    "mish": (lambda net, x: net.step("multiply", x, net.step("tanh", net.step("softplus", x))),),
    "hardswish": (
        lambda net, x: net.step("multiply", x, net.step("hardsigmoid", x)),
        lambda net, x: net.step("divide", net.step("multiply", x, relu6_of_three_more(net, x)), other=6),
        lambda net, x: net.step("multiply", x, net.step("divide", relu6_of_three_more(net, x), other=6)),
    ),
    "hardsigmoid": (lambda net, x: net.step("divide", relu6_of_three_more(net, x), other=6),),
    "softplus": (
        lambda net, x: net.step("log", net.step("add", net.step("exp", x), other=1)),
        lambda net, x: net.step("log1p", net.step("exp", x)),
    ),
    "logsigmoid": (lambda net, x: net.step("log", net.step("sigmoid", x)),),
    "softsign": (lambda net, x: net.step("divide", x, net.step("add", net.step("abs", x), other=1)),),
    "relu": (
        lambda net, x: net.step("clamp", x, min=0),
        lambda net, x: net.step("maximum", x, net.step("constant", values=0)),
    ),
    "relu6": (
        lambda net, x: net.step("clamp", x, min=0, max=6),
        lambda net, x: net.step("hardtanh", x, min_val=0, max_val=6),
        lambda net, x: net.step("minimum", net.step("relu", x), other=6),
        lambda net, x: net.step("clamp", net.step("clamp", x, min=0), max=6),
    ),
    "log_softmax": (
        lambda net, x: net.step("log", net.step("softmax", x, dim=1)),
        lambda net, x: net.step("subtract", x, net.step("logsumexp", x, dim=1, keepdim=True)),
    ),
    "softmax": (
        lambda net, x: net.step(
            "divide",
            e := net.step("exp", net.step("subtract", x, net.step("max", x, dim=1, keepdim=True))),
            net.step("sum", e, dim=1, keepdim=True),
        ),
        lambda net, x: net.step("divide", e := net.step("exp", x), net.step("sum", e, dim=1, keepdim=True)),
    ),
    "glu": (
        lambda net, x: net.step(
            "multiply",
            a := net.step("chunk", x, chunks=2, dim=1),
            net.step("sigmoid", a.other("1")),
        ),
    ),
}


def test_a_formula_becomes_the_activation_that_it_defines():
    wrong = []
    for type_, formulas in FORMULAS.items():
        for place, formula in enumerate(formulas):
            # A constant of PyTorch's in float32 is that of the formula to seven digits.
            found = types_of(lambda net, formula=formula: formula(net, net.input(2, 8)), tolerance=2e-7)
            if found != [type_]:
                wrong.append((type_, place, found))
    assert not wrong


def test_a_formula_of_other_constants_stays():
    wrong = []
    for name, formula in {
        "a half that is a third": lambda net, x: net.step(
            "multiply", net.step("multiply", x, other=0.3), phi(net, net.step("multiply", x, other=HALF))
        ),
        "an error function of x": lambda net, x: net.step("multiply", net.step("multiply", x, other=0.5), phi(net, x)),
        "another slope": lambda net, x: net.step(
            "multiply", x, net.step("sigmoid", net.step("multiply", x, other=1.7))
        ),
        "a bound of 7": lambda net, x: net.step("clamp", x, min=0, max=7),
    }.items():
        found = types_of(lambda net, formula=formula: formula(net, net.input(2, 8)))
        if {"gelu", "quick_gelu", "silu", "relu6", "relu"} & set(found):
            wrong.append((name, found))
    assert not wrong


@pytest.mark.parametrize("is_output", [True, False])
def test_a_value_inside_that_others_read_keeps_the_formula(is_output):
    net = Network()
    x = net.input(2, 8)
    gate = net.step("sigmoid", x)
    y = net.step("multiply", x, gate)
    others = (gate,) if is_output else (net.step("tanh", gate),)
    assert "silu" not in net.rewritten(y, *others)


def test_a_gate_of_another_value_is_no_silu():
    net = Network()
    x, z = net.input(2, 8), net.input(2, 8, name="z")
    assert net.rewritten(net.step("multiply", x, net.step("sigmoid", z))) == ["sigmoid", "multiply"]


def test_the_comment_says_what_was_recognised_and_of_how_many_operators():
    net = Network()
    net.rewritten(gelu_by_erf(net, net.input(2, 8)))
    assert net.graph.nodes[-1].comment == "GELU, from 5 operators"
