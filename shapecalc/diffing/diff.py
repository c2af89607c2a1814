"""Comparison of two networks: layers added, removed and changed, and the difference in params, MACs and memory."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import joined
from shapecalc.diagnostics.presentation import Presented
from shapecalc.diffing.lock.alignment import aligned, renumbered
from shapecalc.diffing.lock.entries import FOLLOWING, Entry, digest, entry_of
from shapecalc.diffing.lock.wiring import Wiring
from shapecalc.dims import DimLimitError, Expr, as_json
from shapecalc.layers.base import fields_of
from shapecalc.shape_inference.engine import batch_sizes, with_costs_at
from shapecalc.shape_inference.report import BYTES, SCHEMA_VERSION
from shapecalc.shape_inference.rows import Sums, sums_of, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.diffing.lock.alignment import Pair
    from shapecalc.dims import Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, LayerReport


class Change(NamedTuple):
    """A count before and after; each is an integer, an expression, or None if it is unknown.

    >>> Change(61_706, 62_000).delta
    294
    """

    before: Count
    after: Count

    @property
    def delta(self) -> Count:
        """After − before; None if either is unknown, or if the expression exceeds the limits of dims."""
        if self.before is None or self.after is None:
            return None
        try:
            return self.after - self.before
        except DimLimitError:
            return None


class Figures(NamedTuple):
    """Totals of layers before and after. Memory is in bytes at float32.

    `memory` is that of parameters and of the outputs of all layers, as in `expect: memory`; `activations` is that of
    the outputs only; `active_params` are the parameters that one token uses.
    """

    params: Change
    buffers: Change
    macs: Change
    flops: Change
    memory: Change
    activations: Change
    layers: Change
    active_params: Change


class ChangeKind(Enum):
    """The kind of difference of a layer."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


