"""A sweep's points a second, against the same points inspected one by one, measured in turn in one run."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import shapecalc
from benchmarks.inference import import_typer

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = 1_000
"""Sizes of each of two free symbols: a million points."""
INSPECTED = 40
"""Points that are inspected one by one in a round."""
ROUNDS = 5


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    resnet = shapecalc.load("resnet50")
    sizes = range(32, 32 + SIDE)
    points = [(sizes[at], sizes[-at - 1]) for at in range(0, SIDE, SIDE // INSPECTED)]
    kinds: dict[str, Callable[[], object]] = {
        "every point kept": lambda: shapecalc.sweep(resnet, {"H": sizes, "W": sizes}),
        "top 20 by MACs": lambda: shapecalc.sweep(resnet, {"H": sizes, "W": sizes}, by="macs", top=20),
        "Pareto front of memory and -H": lambda: shapecalc.sweep(
            resnet, {"H": sizes, "W": sizes}, pareto=("memory", "-H")
        ),
        "where macs < 10G": lambda: shapecalc.sweep(resnet, {"H": sizes, "W": sizes}, where="macs < 10G"),
    }
    shapecalc.sweep(resnet, {"H": sizes, "W": [224]})  # NumPy is imported once
    print(f"a process that imports typer: {import_typer() * 1e3:.0f} ms")
    print("target: at least 1,000,000 points a second for ResNet-50 with H and W free")
    for name, work in kinds.items():
        swept, single = [], []
        for _ in range(ROUNDS):
            swept.append(seconds(work) / SIDE**2)
            single.append(seconds(lambda: [shapecalc.inspect(resnet, H=h, W=w) for h, w in points]) / len(points))
        rate, ratio = 1 / statistics.median(swept), statistics.median(single) / statistics.median(swept)
        print(f"{name}: {rate / 1e6:.1f} M points a second, {ratio:,.0f} times as many as inspected one by one")


if __name__ == "__main__":
    main()
