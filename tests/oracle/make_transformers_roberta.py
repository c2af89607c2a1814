"""Write transformers_roberta.json: what Hugging Face's transformers 5.24.0 says of RoBERTa.

Run it as make_torch_layers.py, in the same environment with transformers. The same script gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode
from transformers import RobertaConfig, RobertaModel

HERE = Path(__file__).parent
ABOUT = (
    "RobertaModel of transformers 5.24.0 on PyTorch 2.13.0, CPU. `base`: parameters, and multiply-accumulates "
    "(FlopCounterMode, halved) of one sample of `length` tokens, of the configuration of roberta-base. `small`: of "
    "`config` in float64, both outputs for `tokens`. Its tensors, in the order of `tensors`, are filled: "
    "element i of tensor k is ((7919 i + 104729 k) mod 10007) / 10007 − 1/2. Written by make_transformers_roberta.py."
)
SMALL = {
    "vocab_size": 23,
    "max_position_embeddings": 13,
    "hidden_size": 8,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
}
TOKENS = [[0, 5, 7, 9, 2, 1, 1], [0, 22, 1, 8, 11, 4, 2]]
LENGTH = 512


def config(**fields: int) -> RobertaConfig:
    """Return the configuration of roberta-base, with other sizes if given."""
    base = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1}
    given = RobertaConfig(**{**base, "layer_norm_eps": 1e-5, **fields})
    given._attn_implementation = "eager"
    return given


def filled(k: int, tensor: torch.Tensor) -> torch.Tensor:
    """Return the values of a tensor."""
    i = torch.arange(tensor.numel(), dtype=torch.int64)
    return (((7919 * i + 104729 * k) % 10007).double() / 10007 - 0.5).reshape(tensor.shape)


def main() -> int:
    """Ask transformers about both configurations."""
    if (torch.__version__.partition("+")[0], transformers.__version__) != ("2.13.0", "5.24.0"):
        print("the fixtures come from torch 2.13.0 and transformers 5.24.0", file=sys.stderr)
        return 2
    with torch.device("meta"):
        base = RobertaModel(config()).eval()
        mask = torch.ones(1, 1, LENGTH, LENGTH)
        with FlopCounterMode(display=False) as counter:
            base(torch.ones(1, LENGTH, dtype=torch.long), attention_mask=mask)
    small = RobertaModel(config(**SMALL)).eval().double()
    with torch.no_grad():
        for k, tensor in enumerate(small.parameters()):
            tensor.copy_(filled(k, tensor))
        tokens = torch.tensor(TOKENS)
        outputs = small(tokens)
    result = {
        "about": ABOUT,
        "torch": "2.13.0",
        "transformers": "5.24.0",
        "base": {
            "params": sum(tensor.numel() for tensor in base.parameters()),
            "length": LENGTH,
            "macs": counter.get_total_flops() // 2,
        },
        "small": {
            "config": SMALL,
            "tensors": {name: list(tensor.shape) for name, tensor in small.named_parameters()},
            "tokens": TOKENS,
            "sequence": [round(value, 9) for value in outputs.last_hidden_state.ravel().tolist()],
            "pooled": [round(value, 9) for value in outputs.pooler_output.ravel().tolist()],
        },
    }
    (HERE / "transformers_roberta.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
