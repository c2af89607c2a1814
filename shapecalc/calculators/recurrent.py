"""Equations, gates, parameter tensors and derived costs of a recurrent layer.

Every result is the layer's own; a test compares the value of each line with it. T: time steps, N: samples, in: input
features, H: hidden units, P: size of the projection, L: layers, D: directions, G: gates.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import Dim, as_json, grouped, pretty
from shapecalc.layers.base import PARAMS_AS
from shapecalc.layers.recurrence import Equation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.dims import Shape
    from shapecalc.layers.recurrence import Recurrent

Term = tuple[str, str]
"""A part of a formula, in letters and in numbers."""


class Gate(NamedTuple):
    """A gate, and the first and last of its rows in weight_ih, weight_hh and the biases."""

    letter: str
    name: str
    rows: tuple[int, int]


class RecurrentOutput(NamedTuple):
    """An output of the layer: its shape in numbers and in letters, and its contents."""

    name: str
    shape: Shape
    letters: tuple[str, ...]
    holds: str


class ParameterTensor(NamedTuple):
    """A parameter tensor, and the matrices or vectors of the equations that are stacked in it along the first axis."""

    name: str
    shape: tuple[int, ...]
    size: int
    holds: tuple[str, ...]


class RecurrentFigure(NamedTuple):
    """One number: its formula (empty for a plain sum), the formula with numbers substituted, and the result."""

    name: str
    formula: str
    numbers: str
    result: Dim

    @property
    def equation(self) -> str:
        """The substituted formula and its result.

        >>> RecurrentFigure("step", "H·H", "40·40", 1_600).equation
        '40·40 = 1,600'
        """
        shown = grouped(self.result)
        return shown if self.numbers == shown else f"{self.numbers} = {shown}"

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as JSON's values."""
        return {
            "name": self.name,
            "formula": self.formula,
            "equation": self.equation,
            "result": as_json(self.result),
        }


class Recurrence(NamedTuple):
    """A recurrent layer on an input: outputs, equations, tensors and costs."""

    type: str
    x: Shape
    order: tuple[str, ...]
    letters: tuple[tuple[str, Dim], ...]
    outputs: tuple[RecurrentOutput, ...]
    equations: tuple[Equation, ...]
    gates: tuple[Gate, ...]
    tensors: tuple[ParameterTensor, ...]
    biased: bool
    params_as: str
    conventions: dict[str, int]
    """The parameters as each convention counts them."""
    params: tuple[RecurrentFigure, ...]
    """Those of each layer of the stack, if there are several, then their sum."""
    step: tuple[RecurrentFigure, ...]
    """MACs of one time step of one sample, in the same way."""
    macs: RecurrentFigure
    operations: tuple[RecurrentFigure, ...]
    """The operations of a time step of one sample other than products, in one layer and direction, item by item."""
    others: tuple[RecurrentFigure, ...]
    """Their sum, and that of all layers and directions."""
    flops: RecurrentFigure

    def to_dict(self) -> dict[str, Any]:
        """Return the layer as JSON's values; a dim that depends on a symbol is the expression as text."""
        return {
            "layer": self.type,
            "input": [*map(as_json, self.x)],
            "outputs": {output.name: [*map(as_json, output.shape)] for output in self.outputs},
            "params_as": self.params_as,
            "params": as_json(self.params[-1].result),
            "macs": as_json(self.macs.result),
            "flops": as_json(self.flops.result),
            "macs_per_step": as_json(self.step[-1].result),
            "operations_per_step": as_json(self.others[-1].result),
            "params_by_convention": self.conventions,
            "gates": [
                {"letter": gate.letter, "name": gate.name, "rows": dict(zip(("first", "last"), gate.rows, strict=True))}
                for gate in self.gates
            ],
            "equations": [
                {
                    "gives": line.left,
                    "equation": f"{line.left} = {line.right}",
                    "name": line.name,
                    "purpose": line.purpose,
                }
                for line in self.equations
            ],
            "parameters": [
                {"name": tensor.name, "shape": list(tensor.shape), "count": tensor.size, "holds": list(tensor.holds)}
                for tensor in self.tensors
            ],
            "costs": {
                "params": [figure.to_dict() for figure in self.params],
                "macs": [figure.to_dict() for figure in (*self.step, self.macs)],
                "operations": [figure.to_dict() for figure in (*self.operations, *self.others)],
                "flops": [self.flops.to_dict()],
            },
        }


