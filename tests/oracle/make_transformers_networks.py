"""Write transformers_networks.json: language models of transformers 5.24.0 at full size and, with logits, small.

Run it as make_torch_layers.py, in the same environment with transformers. The same script gives the same bytes.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

HERE = Path(__file__).parent
ABOUT = (
    "Language models of transformers 5.24.0 on PyTorch 2.13.0, CPU: `params` of the model at full size, on the meta "
    "device; of a small one, with `parameters` as our file names them: the shapes of its tensors, multiply-accumulates "
    "(FlopCounterMode, halved; experts and attention eager) and logits, float32, for the tokens [[1, 5, 2, 7, 3, 0]]. "
    "Element i of tensor k, from 0 in the order of the state_dict, is ((7919 i + 104729 k) mod 10007) / 10007 − 1/2. "
    "Written by make_transformers_networks.py."
)
TOKENS = [[1, 5, 2, 7, 3, 0]]
Case = tuple[str, str, str, dict[str, Any], dict[str, Any], dict[str, Any]]

YARN = {"rope_type": "yarn", "rope_theta": 10000, "factor": 40, "original_max_position_embeddings": 4096}
YARN |= {"mscale": 0.707, "mscale_all_dim": 0.707, "beta_fast": 32, "beta_slow": 1}
"""Of the config.json of deepseek-ai/DeepSeek-V2-Lite."""

CASES: list[Case] = [
    (
        "mixtral-8x7b",
        "MixtralForCausalLM",
        "MixtralConfig",
        {},
        {
            "vocab_size": 11,
            "hidden_size": 8,
            "intermediate_size": 6,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 4,
            "num_local_experts": 5,
            "num_experts_per_tok": 2,
        },
        {
            "vocabulary": 11,
            "width": 8,
            "feedforward": 6,
            "depth": 2,
            "heads": 4,
            "kv_heads": 2,
            "head_size": 4,
            "experts": 5,
            "top_k": 2,
        },
    ),
    (
        "mamba-130m",
        "MambaForCausalLM",
        "MambaConfig",
        {"vocab_size": 50280, "hidden_size": 768, "num_hidden_layers": 24},
        {
            "vocab_size": 11,
            "hidden_size": 6,
            "num_hidden_layers": 2,
            "state_size": 5,
            "time_step_rank": 3,
            "intermediate_size": 12,
            "expand": 2,
            "conv_kernel": 4,
        },
        {"vocabulary": 11, "width": 6, "inner": 12, "state": 5, "rank": 3, "depth": 2},
    ),
    (
        "deepseek-v2-lite",
        "DeepseekV2ForCausalLM",
        "DeepseekV2Config",
        {
            "vocab_size": 102400,
            "hidden_size": 2048,
            "intermediate_size": 10944,
            "moe_intermediate_size": 1408,
            "num_hidden_layers": 27,
            "num_attention_heads": 16,
            "q_lora_rank": None,
            "first_k_dense_replace": 1,
            "n_routed_experts": 64,
            "n_shared_experts": 2,
            "num_experts_per_tok": 6,
            "rope_parameters": YARN,
            "max_position_embeddings": 163840,
        },
        {
            "vocab_size": 11,
            "hidden_size": 8,
            "intermediate_size": 10,
            "moe_intermediate_size": 3,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "kv_lora_rank": 10,
            "q_lora_rank": None,
            "qk_nope_head_dim": 4,
            "qk_rope_head_dim": 6,
            "v_head_dim": 5,
            "first_k_dense_replace": 1,
            "n_routed_experts": 5,
            "n_shared_experts": 2,
            "num_experts_per_tok": 2,
            "rope_parameters": YARN,
            "max_position_embeddings": 163840,
        },
        {
            "vocabulary": 11,
            "width": 8,
            "depth": 3,
            "feedforward": 10,
            "heads": 2,
            "latent": 10,
            "plain": 4,
            "rotary": 6,
            "value": 5,
            "score_scale": (0.1 * 0.707 * math.log(40) + 1) ** 2 / 10**0.5,
            "experts": 5,
            "top_k": 2,
            "expert": 3,
        },
    ),
]


def filled(seed: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor by the rule in ABOUT."""
    flat = [((7919 * i + 104729 * seed) % 10007) / 10007 - 0.5 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape).float()


def answer(
    name: str, model: str, config: str, full: dict[str, Any], small: dict[str, Any], parameters: dict[str, Any]
) -> dict[str, Any]:
    """What transformers says of one model."""
    of_config = getattr(transformers, config)
    with torch.device("meta"):
        whole = getattr(transformers, model)(of_config(**full))
    made = getattr(transformers, model)(of_config(**small)).eval()
    made.set_attn_implementation("eager") if "heads" in parameters else None
    made.config._experts_implementation = "eager"
    tensors = {key: tensor for key, tensor in made.state_dict().items() if key in dict(made.named_parameters())}
    for seed, tensor in enumerate(tensors.values()):
        tensor.copy_(filled(seed, tuple(tensor.shape)))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        logits = made(torch.tensor(TOKENS)).logits
    return {
        "name": name,
        "params": sum(tensor.numel() for tensor in whole.parameters()),
        "parameters": parameters,
        "tensors": {key: list(tensor.shape) for key, tensor in tensors.items()},
        "macs": counter.get_total_flops() // 2,
        "logits": [round(value, 7) for value in logits.flatten().tolist()],
    }


def main() -> None:
    """Write the fixture."""
    lines = ",\n".join(f"  {json.dumps(answer(*case))}" for case in CASES)
    about = json.dumps(ABOUT, ensure_ascii=False)
    text = f'{{\n "about": {about},\n "tokens": {TOKENS},\n "cases": [\n{lines}\n ]\n}}\n'
    (HERE / "transformers_networks.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
