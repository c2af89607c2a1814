"""A recurrent layer as text and JSON: its shapes, the equations of its gates, its tensors and its costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import grouped, show
from shapecalc.render.derivation import WIDEST, in_ascii, legend, wrapped
from shapecalc.render.inspect.columns import COUNTED
from shapecalc.render.terminal.palette import bold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.calculators.recurrent import ParameterTensor, Recurrence, RecurrentFigure

MEANINGS = {
    "T": "steps",
    "N": "samples",
    "in": "features in",
    "H": "hidden units",
    "P": "projection",
    "L": "layers",
    "D": "directions",
    "G": "gates",
}


def calculation(layer: Recurrence, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return shapes, the equations of the cell, the tensors one by one, and the costs with their numbers."""
    if not unicode:
        layer = _ascii_names(layer)
    blocks = [
        _shapes(layer, width, color=color),
        _cell(layer, width, color=color),
        _parameters(layer, width, color=color),
        [bold("MACs of one step of one sample, and in total", color=color), *_aligned((*layer.step, layer.macs))],
        _flops(layer, color=color),
    ]
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def _ascii_names(layer: Recurrence) -> Recurrence:
    """Return a layer with signs that take more than one letter of ASCII spelled out, before columns are measured."""
    return layer._replace(
        equations=tuple(line._replace(right=in_ascii(line.right)) for line in layer.equations),
        operations=tuple(item._replace(name=in_ascii(item.name)) for item in layer.operations),
    )


def _shapes(layer: Recurrence, width: int | None, *, color: bool) -> list[str]:
    letters = {letter: grouped(size) for letter, size in layer.letters if grouped(size) != letter}
    open_letters = [f"{letter} ({MEANINGS[letter]})" for letter, size in layer.letters if grouped(size) == letter]
    rows = [bold(f"{layer.type} on {show(layer.x)}", color=color), *legend(letters, width, MEANINGS)]
    if open_letters:
        rows.append(f"{' and '.join(open_letters)} left open")
    table = [(output.name, show(output.shape), f"[{', '.join(output.letters)}]") for output in layer.outputs]
    rows += ["", *_beside(table, [output.holds for output in layer.outputs], width)]
    if layer.order[0] == "N":
        rows += wrapped("batch_first orders input and output alone: states keep their batch in the middle", width)
    return rows


def _cell(layer: Recurrence, width: int | None, *, color: bool) -> list[str]:
    room = max(len(line.left) for line in layer.equations)
    equations = [(f"{line.left:<{room}} = {line.right}",) for line in layer.equations]
    roles = [f"{line.name}: {line.purpose}" for line in layer.equations]
    state = " and ".join(output.name.removesuffix("_n") for output in layer.outputs[1:])
    return [
        bold(f"one step: x enters, {state} {'come' if ' ' in state else 'comes'} from the step before", color=color),
        *_beside(equations, roles, width),
        "",
        *(line for sentence in _matrices(layer) for line in wrapped(sentence, width)),
    ]


def _matrices(layer: Recurrence) -> list[str]:
    """Return the sizes of the first layer's matrices and their order in the tensors."""
    sizes = {letter: size for letter, size in layer.letters if isinstance(size, int)}
    units, gates = sizes["H"], sizes.get("G", 1)
    by_name = {tensor.name: tensor for tensor in layer.tensors}
    sentences = []
    for side, operand in (("ih", "x"), ("hh", "h")):
        tensor = by_name[f"weight_{side}_l0"]
        rows, columns = tensor.shape
        size = f"{gates}·{units} x {columns} = {rows} x {columns}" if gates > 1 else f"{rows} x {columns}"
        each = f" stacked, {units} x {columns} each" if gates > 1 else ""
        sentences.append(f"{tensor.name} is {size} and reads {operand}: {', '.join(tensor.holds)}{each}")
    if gates > 1:
        rows_of = (f"{_rows(*gate.rows)} {gate.letter}" for gate in layer.gates)
        both = "rows of both, and of the biases" if layer.biased else "rows of both"
        sentences.append(f"{both}: {', '.join(rows_of)}")
    if (layers := sizes["L"]) > 1:
        read = by_name["weight_ih_l1"].shape[1]
        others = "layer 1 reads" if layers == 2 else f"layers 1 to {layers - 1} read"  # noqa: PLR2004
        sentences.append(f"{others} h of the layer below, {read} features")
    return sentences


