"""The columns of an inspection: counts that add up, and any field of a layer."""

from __future__ import annotations

from shapecalc.files.load import load, loads
from shapecalc.render.inspect.columns import COLUMNS, PRESETS, column, field_names
from shapecalc.render.inspect.table import inspection, listing
from shapecalc.render.tables import csv, text
from shapecalc.render.tables.model import Amount
from shapecalc.render.terminal.grid import Page
from shapecalc.shape_inference.engine import inspect


def test_a_column_that_was_asked_for_is_shown_empty_or_not() -> None:
    report = inspect(load("vgg11"), symbolic=True)
    chosen = (COLUMNS["path"], COLUMNS["share"])
    heads = text.document(inspection(report, chosen), Page(None, color=False, unicode=True)).split("\n")[1]
    assert heads.split() == ["path", "share"]


def test_every_field_of_a_layer_is_a_column() -> None:
    names = field_names()
    assert {"kernel_size", "stride", "padding", "groups", "hidden_size"} <= {*names}
    assert all(column(name) is not None for name in (*COLUMNS, *names))
    assert column("weather") is None


def test_no_field_has_the_name_of_a_column() -> None:
    assert not {*field_names()} & {*COLUMNS, *PRESETS}


def test_a_field_is_blank_for_layers_that_do_not_have_it() -> None:
    report = inspect(loads("{input: [N, 3, 9, 9], layers: [{conv: {out_channels: 4, kernel_size: [3, 5]}}, relu]}"))
    chosen = tuple(found for name in ("path", "kernel_size", "stride") if (found := column(name)) is not None)
    assert csv.table(listing(report, chosen)).split("\n")[1:] == ["conv_0,3x5,1", "relu_1,,"]


def test_trainable_params_leave_out_those_that_keras_does_not_train() -> None:
    report = inspect(loads("{input: [N, 7], layers: [batch_norm, {linear: 5}]}"), params_as="keras")
    values = [column_value.count for column_value in map(COLUMNS["trainable"].of, *_lines(report))]  # type: ignore[union-attr]
    assert values == [14, 40]


def _lines(report: object) -> tuple[list[object], list[object]]:
    from shapecalc.render.inspect.lines import layer_lines

    lines = layer_lines(report)  # type: ignore[arg-type]
    return [*lines], [report] * len(lines)


def test_totals_are_the_sums_of_the_rows() -> None:
    report = inspect(load("resnet18"))
    chosen = tuple(COLUMNS[name] for name in ("params", "buffers", "trainable", "macs", "flops", "memory"))
    content = listing(report, chosen)
    assert content.total is not None
    for place, one in enumerate(chosen):
        total = content.total.values[place]
        assert isinstance(total, Amount)
        assert sum(row.values[place].count for row in content.rows) == total.count, one.name  # type: ignore[union-attr,misc]
