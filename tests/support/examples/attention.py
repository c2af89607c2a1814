"""Examples of the attention layers."""

from __future__ import annotations

from tests.support.examples.table import example

# Numbers along the features, which heads divide; L queries, H keys, N samples.
QUERY, KEY = ("L", "N", 12), ("H", "N", 12)
QUERY_FIRST, KEY_FIRST = ("N", "L", 12), ("N", "H", 12)

DOT_PRODUCT = [
    example("scaled_dot_product_attention", "one head", ("N", "L", "F"), ("N", "H", "F"), ("N", "H", "F")),
    example("scaled_dot_product_attention", "without a batch", ("L", "F"), ("H", "F"), ("H", 4)),
    example(
        "scaled_dot_product_attention",
        "heads, values of another width, a scale",
        *[("N", "C", "L", "F"), ("N", "C", "H", "F"), ("N", "C", "H", 6)],
        scale=0.25,
    ),
    example(
        "scaled_dot_product_attention",
        "no query sees what comes after it",
        *[("N", "C", "L", 4), ("N", "C", "L", 4), ("N", "C", "L", 6)],
        is_causal=True,
    ),
    example(
        "scaled_dot_product_attention",
        "causal, fewer keys than queries",
        *[("N", "L", 4), ("N", 6, 4), ("N", 6, 8)],
        is_causal=True,
    ),
    example(
        "scaled_dot_product_attention",
        "three heads of queries to each of the keys",
        *[("N", 12, "L", 6), ("N", 4, "H", 6), ("N", 4, "H", 8)],
        enable_gqa=True,
    ),
    example(
        "scaled_dot_product_attention",
        "one head of keys for all, causal",
        *[("N", 6, "L", 4), ("N", 1, "L", 4), ("N", 1, "L", 4)],
        enable_gqa=True,
        is_causal=True,
    ),
    example(
        "scaled_dot_product_attention",
        "one head of keys for all by broadcasting, as in Falcon",
        *[("N", "C", "L", 4), ("N", 1, "H", 4), ("N", 1, "H", 6)],
    ),
    example("scaled_dot_product_attention", "keys without a batch", ("N", "L", 4), ("H", 4), ("H", 6)),
    example(
        "scaled_dot_product_attention",
        "one query for each batch of values, causal",
        *[("L", 4), (1, "H", 4), ("N", "C", "H", 6)],
        is_causal=True,
    ),
    example(
        "scaled_dot_product_attention",
        "keys and values with different numbers of heads",
        *[("N", 12, "L", 10), (4, "H", 10), ("N", 6, "H", 8)],
        enable_gqa=True,
    ),
    example(
        "scaled_dot_product_attention",
        "a bias for each pair of all samples",
        *[("N", "C", "L", 4), ("N", "C", "H", 4), ("N", "C", "H", 6), (1, "C", "L", "H")],
    ),
    example(
        "scaled_dot_product_attention",
        "a number for each key, and scores within a bound",
        *[("N", "L", 4), ("N", "H", 4), ("N", "H", 6), ("N", 1, "H")],
        softcap=1.5,
    ),
    example(
        "scaled_dot_product_attention",
        "a bias of heads in groups, a window, a sink of each head",
        *[("N", 6, "L", 4), ("N", 3, "L", 4), ("N", 3, "L", 8), (6, 1, "L")],
        enable_gqa=True,
        is_causal=True,
        window=5,
        sinks=True,
    ),
    example(
        "scaled_dot_product_attention",
        "a sink of each head, a window that reaches no key at last",
        *[("N", "C", 13, 4), ("N", "C", 6, 4), ("N", "C", 6, 8)],
        is_causal=True,
        window=3,
        sinks=True,
    ),
    example(
        "scaled_dot_product_attention",
        "queries that see no key",
        *[("N", "C", 13, 4), ("N", "C", 6, 4), ("N", "C", 6, 8)],
        is_causal=True,
        window=3,
    ),
]

