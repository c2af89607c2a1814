"""A two-layer LSTM's forward pass (batch 32, T 128, 256 → 512): the reference kernel against PyTorch eager.

The peer lives in an environment of its own, which this script only calls:

    python -m venv peers
    peers/bin/pip install torch==2.13.0 numpy
    python -m benchmarks.recurrent --peers peers/bin/python
"""

from __future__ import annotations

import argparse
import statistics
import sys

from benchmarks.forward import run

OURS = """
import json, time
import shapecalc
from shapecalc.execution import calls_of, random_inputs
from shapecalc.reference import find
arch = shapecalc.loads("input: [T, N, 256]\\nlayers:\\n  - lstm: {hidden_size: 512, num_layers: 2}\\n")
report = shapecalc.inspect(arch, T=128, N=32)
(call,) = calls_of(report)
x = random_inputs(report)["input"]
taken = []
for _ in range(5):
    began = time.perf_counter(); find("lstm").run(call, x); taken.append(time.perf_counter() - began)
print(json.dumps({"seconds": sorted(taken)[2]}))
"""

TORCH = """
import json, time
import torch
torch.set_num_threads(2)
net, x = torch.nn.LSTM(256, 512, 2).eval(), torch.randn(128, 32, 256)
taken = []
with torch.inference_mode():
    for _ in range(5):
        began = time.perf_counter(); net(x); taken.append(time.perf_counter() - began)
print(json.dumps({"seconds": sorted(taken)[2]}))
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", required=True, help="the Python of an environment with torch")
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    pairs = [(run(sys.executable, OURS)["seconds"], run(given.peers, TORCH)["seconds"]) for _ in range(given.rounds)]
    ours, torch = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"two-layer LSTM: {ours:.3f} s against PyTorch eager {torch:.3f} s, ratio {ratio:.2f} (at most 2)")


if __name__ == "__main__":
    main()
