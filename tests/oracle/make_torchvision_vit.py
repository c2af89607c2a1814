"""Write torchvision_vit.json: the tensors and multiply-accumulates of torchvision 0.28.0's vit_b_16.

Run it with torch 2.13.0 and torchvision 0.28.0; nothing is computed, the model is built on the meta device.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torchvision
from torch.utils.flop_counter import FlopCounterMode

ABOUT = (
    "torchvision's vit_b_16 on one image of 224 x 224: every tensor of its state_dict, learnable scalars, "
    "and multiply-accumulates (FlopCounterMode on the meta device, halved). Written by make_torchvision_vit.py."
)


def main() -> None:
    """Build the model without data and write down what it is."""
    with torch.device("meta"):
        model = torchvision.models.vit_b_16().eval()
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, 224, 224, device="meta"))
    document = {
        "about": ABOUT,
        "torch": torch.__version__.partition("+")[0],
        "torchvision": torchvision.__version__.partition("+")[0],
        "params": sum(tensor.numel() for tensor in model.parameters()),
        "macs": counter.get_total_flops() // 2,
        "tensors": {name: list(tensor.shape) for name, tensor in model.state_dict().items()},
    }
    path = Path(__file__).parent / "torchvision_vit.json"
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
