"""Changes of a network since it was locked: one diagnostic for each cause, at the first layer concerned."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic
from shapecalc.diffing.lock.alignment import aligned, renumbered
from shapecalc.diffing.lock.commands import LOCK_FILE, lock_command
from shapecalc.diffing.lock.entries import entry_of
from shapecalc.diffing.lock.wiring import Wiring
from shapecalc.shape_inference.engine import with_costs_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.diagnostics import Source, Span
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.diffing.lock.alignment import Pair
    from shapecalc.diffing.lock.entries import Entry, LockedCount, LockedLayer, LockedShape
    from shapecalc.shape_inference.report import Report


class _Cause(NamedTuple):
    """One change without a position in the file: the index of the layer that it is about, and its message."""

    layer: int
    message: str
    notes: tuple[str, ...] = ()
    path: str = ""
    same: object = None
    """A key that causes of one edit share, in addition to their position in the file."""


def drift(report: Report, entry: Entry, lock_file: str = LOCK_FILE) -> tuple[Diagnostic, ...]:
    """Return an SC502 error for each cause of a difference from the lock; none if nothing differs.

    A layer is a cause if its type, a field, the slots that it reads, its name or its counting rule has changed, or if
    it was added or removed. A layer whose shapes follow those of another is not a cause. Layers of a repeated step, or
    of one argument of a block, are one cause, at the first of them.

    Costs that were locked at one sample, although one sample is not valid, are compared at one sample.
    """
    one_sample = dict.fromkeys(report.costs_at, 1)
    if entry.costs_at == one_sample != report.costs_at:
        report = with_costs_at(report, one_sample)
    now = entry_of(report, entry.settings).as_stated_by(entry)
    if now == entry:
        return ()
    pairs = aligned(entry.layers, now.layers)
    diagnostics = (*_of_inputs(report, entry, now), *_located(report, _causes(entry, now, pairs)))
    if not diagnostics:
        diagnostics = tuple(_of_network(report, entry, now)) or tuple(_of_outputs(report, entry, now, pairs))
    diagnostics = _with_totals(tuple(sorted(diagnostics, key=_position)), report.architecture.name, entry, now)
    file = report.architecture.file
    help_text = (
        f"run `{lock_command(lock_file, '--update', path=file.name if file else 'PATH')}` if the change is meant"
    )
    return tuple(_of_file(each._replace(help=help_text), file) for each in diagnostics)


def _of_file(diagnostic: Diagnostic, file: Source | None) -> Diagnostic:
    """Return a diagnostic whose message names the file of the network, unless its position does.

    The position of a layer of a block may be in a file that several networks include.
    """
    if file is None or (diagnostic.span is not None and file.of(diagnostic.span) is file):
        return diagnostic
    return diagnostic._replace(message=f"`{file.name}`: {diagnostic.message}")


def _position(diagnostic: Diagnostic) -> Span | tuple[()]:
    return diagnostic.span or ()


def _with_totals(diagnostics: tuple[Diagnostic, ...], name: str, entry: Entry, now: Entry) -> tuple[Diagnostic, ...]:
    """Return diagnostics, the first with a note on the totals of the network."""
    changes = _changes(entry, now)
    if not diagnostics or not changes or diagnostics[0].message.startswith(f"`{name}` "):
        return diagnostics
    first, *others = diagnostics
    return (first._replace(notes=(*first.notes, f"in total, `{name}` {'; '.join(changes)}")), *others)


def _of_inputs(report: Report, entry: Entry, now: Entry) -> Iterator[Diagnostic]:
    spans = {given.name: given.span for given in report.architecture.inputs}
    for name, given in now.inputs.items():
        locked = entry.inputs.get(name)
        if locked is None:
            yield Diagnostic(code="SC502", message=f"the input `{name}` is not in the lock", span=spans[name])
        elif locked.shape != given.shape:
            message = f"the input `{name}` is {_show(given.shape)}, locked at {_show(locked.shape)}"
            yield Diagnostic(code="SC502", message=message, span=spans[name])
        elif locked.dtype != given.dtype:
            message = f"the input `{name}` is {given.dtype}, locked as {locked.dtype}"
            yield Diagnostic(code="SC502", message=message, span=spans[name])
    for name in entry.inputs:
        if name not in now.inputs:
            yield Diagnostic(
                "SC502", f"the input `{name}` is locked, and is not there", span=next(iter(spans.values()))
            )


def _causes(entry: Entry, now: Entry, pairs: tuple[Pair, ...]) -> list[_Cause]:
    """Return the causes of all differences of layers, given their pairs."""
    old, new = entry.layers, now.layers
    wiring = Wiring(entry, now, pairs)
    causes: list[_Cause] = []
    renamed: list[_Cause] = []
    index = 0
    for kind, run in groupby(pairs, lambda pair: (pair.old is None, pair.new is None)):
        adjacent = tuple(run)
        if kind == (True, False):
            causes.append(_added([new[pair.new] for pair in adjacent if pair.new is not None], index))
            index += len(adjacent)
        elif kind == (False, True):
            at = min(index, max(len(new) - 1, 0))
            causes.append(_removed([old[pair.old] for pair in adjacent if pair.old is not None], at))
        else:
            for pair in adjacent:
                assert pair.old is not None
                assert pair.new is not None
                index = pair.new + 1
                cause = _change(old[pair.old], new[pair.new], wiring, pair.new)
                if cause is not None:
                    causes.append(cause)
                elif old[pair.old].path != new[pair.new].path:
                    renamed.append(_renamed(old[pair.old].path, new[pair.new].path, pair.new))
    # A block with another name renames all its layers.
    names = {cause.same: cause._replace(same="renamed") for cause in reversed(renamed) if cause.same is not None}
    return [*causes, *reversed(names.values())] if causes or names else renamed[:1]


def _added(layers: Sequence[LockedLayer], index: int) -> _Cause:
    first, more = layers[0], _more([layer.path for layer in layers[1:]])
    message = f"`{first.path}`{more} {'are' if more else 'is'} not in the lock"
    return _Cause(index, message, path=first.path, same="added")


def _removed(layers: Sequence[LockedLayer], index: int) -> _Cause:
    first, more = layers[0], _more([layer.path for layer in layers[1:]])
    message = f"`{first.path}`{more} {'are' if more else 'is'} locked, and not there any more"
    return _Cause(index, message, path=first.path, same="removed")


def _more(paths: Sequence[str]) -> str:
    if len(paths) < 2:  # noqa: PLR2004 - one is named
        return "".join(f" and `{path}`" for path in paths)
    return f" and {len(paths)} more layers up to `{paths[-1]}`"


def _renamed(old: str, new: str, index: int) -> _Cause:
    """Return the cause for another name; that of another number of an unnamed step has no `same`: others come first."""
    before, after = old.split("."), new.split(".")
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1]:
        del before[-1], after[-1]
    names = ".".join(before), ".".join(after)
    same = None if renumbered(*names) else names
    return _Cause(index, f"`{names[1]}` is locked as `{names[0]}`", path=new, same=same)


def _change(old: LockedLayer, new: LockedLayer, wiring: Wiring, index: int) -> _Cause | None:
    """Return the cause for a change of a layer itself, with the figures that differ; None without one."""
    figures = _changes(old, new)
    change = _change_in_file(old, new, wiring)
    if change is None and figures and (old.digest != new.digest or wiring.reads_as_locked(old.reads, new.reads)):
        change, figures = figures[0], figures[1:]
        if old.digest == new.digest:
            figures.append("the file says the same of this layer as when it was locked: it is counted otherwise")
    if change is None and old.digest != new.digest:
        change = "has other fields than were locked, with the same shapes and costs"
    return None if change is None else _Cause(index, f"`{new.path}` {change}", tuple(figures), new.path, "changed")


def _change_in_file(old: LockedLayer, new: LockedLayer, wiring: Wiring) -> str | None:
    """Return the message for another type, other slots to read, or other weights; None without such a change."""
    if old.type != new.type:
        locked = "locked as" if old.path == new.path else f"where `{old.path}` is locked,"
        return f"is a `{new.type}`, {locked} a `{old.type}`"
    if wiring.rewired(old.reads, new.reads):
        return f"reads {_list(new.reads)}, locked as reading {_list(old.reads)}"
    if wiring.rewired(old.sources, new.sources):
        was, has = (_weights(layer.sources) for layer in (old, new))
        return f"uses {has}, locked as using {was}"
    return None


def _weights(sources: tuple[str, ...]) -> str:
    if not sources:
        return "weights of its own"
    return "the weights of " + ", ".join(f"`{source.rstrip('.')}`" for source in sources)


def _changes(old: LockedLayer | Entry, new: LockedLayer | Entry) -> list[str]:
    """Return messages for the figures that differ: "has 2,416 params, locked at 2,415"."""
    messages = []
    if old.params != new.params:
        messages.append(f"has {_number(new.params, 'param')}, locked at {_number(old.params)}")
    if old.active_params != new.active_params and None not in (old.active_params, new.active_params):
        messages.append(f"has {_number(new.active_params, 'active param')}, locked at {_number(old.active_params)}")
    if old.outputs != new.outputs:
        # A lock file is sorted: the outputs that are left are named in the order of the network.
        locked = {name: old.outputs[name] for name in (*new.outputs, *old.outputs) if name in old.outputs}
        messages.append(f"gives {_shapes(new.outputs)}, locked at {_shapes(locked)}")
    for unit, one, other in (("MAC", old.macs, new.macs), ("FLOP", old.flops, new.flops)):
        if one != other:
            messages.append(f"does {_number(other, unit)}, locked at {_number(one)}")
    return messages


def _number(count: LockedCount, unit: str = "") -> str:
    number = "an unknown number" if count is None else f"{count:,}" if isinstance(count, int) else count
    if not unit:
        return number
    return f"{number}{' of' if count is None else ''} {unit}{'' if count == 1 else 's'}"


def _shapes(outputs: Mapping[str, LockedShape]) -> str:
    if len(outputs) == 1:
        return _show(next(iter(outputs.values())))
    return ", ".join(f"`{name}` {_show(shape)}" for name, shape in outputs.items()) or "nothing"


def _show(shape: LockedShape) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _list(slots: Sequence[str]) -> str:
    return " and ".join(f"`{slot}`" for slot in slots) or "nothing"


def _of_network(report: Report, entry: Entry, now: Entry) -> Iterator[Diagnostic]:
    """Yield a diagnostic if totals differ and no layer does: an output was renamed, or the lock was edited by hand.

    The same layers in another order of computation are the same network.
    """
    name = report.architecture.name
    changes = _changes(entry, now)
    if changes:
        yield Diagnostic(code="SC502", message=f"`{name}` {'; '.join(changes)}")
    elif entry.costs_at != now.costs_at:
        at, locked = (
            ", ".join(f"{key} = {size}" for key, size in sizes.items()) for sizes in (now.costs_at, entry.costs_at)
        )
        yield Diagnostic(
            code="SC502", message=f"the costs of `{name}` are those at {at or 'no size'}, locked at {locked or 'none'}"
        )


def _of_outputs(report: Report, entry: Entry, now: Entry, pairs: Iterable[Pair]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each network output that another layer gives, with the same figures."""
    wiring = Wiring(entry, now, pairs)
    spans_of = {row.path: row.step.spans for row in report.layers}
    for name, slot in now.given.items():
        locked = entry.given.get(name)
        if locked is not None and wiring.rewired((locked,), (slot,)):
            spans = spans_of.get(slot)
            yield Diagnostic(
                code="SC502",
                message=f"the output `{name}` is given by `{slot}`, locked as given by `{locked}`",
                span=spans.type if spans else None,
            )


