"""Our side of a pair, in a process of its own: `python -m benchmarks.ours WHAT NAME [CORES]`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import shapecalc
import shapecalc.execution.verify
from benchmarks.measuring import peak, resident, seconds_of
from benchmarks.networks import SIZES, architecture, inspected
from shapecalc.execution.lowering import calls_of, price, random_inputs, random_parameters
from shapecalc.reference import find_backward
from shapecalc.reference.executor import execute, run
from shapecalc.reference.gradients import Context

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture


def forward(name: str) -> dict[str, Any]:
    """Time passes with all weights made beforehand and held, as the peers hold theirs."""
    report = inspected(name)
    floor = resident()
    calls = list(calls_of(report, params=random_parameters(report)))
    inputs = random_inputs(report)

    def act() -> None:
        for _ in execute(calls, inputs):
            pass

    return {"seconds": seconds_of(act), "memory": peak() - floor}


def verify(name: str) -> dict[str, Any]:
    """Return the seconds in kernels and the memory of a `verify` at one size, one layer's weights at a time."""
    floor, loaded = resident(), architecture(name)
    proof = shapecalc.execution.verify.verify(loaded, **SIZES[name])
    assert proof.ok
    needed = price(shapecalc.inspect(loaded, **SIZES[name])).peak
    return {"seconds": proof.seconds, "memory": peak() - floor, "needed": needed}


def backward(name: str, cores: str) -> dict[str, Any]:
    """Time the kernels' way back, the last layer first: the least of nine, and where that one went."""
    clock = time.process_time if cores == "1" else time.perf_counter
    report = inspected(name)
    calls = [replace(call, frees=()) for call in calls_of(report)]
    values = random_inputs(report)
    for call in calls:
        run(call, values)
    backs = [find_backward(call.kernel) for call in calls]
    taken = []
    for _ in range(9):
        by_word: dict[str, float] = {}
        began = clock()
        gradients, learnt = {calls[-1].outputs[0]: np.ones_like(values[calls[-1].outputs[0]])}, {}
        for call, back in zip(reversed(calls), reversed(backs), strict=True):
            before = clock()
            ctx = Context(
                call, tuple(values[slot] for slot in call.inputs), tuple(values[slot] for slot in call.outputs)
            )
            found = back(ctx, *(gradients.pop(slot) for slot in call.outputs))
            for slot, gradient in zip(call.inputs, found.inputs, strict=True):
                gradients[slot] = gradients[slot] + gradient if slot in gradients else gradient
            learnt[call.path] = found.parameters
            by_word[call.kernel] = by_word.get(call.kernel, 0) + clock() - before
        taken.append({"seconds": clock() - began, "by_word": by_word})
    return min(taken, key=lambda one: one["seconds"])


def infer(name: str) -> dict[str, Any]:
    """Time inference alone, and reading the file and inference; both again and again in one process."""
    loaded = architecture(name)

    def inspect(read: Architecture) -> None:
        shapecalc.inspect(read, **SIZES[name])

    return {
        "seconds": seconds_of(lambda: inspect(loaded)),
        "with reading": seconds_of(lambda: inspect(architecture(name))),
        "rows": len(inspected(name).layers),
    }


def stack(name: str) -> dict[str, Any]:
    """Time the inference of a stack, without the making of its layers."""
    made = architecture(name)
    return {"seconds": seconds_of(lambda: shapecalc.inspect(made), warm=1)}


ACTS = {"forward": forward, "verify": verify, "backward": backward, "infer": infer, "stack": stack}


def main() -> None:
    what, *arguments = sys.argv[1:]
    print(json.dumps(ACTS[what](*arguments)))


if __name__ == "__main__":
    main()
