"""What training takes as it is written: within the width, with plain letters where there are no others."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.costs.training import training_cost
from shapecalc.render.train_cost import table

NAMES = ("lenet5", "char-rnn", "gru-tagger", "resnet18", "mobilenet_v2", "gpt2-small")


def drawn(name: str, width: int | None, *, unicode: bool = True) -> list[str]:
    cost = training_cost(shapecalc.load(name), {}, batch=4, optimizer="adam", dtype="bf16", memory=2**30)
    return table(cost, width=width, color=False, unicode=unicode).split("\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [80, 200])
def test_lines_keep_within_the_terminal(name: str, width: int) -> None:
    assert max(map(len, drawn(name, width))) <= width


@pytest.mark.parametrize("name", NAMES)
def test_without_unicode_all_is_ascii(name: str) -> None:
    assert "".join(drawn(name, 80, unicode=False)).isascii()


def test_where_settings_find_no_room_the_word_stands() -> None:
    assert any("conv 64 kernel_size=7" in line for line in drawn("resnet18", 200))
    assert not any("kernel_size" in line for line in drawn("resnet18", 100))
