"""Files of weights: what is read, what is refused before an array is made, and every tensor that does not fit."""

from __future__ import annotations

import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.stored_weights import LARGEST_HEADER, read_weights
from shapecalc.execution.training.exporting import safetensors
from tests.support.rows import for_each

if TYPE_CHECKING:
    from pathlib import Path

NET = "{input: [N, 3], layers: [{linear: 2, name: a}, {batch_norm: , name: bn}, {linear: 1, name: b}]}"
SHAPES = {
    "a.weight": (2, 3),
    "a.bias": (2,),
    "b.weight": (1, 2),
    "b.bias": (1,),
    **{f"bn.{name}": (2,) for name in ("weight", "bias", "running_mean", "running_var")},
}


def arrays(**changes: Any) -> dict[str, Any]:
    random = np.random.default_rng(3)
    made: dict[str, Any] = {name: random.uniform(0.5, 1, shape).astype(np.float32) for name, shape in SHAPES.items()}
    made |= {name.replace("__", "."): array for name, array in changes.items()}
    return {name: array for name, array in made.items() if array is not None}


def stored(path: Path, given: dict[str, Any]) -> str:
    if path.suffix == ".npz":
        np.savez(path, **given)
    else:
        path.write_bytes(safetensors(given))
    return str(path)


def header_file(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> str:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return str(path)


@for_each("ending", [".npz", ".safetensors"])
def test_what_is_stored_is_what_a_run_computes_with(ending: str, tmp_path: Path) -> None:
    given = arrays()
    file = stored(tmp_path / f"w{ending}", given)
    x = np.array([[1.0, 2.0, 3.0]])
    network = shapecalc.loads(NET)
    assert shapecalc.run(network, x, file)["output"].tolist() == shapecalc.run(network, x, given)["output"].tolist()
    assert shapecalc.verify(network, file).ok
    assert shapecalc.verify(network, file, backward=True).ok


def entry(dtype: str, shape: Any, *offsets: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": list(offsets)}


@for_each(
    "header,data,message",
    [
        ({"w": entry("F32", [2], 0, 8)}, b"\0" * 4, "is cut off: `w` ends at byte 8, the data at 4"),
        ({"w": entry("F32", [2], 0, 8)}, b"\0" * 9, "has 1 bytes that belong to no tensor"),
        ({"w": entry("F32", [2], 0, 4)}, b"\0" * 4, "has 4 bytes of `w`, expects 8 for [2] of F32"),
        ({"w": entry("F32", [1], 4, 8)}, b"\0" * 8, "has a gap before `w`, at byte 4"),
        ({"v": entry("F32", [2], 0, 8), "w": entry("F32", [1], 4, 8)}, b"\0" * 8, "has an overlap before `w`"),
        ({"v": entry("F32", [1], 0, 4), "w": entry("F32", [1], 0, 4)}, b"\0" * 4, "has an overlap before `w`"),
        ({"w": entry("F32", [2**62, 4], 0, 0)}, b"", "expects 73786976294838206464 for"),
        ({"w": entry("F32", [-1], 0, 0)}, b"", "expects integers of at least 0"),
        ({"w": entry("F32", [True], 0, 4)}, b"\0" * 4, "expects integers of at least 0"),
        ({"w": entry("F32", [1.0], 0, 4)}, b"\0" * 4, "expects integers of at least 0"),
        ({"w": entry("F32", 1, 0, 4)}, b"\0" * 4, "expects integers of at least 0"),
        ({"w": entry("F32", [1], 8, 4)}, b"\0" * 8, "has -4 bytes of `w`, expects 4"),
        ({"w": entry("F32", [1] * 9, 0, 4)}, b"\0" * 4, "expects at most 8 axes"),
        ({"w": entry("F32", [1], 0, 4, 4)}, b"\0" * 4, "expects at most 8 axes and 2 offsets"),
        ({"w": entry("F8_E4M3", [1], 0, 1)}, b"\0", "has `w` of 'F8_E4M3', expects one of F64, F32, F16"),
        ({"w": entry([], [1], 0, 1)}, b"\0", "has `w` of [], expects one of"),
        ({"w": {"dtype": "F32"}}, b"", "expects `dtype`, `shape` and `data_offsets` of `w`"),
        ({"w": 3}, b"", "expects `dtype`, `shape` and `data_offsets` of `w`"),
        ([], b"", "expects a header with tensors by name"),
        (b"{", b"", "expects a header in JSON"),
        (b'{"w": 1, "w": 2}', b"", "a key is given twice"),
        (b"\xff\xfe", b"", "expects a header in JSON"),
        (b"[" * 100_000, b"", "expects a header in JSON"),
        ({"w": entry("BOOL", [1], 0, 1)}, b"\2", "neither true nor false"),
        ({"w": entry("F32", [1], 0, 4)}, struct.pack("<f", float("nan")), "has a NaN in `w`"),
    ],
)
def test_a_header_that_does_not_describe_the_data_is_refused(
    header: Any, data: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ShapecalcError) as caught:
        read_weights(header_file(tmp_path / "w.safetensors", header, data))
    assert message in caught.value.diagnostics[0].message
    assert caught.value.exit_code == 2


def test_no_header_is_read_that_is_longer_than_the_file_or_the_limit(tmp_path: Path) -> None:
    for length, code in ((2**63, "SC002"), (2**40, "SC002")):
        with pytest.raises(ShapecalcError, match=code):
            read_weights(header_file(tmp_path / "w.safetensors", b"{}", length=length))
    sparse = tmp_path / "x.safetensors"
    with sparse.open("wb") as file:
        file.write(struct.pack("<Q", LARGEST_HEADER + 1))
        file.truncate(LARGEST_HEADER + 100)
    with pytest.raises(ShapecalcError, match="SC010"):
        read_weights(str(sparse))
    (tmp_path / "y.safetensors").write_bytes(b"\1")
    with pytest.raises(ShapecalcError, match="is cut off"):
        read_weights(str(tmp_path / "y.safetensors"))


def test_an_archive_is_priced_before_it_is_unpacked(tmp_path: Path) -> None:
    """Ten members of 150 MB of zeros, which the archive packs into a few hundred kilobytes."""
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"{number}.npy", b"\0" * 150_000_000)
    with pytest.raises(ShapecalcError, match="SC010"):
        read_weights(str(path))


def test_an_archive_with_objects_is_not_executed(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", w=np.array([{}], dtype=object))
    with pytest.raises(ShapecalcError, match="SC002"):
        read_weights(str(tmp_path / "w.npz"))


def test_all_types_are_read_with_their_values(tmp_path: Path) -> None:
    header, data = {}, b""
    values = {
        "F64": [1.5],
        "F32": [1.5],
        "I64": [-3],
        "I32": [-3],
        "I16": [-3],
        "I8": [-3],
        "U8": [200],
        "BOOL": [True],
    }
    types = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"}
    for name, value in values.items():
        packed = np.array(value, types[name]).tobytes()
        header[name] = entry(name, [1], len(data), len(data) + len(packed))
        data += packed
    header |= {
        "F16": entry("F16", [1], len(data), len(data) + 2),
        "BF16": entry("BF16", [1], len(data) + 2, len(data) + 4),
    }
    data += np.array([0.1], "<f2").tobytes() + struct.pack("<H", 0x3FC0)
    read = read_weights(header_file(tmp_path / "w.safetensors", header, data))
    assert {name: read[name].tolist() for name in values} == values
    assert (read["F16"].dtype, read["F16"].tolist()) == (np.float32, [float(np.float16(0.1))])
    assert (read["BF16"].dtype, read["BF16"].tolist()) == (np.float32, [1.5])
    assert read["BOOL"].dtype == bool


def test_every_tensor_that_does_not_fit_is_named(tmp_path: Path) -> None:
    given = arrays(a__bias=None, a__bais=np.zeros(2, np.float32), b__weight=np.zeros((2, 1), np.float32))
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.verify(shapecalc.loads(NET), stored(tmp_path / "w.safetensors", given))
    found = {diagnostic.message: diagnostic.help for diagnostic in caught.value.diagnostics}
    assert found == {
        "`a.bais` is no parameter of `<text>`": "write `a.bias`",
        "`b.weight` expects [1, 2], receives [2, 1]": None,
        "`a.bias` [2] is missing": None,
    }


def test_of_many_tensors_the_first_are_named_and_the_others_counted() -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.verify(shapecalc.loads(NET), {f"x{number}": [0.0] for number in range(50)})
    assert len(caught.value.diagnostics) == 20
    assert caught.value.diagnostics[-1].notes == ("and 38 more tensors do not fit",)


def test_what_is_missing_is_random_in_a_run_and_refused_in_a_proof(tmp_path: Path) -> None:
    file = stored(tmp_path / "w.npz", arrays(b__bias=None))
    network = shapecalc.loads(NET)
    drawn = [record.name for record in shapecalc.values(network, np.ones((1, 3)), file).tensors() if record.drawn]
    assert drawn == ["b.bias"]
    with pytest.raises(ShapecalcError, match=r"`b\.bias` \[1\] is missing"):
        shapecalc.verify(network, file)


def test_counters_of_a_norm_are_left_out_and_no_others(tmp_path: Path) -> None:
    counter = np.array(7)
    assert shapecalc.verify(
        shapecalc.loads(NET), stored(tmp_path / "w.npz", arrays(bn__num_batches_tracked=counter))
    ).ok
    with pytest.raises(ShapecalcError, match="is no parameter"):
        shapecalc.verify(shapecalc.loads(NET), stored(tmp_path / "v.npz", arrays(a__num_batches_tracked=counter)))


TIED = """
input: [N, 4]
layers:
  - {linear: {out_features: 2, bias: false}, name: enc}
  - {linear: {out_features: 4, bias: false}, share: {weight: {of: enc.weight, transposed: true}}, name: dec}
"""


def test_a_tied_tensor_stands_under_one_name_or_both_with_the_same_values(tmp_path: Path) -> None:
    network = shapecalc.loads(TIED)
    w = np.arange(8.0).reshape(2, 4)
    x = np.array([[1.0, 2, 3, 4]])
    expected = (x @ w.T @ w).tolist()
    for number, given in enumerate(({"enc.weight": w}, {"dec.weight": w.T}, {"enc.weight": w, "dec.weight": w.T})):
        file = stored(tmp_path / f"{number}.npz", given)
        assert shapecalc.run(network, x, file)["output"].tolist() == expected
    with pytest.raises(ShapecalcError, match="one tensor in the network, with different values"):
        shapecalc.run(network, x, stored(tmp_path / "w.npz", {"enc.weight": w, "dec.weight": w.T + 1}))


def test_a_constant_of_a_shape_and_a_buffer_of_indices_come_from_the_file(tmp_path: Path) -> None:
    text = """
input: [N, 3]
layers:
  - {constant: {shape: [3]}, name: more}
  - {buffer: {shape: [2], dtype: int64}, name: ids}
  - {add: , from: [input, more], name: sum}
  - {embedding: {num_embeddings: 4, embedding_dim: 3}, from: ids, name: e}
outputs: [sum, e]
"""
    network = shapecalc.loads(text)
    given = {"more": np.array([1.0, -np.inf, 2]), "ids": np.array([3, 1]), "e.weight": np.arange(12.0).reshape(4, 3)}
    found = shapecalc.run(network, np.zeros((1, 3)), stored(tmp_path / "w.npz", given))
    assert found["sum"].tolist() == [[1.0, -np.inf, 2.0]]
    assert found["e"].tolist() == [[9, 10, 11], [3, 4, 5]]
    given["ids"] = np.array([3.5, 1])
    with pytest.raises(ShapecalcError, match="`ids` expects int64, receives float64"):
        shapecalc.run(network, np.zeros((1, 3)), stored(tmp_path / "v.npz", given))


def test_decoding_takes_the_weights_of_a_file(tmp_path: Path) -> None:
    loop = shapecalc.load("char-rnn")
    report = shapecalc.inspect(loop, N=1, T=1)
    random = np.random.default_rng(5)
    shapes = {row.step.tensor(name): shape for row in report.layers for name, shape in row.facts.tensors.items()}
    given = {path: random.standard_normal(shape).astype(np.float32) for path, shape in shapes.items()}
    file = stored(tmp_path / "w.safetensors", given)
    found = [shapecalc.decode(loop, length=3, run=True, params=params).decoded for params in (file, given, None)]
    scores = [each.search.active[0].log_probability for each in found if each is not None]
    assert scores[0] == scores[1] != scores[2]
    assert all(each is not None and each.ok for each in found)
    del given[next(iter(given))]
    with pytest.raises(ShapecalcError, match="is missing"):
        shapecalc.decode(loop, length=3, run=True, params=given)


def test_a_name_that_is_no_file_of_weights_is_refused() -> None:
    with pytest.raises(ShapecalcError, match=r"a file that ends in \.npz or \.safetensors"):
        shapecalc.verify(shapecalc.loads(NET), "weights.pt")
