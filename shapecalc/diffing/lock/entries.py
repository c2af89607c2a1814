"""Lock entries of architectures, and their JSON."""

from __future__ import annotations

import hashlib
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import Expr, as_json
from shapecalc.layers.base import fields_of
from shapecalc.shape_inference.report import CONVENTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.layers import Layer
    from shapecalc.shape_inference.report import Report

SCHEMA_VERSION = 1

FOLLOWING = frozenset({"in_channels", "in_features", "input_size", "num_features", "num_channels"})
"""Fields for a size that follows from the input: writing one changes nothing."""

SEPARATOR = ", "
"""Between several shared tensors."""

LockedCount = int | str | None
"""An integer, an expression, or None if unknown; never a float."""
LockedShape = tuple[int | str, ...]


class LockedInput(NamedTuple):
    """An input of a network."""

    shape: LockedShape
    dtype: str


class LockedLayer(NamedTuple):
    """One layer: its type and fields, the slots that it reads, and its figures.

    The `digest` is over the type and fields, which the file alone decides, and not over inputs: a layer with the same
    digest and other figures follows a change of another layer. `reads` are slots, as in an architecture.
    """

    path: str
    type: str
    digest: str
    reads: tuple[str, ...]
    shares: str
    """The path of the layer whose weights it uses, or the single tensors that it uses; empty for its own."""
    outputs: Mapping[str, LockedShape]
    params: LockedCount
    macs: LockedCount
    flops: LockedCount
    active_params: LockedCount = None
    """The parameters that one token uses, of a mixture; None for other layers, and if the lock does not state them."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The entries of `shares`."""
        return tuple(self.shares.split(SEPARATOR)) if self.shares else ()


class Entry(NamedTuple):
    """One file: inputs, every layer in the order of computation, outputs, and the totals.

    Costs are those of one sample, or the smallest valid batch, if the batch is unbound; `costs_at` has the sizes.
    """

    inputs: Mapping[str, LockedInput]
    costs_at: Mapping[str, int]
    layers: tuple[LockedLayer, ...]
    outputs: Mapping[str, LockedShape]
    given: Mapping[str, str]
    """The slot of each output of the network."""
    params: LockedCount
    macs: LockedCount
    flops: LockedCount
    settings: Mapping[str, Any] = MappingProxyType({})
    """The values of symbols and parameters at which the file was locked, other than its own."""
    active_params: LockedCount = None
    """The parameters that one token uses, of a network with mixtures; None as in `LockedLayer`."""

    def as_stated_by(self, other: Entry) -> Entry:
        """Return the entry with the counts that `other` states: a lock of an earlier version has no active params."""
        if other.active_params is not None or self.active_params is None:
            return self
        layers = tuple(layer._replace(active_params=None) for layer in self.layers)
        return self._replace(layers=layers, active_params=None)


class Lock(NamedTuple):
    """A lock file: an entry for each architecture, by its path relative to the folder of the lock."""

    files: Mapping[str, Entry]
    version: str
    """The version of shapecalc that wrote it."""


def lock_of(reports: Mapping[str, Report], version: str) -> Lock:
    """Return the lock of several reports, by the keys of their files."""
    return Lock({name: entry_of(report) for name, report in reports.items()}, version)


def entry_of(report: Report, settings: Mapping[str, Any] = MappingProxyType({})) -> Entry:
    """Return the lock entry of a report; `settings` are the values with which its file was loaded and inferred.

    >>> import shapecalc
    >>> entry = entry_of(shapecalc.inspect(shapecalc.load("lenet5")))
    >>> entry.params, entry.layers[0].outputs
    (61706, {'output': ('N', 6, 28, 28)})
    """
    digests: dict[Layer, str] = {}
    layers = []
    for row in report.layers:
        layer = row.step.layer
        if layer not in digests:
            digests[layer] = digest(layer)
        outputs = {name: tuple(map(as_json, shape)) for name, shape in row.outputs.items()}
        shares = SEPARATOR.join(row.step.sources)
        figures = (as_json(row.params), as_json(row.macs), as_json(row.flops))
        active = as_json(row.active_params) if row.facts.active else None
        locked = LockedLayer(row.path, row.type, digests[layer], row.step.inputs, shares, outputs, *figures, active)
        layers.append(locked)
    totals = report.totals
    mixed = any(row.facts.active for row in report.layers)
    return Entry(
        {entry.name: LockedInput(tuple(map(as_json, entry.shape)), entry.dtype) for entry in report.inputs},
        dict(report.costs_at),
        tuple(layers),
        {name: tuple(map(as_json, shape)) for name, shape in report.outputs.items()},
        dict(report.architecture.output_slots),
        as_json(totals.params),
        as_json(totals.macs),
        as_json(totals.flops),
        dict(settings),
        as_json(totals.active_params) if mixed else None,
    )


