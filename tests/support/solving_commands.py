"""`shapecalc solve`, run in this process."""

from __future__ import annotations

from typer.testing import CliRunner

from shapecalc.cli import app

UNET = """
name: two levels
input: [N, 1, H, W]
sizes: {H: 64, W: 64}
layers:
  - conv: {out_channels: 4, kernel_size: 3, padding: 1}
    name: high
  - max_pool: 2
  - max_pool: 2
    name: low
  - upsample: 4
    name: up
  - concat:
    from: [up, high]
"""


def solve(words: str, code: int = 0, stdin: str = "") -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, ["solve", *words.split()], input=stdin)
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout
