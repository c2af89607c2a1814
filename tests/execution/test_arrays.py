from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from shapecalc.diagnostics import LayerError
from shapecalc.execution.arrays import MOST_WRITTEN, read_array, read_arrays
from tests.support.rows import for_each

if TYPE_CHECKING:
    from pathlib import Path

shaped = array_shapes(max_dims=4, max_side=4).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-1e9, 1e9))
)


@given(shaped)
def test_what_python_writes_is_read(array: Any) -> None:
    assert np.array_equal(read_array(json.dumps(array.tolist()), "x"), array)
    assert np.array_equal(read_array(str(array.tolist()), "x"), array)


@pytest.mark.parametrize("ending", [".npy", ".npz", ".json", ".csv", ".txt", ".yaml"])
def test_a_file_has_what_was_written_to_it(tmp_path: Path, ending: str) -> None:
    array = np.array([[1.5, -2], [1e-3, 0]])
    path = tmp_path / f"x{ending}"
    if ending == ".npy":
        np.save(path, array)
    elif ending == ".npz":
        np.savez(path, x=array)
    elif ending in (".csv", ".txt"):
        np.savetxt(path, array, delimiter="," if ending == ".csv" else " ")
    else:
        path.write_text(json.dumps(array.tolist()), encoding="utf-8")
    assert np.array_equal(read_array(str(path), "x"), array)
    assert np.array_equal(read_array(str(path), "x", exact=True).astype(float), array)


def test_rows_may_be_separated_by_semicolons() -> None:
    assert read_array("1 2; 3 4", "x").tolist() == [[1, 2], [3, 4]]
    assert read_array("−1", "x").tolist() == [-1]
    assert read_array("5", "x").tolist() == [5]
    assert read_array("010", "x").tolist() == [10], "no octal number, as it would be in YAML"


def test_exact_numbers_of_a_numpy_file_are_decimals_and_integers_of_any_size(tmp_path: Path) -> None:
    for array, expected in (
        (np.array([0.1, 2]), [Fraction(1, 10), 2]),
        (np.array([2**53 + 1]), [2**53 + 1]),
        (np.array([True]), [1]),
    ):
        np.save(tmp_path / "x.npy", array)
        assert read_array(str(tmp_path / "x.npy"), "x", exact=True).tolist() == expected


def test_exact_numbers_are_what_is_written() -> None:
    assert read_array("[0.1, 1/3, 2e-1]", "x", exact=True).tolist() == [Fraction(1, 10), Fraction(1, 3), Fraction(1, 5)]


def test_arrays_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"c1.weight": np.ones(2)})
    assert read_arrays(str(tmp_path / "w.npz"), "weights")["c1.weight"].tolist() == [1, 1]
    assert {name: array.tolist() for name, array in read_arrays('{"a": [1], b.bias: 2}', "w").items()} == {
        "a": [1],
        "b.bias": 2,
    }


WRONG = {
    "[[1, 2], [3]]": ("SC204", "expects 2 entries at [1], as in the first list, receives 1"),
    "[1, [2]]": ("SC204", "expects a number at [1], as before it, receives a list"),
    "[[1], 2]": ("SC204", "expects a list of 1 at [1], as before it, receives `2`"),
    "[]": ("SC204", "expects numbers, receives an empty list"),
    "": ("SC204", "expects numbers, receives an empty list"),
    "1,2;3": ("SC204", "expects 2 entries at [1], as in the first list, receives 1"),
    "1,,2": ("SC202", "expects numbers, receives nothing between two commas"),
    ",1": ("SC202", "expects numbers, receives nothing between two commas"),
    "1,two": ("SC202", "expects numbers, receives `two`"),
    "[true]": ("SC202", "expects numbers, receives `true`"),
    "1/0": ("SC202", "expects numbers, receives `1/0`, a division by 0"),
    "1/2/3": ("SC202", "expects numbers, receives `1/2/3`"),
    "{x: {y: 1}}": ("SC204", "expects a number, as before it, receives a dict"),
    "{x: 1, y: 2}": ("SC202", "expects one array, receives 2 by name"),
    "nan": ("SC025", "expects finite numbers, receives `nan`"),
    "[1, .inf]": ("SC025", "expects finite numbers, receives `.inf`"),
    "1e999": ("SC025", "expects finite numbers, receives `1e999`, which a float64 cannot hold"),
    "[" * 9 + "1" + "]" * 9: ("SC305", "expects at most 8 axes, receives more"),
    "[1, 2": ("SC003", "expects a list such as `[[1, 2], [3, 4]]`, receives text that is no list at column 1"),
    "[" * 5000: ("SC305", "expects at most 8 axes, receives more"),
    "&a [*a]": ("SC202", "expects numbers, receives `&a`"),
    "[&a [1], *a, !!python/object:os.system 1]": ("SC204", "expects a list of 1 at [2], as before it, receives `1`"),
    "0." + "1" * 500: ("SC014", "expects numbers of at most 400 digits, receives one of 502"),
    "no.npy": ("SC001", "names a file that cannot be read: No such file or directory"),
    "1," * MOST_WRITTEN + "1": ("SC012", "expects at most 10,000 numbers, receives 10,001"),
}


