"""The calculation of a recurrent layer as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run
from tests.support.recurrent_commands import SMALL


def test_ascii_keeps_the_columns_in_line(run: Run) -> None:
    ended = run("lstm", *SMALL.split(), env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert ended.code == 0
    assert ended.out.isascii()
    assert "\\u" not in ended.out
    lines = ended.out.splitlines()
    gates = [(line, f"{name} gate: ") for name in ("input", "forget", "output") for line in lines]
    assert len({line.index(role) for line, role in gates if role in line}) == 1
    assert "sigma of i, f and o, 4 each  3*4*H = 3*4*20 = 240" in lines
    assert "tanh of g and of c'          2*H = 2*20 = 40" in lines
