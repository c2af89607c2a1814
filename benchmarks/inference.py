"""Shape and count inference in process: per layer, from 1,000 to 100,000 layers; and of a network thrice as deep."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import shapecalc
from shapecalc.architecture import Architecture, Input, Step
from shapecalc.dims import Dim, symbol
from shapecalc.engine import infer
from shapecalc.layers.activation import Relu
from shapecalc.layers.conv import Conv
from shapecalc.layers.normalization import BatchNorm


def stack(layers: int, batch: Dim, side: Dim, *, distinct: bool) -> Architecture:
    """A stack of convolution, batch norm and ReLU; `distinct` makes no two convolutions or norms alike."""
    alike = (Conv(out_channels=8, kernel_size=3, padding=1), BatchNorm(), Relu())
    steps: list[Step] = []
    reads = "input"
    for position in range(layers):
        layer = alike[position % 3]
        if distinct and position % 3 == 0:
            layer = Conv(out_channels=8 + position % 4093, kernel_size=3, padding=1)
        elif distinct and position % 3 == 1:
            layer = BatchNorm(eps=1e-5 + position * 1e-9)
        steps.append(Step(f"layer_{position}", layer, (reads,)))
        reads = f"layer_{position}"
    return Architecture("stack", (Input("input", (batch, 8, side, side)),), tuple(steps), {"output": reads})


def seconds(architecture: Architecture, rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        report, _ = infer(architecture, symbolic=True)
        taken.append(time.perf_counter() - began)
        assert report is not None
    return statistics.median(taken)


def deeper(rounds: int) -> float:
    """How many times ResNet-50's inference ResNet-152's takes: the median of runs in turn."""
    fifty, deep = shapecalc.load("resnet50"), shapecalc.load("resnet152")
    ratios = []
    for _ in range(rounds):
        began = time.perf_counter()
        shapecalc.inspect(fifty)
        between = time.perf_counter()
        shapecalc.inspect(deep)
        ratios.append((time.perf_counter() - between) / (between - began))
    return statistics.median(ratios)


def symbols_against_numbers(rounds: int) -> float:
    """How many times a layer met for the first time takes with N and H free what it takes with numbers: in turn."""
    numbers = stack(3_000, 2, 32, distinct=True)
    free = stack(3_000, symbol("N"), symbol("H"), distinct=True)
    return statistics.median(seconds(free, 1) / seconds(numbers, 1) for _ in range(rounds))


def import_typer() -> float:
    """Seconds of a process that imports typer: the yardstick of this machine."""
    taken = []
    for _ in range(9):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import typer"], check=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    print(f"a process that imports typer: {import_typer() * 1e3:.0f} ms")
    print(f"ResNet-152 against ResNet-50: {deeper(99):.2f} times (target: at most 2)")
    print(f"N and H free against numbers, no two layers alike: {symbols_against_numbers(15):.2f} times (at most 4)")
    print("target: at most 12 µs a layer at 1,000 layers where that takes 60 ms; the same at 100,000")
    for layers, rounds in ((1_000, 9), (10_000, 5), (100_000, 3)):
        batch, length = symbol("N"), symbol("H")
        for name, batch_size, side in (("numbers", 2, 32), ("N free", batch, 32), ("N, H free", batch, length)):
            for distinct in (False, True):
                taken = seconds(stack(layers, batch_size, side, distinct=distinct), rounds)
                kind = "all distinct" if distinct else "three alike in turn"
                print(f"{layers:>7,} layers, {name:<9}, {kind:<19}: {taken / layers * 1e6:6.2f} µs a layer")


if __name__ == "__main__":
    main()