def digest(layer: Layer) -> str:
    """Return a hash of a layer's type and fields, 16 hexadecimal digits, independent of its inputs.

    It does not depend on redundant fields: a default, a size that follows from the input, equal sizes for all axes in
    place of one. Nor does it change when a later version adds a field.

    >>> from shapecalc.layers.conv import Conv
    >>> digest(Conv(out_channels=6, kernel_size=5)) == digest(
    ...     Conv(out_channels=6, kernel_size=(5, 5), stride=1, in_channels=3)
    ... )
    True
    >>> digest(Conv(out_channels=6, kernel_size=5)) == digest(Conv(out_channels=6, kernel_size=3))
    False
    """
    fields = {
        name: _shortest(value)
        for name, field in fields_of(type(layer)).items()
        if name not in FOLLOWING and (value := getattr(layer, name)) != field.default
    }
    text = json.dumps([layer.type, fields], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _shortest(value: Any) -> Any:
    """Return 3 for `[3, 3]`, the text of an expression over symbols, and any other value as it is."""
    if isinstance(value, Expr):
        return str(value)
    if not isinstance(value, tuple):
        return value
    entries = [_shortest(entry) for entry in value]
    return entries[0] if entries and all(entry == entries[0] for entry in entries) else entries


def to_json(lock: Lock) -> str:
    """Return the JSON of a lock, in ASCII with a line for each layer: the same bytes for the same networks.

    Keys are in alphabetical order, layers in the order of computation.
    """
    files = ",".join(f"\n    {_json(name)}: {_entry(lock.files[name])}" for name in sorted(lock.files))
    return (
        "{\n"
        f'  "convention": {CONVENTION},\n'
        f'  "files": {{{files}\n  }},\n'
        f'  "schema_version": {SCHEMA_VERSION},\n'
        f'  "shapecalc": {_json(lock.version)}\n'
        "}\n"
    )


def _entry(entry: Entry) -> str:
    layers = ",".join(f"\n        {_json(layer)}" for layer in _layers(entry))
    parts = {
        **({} if entry.active_params is None else {"active_params": _json(entry.active_params)}),
        "costs_at": _json(dict(entry.costs_at)),
        "flops": _json(entry.flops),
        "given": _json(dict(entry.given)),
        "inputs": _json({name: given._asdict() for name, given in entry.inputs.items()}),
        "layers": f"[{layers}\n      ]",
        "macs": _json(entry.macs),
        "outputs": _json(dict(entry.outputs)),
        "params": _json(entry.params),
        **({"settings": _json(_settings(entry.settings))} if entry.settings else {}),
    }
    return "{" + ",".join(f'\n      "{key}": {text}' for key, text in parts.items()) + "\n    }"


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON values: a float is `{"float": "0.5"}`, as a lock has no number that may be rounded."""
    return {name: {"float": repr(value)} if isinstance(value, float) else value for name, value in settings.items()}


def _layers(entry: Entry) -> Iterator[dict[str, Any]]:
    before = default_reads(entry.inputs)
    for layer in entry.layers:
        written = layer._asdict()
        if layer.reads == before:
            del written["reads"]
        if not layer.shares:
            del written["shares"]
        if layer.active_params is None:
            del written["active_params"]
        before = (layer.path,)
        yield written


def default_reads(inputs: Iterable[str]) -> tuple[str, ...]:
    """Return the slots that the first layer reads if a lock does not list them: the only input."""
    inputs = tuple(inputs)
    return inputs if len(inputs) == 1 else ()


def _json(value: Any) -> str:
    # A lock may be printed in the log of a CI, where `##[error]` is a command.
    return json.dumps(value, sort_keys=True, allow_nan=False).replace("##", "\\u0023#")
