"""Archives of torch.export that are broken or hostile end in SC032 or SC010, and nothing else."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.importers.torch_export import read_opened
from shapecalc.importers.writing import write

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "oracle/torch_exports"
MODEL = "archive/models/model.json"
WEIGHTS = "archive/data/weights/model_weights_config.json"


def members(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(FOLDER / f"{name}.pt2") as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def packed(content: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return file


def refused(file: io.BytesIO) -> ShapecalcError:
    with pytest.raises(ShapecalcError) as caught:
        read_opened(file, "net.pt2")
    assert caught.value.exit_code == 2
    return caught.value


def with_model(name: str, **changes: Any) -> io.BytesIO:
    content = members(name)
    content[MODEL] = json.dumps({**json.loads(content[MODEL]), **changes}).encode()
    return packed(content)


def test_a_file_that_ends_early_is_refused() -> None:
    data = (FOLDER / "dense.pt2").read_bytes()
    for length in (4, 100, len(data) // 2, len(data) - 1):
        assert "SC032" in str(refused(io.BytesIO(data[:length])))


def test_damaged_bytes_of_a_member_are_refused() -> None:
    data = bytearray((FOLDER / "dense.pt2").read_bytes())
    at = data.index(b"models/model.json") + 200
    data[at : at + 40] = bytes(40)
    assert "SC032" in str(refused(io.BytesIO(bytes(data))))


def test_a_schema_of_a_version_that_is_not_known_is_refused_with_its_number() -> None:
    error = refused(with_model("dense", schema_version={"major": 9, "minor": 0}))
    assert "version 9 of the schema" in str(error)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "archive/data/../../outside", "archive\\outside"])
def test_a_member_outside_of_the_archive_is_refused(name: str) -> None:
    assert "outside of it" in str(refused(packed({**members("dense"), name: b""})))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused() -> None:
    file = packed(members("dense"))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(MODEL, b"{}")
    assert "has two members" in str(refused(file))


def test_a_member_that_unpacks_to_a_thousand_times_its_size_is_refused() -> None:
    file = packed(members("dense"))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/weights/weight_99", bytes(10_000_000))
    assert "SC010" in str(refused(file))


def test_a_graph_that_is_nested_without_end_is_refused() -> None:
    content = members("dense")
    content[MODEL] = b'{"schema_version": ' + b"[" * 200_000
    assert "no valid JSON" in str(refused(packed(content)))


def test_a_file_without_a_graph_says_what_would_help() -> None:
    error = refused(packed({"archive/version": b"3"}))
    assert "torch.export.save" in str(error)


def test_sample_inputs_are_not_read() -> None:
    content = {**members("dense"), "archive/data/sample_inputs/model.pt": b"not a pickle"}
    assert read_opened(packed(content), "net.pt2").graph.nodes


def weights(change: Any) -> io.BytesIO:
    content = members("dense")
    config = json.loads(content[WEIGHTS])
    for row in config["config"].values():
        change(row)
    content[WEIGHTS] = json.dumps(config).encode()
    return packed(content)


def lengthen(row: Any) -> None:
    row["tensor_meta"]["sizes"] = [{"as_int": 1 << 40}]
    row["tensor_meta"]["strides"] = [{"as_int": 1}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: row.update(use_pickle=True), "as a pickle, which is not opened"),
        (lengthen, "ends before the values"),
        (lambda row: row["tensor_meta"].update(storage_offset={"as_int": 1 << 30}), "ends before the values"),
        (lambda row: row["tensor_meta"].update(dtype=77), "a dtype that is not known"),
        (lambda row: row.update(path_name="../../secret"), "ends before the values"),
    ],
)
def test_weights_that_cannot_be_read_are_refused_when_they_are_needed(change: Any, said: str) -> None:
    reading = read_opened(weights(change), "net.pt2")
    assert reading.arrays is not None
    with pytest.raises(ShapecalcError, match=said):
        reading.arrays(["convs.0.weight"])


def test_a_negative_size_of_a_weight_is_refused() -> None:
    assert "does not describe its weights" in str(
        refused(weights(lambda row: row["tensor_meta"].update(sizes=[{"as_int": -1}])))
    )


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


ODD = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "torch.ops.aten.cat.default",
    [],
    {},
    [[]],
    {"as_int": 0},
    {"as_tensor": {"name": "x"}},
)


@pytest.mark.parametrize("name", ["in_place", "length", "rotary"])
def test_a_graph_in_which_one_entry_is_another_is_read_or_refused(name: str) -> None:
    content = members(name)
    model = json.loads(content[MODEL])
    found = sorted(places(model["graph_module"]["graph"]), key=str)
    chance = random.Random(0)
    for _ in range(250):
        path, odd = chance.choice(found), chance.choice(ODD)
        broken = copy.deepcopy(model)
        target = broken["graph_module"]
        for key in ("graph", *path)[:-1]:
            target = target[key]
        target[("graph", *path)[-1]] = odd
        content[MODEL] = json.dumps(broken).encode()
        with contextlib.suppress(ShapecalcError):
            reading = read_opened(packed(content), "net.pt2")
            assert reading.problems or write(reading.graph).text
