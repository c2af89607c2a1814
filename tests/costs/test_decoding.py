"""Decoding loops: predictions against hand counts, against real runs, and loops that a network cannot run."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.calculators.beam_search import Problem, plan
from shapecalc.costs.decoding import Growth, unroll
from shapecalc.diagnostics import ShapecalcError
from shapecalc.execution.decode import decode
from shapecalc.files.load import load, loads
from tests.support.decoders import ATTENDING, HEAD, NET, SMALL


def test_the_zoo_names_a_loop_for_each_of_these() -> None:
    assert {name for name in shapecalc.files.zoo.names() if load(name).decode is not None} == set(SMALL)


def test_gpt2_costs_what_its_matrices_cost_by_hand() -> None:
    width, depth, words = 768, 12, 50_257
    loop = unroll(load("gpt2-small"), {})
    assert loop.growth == Growth(0, a=depth * 12 * width**2 + words * width, b=2 * depth * width)
    first, last = loop.steps[0], loop.steps[-1]
    assert last.macs == 5 * loop.growth.uncached(100)
    assert last.cached_macs == 5 * (loop.growth.a + 100 * loop.growth.b)
    assert last.cache_bytes == 4 * 5 * 100 * 2 * depth * width
    assert first.cached_macs == first.macs  # one symbol alone has nothing to find again


def test_grouped_queries_keep_fewer_keys() -> None:
    # 5 layers, 4 of 8 heads have keys, of 8 features each; keys and values.
    assert unroll(load("llama-260k"), {}, beam=1, length=3).steps[-1].cache_bytes == 4 * 3 * 5 * 2 * 4 * 8


def test_a_smaller_type_takes_fewer_bytes_of_states_and_caches() -> None:
    for dtype, (size, divisor) in {"float16": (2, 1), "int8": (1, 1), "int4": (1, 2)}.items():
        cached = unroll(load("llama-260k"), {}, beam=1, length=3, dtype=dtype).steps[-1].cache_bytes
        assert cached == size * 3 * 5 * 2 * 4 * 8 // divisor, dtype
        states = unroll(load("char-rnn"), {}, beam=2, length=3, dtype=dtype).steps[-1].state_bytes
        assert states == size * 2 * (2 * 2 * 512) // divisor, dtype


def test_what_the_decoder_looks_at_is_kept_once_for_all_hypotheses() -> None:
    loop = unroll(load("transformer-base"), {"S": 10}, beam=4, length=3)
    assert loop.growth is not None
    assert loop.growth.c == 6 * 2 * 10 * 512 * 512
    own, memory = 6 * 2 * 512, 6 * 2 * 512 * 10
    assert loop.steps[-1].cache_bytes == 4 * (4 * 3 * own + memory)


def test_an_encoder_runs_once() -> None:
    loop = unroll(load("seq2seq-lstm"), {"S": 7}, beam=2, length=3)
    assert loop.once == 7 * 4 * 4 * 1000 * 2000
    step = 4 * 4 * 1000 * 2000 + 1000 * 80_000
    assert [unrolled.macs for unrolled in loop.steps] == [step, 2 * step, 2 * step]
    assert loop.macs == loop.once + 5 * step
    assert loop.greedy == loop.once + 3 * step


def test_exhaustive_search_runs_every_prefix() -> None:
    loop = unroll(loads(ATTENDING.format(vocabulary=3, length=3, beam=2, end="", causal="true")), {})
    assert loop.growth is not None
    assert loop.exhaustive == sum(3 ** (at - 1) * loop.growth.uncached(at) for at in (1, 2, 3))
    assert loop.search == plan(Problem(3, 2, 3, end=False))


def test_a_query_that_looks_ahead_leaves_nothing_to_keep() -> None:
    loop = unroll(loads(ATTENDING.format(vocabulary=3, length=3, beam=2, end="", causal="false")), {})
    assert loop.cached_macs is None
    found = decode(loop)
    assert not found.rereads
    assert found.ok  # what is predicted is as counted; that later symbols are seen is the network's own


@pytest.mark.parametrize(
    ("text", "code", "said", "at"),
    [
        (NET + "decode: {token: input, start: 7}\n", "SC201", "`decode.start` expects one of 7 symbols", "7"),
        (NET + "decode: {token: input, end: 9}\n", "SC201", "from 0 to 6, receives 9", "9"),
        (NET + "decode: {token: input, scores: input}\n", "SC205", "does not depend on `input`", "input"),
        (
            NET + "  - {gru: {hidden_size: 7, batch_first: true}, name: gru}\ndecode: {token: input, states: [lstm]}\n",
            "SC205",
            "carries on without `gru`",
            "[lstm]",
        ),
        (NET.replace("[N, T]", "[N, 5]") + "decode: {token: input}\n", "SC305", "a batch and a length", "input"),
        (NET.replace("linear: 7", "linear: 9") + "decode: {token: input}\n", "SC301", "rates 9 symbols", "input"),
        (NET + "  - {flatten: , name: flat}\ndecode: {token: input}\n", "SC305", "[N, T, symbols], receives", "input"),
        (NET + "decode: {token: input, max_length: 200000}\n", "SC201", "expects 1 to 100000", "input"),
        (
            HEAD
            + "  - positional_encoding: {kind: learned, max_length: 9, batch_first: true}\n"
            + "  - linear: 7\ndecode: {token: input}\n",
            "SC302",
            "expects at most 9 steps, receives 20",
            "9",
        ),
    ],
)
def test_a_loop_that_the_network_cannot_run_is_refused(text: str, code: str, said: str, at: str) -> None:
    with pytest.raises(ShapecalcError) as refused:
        unroll(loads(text), {})
    (found,) = refused.value.diagnostics
    assert (found.code, said in found.message) == (code, True), found
    assert found.span is not None
    assert text.splitlines()[found.span.line - 1][found.span.column - 1 : found.span.end_column - 1] == at


@pytest.mark.parametrize(
    ("step", "help_text"),
    [
        ("{gru: {hidden_size: 7, batch_first: true}, name: other}", "add `other` to it"),
        ("{rotary_embedding: , name: other}", "leave `states:` out"),
        ("{positional_encoding: {batch_first: true}, name: other}", "leave `states:` out"),
        ("{multihead_attention: {num_heads: 1, batch_first: true}, name: other}", "leave `states:` out"),
    ],
    ids=["gru", "rotary_embedding", "positional_encoding", "multihead_attention"],
)
def test_states_are_refused_next_to_a_layer_that_looks_back_without_one(step: str, help_text: str) -> None:
    net = NET.replace("  - {linear", f"  - {step}\n  - {{linear")
    with pytest.raises(ShapecalcError, match="carries on without `other`") as refused:
        unroll(loads(net + "decode: {token: input, states: [lstm]}\n"), {})
    assert help_text in (refused.value.diagnostics[0].help or "")


def test_a_layer_that_does_not_look_back_needs_no_state() -> None:
    net = NET.replace("  - {linear", "  - layer_norm\n  - {linear")
    found = decode(unroll(loads(net + "decode: {token: input, states: [lstm]}\n"), {}, length=4))
    assert found.ok


@pytest.mark.parametrize("name", ["N", "T"])
def test_what_decoding_counts_itself_cannot_be_set(name: str) -> None:
    with pytest.raises(ShapecalcError, match="sizes what decoding counts itself") as refused:
        unroll(loads(NET + "decode: {token: input, states: lstm}\n"), {name: 3})
    assert refused.value.exit_code == 2
