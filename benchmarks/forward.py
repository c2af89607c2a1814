"""Forward passes of VGG-16 and ResNet-50: the reference executor against PyTorch eager and onnx's ReferenceEvaluator.

The peers live in an environment of their own, which this script only calls:

    python -m venv peers
    peers/bin/pip install torch==2.13.0 numpy onnx==1.23.2
    python -m benchmarks.forward --peers peers/bin/python

Each side runs in a process of its own on the same two cores, in turn; forward time excludes making the weights.
onnx's ReferenceEvaluator is a peer for speed alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

from shapecalc import zoo

CORES = 2
TARGETS = {"vgg16": 1.2, "resnet50": 1.8}
"""The most times as long as PyTorch eager that a forward pass may take; measured where the name is in the zoo."""

OURS = """
import json, resource, sys
import shapecalc
from shapecalc.execution import price
from shapecalc.engine import inspect
from shapecalc.verification import verify
arch = shapecalc.load(sys.argv[1])
sizes = json.loads(sys.argv[2])
proof = verify(arch, **sizes)
assert proof.ok
needed = price(inspect(arch, **sizes))
print(json.dumps({"seconds": proof.seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                  "weights": needed.weights, "activations": needed.activations, "workspace": needed.workspace}))
"""

FLOOR = """
import json, resource
import numpy, yaml, shapecalc.verification
print(json.dumps({"seconds": 0, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""

# The torch twins of our networks, built from the numbers that our own reports give.
TORCH = """
import json, sys, time
import torch
from torch import nn
torch.set_num_threads(2)

class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width))
        self.shortcut = nn.Identity() if channels == 4 * width else nn.Sequential(
            nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.main(x) + self.shortcut(x))

def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, blocks, stride in (64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2):
        for block in range(blocks):
            layers.append(Bottleneck(channels, width, 1 if block else stride))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000)).eval()

def vgg16():
    plan = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]
    layers, channels = [], 3
    for width in plan:
        if width == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000)).eval()

net = {"vgg16": vgg16, "resnet50": resnet50}[sys.argv[1]]()
x = torch.randn(1, 3, 224, 224)
with torch.inference_mode():
    if len(sys.argv) > 2 and sys.argv[2] == "onnx":
        import numpy, onnx
        from onnx import TensorProto, helper, numpy_helper
        from onnx.reference import ReferenceEvaluator
        nodes, weights, last, number = [], [], "x", 0
        for layer in net:
            out = f"v{number}"; number += 1
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                for part in ("weight", "bias"):
                    weights.append(numpy_helper.from_array(getattr(layer, part).numpy(), f"{out}_{part}"))
                names = [last, f"{out}_weight", f"{out}_bias"]
                nodes.append(helper.make_node("Conv", names, [out], pads=[1, 1, 1, 1]) if isinstance(layer, nn.Conv2d)
                             else helper.make_node("Gemm", names, [out], transB=1))
            elif isinstance(layer, nn.ReLU):
                nodes.append(helper.make_node("Relu", [last], [out]))
            elif isinstance(layer, nn.MaxPool2d):
                nodes.append(helper.make_node("MaxPool", [last], [out], kernel_shape=[2, 2], strides=[2, 2]))
            elif isinstance(layer, nn.Flatten):
                nodes.append(helper.make_node("Flatten", [last], [out]))
            else:
                continue      # at 224 the adaptive pool is the identity, and so is dropout in evaluation
            last = out
        enters = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 224, 224])
        leaves = helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, 1000])
        graph = helper.make_graph(nodes, "vgg16", [enters], [leaves], weights)
        session = ReferenceEvaluator(helper.make_model(graph))
        began = time.perf_counter(); session.run(None, {"x": x.numpy()})
    else:
        for _ in range(2):
            net(x)
        began = time.perf_counter(); net(x)
print(json.dumps({"seconds": time.perf_counter() - began}))
"""


def run(python: str, script: str, *arguments: str, cores: int = CORES) -> dict[str, float]:
    threads = {name: str(cores) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    done = subprocess.run(
        [python, "-c", script, *arguments], check=True, capture_output=True, text=True, env={**os.environ, **threads}
    )
    return json.loads(done.stdout)


def against_eager(name: str, given: argparse.Namespace) -> list[dict[str, float]]:
    """Run an architecture and its twin in turn, print the ratio and return what our runs report.

    The ratio of the least seconds is printed too: other work on the cores can only add to those.
    """
    ours, torch = [], []
    for _ in range(given.rounds):
        ours.append(run(sys.executable, OURS, name, json.dumps({"N": 1, "H": 224, "W": 224})))
        torch.append(run(given.peers, TORCH, name)["seconds"])
    seconds = [one["seconds"] for one in ours]
    ratio = statistics.median(one / other for one, other in zip(seconds, torch, strict=True))
    print(
        f"{name} forward: {statistics.median(seconds):.3f} s against PyTorch eager {statistics.median(torch):.3f} s, "
        f"ratio {ratio:.2f} (at most {TARGETS[name]}), of the least {min(seconds) / min(torch):.2f}"
    )
    return ours


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", required=True, help="the Python of an environment with torch and onnx")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--without-onnx", action="store_true", help="onnx's evaluator takes a minute")
    given = options.parse_args()

    ours = {name: against_eager(name, given) for name in TARGETS if name in zoo.names()}
    forward = statistics.median(one["seconds"] for one in ours["vgg16"])

    floor = run(sys.executable, FLOOR)["peak"]
    needed = sum(ours["vgg16"][0][part] for part in ("weights", "activations", "workspace"))
    peak = statistics.median(one["peak"] for one in ours["vgg16"]) - floor
    print(
        f"peak memory of vgg16 beyond the imports: {peak / 2**20:.0f} MiB against {needed / 2**20:.0f} MiB of the "
        f"largest layer's weights, live values and workspace, ratio {peak / needed:.2f} (at most 1.2)"
    )
    if not given.without_onnx:
        onnx = run(given.peers, TORCH, "vgg16", "onnx")["seconds"]
        print(f"onnx's ReferenceEvaluator: {onnx:.1f} s, {onnx / forward:.0f} x as long (at least 15 x)")


if __name__ == "__main__":
    main()
