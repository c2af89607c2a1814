from __future__ import annotations

import pytest

from shapecalc.execution.training import Trained, train
from shapecalc.files.load import loads
from shapecalc.render.tables import text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.render.train import IN_ASCII, curve, run

NET = loads("{input: [N, 1, 8, 8], layers: [flatten, {linear: 10, name: out}, softmax]}")


def written(trained: Trained, exported: str | None, *, width: int | None, unicode: bool) -> str:
    return tables_text.document(run(trained, exported), Page(width, color=False, unicode=unicode))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(NET, "digits8", epochs=2, batch=100, truncate=3)


def test_an_epoch_is_a_line_and_the_first_line_is_before_training(trained: Trained) -> None:
    lines = written(trained, None, width=80, unicode=True).splitlines()
    assert lines[1] == "cross-entropy, cut every 3 steps; adam at 0.003, batches of 100, seed 0"
    before, first, second = (line.split() for line in lines[5:8])
    assert before == ["0", f"{trained.before.test_loss:.4f}", f"{trained.before.accuracy:.1%}"]
    assert [first[0], second[0]] == ["1", "2"]
    assert first[1:] == [f"{x:.4f}" for x in trained.epochs[0][1:3]] + [f"{trained.epochs[0].accuracy:.1%}"]


@pytest.mark.parametrize("width", [40, 80, 200, None])
def test_nothing_is_wider_than_the_terminal_and_the_curve_no_wider_than_eighty(trained: Trained, width) -> None:
    lines = written(trained, "weights.npz", width=width, unicode=True).splitlines()
    assert max(map(len, lines)) <= min(width or 100, 100)
    assert "weights.npz: 2 tensors, 650 elements" in " ".join(lines)


def test_ascii_shows_the_same_lines(trained: Trained) -> None:
    plain, full = (written(trained, "w.npz", width=80, unicode=unicode) for unicode in (False, True))
    assert plain.isascii()
    assert len(plain.splitlines()) == len(full.splitlines())


def test_json_has_every_loss_and_no_number_that_json_lacks(trained: Trained) -> None:
    document = trained.to_dict()
    assert document["losses"] == list(trained.losses)
    assert document["before"]["loss"] is None
    assert document["plan"]["truncate"] == 3
    assert [epoch["number"] for epoch in document["epochs"]] == [1, 2]


def test_a_curve_falls_as_the_losses_do() -> None:
    lines = curve([4.0] * 20 + [2.0] * 20 + [0.0] * 20, width=66, unicode=True)
    bodies = [line.partition("│")[2] for line in lines[:8]]
    assert [len(body) for body in bodies] == [20] * 4 + [40] * 4
    assert lines[0].startswith("4.00")
    assert lines[-1].split() == ["1", "60"]


def test_a_curve_that_falls_by_a_quarter_fills_the_height_and_names_where_its_axis_begins() -> None:
    lines = curve([4.16] * 30 + [3.18] * 30, width=66, unicode=True)
    bodies = [line.partition("│")[2] for line in lines[:8]]
    assert [len(body) for body in bodies] == [30] * 7 + [60]
    base = float(lines[8].split()[0])
    assert 3.0 < base < 3.18
    assert [float(line.split()[0]) for line in lines[:8]] == pytest.approx(
        [base + (4.16 - base) * row / 8 for row in range(8, 0, -1)], abs=0.01
    )


def test_the_axis_of_losses_that_differ_by_little_has_more_digits() -> None:
    lines = curve([2.303, 2.301], width=40, unicode=True)
    labels = [line.split()[0] for line in lines[:9]]
    assert len(set(labels)) == 9
    assert max(map(len, lines)) <= 40


def test_a_curve_of_one_step_and_of_zeros_is_drawn() -> None:
    assert all(line.endswith("█" * 8) for line in curve([1.5], width=0, unicode=True)[:8])
    assert not any("█" in line for line in curve([0.0, 0.0], width=30, unicode=True))


def test_a_cell_in_ascii_is_as_full() -> None:
    assert len(IN_ASCII) == 9
