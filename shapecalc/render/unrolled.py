"""A recurrent layer step by step: its states and gates as a table over time, and the arithmetic of each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.calculators.gate_arithmetic import UnitStep, lines_of, projected_line, shown
from shapecalc.dims import show
from shapecalc.render.derivation import WIDEST, in_ascii, legend
from shapecalc.render.recurrent import MEANINGS
from shapecalc.render.tables.model import BLANK, Document, Drawing, Fixed, Lines, Table, TableColumn, TableRow
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import Page, wrapped
from shapecalc.render.terminal.palette import BOLD, DIM
from shapecalc.render.values.tensor import tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.execution.unrolling import CellStep, Unrolled, UnrolledPass
    from shapecalc.reference.base import Array
    from shapecalc.render.tables.model import Part

MOST_ROWS = 48
"""Rows of a table with a row per step and unit; of more there is a row per step, with means."""
MOST_STEPS = 24
"""Steps of such a table; of more the first and last ones."""
MOST_LINES = 48
"""Lines of arithmetic that are shown by default."""
MOST_IN_A_ROW = 3
"""Features of x in a table."""
INDENT = "     "


def text(unrolled: Unrolled, *, everything: bool, width: int | None, color: bool, unicode: bool) -> str:
    """Return the values as text; with `everything` the arithmetic of every unit in every step."""
    result = document(values(unrolled, everything=everything), Page(width, color=color, unicode=True))
    return result if unicode else in_ascii(result)  # signs are spelled out last


def values(unrolled: Unrolled, *, everything: bool = False) -> Document:
    """Return the states and gates of each layer and direction, their arithmetic, and the outputs."""
    tables = [block for run in unrolled.passes for block in _tables(unrolled, run)]
    blocks: list[Sequence[Part]] = [heading(unrolled), *tables, *arithmetic(unrolled, everything=everything)]
    blocks.append([tensor(array, name) for name, array in unrolled.outputs.items()])
    main = next(part for block in tables for part in block if isinstance(part, Table))
    return Document("", blocks, main)


def heading(unrolled: Unrolled, title: str = "") -> list[Part]:
    """Return the layer, the shape that it reads, and the letters of the sizes."""
    layer, x = unrolled.layer, unrolled.inputs[0]
    sizes = {"T": x.shape[layer.time_axis], "N": x.shape[1 - layer.time_axis], "in": x.shape[2], "H": layer.hidden_size}
    if layer.projection_macs():
        sizes["P"] = layer.state_size
    letters = {letter: str(size) for letter, size in sizes.items()}
    return [
        Lines([title or f"{layer.type} on {show(x.shape)}, step by step"], BOLD),
        Drawing(lambda page: legend(letters, page.width, MEANINGS)),
        *([Lines([str(unrolled.drawn)], DIM)] if unrolled.drawn and str(unrolled.drawn) else []),
    ]


def samples_of(unrolled: Unrolled) -> int:
    """Return the number of samples."""
    return int(unrolled.inputs[0].shape[1 - unrolled.layer.time_axis])


def is_small(unrolled: Unrolled) -> bool:
    """Return whether every unit of every step has a row."""
    rows = sum(len(run.steps) for run in unrolled.passes) * unrolled.layer.hidden_size * samples_of(unrolled)
    return rows <= MOST_ROWS


def name_of(unrolled: Unrolled, run: UnrolledPass, sample: int | None) -> str:
    """Return the name of a layer, direction and sample, as far as there are several."""
    names = [run.name] if len(unrolled.passes) > 1 else []
    if sample is not None and samples_of(unrolled) > 1:
        names.append(f"sample {sample}")
    return ", ".join(names)


def _tables(unrolled: Unrolled, run: UnrolledPass) -> Iterator[list[Part]]:
    if not is_small(unrolled):
        yield _titled(name_of(unrolled, run, None), _summary(unrolled, run))
        return
    for sample in range(samples_of(unrolled)):
        yield _titled(name_of(unrolled, run, sample), _detail(unrolled, run, sample))


def _titled(title: str, table: Table) -> list[Part]:
    return [Lines([title], BOLD), table] if title else [table]


def _columns(unrolled: Unrolled, *, units: bool, x: bool) -> tuple[TableColumn, ...]:
    names = [*gates_of(unrolled), *states_of(unrolled)]
    first = [TableColumn("step", right=True), *([TableColumn("unit", right=True)] if units else [])]
    return (*first, *([TableColumn("x", drops=1)] if x else []), *(TableColumn(name, right=True) for name in names))


def gates_of(unrolled: Unrolled) -> list[str]:
    """Return the letters of the gates."""
    return [*unrolled.passes[0].steps[0].gates]


def states_of(unrolled: Unrolled) -> list[str]:
    """Return the letters of the states, in the order of computation."""
    return [*unrolled.passes[0].steps[0].after][::-1]


def _detail(unrolled: Unrolled, run: UnrolledPass, sample: int) -> Table:
    """Return a row per step and unit; row 0 has the initial states."""
    letters, states = gates_of(unrolled), states_of(unrolled)
    units, features = unrolled.layer.hidden_size, len(run.steps[0].x)
    with_x = features <= MOST_IN_A_ROW
    first = run.steps[0]
    rows = []
    for unit in range(units):
        unit_cells = [Fixed(str(unit))] if units > 1 else []
        cells = [
            *([BLANK] if with_x else []),
            *(BLANK for _ in letters),
            *(_cell(first.before[s], unit, sample) for s in states),
        ]
        rows.append(TableRow((Fixed("0" if not unit else ""), *unit_cells, *cells), DIM))
    for step in run.steps:
        x = ", ".join(map(shown, step.x[:, sample].tolist()))
        for unit in range(units):
            cells = [Fixed(str(step.time) if not unit else "")]
            cells += [Fixed(str(unit))] if units > 1 else []
            if with_x:
                cells.append((Fixed(f"[{x}]" if features > 1 else x)) if not unit else BLANK)
            cells += [_cell(step.gates[letter], unit, sample) for letter in letters]
            cells += [_cell(step.after[state], unit, sample) for state in states]
            rows.append(TableRow(tuple(cells)))
    return Table(_columns(unrolled, units=units > 1, x=with_x), rows)


def _cell(array: Array, unit: int, sample: int) -> Fixed:
    return Fixed(shown(array[unit, sample]) if unit < len(array) else "")


def _summary(unrolled: Unrolled, run: UnrolledPass) -> Table:
    """Return a row per step, with the mean of each gate and state."""
    letters, states = gates_of(unrolled), states_of(unrolled)
    rows = []
    for step in folded(run.steps):
        if step is None:
            rows.append(TableRow((Fixed("…"), *(BLANK for _ in (*letters, *states, "")))))
            continue
        with np.errstate(all="ignore"):
            means = [step.gates[letter].mean() for letter in letters] + [step.after[state].mean() for state in states]
        largest = abs(step.after["h"]).max()
        rows.append(TableRow((Fixed(str(step.time)), *(Fixed(shown(mean)) for mean in means), Fixed(shown(largest)))))
    heads = [TableColumn("step", right=True)]
    heads += [TableColumn(f"mean {name}", right=True) for name in (*letters, *states)]
    return Table((*heads, TableColumn("max |h|", right=True, drops=1)), rows)


def folded(steps: Sequence[Any]) -> list[Any]:
    """Return steps, or of many the first and last ones with None between."""
    return [*steps] if len(steps) <= MOST_STEPS else [*steps[: MOST_STEPS - 5], None, *steps[-4:]]


def arithmetic(unrolled: Unrolled, *, everything: bool) -> Iterator[list[Part]]:
    """Yield a block for each step with the lines of its units; by default those of as many units as are readable."""
    per_unit = len(unrolled.layer.cell.equations)
    samples, units = samples_of(unrolled), unrolled.layer.hidden_size
    total = sum(len(run.steps) for run in unrolled.passes) * samples * units * per_unit
    most_units = units if everything or total <= MOST_LINES else 1
    most_samples = samples if everything or total <= MOST_LINES else 1
    room = total if everything else MOST_LINES if is_small(unrolled) else per_unit
    shown_lines = 0
    for run in unrolled.passes:
        for sample in range(most_samples):
            for step in run.steps:
                lines = _lines(unrolled, run, step, sample, most_units)
                if shown_lines and shown_lines + len(lines) > room:
                    break
                shown_lines += len(lines)
                title = ", ".join(filter(None, [f"step {step.time}", name_of(unrolled, run, sample)]))
                yield [Lines([title], BOLD), equations(lines)]
    if shown_lines < total:
        yield [Lines([f"arithmetic of {shown_lines:,} of {total:,} gates and states; --all shows all"], DIM)]


def equations(lines: Sequence[str]) -> Drawing:
    """Return lines of arithmetic, each continued below its beginning if it is too long."""
    return Drawing(lambda page: [line for text in lines for line in equation(text, page.width or WIDEST)])


def equation(line: str, width: int) -> list[str]:
    """Return a line of arithmetic in lines of at most `width` columns."""
    first, *others = wrapped(line, width)
    return [first, *(INDENT + more for more in wrapped(" ".join(others), width - len(INDENT)))] if others else [first]


def _lines(unrolled: Unrolled, run: UnrolledPass, step: CellStep, sample: int, units: int) -> list[str]:
    layer = unrolled.layer
    lines: list[str] = []
    steps = [unit_step(unrolled, run, step, unit, sample) for unit in range(units)]
    for each in steps:
        lines += [line.text for line in lines_of(layer, each)]
    projection = unrolled.call.parameters.get(f"weight_hr_{run.suffix}")
    if projection is not None:
        unprojected = step.unprojected[:, sample].tolist()
        for each, row in zip(steps, projection, strict=False):
            result = step.after["h"][each.unit or 0, sample]
            lines.append(projected_line(each, row.tolist(), unprojected, result).text)
    return lines


def unit_step(unrolled: Unrolled, run: UnrolledPass, step: CellStep, unit: int, sample: int) -> UnitStep:
    """Return the numbers of one unit of one sample."""
    layer, parameters = unrolled.layer, unrolled.call.parameters
    from_x, from_h = (parameters[f"weight_{side}_{run.suffix}"] for side in ("ih", "hh"))
    rows = {gate: index * layer.hidden_size + unit for index, gate in enumerate(layer.cell.gates)}
    weights = {gate: (from_x[row].tolist(), from_h[row].tolist()) for gate, row in rows.items()}
    biases = {}
    if layer.bias:
        vectors = [parameters[f"bias_{side}_{run.suffix}"] for side in ("ih", "hh")]
        biases = {gate: (vectors[0][row], vectors[1][row]) for gate, row in rows.items()}
    values = {letter: array[unit, sample] for letter, array in step.gates.items()}
    values |= {state: array[unit, sample] for state, array in step.before.items() if unit < len(array)}
    values |= {f"{state}′": array[unit, sample] for state, array in step.after.items() if unit < len(array)}
    values["h′"] = step.unprojected[unit, sample]
    return UnitStep(
        step.time,
        unit if layer.hidden_size > 1 else None,
        step.x[:, sample].tolist(),
        step.before["h"][:, sample].tolist(),
        weights,
        biases,
        values,
    )
