"""The same word is the same number in every command: params and buffers of layers, of totals, and in bytes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

NORMS = """\
name: norms
input: [N, 3, 8, 8]
layers:
  - {conv: {out_channels: 4, kernel_size: 3, padding: 1, bias: false}, name: c1}
  - {batch_norm: {}, name: b1}
  - {conv: {out_channels: 4, kernel_size: 3, padding: 1, bias: false}, name: c2}
  - {conv: {out_channels: 4, kernel_size: 3, padding: 1, bias: false}, name: c3, share: c2}
  - {batch_norm: {}, name: b2, share: b1}
  - {instance_norm: {track_running_stats: true}, name: i1}
  - flatten
  - {linear: 10, name: fc}
"""
TIED = """\
name: tied
input: {shape: [N, 5], dtype: int64}
layers:
  - {embedding: {num_embeddings: 11, embedding_dim: 6}, name: words}
  - {linear: 6, name: dense}
  - {linear: 11, share: words, name: decoder}
"""
# By hand: (params, buffers) of each layer.
OWN = {
    "norms": {"c1": (108, 0), "b1": (8, 8), "c2": (144, 0), "c3": (0, 0), "b2": (0, 0), "i1": (0, 8),
              "flatten_6": (0, 0), "fc": (2570, 0)},
    "tied": {"words": (66, 0), "dense": (42, 0), "decoder": (11, 0)},
}  # fmt: skip
EMPTY = "name: empty\ninput: [N, 3, 8, 8]\nlayers: [relu]\n"


@pytest.fixture(params=[NORMS, TIED], ids=list(OWN))
def network(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, tuple[int, int]]]:
    name = request.param.splitlines()[0].removeprefix("name: ")
    path = tmp_path / f"{name}.yaml"
    path.write_text(request.param)
    return str(path), OWN[name]


def totals(own: dict[str, tuple[int, int]]) -> tuple[int, int]:
    return sum(params for params, _ in own.values()), sum(buffers for _, buffers in own.values())


def read(run: Run, *words: str) -> Any:
    return json.loads(run(*words).out)


def test_inspect(run: Run, network: tuple[str, dict[str, tuple[int, int]]]) -> None:
    path, own = network
    found = read(run, "inspect", path, "--format", "json")
    assert {row["path"]: (row["params"], row["buffers"]) for row in found["layers"]} == own
    assert (found["totals"]["params"], found["totals"]["buffers"]) == totals(own)
    lines = run("inspect", path, "--format", "csv", "--columns", "path,params,buffers").out.splitlines()[1:]
    rows = [line.split(",") for line in lines]
    assert {name: (int(params), int(buffers)) for name, params, buffers in rows if name in own} == own


def test_verify(run: Run, network: tuple[str, dict[str, tuple[int, int]]]) -> None:
    path, own = network
    for trial in read(run, "verify", path, "--format", "json")["trials"]:
        for key in ("predicted_own", "executed_own"):
            assert {row["path"]: (row[key]["params"], row[key]["buffers"]) for row in trial["layers"]} == own


def test_the_table_of_verify(run: Run, network: tuple[str, dict[str, tuple[int, int]]]) -> None:
    path, own = network
    table = run("verify", path).out.split("\n\n")[0].splitlines()[1:]
    has_buffers = any(buffers for _, buffers in own.values())
    assert ("buffers" in table[0]) == has_buffers
    found = {}
    for line in table[2:]:
        cells = line.split()
        numbers = cells[-4:-2] if has_buffers else [cells[-3], "0"]
        found[cells[0]] = tuple(int(number.replace(",", "")) for number in numbers)
    assert found == own


def test_sweep(run: Run, network: tuple[str, dict[str, tuple[int, int]]]) -> None:
    path, own = network
    found = json.loads(run("sweep", path, "--set", "N=1", "--format", "jsonl").out)
    assert (found["params"], found["buffers"]) == totals(own)


def test_diff(run: Run, network: tuple[str, dict[str, tuple[int, int]]], tmp_path: Path) -> None:
    path, own = network
    (tmp_path / "empty.yaml").write_text(EMPTY)
    found = read(run, "diff", str(tmp_path / "empty.yaml"), path, "--format", "json")["totals"]
    assert (found["params"]["after"], found["buffers"]["after"]) == totals(own)


def test_lock(run: Run, network: tuple[str, dict[str, tuple[int, int]]], monkeypatch: pytest.MonkeyPatch) -> None:
    path, own = network
    monkeypatch.delenv("CI", raising=False)
    lock = f"{path}.lock.json"
    assert run("lock", path, "--update", "--file", lock).code == 0
    with open(lock, encoding="utf-8") as file:  # noqa: PTH123
        (entry,) = json.load(file)["files"].values()
    assert {row["path"]: row["params"] for row in entry["layers"]} == {
        name: params for name, (params, _) in own.items()
    }
    assert entry["params"] == totals(own)[0]
    assert run("check", path, "--locked", "--lock-file", lock).code == 0


def test_memory_and_train_cost(run: Run, network: tuple[str, dict[str, tuple[int, int]]]) -> None:
    path, own = network
    params, buffers = (4 * count for count in totals(own))
    memory = read(run, "memory", path, "--format", "json")
    assert (memory["parameter_bytes"], memory["buffer_bytes"]) == (params, buffers)
    assert memory["weight_bytes"] == params + buffers, "as in the first version"
    training = read(run, "train-cost", path, "--format", "json")["bytes"]
    assert (training["weights"], training["buffers"]) == (params, buffers)
    note = next(line for line in run("memory", path).out.splitlines() if line.startswith("weights take"))
    assert (", buffers " in note) == bool(buffers)


def test_list(run: Run) -> None:
    listed = re.search(r"^ *resnet18 .*?(\d[\d,]+) +[\d,]+$", run("list").out, re.MULTILINE)
    assert listed is not None
    assert int(listed[1].replace(",", "")) == read(run, "inspect", "resnet18", "--format", "json")["totals"]["params"]
