"""A sweep of ResNet-50 over H and W, a million points, all six totals, against the same points inspected one by one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import shapecalc
from benchmarks.pairs import Row, in_turn, median, ratio, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.pairs import Found, Settings

SIDE = 1_000
"""Sizes of each of two free symbols: a million points."""
INSPECTED = 40
"""Points that are inspected one by one in a round."""
POINTS_A_SECOND = 1e6
"""The fewest that a sweep is to reach."""

KINDS: dict[str, dict[str, Any]] = {
    "every point kept": {},
    "top 20 by MACs": {"by": "macs", "top": 20},
    "Pareto front of memory and -H": {"pareto": ("memory", "-H")},
    "where macs < 10G": {"where": "macs < 10G"},
}


def rows(settings: Settings) -> Iterator[Row]:
    """A row for each of what may be kept; both sides as seconds a point."""
    resnet = shapecalc.load("resnet50")
    sizes = range(32, 32 + SIDE)
    points = [(sizes[at], sizes[-at - 1]) for at in range(0, SIDE, SIDE // INSPECTED)]
    shapecalc.sweep(resnet, {"H": sizes, "W": [224]})  # NumPy is imported once
    for name, options in KINDS.items():
        sides = {
            "swept": timed(
                lambda options=options: shapecalc.sweep(resnet, {"H": sizes, "W": sizes}, **options), SIDE**2
            ),
            "single": timed(lambda: [shapecalc.inspect(resnet, H=h, W=w) for h, w in points], len(points)),
        }
        found = in_turn(sides, settings.rounds)
        swept, single = found["swept"], found["single"]
        rate = 1 / median(swept)
        yield Row(
            f"sweep of a million points, {name}, a point", spoken(median(swept)), "`inspect`, one by one",
            spoken(median(single)), ratio(swept, single), f"{POINTS_A_SECOND / 1e6:.0f} M points a second",
            rate >= POINTS_A_SECOND, f"{rate / 1e6:.1f} M points a second",
        )  # fmt: skip


def timed(act: Callable[[], object], points: int) -> Callable[[], Found]:
    def timing() -> Found:
        began = time.perf_counter()
        act()
        return {"seconds": (time.perf_counter() - began) / points}

    return timing
