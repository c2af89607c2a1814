"""What standard output can show: its width and its characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.render.terminal.grid import display_width
from tests.support.terminals import ESCAPE, on_a_terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pipe_gets_whole_lines(run) -> None:
    ended = run("inspect", "vgg16", "--symbolic", "--columns", "path,layer,input,output,params,macs,flops,memory")
    assert "adaptive_avg_pool 7" in ended.out
    assert max(map(len, ended.out.splitlines())) > 160
    assert "\x1b" not in ended.out


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize(
    "command",
    [
        ["inspect", "lenet5"],
        ["inspect", "alexnet"],
        ["inspect", "vgg16"],
        ["inspect", "vgg16", "--symbolic"],
        ["list"],
        ["verify", "lenet5", "--all"],
        ["layers"],
    ],
)
def test_no_line_is_wider_than_the_terminal(command: list[str], columns: int) -> None:
    shown = ESCAPE.sub("", on_a_terminal(command, columns))
    assert shown.count("\n") > 5
    assert max(map(display_width, shown.splitlines())) <= columns


def test_an_error_is_wrapped_to_the_terminal_and_not_in_a_pipe(run, tmp_path: Path) -> None:
    conv, linear = "conv: {out_channels: 6, kernel_size: 5}", "linear: {in_features: 512, out_features: 10}"
    text = f"input: [N, 3, 32, 32]\nlayers:\n  - {conv}\n  - {linear}\n"
    (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
    shown = ESCAPE.sub("", on_a_terminal(["inspect", str(tmp_path / "net.yaml")], 80)).splitlines()
    (first,) = (number for number, line in enumerate(shown) if "= help: " in line)
    assert shown[first + 1].startswith(" " * (shown[first].index("help: ") + len("help: ")))
    assert max(map(display_width, shown[first:])) <= 80
    piped = run("inspect", "net.yaml").err.splitlines()
    assert max(len(line) for line in piped if "help: " in line) > 80


def test_a_usage_error_is_wrapped_to_the_terminal_under_its_text() -> None:
    lines = ESCAPE.sub("", on_a_terminal(["inspect", "lenet5", "--columns", "weather"], 60)).splitlines()
    assert max(map(display_width, lines)) <= 60
    assert lines[0].startswith("error: `--columns` has no column `weather`")
    at_help = next(number for number, line in enumerate(lines) if line.startswith("  = help: "))
    assert at_help > 1
    assert all(line.startswith(" " * len("error: ")) for line in lines[1:at_help])
