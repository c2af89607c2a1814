"""Layers of Keras over maps: convolutions, pooling, upsampling, padding and cropping."""

from typing import Any

from shapecalc.layers.keras.activations import activation
from shapecalc.layers.keras.base import (
    REQUIRED,
    KerasCall,
    KerasRefusal,
    KerasStep,
    Reads,
    changed,
    expect,
    keras_layer,
    numbers,
    step,
)

RANKS = (3, 4, 5)
_CONV: dict[str, Any] = {
    "kernel_size": REQUIRED,
    "strides": 1,
    "padding": "valid",
    "data_format": None,
    "dilation_rate": 1,
    "activation": None,
    "use_bias": True,
}
_POOL: dict[str, Any] = {"pool_size": 2, "strides": None, "padding": "valid", "data_format": None}


def _axes(call: KerasCall) -> int:
    return len(call.inputs[0]) - 2


def _padding(call: KerasCall, *also: str) -> str:
    padding = str(call.fields["padding"]).lower()
    if padding not in ("valid", "same", *also):
        raise KerasRefusal(f"`padding` of `{call.word}` is `valid` or `same`, not `{padding}`")
    return padding


def _windows(call: KerasCall) -> dict[str, Any]:
    """Return the fields of a window; `valid` is the default here."""
    axes = _axes(call)
    stride, dilation = numbers(call, "strides", axes), numbers(call, "dilation_rate", axes)
    padding = _padding(call, "causal")
    return changed(
        kernel_size=numbers(call, "kernel_size", axes),
        stride=None if stride == 1 else stride,
        padding=None if padding == "valid" else padding,
        dilation=None if dilation == 1 else dilation,
    )


@keras_layer("conv# convolution#", Reads.MAP, ranks=RANKS, shared=True, plain=True, filters=REQUIRED, **_CONV, groups=1)
def _conv(call: KerasCall) -> tuple[KerasStep, ...]:
    if _padding(call, "causal") == "causal" and _axes(call) > 1:
        raise KerasRefusal(f"`padding: causal` is for one axis, and `{call.word}` has {_axes(call)}")
    bias, groups = call.fields["use_bias"], call.fields["groups"]
    own = step(
        "conv",
        out_channels=call.fields["filters"],
        **_windows(call),
        groups=None if groups == 1 else groups,
        bias=None if bias else False,
    )
    return (own._replace(leads=True), *activation(call, dim=1))


def _known_channels(call: KerasCall) -> int:
    if not isinstance(call.channels, int):
        raise KerasRefusal(f"`{call.word}` has a filter for each channel, and their number is not known")
    return call.channels


@keras_layer("depthwiseconv#", Reads.MAP, ranks=RANKS[:2], depth_multiplier=1, **_CONV)
def _depthwise(call: KerasCall) -> tuple[KerasStep, ...]:
    channels = _known_channels(call)
    _padding(call)
    out = channels * call.fields["depth_multiplier"]
    bias = None if call.fields["use_bias"] else False
    own = step("conv", out_channels=out, **_windows(call), groups=channels, bias=bias)
    return (own._replace(leads=True), *activation(call, dim=1))


@keras_layer(
    "separableconv# separableconvolution#", Reads.MAP, ranks=RANKS[:2], filters=REQUIRED, **_CONV, depth_multiplier=1
)
def _separable(call: KerasCall) -> tuple[KerasStep, ...]:
    channels = _known_channels(call)
    _padding(call)
    out = channels * call.fields["depth_multiplier"]
    bias = None if call.fields["use_bias"] else False
    return (
        step("conv", out_channels=out, **_windows(call), groups=channels, bias=False),
        step("conv", out_channels=call.fields["filters"], kernel_size=1, bias=bias)._replace(leads=True),
        *activation(call, dim=1),
    )


@keras_layer("conv#transpose convolution#transpose", Reads.MAP, ranks=RANKS, filters=REQUIRED, **_CONV,
             output_padding=None)  # fmt: skip
