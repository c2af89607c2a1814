"""The members of a `.pt2` file: a zip archive of JSON and of the raw bytes of tensors, none of which is executed."""

from __future__ import annotations

import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from shapecalc.importers.unreadable import refuse_container

if TYPE_CHECKING:
    from shapecalc.importers.graph import Array

MOST_MEMBERS = 200_000
MOST_JSON = 256 << 20
"""Bytes of one JSON member."""
MOST_TENSOR = 64 << 30
"""Bytes of one tensor."""
MOST_RATIO = 100
"""How many times a member may grow when it is unpacked: torch.export does not compress."""
GRAPH = "/models/model.json"
FOLDERS = ("weights", "constants")
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


class TensorEntry(NamedTuple):
    """A tensor of the archive: its member, the code of its dtype, and where its elements are in the member."""

    member: str
    dtype: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    pickled: bool = False


class Archive:
    """A `.pt2` file, given by its path or opened; `name` names it in diagnostics."""

    def __init__(self, file: str | BinaryIO, name: str) -> None:
        self.file = file
        self.name = name
        self.sizes: dict[str, int] = {}
        with self._open() as opened:
            self._list(opened)
        roots = [member.removesuffix(GRAPH) for member in self.sizes if member.endswith(GRAPH)]
        if len(roots) != 1:
            outcome = f"{len(roots)} graphs" if roots else f"no member `…{GRAPH}`"
            refuse_container(name, f"is not a file of torch.export that can be read: it has {outcome}", RESAVE)
        self.root = roots[0]
        self._check_version()
        self.tensors = self._tensors()

    def _open(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.file)
        except _BROKEN as error:
            refuse_container(self.name, f"is not a complete zip archive: {error}")

    def _list(self, opened: zipfile.ZipFile) -> None:
        members = opened.infolist()
        if len(members) > MOST_MEMBERS:
            refuse_container(self.name, f"has {len(members)} members, more than {MOST_MEMBERS}", code="SC010")
        for member in members:
            parts = member.filename.split("/")
            if ".." in parts or member.filename.startswith("/") or "\\" in member.filename:
                refuse_container(self.name, f"has a member outside of it, {member.filename[:80]!r}")
            if member.filename in self.sizes:
                refuse_container(self.name, f"has two members {member.filename[:80]!r}")
            if member.file_size > MOST_RATIO * member.compress_size + 1024:
                refuse_container(self.name, f"has a member that unpacks to {member.file_size} bytes", code="SC010")
            self.sizes[member.filename] = member.file_size

    def _check_version(self) -> None:
        kind = self.sizes.get(f"{self.root}/archive_format")
        if kind is not None and self.bytes(f"{self.root}/archive_format", 64) != b"pt2":
            refuse_container(self.name, "is not a file of torch.export: its format is not `pt2`")
        order = f"{self.root}/byteorder"
        self.order = "<" if order not in self.sizes or self.bytes(order, 64) == b"little" else ">"

    def bytes(self, member: str, most: int) -> bytes:
        """Return the bytes of a member, of which there may be `most`."""
        size = self.sizes.get(member)
        if size is None:
            refuse_container(self.name, f"has no member {member[:80]!r}")
        if size > most:
            refuse_container(self.name, f"has {size} bytes in {member[:80]!r}, more than {most}", code="SC010")
        try:
            with self._open() as opened:
                return opened.read(member)
        except _BROKEN as error:
            refuse_container(self.name, f"is broken in {member[:80]!r}: {error}")

    def json(self, member: str) -> Any:
        """Return the value of a JSON member."""
        try:
            return json.loads(self.bytes(member, MOST_JSON))
        except (ValueError, RecursionError) as error:
            refuse_container(self.name, f"has no valid JSON in {member[:80]!r}: {type(error).__name__}")

    def _tensors(self) -> dict[tuple[str, str], TensorEntry]:
        """Return the tensors by folder and name."""
        outcome: dict[tuple[str, str], TensorEntry] = {}
        for folder in FOLDERS:
            member = f"{self.root}/data/{folder}/model_{folder}_config.json"
            if member not in self.sizes:
                continue
            try:
                config = self.json(member)["config"]
                for name, row in config.items():
                    if row.get("tensor_meta") is not None:
                        outcome[folder, name] = _entry(f"{self.root}/data/{folder}/{row['path_name']}", row)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                refuse_container(self.name, f"does not describe its {folder}: {type(error).__name__}")
        return outcome

    def array(self, key: tuple[str, str]) -> Array:
        """Return the elements of a tensor, as float32, int64 or bool."""
        import numpy as np  # noqa: PLC0415 - only values need it

        from shapecalc.importers.torch_export.dtypes import decoded, itemsize  # noqa: PLC0415

        entry = self.tensors.get(key)
        if entry is None:
            refuse_container(self.name, f"has no values of `{key[1][:80]}`")
        if entry.pickled:
            refuse_container(self.name, f"has `{key[1][:80]}` as a pickle, which is not opened")
        width = itemsize(entry.dtype)
        if not width:
            refuse_container(self.name, f"has a dtype that is not known, {entry.dtype}, of `{key[1][:80]}`")
        if 0 in entry.sizes:
            return decoded(np.empty(entry.sizes, np.uint8), entry.dtype, self.order)
        extent = 1 + sum((size - 1) * stride for size, stride in zip(entry.sizes, entry.strides, strict=True))
        needed = (entry.offset + extent) * width
        if needed > self.sizes.get(entry.member, 0):
            refuse_container(self.name, f"ends before the values of `{key[1][:80]}`")
        elements = 1
        for size in entry.sizes:
            elements *= size
        if elements * width > MOST_TENSOR or elements > MOST_RATIO * extent + 1024:
            refuse_container(self.name, f"has {elements} elements in `{key[1][:80]}`", code="SC010")
        raw = np.frombuffer(self.bytes(entry.member, MOST_TENSOR), np.uint8, extent * width, entry.offset * width)
        flat = decoded(raw, entry.dtype, self.order)
        strides = tuple(stride * flat.itemsize for stride in entry.strides)
        return np.lib.stride_tricks.as_strided(flat, entry.sizes, strides, writeable=False).copy()


RESAVE = "save it again by `torch.export.save` of torch 2.8 or newer"


def _entry(member: str, row: Any) -> TensorEntry:
    meta = row["tensor_meta"]
    sizes, strides = ([_count(size["as_int"]) for size in meta[key]] for key in ("sizes", "strides"))
    if len(sizes) != len(strides):
        raise ValueError(sizes)
    offset = _count(meta["storage_offset"]["as_int"])
    return TensorEntry(member, meta["dtype"], tuple(sizes), tuple(strides), offset, bool(row.get("use_pickle")))


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 48:
        raise ValueError(value)
    return value
