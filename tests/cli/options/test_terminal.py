"""What standard output can show: its width and its characters."""

from __future__ import annotations

import pytest

from shapecalc.render.terminal.grid import display_width
from tests.support.terminals import ESCAPE, on_a_terminal


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
        ["verify", "lenet5"],
        ["layers"],
    ],
)
def test_no_line_is_wider_than_the_terminal(command: list[str], columns: int) -> None:
    shown = ESCAPE.sub("", on_a_terminal(command, columns))
    assert shown.count("\n") > 5
    assert max(map(display_width, shown.splitlines())) <= columns
