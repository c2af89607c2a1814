"""A verification as a document: predicted and executed figures of each layer, and the verdict."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shapecalc.render.tables.model import (
    Amount,
    Document,
    Fixed,
    Lines,
    Path,
    Shapes,
    Table,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.render.terminal.numbers import at_sizes, seconds
from shapecalc.render.terminal.palette import BAD, BOLD, GOOD, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.execution.gradient_check import BackwardRow
    from shapecalc.execution.verify import Proof, ProofRow, Trial
    from shapecalc.render.tables.model import Part, Value

    AnyRow = TypeVar("AnyRow", ProofRow, BackwardRow)

TYPE = TableColumn("type", drops=2)


class Compared(NamedTuple):
    """A row of a verification: one layer, or neighbours whose paths share their first parts."""

    path: str
    rows: tuple[Any, ...]

    @property
    def ok(self) -> bool:
        """Whether all layers agree."""
        return all(row.ok for row in self.rows)

    @property
    def type(self) -> Words:
        """The type of the layer, or the number of layers."""
        return Words(self.rows[0].layer.type if len(self.rows) == 1 else f"({len(self.rows)} layers)")

    def sums(self, predicted: Callable[[Any], int], executed: Callable[[Any], int | None]) -> tuple[int, int | None]:
        """Return the sums of a predicted and of an executed count, None if a kernel failed."""
        counts = [executed(row) for row in self.rows]
        known = [count for count in counts if count is not None]
        return sum(map(predicted, self.rows)), sum(known) if len(known) == len(counts) else None


def folded(rows: Iterable[AnyRow], depth: int | None) -> Iterator[Compared]:
    """Yield a row per layer; with `depth`, one for neighbours whose paths share that number of first parts."""

    def name(row: AnyRow) -> str:
        return row.layer.path if depth is None else ".".join(row.layer.path.split(".")[:depth])

    for path, group in groupby(rows, name):
        members = tuple(group)
        yield Compared(path, members)


def compared_table(rows: Sequence[Compared], columns: Mapping[TableColumn, Callable[[Compared], Value]]) -> Table:
    """Return a line per row, in red if it differs; if none does, a narrow terminal shows no executed shapes."""
    ok = all(row.ok for row in rows)
    heads = (head._replace(drops=1) if ok and head.heading == "executed" else head for head in columns)
    lines = [TableRow(tuple(value(row) for value in columns.values()), PLAIN if row.ok else BAD) for row in rows]
    return Table(tuple(heads), lines, legend=True)


def verification(proof: Proof, *, every: bool = True, depth: int | None = None) -> Document:
    """Return the rows of each trial, or only those that differ, and the verdict."""
    blocks: list[list[Part]] = []
    columns = _columns(proof)
    for trial in proof.trials:
        rows = [row for row in folded(trial.rows, depth) if every or not row.ok]
        if rows:
            title = [Lines([heading(proof.architecture.name, trial.sizes)], BOLD)]
            failures = [f"{row.layer.path}: {row.failure}" for row in trial.rows if row.failure]
            blocks.append([*title, compared_table(rows, columns), *([Lines(failures, BAD)] if failures else [])])
    blocks.append([Lines([verdict(proof)], GOOD if proof.ok else BAD)])
    return Document("", blocks, compared_table([*folded(proof.trials[0].rows, depth)], columns))


def listing(proof: Proof, depth: int | None = None) -> Table:
    """Return a row per layer of each trial, with predicted and executed figures apart, for programs."""
    counts = [name for name in COUNTS if name != "buffers" or _has_buffers(proof)]
    heads = ["sizes", "path", "type", "predicted", "executed"]
    heads += [name for count in counts for name in (count, f"executed_{count}")]
    rows = []
    for trial in proof.trials:
        for row in folded(trial.rows, depth):
            figures = [Amount(figure) for count in counts for figure in COUNTS[count](row)]
            shapes = (Shapes(row.rows[-1].predicted), _executed(row))
            rows.append(
                TableRow((Fixed(at_sizes(trial.sizes)), Path(row.path), row.type, *shapes, *figures, said(row)))
            )
    return Table(tuple(map(TableColumn, (*heads, "result"))), rows)


def heading(name: str, sizes: Mapping[str, int]) -> str:
    """Return the name of the network with its sizes."""
    at = at_sizes(sizes)
    return f"{name}{f' at {at}' if at else ''}"


def verdict(proof: Proof) -> str:
    """Return a sentence: whether all layers agree, their number, and the time in kernels."""
    layers = len(proof.trials[0].rows) + proof.trials[0].skipped
    took = seconds(proof.seconds)
    if not proof.ok:
        runs = "1 run" if len(proof.trials) == 1 else f"{len(proof.trials)} runs"
        wrong = sum(not row.ok for trial in proof.trials for row in trial.rows)
        skipped = sum(trial.skipped for trial in proof.trials)
        after = f", {skipped} not reached" if skipped else ""
        far = ", ".join(f"`{output.name}` by {output.difference:.1e}" for output in proof.outputs if not output.ok)
        apart = f"; outputs differ from the module's own: {far}" if far else ""
        return f"DISAGREES: {wrong} of {layers * len(proof.trials)} layer runs{after} ({runs}, {took}){apart}"
    once = f"; {', '.join(proof.unproved)} tried at one size: no second size is valid" if proof.unproved else ""
    tried = _tried(proof.trials)
    stated = f"; {proof.stated} shapes are those that the file states" if proof.stated else ""
    most = max((output.difference for output in proof.outputs), default=None)
    equal = "" if most is None else f"; outputs differ by at most {most:.1e} from the module's own"
    return f"verified: {layers} layers agree in shape, params and MACs{tried} ({took}){once}{stated}{equal}"


def said(row: Compared) -> Fixed:
    """Return the last cell of a row."""
    return Fixed("ok" if row.ok else "DIFFERS")


def both(predicted: int, executed: int | None) -> Value:
    """Return one count if both are equal, else both."""
    if predicted == executed:
        return Amount(predicted)
    return Fixed(f"{predicted:,} / {'failed' if executed is None else f'{executed:,}'}")


COUNTS: Mapping[str, Callable[[Compared], tuple[int, int | None]]] = {
    "params": lambda row: row.sums(
        lambda one: one.predicted_own.params, lambda one: one.executed_own and one.executed_own.params
    ),
    "buffers": lambda row: row.sums(
        lambda one: one.predicted_own.buffers, lambda one: one.executed_own and one.executed_own.buffers
    ),
    "macs": lambda row: row.sums(lambda one: one.predicted_macs, lambda one: one.executed_macs),
}


def _columns(proof: Proof) -> dict[TableColumn, Callable[[Compared], Value]]:
    columns: dict[TableColumn, Callable[[Compared], Value]] = {
        TableColumn("path"): lambda row: Path(row.path),
        TYPE: lambda row: row.type,
        TableColumn("predicted"): lambda row: Shapes(row.rows[-1].predicted),
        TableColumn("executed", "executed"): _executed,
        TableColumn("params", right=True): lambda row: both(*COUNTS["params"](row)),
        TableColumn("buffers", right=True): lambda row: both(*COUNTS["buffers"](row)),
        TableColumn("macs", "MACs", right=True): lambda row: both(*COUNTS["macs"](row)),
        TableColumn("result", ""): said,
    }
    return {head: value for head, value in columns.items() if head.name != "buffers" or _has_buffers(proof)}


def _has_buffers(proof: Proof) -> bool:
    return any(row.layer.facts.buffers for trial in proof.trials for row in trial.rows)


def _executed(row: Compared) -> Value:
    shapes = row.rows[-1].executed
    return Fixed("failed") if shapes is None else Shapes(shapes)


def _tried(trials: Sequence[Trial]) -> str:
    names = list(dict.fromkeys(name for trial in trials for name in trial.sizes))
    sizes = {name: dict.fromkeys(str(trial.sizes[name]) for trial in trials) for name in names}
    tried = [f"{name} = {' and '.join(different)}" for name, different in sizes.items()]
    return f" at {', '.join(tried)}" if tried else ""
