"""Recurrent layers: plain, long short-term memory, gated; stacked, in one direction or two."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import Layer, demand_equal, layer, stated
from shapecalc.layers.fields import Bool, Count, Integer, Number, OptionalCount, Word
from shapecalc.layers.initial import Initial
from shapecalc.layers.saved import Saved, Storage

RANK = 3
"""Sequence, batch, features."""

SIGMOID = 4
"""Operations of one sigmoid: negate, exp, add, divide."""

MOST_LAYERS = 10_000
"""The largest stack: each layer is some tensors more, and they are listed one by one."""


class Equation(NamedTuple):
    """One line of a cell: what it gives, how, what that is called, and what for."""

    left: str
    right: str
    name: str
    purpose: str


_NEXT_STATE = ("hidden state", "what this step hands on")


class Cell(NamedTuple):
    """One step of a recurrent layer; `{}` is the sum of products of a gate."""

    gates: tuple[str, ...]
    """In the order of their rows in the weights."""
    equations: tuple[Equation, ...]
    operations: tuple[tuple[str, tuple[int, ...]], ...]
    """What a step does apart from products and biases: a name, and factors of H."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrent(Layer):
    """What plain, LSTM and GRU layers share; `gates` is how many matrices stand on top of each other in a weight."""

    foreign_fields: ClassVar[tuple[str, ...]] = (
        "hidden_size: units numunits nunits hidden hiddenunits hiddendim nhidden numhidden hiddenfeatures",
        "hidden_size: hiddenchannels ~outputsize ~outputdim ~outdim ~outfeatures statesize",
        "num_layers: ~layers nlayers numlayer ~depth",
        "bias: usebias biasterm hasbias withbias",
        "batch_first: batchmajor",
        "dropout: dropoutrate ~droprate ~rate dropoutprob ~p",
        "bidirectional: bidir birnn",
        "input_size: inputdim indim inputfeatures infeatures numinput ~inputs ~in",
        # `time_major` is the opposite of `batch_first`, `direction` says more than `bidirectional`.
        "nothing: returnsequences returnstate stateful gobackwards unroll timemajor direction activation",
        "nothing: recurrentactivation recurrentdropout resetafter linearbeforereset unitforgetbias kernelinitializer",
    )
    takes: ClassVar[tuple[int, int]] = (1, 2)
    further: ClassVar[tuple[str, ...]] = ("h_n",)
    looks_back = True
    carries_state = True
    saving_note = "recurrent layers as PyTorch's own loop over the steps; fused kernels keep a workspace of their own"
    cell: ClassVar[Cell]
    gates: ClassVar[int] = 1
    elementwise: ClassVar[int]
    """Scalar operations per step, direction and hidden unit, besides the products and the biases."""
    gates_kept: ClassVar[int]
    """Numbers per step, direction and hidden unit that the gates keep for the backward pass."""
    biases: ClassVar[Mapping[str, int]] = {"pytorch": 2, "keras": 1, "textbook": 1}
    """Bias vectors per gate, by whose count: PyTorch keeps b_ih and b_hh, though only their sum matters."""

    hidden_size: Count
    num_layers: Count = 1
    bias: Bool = True
    batch_first: Bool = False
    dropout: Annotated[float, Number(minimum=0, maximum=1)] = 0.0
    bidirectional: Bool = False
    input_size: OptionalCount = None

    def check_fields(self) -> None:
        """Refuse a stack whose tensors nobody can list."""
        if self.num_layers > MOST_LAYERS:
            raise LayerError(
                "SC201",
                f"expects at most {MOST_LAYERS} as `num_layers`, receives {self.num_layers}",
                field="num_layers",
            )

    def suspect(self, *inputs: Any) -> LayerError | None:
        """Warn of dropout that never acts, as PyTorch does."""
        if not self.dropout or self.num_layers > 1:
            return None
        return LayerError(
            "SC402",
            f"drops between layers alone, and has one: `dropout: {self.dropout:g}` never acts",
            field="dropout",
            help="give it `num_layers: 2`, or put a `dropout` step after it",
        )

    @property
    def directions(self) -> int:
        """1, or 2 where the sequence is read backwards as well."""
        return 2 if self.bidirectional else 1

    @property
    def time_axis(self) -> int:
        """The axis of steps."""
        return 1 if self.batch_first else 0

    @property
    def state_size(self) -> int:
        """Features of the state that is handed on, and of each direction's output."""
        return self.hidden_size

    def output_shape(self, x: Shape, *states: Shape) -> Shape:
        """Return the input's shape with directions × hidden_size features.

        >>> Lstm(hidden_size=20, num_layers=2).output_shape((5, 3, 10))     # torch.nn.LSTM's own example
        (5, 3, 20)
        """
        if len(x) != RANK:
            order = "[N, T, features]" if self.batch_first else "[T, N, features]"
            raise LayerError("SC305", f"expects {order}, receives {show(x)}", label=f"receives rank {len(x)}")
        stated(self.input_size, x[2], "input_size", "input features", x=x)
        names = list(self.states(x))
        for name, arriving in zip(names, states, strict=False):
            wanted = self.states(x)[name]
            message = f"expects {show(wanted)} as initial {name}, receives {show(arriving)}"
            demand_equal("SC301", message, wanted, arriving)
        if states and len(states) != len(names):
            raise LayerError("SC313", f"expects an initial {' and '.join(names)}, receives {len(states)} of them")
        return (x[0], x[1], self.directions * self.state_size)

    def states(self, x: Shape) -> dict[str, Shape]:
        """Return the shapes of the states: [directions × num_layers, N, size], wherever the batch stands in x."""
        batch = x[0] if self.batch_first else x[1]
        return {"h_n": (self.directions * self.num_layers, batch, self.state_size)}

    def outputs(self, x: Shape, *states: Shape) -> dict[str, Shape]:
        """Return the output of every step and the last states."""
        return {"output": self.output_shape(x, *states), **self.states(x)}

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
                tensors |= self.projection(suffix)
        return tensors

    def params_as(self, convention: str, *inputs: Shape) -> Dim:
        """Return the parameters with as many bias vectors per gate as PyTorch, Keras or a textbook keeps.

        G·H·(features + H + b) per layer and direction, G: gates, b: bias vectors. PyTorch and ONNX keep two; Keras and
        textbooks one; Keras two in a GRU with `reset_after`, its default.
        Source: torch.nn.LSTM, "Variables"; keras.layers.LSTM, keras.layers.GRU (`reset_after`).

        >>> lstm, gru, x = Lstm(hidden_size=64), Gru(hidden_size=64), (10, 1, 32)
        >>> [lstm.params_as(whose, x) for whose in ("pytorch", "keras", "textbook")]
        [25088, 24832, 24832]
        >>> [gru.params_as(whose, x) for whose in ("pytorch", "keras", "textbook")]
        [18816, 18816, 18624]
        """
        kept = Layer.params_as(self, convention, *inputs)
        if not self.bias:
            return kept
        vectors = self.biases["pytorch"] - self.biases[convention]
        return kept - vectors * self.gates * self.hidden_size * self.directions * self.num_layers

    def projection(self, suffix: str) -> dict[str, Shape]:
        """Return the weight that projects the hidden state, where there is one."""
        return {}

    def macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return steps × samples × the matrices of every layer and direction."""
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
        """Return the multiply-accumulates of the gradients by inputs and states, and of those by parameters.

        Each as many as forwards: per step W_ihᵀ · dz and W_hhᵀ · dz, then dz · xᵀ and dz · hᵀ. Cut every `truncate`
        steps, no W_hhᵀ · dz is needed at a cut, of which there are ⌊(T − 1)/k⌋.

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
        carried = self.directions * self.num_layers * self.gates * self.hidden_size * self.state_size
        return (macs - (steps - 1) // truncate * samples * carried, macs)

    def operations(self, x: Shape, *rest: Shape) -> Dim:
        """Return steps × samples × what each unit does besides the products."""
        biases = self.biases["pytorch"] * self.gates if self.bias else 0
        per_step = self.directions * self.num_layers * self.hidden_size * (biases + self.elementwise)
        return x[0] * x[1] * per_step

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the input, what steps keep, the states before the first, and what the layers of the stack hand up.

        As PyTorch's own loop over the steps keeps it: in its place the fused kernels of oneDNN and cuDNN keep a
        workspace. A batch that stands first is turned for each direction, and the copies are kept.
        """
        x, *given = shapes[:-1]
        batch, steps = (x[0], x[1]) if self.batch_first else (x[1], x[0])
        stack = batch * self.directions * self.num_layers
        read = Saved("input", product(x), 0, in_order=True)
        if self.batch_first:
            read = Saved("input, turned", self.directions * product(x))
        kept = [read, Saved("gates", stack * steps * self.kept_by_gates)]
        if self.hands_on:
            kept.append(Saved("states", stack * (steps - 1) * self.hands_on))
        for place, (name, shape) in enumerate(self.states(x).items(), start=1):
            kept.append(Saved(f"first {name.removesuffix('_n')}", product(shape), place if given else None))
        if self.num_layers > 1:
            between = batch * steps * self.directions * self.state_size * (self.num_layers - 1)
            kept.append(Saved("between layers", between))
            if self.dropout:
                kept.append(Saved("mask", between, random=True))
        return tuple(kept)

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return a uniform distribution between ±1/√H for each tensor."""
        return Initial("uniform", self.hidden_size)

    def masks(self, x: Shape, *rest: Shape) -> dict[str, tuple[Shape, float]]:
        """Return a mask between each layer of the stack and the next, in the order of steps, samples, features."""
        steps, samples = x[1::-1] if self.batch_first else x[:2]
        mask = ((steps, samples, self.directions * self.state_size), self.dropout)
        return {f"mask_l{level}": mask for level in range(self.num_layers - 1)} if self.dropout else {}

    @property
    def storage(self) -> Storage:
        """Steps are put together one after another: a batch that stands first is turned to there."""
        return Storage.TURNED if self.batch_first else Storage.NEW

    @property
    def kept_by_gates(self) -> int:
        """Numbers that the gates of one step keep, for a sample, a layer and a direction."""
        return self.gates_kept * self.hidden_size

    @property
    def hands_on(self) -> int:
        """Numbers of the states that the next step keeps, where the gates do not keep them already."""
        return self.state_size

    def spared_macs(self, x: Shape, *rest: Shape) -> Dim:
        """Return the products that lead back into the input."""
        return x[0] * x[1] * self.directions * self.gates * self.hidden_size * x[2]

    def _reads(self, x: Shape) -> tuple[Dim, ...]:
        """Return the features that each layer of the stack reads."""
        return (x[2], *(self.directions * self.state_size,) * (self.num_layers - 1))

    def _suffixes(self, level: int) -> tuple[str, ...]:
        return (f"l{level}", f"l{level}_reverse") if self.bidirectional else (f"l{level}",)


@layer("rnn", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rnn(Recurrent):
    """Elman's recurrent layer, h′ = tanh(W_ih x + b_ih + W_hh h + b_hh) at each step; or ReLU in place of tanh.

    Input: [T, N, features], with `batch_first` [N, T, features]; then, if given, h_0 [D·L, N, H]
    Output: output [T, N, D·H] (order as the input); h_n [D·L, N, H]. D: directions, L: num_layers, H: hidden_size
    Parameters: per layer and direction weight_ih [H, features], weight_hh [H, H], bias_ih [H], bias_hh [H]; further
        layers read D·H features; Keras keeps one bias for the two
    Costs: MACs = T·N × Σ D·H·(features + H); FLOPs = 2 × MACs + per step, sample, layer and direction 2H for the two
        biases, H for the sum, H for tanh or ReLU
    Source: torch.nn.RNN; Elman 1990
    """

    foreign_names = "~simplernn elmanrnn vanillarnn ~cudnnrnn"
    foreign_fields = ("nonlinearity: activation nonlin act", *Recurrent.foreign_fields)
    cell = Cell(
        ("h",),
        (Equation("h′", "{nonlinearity}({h})", *_NEXT_STATE),),
        (("{nonlinearity} of the sum", ()),),
    )
    elementwise = 2
    gates_kept = 1  # h′, which the next step reads
    nonlinearity: Annotated[str, Word(("tanh", "relu"))] = "tanh"

    @property
    def hands_on(self) -> int:
        """Return 0: the state is what is kept of the step."""
        return 0


@layer("lstm", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm(Recurrent):
    """Long short-term memory: gates i, f, o = σ(…), candidate g = tanh(…), c′ = f ⊙ c + i ⊙ g, h′ = o ⊙ tanh(c′).

    Input: [T, N, features], with `batch_first` [N, T, features]; then, if given, h_0 [D·L, N, P] and c_0 [D·L, N, H]
    Output: output [T, N, D·P] (order as the input); h_n [D·L, N, P]; c_n [D·L, N, H]. D: directions, L: num_layers,
        H: hidden_size, P: proj_size, or H without a projection
    Parameters: per layer and direction weight_ih [4H, features], weight_hh [4H, P], bias_ih [4H], bias_hh [4H], rows
        in the order i (input gate), f (forget gate), g (candidate), o (output gate); weight_hr [P, H] with a
        projection; further layers read D·P features; Keras keeps one bias for the two
    Costs: MACs = T·N × Σ D·(4H·(features + P) + H·P with a projection); FLOPs = 2 × MACs + per step, sample, layer
        and direction 8H for the two biases, 4H for their sums, 14H for i, f, o (4 each), g and tanh(c′), 3H for c′,
        H for h′
    Source: torch.nn.LSTM; Hochreiter and Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000 (forget gate)
    """

    foreign_names = "longshorttermmemory ~cudnnlstm ~bilstm"
    foreign_fields = (*Recurrent.foreign_fields, "proj_size: projection projectionsize numproj projectiondim projdim")
    takes = (1, 3)
    further = ("h_n", "c_n")
    cell = Cell(
        ("i", "f", "g", "o"),
        (
            Equation("i", "σ({i})", "input gate", "how much of the candidate enters the cell"),
            Equation("f", "σ({f})", "forget gate", "how much of c stays"),
            Equation("g", "tanh({g})", "candidate", "what could enter the cell"),
            Equation("o", "σ({o})", "output gate", "how much of the cell is shown"),
            Equation("c′", "f ⊙ c + i ⊙ g", "cell", "what stays, and what enters"),
            Equation("h′", "o ⊙ tanh(c′)", *_NEXT_STATE),
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
    gates_kept = 5  # i, f, g, o, tanh(c′)
    proj_size: Annotated[int, Integer(minimum=0)] = 0

    @property
    def state_size(self) -> int:
        """Features of h: the projection's, where there is one."""
        return self.proj_size or self.hidden_size

    def check_fields(self) -> None:
        """Refuse a projection that is none, and a stack whose tensors nobody can list."""
        Recurrent.check_fields(self)
        if self.proj_size >= self.hidden_size:
            less = f"write `proj_size: {self.hidden_size - 1}` or less, or leave it out"
            raise LayerError(
                "SC205",
                f"expects a number below `hidden_size` ({self.hidden_size}) as `proj_size`, receives {self.proj_size}",
                field="proj_size",
                help=less if self.hidden_size > 1 else "leave `proj_size` out",
                replacement=str(self.hidden_size - 1) if self.hidden_size > 1 else None,
            )

    def states(self, x: Shape) -> dict[str, Shape]:
        """Return the shapes of h_n and c_n; the cell is never projected."""
        batch = x[0] if self.batch_first else x[1]
        levels = self.directions * self.num_layers
        return {"h_n": (levels, batch, self.state_size), "c_n": (levels, batch, self.hidden_size)}

    @property
    def kept_by_gates(self) -> int:
        """Numbers that one step keeps: of a projection what it projects, too."""
        return (self.gates_kept + bool(self.proj_size)) * self.hidden_size

    @property
    def hands_on(self) -> int:
        """Numbers in h and c."""
        return self.state_size + self.hidden_size

    def projection(self, suffix: str) -> dict[str, Shape]:
        """Return weight_hr where the hidden state is projected."""
        return {f"weight_hr_{suffix}": (self.proj_size, self.hidden_size)} if self.proj_size else {}

    def projection_macs(self) -> int:
        """Return H·P where the hidden state is projected."""
        return self.hidden_size * self.proj_size


@layer("gru", main="hidden_size")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gru(Recurrent):
    """Gated recurrent unit: r, z = σ(…), n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)), h′ = (1 − z) ⊙ n + z ⊙ h.

    Input: [T, N, features], with `batch_first` [N, T, features]; then, if given, h_0 [D·L, N, H]
    Output: output [T, N, D·H] (order as the input); h_n [D·L, N, H]. D: directions, L: num_layers, H: hidden_size
    Parameters: per layer and direction weight_ih [3H, features], weight_hh [3H, H], bias_ih [3H], bias_hh [3H], rows
        in the order r (reset gate), z (update gate), n (candidate); further layers read D·H features
    Costs: MACs = T·N × Σ D·3H·(features + H); FLOPs = 2 × MACs + per step, sample, layer and direction 6H for the two
        biases, 3H for their sums, 9H for r, z (4 each) and n, H for r ⊙ (…), 4H for h′
    Source: torch.nn.GRU (reset after the product, as in its formula); Cho et al. 2014
    """

    foreign_names = "gatedrecurrentunit ~cudnngru ~bigru"
    cell = Cell(
        ("r", "z", "n"),
        (
            Equation("r", "σ({r})", "reset gate", "how much of h the candidate sees"),
            Equation("z", "σ({z})", "update gate", "how much of h stays"),
            Equation("n", "tanh({input} + r ⊙ ({state}))", "candidate", "what could take its place"),
            Equation("h′", "(1 − z) ⊙ n + z ⊙ h", *_NEXT_STATE),
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
    gates_kept = 6  # r, z, W_hn h + b_hn before and after r multiplies it, n, h − n
    # r multiplies W_hn h + b_hn, so that here the two biases of the candidate are no sum.
    biases: ClassVar[Mapping[str, int]] = {"pytorch": 2, "keras": 2, "textbook": 1}
