"""Stacks of convolution, batch norm and ReLU, up to 100,000 layers: inference alone, per layer.

`three in turn` repeats the same three layers, `no two alike` has no two convolutions or norms with the same fields, so
that nothing is known beforehand; real networks lie near the first. The peer gets the same stack as one ONNX graph.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.networks import stack
from benchmarks.pairs import Row, answer, in_turn, median, network_file, ours, ratio, row, share_written, spoken
from shapecalc.dims import symbol
from shapecalc.shape_inference.engine import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.pairs import Found, Settings
    from shapecalc.architecture import Architecture

LAYERS = (1_000, 100_000)
MOST_OF_NUMBERS = 4.0
"""The most of a layer's inference with numbers that it may take with N and H free."""


def rows(settings: Settings) -> Iterator[Row]:
    """Against onnx in C++ at both lengths, then length against length, and symbols against numbers."""
    for kind in ("alike", "distinct"):
        spoken_kind = "three in turn" if kind == "alike" else "no two alike"
        per_layer: dict[int, list[Found]] = {}
        for layers in LAYERS:
            name = f"stack-{kind}-{layers}"
            onnx = answer(settings.peers, "twin_onnx", "infer", network_file(settings, name))
            found = in_turn({"ours": ours("stack", name), "onnx": onnx}, 1 if layers > 10_000 else settings.rounds)
            per_layer[layers] = [run | {"seconds": run["seconds"] / layers} for run in found["ours"]]
            theirs = [run | {"seconds": run["seconds"] / layers} for run in found["onnx"]]
            what = f"{layers:,} layers, {spoken_kind}, a layer"
            beside = f"in all {spoken(median(found['ours']))} against {spoken(median(found['onnx']))}"
            yield row(what, per_layer[layers], "onnx infer_shapes (C++)", theirs, beside=beside)
        few, many = (median(per_layer[layers]) for layers in LAYERS)
        what = f"100,000 layers, {spoken_kind}, a layer"
        yield Row(what, spoken(many), "our own of 1,000 layers", spoken(few), many / few)
    yield symbols_against_numbers(3 * settings.rounds)


def symbols_against_numbers(rounds: int) -> Row:
    """How many times a layer met for the first time takes with N and H free what it takes with numbers."""
    sides = {
        "free": timed(stack(3_000, symbol("N"), symbol("H"), distinct=True)),
        "numbers": timed(stack(3_000, 2, 32, distinct=True)),
    }
    found = in_turn(sides, rounds, warm=1)
    share = ratio(found["free"], found["numbers"])
    return Row(
        "3,000 layers, no two alike, N and H free", spoken(statistics.median(run["seconds"] for run in found["free"])),
        "our own with numbers", spoken(median(found["numbers"])), share,
        f"≤ {share_written(MOST_OF_NUMBERS)}", share <= MOST_OF_NUMBERS,
    )  # fmt: skip


def timed(architecture: Architecture):
    def act() -> Found:
        began = time.perf_counter()
        report, _ = infer(architecture, symbolic=True)
        assert report is not None
        return {"seconds": time.perf_counter() - began}

    return act
