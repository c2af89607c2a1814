"""One step of a recurrent layer: rnn_cell, lstm_cell and gru_cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, show
from shapecalc.layers.base import Layer, fields_of, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Count, OneOf, OptionalCount
from shapecalc.layers.initial import Initial
from shapecalc.layers.recurrence import Recurrent
from shapecalc.layers.recurrent import Gru, Lstm, Rnn
from shapecalc.layers.roles import Role, Roles
from shapecalc.layers.saved import Saved, saved_output

FAMILY = "recurrent"

RANK = 2
"""Batch, features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentCell(Layer):
    """Base class of cells: a recurrent layer of one layer and direction, on a sequence of one step.

    Fields:
        hidden_size: Number of features in the hidden state.
        bias: Whether it has the trainable biases b_ih and b_hh.
        input_size: Number of input features. By default it follows from the input; a given value is checked against it.
    """

    foreign_fields: ClassVar[tuple[str, ...]] = tuple(
        line
        for line in Recurrent.foreign_fields
        if line.startswith(("hidden_size: numoutput", "hidden_size: hidden", "bias", "input_size"))
    )
    reads_features = True
    sequence: ClassVar[type[Recurrent]]
    """The layer of which it is a step."""
    hidden_size: Count
    bias: Bool = True
    input_size: OptionalCount = None

    def output_shape(self, x: Shape, *states: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return [N, hidden_size].

        >>> LstmCell(hidden_size=20).output_shape((3, 10))    # torch.nn.LSTMCell's own example
        (3, 20)
        """
        if len(x) != RANK:
            raise LayerError("SC305", expects="[N, features]", receives=show(x), label=f"receives rank {len(x)}")
        state = (x[0], self.hidden_size)
        names = ("h_0", "c_0")[: type(self).takes[1] - 1]
        for name, arriving in zip(names, states, strict=False):
            error = LayerError("SC301", expects=f"{show(state)} as initial {name}", receives=show(arriving))
            constraints.require_equal(state, arriving, error)
        if states and len(states) != len(names):
            raise LayerError("SC313", expects=f"an initial {' and '.join(names)}", receives=f"{len(states)} of them")
        constraints.require_stated(self.input_size, x[1], "input_size", "input features", x=x)
        return state

    def outputs(self, x: Shape, *states: Shape, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shapes of the next hidden state and of the other states."""
        state = self.output_shape(x, *states, constraints=constraints)
        return {"output": state, **dict.fromkeys(type(self).extra_outputs, state)}

    def output_roles(
        self, roles: tuple[Roles, ...], inputs: tuple[Shape, ...], outputs: Mapping[str, Shape]
    ) -> dict[str, Roles]:
        """Return [batch, features] for each state."""
        return dict.fromkeys(outputs, (roles[0][0], Role.FEATURES))

    def parameters(self, x: Shape, *states: Shape) -> dict[str, Shape]:
        """Return the weights and biases, named as in PyTorch."""
        return {name.removesuffix("_l0"): shape for name, shape in self._layer.parameters((1, *x)).items()}

    def params_as(self, convention: str, *inputs: Shape) -> Dim:
        """Return the number of parameters with as many bias vectors per gate as a convention has."""
        return self._layer.params_as(convention, (1, *inputs[0]))

    def macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return those of one step."""
        return self._layer.macs((1, *x))

    def spared_macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return those of the gradient with respect to the input."""
        return self._layer.spared_macs((1, *x))

    def operations(self, x: Shape, *rest: Shape) -> Dim:
        """Return those of one step."""
        return self._layer.operations((1, *x))

    def saved(self, x: Shape, *rest: Shape) -> tuple[Saved, ...]:
        """Return the input, what the gates save, and the states before the step."""
        states = rest[:-1]
        lead = [(1, *x), *((1, *state) for state in states), (1, x[0], self.hidden_size)]
        return tuple(record for record in self._layer.saved(*lead) if record.elements != 0)

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return a uniform distribution between ±1/√H for each tensor."""
        return Initial("uniform", self.hidden_size)

    @property
    def _layer(self) -> Recurrent:
        return _sequence_of(self)


@layer("rnn_cell", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class RnnCell(RecurrentCell):
    """One step of an rnn: h′ = tanh(W_ih x + b_ih + W_hh h + b_hh), or ReLU instead of tanh.

    Fields:
        nonlinearity: Activation function of the step.

    Input: [N, features]; then, if given, h [N, H]
    Output: h′ [N, H]. H: hidden_size
    Parameters: weight_ih [H, features], weight_hh [H, H], bias_ih [H], bias_hh [H]
    Costs: MACs = N·H·(features + H); FLOPs = 2 × MACs + per sample 2H for the two biases, H for the sum, H for tanh or
        ReLU
    Source: torch.nn.RNNCell
    """

    foreign_names = "~simplernncell elmanrnncell"
    foreign_notes = ("simplernncell | use `rnn_cell` for a step, `rnn` for a sequence",)
    foreign_fields = ("nonlinearity: activation nonlin act", *RecurrentCell.foreign_fields)
    takes = (1, 2)
    sequence = Rnn
    nonlinearity: Annotated[str, OneOf(("tanh", "relu"))] = "tanh"

    def saved(self, x: Shape, *rest: Shape) -> tuple[Saved, ...]:
        """Return the input, the state before the step, and the output in place of what gates save."""
        of_output = saved_output((x[0], self.hidden_size))
        return tuple(of_output if each.name == "gates" else each for each in RecurrentCell.saved(self, x, *rest))


@layer("lstm_cell", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class LstmCell(RecurrentCell):
    """One step of an lstm: gates i, f, o = σ(…), candidate g = tanh(…), c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh(c′).

    Fields:
        peepholes: Whether the gates read the cell too, as in lstm.

    Input: [N, features]; then, if given, h and c [N, H]
    Output: h′ [N, H]; c_n, which is c′ [N, H]. H: hidden_size
    Parameters: weight_ih [4H, features], weight_hh [4H, H], bias_ih [4H], bias_hh [4H], rows as in lstm; Keras has one
        bias for the two; weight_peephole [3H] with peepholes
    Costs: MACs = N·4H·(features + H); FLOPs = 2 × MACs + per sample 30H: biases, sums and gates as in lstm; 6H more for
        peepholes
    Source: torch.nn.LSTMCell
    """

    foreign_names = "~optimizedlstmcell ~basiclstmcell"
    foreign_notes = ("optimizedlstmcell basiclstmcell | use `lstm_cell` for a step, `lstm` for a sequence",)
    takes = (1, 3)
    foreign_fields = (*RecurrentCell.foreign_fields, "peepholes: usepeepholes peephole usepeephole")
    extra_outputs = ("c_n",)
    sequence = Lstm
    peepholes: Bool = False

    @property
    def in_keras(self) -> bool:
        """Whether the gates do not read the cell."""
        return not self.peepholes


@layer("gru_cell", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class GruCell(RecurrentCell):
    """One step of a gru: r, z = σ(…), n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)), h′ = (1 − z) ⊙ n + z ⊙ h.

    Input: [N, features]; then, if given, h [N, H]
    Output: h′ [N, H]. H: hidden_size
    Parameters: weight_ih [3H, features], weight_hh [3H, H], bias_ih [3H], bias_hh [3H], rows as in gru
    Costs: MACs = N·3H·(features + H); FLOPs = 2 × MACs + per sample 23H: biases, sums and gates as in gru
    Source: torch.nn.GRUCell
    """

    takes = (1, 2)
    sequence = Gru


@cache
def _sequence_of(cell: RecurrentCell) -> Recurrent:
    """Return the layer of which a cell is one step."""
    return cell.sequence(**{name: getattr(cell, name) for name in fields_of(type(cell))})
