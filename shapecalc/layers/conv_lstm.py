"""Convolutional LSTM: an LSTM over maps, whose products are convolutions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.conv import CONV_FIELDS, Conv
from shapecalc.layers.fields import Bool, Count, OptionalCount, Padding, PerAxis
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Role, Roles
from shapecalc.layers.saved import Saved

FAMILY = "recurrent"

GATES = 4
OTHER = 18
"""Operations of a step for each element of the state: σ of i, f, o 12, tanh of g and c′ 2, c′ 3, o ⊙ tanh(c′) 1."""
LEADING = 3
"""Axes before the spatial ones: batch, time, channels."""


@layer("conv_lstm")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConvLstm(Layer):
    """LSTM over maps: gates i, f, o = σ(W ∗ x + U ∗ h + b), g = tanh(…), c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh(c′).

    ∗ is a convolution; that of the state has `padding: same`, so that the state keeps its size.

    Fields:
        out_channels: Number of channels of the states.
        kernel_size: Size of the window of both convolutions along each spatial axis.
        stride: Step of the input's convolution from one window to the next along each spatial axis.
        padding: Zeros that the input's convolution adds at both ends of each spatial axis. `same` adds as few as give
            ⌈n/s⌉ positions, `valid` none.
        dilation: Distance between neighbouring elements of the window of the input's convolution.
        bias: Whether a trainable bias is added to each gate.
        return_sequences: Whether the output has every step; otherwise only the last.
        in_channels: Number of input channels. By default it follows from the input; a given value is checked against
            it.

    Input: [N, T, C, *spatial]; then, if given, h_0 and c_0 [N, out_channels, *positions]
    Output: output [N, T, out_channels, *positions], without `return_sequences` [N, out_channels, *positions]; h_n and
        c_n [N, out_channels, *positions]; positions as of conv
    Parameters: weight_ih [4·out_channels, C, *kernel_size], weight_hh [4·out_channels, out_channels, *kernel_size],
        bias [4·out_channels], rows in the order i (input gate), f (forget gate), g (candidate), o (output gate)
    Costs: MACs = N·T × ∏positions × 4·out_channels × (C + out_channels) × ∏kernel_size; FLOPs = 2 × MACs + per step
        and element of the state 4 with `bias`, 4 for the sums of both convolutions, 14 for σ and tanh, 4 for c′ and h′
    Source: Shi et al. 2015, without the peepholes; keras.layers.ConvLSTM2D
    """

    foreign_names = "~convlstm1d ~convlstm2d ~convlstm3d ~convlstmcell ~convolutionallstm"
    foreign_notes = (
        (
            "convlstm1d convlstm2d convlstm3d | use `conv_lstm`, with `return_sequences: false` for the last step, "
            "Keras's default; it reads [N, T, C, *spatial]"
        ),
        "convlstmcell | use `conv_lstm`, which reads the whole sequence",
    )
    foreign_fields = (
        "out_channels: ~hiddendim ~hiddenchannels ~hiddensize",
        "bias: unitforgetbias",
        *CONV_FIELDS,
        "nothing: returnstate | leave it out: `from: NAME.h_n` reads the last state",
        "nothing: numlayers batchfirst returnalllayers recurrentactivation recurrentdropout stateful gobackwards",
    )
    takes = (1, 3)
    extra_outputs = ("h_n", "c_n")
    looks_back = True
    reads_channels = False
    saving_note = "as a loop over the steps saves it"
    out_channels: Count
    kernel_size: PerAxis
    stride: PerAxis = 1
    padding: Padding = 0
    dilation: PerAxis = 1
    bias: Bool = True
    return_sequences: Bool = True
    in_channels: OptionalCount = None

    def output_shape(self, x: Shape, *states: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, T, out_channels, *positions], or without `return_sequences` [N, out_channels, *positions].

        >>> ConvLstm(out_channels=40, kernel_size=3, padding="same").output_shape((1, 10, 1, 40, 40))
        (1, 10, 40, 40, 40)
        """
        if not LEADING < len(x) <= LEADING + 3:
            raise LayerError(
                "SC305",
                expects="[N, T, C, *spatial] with 1 to 3 spatial axes",
                receives=show(x),
                label=f"receives rank {len(x)}",
            )
        _, _, *positions = _parts(self)[0].output_shape((x[0], *x[2:]), constraints=constraints)
        state = (x[0], self.out_channels, *positions)
        for name, arriving in zip(("h_0", "c_0"), states, strict=False):
            error = LayerError("SC301", expects=f"{show(state)} as initial {name}", receives=show(arriving))
            constraints.require_equal(state, arriving, error)
        if len(states) == 1:
            raise LayerError("SC313", expects="an initial h_0 and c_0", receives="1 of them")
        return (x[0], x[1], *state[1:]) if self.return_sequences else state

    def outputs(self, x: Shape, *states: Shape, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shapes of the output and of the last states."""
        y = self.output_shape(x, *states, constraints=constraints)
        state = (x[0], *y[-len(x) + 2 :])
        return {"output": y, "h_n": state, "c_n": state}

    def output_roles(
        self, roles: tuple[Roles, ...], inputs: tuple[Shape, ...], outputs: Mapping[str, Shape]
    ) -> dict[str, Roles]:
        """Return the roles of a sequence of maps for the output, of maps for the states."""
        state = (Role.BATCH, Role.CHANNELS, *(Role.SPACE,) * (len(inputs[0]) - LEADING))
        sequence = (Role.BATCH, Role.TIME, *state[1:])
        return {name: sequence if name == "output" and self.return_sequences else state for name in outputs}

    def parameters(self, x: Shape, *states: Shape) -> dict[str, Shape]:
        """Return the weights of the two convolutions, and with `bias` the bias."""
        of_input, of_state = _parts(self)
        tensors = of_input.parameters((x[0], *x[2:]))
        hidden = of_state.parameters((x[0], self.out_channels, *x[3:]))
        bias = {"bias": tensors["bias"]} if self.bias else {}
        return {"weight_ih": tensors["weight"], "weight_hh": hidden["weight"], **bias}

    def initial(self, name: str, x: Shape, *states: Shape) -> Initial:
        """Return a uniform distribution by the number of elements that a filter of the input reads."""
        of_weight = self.parameters(x)["weight_hh" if name == "weight_hh" else "weight_ih"]
        return Initial("uniform", product(of_weight[1:]))

    def macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return steps × those of both convolutions."""
        (_, ih), (_, hh) = self._products(x)
        return ih + hh

    def spared_macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return those of the input's convolution."""
        return self._products(x)[0][1]

    def operations(self, x: Shape, *rest: Shape) -> Dim:
        """Return those of the gates and of the biases."""
        (state, _), _ = self._products(x)
        return x[1] * product(state) * (OTHER + GATES + (GATES if self.bias else 0))

    def saved(self, x: Shape, *rest: Shape) -> tuple[Saved, ...]:
        """Return the input, what the gates of each step save, and the states, or padded ones."""
        of_input, of_state = _parts(self)
        (state, _), _ = self._products(x)
        frames = (x[0], *x[2:])
        (read,) = of_input.saved(frames, of_input.output_shape(frames))
        (hidden,) = of_state.saved(state, (state[0], GATES * state[1], *state[2:]))
        steps, elements = x[1], product(state)
        given = len(rest) > 1
        records = [
            Saved("input", product(x), 0) if read.of == 0 else Saved("padded", steps * read.elements),
            Saved("gates", 5 * steps * elements),
            Saved("states", (steps - 1) * elements),
        ]
        if hidden.of == 0:
            records += [Saved("hidden", (steps - 1) * elements), Saved("first h", elements, 1 if given else None)]
        else:
            records.append(Saved("padded states", steps * hidden.elements))
        return (*records, Saved("first c", elements, 2 if given else None))

    def _products(self, x: Shape) -> tuple[tuple[Shape, Dim], tuple[Shape, Dim]]:
        """Return the shape of the state, and the multiply-accumulates of each convolution over all steps."""
        of_input, of_state = _parts(self)
        frames = (x[0] * x[1], *x[2:])
        sums = of_input.output_shape(frames)
        states = (frames[0], self.out_channels, *sums[2:])
        state = (x[0], *states[1:])
        return (state, of_input.macs(frames, sums)), (state, of_state.macs(states, sums))


@cache
def _parts(both: ConvLstm) -> tuple[Conv, Conv]:
    """Return the convolution of the input, and that of the state."""
    of_input = Conv(
        out_channels=GATES * both.out_channels,
        kernel_size=both.kernel_size,
        stride=both.stride,
        padding=both.padding,
        dilation=both.dilation,
        in_channels=both.in_channels,
        bias=both.bias,
    )
    filters = GATES * both.out_channels
    return of_input, Conv(out_channels=filters, kernel_size=both.kernel_size, padding="same", bias=False)
