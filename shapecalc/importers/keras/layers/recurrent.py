"""Recurrent layers, in one direction or two; and convolutional LSTMs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.keras.calls import ALL_SETTINGS, LAYERS, LayerCall, Result, flat, layer
from shapecalc.importers.keras.configuration import nested_config
from shapecalc.importers.keras.layers.activation import function_name
from shapecalc.importers.keras.layers.convolution import number_of_axes, padding_of
from shapecalc.importers.keras.settings import Ints, arguments, shown
from shapecalc.importers.keras.values import KerasValue, in_order
from shapecalc.importers.keras.weights import kernel
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.graph import Array, Stored, Value

SEQUENCE = 3
"""Samples, steps, features."""
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
ORDER_OF_GRU = (1, 0, 2)
"""Our rows r, z, n in Keras's z, r, n."""
CLASSES = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}
CELLS = {"LSTMCell": "LSTM", "GRUCell": "GRU", "SimpleRNNCell": "SimpleRNN"}


class CellSettings(NamedTuple):
    """What decides what a recurrent layer computes."""

    type: str
    units: int
    use_bias: bool
    return_sequences: bool
    return_state: bool
    go_backwards: bool
    reset_after: bool
    nonlinearity: str


def recurrent_settings(
    call: LayerCall,
    *,
    units: int,
    activation: Any = "tanh",
    recurrent_activation: Any = "sigmoid",
    use_bias: bool = True,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    return_sequences: bool = False,
    return_state: bool = False,
    go_backwards: bool = False,
    stateful: bool = False,
    reset_after: bool | None = None,
) -> CellSettings:
    """Return the settings of a layer, which has the usual functions; dropout changes training alone."""
    del dropout, recurrent_dropout, stateful
    type_, name = CLASSES[call.name], function_name(activation)
    gate = function_name(recurrent_activation)
    if name not in ("tanh", *(("relu",) if type_ == "rnn" else ())):
        raise Unreadable(f"`{call.name}` has the activation {shown(activation)}, expects `tanh`")
    if type_ != "rnn" and gate != "sigmoid":
        raise Unreadable(f"`{call.name}` has the recurrent activation {shown(recurrent_activation)}, not `sigmoid`")
    cudnn = call.name.startswith("CuDNN")
    after = (cudnn or not call.session.keras2) if reset_after is None else reset_after
    return CellSettings(
        type_,
        units,
        use_bias,
        return_sequences,
        return_state,
        go_backwards,
        after,
        "relu" if name == "relu" else "tanh",
    )


def weights_of(
    call: LayerCall, settings: CellSettings, features: int, part: str = "cell", suffix: str = "l0"
) -> dict[str, Stored]:
    """Return the tensors of one direction; Keras has one bias in place of our two, except in a GRU."""
    units, gates = settings.units, GATES[settings.type]
    rows = gates * units
    order = ORDER_OF_GRU if settings.type == "gru" else tuple(range(gates))

    def by_gate(array: Array) -> Array:
        import numpy as np  # noqa: PLC0415 - only values need it

        return np.concatenate([array[..., gate * units : (gate + 1) * units] for gate in order], -1)

    def matrix(array: Array) -> Array:
        return by_gate(array).T

    sides = (("ih", f"{part}/vars/0", features), ("hh", f"{part}/vars/1", units))
    tensors = {
        f"weight_{side}_{suffix}": call.stored(
            f"weight_{side}_{suffix}", (rows, size), (path, (size, rows)), make=matrix
        )
        for side, path, size in sides
    }
    if not settings.use_bias:
        return tensors
    two = settings.type == "gru" and settings.reset_after
    shape = (2, rows) if two else (rows,)
    for index, side in enumerate(("ih", "hh")):
        key = f"bias_{side}_{suffix}"

        def bias(array: Array, index: int = index) -> Array:
            if two:
                return by_gate(array[index])
            return by_gate(array) if index == 0 else 0 * array

        tensors[key] = call.stored(key, (rows,), (f"{part}/vars/2", shape), make=bias)
    return tensors


def _input(call: LayerCall) -> tuple[KerasValue, list[KerasValue]]:
    """Return the sequences, and the initial states."""
    tensors = flat(call.values) + flat(call.take("initial_state"))
    if not tensors or any(not isinstance(each, KerasValue) for each in tensors):
        raise Unreadable(f"`{call.name}` is called with other values than tensors")
    call.take("mask")
    x = call.ordered(call.floats(tensors[0]))
    if x.rank != SEQUENCE:
        raise Unreadable(f"`{call.name}` reads [N, steps, features], and receives a tensor of rank {x.rank}")
    if x.masked:
        call.note(f"`{call.path}` reads padding here, which it skips in Keras")
    return x, [call.ordered(call.floats(each)) for each in tensors[1:]]


