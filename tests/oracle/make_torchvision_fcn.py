"""Write torchvision_fcn.json: torchvision 0.28.0's FCN with a ResNet-50: figures at several sizes, and its numbers.

Run it in the environment of make_torchvision.py: scratch/bin/python tests/oracle/make_torchvision_fcn.py. The same
script gives the same bytes.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from make_torchvision import tensor_of, torchvision, unit, write_answers
from torch.utils.flop_counter import FlopCounterMode

SIZES = ((520, 520), (224, 256), (65, 97), (33, 50))
"""Heights and widths, of which few are multiples of 8, the stride of the last map."""
SHAPE = (2, 3, 33, 50)
ABOUT = (
    "torchvision's fcn_resnet50 without the auxiliary classifier, in evaluation mode. figures: [height, width, shape "
    "of the output, multiply-accumulates (torch.utils.flop_counter / 2)]. tensors and values as in "
    "torchvision_resnet18.json; `values` are those of every 97th element. Written by make_torchvision_fcn.py."
)


def network() -> Any:
    """Return the network in evaluation mode."""
    make = torchvision.models.segmentation.fcn_resnet50
    return make(weights=None, weights_backbone=None, aux_loss=False).eval()


def figures(height: int, width: int) -> list[Any]:
    """Return the shape of the output and the multiply-accumulates for a picture."""
    with torch.device("meta"):
        net, picture = network(), torch.empty(1, 3, height, width)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        output = net(picture)["out"]
    return [height, width, list(output.shape), counter.get_total_flops() // 2]


def numbers() -> dict[str, Any]:
    """Return what the network gives with tensors that a formula makes."""
    net = network()
    state = net.state_dict()
    names = [name for name in state if not name.endswith("num_batches_tracked")]
    for number, name in enumerate(names):
        state[name].copy_(torch.from_numpy(tensor_of(name, number, tuple(state[name].shape))))
    picture = torch.from_numpy(unit(len(names), SHAPE))
    with torch.no_grad():
        output = net(picture.float())["out"].numpy().astype(np.float64)
        exact = net.double()(picture)["out"].numpy()
    if abs(output - exact).max() > 1e-5 * abs(exact).max():
        raise ValueError("float32 and float64 lie too far apart to be tested")
    return {
        "params": sum(tensor.numel() for tensor in net.parameters()),
        "input": list(SHAPE),
        "tensors": [[name, list(state[name].shape)] for name in names],
        "values": [float(f"{each:.7g}") for each in output.ravel()[::97]],
    }


def main() -> int:
    """Ask torchvision and write the file."""
    return write_answers(
        "torchvision_fcn.json", ABOUT, lambda: {"figures": [figures(*size) for size in SIZES], **numbers()}
    )


if __name__ == "__main__":
    sys.exit(main())
