"""Reading and validation of lock files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.diffing.lock.commands import lock_command
from shapecalc.diffing.lock.conflict import find_conflict
from shapecalc.diffing.lock.entries import SCHEMA_VERSION, Entry, Lock, LockedInput, LockedLayer, default_reads
from shapecalc.parser.scalars import shorten
from shapecalc.shape_inference.report import CONVENTION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.diffing.lock.conflict import Conflict
    from shapecalc.diffing.lock.entries import LockedCount, LockedShape

_DIGEST = re.compile(r"[0-9a-f]{16}")
_FLOAT = re.compile(r"-?[0-9]{1,30}\.[0-9]{1,30}(e[+-]?[0-9]{1,3})?|-?[0-9]{1,30}(e[+-]?[0-9]{1,3})|-?inf")
_MISSING = object()


class _Wrong(Exception):  # noqa: N818 - it never leaves this file
    """An invalid value: its key path, such as `files.lenet5.yaml.params`, the message, and what to do if special."""


def read_lock(text: str, name: str) -> Lock:
    """Return the lock of a JSON text; `name` names it in diagnostics.

    Unknown keys are ignored: a later version may add some.
    Raises `ShapecalcError` SC504 (exit code 2) if the text is not a lock, or one of another convention of counting.
    """
    span, label, remedy = None, "", "take it from version control, or delete it and write it anew"
    try:
        return _lock(_json(text))
    except json.JSONDecodeError as error:
        message = f"`{name}` is not JSON"
        span, label = Span(error.lineno, error.colno, error.lineno, error.colno + 1), error.msg.lower()
    except _Wrong as error:
        key_path, what, other = error.args
        message = f"`{name}`" + (f", `{key_path}`," if key_path else "") + f" {what}"
        remedy = other or remedy
    except RecursionError:
        message = f"`{name}` is nested too deep for a lock"
    except ValueError:
        # Python refuses to read a number of thousands of digits.
        message = f"`{name}` holds a number that is too long"
    conflict = find_conflict(text)
    diagnostic = (
        Diagnostic("SC504", message, span=span, label=label, help=f"{remedy}: `{lock_command(name, path='PATH')}`")
        if conflict is None
        else _conflicting(name, conflict)
    )
    raise ShapecalcError((diagnostic,), Source(name, text), exit_code=2) from None


def _conflicting(name: str, conflict: Conflict) -> Diagnostic:
    """Return the diagnostic of a lock file with markers of merge conflicts, at the first of them."""
    count = "a merge conflict" if conflict.number == 1 else f"{conflict.number} merge conflicts"
    sides = " and ".join(f"`{shorten(side)}`" for side in conflict.names if side)
    rest = "" if conflict.complete else ", without some of its markers"
    return Diagnostic(
        "SC504",
        f"`{name}` has {count}{f', of {sides}' if sides else ''}{rest}",
        span=Span(conflict.line, 1, conflict.line, 8),
        label="the first marker" if conflict.number > 1 or not conflict.complete else "",
        help=f"resolve the conflicts of the networks first, then run `{lock_command(name, '--resolve')}`: it locks "
        "the files of both sides as they are now",
    )


def read_entry(text: str, name: str) -> Entry:
    """Return the entry of a file, given the JSON of its value; `name` names it in the message.

    Raises `ValueError` if it is not an entry.
    """
    try:
        return _entry(_json(text), name)
    except (_Wrong, RecursionError) as error:
        raise ValueError(*error.args) from None


def read_settings(text: str) -> dict[str, Any]:
    """Return the settings of an entry, given their JSON; raise `ValueError` if they are none."""
    try:
        return _each({"settings": _json(text)}, "settings", "", _setting)
    except (_Wrong, RecursionError) as error:
        raise ValueError(*error.args) from None


def _json(text: str) -> Any:
    return json.loads(text, parse_float=_float, parse_constant=_float, object_pairs_hook=_unique)


def _wrong(where: str, message: str, remedy: str = "") -> NoReturn:
    raise _Wrong(where, message, remedy)


def _float(digits: str) -> NoReturn:
    _wrong("", f"holds the number {shorten(digits)}, expects whole numbers alone")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [key for key, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        _wrong("", f"has the key `{shorten(duplicate)}` twice in one place")
    return values


def _lock(value: Any) -> Lock:
    data = _object(value, "")
    version = _get(data, "schema_version", "")
    if type(version) is not int or version != SCHEMA_VERSION:
        remedy = "use the version of shapecalc that wrote it, or delete it and write it anew"
        _wrong("", f"has `schema_version` {_said(version)}, this version of shapecalc reads {SCHEMA_VERSION}", remedy)
    convention = _get(data, "convention", "")
    if type(convention) is not int or convention != CONVENTION:
        remedy = "delete it and write it anew"
        message = f"was counted by convention {_said(convention)}, this version of shapecalc counts by {CONVENTION}"
        _wrong("", message, remedy)
    files = _each(data, "files", "", _entry)
    return Lock(files, _text(_get(data, "shapecalc", ""), "shapecalc"))


def _entry(value: Any, where: str) -> Entry:
    data = _object(value, where)
    inputs = _each(data, "inputs", where, _input)
    listed = _get(data, "layers", where)
    if not isinstance(listed, list):
        _wrong(f"{where}.layers", f"expects a list, receives {_said(listed)}")
    layers: list[LockedLayer] = []
    before, paths = default_reads(inputs), set(inputs)
    for position, item in enumerate(listed):
        layer = _layer(item, f"{where}.layers[{position}]", before)
        if layer.path in paths:
            _wrong(f"{where}.layers[{position}].path", f"is `{shorten(layer.path)}`, which stands before it already")
        paths.add(layer.path)
        layers.append(layer)
        before = (layer.path,)
    params, macs, flops = (_count(_get(data, key, where), f"{where}.{key}") for key in ("params", "macs", "flops"))
    return Entry(
        inputs,
        _each(data, "costs_at", where, _int),
        tuple(layers),
        _each(data, "outputs", where, _shape),
        _each(data, "given", where, _text),
        params,
        macs,
        flops,
        _each(data, "settings", where, _setting) if "settings" in data else {},
        _count(data.get("active_params"), f"{where}.active_params"),
    )


def _setting(value: Any, where: str) -> str | int | float | bool | None:
    if isinstance(value, dict) and list(value) == ["float"] and re.fullmatch(_FLOAT, str(value["float"])):
        return float(value["float"])
    if value is not None and not isinstance(value, str | int | bool):
        _wrong(where, f"expects a number, a text or a flag, receives {_said(value)}")
    return value


def _layer(value: Any, where: str, before: tuple[str, ...]) -> LockedLayer:
    data = _object(value, where)
    path, type_, digest = (_text(_get(data, key, where), f"{where}.{key}") for key in ("path", "type", "digest"))
    if not _DIGEST.fullmatch(digest):
        _wrong(f"{where}.digest", f"expects 16 hexadecimal digits, receives {_said(digest)}")
    reads = before
    if "reads" in data:
        if not isinstance(data["reads"], list):
            _wrong(f"{where}.reads", f"expects a list, receives {_said(data['reads'])}")
        reads = tuple([_text(item, f"{where}.reads") for item in data["reads"]])
    params, macs, flops = (_count(_get(data, key, where), f"{where}.{key}") for key in ("params", "macs", "flops"))
    return LockedLayer(
        path,
        type_,
        digest,
        reads,
        _text(data.get("shares", ""), f"{where}.shares"),
        _each(data, "outputs", where, _shape),
        params,
        macs,
        flops,
        _count(data.get("active_params"), f"{where}.active_params"),
    )


def _input(value: Any, where: str) -> LockedInput:
    data = _object(value, where)
    return LockedInput(
        _shape(_get(data, "shape", where), f"{where}.shape"), _text(_get(data, "dtype", where), f"{where}.dtype")
    )


def _shape(value: Any, where: str) -> LockedShape:
    if not isinstance(value, list):
        _wrong(where, f"expects a list, receives {_said(value)}")
    return tuple([dim if isinstance(dim, str) else _int(dim, where) for dim in value])


def _count(value: Any, where: str) -> LockedCount:
    return value if value is None or isinstance(value, str) else _int(value, where)


def _int(value: Any, where: str) -> int:
    if type(value) is not int or value < 0:
        _wrong(where, f"expects a whole number, receives {_said(value)}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        _wrong(where, f"expects a text, receives {_said(value)}")
    return value


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _wrong(where, f"expects keys and values, receives {_said(value)}")
    return value


def _each(data: Mapping[str, Any], key: str, where: str, read: Callable[[Any, str], Any]) -> dict[str, Any]:
    inside = f"{where}.{key}" if where else key
    values = _object(_get(data, key, where), inside)
    return {name: read(value, f"{inside}.{shorten(name)}") for name, value in values.items()}


def _get(data: Mapping[str, Any], key: str, where: str) -> Any:
    value = data.get(key, _MISSING)
    if value is _MISSING:
        _wrong(where, f"lacks `{key}`")
    return value


def _said(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "keys and values"
    return f"`{shorten(json.dumps(value))}`"
