"""ResNet-18's backward pass: the reference kernels, the last layer first, against PyTorch eager.

The peer lives in an environment of its own, which this script only calls:

    python -m venv peers
    peers/bin/pip install torch==2.13.0 numpy
    python -m benchmarks.backward --peers peers/bin/python

Each side runs in a process of its own on the same two cores, in turn, in evaluation mode. Time is of the backward pass
alone, gradients by every parameter and by the input: the least of nine, since other work on the cores only adds to it.
With `--cores 1` it is the processor's time, which other work hardly lengthens.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from benchmarks.forward import CORES, run

OURS = """
import json, sys, time
from dataclasses import replace
import numpy as np
import shapecalc
from shapecalc.execution import calls_of, random_inputs
from shapecalc.reference import find_backward
from shapecalc.reference.executor import run
from shapecalc.reference.gradients import Past
clock = time.process_time if sys.argv[2] == "1" else time.perf_counter
report = shapecalc.inspect(shapecalc.load("resnet18"), N=int(sys.argv[1]), H=224, W=224)
calls = [replace(call, frees=()) for call in calls_of(report)]
values = random_inputs(report)
for call in calls:
    run(call, values)
backs = [find_backward(call.kernel) for call in calls]
taken = []
for _ in range(9):
    by_word = {}
    began = clock()
    gradients, learnt = {calls[-1].outputs[0]: np.ones_like(values[calls[-1].outputs[0]])}, {}
    for call, back in zip(reversed(calls), reversed(backs)):
        before = clock()
        past = Past(call, tuple(values[slot] for slot in call.inputs), tuple(values[slot] for slot in call.outputs))
        found = back(past, *(gradients.pop(slot) for slot in call.outputs))
        for slot, gradient in zip(call.inputs, found.inputs):
            gradients[slot] = gradients[slot] + gradient if slot in gradients else gradient
        learnt[call.path] = found.parameters
        by_word[call.kernel] = by_word.get(call.kernel, 0) + clock() - before
    taken.append({"seconds": clock() - began, **by_word})
print(json.dumps(min(taken, key=lambda run: run["seconds"])))
"""

TORCH = """
import json, sys, time
import torch
from torch import nn
torch.set_num_threads(int(sys.argv[2]))
clock = time.process_time if sys.argv[2] == "1" else time.perf_counter

class Block(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        self.shortcut = nn.Identity() if channels == width else nn.Sequential(
            nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.main(x) + self.shortcut(x))

layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
channels = 64
for width, stride in (64, 1), (128, 2), (256, 2), (512, 2):
    layers += [Block(channels, width, stride), Block(width, width, 1)]
    channels = width
net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)).eval()
x = torch.randn(int(sys.argv[1]), 3, 224, 224, requires_grad=True)
taken = []
for _ in range(9):
    net.zero_grad(); x.grad = None
    y = net(x)
    began = clock(); y.backward(torch.ones_like(y)); taken.append(clock() - began)
print(json.dumps({"seconds": min(taken)}))
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", required=True, help="the Python of an environment with torch")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--batch", default="1")
    options.add_argument("--cores", type=int, default=CORES)
    given = options.parse_args()
    ours, torch, sizes = [], [], (given.batch, str(given.cores))
    for _ in range(given.rounds):
        ours.append(run(sys.executable, OURS, *sizes, cores=given.cores))
        torch.append(run(given.peers, TORCH, *sizes, cores=given.cores)["seconds"])
    ratio = statistics.median(one["seconds"] / other for one, other in zip(ours, torch, strict=True))
    seconds = statistics.median(one["seconds"] for one in ours)
    print(
        f"resnet18 backward, batch {given.batch}, {given.cores} cores: {seconds:.3f} s against PyTorch eager "
        f"{statistics.median(torch):.3f} s, ratio {ratio:.2f} (at most 2)"
    )
    fastest = min(ours, key=lambda one: one["seconds"])
    least = fastest["seconds"], min(torch)
    print(f"of the least seconds: {least[0]:.3f} s against {least[1]:.3f} s, ratio {least[0] / least[1]:.2f}")
    words = {word: fastest[word] for word in fastest if word != "seconds"}
    shares = sorted(words.items(), key=lambda pair: -pair[1])
    print("of ours: " + ", ".join(f"{word} {taken * 1e3:.0f} ms" for word, taken in shares if taken > 1e-3))


if __name__ == "__main__":
    main()
