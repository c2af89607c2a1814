"""The whole of `shapecalc verify vgg16`, which runs at two sizes, against a PyTorch script that runs VGG-16 once.

Both start a process, import, make random weights and run; the script lets torch initialize as it does.
The peer lives in an environment of its own, which this script only calls:

    python -m venv peers
    peers/bin/pip install torch==2.13.0 numpy
    python -m benchmarks.proving --peers peers/bin/python
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.forward import TORCH
from benchmarks.pairs import in_turn, line, process

# The twin of benchmarks.forward, without the passes that warm it up.
SCRIPT = f"{TORCH.partition('net = {')[0]}\nwith torch.inference_mode():\n    vgg16()(torch.randn(1, 3, 224, 224))\n"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peers", required=True, help="the Python of an environment with torch")
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    ours = process([sys.executable, "-m", "shapecalc", "verify", "vgg16"])
    ours_took, theirs_took, ratio = in_turn(ours, process([given.peers, "-c", SCRIPT]), given.rounds)
    print(line("verify vgg16, whole", ours_took, "PyTorch", theirs_took, ratio, "at most 0.2"))


if __name__ == "__main__":
    main()
