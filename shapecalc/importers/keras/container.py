"""The file: a `.keras` archive or the JSON of a model, with its sizes checked before memory is taken."""

from __future__ import annotations

import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from shapecalc.importers.unreadable import refuse_container

if TYPE_CHECKING:
    from shapecalc.diagnostics.limits import Limits

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
TEXT_FACTOR = 16
"""The JSON of a network is as many times longer than the limit of a file that people write."""
MOST_METADATA = 1 << 16
MOST_MEMBERS = 10_000
ENCRYPTED = 1
VERSIONS = ("2.", "3.")
"""The versions of Keras whose files are known."""
_ZIP_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, OSError, EOFError, NotImplementedError,
               ValueError, RuntimeError, OverflowError, MemoryError)  # fmt: skip
"""What `zipfile` raises for a broken archive."""


class Container(NamedTuple):
    """The model's configuration as JSON has it, the version of Keras that wrote it, and whether there are weights."""

    config: dict[str, Any]
    version: str
    weights: bool


def open_container(path: str, limits: Limits) -> Container:
    """Return what a file has.

    Raises `ShapecalcError` SC032 if it is broken or of another version, SC010 if its text is above the limit.
    """
    most = TEXT_FACTOR * limits.file_size
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - `zipfile` reads it too
            if file.read(2) != b"PK":
                file.seek(0)
                return _model(path, _bounded(path, file.read(most + 1), limits), {})
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive)
            config = _member(path, archive, members, CONFIG, limits)
            metadata = _json(path, METADATA, _metadata(path, archive, members))
            weights = WEIGHTS in members
    except _ZIP_ERRORS as error:
        refuse_container(path, f"is a broken archive: {_said(error)}")
    return _model(path, config, metadata)._replace(weights=weights)


def read_weights(path: str, most: int) -> bytes:
    """Return the bytes of the file of weights, of which there are at most `most`."""
    try:
        with zipfile.ZipFile(path) as archive:
            member = _members(path, archive)[WEIGHTS]
            if member.file_size > most:
                refuse_container(path, f"has {member.file_size:,} bytes of weights, expects at most {most:,}")
            with archive.open(member) as file:
                return file.read(most + 1)
    except (KeyError, *_ZIP_ERRORS) as error:
        refuse_container(path, f"is a broken archive: {_said(error)}")


def _said(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def _members(path: str, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name, each of which is there once; no other member is opened than the three."""
    members: dict[str, zipfile.ZipInfo] = {}
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        refuse_container(path, f"has {len(infos):,} members, expects at most {MOST_MEMBERS:,}")
    for info in infos:
        if info.filename in members:
            refuse_container(path, f"has two members `{_shown(info.filename)}`")
        if info.filename.startswith(("/", "\\")) or ".." in info.filename.replace("\\", "/").split("/"):
            refuse_container(path, f"has a member outside of the archive, `{_shown(info.filename)}`")
        members[info.filename] = info
    if CONFIG not in members:
        refuse_container(path, f"has no `{CONFIG}`")
    if any(members[name].flag_bits & ENCRYPTED for name in (CONFIG, METADATA, WEIGHTS) if name in members):
        refuse_container(path, "is encrypted")
    return members


def _shown(name: str) -> str:
    return name if len(name) <= 80 else name[:80] + "…"  # noqa: PLR2004 - a line of text


def _member(
    path: str, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str, limits: Limits
) -> bytes:
    most = TEXT_FACTOR * limits.file_size
    if members[name].file_size > most:
        _refuse_size(path, limits)
    with archive.open(members[name]) as file:
        return _bounded(path, file.read(most + 1), limits)


def _metadata(path: str, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> bytes:
    if METADATA not in members:
        return b"{}"
    with archive.open(members[METADATA]) as file:
        data = file.read(MOST_METADATA + 1)
    if len(data) > MOST_METADATA:
        refuse_container(path, f"has a `{METADATA}` of more than {MOST_METADATA:,} bytes")
    return data


def _bounded(path: str, data: bytes, limits: Limits) -> bytes:
    if len(data) > TEXT_FACTOR * limits.file_size:
        _refuse_size(path, limits)
    return data


def _refuse_size(path: str, limits: Limits) -> NoReturn:
    most = TEXT_FACTOR * limits.file_size
    refuse_container(path, f"has more than {most:,} bytes of JSON", limits.raising("file_size"), "SC010")


def _model(path: str, text: bytes, metadata: dict[str, Any]) -> Container:
    config = _json(path, "the model", text)
    version = metadata.get("keras_version", config.get("keras_version", ""))
    if not isinstance(version, str) or (version and not version.startswith(VERSIONS)):
        refuse_container(path, f"is of Keras {_shown(str(version))}; versions 2 and 3 are read")
    return Container(config, version, weights=False)


def _json(path: str, name: str, text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_constant, object_pairs_hook=_object)
    except RecursionError:
        refuse_container(path, f"is nested too deeply in {name}")
    except ValueError as error:
        refuse_container(path, f"has no valid JSON in {name}: {_said(error)}")
    if not isinstance(value, dict):
        refuse_container(path, f"has no JSON object in {name}")
    return value


def _constant(text: str) -> float:
    """Return infinity, which bounds of activations may be; a NaN is refused."""
    if text == "NaN":
        raise ValueError("NaN is not a number")
    return float(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key is there twice")
    return values
