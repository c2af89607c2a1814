"""Write transformers_zoo.json: what Hugging Face's transformers 5.24.0 says of four networks that ship.

Run it as make_torch_layers.py, in the same environment with transformers. The same script gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    CLIPConfig,
    CLIPModel,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

HERE = Path(__file__).parent
ABOUT = (
    "transformers 5.24.0 on PyTorch 2.13.0, CPU, by network that ships. `params`: trainable scalars, `fixed`: those "
    "of parameters that are not trained, `tensors`: both by name, and `macs` (FlopCounterMode on the meta device, "
    "halved) for `inputs`, in the configuration of the published checkpoint. `small`: of a smaller `config`, in "
    "float64, `output` for `inputs`; its tensors, in the order of `tensors`, are filled: element i of tensor k is "
    "((7919 i + 104729 k) mod 10007) / 10007 − 1/2. Written by make_transformers_zoo.py."
)


def qwen3(**fields: Any) -> Any:
    """Qwen/Qwen3-0.6B."""
    base = {
        "vocab_size": 151936,
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "num_hidden_layers": 28,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "max_position_embeddings": 40960,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0},
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True,
    }
    return Qwen3ForCausalLM(Qwen3Config(**{**base, **fields}))


def t5(**fields: Any) -> Any:
    """google-t5/t5-small."""
    base = {
        "vocab_size": 32128,
        "d_model": 512,
        "d_kv": 64,
        "d_ff": 2048,
        "num_layers": 6,
        "num_heads": 8,
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
        "feed_forward_proj": "relu",
        "tie_word_embeddings": True,
    }
    return T5ForConditionalGeneration(T5Config(**{**base, **fields}))


def whisper(**fields: Any) -> Any:
    """openai/whisper-tiny."""
    base = {
        "vocab_size": 51865,
        "num_mel_bins": 80,
        "d_model": 384,
        "encoder_layers": 4,
        "decoder_layers": 4,
        "encoder_attention_heads": 6,
        "decoder_attention_heads": 6,
        "encoder_ffn_dim": 1536,
        "decoder_ffn_dim": 1536,
        "max_source_positions": 1500,
        "max_target_positions": 448,
    }
    return WhisperForConditionalGeneration(WhisperConfig(**{**base, **fields}))


def clip(text: dict[str, Any] | None = None, vision: dict[str, Any] | None = None, projection_dim: int = 512) -> Any:
    """openai/clip-vit-base-patch32."""
    words = {
        "vocab_size": 49408,
        "hidden_size": 512,
        "intermediate_size": 2048,
        "num_hidden_layers": 12,
        "num_attention_heads": 8,
        "max_position_embeddings": 77,
        "eos_token_id": 2,
    }
    picture = {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "image_size": 224,
        "patch_size": 32,
    }
    config = CLIPConfig(
        text_config={**words, **(text or {})},
        vision_config={**picture, **(vision or {})},
        projection_dim=projection_dim,
    )
    return CLIPModel(config)


def ids(*shape: int, below: int) -> torch.Tensor:
    """Return indices."""
    return (7 * torch.arange(torch.Size(shape).numel()) + 3).reshape(shape) % below


SMALL_CLIP = {
    "text": {"vocab_size": 19, "hidden_size": 8, "intermediate_size": 32, "num_hidden_layers": 2}
    | {"num_attention_heads": 2, "max_position_embeddings": 7, "eos_token_id": 2},
    "vision": {"hidden_size": 12, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3}
    | {"image_size": 8, "patch_size": 4},
    "projection_dim": 6,
}
NETWORKS: dict[str, tuple[Any, dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "qwen3-0.6b": (
        qwen3,
        {"input_ids": torch.ones(1, 1024, dtype=torch.long)},
        {"vocab_size": 23, "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 2}
        | {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6},
        {"input_ids": ids(2, 5, below=23)},
        "logits",
    ),
    "t5-small": (
        t5,
        {
            "input_ids": torch.ones(1, 512, dtype=torch.long),
            "decoder_input_ids": torch.ones(1, 128, dtype=torch.long),
        },
        {"vocab_size": 23, "d_model": 12, "d_kv": 4, "d_ff": 20, "num_layers": 2, "num_heads": 3}
        | {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 6},
        {"input_ids": ids(2, 13, below=23), "decoder_input_ids": ids(2, 11, below=23)},
        "logits",
    ),
    "whisper-tiny": (
        whisper,
        {"input_features": torch.ones(1, 80, 3000), "decoder_input_ids": torch.ones(1, 448, dtype=torch.long)},
        {"vocab_size": 23, "num_mel_bins": 5, "d_model": 12, "encoder_layers": 2, "decoder_layers": 2}
        | {"encoder_attention_heads": 3, "decoder_attention_heads": 3, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48}
        | {"max_source_positions": 9, "max_target_positions": 11, "pad_token_id": 0},
        {
            "input_features": (ids(2, 5, 18, below=17) - 8).double() / 8,
            "decoder_input_ids": ids(2, 7, below=23),
        },
        "logits",
    ),
    "clip-vit-b-32": (
        clip,
        {"input_ids": torch.ones(1, 77, dtype=torch.long), "pixel_values": torch.ones(1, 3, 224, 224)},
        SMALL_CLIP,
        {"input_ids": ids(3, 7, below=19), "pixel_values": (ids(2, 3, 8, 8, below=17) - 8).double() / 8},
        "logits_per_image",
    ),
}


MASKS = {
    "qwen3-0.6b": {"attention_mask": torch.ones(1, 1024, device="meta"), "use_cache": False},
    "whisper-tiny": {"decoder_attention_mask": torch.ones(1, 448, device="meta"), "use_cache": False},
}
"""Arguments that spare a model the search for packed sequences, which reads values, and a cache."""


def filled(k: int, tensor: torch.Tensor) -> torch.Tensor:
    """Return the values of a tensor."""
    i = torch.arange(tensor.numel(), dtype=torch.int64)
    return (((7919 * i + 104729 * k) % 10007).double() / 10007 - 0.5).reshape(tensor.shape)


def described(name: str) -> dict[str, Any]:
    """Return what transformers says of one network."""
    make, inputs, config, few, output = NETWORKS[name]
    with torch.device("meta"):
        model = make().eval()
        model.set_attn_implementation("eager")
        given = {key: value.to("meta") for key, value in inputs.items()}
        with FlopCounterMode(display=False) as counter:
            model(**given, **MASKS.get(name, {}))
    small = make(**config).eval().double()
    with torch.no_grad():
        for k, tensor in enumerate(small.parameters()):
            tensor.copy_(filled(k, tensor))
        outputs = small(**few)
    own = [*model.parameters()]
    return {
        "params": sum(tensor.numel() for tensor in own if tensor.requires_grad),
        "fixed": sum(tensor.numel() for tensor in own if not tensor.requires_grad),
        "inputs": {key: list(value.shape) for key, value in inputs.items()},
        "macs": counter.get_total_flops() // 2,
        "tensors": {key: list(tensor.shape) for key, tensor in model.named_parameters()},
        "small": {
            "config": config,
            "tensors": {key: list(tensor.shape) for key, tensor in small.named_parameters()},
            "inputs": {key: value.tolist() for key, value in few.items()},
            "output": [round(value, 9) for value in outputs[output].ravel().tolist()],
        },
    }


def main() -> int:
    """Ask transformers about each network."""
    if (torch.__version__.partition("+")[0], transformers.__version__) != ("2.13.0", "5.24.0"):
        print("the fixtures come from torch 2.13.0 and transformers 5.24.0", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    result = {
        "about": ABOUT,
        "torch": "2.13.0",
        "transformers": "5.24.0",
        **{name: described(name) for name in NETWORKS},
    }
    (HERE / "transformers_zoo.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
