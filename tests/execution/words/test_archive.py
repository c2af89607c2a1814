"""`.npz` files of word vectors."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from shapecalc import ShapecalcError
from shapecalc.execution.words import archive, bounds
from shapecalc.execution.words.archive import read_archive

WORDS = np.array(["man", "女人"])


def saved(**arrays: Any) -> io.BytesIO:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    file.seek(0)
    return file


def test_words_and_vectors_are_read() -> None:
    for words in (WORDS, np.array([word.encode() for word in WORDS])):
        for dtype in (np.float64, np.float32, np.float16, np.int8):
            table = read_archive(saved(words=words, vectors=np.array([[1, 2], [3, 4]], dtype)), "w.npz", None)
            assert (table.words, table.vectors.tolist()) == (["man", "女人"], [[1, 2], [3, 4]])
            assert table.vectors.dtype == np.float64
    first = read_archive(saved(words=WORDS, vectors=np.eye(2)), "w.npz", 1)
    assert (first.words, first.vectors.tolist()) == (["man"], [[1, 0]])


def test_what_is_no_table_is_refused() -> None:
    eye = np.eye(2)
    for message, arrays in (
        ("SC901: `w.npz` expects the arrays `words` and `vectors`, receives `vectors`", {"vectors": eye}),
        ("Object arrays cannot be loaded", {"words": WORDS.astype(object), "vectors": eye}),
        ("expects 2 texts in `words`, receives int64 [2]", {"words": np.arange(2), "vectors": eye}),
        ("expects 2 texts in `words`, receives <U3 [1]", {"words": WORDS[:1], "vectors": eye}),
        ("with a row of numbers per word, receives float64 [2]", {"words": WORDS, "vectors": eye[0]}),
        ("with a row of numbers per word, receives float64 [2, 0]", {"words": WORDS, "vectors": eye[:, :0]}),
        ("with a row of numbers per word, receives <U1 [2, 1]", {"words": WORDS, "vectors": np.array([["1"], ["2"]])}),
        ("with a row of numbers per word, receives complex128", {"words": WORDS, "vectors": eye * 1j}),
        (
            "the vector of `man` has a number that is not finite",
            {"words": WORDS, "vectors": np.where(eye, eye, np.nan)},
        ),
        ("`w.npz` has two vectors of `a`, in rows 0 and 1", {"words": np.array(["a", "a"]), "vectors": eye}),
        ("`w.npz` has a word without a letter", {"words": np.array(["a", ""]), "vectors": eye}),
        ("SC002: `w.npz` has a word that is not UTF-8", {"words": np.array([b"a", b"\xff"]), "vectors": eye}),
    ):
        file = saved(**arrays)
        with pytest.raises(ShapecalcError) as raised:
            read_archive(file, "w.npz", None)
        assert message in str(raised.value), message


def test_a_broken_archive_is_refused() -> None:
    whole = saved(words=WORDS, vectors=np.eye(2)).getvalue()
    for cut in range(0, len(whole), 7):
        with pytest.raises(ShapecalcError, match="SC901"):
            read_archive(io.BytesIO(whole[:cut]), "w.npz", None)
    for place in range(0, len(whole), 3):
        broken = bytearray(whole)
        broken[place] ^= 0x55
        try:
            read_archive(io.BytesIO(bytes(broken)), "w.npz", None)
        except ShapecalcError:
            continue


def test_headers_made_by_hand_are_refused() -> None:
    for header in (b"((((\n", b"{[]: 1}\n", b"{'descr': (), 'fortran_order': 0, 'shape': ()}\n"):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as packed:
            for name in ("words.npy", "vectors.npy"):
                packed.writestr(name, b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        with pytest.raises(ShapecalcError, match=r"SC901: `w.npz` is no `.npz` file that can be read"):
            read_archive(file, "w.npz", None)


def test_sizes_are_checked_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_NUMBERS", 3)
    monkeypatch.setattr(archive, "_array", None)
    with pytest.raises(ShapecalcError, match=r"SC010: `w.npz` has 2 words with 2 features(.|\n)*--first 1"):
        read_archive(saved(words=WORDS, vectors=np.eye(2)), "w.npz", None)


def test_an_array_that_unpacks_to_gigabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    vast = io.BytesIO()
    np.lib.format.write_array_header_1_0(vast, {"descr": "<U4", "fortran_order": False, "shape": (10**10,)})
    for header in (vast.getvalue(), vast.getvalue() + bytes(10)):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("words.npy", header)
            packed.writestr("vectors.npy", b"")
        with pytest.raises(ShapecalcError, match=r"SC010: `w.npz` has an array of 160,000,000,000 bytes"):
            read_archive(file, "w.npz", None)
    monkeypatch.setattr(archive, "LARGEST_FILE", 100)
    with pytest.raises(ShapecalcError, match=r"SC010: `w.npz` has an array of 1\d\d bytes"):
        read_archive(saved(words=WORDS, vectors=np.eye(2)), "w.npz", None)
