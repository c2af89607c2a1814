"""Layers of Keras that move elements, act on each alone, or join several inputs."""

from shapecalc.layers.keras.activations import activation_steps
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


@keras_layer("flatten", Reads.FLAT, shared=True, plain=True, data_format=None)
def _flatten(_: KerasCall) -> tuple[KerasStep, ...]:
    return (step("flatten"),)


@keras_layer("reshape", Reads.ORDER, shared=True, target_shape=REQUIRED)
def _reshape(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return the layer with the batch in front, which Keras leaves out."""
    sizes = call.fields["target_shape"]
    sizes = (sizes,) if type(sizes) is int else sizes
    if not isinstance(sizes, tuple) or not all(type(size) is int for size in sizes):
        raise KerasRefusal(f"`target_shape` of `{call.word}` expects a list of integers")
    return (step("reshape", shape=(0, *sizes)),)


@keras_layer("permute", Reads.ORDER, shared=True, dims=REQUIRED)
def _permute(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return the layer with the batch in front; Keras counts the other axes from 1."""
    dims = call.fields["dims"]
    if not isinstance(dims, tuple) or sorted(map(str, dims)) != sorted(map(str, range(1, len(call.inputs[0])))):
        raise KerasRefusal(f"`dims` of `{call.word}` expects each axis from 1 to {len(call.inputs[0]) - 1} once")
    return (step("permute", dims=(0, *dims)),)


@keras_layer("repeatvector", Reads.ORDER, n=REQUIRED)
def _repeat_vector(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return steps that repeat each feature along a new last axis, and then put the features last."""
    if len(call.inputs[0]) != 2:
        raise KerasRefusal(f"`{call.word}` reads [N, features], and receives {len(call.inputs[0])} axes")
    return (
        step("unsqueeze", dim=2),
        step("upsample", scale_factor=call.fields["n"]),
        step("permute", dims=(0, 2, 1)),
    )


@keras_layer("dropout", Reads.ANY, shared=True, plain=True, rate=REQUIRED)
def _dropout(call: KerasCall) -> tuple[KerasStep, ...]:
    return (step("dropout", p=call.fields["rate"]),)


@keras_layer("activation", Reads.ANY, activation=REQUIRED)
def _activation(call: KerasCall) -> tuple[KerasStep, ...]:
    name = call.fields["activation"]
    dim = call.axis(-1)
    return activation_steps(name, call.word, None if dim == -1 else dim) or (step("identity"),)


@keras_layer("inputlayer input", Reads.ORDER, shape=None, input_shape=None, batch_shape=None, batch_size=None)
def _input(_: KerasCall) -> tuple[KerasStep, ...]:
    """Return no step: the input is stated above the steps."""
    return ()


@keras_layer("identity", Reads.ANY, shared=True, plain=True)
def _identity(_: KerasCall) -> tuple[KerasStep, ...]:
    return (step("identity"),)


@keras_layer("relu", Reads.ANY, shared=True, plain=True, max_value=None, negative_slope=0.0, threshold=0.0)
def _relu(call: KerasCall) -> tuple[KerasStep, ...]:
    expect(call, threshold=0)
    slope, most = call.fields["negative_slope"], call.fields["max_value"]
    if most is None:
        return (step("leaky_relu", negative_slope=slope),) if slope else (step("relu"),)
    if most != 6 or slope:
        raise KerasRefusal(f"`max_value: {most}` of `{call.word}` has no counterpart here")
    return (step("relu6"),)


@keras_layer("leakyrelu", Reads.ANY, shared=True, negative_slope=0.3, alpha=None)
def _leaky_relu(call: KerasCall) -> tuple[KerasStep, ...]:
    slope = call.fields["negative_slope"] if call.fields["alpha"] is None else call.fields["alpha"]
    return (step("leaky_relu", negative_slope=slope),)


@keras_layer("elu", Reads.ANY, shared=True, alpha=1.0)
def _elu(call: KerasCall) -> tuple[KerasStep, ...]:
    alpha = call.fields["alpha"]
    return (step("elu", alpha=None if alpha == 1 else alpha),)


@keras_layer("softmax", Reads.ANY, shared=True, plain=True, axis=-1)
def _softmax(call: KerasCall) -> tuple[KerasStep, ...]:
    if type(call.fields["axis"]) is not int:
        raise KerasRefusal(f"`axis` of `{call.word}` expects one axis")
    dim = call.axis(call.fields["axis"])
    return (step("softmax", dim=None if dim == -1 else dim),)


@keras_layer("add", Reads.ANY, shared=True, plain=True)
def _add(_: KerasCall) -> tuple[KerasStep, ...]:
    return (step("add"),)


@keras_layer("multiply", Reads.ANY, shared=True, plain=True)
def _multiply(_: KerasCall) -> tuple[KerasStep, ...]:
    return (step("multiply"),)


@keras_layer("concatenate", Reads.ANY, axis=-1)
def _concatenate(call: KerasCall) -> tuple[KerasStep, ...]:
    if type(call.fields["axis"]) is not int:
        raise KerasRefusal(f"`axis` of `{call.word}` expects one axis")
    dim = call.axis(call.fields["axis"]) % len(call.inputs[0])
    return (step("concat", dim=None if dim == 1 else dim),)


@keras_layer("bidirectional timedistributed", Reads.LAST, wraps=True, layer=REQUIRED, merge_mode="concat")
def _wrapper(call: KerasCall) -> tuple[KerasStep, ...]:
    raise KerasRefusal(f"`{call.word}` expects a layer, such as `{call.word}: {{layer: {{LSTM: {{units: 64}}}}}}`")


_ONLY_KERAS = (
    "masking gaussiannoise gaussiandropout spatialdropout# alphadropout convlstm# einsumdense unitnormalization "
    "spectralnormalization groupqueryattention additiveattention activityregularization textvectorization "
    "categoryencoding randomflip randomrotation randomzoom randomcontrast"
)


@keras_layer("prelu subtract average maximum minimum dot normalization rescaling attention", Reads.ORDER, shared=True,
             lost=True)  # fmt: skip
@keras_layer(_ONLY_KERAS, Reads.ORDER, ranks=(3, 4, 5), lost=True)
@keras_layer("lambda", Reads.ORDER, lost=True)
def _refused(call: KerasCall) -> tuple[KerasStep, ...]:
    raise KerasRefusal(f"`{call.word}` has no exact counterpart here")
