"""Networks that decode a sequence step by step."""

from __future__ import annotations

from typing import Any

SMALL: dict[str, dict[str, Any]] = {
    "char-rnn": {},
    "seq2seq-lstm": {"source_words": 31, "target_words": 23, "width": 12, "depth": 2},
    "seq2seq-attention": {"words": 29, "width": 12, "depth": 2},
    "gpt2-small": {"width": 12, "heads": 3, "depth": 2},
    "transformer-base": {"vocabulary": 37, "width": 12, "feedforward": 30, "heads": 3, "depth": 2},
    "llama-260k": {},
}
"""Architectures of the zoo that decode, at sizes that run in no time."""


ATTENDING = """\
input: {{shape: [N, T], dtype: int64}}
layers:
  - embedding: {{num_embeddings: {vocabulary}, embedding_dim: 4}}
  - positional_encoding: {{batch_first: true}}
  - add:
      main: [{{multihead_attention: {{num_heads: 2, batch_first: true, is_causal: {causal}}}, name: attn}}]
      shortcut: []
  - linear: {vocabulary}
  - softmax
decode: {{token: input, {end}max_length: {length}, beam: {beam}}}
"""


HEAD = "input: {shape: [N, T], dtype: int64}\nlayers:\n  - embedding: {num_embeddings: 7, embedding_dim: 3}\n"


NET = HEAD + "  - {lstm: {hidden_size: 4, batch_first: true}, name: lstm}\n  - {linear: 7, name: words}\n"
