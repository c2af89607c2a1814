"""The options that name and bind an architecture."""

from __future__ import annotations

import pytest

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.architecture import single

PARAMETERS = """\
parameters: {width: 8, activation: relu}
input: [N, 3, H]
layers: [{conv: {out_channels: $width, kernel_size: 3}}, $activation]
"""


def test_set_gives_parameters_values_and_symbols_sizes(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text(PARAMETERS)
    options = ("net.yaml", "--set", "width=4", "--set", "H=9", "--set", "activation=gelu")
    ended = run("inspect", *options)
    assert ended.code == 0, ended
    assert "gelu_1  gelu                  [N, 4, 7]" in ended.out
    assert "verified" in run("verify", *options).out


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        (["width=x"], 1, 'receives the string "x"'),
        (["H=1.5"], 2, "`--set H` expects a whole number, receives `1.5`"),
        (["Q=1"], 2, "no symbol `Q`"),
        (["width=4", "width=5"], 2, "given twice"),
    ],
)
def test_what_set_cannot_give_is_said(run, tmp_path, settings, code, says) -> None:
    (tmp_path / "net.yaml").write_text(PARAMETERS)
    ended = run("inspect", "net.yaml", *(word for setting in settings for word in ("--set", setting)))
    assert ended.code == code, ended
    assert says in ended.err


@pytest.mark.parametrize("text", ["8..32", "8:32:8", "8,16", "8-32", "8 to 32"])
def test_a_range_is_refused_once_with_the_command_that_takes_it(text: str) -> None:
    with pytest.raises(Misuse, match=r"`--set w` expects one value, receives `.*`; `shapecalc sweep --set w=8:32:8`"):
        single({"N": "3", "w": text})


@pytest.mark.parametrize("text", ["8", "gelu", "-8", "1e-5", "8k", "a-b", "3x3"])
def test_another_setting_is_one_value(text: str) -> None:
    assert single({"w": text}) == {"w": text}