def _conv_transpose(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return the layer; `valid` is written only if a window is shorter than its stride, and is 0 otherwise."""
    axes = _axes(call)
    kernel, stride = (_each(numbers(call, name, axes), axes) for name in ("kernel_size", "strides"))
    extra = None if call.fields["output_padding"] is None else numbers(call, "output_padding", axes)
    fields = _windows(call)
    if _padding(call) == "valid" and extra is None and any(k < s for k, s in zip(kernel, stride, strict=True)):
        fields["padding"] = "valid"
    bias = None if call.fields["use_bias"] else False
    own = step("conv_transpose", out_channels=call.fields["filters"], **fields, output_padding=extra, bias=bias)
    return (own._replace(leads=True), *activation(call, dim=1))


def _each(value: Any, axes: int) -> list[int]:
    return [value] * axes if isinstance(value, int) else list(value)


def _pool(call: KerasCall, type_: str) -> KerasStep:
    axes = _axes(call)
    size = numbers(call, "pool_size", axes)
    stride = size if call.fields["strides"] is None else numbers(call, "strides", axes)
    padding = "same" if _padding(call) == "same" else None
    return step(type_, kernel_size=size, stride=None if stride == size else stride, padding=padding)


@keras_layer("maxpooling#", Reads.MAP, ranks=RANKS, plain=True, **_POOL)
@keras_layer("maxpool#", Reads.MAP, ranks=RANKS, shared=True, plain=True, **_POOL)
def _max_pool(call: KerasCall) -> tuple[KerasStep, ...]:
    return (_pool(call, "max_pool"),)


@keras_layer("averagepooling#", Reads.MAP, ranks=RANKS, **_POOL)
@keras_layer("avgpool#", Reads.MAP, ranks=RANKS, shared=True, **_POOL)
def _average_pool(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return the mean over the elements that exist: Keras does not count padding."""
    own = _pool(call, "avg_pool")
    return (own._replace(fields={**own.fields, "count_include_pad": False}) if "padding" in own.fields else own,)


def _global(call: KerasCall, type_: str) -> tuple[KerasStep, ...]:
    return (step(type_, keepdim=None if call.fields["keepdims"] else False),)


@keras_layer("globalaveragepooling# globalavgpool#", Reads.MAP, ranks=RANKS, data_format=None, keepdims=False)
def _global_average(call: KerasCall) -> tuple[KerasStep, ...]:
    return _global(call, "global_avg_pool")


@keras_layer("globalmaxpooling# globalmaxpool#", Reads.MAP, ranks=RANKS, data_format=None, keepdims=False)
def _global_max(call: KerasCall) -> tuple[KerasStep, ...]:
    return _global(call, "global_max_pool")


@keras_layer("adaptiveaveragepooling#", Reads.MAP, ranks=RANKS, output_size=REQUIRED, data_format=None)
def _adaptive_average(call: KerasCall) -> tuple[KerasStep, ...]:
    return (step("adaptive_avg_pool", output_size=numbers(call, "output_size", _axes(call))),)


@keras_layer("adaptivemaxpooling#", Reads.MAP, ranks=RANKS, output_size=REQUIRED, data_format=None)
def _adaptive_max(call: KerasCall) -> tuple[KerasStep, ...]:
    return (step("adaptive_max_pool", output_size=numbers(call, "output_size", _axes(call))),)


@keras_layer("upsampling#", Reads.MAP, ranks=RANKS, size=2, data_format=None, interpolation="nearest")
def _upsampling(call: KerasCall) -> tuple[KerasStep, ...]:
    """Return the layer with `size` as its factor."""
    mode = call.fields["interpolation"]
    if mode not in ("nearest", "bilinear") or (mode == "bilinear" and _axes(call) != 2):
        raise KerasRefusal(f"`interpolation: {mode}` of `{call.word}` has no counterpart here")
    factor = numbers(call, "size", _axes(call))
    return (step("upsample", scale_factor=factor, mode=None if mode == "nearest" else mode),)


@keras_layer("resizing", Reads.MAP, ranks=(4,), height=REQUIRED, width=REQUIRED, interpolation="bilinear",
             crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, antialias=False, data_format=None)  # fmt: skip
def _resizing(call: KerasCall) -> tuple[KerasStep, ...]:
    expect(call, crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, antialias=False, interpolation="bilinear")
    return (step("upsample", size=(call.fields["height"], call.fields["width"]), mode="bilinear"),)


@keras_layer("centercrop", Reads.MAP, ranks=(4,), height=REQUIRED, width=REQUIRED, data_format=None)
def _center_crop(call: KerasCall) -> tuple[KerasStep, ...]:
    height, width = call.fields["height"], call.fields["width"]
    for have, want in zip(call.inputs[0][2:], (height, width), strict=True):
        if not isinstance(have, int) or have < want or (have - want) % 2:
            raise KerasRefusal(f"`{call.word}` from {have} to {want} has no exact counterpart here")
    return (step("center_crop", size=(height, width)),)


@keras_layer("zeropadding#", Reads.MAP, ranks=RANKS, padding=1, data_format=None)
def _zero_padding(call: KerasCall) -> tuple[KerasStep, ...]:
    pairs = _pairs(call, "padding")
    if len({side for pair in pairs for side in pair}) == 1:
        return (step("pad", padding=pairs[0][0]),)
    return (step("pad", padding=tuple(side for pair in reversed(pairs) for side in pair)),)


@keras_layer("cropping#", Reads.MAP, ranks=RANKS, cropping=1, data_format=None)
def _cropping(call: KerasCall) -> tuple[KerasStep, ...]:
    sizes: list[int] = []
    for n, (before, after) in zip(call.inputs[0][2:], _pairs(call, "cropping"), strict=True):
        if before != after or not isinstance(n, int):
            raise KerasRefusal(f"`{call.word}` that takes {before} and {after} of {n} has no counterpart here")
        sizes.append(n - before - after)
    return (step("center_crop", size=tuple(sizes)),)


def _pairs(call: KerasCall, name: str) -> list[tuple[int, int]]:
    """Return what is added or taken before and after each axis: from an integer, one per axis, or a pair per axis."""
    axes, value = _axes(call), call.fields[name]
    if type(value) is int:
        return [(value, value)] * axes
    entries = value if isinstance(value, tuple) else ()
    if axes == 1 and len(entries) == 2 and all(type(each) is int for each in entries):
        return [(entries[0], entries[1])]
    pairs = [(each, each) if type(each) is int else each for each in entries]
    if len(pairs) == axes and all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        return pairs
    raise KerasRefusal(f"`{name}` of `{call.word}` expects an integer or a pair for each axis")
