"""What has moved since a file was locked: one finding for each cause, at the layer that moved first."""

from __future__ import annotations

import shlex
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic
from shapecalc.diffing.lock.alignment import aligned, renumbered
from shapecalc.diffing.lock.entries import entry_of
from shapecalc.diffing.lock.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.architecture import Place
    from shapecalc.diagnostics import Span
    from shapecalc.diffing.lock.alignment import Pair
    from shapecalc.diffing.lock.entries import Entry, LockedCount, LockedLayer, LockedShape
    from shapecalc.shape_inference.report import Report


class _Cause(NamedTuple):
    """One thing that moved, before it has a place: which layer of the network it is about, and what to say."""

    place: int
    message: str
    notes: tuple[str, ...] = ()
    path: str = ""
    same: object = None
    """What further causes have in common with it if they are one edit, besides their places."""


def drift(report: Report, entry: Entry) -> tuple[Diagnostic, ...]:
    """Return an SC502 error for each cause of what has moved; nothing where all is as locked.

    A layer is a cause where itself has changed: its word, a field, what it reads, its name, or how it is counted. One
    that moved only because others gave it other shapes is passed over. A layer that came or went is a cause. What is
    repeated, or called with one argument, is one cause, at its first layer.
    """
    now = entry_of(report)
    if now == entry:
        return ()
    found = tuple(_of_inputs(report, entry, now))
    pairs = aligned(entry.layers, now.layers)
    found += _placed(report, _causes(entry, now, pairs))
    if not found:
        found = tuple(_of_the_whole(report, entry, now)) or tuple(_of_outputs(report, entry, now, pairs))
    name = report.architecture.file.name if report.architecture.file else "PATH"
    help_text = f"run `shapecalc lock --update {shlex.quote(name)}` if the change is meant"
    found = tuple(finding._replace(help=help_text) for finding in sorted(found, key=_position))
    return _with_totals(found, report.architecture.name, entry, now)


def _position(finding: Diagnostic) -> Span | tuple[()]:
    return finding.span or ()


def _with_totals(found: tuple[Diagnostic, ...], name: str, entry: Entry, now: Entry) -> tuple[Diagnostic, ...]:
    """Say with the first finding what the whole network comes to."""
    moved = _moved(entry, now)
    if not found or not moved or found[0].message.startswith(f"`{name}` "):
        return found
    first = found[0]
    return (first._replace(notes=(*first.notes, f"in all, `{name}` {'; '.join(moved)}")), *found[1:])


def _of_inputs(report: Report, entry: Entry, now: Entry) -> Iterator[Diagnostic]:
    spans = {given.name: given.span for given in report.architecture.inputs}
    for name, found in now.inputs.items():
        locked = entry.inputs.get(name)
        if locked is None:
            yield Diagnostic(code="SC502", message=f"the input `{name}` is not in the lock", span=spans[name])
        elif locked.shape != found.shape:
            message = f"the input `{name}` is {_show(found.shape)}, locked at {_show(locked.shape)}"
            yield Diagnostic(code="SC502", message=message, span=spans[name])
        elif locked.dtype != found.dtype:
            message = f"the input `{name}` is {found.dtype}, locked as {locked.dtype}"
            yield Diagnostic(code="SC502", message=message, span=spans[name])
    for name in entry.inputs:
        if name not in now.inputs:
            yield Diagnostic(
                "SC502", f"the input `{name}` is locked, and is not there", span=next(iter(spans.values()))
            )


def _causes(entry: Entry, now: Entry, pairs: tuple[Pair, ...]) -> list[_Cause]:
    """Return what moved by itself, where the layers are paired like this."""
    old, new = entry.layers, now.layers
    compared = Wiring(entry, now, pairs)
    causes: list[_Cause] = []
    renamed: list[_Cause] = []
    place = 0
    for kind, run in groupby(pairs, lambda pair: (pair.old is None, pair.new is None)):
        stretch = tuple(run)
        if kind == (True, False):
            causes.append(_came([new[pair.new] for pair in stretch if pair.new is not None], place))
            place += len(stretch)
        elif kind == (False, True):
            at = min(place, max(len(new) - 1, 0))
            causes.append(_went([old[pair.old] for pair in stretch if pair.old is not None], at))
        else:
            for pair in stretch:
                assert pair.old is not None
                assert pair.new is not None
                place = pair.new + 1
                cause = _change(old[pair.old], new[pair.new], compared, pair.new)
                if cause is not None:
                    causes.append(cause)
                elif old[pair.old].path != new[pair.new].path:
                    renamed.append(_renamed(old[pair.old].path, new[pair.new].path, pair.new))
    # A block with another name gives all its layers others.
    names = {cause.same: cause._replace(same="renamed") for cause in reversed(renamed) if cause.same is not None}
    return [*causes, *reversed(names.values())] if causes or names else renamed[:1]


def _came(layers: Sequence[LockedLayer], place: int) -> _Cause:
    first, more = layers[0], _more([layer.path for layer in layers[1:]])
    return _Cause(
        place, f"`{first.path}`{more} {'are' if more else 'is'} not in the lock", path=first.path, same="came"
    )


def _went(layers: Sequence[LockedLayer], place: int) -> _Cause:
    first, more = layers[0], _more([layer.path for layer in layers[1:]])
    message = f"`{first.path}`{more} {'are' if more else 'is'} locked, and not there any more"
    return _Cause(place, message, path=first.path, same="went")


def _more(paths: Sequence[str]) -> str:
    if len(paths) < 2:  # noqa: PLR2004 - one is named
        return "".join(f" and `{path}`" for path in paths)
    return f" and {len(paths)} more layers up to `{paths[-1]}`"


