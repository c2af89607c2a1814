"""The activation functions of Keras by the names that `activation:` gives them."""

from typing import Any

from shapecalc.layers.keras.base import KerasCall, KerasRefusal, KerasStep, step

_ACTIVATIONS = {
    **{name: name for name in ("relu", "relu6", "elu", "gelu", "silu", "sigmoid", "tanh", "softplus")},
    "swish": "silu",
    "hard_sigmoid": "hardsigmoid",
    "hard_silu": "hardswish",
    "hard_swish": "hardswish",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
}
LEAKY_SLOPE = 0.2
"""The slope of `activation: leaky_relu`; the layer LeakyReLU has 0.3."""


def activation(call: KerasCall, dim: int | None = None) -> tuple[KerasStep, ...]:
    """Return the step of a field `activation`, if any; a softmax is along `dim`, by default the last axis."""
    return activation_steps(call.fields["activation"], call.word, dim)


def activation_steps(name: Any, word: str, dim: int | None = None) -> tuple[KerasStep, ...]:
    """Return the step of an activation function; none for `linear`."""
    if name is None or name == "linear":
        return ()
    if name == "leaky_relu":
        return (step("leaky_relu", negative_slope=LEAKY_SLOPE),)
    ours = _ACTIVATIONS.get(name) if isinstance(name, str) else None
    if ours is None:
        raise KerasRefusal(f"`{name}` as the activation of `{word}` has no counterpart here")
    return (step(ours, dim=dim),) if "softmax" in ours else (step(ours),)