@for_each("text, expected", WRONG.items(), [text[:40] for text in WRONG])
def test_texts_that_are_no_arrays(text: str, expected: tuple[str, str]) -> None:
    with pytest.raises(LayerError) as caught:
        read_array(text, "x")
    assert (caught.value.code, caught.value.message) == expected


FILES: dict[str, tuple[bytes, str]] = {
    "empty.npy": (b"", "SC002"),
    "cut.npy": (
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }" + b" " * 55,
        "SC002",
    ),
    "huge.npy": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (10**15,), }", "SC002"),
    "none.npz": (b"PK\x05\x06" + bytes(18), "SC202"),
    "text.npz": (b"1 2 3", "SC002"),
    "latin.csv": ("é,1".encode("latin-1"), "SC002"),
    "rows.csv": (b"1,2\n3\n", "SC204"),
    "names.csv": (b"a,b\n1,2\n", "SC202"),
    "empty.txt": (b"\n\n", "SC204"),
    "bomb.yaml": (
        b"a: &a [1,1,1,1,1,1,1,1,1]\n"
        + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in b"bcdefg"),
        "SC202",
    ),
    "list.yaml": (b"- &a [1,1,1]\n- &b [*a,*a]\n", "SC204"),
}


@for_each("name, file", FILES.items())
def test_files_that_hold_no_array(tmp_path: Path, name: str, file: tuple[bytes, str]) -> None:
    content, code = file
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LayerError) as caught:
        read_array(str(tmp_path / name), "x")
    assert caught.value.code == code, caught.value.message
    assert caught.value.field == "x"


def test_headers_made_by_hand_are_refused(tmp_path: Path) -> None:
    shaped = "{{'descr': '<f8', 'fortran_order': False, 'shape': {}"
    headers = ("((((", "'''", "  a\n b", "{[]: 1}", "{1: 2, 'a': 3}", "{'descr': (), 'fortran_order': 0, 'shape': ()}")
    for text in (*headers, shaped.format("(2,"), shaped.format("(-2, 2)}"), shaped.format("(10**30,)}")):
        header = text.replace("10**30", f"{10**30}").encode() + b"\n"
        content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        (tmp_path / "x.npy").write_bytes(content)
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.writestr("x.npy", content)
        for name in ("x.npy", "x.npz"):
            with pytest.raises(LayerError, match="expects arrays as NumPy saves them") as caught:
                read_array(str(tmp_path / name), "x")
            assert caught.value.code == "SC002", (name, text)


def test_no_object_of_python_is_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(LayerError) as caught:
        read_array(str(tmp_path / "x.npy"), "x")
    assert caught.value.code == "SC002"


@given(st.data())
def test_a_broken_archive_is_refused_or_read(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    np.savez_compressed(path, x=np.arange(6.0))
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        read_array(str(path), "x")
    except LayerError as error:
        assert error.field == "x"  # noqa: PT017 - most are refused, and by no other exception


def test_nan_in_a_file_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.0, np.nan]))
    with pytest.raises(LayerError, match="NaN or infinity"):
        read_array(str(tmp_path / "x.npy"), "x")


def test_exact_numbers_are_in_the_range_of_a_float64_too() -> None:
    with pytest.raises(LayerError, match="receives `1e400`, which a float64 cannot hold"):
        read_array("1e400", "x", exact=True)
    assert read_array("1e-400", "x", exact=True)[0] > 0


def test_an_array_without_elements_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((0, 3)))
    with pytest.raises(LayerError, match="expects numbers, receives an empty array"):
        read_array(str(tmp_path / "x.npy"), "x")
