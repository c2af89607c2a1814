"""Rotary embeddings by the frequencies of transformers 5.24, and by cosines and sines that are given."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from torch_cases import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

WORD = "rotary_embedding"
LENGTH = 11
SCALED: tuple[dict[str, Any], ...] = (
    {"rope_type": "linear", "factor": 4.0},
    {"rope_type": "dynamic", "factor": 2.0, "original_max_position_embeddings": 6},
    {"rope_type": "dynamic", "factor": 3.0, "original_max_position_embeddings": 64},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512},
    {"rope_type": "yarn", "factor": 40.0, "original_max_position_embeddings": 4096, "attention_factor": 1.25},
    {"rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096, "truncate": False},
    {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 64, "beta_fast": 16.0, "beta_slow": 3.0},
    {"rope_type": "yarn", "factor": 1.0, "original_max_position_embeddings": 2, "beta_fast": 16.0, "beta_slow": 3.0},
    {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 256,
    },
    {
        "rope_type": "llama3",
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
)


def exchanged(x: Tensor, *, interleaved: bool) -> Tensor:
    """Each pair (x, y) as (−y, x): `rotate_half` of transformers, `rot` of timm."""
    if interleaved:
        return torch.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)
    first, second = x.chunk(2, -1)
    return torch.cat([-second, first], -1)


def rotated(x: Tensor, cos: Tensor, sin: Tensor, *, interleaved: bool = False, rotary_dim: int | None = None) -> Tensor:
    size = x.shape[-1] if rotary_dim is None else rotary_dim
    if cos.shape[-1] != size:
        cos, sin = (y.repeat_interleave(2, -1) if interleaved else torch.cat([y, y], -1) for y in (cos, sin))
    front, back = x[..., :size], x[..., size:]
    front = front * cos + exchanged(front, interleaved=interleaved) * sin
    return front if size == x.shape[-1] else torch.cat([front, back], -1)


def by_transformers(x: Tensor, fields: dict[str, Any]) -> Tensor:
    """Rotate by what transformers computes of a configuration with these fields."""
    fields = dict(fields)
    interleaved, rotary_dim = fields.pop("interleaved", False), fields.pop("rotary_dim", None)
    base, size = fields.pop("base", 10000), x.shape[-1]
    trained = fields.get("original_max_position_embeddings", 4096)
    share = (rotary_dim or size) / size
    config: Any = SimpleNamespace(
        head_dim=size,
        hidden_size=size,
        num_attention_heads=1,
        max_position_embeddings=trained,
        standardize_rope_params=lambda: None,
        rope_parameters={"rope_theta": base, "partial_rotary_factor": share, "rope_type": "default", **fields},
    )
    if fields:
        frequencies, amplitude = ROPE_INIT_FUNCTIONS[fields["rope_type"]](config, None, seq_len=x.shape[-2])
    else:
        reach = rotary_dim or size
        frequencies, amplitude = base ** (-torch.arange(0, reach, 2) / reach), 1.0
    angles = torch.arange(x.shape[-2])[:, None] * frequencies
    return rotated(
        x, angles.cos() * amplitude, angles.sin() * amplitude, interleaved=interleaved, rotary_dim=rotary_dim
    )


def scaled() -> Iterator[Case]:
    heads = (2, 3, LENGTH, 16)
    for fields in ({}, *SCALED):
        for more in ({}, {"interleaved": True}, {"rotary_dim": 12}, {"base": 500000.0}):
            whole = {**fields, **more}
            yield Case(WORD, whole, (heads,), partial(by_transformers, fields=whole), saves=False)


def given() -> Iterator[Case]:
    for fields, heads, angles, saves in (
        ({}, (2, 3, 5, 8), (5, 8), True),
        ({}, (2, 3, 5, 8), (2, 1, 5, 8), True),
        ({"interleaved": True}, (2, 3, 5, 8), (5, 8), True),
        ({}, (2, 3, 5, 8), (2, 1, 5, 4), False),
        ({"interleaved": True}, (2, 5, 8), (5, 4), False),
        ({"rotary_dim": 6}, (2, 3, 5, 8), (1, 6), True),
        ({"rotary_dim": 6, "interleaved": True}, (2, 3, 5, 8), (5, 3), False),
    ):
        yield Case(WORD, fields, (heads, angles, angles), partial(rotated, **fields), saves=saves)


CASES = (*scaled(), *given())
