"""From the text of a lock file to a lock: everything in it is held against what a lock may say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.diffing.lock.entries import SCHEMA_VERSION, Entry, Lock, LockedInput, LockedLayer, usual
from shapecalc.parser.scalars import shorten
from shapecalc.shape_inference.report import CONVENTION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.diffing.lock.entries import LockedCount, LockedShape

_DIGEST = re.compile(r"[0-9a-f]{16}")
_MISSING = object()


class _Wrong(Exception):  # noqa: N818 - it never leaves this file
    """What is wrong with a value, and where it stands: `files.lenet5.yaml.params`."""


def read_lock(text: str, name: str) -> Lock:
    """Return the lock that a text holds; `name` is what diagnostics call it.

    Keys that this version does not know are passed over: a later one may add some.
    Raises `ShapecalcError` SC504 (exit code 2) where the text is no lock, or one of another convention of counting.
    """
    source = Source(name, text)
    try:
        return _lock(json.loads(text, parse_float=_float, parse_constant=_float, object_pairs_hook=_once))
    except json.JSONDecodeError as error:
        at = Span(error.lineno, error.colno, error.lineno, error.colno + 1)
        found = Diagnostic(
            code="SC504", message=f"`{name}` is not JSON", span=at, label=error.msg.lower(), help=_REMEDY
        )
    except _Wrong as error:
        where, message, remedy = error.args
        subject = f"`{name}`" + (f", `{where}`," if where else "")
        found = Diagnostic(code="SC504", message=f"{subject} {message}", help=remedy)
    except RecursionError:
        found = Diagnostic(code="SC504", message=f"`{name}` is nested too deep for a lock", help=_REMEDY)
    except ValueError:
        # Python refuses to read a number of thousands of digits.
        found = Diagnostic(code="SC504", message=f"`{name}` holds a number that is too long", help=_REMEDY)
    raise ShapecalcError((found,), source, exit_code=2) from None


_REMEDY = "take it from version control, or delete it and write it anew: `shapecalc lock PATH`"


def _wrong(where: str, message: str, remedy: str = _REMEDY) -> NoReturn:
    raise _Wrong(where, message, remedy)


def _float(digits: str) -> NoReturn:
    _wrong("", f"holds the number {shorten(digits)}, expects whole numbers alone")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        again = next(name for name in names if names.count(name) > 1)
        _wrong("", f"has the key `{shorten(again)}` twice in one place")
    return found


def _lock(value: Any) -> Lock:
    whole = _object(value, "")
    version = _get(whole, "schema_version", "")
    if type(version) is not int or version != SCHEMA_VERSION:
        remedy = "use the version of shapecalc that wrote it, or delete it and write it anew: `shapecalc lock PATH`"
        _wrong("", f"has `schema_version` {_said(version)}, this version of shapecalc reads {SCHEMA_VERSION}", remedy)
    convention = _get(whole, "convention", "")
    if type(convention) is not int or convention != CONVENTION:
        remedy = "delete it and write it anew: `shapecalc lock PATH`"
        message = f"was counted by convention {_said(convention)}, this version of shapecalc counts by {CONVENTION}"
        _wrong("", message, remedy)
    files = _each(whole, "files", "", _entry)
    return Lock(files, _text(_get(whole, "shapecalc", ""), "shapecalc"))


def _entry(value: Any, where: str) -> Entry:
    whole = _object(value, where)
    inputs = _each(whole, "inputs", where, _input)
    listed = _get(whole, "layers", where)
    if not isinstance(listed, list):
        _wrong(f"{where}.layers", f"expects a list, receives {_said(listed)}")
    layers: list[LockedLayer] = []
    before, paths = usual(inputs), set(inputs)
    for position, item in enumerate(listed):
        layer = _layer(item, f"{where}.layers[{position}]", before)
        if layer.path in paths:
            _wrong(f"{where}.layers[{position}].path", f"is `{shorten(layer.path)}`, which stands before it already")
        paths.add(layer.path)
        layers.append(layer)
        before = (layer.path,)
    return Entry(
        inputs,
        _each(whole, "costs_at", where, _whole),
        tuple(layers),
        _each(whole, "outputs", where, _shape),
        _each(whole, "given", where, _text),
        *(_count(_get(whole, key, where), f"{where}.{key}") for key in ("params", "macs", "flops")),
    )


def _layer(value: Any, where: str, before: tuple[str, ...]) -> LockedLayer:
    whole = _object(value, where)
    path, type_, digest = (_text(_get(whole, key, where), f"{where}.{key}") for key in ("path", "type", "digest"))
    if not _DIGEST.fullmatch(digest):
        _wrong(f"{where}.digest", f"expects 16 hexadecimal digits, receives {_said(digest)}")
    reads = before
    if "reads" in whole:
        if not isinstance(whole["reads"], list):
            _wrong(f"{where}.reads", f"expects a list, receives {_said(whole['reads'])}")
        reads = tuple([_text(item, f"{where}.reads") for item in whole["reads"]])
    return LockedLayer(
        path,
        type_,
        digest,
        reads,
        _text(whole.get("shares", ""), f"{where}.shares"),
        _each(whole, "outputs", where, _shape),
        *(_count(_get(whole, key, where), f"{where}.{key}") for key in ("params", "macs", "flops")),
    )


def _input(value: Any, where: str) -> LockedInput:
    whole = _object(value, where)
    return LockedInput(
        _shape(_get(whole, "shape", where), f"{where}.shape"), _text(_get(whole, "dtype", where), f"{where}.dtype")
    )


def _shape(value: Any, where: str) -> LockedShape:
    if not isinstance(value, list):
        _wrong(where, f"expects a list, receives {_said(value)}")
    return tuple([dim if isinstance(dim, str) else _whole(dim, where) for dim in value])


def _count(value: Any, where: str) -> LockedCount:
    return value if value is None or isinstance(value, str) else _whole(value, where)


def _whole(value: Any, where: str) -> int:
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


def _each(whole: Mapping[str, Any], key: str, where: str, read: Callable[[Any, str], Any]) -> dict[str, Any]:
    inside = f"{where}.{key}" if where else key
    values = _object(_get(whole, key, where), inside)
    return {name: read(value, f"{inside}.{shorten(name)}") for name, value in values.items()}


def _get(whole: Mapping[str, Any], key: str, where: str) -> Any:
    value = whole.get(key, _MISSING)
    if value is _MISSING:
        _wrong(where, f"lacks `{key}`")
    return value


def _said(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "keys and values"
    return f"`{shorten(json.dumps(value))}`"
