"""`shapecalc decode`, as its readers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_the_documented_call_shows_states_and_totals(run: Run) -> None:
    out = run("decode", "char-rnn", "--beam", "5", "--length", "20").out
    assert "2 to 20  16.6 M  [2, 5, 512]  [2, 5, 512]  40,960\n" in out
    assert "= 65 + 19·5·65 = 6,240\n" in out
    assert "beam of 5        6,240       318 M           5\n" in out


def test_a_run_counts_what_is_predicted(run: Run) -> None:
    sizes = [f"--set={name}" for name in ("source_words=30", "target_words=20", "width=16")]
    ended = run("decode", "seq2seq-lstm", *sizes, "--length", "4", "--run", "--seed", "3")
    assert ended.code == 0
    assert "decoded with random weights: 30 figures counted, all as predicted" in ended.out


def test_a_network_that_looks_ahead_rates_a_whole_sequence_otherwise(run: Run) -> None:
    looking_ahead = """\
input: {shape: [N, T], dtype: int64}
layers:
  - embedding: {num_embeddings: 9, embedding_dim: 4}
  - positional_encoding: {batch_first: true}
  - multihead_attention: {num_heads: 2, batch_first: true}
  - linear: 9
decode: {token: input}
"""
    ended = run("decode", "-", "--run", stdin=looking_ahead)
    assert ended.code == 0
    assert "keys and values cannot be cached: not every query is masked from later positions" in ended.out
    assert ", but -" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("lenet5", "`LeNet-5` has no `decode:` section"),
        ("char-rnn --beam 0", "`--beam` expects 1 to 2147483647, receives 0"),
        ("char-rnn --length 100001", "`--length` expects 1 to 100000"),
        ("char-rnn --set N=2", "sizes what decoding counts itself: hypotheses"),
    ],
)
def test_what_cannot_be_decoded_is_a_usage_error(run: Run, arguments: str, said: str) -> None:
    ended = run("decode", *arguments.split())
    assert ended.code == 2
    assert said in ended.err
