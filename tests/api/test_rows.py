"""Flat rows of plain values of every result, whose sums are the totals that `inspect` and the others give."""

from __future__ import annotations

import json
from typing import Any

import pytest

import shapecalc
from shapecalc.api.rows import rows_of
from tests.support.revisions import change, report

TINY = shapecalc.loads(
    "{name: tiny, input: [N, 1, 8, 8], layers: [flatten, {linear: 10, name: fc}], expect: {params: 7}}"
)


@pytest.fixture(scope="module")
def results() -> list[Any]:
    return [
        shapecalc.inspect("googlenet"),
        shapecalc.inspect("vgg11", symbolic=True),
        shapecalc.verify("mlp"),
        shapecalc.verify("mlp", N=2, backward=True),
        shapecalc.diff("vgg11", "vgg13"),
        shapecalc.RevisionComparison("main", "", (change("a.yaml", None, report(3)),), 1, (), 0),
        shapecalc.memory("lenet5"),
        shapecalc.values("lenet5"),
        shapecalc.values("mlp", loss="cross_entropy", target=3, optimizer="sgd"),
        shapecalc.bptt("char-rnn", scale=1 / 64, T=3),
        shapecalc.train_cost("lenet5"),
        shapecalc.train(TINY, "digits8", epochs=1),
        shapecalc.decode("char-rnn", beam=2, length=3),
        shapecalc.solve("vgg16", near=500),
        shapecalc.solve("alexnet", unknown="conv1.stride", at="conv1", output=(55, 55)),
        shapecalc.sweep("lenet5", N=[1, 2]),
        shapecalc.check(TINY),
        shapecalc.check(TINY)[0],
        shapecalc.similar("king"),
        shapecalc.analogy("summer", "hot", "冬天"),
        shapecalc.layers("conv"),
        shapecalc.layers(),
    ]


def test_rows_have_the_same_keys_and_plain_values(results: list[Any]) -> None:
    for result in results:
        rows = result.to_rows()
        assert rows, result
        assert len({tuple(row) for row in rows}) == 1, result
        values = {type(value) for row in rows for value in row.values()}
        assert values <= {int, float, str, bool, type(None)}, result
        assert json.loads(json.dumps(rows)) == rows, result


def test_the_rows_of_a_report_add_up_to_its_totals() -> None:
    for name in ("lenet5", "resnet18", "googlenet", "mobilenet_v2"):
        report = shapecalc.inspect(name)
        for count in ("params", "buffers", "macs", "flops"):
            assert sum(row[count] for row in rows_of(report)) == getattr(report.totals, count), (name, count)


def test_the_rows_of_a_comparison_add_up_to_its_totals() -> None:
    change = shapecalc.diff("vgg11", "vgg13")
    rows = rows_of(change)
    for count in ("params", "macs", "flops"):
        for when in ("before", "after"):
            total = sum(row[f"{count}_{when}"] or 0 for row in rows)
            assert total == getattr(getattr(change.totals, count), when)
    assert [row["kind"] for row in rows].count("added") == 4


def test_one_row_of_memory_is_the_peak() -> None:
    rows = rows_of(shapecalc.memory("lenet5", N=2))
    (peak,) = (row for row in rows if row["peak"])
    assert peak["live_bytes"] == max(row["live_bytes"] for row in rows)


def test_the_tensors_of_a_training_step_add_up() -> None:
    cost = shapecalc.train_cost("lenet5", batch=4)
    assert sum(row["saved_bytes"] for row in rows_of(cost)) == cost.bytes_at(cost.step.saved.size)
    macs = cost.to_dict()["macs"]
    assert sum(row["macs_to_weights"] for row in rows_of(cost)) == macs["to_weights"]


def test_a_finding_has_its_place() -> None:
    (row,) = rows_of(shapecalc.check(TINY))
    assert (row["file"], row["line"], row["severity"], row["code"]) == ("<text>", 1, "error", "SC501")


def test_a_lock_has_a_row_for_each_file(tmp_path: Any) -> None:
    (tmp_path / "a.yaml").write_text("{input: [N, 8], layers: [linear: 4]}", encoding="utf-8")
    locked = shapecalc.lock(tmp_path, file=tmp_path / "lock.json")
    assert rows_of(locked) == [{"file": "a.yaml", "params": 36, "macs": 32, "layers": 1, "new": True}]
