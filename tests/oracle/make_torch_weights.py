"""Write torch_weights.*: state dicts of a small network as PyTorch 2.13.0 and safetensors save them, and its outputs.

Run it as make_torch_layers.py, in the same environment with safetensors 0.8.0. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

TORCH = "2.13.0"
HERE = Path(__file__).parent
NETWORK = """
input: [N, 2, 5, 3]
layers:
  - {conv: {out_channels: 4, kernel_size: 3, padding: 1}, name: conv}
  - {batch_norm: , name: bn}
  - relu
  - {flatten: {start_dim: 2}, name: patches}
  - {parameter: [1, 4, 15], name: positions}
  - {buffer: [15], name: scale}
  - {add: , from: [patches, positions], name: placed}
  - {multiply: , from: [placed, scale]}
  - {linear: {out_features: 6, bias: false}, name: enc}
  - tanh
  - {linear: 15, share: {weight: {of: enc.weight, transposed: true}}, name: dec}
"""


class Network(nn.Module):
    """The network above, in PyTorch: the decoder has the transposed weight of the encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.positions = nn.Parameter(torch.randn(1, 4, 15))
        self.register_buffer("scale", torch.linspace(-1, 1, 15))
        self.enc = nn.Linear(15, 6, bias=False)
        self.dec = nn.Linear(6, 15)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn(self.conv(x)).relu().flatten(2)
        hidden = self.enc((x + self.positions) * self.scale).tanh()
        return nn.functional.linear(hidden, self.enc.weight.T, self.dec.bias)


def main() -> None:
    if torch.__version__.partition("+")[0] != TORCH:
        sys.exit(f"expects PyTorch {TORCH}, has {torch.__version__}")
    torch.manual_seed(20)
    network = Network()
    network(torch.randn(7, 2, 5, 3))  # in training mode, which moves the running statistics and the counter
    network.eval()
    x = torch.randn(3, 2, 5, 3)
    outputs = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16), ("float16", torch.float16)):
        state = {
            key: tensor.to(dtype).clone() if tensor.is_floating_point() else tensor
            for key, tensor in network.state_dict().items()
        }
        state["dec.weight"] = state["enc.weight"].T.contiguous()  # as a module that ties the two has it
        save_file(state, HERE / f"torch_weights_{name}.safetensors")
        if name == "float32":
            np.savez(HERE / "torch_weights.npz", **{key: tensor.numpy() for key, tensor in state.items()})
        rounded = Network()
        rounded.load_state_dict({key: tensor.to(torch.float64) for key, tensor in state.items()})
        with torch.no_grad():
            outputs[name] = rounded.double().eval()(x.double()).tolist()
    about = "Outputs in float64 for `input`, with the weights of each file; written by make_torch_weights.py."
    written = {"about": about, "torch": TORCH, "network": NETWORK, "input": x.tolist(), "outputs": outputs}
    (HERE / "torch_weights.json").write_text(json.dumps(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