MULTIHEAD = [
    example("multihead_attention", "a sequence to itself", QUERY, num_heads=4),
    example("multihead_attention", "one head, the batch first", QUERY_FIRST, num_heads=1, batch_first=True),
    example("multihead_attention", "no biases", QUERY, num_heads=3, bias=False),
    example("multihead_attention", "a query to another sequence", QUERY, KEY, num_heads=4, embed_dim=12),
    example(
        "multihead_attention",
        "keys and values of other widths",
        *[QUERY_FIRST, ("N", "H", 6), ("N", "H", 8)],
        num_heads=2,
        kdim=6,
        vdim=8,
        batch_first=True,
    ),
    example("multihead_attention", "no place sees what comes after it", QUERY, num_heads=2, is_causal=True),
    example("multihead_attention", "the weights too", QUERY, KEY, KEY, num_heads=4, need_weights=True),
    example(
        "multihead_attention",
        "a learnt key and one of zeros, causal, the weights too",
        QUERY_FIRST,
        num_heads=4,
        add_bias_kv=True,
        add_zero_attn=True,
        is_causal=True,
        need_weights=True,
        batch_first=True,
    ),
    example("multihead_attention", "three heads of queries to each of the keys", QUERY, num_heads=6, num_kv_heads=2),
    example(
        "multihead_attention",
        "one head of keys for all, and a learnt key",
        *[QUERY_FIRST, ("N", "H", 9)],
        num_heads=4,
        num_kv_heads=1,
        add_bias_kv=True,
        batch_first=True,
    ),
    example(
        "multihead_attention",
        "heads wider than the features, as in Qwen3",
        *[QUERY_FIRST],
        num_heads=4,
        num_kv_heads=2,
        head_dim=5,
        batch_first=True,
    ),
    example("multihead_attention", "heads narrower, a learnt key", QUERY, num_heads=4, head_dim=2, add_bias_kv=True),
    example(
        "multihead_attention", "a bias of each head", QUERY, ("N", 4, "L", 1), num_heads=4, attn_mask=True, bias=False
    ),
    example(
        "multihead_attention",
        "a number for each pair, appended keys, bounded scores, a window and sinks",
        *[QUERY_FIRST, KEY_FIRST, KEY_FIRST, ("L", "H")],
        num_heads=6,
        num_kv_heads=3,
        batch_first=True,
        attn_mask=True,
        add_zero_attn=True,
        need_weights=True,
        is_causal=True,
        softcap=2.0,
        window=4,
        sinks=True,
    ),
    example("multihead_attention", "dropout does nothing here", QUERY, num_heads=4, dropout=0.1),
]

POSITIONAL = [
    example("positional_encoding", "sines and cosines", ("L", "N", "F")),
    example("positional_encoding", "an even number of features, the batch first", ("N", "L", 12), batch_first=True),
    example("positional_encoding", "a row for each place", (9, "N", "F"), kind="learned", max_length=11),
    example(
        "positional_encoding",
        "as many steps as rows, stated features",
        ("N", 9, 6),
        kind="learned",
        max_length=9,
        embed_dim=6,
        batch_first=True,
    ),
    example("rotary_embedding", "queries in heads", ("N", "C", "L", 6)),
    example("rotary_embedding", "pairs of neighbours, without a batch", ("L", 12), interleaved=True),
    example("rotary_embedding", "slower turns", ("N", "L", 4), base=500000.0),
    example(
        "rotary_embedding",
        "some of the features, positions divided by a factor",
        ("N", "L", 8),
        rotary_dim=6,
        rope_type="linear",
        factor=4.0,
    ),
    example(
        "rotary_embedding",
        "a base that grows with the length",
        ("N", "L", 6),
        rope_type="dynamic",
        factor=2.0,
        original_max_position_embeddings=7,
    ),
    example(
        "rotary_embedding",
        "YaRN",
        ("N", "L", 16),
        rope_type="yarn",
        factor=4.0,
        truncate=False,
        original_max_position_embeddings=512,
        beta_fast=16,
        beta_slow=2,
        attention_factor=1.5,
    ),
    example(
        "rotary_embedding",
        "Llama 3",
        ("N", "L", 16),
        rope_type="llama3",
        factor=8.0,
        low_freq_factor=1,
        high_freq_factor=4,
        original_max_position_embeddings=256,
    ),
    example(
        "rotary_embedding",
        "a given angle for each pair, neighbours",
        ("N", "C", "L", 8),
        ("N", 1, "L", 3),
        ("L", 3),
        interleaved=True,
        rotary_dim=6,
    ),
    example("rotary_embedding", "a given cosine and sine for each feature", ("N", "C", "L", 6), ("L", 6), ("C", 1, 6)),
    example("relative_position_bias", "queries and keys of one sequence", ("N", "L", "F"), num_heads=3),
    example(
        "relative_position_bias",
        "keys before the query alone, few buckets",
        *[("N", "C", "L", "F"), ("N", "C", "H", "F")],
        num_heads=2,
        num_buckets=6,
        max_distance=9,
        bidirectional=False,
    ),
    example(
        "relative_position_bias", "a window of two axes", ("N", 12, "F"), num_heads=2, kind="swin", window_size=(3, 4)
    ),
    example("relative_position_bias", "a square window", ("N", 9, "F"), num_heads=2, kind="swin", window_size=3),
    example("relative_position_bias", "slopes, between powers of 2", ("L", "F"), ("H", "F"), num_heads=6, kind="alibi"),
    example("class_token", "before patches", ("N", "L", "F")),
    example("class_token", "stated features", ("N", "L", 6), embed_dim=6),
]

RMS = [
    example("rms_norm", "over the last axis", ("N", "L", "F")),
    example("rms_norm", "over two axes, another eps", ("N", 4, 6), normalized_shape=(4, 6), eps=0.01),
    example("rms_norm", "without a weight", ("N", 6), normalized_shape=6, elementwise_affine=False),
]

ATTENTION = [*DOT_PRODUCT, *MULTIHEAD, *POSITIONAL, *RMS]