def _rows(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def _parameters(layer: Recurrence, width: int | None, *, color: bool) -> list[str]:
    table = [(tensor.name, show(tensor.shape), _count(tensor)) for tensor in layer.tensors]
    return [
        bold(f"parameters as {COUNTED[layer.params_as]} them", color=color),
        *_beside(table, [", ".join(tensor.holds) for tensor in layer.tensors], width),
        "",
        *_aligned(layer.params),
        *(line for sentence in differences(layer) for line in wrapped(sentence, width)),
    ]


def _count(tensor: ParameterTensor) -> str:
    product = "·".join(map(str, tensor.shape))
    return f"{product} = {tensor.size:,}" if len(tensor.shape) > 1 else f"{tensor.size:,}"


def differences(layer: Recurrence) -> list[str]:
    """Return how the chosen count of parameters differs from the others; nothing if all are equal."""
    sentences = [_biases(layer)]
    if layer.params_as == "keras" and any(letter == "P" for letter, _ in layer.letters):
        sentences.append("Keras has no projection: it is counted as PyTorch keeps it")
    return list(filter(None, sentences))


def _biases(layer: Recurrence) -> str:
    """Return how the biases of the conventions differ; an empty text if they do not.

    PyTorch has two bias vectors per gate, textbooks one, Keras one except for a GRU with `reset_after`.
    """
    counts = layer.conventions
    extra = counts["pytorch"] - counts["textbook"]
    if not extra:
        return ""
    two = "two bias vectors, b_ih and b_hh"
    if counts["keras"] == counts["pytorch"]:
        keras = " and Keras, whose GRU resets after the product (reset_after=True),"
        return {
            "pytorch": f"PyTorch{keras} have {two}: {extra:,} more than textbooks, which have one",
            "keras": f"a Keras GRU resets after the product (reset_after=True) and has {two}, as PyTorch does: "
            f"{extra:,} more than textbooks, which have one",
            "textbook": f"textbooks have one bias vector: {extra:,} fewer than PyTorch{keras} which have two",
        }[layer.params_as]
    return {
        "pytorch": f"PyTorch has {two}: {extra:,} more than Keras and textbooks, which have one",
        "keras": f"Keras has one bias vector: {extra:,} fewer than PyTorch, which has two",
        "textbook": f"textbooks have one bias vector: {extra:,} fewer than PyTorch, which has two",
    }[layer.params_as]


def _flops(layer: Recurrence, *, color: bool) -> list[str]:
    several = len(layer.others) > 1
    scope = ", in each layer and direction" if several else ""
    room = max(len(item.name) for item in layer.operations) + 2
    return [
        bold(f"other operations of one step of one sample{scope}", color=color),
        *(f"{item.name:<{room}}{item.formula} = {item.equation}" for item in layer.operations),
        "",
        *_aligned((*layer.others, layer.flops)),
    ]


def _aligned(figures: Sequence[RecurrentFigure]) -> list[str]:
    """Return each figure's formula, numbers and result one below the other, with aligned signs of equality."""
    room = max(len(figure.name) for figure in figures)
    rows = []
    for figure in figures:
        name = f"{figure.name:<{room}}"
        for text in filter(None, (figure.formula, figure.numbers, grouped(figure.result))):
            rows.append(f"{name} = {text}")
            name = " " * room
    return rows


def _beside(table: Sequence[tuple[str, ...]], notes: Sequence[str], width: int | None) -> list[str]:
    """Return rows of columns, each with its note at the end, or below it if the line is too narrow."""
    columns = [max(map(len, column)) for column in zip(*table, strict=True)]
    rows = ["  ".join(f"{cell:<{room}}" for cell, room in zip(row, columns, strict=True)) for row in table]
    if max(len(row) + 2 + len(note) for row, note in zip(rows, notes, strict=True)) <= min(width or WIDEST, WIDEST):
        return [f"{row}  {note}" for row, note in zip(rows, notes, strict=True)]
    return [line for row, note in zip(rows, notes, strict=True) for line in (row.rstrip(), f"    {note}")]