def _located(report: Report, causes: Sequence[_Cause]) -> tuple[Diagnostic, ...]:
    """Return causes as diagnostics at their positions in the file, those of one edit joined into one."""
    steps = [row.step for row in report.layers]
    spans_of = {cause.layer: steps[cause.layer].spans if steps else None for cause in causes}

    def by_line(cause: _Cause) -> object:
        spans = spans_of[cause.layer]
        return None if spans is None else spans.type

    def by_argument(cause: _Cause) -> object:
        spans = spans_of[cause.layer]
        return None if spans is None else _argument(spans) or spans.type

    def joined(key: Callable[[_Cause], object]) -> list[list[_Cause]]:
        groups: dict[object, list[_Cause]] = {}
        for number, cause in enumerate(causes):
            at = key(cause)
            one = (cause.same, at) if cause.same is not None and at is not None else number
            groups.setdefault(one, []).append(cause)
        return list(groups.values())

    groups = min(joined(by_line), joined(by_argument), key=len)
    diagnostics = []
    for first, *others in groups:
        spans, notes = spans_of[first.layer], first.notes
        if others:
            notes += (f"with it moved `{others[0].path}`{_more([cause.path for cause in others[1:]])}",)
        span = spans.type if spans else None
        diagnostics.append(Diagnostic(code="SC502", message=first.message, span=span, notes=notes))
    return tuple(diagnostics)


def _argument(spans: StepSpans) -> Span | None:
    """Return the span of the outermost value that was substituted for a parameter of a field of the step."""
    for span in spans.fields.values():
        seen = set()
        at = span
        while at not in seen and (origin := spans.origins.get(at)) is not None:
            seen.add(at)
            at = origin.label.span
        if at != span:
            return at
    return None