def read_recurrent(call: LayerCall) -> Result:
    """Return the last step of a layer, or all of them, and its states."""
    settings = settings_of(call)
    x, states = _input(call)
    features = call.known(x.size(-1), "features")
    value = call.step("flip", x.value, dims=1) if settings.go_backwards else x.value
    given = [call.step("unsqueeze", state.value, dim=0) for state in states]
    tensors = weights_of(call, settings, features)
    output = call.step(settings.type, value, *given, tensors=tensors, **fields_of_type(settings))
    result = in_order(output, masked=x.masked)
    if not settings.return_sequences:
        result = in_order(call.step("select", output, dim=1, index=-1))
    if not settings.return_state:
        return result
    return [result, *(in_order(call.step("select", state, dim=0, index=0)) for state in _states(settings, output))]


def settings_of(call: LayerCall) -> CellSettings:
    """Return the settings of the layer of a call."""
    given = dict(call.config.settings)
    given.pop("time_major", None)
    return recurrent_settings(call, **arguments(recurrent_settings, given, call.name))


def fields_of_type(settings: CellSettings) -> dict[str, Any]:
    """Return the fields of our layer."""
    fields: dict[str, Any] = {"hidden_size": settings.units, "batch_first": True, "bias": settings.use_bias}
    if settings.type == "gru":
        fields["reset_after"] = settings.reset_after
    if settings.type == "rnn":
        fields["nonlinearity"] = settings.nonlinearity
    return fields


def _states(settings: CellSettings, output: Value) -> list[Value]:
    from shapecalc.importers.graph import ImportedStep  # noqa: PLC0415 - of the value above

    assert isinstance(output.node, ImportedStep)
    return [output.node.value(name) for name in (("h_n", "c_n") if settings.type == "lstm" else ("h_n",))]


@layer("RNN")
def _rnn(
    call: LayerCall,
    *,
    cell: dict[str, Any],
    return_sequences: bool = False,
    return_state: bool = False,
    go_backwards: bool = False,
    stateful: bool = False,
    zero_output_for_mask: bool = False,
) -> Result:
    """Return the layer of the class that has the cell."""
    del stateful, zero_output_for_mask
    inner = nested_config(cell, call.name)
    if inner.kind not in CELLS or inner.is_foreign:
        raise Unreadable(f"`{call.name}` has a cell `{inner.kind[:80]}`, which is not read")
    more = {"return_sequences": return_sequences, "return_state": return_state, "go_backwards": go_backwards}
    config = inner._replace(kind=CELLS[inner.kind], settings={**inner.settings, **more})
    return read_recurrent(call.below(config, "", *call.values, **{k: call.take(k) for k in list(call.keywords)}))


@layer("Bidirectional")
def _bidirectional(
    call: LayerCall,
    *,
    layer: dict[str, Any],
    backward_layer: dict[str, Any] | None = None,
    merge_mode: str | None = "concat",
    return_sequences: bool | None = None,
    return_state: bool | None = None,
    go_backwards: bool | None = None,
    stateful: bool | None = None,
    zero_output_for_mask: bool | None = None,
) -> Result:
    """Return the layer in both directions, merged; the states of the first direction come first."""
    del return_sequences, return_state, go_backwards, stateful, zero_output_for_mask
    first = nested_config(layer, call.name)
    inner = call.below(first, "", *call.values)
    if first.kind not in CLASSES or first.is_foreign:
        raise Unreadable(f"`{call.name}` has a layer `{first.kind[:80]}`, which is not read in two directions")
    settings = settings_of(inner)
    if backward_layer is not None:
        second = nested_config(backward_layer, call.name)
        backward = settings_of(inner.below(second, "")) if second.kind == first.kind else None
        if backward is None or backward != settings._replace(go_backwards=not settings.go_backwards):
            raise Unreadable(f"`{call.name}` has directions that differ")
    if settings.go_backwards:
        raise Unreadable(f"`{call.name}` begins with the direction from the end")
    x, states = _input(call)
    features = call.known(x.size(-1), "features")
    tensors = {
        **weights_of(call, settings, features, "forward_layer/cell"),
        **weights_of(call, settings, features, "backward_layer/cell", "l0_reverse"),
    }
    count = len(states) // 2
    if len(states) % 2:
        raise Unreadable(f"`{call.name}` is called with {len(states)} states")
    given = [call.step("stack", states[index].value, states[count + index].value, dim=0) for index in range(count)]
    fields = {**fields_of_type(settings), "bidirectional": True}
    output = call.step(settings.type, x.value, *given, tensors=tensors, **fields)
    last = _states(settings, output)
    results = _merged(call, settings, output, last[0], merge_mode)
    results = [each._replace(masked=x.masked and settings.return_sequences) for each in results]
    if not settings.return_state:
        return results if len(results) > 1 else results[0]
    for direction in (0, 1):
        results += [in_order(call.step("select", state, dim=0, index=direction)) for state in last]
    return results


