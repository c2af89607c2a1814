"""What training takes as a document: within the width, with plain letters where there are no others."""

from __future__ import annotations

import csv
from io import StringIO

import shapecalc
from shapecalc.costs.training import training_cost
from shapecalc.render.tables import csv as tables_csv, text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.render.train_cost import training
from tests.support.rows import for_each

NAMES = ("lenet5", "char-rnn", "gru-tagger", "resnet18", "mobilenet_v2", "gpt2-small")


def drawn(name: str, width: int | None, *, unicode: bool = True) -> list[str]:
    cost = training_cost(shapecalc.load(name), {}, batch=4, optimizer="adam", dtype="bf16", memory=2**30)
    return tables_text.document(training(cost), Page(width, color=False, unicode=unicode)).split("\n")


@for_each("name", NAMES)
def test_without_unicode_all_is_ascii_within_the_width(name: str) -> None:
    for width in (80, 200):
        lines = drawn(name, width, unicode=False)
        assert max(map(len, lines)) <= width
        assert "".join(lines).isascii()


def test_where_settings_find_no_room_they_get_letters() -> None:
    assert any("conv 64 kernel_size=7" in line for line in drawn("resnet18", 200))
    assert any("conv 64 k7" in line for line in drawn("resnet18", 80))


def test_the_bytes_of_layers_are_those_of_blocks_and_of_the_whole() -> None:
    cost = training_cost(shapecalc.load("resnet18"), {"H": 64, "W": 64}, batch=4)
    for depth in (None, 1):
        rows = csv.DictReader(StringIO(tables_csv.table(training(cost, depth).main)))
        sizes = [int(row["bytes"] or 0) for row in rows]
        assert sum(sizes) == cost.bytes_at(cost.step.saved.size), depth
    (block,) = [row for row in training(cost).main.rows if row.values[0].exact() == "layer3"]
    (folded,) = [row for row in training(cost, 1).main.rows if row.values[0].exact() == "layer3"]
    assert block.values[3].exact() == folded.values[3].exact() != ""


def test_every_type_of_16_bits_costs_the_same() -> None:
    costs = [
        training_cost(shapecalc.load("lenet5"), {}, batch=4, dtype=dtype).to_dict()
        for dtype in ("bf16", "bfloat16", "float16")
    ]
    assert [cost.pop("dtype") for cost in costs] == ["bf16", "bfloat16", "float16"]
    assert costs[0] == costs[1] == costs[2]
