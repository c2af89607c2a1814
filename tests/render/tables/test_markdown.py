"""An inspection as a Markdown table."""

from __future__ import annotations

HOSTILE = """\
name: "[bold]net[/x] :smile: @team <b> | `a`"
input: [N, 3, 8, 8]
layers:
  - conv: {out_channels: 4, kernel_size: 3}
    name: conv-1/a.b
  - relu
"""


def test_markdown_is_a_table_in_which_names_are_code(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text(HOSTILE)
    lines = run("inspect", "net.yaml", "--format", "markdown").out.splitlines()
    assert lines[0].startswith("### ``")
    table = [line for line in lines if line.startswith("|")]
    assert table[0] == "| path | layer | output | params | MACs | share |"
    assert table[1] == "| --- | --- | --- | ---: | ---: | ---: |"
    assert {line.count("|") for line in table} == {7}
    assert table[2].startswith("| `conv-1/a.b` | `conv 4 kernel_size=3` | `[N, 4, 6, 6]` | 112 |")