def recurrence(layer: Recurrent, steps: Dim, samples: Dim, features: int, params_as: str = "pytorch") -> Recurrence:
    """Return the equations, tensors and costs of a layer on an input of `steps` times `samples` vectors.

    >>> from shapecalc.layers.recurrent import Lstm
    >>> lstm = recurrence(Lstm(hidden_size=20, num_layers=2), 5, 3, 10)     # torch.nn.LSTM's own example
    >>> lstm.params[0].formula, lstm.params[0].equation
    ('G·H·(in + H + 2)', '4·20·(10 + 20 + 2) = 2,560')
    >>> lstm.macs.equation
    '5·3·5,600 = 84,000'
    """
    x = (samples, steps, features) if layer.batch_first else (steps, samples, features)
    span = RecurrentFigure("", "T·N", f"{pretty(steps)}·{pretty(samples)}", 0)
    return Recurrence(
        type=layer.type,
        x=x,
        order=("N", "T", "in") if layer.batch_first else ("T", "N", "in"),
        letters=_letters(layer, steps, samples, features),
        outputs=tuple(_outputs(layer, x)),
        equations=tuple(_equations(layer)),
        gates=tuple(_gates(layer)),
        tensors=tuple(_tensors(layer, x, params_as)),
        biased=layer.bias,
        params_as=params_as,
        conventions={whose: _int(layer.params_as(whose, x)) for whose in PARAMS_AS},
        params=tuple(_params(layer, features, params_as)),
        step=tuple(_step(layer, features)),
        macs=_macs(layer, x, span),
        operations=tuple(_operations(layer)),
        others=tuple(_others(layer, features)),
        flops=_flops(layer, x, span),
    )


def _letters(layer: Recurrent, steps: Dim, samples: Dim, features: int) -> tuple[tuple[str, Dim], ...]:
    letters = [("T", steps), ("N", samples), ("in", features), ("H", layer.hidden_size)]
    if _projects(layer):
        letters.append(("P", layer.state_size))
    letters.append(("L", layer.num_layers))
    if layer.bidirectional:
        letters.append(("D", layer.directions))
    return (*letters, ("G", layer.gates)) if layer.gates > 1 else tuple(letters)


def _outputs(layer: Recurrent, x: Shape) -> Iterator[RecurrentOutput]:
    size = _state(layer)[0]
    features = _times(_directions(layer), (size, ""))[0]
    levels = _times(_directions(layer), ("L", ""))[0]
    sequence = ("N", "T") if layer.batch_first else ("T", "N")
    each = "each layer and direction" if layer.bidirectional else "each layer"
    sides = ", both directions side by side" if layer.bidirectional else ""
    described = {
        "output": ((*sequence, features), f"h of the last layer at every step{sides}"),
        "h_n": ((levels, "N", size), f"h of {each} after its last step"),
        "c_n": ((levels, "N", "H"), f"c of {each} after its last step"),
    }
    for name, shape in layer.outputs(x).items():
        yield RecurrentOutput(name, shape, *described[name])


def _equations(layer: Recurrent) -> Iterator[Equation]:
    sums = {gate: f"{_product(layer, 'x', gate)} + {_product(layer, 'h', gate)}" for gate in layer.cell.gates}
    last = layer.cell.gates[-1]
    parts = {"input": _product(layer, "x", last), "state": _product(layer, "h", last)}
    for line in layer.cell.equations:
        right = line.right.format(**sums, **parts, nonlinearity=_nonlinearity(layer))
        if line.left == "h′" and _projects(layer):
            yield Equation("h′", f"W_hr ({right})", line.name, f"{line.purpose}, projected to {layer.state_size}")
        else:
            yield line._replace(right=right)


def _product(layer: Recurrent, factor: str, gate: str) -> str:
    side = ("i" if factor == "x" else "h") + gate
    return f"W_{side} {factor} + b_{side}" if layer.bias else f"W_{side} {factor}"


def _gates(layer: Recurrent) -> Iterator[Gate]:
    names = {line.left: line.name for line in layer.cell.equations}
    for index, letter in enumerate(layer.cell.gates):
        first = index * layer.hidden_size
        yield Gate(letter, names.get(letter, "hidden state"), (first, first + layer.hidden_size - 1))


def _tensors(layer: Recurrent, x: Shape, params_as: str) -> Iterator[ParameterTensor]:
    merged = layer.biases[params_as] == 1
    for name, shape in layer.parameters(x).items():
        kind, side, level = name.split("_", 2)
        if kind == "bias" and merged:
            if side == "ih":
                yield _tensor(f"bias_{level}", shape, tuple(f"b_{gate}" for gate in layer.cell.gates))
            continue
        letters = ("",) if side == "hr" else layer.cell.gates
        source = side if side == "hr" else side[0]
        yield _tensor(name, shape, tuple(f"{'b' if kind == 'bias' else 'W'}_{source}{gate}" for gate in letters))


def _tensor(name: str, shape: Shape, holds: tuple[str, ...]) -> ParameterTensor:
    sizes = tuple(map(_int, shape))
    return ParameterTensor(name, sizes, prod(sizes), holds)


def _params(layer: Recurrent, features: int, params_as: str) -> Iterator[RecurrentFigure]:
    x = (1, 1, features)
    vectors = str(layer.biases[params_as])
    biases = [(vectors, vectors)] if layer.bias else []
    one = _int(replace(layer, num_layers=1).params_as(params_as, x))
    yield from _levels(layer, features, biases, "params", one, _int(layer.params_as(params_as, x)))


