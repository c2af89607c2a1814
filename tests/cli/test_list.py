"""`shapecalc list`: the architectures that ship."""

from __future__ import annotations

import shapecalc
from shapecalc.dims import pretty
from shapecalc.files import zoo


def test_the_list_has_a_line_for_each_architecture_with_its_figures(run) -> None:
    lines = run("list").out.splitlines()
    for name in zoo.names():
        totals = shapecalc.inspect(shapecalc.load(name)).totals
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert f"{totals.params:,}" in line
        assert (f"{totals.macs:,}" if isinstance(totals.macs, int) else pretty(totals.macs)) in line
