"""The points of a sweep as a picture."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app

NET = """\
name: net
parameters: {width: 8, activation: relu}
input: [N, 3, H]
layers:
  - conv: {out_channels: $width, kernel_size: 3}
  - $activation
"""


@pytest.fixture(autouse=True)
def net(tmp_path):
    (tmp_path / "net.yaml").write_text(NET)


@pytest.mark.parametrize(
    "more",
    [
        ["--set", "width=4,8"],
        pytest.param(["--set", "width=4,8", "--pareto", "params,-macs"], marks=pytest.mark.slow),
        ["--by", "flops"],
    ],
)
def test_a_plot_is_the_same_every_time_and_names_its_axes(run, tmp_path, more) -> None:
    options = ["sweep", "net.yaml", "--set", "H=5:50:5", *more, "--format", "csv", "--plot"]
    for name in ("one.svg", "two.svg"):
        ended = run(*options, name)
        assert ended.code == 0, ended
    drawn = (tmp_path / "one.svg").read_text()
    assert drawn == (tmp_path / "two.svg").read_text()
    titles = ["params", "MACs"] if "--pareto" in more else ["H", "FLOPs" if "--by" in more else "MACs"]
    for title in [
        *titles,
        *(["width = 4", "width = 8"] if "--pareto" not in more and len(more) == 2 and "--set" in more else []),
    ]:
        assert f"<!-- {title} -->" in drawn


def test_a_plot_has_the_points_of_the_sweep(monkeypatch, tmp_path) -> None:
    from matplotlib.axes import Axes

    drawn = []
    monkeypatch.setattr(Axes, "plot", lambda _, x, y, **__: drawn.append((list(x), list(y))))
    ended = CliRunner().invoke(
        app, ["sweep", str(tmp_path / "net.yaml"), "--set", "H=9,5", "--plot", str(tmp_path / "out.svg")]
    )
    assert ended.exit_code == 0, ended.output
    assert drawn == [([5, 9], [216, 504])]
