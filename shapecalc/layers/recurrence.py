"""The base class of recurrent layers: sequences, states, and costs of a cell that is applied step by step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

from shapecalc.diagnostics.errors import FieldName, InFile, LayerError
from shapecalc.dims import Dim, Shape, pretty, product, show
from shapecalc.layers.base import Layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Count, Number, OptionalCount
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Role, Roles, sequence_roles
from shapecalc.layers.saved import Saved, Storage

RANK = 3
"""Sequence, batch, features."""

SIGMOID = 4
"""Operations of one sigmoid: negate, exp, add, divide."""

MOST_LAYERS = 10_000
"""The greatest number of stacked layers: the tensors of each are listed."""


class Equation(NamedTuple):
    """One line of a cell: what it gives, how, what that is called, and what for."""

    left: str
    right: str
    name: str
    purpose: str


NEXT_STATE = ("hidden state", "what this step passes on")


class Cell(NamedTuple):
    """One step of a recurrent layer; `{}` is the sum of products of a gate."""

    gates: tuple[str, ...]
    """In the order of their rows in the weights."""
    equations: tuple[Equation, ...]
    operations: tuple[tuple[str, tuple[int, ...]], ...]
    """What a step does apart from products and biases: a name, and factors of H."""


_LAST = "`- select: {dim: 1, index: -1}`"
KERAS = f"Keras reads [N, T, F], and returns the last step by default ({_LAST})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrent(Layer):
    """Base class of recurrent layers; `gates` is the number of matrices that are stacked in one weight.

    Fields:
        hidden_size: Number of features in the hidden state.
        num_layers: Number of stacked layers; each reads the outputs of the one below.
        bias: Whether each layer has the trainable biases b_ih and b_hh.
        batch_first: Whether input and output are [N, T, features] instead of [T, N, features]; states remain [D·L, N,
            H].
        dropout: Probability that an output of a layer is set to zero in training; the last layer's outputs are never
            dropped.
        bidirectional: Whether a second direction reads the sequence from its end; the outputs of both are concatenated.
        input_size: Number of input features. By default it follows from the input; a given value is checked against it.
    """

    foreign_fields: ClassVar[tuple[str, ...]] = (
        f"hidden_size: ~units | use `hidden_size`, and `batch_first: true`: {KERAS}",
        "hidden_size: numoutput numunits nunits hidden hiddenunits hiddendim nhidden numhidden hiddenfeatures",
        "hidden_size: hiddenchannels ~outputsize ~outputdim ~outdim ~outfeatures statesize",
        "num_layers: ~layers nlayers numlayer ~depth",
        "bias: usebias biasterm hasbias withbias",
        "batch_first: batchmajor",
        "dropout: dropoutrate ~droprate ~rate dropoutprob ~p",
        "bidirectional: bidir birnn",
        "input_size: inputdim indim inputfeatures infeatures numinput ~inputs ~in",
        # `time_major` is the opposite of `batch_first`, `direction` says more than `bidirectional`.
        f"nothing: returnsequences | leave it out: every step is returned; the last is {_LAST}",
        "nothing: returnstate | leave it out: `from: NAME.h_n` reads the last state",
        "nothing: direction | use `bidirectional: true` if it is bidirectional",
        "nothing: timemajor layout | use `batch_first: true` if the batch is the first axis",
        (
            "nothing: activation activations recurrentactivation | only the usual functions, sigmoid and tanh, are "
            "computed here"
        ),
        "nothing: stateful gobackwards unroll recurrentdropout unitforgetbias clip inputforget zerooutputformask",
        "nothing: activationalpha activationbeta cell merge mergemode",
    )
    takes: ClassVar[tuple[int, int]] = (1, 2)
    extra_outputs: ClassVar[tuple[str, ...]] = ("h_n",)
    looks_back = True
    carries_state = True
    saving_note = "recurrent layers as PyTorch's own loop over the steps; fused kernels keep a workspace of their own"
    cell: ClassVar[Cell]
    gates: ClassVar[int] = 1
    elementwise: ClassVar[int]
    """Scalar operations per step, direction and hidden unit, other than the products and the biases."""
    saved_per_gates: ClassVar[int]
    """Elements per step, direction and hidden unit that the gates save for the backward pass."""
    biases: ClassVar[Mapping[str, int]] = {"pytorch": 2, "keras": 1, "textbook": 1}
    """Bias vectors per gate, by convention: PyTorch has b_ih and b_hh, although only their sum matters."""
    reads_features = True
    hidden_size: Count
    num_layers: Count = 1
    bias: Bool = True
    batch_first: Bool = False
    dropout: Annotated[float, Number(minimum=0, maximum=1)] = 0.0
    bidirectional: Bool = False
    input_size: OptionalCount = None

    def check_fields(self) -> None:
        """Raise `LayerError` SC201 if there are more layers than `MOST_LAYERS`."""
        if self.num_layers > MOST_LAYERS:
            raise LayerError(
                "SC201",
                expects=f"at most {MOST_LAYERS}",
                receives=self.num_layers,
                preposition="as",
                field="num_layers",
            )

    def warning(self, *inputs: Any) -> LayerError | None:
        """Return a warning of dropout that has no effect, as PyTorch does, or None."""
        if not self.dropout or self.num_layers > 1:
            return None
        return LayerError(
            "SC402",
            ("drops between layers alone, and has one: ", FieldName("dropout", f"{self.dropout:g}"), " never acts"),
            field="dropout",
            help=("give it ", FieldName("num_layers", 2), InFile(", or put a `dropout` step after it")),
        )

    @property
    def batch_is_first(self) -> bool:
        """Whether sequences are [N, T, features]."""
        return self.batch_first

    @property
    def directions(self) -> int:
        """1, or 2 with `bidirectional`."""
        return 2 if self.bidirectional else 1

    @property
    def time_axis(self) -> int:
        """The axis of time steps."""
        return 1 if self.batch_first else 0

    @property
    def state_size(self) -> int:
        """Features of the hidden state, and of each direction's output."""
        return self.hidden_size

    def output_shape(self, x: Shape, *states: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape with directions × hidden_size features.

        >>> from shapecalc.layers.recurrent import Lstm
        >>> Lstm(hidden_size=20, num_layers=2).output_shape((5, 3, 10))     # torch.nn.LSTM's own example
        (5, 3, 20)
        """
        if len(x) != RANK:
            order = "[N, T, features]" if self.batch_first else "[T, N, features]"
            raise LayerError("SC305", expects=order, receives=show(x), label=f"receives rank {len(x)}")
        constraints.require_stated(self.input_size, x[2], "input_size", "input features", x=x)
        names = list(self.states(x))
        for name, arriving in zip(names, states, strict=False):
            wanted = self.states(x)[name]
            error = self._state_error(name, wanted, arriving, x)
            if arriving != wanted and (_is_swapped(wanted, arriving) or self._has_batch_of_time(wanted, arriving, x)):
                # A symbol could make them fit: a batch of as many samples as layers, or as time steps.
                raise error
            constraints.require_equal(wanted, arriving, error)
        if states and len(states) != len(names):
            raise LayerError("SC313", expects=f"an initial {' and '.join(names)}", receives=f"{len(states)} of them")
        return (x[0], x[1], self.directions * self.state_size)

    def output_roles(
        self, roles: tuple[Roles, ...], inputs: tuple[Shape, ...], outputs: Mapping[str, Shape]
    ) -> dict[str, Roles]:
        """Return the roles of a sequence for the output, [layers, batch, features] for states."""
        state = (Role.UNKNOWN, Role.BATCH, Role.FEATURES)
        sequence = sequence_roles(roles[0], batch_first=self.batch_first)
        return {name: state if number else sequence for number, name in enumerate(outputs)}

    def _state_error(self, name: str, wanted: Shape, arriving: Shape, x: Shape) -> LayerError:
        """Return the SC301 error for an initial state of another shape."""
        help_text = None
        if _is_swapped(wanted, arriving):
            help_text = (
                f"`batch_first` swaps the axes of x and y, never those of h and c: give {show(wanted)}, for example by "
                "`permute: [1, 0, 2]`"
            )
        elif self._has_batch_of_time(wanted, arriving, x):
            edit = "take out `batch_first: true`" if self.batch_first else "give it `batch_first: true`"
            help_text = (
                f"{edit}: axis {self.time_axis} of the input {show(x)} is {pretty(arriving[1])}, the state's batch"
            )
        elif wanted[1:] == arriving and wanted[0] == 1:
            help_text = "put `unsqueeze: 0` before it"
        elif wanted[1:] == arriving[1:]:
            help_text = "`num_layers` and `bidirectional` must be those of the layer that gives the state"
        return LayerError(
            "SC301",
            expects=f"{show(wanted)} as initial {name}",
            receives=show(arriving),
            label=f"num_layers x directions ({self.num_layers} x {self.directions}), batch, features",
            help=help_text,
        )

    def _has_batch_of_time(self, wanted: Shape, arriving: Shape, x: Shape) -> bool:
        """Return whether the batch of a state is the size of the input's axis of time, and not that of its batch."""
        return len(arriving) == RANK and wanted[1] != arriving[1] == x[self.time_axis]

    def states(self, x: Shape) -> dict[str, Shape]:
        """Return the shapes of the states: [directions × num_layers, N, size], with `batch_first` too."""
        batch = x[0] if self.batch_first else x[1]
        return {"h_n": (self.directions * self.num_layers, batch, self.state_size)}

    def outputs(self, x: Shape, *states: Shape, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shapes of the output of every step and of the last states."""
        return {"output": self.output_shape(x, *states, constraints=constraints), **self.states(x)}

    def parameters(self, x: Shape, *states: Shape) -> dict[str, Shape]:
        """Return the weights of each layer and direction in PyTorch's order."""
        rows = self.gates * self.hidden_size
        tensors: dict[str, Shape] = {}
        for level, reads in enumerate(self._reads(x)):
            for suffix in self._suffixes(level):
                tensors[f"weight_ih_{suffix}"] = (rows, reads)
                tensors[f"weight_hh_{suffix}"] = (rows, self.state_size)
                if self.bias:
                    tensors[f"bias_ih_{suffix}"] = (rows,)
                    tensors[f"bias_hh_{suffix}"] = (rows,)
                tensors |= self.other_tensors(suffix)
        return tensors

    def params_as(self, convention: str, *inputs: Shape) -> Dim:
        """Return the number of parameters with as many bias vectors per gate as PyTorch, Keras or a textbook has.

        G·H·(features + H + b) per layer and direction, G: gates, b: bias vectors. PyTorch and ONNX have two; Keras and
        textbooks one; Keras two in a GRU with `reset_after`, its default.
        Source: torch.nn.LSTM, "Variables"; keras.layers.LSTM, keras.layers.GRU (`reset_after`).

        >>> from shapecalc.layers.recurrent import Gru, Lstm
        >>> lstm, gru, x = Lstm(hidden_size=64), Gru(hidden_size=64), (10, 1, 32)
        >>> [lstm.params_as(whose, x) for whose in ("pytorch", "keras", "textbook")]
        [25088, 24832, 24832]
        >>> [gru.params_as(whose, x) for whose in ("pytorch", "keras", "textbook")]
        [18816, 18816, 18624]
        """
        total = Layer.params_as(self, convention, *inputs)
        if not self.bias:
            return total
        vectors = self.biases["pytorch"] - self.bias_vectors(convention)
        return total - vectors * self.gates * self.hidden_size * self.directions * self.num_layers

    def bias_vectors(self, convention: str) -> int:
        """Return the number of bias vectors per gate that a convention counts."""
        return self.biases[convention]

    def other_tensors(self, suffix: str) -> dict[str, Shape]:
        """Return the tensors other than those of every recurrent layer."""
        return {}

    def macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return steps × samples × the multiply-accumulates of one step."""
        return x[0] * x[1] * self.macs_per_step(x[2])

    def macs_per_step(self, features: Dim) -> Dim:
        """Return the multiply-accumulates of one step of one sample, all layers and directions."""
        rows = self.gates * self.hidden_size
        per_level = (rows * (reads + self.state_size) for reads in self._reads((1, 1, features)))
        total: Dim = 0
        for products in per_level:
            total = total + self.directions * (products + self.projection_macs())
        return total

    def projection_macs(self) -> int:
        """Return the multiply-accumulates of one projection of the hidden state."""
        return 0

    def backward_macs(self, *shapes: Any, truncate: int | None = None) -> tuple[Dim, Dim]:
        """Return the multiply-accumulates of the gradients with respect to inputs and states, and to parameters.

        Each equals that of the forward pass: per step W_ihᵀ · dz and W_hhᵀ · dz, then dz · xᵀ and dz · hᵀ. If gradients
        are truncated every k = `truncate` steps, W_hhᵀ · dz is not needed at the ⌊(T − 1)/k⌋ cuts.

        >>> from shapecalc.layers.recurrent import Rnn
        >>> rnn, x = Rnn(hidden_size=4), (7, 1, 3)
        >>> rnn.macs(x, (7, 1, 4)), rnn.backward_macs(x, (7, 1, 4))
        (196, (196, 196))
        >>> rnn.backward_macs(x, (7, 1, 4), truncate=3)         # less 2 cuts x 4 x 4
        (164, 196)
        """
        macs, x = self.macs(*shapes), shapes[0]
        if truncate is None:
            return (macs, macs)
        steps, samples = x[1::-1] if self.batch_first else x[:2]
        carried = self.directions * self.num_layers * self.gates_of_state * self.hidden_size * self.state_size
        return (macs - (steps - 1) // truncate * samples * carried, macs)

    def operations(self, x: Shape, *rest: Shape) -> Dim:
        """Return steps × samples × the other operations of all units."""
        biases = self.biases["pytorch"] * self.gates if self.bias else 0
        per_unit = biases + self.elementwise + self.operations_of_peepholes
        per_step = self.directions * self.num_layers * self.hidden_size * per_unit
        return x[0] * x[1] * per_step

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the input, what each step saves, the initial states, and the outputs between stacked layers.

        As PyTorch's own loop over the steps saves it; the fused kernels of oneDNN and cuDNN save a workspace instead.
        With `batch_first` the input is transposed for each direction, and the copies are saved.
        """
        x, *given = shapes[:-1]
        batch, steps = (x[0], x[1]) if self.batch_first else (x[1], x[0])
        stack = batch * self.directions * self.num_layers
        read = Saved("input", product(x), 0, in_order=True)
        if self.batch_first:
            read = Saved("input, turned", self.directions * product(x))
        records = [read, Saved("gates", stack * steps * self.saved_by_gates)]
        if self.saved_by_states:
            records.append(Saved("states", stack * (steps - 1) * self.saved_by_states))
        for index, (name, shape) in enumerate(self.states(x).items(), start=1):
            records.append(Saved(f"first {name.removesuffix('_n')}", product(shape), index if given else None))
        if self.num_layers > 1:
            between = batch * steps * self.directions * self.state_size * (self.num_layers - 1)
            records.append(Saved("between layers", between))
            if self.dropout:
                records.append(Saved("mask", between, random=True))
        return tuple(records)

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return a uniform distribution between ±1/√H for each tensor."""
        return Initial("uniform", self.hidden_size)

    def masks(self, x: Shape, *rest: Shape) -> dict[str, tuple[Shape, float]]:
        """Return a mask between each layer of the stack and the next, in the order of steps, samples, features."""
        steps, samples = x[1::-1] if self.batch_first else x[:2]
        mask = ((steps, samples, self.directions * self.state_size), self.dropout)
        return {f"mask_l{level}": mask for level in range(self.num_layers - 1)} if self.dropout else {}

    @property
    def gates_of_state(self) -> int:
        """The number of gates whose gradients are needed only to pass that of the state to the step before."""
        return self.gates

    @property
    def operations_of_peepholes(self) -> int:
        """Scalar operations per step, direction and hidden unit of the gates that read the cell."""
        return 0

    @property
    def is_taken_apart(self) -> bool:
        """Whether the arithmetic of each step can be shown, forward and backward."""
        return True

    @property
    def storage(self) -> Storage:
        """Steps are stacked one after another; with `batch_first` the output is transposed."""
        return Storage.TURNED if self.batch_first else Storage.NEW

    @property
    def saved_by_gates(self) -> int:
        """Elements that the gates of one step save, per sample, layer and direction."""
        return self.saved_per_gates * self.hidden_size

    @property
    def saved_by_states(self) -> int:
        """Elements of the states that the next step saves, if the gates do not save them already."""
        return self.state_size

    def spared_macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return the multiply-accumulates of the gradient with respect to the input."""
        return x[0] * x[1] * self.directions * self.gates * self.hidden_size * x[2]

    def _reads(self, x: Shape) -> tuple[Dim, ...]:
        """Return the features that each layer of the stack reads."""
        return (x[2], *(self.directions * self.state_size,) * (self.num_layers - 1))

    def _suffixes(self, level: int) -> tuple[str, ...]:
        return (f"l{level}", f"l{level}_reverse") if self.bidirectional else (f"l{level}",)


def _is_swapped(wanted: Shape, arriving: Shape) -> bool:
    """Return whether two axes of a state are swapped: the first, layers × directions, and the batch."""
    return len(arriving) == RANK and arriving == (wanted[1], wanted[0], wanted[2])
