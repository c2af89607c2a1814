"""Layers of Keras over vectors and sequences: dense, embedding, recurrent, attention; and normalisations."""

from typing import Any

from shapecalc.layers.keras.activations import activation
from shapecalc.layers.keras.base import (
    REQUIRED,
    KerasCall,
    KerasRefusal,
    KerasStep,
    Reads,
    expect,
    keras_layer,
    step,
)

SEQUENCE = 3
"""Samples, steps, features."""


@keras_layer("dense", Reads.LAST, plain=True, units=REQUIRED, activation=None, use_bias=True)
@keras_layer("linear", Reads.LAST, shared=True, plain=True, units=REQUIRED, activation=None, use_bias=True)
def _dense(call: KerasCall) -> tuple[KerasStep, ...]:
    bias = None if call.fields["use_bias"] else False
    own = step("linear", out_features=call.fields["units"], bias=bias)
    return (own._replace(leads=True), *activation(call))


@keras_layer(
    "embedding",
    Reads.ORDER,
    shared=True,
    plain=True,
    input_dim=REQUIRED,
    output_dim=REQUIRED,
    mask_zero=False,
    input_length=None,
)
def _embedding(call: KerasCall) -> tuple[KerasStep, ...]:
    expect(call, mask_zero=False)
    return (step("embedding", num_embeddings=call.fields["input_dim"], embedding_dim=call.fields["output_dim"]),)


_RECURRENT: dict[str, Any] = {
    "units": REQUIRED,
    "activation": "tanh",
    "use_bias": True,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "return_sequences": False,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "batch_first": True,
}


def _recurrent(call: KerasCall, type_: str, **more: Any) -> tuple[KerasStep, ...]:
    """Return the layer, batch first; of its outputs the last step, or with `return_sequences` all."""
    if len(call.inputs[0]) != SEQUENCE:
        raise KerasRefusal(f"`{call.word}` reads [N, steps, features], and receives {len(call.inputs[0])} axes")
    for name in ("dropout", "recurrent_dropout"):
        if call.fields[name]:
            raise KerasRefusal(
                f"`{name}` of `{call.word}` drops the same features at all steps, which no layer here does",
                f"leave `{name}` out: it changes neither shapes nor parameters",
            )
    expect(call, return_state=False, go_backwards=False, stateful=False, batch_first=True)
    bias = None if call.fields["use_bias"] else False
    both = True if call.fields.get("bidirectional") else None
    own = step(type_, hidden_size=call.fields["units"], bias=bias, batch_first=True, bidirectional=both, **more)
    own = own._replace(leads=True)
    if call.fields["return_sequences"]:
        return (own,)
    if both is None:
        return (own, step("select", dim=1, index=-1))
    # The last step of each direction: h_n is [2, N, H].
    states = KerasStep("permute", {"dims": (1, 0, 2)}, reads=f"{call.name}.h_n")
    return (own._replace(name=call.name), states, step("flatten"))


@keras_layer("lstm", Reads.LAST, shared=True, **_RECURRENT, recurrent_activation="sigmoid")
def _lstm(call: KerasCall) -> tuple[KerasStep, ...]:
    expect(call, activation="tanh", recurrent_activation="sigmoid")
    return _recurrent(call, "lstm")


@keras_layer("gru", Reads.LAST, shared=True, **_RECURRENT, recurrent_activation="sigmoid", reset_after=True)
def _gru(call: KerasCall) -> tuple[KerasStep, ...]:
    expect(call, activation="tanh", recurrent_activation="sigmoid")
    return _recurrent(call, "gru", reset_after=None if call.fields["reset_after"] else False)


@keras_layer("simplernn", Reads.LAST, **_RECURRENT)
def _simple_rnn(call: KerasCall) -> tuple[KerasStep, ...]:
    if call.fields["activation"] not in ("tanh", "relu"):
        expect(call, activation="tanh")
    return _recurrent(call, "rnn", nonlinearity="relu" if call.fields["activation"] == "relu" else None)


