"""Write transformers_experts.json: what Hugging Face's transformers 5.24.0 says of the experts of its models.

Run it as make_torch_layers.py, in the same environment with transformers. The same script gives the same bytes.
"""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

HERE = Path(__file__).parent
ABOUT = (
    "The experts of transformers 5.24.0 on PyTorch 2.13.0, float32, CPU, each model's block for an input [2, 5, 8]: "
    "shapes of its tensors, multiply-accumulates (FlopCounterMode, halved), the output, the gradient of the input, and "
    "`slopes`: of each parameter the sum of the gradient's elements times those of `filled(2, shape)`. Element i of "
    "`filled(k, shape)` is ((7919 i + 104729 k) mod 10007) / 10007 − 1/2; the input is filled with k = 0, the gradient "
    "of the output with k = 1, the tensors in their order with k = 3, 4, …. The eager implementation of experts is "
    "used: FlopCounterMode counts nothing of the grouped one. Written by make_transformers_experts.py."
)
FEATURES, HIDDEN = 8, 6
SIZES = {"num_experts_per_tok": 3}
OF_LOCAL = {**SIZES, "num_local_experts": 8}
OF_ROUTED = {**SIZES, "n_routed_experts": 8, "moe_intermediate_size": HIDDEN, "num_attention_heads": 4}
OF_ALL = {**SIZES, "num_experts": 8, "moe_intermediate_size": HIDDEN}
OURS = {"count": 8, "top_k": 3, "hidden_features": HIDDEN}
SIGMOID = {**OURS, "router": "sigmoid", "correction_bias": True, "shared_experts": 1}
GROUPED = {"groups": 4, "top_k_groups": 2}
Case = tuple[str, str, str, dict[str, Any], dict[str, Any]]

CASES: list[Case] = [
    ("mixtral", "MixtralSparseMoeBlock", "MixtralConfig", {**OF_LOCAL, "intermediate_size": HIDDEN}, OURS),
    ("minimax", "MiniMaxSparseMoeBlock", "MiniMaxConfig", {**OF_LOCAL, "intermediate_size": HIDDEN}, OURS),
    ("granitemoe", "GraniteMoeMoE", "GraniteMoeConfig", {**OF_LOCAL, "intermediate_size": HIDDEN}, OURS),
    ("qwen3_moe", "Qwen3MoeSparseMoeBlock", "Qwen3MoeConfig", {**OF_ALL, "norm_topk_prob": True}, OURS),
    (
        "qwen2_moe",
        "Qwen2MoeSparseMoeBlock",
        "Qwen2MoeConfig",
        {**OF_ALL, "shared_expert_intermediate_size": 7},
        {**OURS, "normalize": False, "shared_experts": 1, "shared_features": 7, "shared_gate": True},
    ),
    (
        "olmoe",
        "OlmoeSparseMoeBlock",
        "OlmoeConfig",
        {**SIZES, "num_experts": 8, "intermediate_size": HIDDEN},
        {**OURS, "normalize": False},
    ),
    (
        "flex_olmo",
        "FlexOlmoSparseMoeBlock",
        "FlexOlmoConfig",
        {**SIZES, "num_experts": 8, "intermediate_size": HIDDEN},
        {**OURS, "normalize": False},
    ),
    (
        "lfm2_moe",
        "Lfm2MoeSparseMoeBlock",
        "Lfm2MoeConfig",
        {**OF_ALL, "use_expert_bias": False, "norm_topk_prob": True},
        {**OURS, "router": "sigmoid"},
    ),
    (
        "deepseek_v2",
        "DeepseekV2Moe",
        "DeepseekV2Config",
        {**OF_ROUTED, "n_shared_experts": 2, "topk_method": "greedy", "routed_scaling_factor": 1.0},
        {**OURS, "normalize": False, "shared_experts": 2},
    ),
    (
        "deepseek_v2",
        "DeepseekV2Moe",
        "DeepseekV2Config",
        {
            **OF_ROUTED,
            "n_shared_experts": 2,
            "topk_method": "group_limited_greedy",
            "routed_scaling_factor": 16.0,
            "n_group": 4,
            "topk_group": 2,
        },
        {**OURS, **GROUPED, "normalize": False, "shared_experts": 2, "scaling_factor": 16.0},
    ),
    (
        "deepseek_v3",
        "DeepseekV3MoE",
        "DeepseekV3Config",
        {**OF_ROUTED, "n_shared_experts": 1, "n_group": 4, "topk_group": 2, "routed_scaling_factor": 2.5},
        {**SIGMOID, **GROUPED, "group_score": "top_2", "scaling_factor": 2.5},
    ),
    (
        "glm4_moe",
        "Glm4MoeMoE",
        "Glm4MoeConfig",
        {**OF_ROUTED, "n_shared_experts": 1, "n_group": 1, "topk_group": 1, "routed_scaling_factor": 1.5},
        {**SIGMOID, "scaling_factor": 1.5},
    ),
    (
        "dots1",
        "Dots1MoE",
        "Dots1Config",
        {**OF_ROUTED, "n_shared_experts": 1, "n_group": 1, "topk_group": 1, "norm_topk_prob": True},
        SIGMOID,
    ),
    (
        "gpt_oss",
        "GptOssMLP",
        "GptOssConfig",
        {**OF_LOCAL, "intermediate_size": HIDDEN},
        {**OURS, "router_bias": True, "bias": True, "activation": "quick_gelu", "limit": 7.0, "up_offset": 1.0},
    ),
]


def filled(seed: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor by the rule in ABOUT."""
    flat = [((7919 * i + 104729 * seed) % 10007) / 10007 - 0.5 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape).float()


def answer(model: str, block: str, config: str, options: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """What the block of a model says."""
    module = importlib.import_module(f"transformers.models.{model}.modeling_{model}")
    settings = getattr(transformers, config)(hidden_size=FEATURES, **options)
    settings._experts_implementation = "eager"
    made = getattr(module, block)(settings).eval()
    for seed, tensor in enumerate(made.state_dict().values(), start=3):
        tensor.copy_(filled(seed, tuple(tensor.shape)))
    x = filled(0, (2, 5, FEATURES)).requires_grad_()
    with FlopCounterMode(display=False) as counter:
        made(x)
    given = made(x)
    y = given[0] if isinstance(given, tuple) else given
    y.backward(filled(1, tuple(y.shape)))
    slopes = {name: float((p.grad * filled(2, tuple(p.shape))).sum()) for name, p in made.named_parameters()}
    return {
        "model": model,
        "block": block,
        "config": options,
        "fields": fields,
        "tensors": {name: list(tensor.shape) for name, tensor in made.state_dict().items()},
        "macs": counter.get_total_flops() // 2,
        "output": [round(value, 7) for value in y.flatten().tolist()],
        "gradient": [round(value, 7) for value in x.grad.flatten().tolist()],
        "slopes": {name: round(value, 6) for name, value in slopes.items()},
    }


def main() -> None:
    """Write the fixture."""
    rows = [answer(*case) for case in CASES]
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    text = f'{{\n "about": {json.dumps(ABOUT, ensure_ascii=False)},\n "cases": [\n{lines}\n ]\n}}\n'
    (HERE / "transformers_experts.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
