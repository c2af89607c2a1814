"""Recurrent layers: plain, LSTM and GRU, stacked, in one direction or two."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import FieldName, LayerError
from shapecalc.dims import Shape, product
from shapecalc.layers.base import layer
from shapecalc.layers.fields import Bool, Integer, OneOf
from shapecalc.layers.recurrence import KERAS, NEXT_STATE, SIGMOID, Cell, Equation, Recurrent
from shapecalc.layers.saved import Saved


@layer("rnn", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rnn(Recurrent):
    """Elman's recurrent layer, h′ = tanh(W_ih x + b_ih + W_hh h + b_hh) at each step; or ReLU instead of tanh.

    Fields:
        nonlinearity: Activation function of each step.

    Input: [T, N, features], with `batch_first` [N, T, features]; then, if given, h_0 [D·L, N, H]
    Output: output [T, N, D·H] (order as the input); h_n [D·L, N, H]. D: directions, L: num_layers, H: hidden_size
    Parameters: per layer and direction weight_ih [H, features], weight_hh [H, H], bias_ih [H], bias_hh [H]; later
        layers read D·H features; Keras has one bias for the two
    Costs: MACs = T·N × Σ D·H·(features + H); FLOPs = 2 × MACs + per step, sample, layer and direction 2H for the two
        biases, H for the sum, H for tanh or ReLU
    Source: torch.nn.RNN; Elman 1990
    """

    foreign_names = "~simplernn elmanrnn vanillarnn ~cudnnrnn"
    foreign_notes = (f"simplernn | use `rnn: {{hidden_size: …, batch_first: true}}`: {KERAS}",)
    foreign_fields = ("nonlinearity: activation nonlin act", *Recurrent.foreign_fields)
    cell = Cell(
        ("h",),
        (Equation("h′", "{nonlinearity}({h})", *NEXT_STATE),),
        (("{nonlinearity} of the sum", ()),),
    )
    elementwise = 2
    saved_per_gates = 1  # h′, which the next step reads
    nonlinearity: Annotated[str, OneOf(("tanh", "relu"))] = "tanh"

    @property
    def saved_by_states(self) -> int:
        """Return 0: the state is what the step saves."""
        return 0


@layer("lstm", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm(Recurrent):
    """Long short-term memory: gates i, f, o = σ(…), candidate g = tanh(…), c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh(c′).

    Fields:
        proj_size: Number of features that the hidden state is projected to, below `hidden_size`; 0 means no projection.
        peepholes: Whether the gates read the cell too: i and f add p ⊙ c, and o adds p ⊙ c′, with a trainable p for
            each.

    Input: [T, N, features], with `batch_first` [N, T, features]; then, if given, h_0 [D·L, N, P] and c_0 [D·L, N, H]
    Output: output [T, N, D·P] (order as the input); h_n [D·L, N, P]; c_n [D·L, N, H]. D: directions, L: num_layers,
        H: hidden_size, P: proj_size, or H without a projection
    Parameters: per layer and direction weight_ih [4H, features], weight_hh [4H, P], bias_ih [4H], bias_hh [4H], rows
        in the order i (input gate), f (forget gate), g (candidate), o (output gate); weight_hr [P, H] with a
        projection; weight_peephole [3H], rows in the order i, f, o, with peepholes; later layers read D·P features;
        Keras has one bias for the two
    Costs: MACs = T·N × Σ D·(4H·(features + P) + H·P with a projection); FLOPs = 2 × MACs + per step, sample, layer
        and direction 8H for the two biases, 4H for their sums, 14H for i, f, o (4 each), g and tanh(c′), 3H for c′,
        H for h′, 6H for peepholes
    Source: torch.nn.LSTM; Hochreiter and Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000 (forget gate); Gers,
        Schraudolph, Schmidhuber 2002 (peepholes), and ONNX, whose P has them in the order i, o, f
    """

    foreign_names = "longshorttermmemory ~cudnnlstm ~bilstm ~peepholelstm ~peephole"
    foreign_notes = (
        "peepholelstm peephole | use `lstm: {hidden_size: …, peepholes: true}`",
        f"cudnnlstm | use `lstm: {{hidden_size: …, batch_first: true}}`: {KERAS}",
        "bilstm | use `lstm: {hidden_size: …, bidirectional: true}`",
    )
    foreign_fields = (
        *Recurrent.foreign_fields,
        "peepholes: usepeepholes peephole usepeephole",
        "proj_size: projection projectionsize numproj projectiondim projdim",
    )
    takes = (1, 3)
    extra_outputs = ("h_n", "c_n")
    cell = Cell(
        ("i", "f", "g", "o"),
        (
            Equation("i", "σ({i})", "input gate", "how much of the candidate enters the cell"),
            Equation("f", "σ({f})", "forget gate", "how much of c stays"),
            Equation("g", "tanh({g})", "candidate", "what could enter the cell"),
            Equation("o", "σ({o})", "output gate", "how much of the cell is shown"),
            Equation("c′", "f ⊙ c + i ⊙ g", "cell", "what stays, and what enters"),
            Equation("h′", "o ⊙ tanh(c′)", *NEXT_STATE),
        ),
        (
            ("σ of i, f and o, 4 each", (3, SIGMOID)),
            ("tanh of g and of c′", (2,)),
            ("c′ = f ⊙ c + i ⊙ g", (3,)),
            ("o ⊙ tanh(c′)", ()),
        ),
    )
    gates = 4
    elementwise = 22
    saved_per_gates = 5  # i, f, g, o, tanh(c′)
    proj_size: Annotated[int, Integer(minimum=0)] = 0
    peepholes: Bool = False

    @property
    def is_taken_apart(self) -> bool:
        """Whether the gates read no cell, as in the equations of `cell`."""
        return not self.peepholes

    @property
    def operations_of_peepholes(self) -> int:
        """A product and a sum for each of i, f and o."""
        return 6 if self.peepholes else 0

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return what other recurrent layers save and, with peepholes, the last cells, which o reads."""
        records = Recurrent.saved(self, *shapes)
        if not self.peepholes:
            return records
        return (*records, Saved("last cells", product(self.states(shapes[0])["c_n"])))

    @property
    def state_size(self) -> int:
        """Features of h: those of the projection, if any."""
        return self.proj_size or self.hidden_size

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if `proj_size` is not below `hidden_size`, and SC201 for too many layers."""
        Recurrent.check_fields(self)
        if self.proj_size >= self.hidden_size:
            less = ("write ", FieldName("proj_size", self.hidden_size - 1), " or less, or leave it out")
            raise LayerError(
                "SC205",
                expects=("a number below ", FieldName("hidden_size"), f" ({self.hidden_size})"),
                receives=self.proj_size,
                preposition="as",
                field="proj_size",
                help=less if self.hidden_size > 1 else ("leave ", FieldName("proj_size"), " out"),
                replacement=str(self.hidden_size - 1) if self.hidden_size > 1 else None,
            )

    def states(self, x: Shape) -> dict[str, Shape]:
        """Return the shapes of h_n and c_n; the cell state is never projected."""
        batch = x[0] if self.batch_first else x[1]
        levels = self.directions * self.num_layers
        return {"h_n": (levels, batch, self.state_size), "c_n": (levels, batch, self.hidden_size)}

    @property
    def saved_by_gates(self) -> int:
        """Elements that one step saves, including the input of the projection."""
        return (self.saved_per_gates + bool(self.proj_size)) * self.hidden_size

    @property
    def saved_by_states(self) -> int:
        """Elements of h and c."""
        return self.state_size + self.hidden_size

    @property
    def in_keras(self) -> bool:
        """Whether the hidden state is not projected and the gates do not read the cell."""
        return not self.proj_size and not self.peepholes

    def other_tensors(self, suffix: str) -> dict[str, Shape]:
        """Return weight_hr if the hidden state is projected, and weight_peephole if the gates read the cell."""
        tensors: dict[str, Shape] = {}
        if self.proj_size:
            tensors[f"weight_hr_{suffix}"] = (self.proj_size, self.hidden_size)
        if self.peepholes:
            tensors[f"weight_peephole_{suffix}"] = (3 * self.hidden_size,)
        return tensors

    def projection_macs(self) -> int:
        """Return H·P if the hidden state is projected."""
        return self.hidden_size * self.proj_size


@layer("gru", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gru(Recurrent):
    """Gated recurrent unit: r, z = σ(…), n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)), h′ = (1 − z) ⊙ n + z ⊙ h.

    Fields:
        reset_after: Whether the reset gate r multiplies W_hn h + b_hn, as in PyTorch; or else h, before the product:
            W_hn (r ⊙ h) + b_hn.

    Input: [T, N, features], with `batch_first` [N, T, features]; then, if given, h_0 [D·L, N, H]
    Output: output [T, N, D·H] (order as the input); h_n [D·L, N, H]. D: directions, L: num_layers, H: hidden_size
    Parameters: per layer and direction weight_ih [3H, features], weight_hh [3H, H], bias_ih [3H], bias_hh [3H], rows
        in the order r (reset gate), z (update gate), n (candidate); later layers read D·H features
    Costs: MACs = T·N × Σ D·3H·(features + H); FLOPs = 2 × MACs + per step, sample, layer and direction 6H for the two
        biases, 3H for their sums, 9H for r, z (4 each) and n, H for r ⊙ (…), 4H for h′
    Source: torch.nn.GRU (reset after the product, as in its formula); Cho et al. 2014, and ONNX (before the product)
    """

    foreign_names = "gatedrecurrentunit ~cudnngru ~bigru"
    foreign_notes = (
        f"cudnngru | use `gru: {{hidden_size: …, batch_first: true}}`: {KERAS}",
        "bigru | use `gru: {hidden_size: …, bidirectional: true}`",
    )
    cell = Cell(
        ("r", "z", "n"),
        (
            Equation("r", "σ({r})", "reset gate", "how much of h the candidate sees"),
            Equation("z", "σ({z})", "update gate", "how much of h stays"),
            Equation("n", "tanh({input} + r ⊙ ({state}))", "candidate", "what could take its place"),
            Equation("h′", "(1 − z) ⊙ n + z ⊙ h", *NEXT_STATE),
        ),
        (
            ("σ of r and z, 4 each", (2, SIGMOID)),
            ("tanh of n", ()),
            ("r ⊙ (…)", ()),
            ("h′ = (1 − z) ⊙ n + z ⊙ h", (4,)),
        ),
    )
    gates = 3
    elementwise = 17
    saved_per_gates = 6  # r, z, W_hn h + b_hn before and after r multiplies it, n, h − n
    foreign_fields: ClassVar[tuple[str, ...]] = (
        "reset_after: linearbeforereset",
        *Recurrent.foreign_fields,
    )
    # r multiplies W_hn h + b_hn, so that the two biases of the candidate are not just a sum here.
    biases: ClassVar[Mapping[str, int]] = {"pytorch": 2, "keras": 2, "textbook": 1}
    reset_after: Bool = True

    def bias_vectors(self, convention: str) -> int:
        """Return the number of bias vectors per gate; Keras has one if r multiplies h: only their sum matters."""
        return self.biases[convention] if self.reset_after or convention == "pytorch" else 1

    @property
    def gates_of_state(self) -> int:
        """The number of gates; without r and z, the gradient of r ⊙ h is needed for that of r in any case."""
        return self.gates if self.reset_after else self.gates - 1

    @property
    def is_taken_apart(self) -> bool:
        """Whether r multiplies after the product, as in the equations of `cell`."""
        return self.reset_after

    @property
    def saved_by_gates(self) -> int:
        """Elements that one step saves: r, z, n, h − n, and r ⊙ h, or the sum that r multiplies before and after."""
        return (self.saved_per_gates - (not self.reset_after)) * self.hidden_size
