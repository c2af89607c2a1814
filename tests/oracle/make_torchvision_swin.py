"""Write torchvision_swin.json: the tensors of torchvision 0.28.0's swin_t, its parameters and multiply-accumulates.

Run it in the environment of make_torchvision.py: scratch/bin/python tests/oracle/make_torchvision_swin.py. The same
script gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from make_torchvision import TORCH, TORCHVISION, torchvision
from torch.utils.flop_counter import FlopCounterMode

ABOUT = (
    "torchvision's swin_t on the meta device, in evaluation mode, for one picture of 224 x 224. macs: "
    "torch.utils.flop_counter / 2. tensors: [name, shape] of every parameter in the order of the state_dict. Written "
    "by make_torchvision_swin.py."
)


def main() -> int:
    """Ask torchvision and write the file."""
    own = torch.__version__.partition("+")[0], torchvision.__version__.partition("+")[0]
    if own != (TORCH, TORCHVISION):
        print(f"the fixtures come from torch {TORCH} and torchvision {TORCHVISION}, these are {own}", file=sys.stderr)
        return 2
    with torch.device("meta"):
        net = torchvision.models.swin_t(weights=None).eval()
        picture = torch.empty(1, 3, 224, 224)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        output = net(picture)
    told = {"about": ABOUT, "torch": TORCH, "torchvision": TORCHVISION, "output": list(output.shape)}
    told |= {"macs": counter.get_total_flops() // 2, "params": sum(each.numel() for each in net.parameters())}
    told["tensors"] = [[name, list(tensor.shape)] for name, tensor in net.named_parameters()]
    path = Path(__file__).parent / "torchvision_swin.json"
    path.write_text(json.dumps(told) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