@keras_layer(
    "multiheadattention",
    Reads.LAST,
    shared=True,
    num_heads=REQUIRED,
    key_dim=REQUIRED,
    value_dim=None,
    dropout=0.0,
    use_bias=True,
    output_shape=None,
    batch_first=True,
)
def _attention(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return the layer: `key_dim` is the size of one head, which must be that of its values too."""
    expect(call, output_shape=None, batch_first=True)
    heads, size = call.fields["num_heads"], call.fields["key_dim"]
    query, *others = call.inputs
    features = query[-1]
    if len(query) != SEQUENCE or len(others) > 1:
        raise KerasRefusal(f"`{call.word}` is converted for one sequence, or for a query and a value")
    value_size = size if call.fields["value_dim"] is None else call.fields["value_dim"]
    if not all(type(each) is int for each in (heads, size, value_size, features)):
        raise KerasRefusal(f"`num_heads`, `key_dim` and the features of `{call.word}` are not all known numbers")
    if value_size != size:
        source = others[0][-1] if others else features
        read, biased = (features + 1, source + 1) if call.fields["use_bias"] else (features, source)
        inside, values = heads * size, heads * value_size
        params = inside * (read + biased) + values * biased + features * (values + bool(call.fields["use_bias"]))
        raise KerasRefusal(
            f"`value_dim` is the size of one head of the values, {value_size}, and that of the keys is {size}; heads "
            f"of `multihead_attention` have one size. Keras has {params:,} parameters",
            f"write the projections as `linear: {inside}` and `linear: {values}` steps, then `reshape` and `permute` "
            f"each to [N, {heads}, T, size], `scaled_dot_product_attention`, and a `linear: {features}` after it",
        )
    bias, dropout = None if call.fields["use_bias"] else False, call.fields["dropout"] or None
    own_size = None if heads * size == features else size
    fields = {"num_heads": heads, "head_dim": own_size, "bias": bias, "batch_first": True, "dropout": dropout}
    return (step("multihead_attention", **fields),)


def _affine(call: KerasCall) -> bool:
    if call.fields["center"] != call.fields["scale"]:
        raise KerasRefusal(f"`{call.word}` with only one of `center` and `scale` has no counterpart here")
    return bool(call.fields["center"])


@keras_layer(
    "batchnormalization batchnorm",
    Reads.MAP,
    shared=True,
    axis=-1,
    momentum=0.99,
    epsilon=0.001,
    center=True,
    scale=True,
)
def _batch_norm(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return the layer; Keras's momentum is what stays of the statistics, PyTorch's what is new."""
    _channels(call)
    momentum = round(1 - call.fields["momentum"], 12)
    affine = None if _affine(call) else False
    return (step("batch_norm", eps=call.fields["epsilon"], momentum=momentum, affine=affine),)


@keras_layer(
    "groupnormalization groupnorm", Reads.MAP, shared=True, groups=32, axis=-1, epsilon=0.001, center=True, scale=True
)
def _group_norm(call: KerasCall) -> tuple[KerasStep, ...]:
    _channels(call)
    groups = call.fields["groups"]
    if groups == -1:
        return (step("instance_norm", eps=call.fields["epsilon"], affine=_affine(call)),)
    affine = None if _affine(call) else False
    return (step("group_norm", num_groups=groups, eps=call.fields["epsilon"], affine=affine),)


def _channels(call: KerasCall) -> None:
    """Refuse another axis than that of the channels."""
    rank = len(call.inputs[0])
    wanted = (-1, rank - 1) if call.moved or rank == 2 else (-1, 1)
    if call.fields["axis"] not in wanted:
        raise KerasRefusal(f"`axis: {call.fields['axis']}` of `{call.word}` is not the axis of the channels")


@keras_layer("layernormalization layernorm", Reads.LAST, shared=True, axis=-1, epsilon=0.001, center=True, scale=True)
def _layer_norm(call: KerasCall) -> tuple[KerasStep, ...]:
    _last(call)
    scale, center = call.fields["scale"], call.fields["center"]
    if center and not scale:
        _affine(call)
    return (
        step(
            "layer_norm",
            eps=call.fields["epsilon"],
            elementwise_affine=None if scale else False,
            bias=False if scale and not center else None,
        ),
    )


@keras_layer("rmsnormalization rmsnorm", Reads.LAST, shared=True, axis=-1, epsilon=1e-6)
def _rms_norm(call: KerasCall) -> tuple[KerasStep, ...]:
    _last(call)
    return (step("rms_norm", eps=call.fields["epsilon"]),)


def _last(call: KerasCall) -> None:
    if call.fields["axis"] not in (-1, (-1,), len(call.inputs[0]) - 1):
        raise KerasRefusal(f"`axis: {call.fields['axis']}` of `{call.word}` is not the last axis")
