from __future__ import annotations

from shapecalc.files.load import load, loads
from shapecalc.render.inspect import table
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
