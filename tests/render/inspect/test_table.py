from __future__ import annotations

import pytest

from shapecalc.files.load import load, loads
from shapecalc.layers.activation import Relu
from shapecalc.render.inspect import table
from shapecalc.render.inspect.columns import Column, settings
from shapecalc.render.terminal.numbers import rounded, share
from shapecalc.shape_inference.engine import inspect
from shapecalc.shape_inference.report import Report, Totals


def shown(report: Report, width: int | None = None, **options: object) -> list[str]:
    manner = {"width": width, "color": False, **options}
    return table.inspection(report, **manner).split("\n")  # type: ignore[arg-type]


def test_letters_are_explained_only_where_they_stand() -> None:
    report = inspect(loads("input: [N, 3, 32, 32]\nlayers:\n  - conv: {out_channels: 64, kernel_size: 3, stride: 2}\n"))
    assert "conv 64 kernel_size=3 stride=2" in shown(report, 81)[3]
    narrow = shown(report, 70)
    assert "conv 64 k=3 s=2" in narrow[3]
    assert narrow[4] == "(k kernel_size, s stride)"


def test_figures_stay_exact_as_long_as_they_fit() -> None:
    report = inspect(load("vgg16"))
    exact = next(width for width in range(60, 140) if "1,849,688,064" in "\n".join(shown(report, width)))
    assert exact == 89
    assert not any("rounded" in line for line in shown(report, exact))


def test_totals_stand_one_below_the_other_where_the_room_is_narrow() -> None:
    assert shown(inspect(load("lenet5")), 40)[-8:-5] == [
        "params       61,706",
        "buffers      0",
        "MACs         416,520",
    ]


def test_an_unknown_cost_makes_the_total_unknown() -> None:
    report = inspect(load("mlp"))
    unknown = Report(
        report.architecture,
        report.inputs,
        report.bindings,
        report.costs_at,
        report.layers,
        report.outputs,
        Totals(238_510, 0, None, None, 954_040, None),
    )
    text = "\n".join(shown(unknown))
    assert "MACs   unknown" in text
    assert "activations    unknown" in text
    assert "share" not in text


def test_ascii_spells_floors_out() -> None:
    text = "\n".join(shown(inspect(load("vgg11"), symbolic=True), unicode=False))
    assert text.isascii()
    assert "[N, 64, floor(H/2), floor(W/2)]" in text


def test_a_column_that_was_asked_for_is_shown_empty_or_not() -> None:
    report = inspect(load("vgg11"), symbolic=True)
    heads = table.inspection(report, (Column.PATH, Column.SHARE), width=None, color=False).split("\n")[1]
    assert heads.split() == ["path", "share"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999_999, "999,999"),
        (1_000_000, "1.00 M"),
        (9_994_999, "9.99 M"),
        (9_995_000, "10.0 M"),
        (99_950_000, "100 M"),
        (999_499_999, "999 M"),
        (10**9, "1.00 G"),
        (15_470_264_320, "15.5 G"),
        (10**21, "1,000 E"),
        (None, "unknown"),
    ],
)
def test_a_rounded_count_has_three_digits_and_a_unit(count: int | None, text: str) -> None:
    assert rounded(count) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (2**20 - 1, "1.0 MiB"), (2**63 - 1, "8.0 EiB")],
)
def test_bytes_are_rounded_to_a_tenth_of_their_unit(size: int, text: str) -> None:
    assert table.memory(size) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 3, "33.3 %"), (1, 1, "100.0 %"), (1, 10**9, "<0.1 %"), (0, 5, ""), (0, 0, "")]
)
def test_a_share_is_rounded_half_up(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


def test_a_layer_without_changed_fields_is_its_word() -> None:
    assert settings(Relu()) == "relu"


def test_what_enters_a_block_is_called_its_input() -> None:
    block = "blocks: {skip: {layers: [{linear: 5, name: first}, {add: , from: [first, input]}]}}"
    text = "\n".join(shown(inspect(loads(f"input: [N, 5]\n{block}\nlayers: [skip]\n"))))
    assert "add (first, input)" in text