class DiffRow(NamedTuple):
    """One layer in the old network, None if it was added, and in the new one, None if it was removed.

    `changes` lists what differs, of `name`, `type`, `fields`, `reads`, `weights`, `input`, `output`, `params`,
    `buffers`, `macs`, `flops`. An unnamed layer whose position alone differs keeps its name.
    """

    kind: ChangeKind
    old: LayerReport | None
    new: LayerReport | None
    changes: tuple[str, ...]
    figures: Figures

    @property
    def layer(self) -> LayerReport:
        """The layer of the new network, or of the old one if it was removed."""
        layer = self.new or self.old
        assert layer is not None
        return layer

    @property
    def fields(self) -> Mapping[str, tuple[Any, Any]]:
        """The fields that differ, before and after; empty if the layer's type differs."""
        if self.old is None or self.new is None or "fields" not in self.changes:
            return {}
        old, new = self.old.step.layer, self.new.step.layer
        names = [name for name in fields_of(type(new)) if name not in FOLLOWING]
        pairs = {name: (getattr(old, name), getattr(new, name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


class End(NamedTuple):
    """The shape of an input or output of a network, before and after; None if no network has a layer of that name."""

    name: str
    before: Shape | None
    after: Shape | None
    dtypes: tuple[str, str] = ("", "")
    """Of an input, before and after, if they differ."""


class _Compared(NamedTuple):
    old: Report | None
    new: Report
    totals: Figures
    rows: tuple[DiffRow, ...]
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    rewired: tuple[str, ...] = ()


class Comparison(Presented, _Compared):
    """Two networks, and every layer of both in the order of the new one.

    `old` is None for a network that did not exist. `inputs` and `outputs` list only those whose shape or dtype differs;
    `rewired` are the names of outputs that another layer computes now, unless this layer was added or the old removed.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the names of both networks and the number of layers of each kind."""
        old = self.old.architecture.name if self.old else "nothing"
        layers = ", ".join(f"{count} {kind.value}" for kind, count in self.tally.items() if count)
        return f"<Comparison of {old} with {self.new.architecture.name}: {layers}>"

    @property
    def identical(self) -> bool:
        """Whether no layer, no figure, no input and no output differs."""
        ends = self.inputs or self.outputs or self.rewired
        return not ends and all(row.kind is ChangeKind.SAME for row in self.rows)

    @property
    def tally(self) -> Mapping[ChangeKind, int]:
        """The number of layers of each kind."""
        return {kind: sum(row.kind is kind for row in self.rows) for kind in ChangeKind}

    @property
    def costs_at(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """The sizes of unbound symbols at which costs were evaluated, before and after."""
        return self.old.costs_at if self.old else {}, self.new.costs_at

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON, `schema_version` 1: totals, and a row for each layer that differs."""
        return {
            "schema_version": SCHEMA_VERSION,
            "before": self.old.architecture.name if self.old else None,
            "after": self.new.architecture.name,
            "identical": self.identical,
            "costs_at": dict(zip(("before", "after"), map(dict, self.costs_at), strict=True)),
            "totals": _figures_dict(self.totals),
            "inputs": [_end_dict(end) for end in self.inputs],
            "outputs": [_end_dict(end) for end in self.outputs],
            "rewired": list(self.rewired),
            "tally": {kind.value: count for kind, count in self.tally.items()},
            "layers": [_row_dict(row) for row in self.rows if row.kind is not ChangeKind.SAME],
        }


def sizes_of_export(one: Architecture, other: Architecture) -> dict[str, int]:
    """Return the sizes of the symbols of one network that are numbers in the other, if either was imported.

    A design has symbols, and a file that was exported of it often the sizes of the example that it was traced with.

    >>> from shapecalc.files.load import loads
    >>> design, export = loads("{input: [N, 3], layers: [relu]}"), loads("{input: [2, 3], layers: [relu]}")
    >>> sizes_of_export(design, export)                    # neither was imported: another batch is a difference
    {}
    """
    if one.origin is None and other.origin is None:
        return {}
    sizes: dict[str, int] = {}
    for entry, counterpart in zip(one.inputs, other.inputs, strict=False):
        for dim, size in zip(entry.shape, counterpart.shape, strict=False):
            if isinstance(dim, Expr) and isinstance(size, int) and str(dim) in one.symbols:
                sizes.setdefault(str(dim), size)
    return sizes


def _at_one_batch(old: Report, new: Report) -> tuple[Report, Report]:
    """Return two reports with costs at one batch, if one is valid for both: the smallest valid ones may differ."""
    if old.costs_at == new.costs_at or old.costs_at.keys() != new.costs_at.keys():
        return old, new
    sizes = {name: math.lcm(size, new.costs_at[name]) for name, size in old.costs_at.items()}
    if not all(size in batch_sizes(report, name) for report in (old, new) for name, size in sizes.items()):
        return old, new
    return with_costs_at(old, sizes), with_costs_at(new, sizes)


def diff(old: Report | None, new: Report) -> Comparison:
    """Return the comparison of two networks; `old` is None for one that did not exist: every layer is added.

    Layers are paired by name, type and fields with the fewest edits: an inserted layer is one added row, although it
    renumbers all unnamed layers after it.

    >>> import shapecalc
    >>> before = shapecalc.inspect(shapecalc.loads("{input: [N, 8], layers: [linear: 4, relu]}"))
    >>> after = shapecalc.inspect(shapecalc.loads("{input: [N, 8], layers: [linear: 4, tanh, relu]}"))
    >>> [(row.layer.path, row.kind.value) for row in diff(before, after).rows if row.kind is not ChangeKind.SAME]
    [('tanh_1', 'added')]
    """
    if old is not None:
        old, new = _at_one_batch(old, new)
    before, after = _Side.of(old), _Side.of(new)
    pairs = aligned(before.entry.layers, after.entry.layers)
    wiring = Wiring(before.entry, after.entry, pairs)
    rows = tuple(_rows(before, after, pairs, wiring))
    totals = figures_of(total([Sums(), *map(sums_of, before.layers)]), total([Sums(), *map(sums_of, after.layers)]))
    totals = totals._replace(layers=Change(len(before.layers), len(after.layers)))
    was, now = ({entry.name: entry for entry in report.inputs} if report else {} for report in (old, new))
    inputs = tuple(
        _input(name, was.get(name), now.get(name))
        for name in {**was, **now}
        if _shape_and_dtype(was.get(name)) != _shape_and_dtype(now.get(name))
    )
    outputs = _ends(old.outputs if old else {}, new.outputs)
    old_slots, new_slots = (report.architecture.output_slots if report else {} for report in (old, new))
    rewired = tuple(
        name for name, slot in new_slots.items() if name in old_slots and wiring.rewired((old_slots[name],), (slot,))
    )
    return Comparison(old, new, totals, rows, inputs, outputs, rewired)


class _Side(NamedTuple):
    """One of two networks: its report, its lock entry, its layers."""

    report: Report | None
    entry: Entry
    layers: tuple[LayerReport, ...]

    @classmethod
    def of(cls, report: Report | None) -> _Side:
        if report is None:
            return cls(None, Entry({}, {}, (), {}, {}, 0, 0, 0), ())
        return cls(report, entry_of(report), report.layers)


def _rows(before: _Side, after: _Side, pairs: Iterable[Pair], wiring: Wiring) -> Iterator[DiffRow]:
    for pair in pairs:
        old = None if pair.old is None else before.layers[pair.old]
        new = None if pair.new is None else after.layers[pair.new]
        figures = figures_of(sums_of(old) if old else None, sums_of(new) if new else None)
        if old is None or new is None:
            yield DiffRow(ChangeKind.ADDED if old is None else ChangeKind.REMOVED, old, new, (), figures)
            continue
        changes = _changes(old, new, wiring, figures)
        yield DiffRow(ChangeKind.CHANGED if changes else ChangeKind.SAME, old, new, changes, figures)


def _changes(old: LayerReport, new: LayerReport, wiring: Wiring, figures: Figures) -> tuple[str, ...]:
    differs = {
        "name": not renumbered(_without_type(old), _without_type(new)),
        "type": old.type != new.type,
        "fields": old.type == new.type and not _same_fields(old.step.layer, new.step.layer),
        "reads": wiring.rewired(old.step.inputs, new.step.inputs),
        "weights": wiring.rewired(old.step.sources, new.step.sources),
        "input": old.inputs != new.inputs,
        "output": old.outputs != new.outputs,
        **{name: getattr(figures, name).before != getattr(figures, name).after for name in _COUNTED},
    }
    return tuple(name for name, differ in differs.items() if differ)


_COUNTED = ("params", "buffers", "macs", "flops")


def _without_type(row: LayerReport) -> str:
    """Return a layer's path; of an unnamed one, whose default name is its type and a number, with the number only."""
    before, last = row.path.rpartition(".")[::2]
    return joined(before, last.removeprefix(f"{row.type}_"))


def _same_fields(old: Layer, new: Layer) -> bool:
    return old == new or digest(old) == digest(new)


def figures_of(old: Sums | None, new: Sums | None) -> Figures:
    """Return the totals of layers before and after; those of None are 0."""
    before, after = old or Sums(), new or Sums()
    params, buffers, macs, flops, _, active = (Change(*column) for column in zip(before, after, strict=True))
    memory = Change(_memory(before), _memory(after))
    activations = Change(_bytes(before.activations), _bytes(after.activations))
    layers = Change(int(old is not None), int(new is not None))
    return Figures(params, buffers, macs, flops, memory, activations, layers, active)


def _memory(sums: Sums) -> Count:
    return None if sums.params is None or sums.activations is None else BYTES * (sums.params + sums.activations)


def _bytes(count: Count) -> Count:
    return None if count is None else BYTES * count


def _shape_and_dtype(entry: Any) -> object:
    return None if entry is None else (entry.shape, entry.dtype)


def _input(name: str, before: Any, after: Any) -> End:
    dtypes = ("", "") if None in (before, after) or before.dtype == after.dtype else (before.dtype, after.dtype)
    return End(name, before.shape if before else None, after.shape if after else None, dtypes)


def _ends(before: Mapping[str, Shape], after: Mapping[str, Shape]) -> tuple[End, ...]:
    ends = (End(name, before.get(name), after.get(name)) for name in {**before, **after})
    return tuple(end for end in ends if end.before != end.after)


def _figures_dict(figures: Figures) -> dict[str, Any]:
    return {
        name: {
            "before": as_json(change.before),
            "after": as_json(change.after),
            "delta": as_json(change.delta),
        }
        for name, change in figures._asdict().items()
    }


def _row_dict(row: DiffRow) -> dict[str, Any]:
    return {
        "kind": row.kind.value,
        "changes": list(row.changes),
        "before": _layer_dict(row.old),
        "after": _layer_dict(row.new),
        "fields": {name: {"before": _json(one), "after": _json(other)} for name, (one, other) in row.fields.items()},
        "figures": _figures_dict(row.figures),
    }


def _json(value: Any) -> Any:
    """Return a field's value as JSON has it; an infinity and an expression over symbols, which it has not, as text.

    >>> _json(float("-inf")), _json(0.5)
    ('-inf', 0.5)
    """
    if isinstance(value, tuple):
        return [*map(_json, value)]
    return str(value) if isinstance(value, Expr) or (isinstance(value, float) and math.isinf(value)) else value


def _layer_dict(row: LayerReport | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "path": row.path,
        "type": row.type,
        "line": row.line,
        "inputs": [[*map(as_json, shape)] for shape in row.inputs],
        "outputs": {name: [*map(as_json, shape)] for name, shape in row.outputs.items()},
    }


def _end_dict(end: End) -> dict[str, Any]:
    ends = {"before": end.before, "after": end.after}
    shapes = {name: None if shape is None else [*map(as_json, shape)] for name, shape in ends.items()}
    dtypes = {"dtypes": dict(zip(("before", "after"), end.dtypes, strict=True))} if any(end.dtypes) else {}
    return {"name": end.name, **shapes, **dtypes}