def _merged(
    call: LayerCall, settings: CellSettings, output: Value, h_n: Value, merge_mode: str | None
) -> list[KerasValue]:
    """Return the results of both directions in one tensor, or in two without a `merge_mode`."""
    if merge_mode == "concat":
        if settings.return_sequences:
            return [in_order(output)]
        return [in_order(call.step("flatten", call.step("permute", h_n, dims=(1, 0, 2)), start_dim=1))]
    if settings.return_sequences:
        both = call.step("chunk", output, chunks=2, dim=2)
        pair = (both, both.other("1"))
    else:
        first = call.step("select", h_n, dim=0, index=0)
        pair = (first, call.step("select", h_n, dim=0, index=1))
    if merge_mode is None:
        return [in_order(each) for each in pair]
    if merge_mode not in ("sum", "ave", "mul"):
        raise Unreadable(f"`{call.name}` has the `merge_mode` {shown(merge_mode)}")
    value = call.step("multiply" if merge_mode == "mul" else "add", *pair)
    return [in_order(call.step("divide", value, other=2) if merge_mode == "ave" else value)]


@layer("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def _conv_lstm(
    call: LayerCall,
    *,
    filters: int,
    kernel_size: Ints,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Ints = 1,
    activation: Any = "tanh",
    recurrent_activation: Any = "sigmoid",
    use_bias: bool = True,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    return_sequences: bool = False,
    return_state: bool = False,
    go_backwards: bool = False,
    stateful: bool = False,
) -> Result:
    """Return the layer on [N, T, C, *spatial]."""
    del dropout, recurrent_dropout, stateful
    axes = number_of_axes(call.name)
    if function_name(activation) != "tanh" or function_name(recurrent_activation) != "sigmoid":
        raise Unreadable(f"`{call.name}` has other functions than `tanh` and `sigmoid`")
    x = call.floats(call.x)
    call.take("mask")
    if x.rank != axes + 3:
        raise Unreadable(f"`{call.name}` reads tensors of rank {axes + 3}, and receives one of rank {x.rank}")
    last = data_format != "channels_first"
    order = (0, 1, x.rank - 1, *range(2, x.rank - 1)) if last else tuple(range(x.rank))
    x = call.arranged(x, order)
    window = call.per_axis(kernel_size, axes, "kernel_size")
    channels = call.known(x.value.shape[2], "channels")
    rows = 4 * filters
    tensors = {
        "weight_ih": call.stored(
            "weight_ih", (rows, channels, *window), ("cell/vars/0", (*window, channels, rows)), make=kernel
        ),
        "weight_hh": call.stored(
            "weight_hh", (rows, filters, *window), ("cell/vars/1", (*window, filters, rows)), make=kernel
        ),
    }
    if use_bias:
        tensors["bias"] = call.stored("bias", (rows,), ("cell/vars/2", (rows,)))
    value = call.step("flip", x.value, dims=1) if go_backwards else x.value
    output = call.step(
        "conv_lstm",
        value,
        tensors=tensors,
        out_channels=filters,
        kernel_size=window,
        stride=call.per_axis(strides, axes, "strides"),
        padding=padding_of(call, padding),
        dilation=call.per_axis(dilation_rate, axes, "dilation_rate"),
        bias=use_bias,
        return_sequences=return_sequences,
    )
    inner = tuple(axis - (axis > 1) for axis in order if axis != 1)
    result = KerasValue(output, order if return_sequences else inner)
    if not return_state:
        return result
    return [result, KerasValue(output.other("h_n"), inner), KerasValue(output.other("c_n"), inner)]


for _name in CLASSES:
    LAYERS[_name] = read_recurrent
ALL_SETTINGS.update(CLASSES)