def _renamed(old: str, new: str, place: int) -> _Cause:
    """Say that a layer has another name; a name that only counts steps is no cause while there is another."""
    before, after = old.split("."), new.split(".")
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1]:
        del before[-1], after[-1]
    names = ".".join(before), ".".join(after)
    same = None if renumbered(*names) else names
    return _Cause(place, f"`{names[1]}` is locked as `{names[0]}`", path=new, same=same)


def _change(old: LockedLayer, new: LockedLayer, compared: Wiring, place: int) -> _Cause | None:
    """Return what has changed of a layer itself, if anything, with the figures that moved."""
    moved = _moved(old, new)
    said = _said_otherwise(old, new, compared)
    if said is None and moved and (old.digest != new.digest or compared.enter_as_locked(old.reads, new.reads)):
        said, moved = moved[0], moved[1:]
        if old.digest == new.digest:
            moved.append("the file says the same of this layer as when it was locked: it is counted otherwise")
    if said is None and old.digest != new.digest:
        said = "has other fields than were locked, with the same shapes and costs"
    return None if said is None else _Cause(place, f"`{new.path}` {said}", tuple(moved), new.path, "changed")


def _said_otherwise(old: LockedLayer, new: LockedLayer, compared: Wiring) -> str | None:
    """Say what the file has put for a layer besides its fields: another word, other values to read, other weights."""
    if old.type != new.type:
        locked = "locked as" if old.path == new.path else f"where `{old.path}` is locked,"
        return f"is a `{new.type}`, {locked} a `{old.type}`"
    if compared.rewired(old.reads, new.reads):
        return f"reads {_list(new.reads)}, locked as reading {_list(old.reads)}"
    owners = [tuple(filter(None, (layer.shares,))) for layer in (old, new)]
    if compared.rewired(*owners):
        was, has = (f"the weights of `{owner[0]}`" if owner else "weights of its own" for owner in owners)
        return f"uses {has}, locked as using {was}"
    return None


def _moved(old: LockedLayer | Entry, new: LockedLayer | Entry) -> list[str]:
    """Say which figures are others: "has 2,416 params, locked at 2,415"."""
    said = []
    if old.params != new.params:
        said.append(f"has {_number(new.params, 'param')}, locked at {_number(old.params)}")
    if old.outputs != new.outputs:
        said.append(f"gives {_shapes(new.outputs)}, locked at {_shapes(old.outputs)}")
    for unit, one, other in (("MAC", old.macs, new.macs), ("FLOP", old.flops, new.flops)):
        if one != other:
            said.append(f"does {_number(other, unit)}, locked at {_number(one)}")
    return said


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


def _of_the_whole(report: Report, entry: Entry, now: Entry) -> Iterator[Diagnostic]:
    """Say what has moved where no layer has: a name of what leaves, or a lock that was edited by hand.

    The same layers in another order of computation are the same network.
    """
    name = report.architecture.name
    moved = _moved(entry, now)
    if moved:
        yield Diagnostic(code="SC502", message=f"`{name}` {'; '.join(moved)}")
    elif entry.costs_at != now.costs_at:
        at, locked = (
            ", ".join(f"{key} = {size}" for key, size in sizes.items()) for sizes in (now.costs_at, entry.costs_at)
        )
        yield Diagnostic(
            code="SC502", message=f"the costs of `{name}` are those at {at or 'no size'}, locked at {locked or 'none'}"
        )


def _of_outputs(report: Report, entry: Entry, now: Entry, pairs: Iterable[Pair]) -> Iterator[Diagnostic]:
    """Say which of what leaves another layer gives now, though nothing has moved by that."""
    wiring = Wiring(entry, now, pairs)
    places = {row.path: row.step.place for row in report.layers}
    for name, slot in now.given.items():
        locked = entry.given.get(name)
        if locked is not None and wiring.rewired((locked,), (slot,)):
            place = places.get(slot)
            yield Diagnostic(
                code="SC502",
                message=f"the output `{name}` is given by `{slot}`, locked as given by `{locked}`",
                span=place.word if place else None,
            )


def _placed(report: Report, causes: Sequence[_Cause]) -> tuple[Diagnostic, ...]:
    """Give causes their places in the file, and join those that one edit has made."""
    steps = [row.step for row in report.layers]
    places = {cause.place: steps[cause.place].place if steps else None for cause in causes}

    def by_line(cause: _Cause) -> object:
        place = places[cause.place]
        return None if place is None else place.word

    def by_argument(cause: _Cause) -> object:
        place = places[cause.place]
        return None if place is None else _argument(place) or place.word

    def joined(key: Callable[[_Cause], object]) -> list[list[_Cause]]:
        groups: dict[object, list[_Cause]] = {}
        for number, cause in enumerate(causes):
            at = key(cause)
            one = (cause.same, at) if cause.same is not None and at is not None else number
            groups.setdefault(one, []).append(cause)
        return list(groups.values())

    groups = min(joined(by_line), joined(by_argument), key=len)
    found = []
    for first, *others in groups:
        place = places[first.place]
        notes = first.notes
        if others:
            notes += (f"with it moved `{others[0].path}`{_more([cause.path for cause in others[1:]])}",)
        found.append(Diagnostic(code="SC502", message=first.message, span=place.word if place else None, notes=notes))
    return tuple(found)


def _argument(place: Place) -> Span | None:
    """Return where the outermost value stands that was put in for a parameter of what the step is made from."""
    for span in place.fields.values():
        seen = set()
        at = span
        while at not in seen and (origin := place.given.get(at)) is not None:
            seen.add(at)
            at = origin.label.span
        if at != span:
            return at
    return None