def _step(layer: Recurrent, features: int) -> Iterator[RecurrentFigure]:
    one = _int(replace(layer, num_layers=1).macs_per_step(features))
    yield from _levels(layer, features, [], "step", one, _int(layer.macs_per_step(features)))


def _levels(
    layer: Recurrent, features: int, biases: list[Term], name: str, first: int, total: int
) -> Iterator[RecurrentFigure]:
    """Yield the first layer, those that read the layer below, and the sum; or the only layer."""
    lowest = _level(layer, ("in", str(features)), biases)
    if layer.num_layers == 1:
        yield RecurrentFigure(name, *lowest, total)
        return
    several = layer.num_layers > 2  # noqa: PLR2004 - then more than one layer is above the first
    count = ("(L − 1)", f"({layer.num_layers} − 1)") if several else ("", "")
    upper = _level(layer, _times(_directions(layer), _state(layer)), biases, count)
    yield RecurrentFigure("layer 0", *lowest, first)
    yield RecurrentFigure(f"layers 1 to {layer.num_layers - 1}" if several else "layer 1", *upper, total - first)
    yield RecurrentFigure(name, "", f"{first:,} + {total - first:,}", total)


def _level(layer: Recurrent, reads: Term, biases: list[Term], count: Term = ("", "")) -> Term:
    """Return layers · D·(G·H·(features read + state + biases) + projection), in letters and in numbers."""
    products = _times(_rows(layer), _bracketed(_plus(reads, _state(layer), *biases)))
    if _projects(layer):
        products = _plus(products, _times(("H", str(layer.hidden_size)), _state(layer)))
        if layer.bidirectional or count[0]:
            products = _bracketed(products)
    return _times(count, _directions(layer), products)


def _macs(layer: Recurrent, x: Shape, span: RecurrentFigure) -> RecurrentFigure:
    step = _int(layer.macs_per_step(x[2]))
    return RecurrentFigure("MACs", f"{span.formula}·step", f"{span.numbers}·{step:,}", layer.macs(x))


def _operations(layer: Recurrent) -> Iterator[RecurrentFigure]:
    units = ("H", str(layer.hidden_size))
    if layer.bias:
        yield _item("adding b_ih and b_hh", _times(("2", "2"), _rows(layer)))
    yield _item("adding both products", _rows(layer))
    for name, factors in layer.cell.operations:
        term = units
        for factor in reversed(factors):
            term = _times((str(factor), str(factor)), term)
        yield _item(name.format(nonlinearity=_nonlinearity(layer)), term)


def _item(name: str, term: Term) -> RecurrentFigure:
    return RecurrentFigure(name, *term, prod(map(int, term[1].split("·"))))


def _others(layer: Recurrent, features: int) -> Iterator[RecurrentFigure]:
    x = (1, 1, features)
    alone = replace(layer, num_layers=1, bidirectional=False)
    cell = _int(alone.operations(x))
    numbers = " + ".join(grouped(item.result) for item in _operations(layer))
    levels = _times(("L", str(layer.num_layers)), _directions(layer))
    if layer.num_layers * layer.directions == 1:
        yield RecurrentFigure("others", "", numbers, cell)
        return
    yield RecurrentFigure("each", "", numbers, cell)
    yield RecurrentFigure("others", f"{levels[0]}·each", f"{levels[1]}·{cell:,}", layer.operations(x))


def _flops(layer: Recurrent, x: Shape, span: RecurrentFigure) -> RecurrentFigure:
    others = layer.operations((1, 1, x[2]))
    formula = f"2·MACs + {span.formula}·others"
    numbers = f"2·{grouped(layer.macs(x))} + {span.numbers}·{grouped(others)}"
    return RecurrentFigure("FLOPs", formula, numbers, layer.flops(x))


def _rows(layer: Recurrent) -> Term:
    units = ("H", str(layer.hidden_size))
    return _times(("G", str(layer.gates)), units) if layer.gates > 1 else units


def _state(layer: Recurrent) -> Term:
    return ("P" if _projects(layer) else "H", str(layer.state_size))


def _directions(layer: Recurrent) -> Term:
    return ("D", "2") if layer.bidirectional else ("", "")


def _projects(layer: Recurrent) -> bool:
    return layer.projection_macs() > 0


def _nonlinearity(layer: Recurrent) -> str:
    return str(getattr(layer, "nonlinearity", ""))


def _times(*terms: Term) -> Term:
    letters, numbers = zip(*(term for term in terms if term[0]), strict=True)
    return "·".join(letters), "·".join(numbers)


def _plus(*terms: Term) -> Term:
    letters, numbers = zip(*terms, strict=True)
    return " + ".join(letters), " + ".join(numbers)


def _bracketed(term: Term) -> Term:
    return f"({term[0]})", f"({term[1]})"


def _int(dim: Dim) -> int:
    assert isinstance(dim, int), dim  # sizes of parameters depend on no symbol: features and units are integers
    return dim
