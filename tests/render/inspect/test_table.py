from __future__ import annotations

from shapecalc.files.load import load, loads
from shapecalc.render.inspect.table import inspection
from shapecalc.render.tables import text
from shapecalc.render.terminal.grid import Page
from shapecalc.shape_inference.engine import inspect
from shapecalc.shape_inference.report import Report, Totals


def shown(report: Report, width: int | None = None, *, unicode: bool = True) -> list[str]:
    return text.document(inspection(report), Page(width, color=False, unicode=unicode)).split("\n")


def test_letters_are_explained_only_where_they_stand() -> None:
    report = inspect(loads("input: [N, 3, 32, 32]\nlayers:\n  - conv: {out_channels: 64, kernel_size: 3, stride: 2}\n"))
    assert "conv 64 kernel_size=3 stride=2" in shown(report, 81)[3]
    narrow = shown(report, 70)
    assert "conv 64 k3 s2" in narrow[3]
    assert narrow[4] == "(k kernel_size, s stride)"


def test_figures_stay_exact_as_long_as_they_fit() -> None:
    report = inspect(load("vgg16"))
    exact = next(width for width in range(60, 140) if "1,849,688,064" in "\n".join(shown(report, width)))
    assert exact == 92
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
    lines = "\n".join(shown(unknown))
    assert "MACs   unknown" in lines
    assert "activations    unknown" in lines
    assert "share" not in lines


def test_ascii_spells_floors_out() -> None:
    lines = "\n".join(shown(inspect(load("vgg11"), symbolic=True), unicode=False))
    assert lines.isascii()
    assert "[N, 64, floor(H/2), floor(W/2)]" in lines


def test_a_block_shows_its_totals_above_its_layers() -> None:
    lines = shown(inspect(load("resnet50")))
    (line,) = (line for line in lines if line.startswith("layer1 "))
    assert "[N, 256, 56, 56]   215,808    667,680,768" in " ".join(line.split()) or "215,808" in line


def test_the_row_of_the_most_macs_is_marked() -> None:
    (line,) = (line for line in shown(inspect(load("lenet5"))) if line.endswith("◀"))
    assert line.startswith("c3 ")
    one = inspect(loads("{input: [N, 7], layers: [{linear: 5}]}"))
    assert not any("◀" in line for line in shown(one)), "there is nothing to compare it with"


def test_of_many_inputs_two_are_named() -> None:
    steps = ", ".join(f"{{linear: 7, name: l{at}, from: input}}" for at in range(60))
    names = ", ".join(f"l{at}" for at in range(60))
    report = inspect(loads(f"{{input: [N, 5], layers: [{steps}, {{concat: , from: [{names}]}}]}}"))
    assert any("concat (l0, l1, 58 more)" in line for line in shown(report))


def test_a_repeat_has_its_number_first() -> None:
    assert any("12 × block 768" in line for line in shown(inspect(load("gpt2-small"))))
