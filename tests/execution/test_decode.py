"""A decoding that is run counts what is predicted."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shapecalc.costs.decoding import Loop, unroll
from shapecalc.diagnostics import ShapecalcError
from shapecalc.execution.budget import Budget
from shapecalc.execution.decode import decode
from shapecalc.files.load import load, loads
from tests.support.decoders import ATTENDING, NET, SMALL
from tests.support.volume import at_most

RECURRENT = """\
input: {{shape: {shape}, dtype: int64}}
layers:
  - embedding: {{num_embeddings: {vocabulary}, embedding_dim: 3}}
  - {{{kind}: {{hidden_size: 4, num_layers: 2, batch_first: {batch_first}}}, name: deep}}
  - {{gru: {{hidden_size: 3, batch_first: {batch_first}}}, name: shallow}}
  - linear: {vocabulary}
decode: {{token: input, states: [deep, shallow], {end}max_length: {length}, beam: {beam}}}
"""


@st.composite
def loops(draw: st.DrawFn) -> Loop:
    vocabulary = draw(st.integers(2, 13))
    end = draw(st.none() | st.integers(0, vocabulary - 1))
    batch_first = draw(st.booleans())
    text = draw(st.sampled_from((RECURRENT, ATTENDING))).format(
        vocabulary=vocabulary,
        length=draw(st.integers(1, 6)),
        beam=draw(st.integers(1, 20)),
        end="" if end is None else f"end: {end}, ",
        kind=draw(st.sampled_from(("rnn", "lstm", "gru"))),
        shape="[N, T]" if batch_first else "[T, N]",
        batch_first=str(batch_first).lower(),
        causal="true",
    )
    return unroll(loads(text), {})


@given(loops(), st.integers(0, 2**20))
@at_most(250)
def test_what_a_run_counts_is_what_is_predicted(loop: Loop, seed: int) -> None:
    found = decode(loop, seed=seed)
    assert [check for check in found.checks if not check.ok] == []
    assert found.rereads
    assert len(found.checks) == 2 + 7 * loop.decode.max_length


@pytest.mark.parametrize("name", SMALL)
def test_what_ships_decodes_as_predicted(name: str) -> None:
    found = decode(unroll(load(name, parameters=SMALL[name]), {}, beam=3, length=6))
    assert [check for check in found.checks if not check.ok] == []
    assert found.rereads


def test_a_prediction_that_is_wrong_is_found_by_a_run() -> None:
    loop = unroll(load("seq2seq-lstm", parameters=SMALL["seq2seq-lstm"]), {}, beam=2, length=3)
    steps = (loop.steps[0], loop.steps[1]._replace(macs=1), loop.steps[2])
    found = decode(loop._replace(steps=steps))
    assert [check.what for check in found.checks if not check.ok] == ["MACs at step 2"]
    assert not found.ok


def test_states_that_another_layer_lacks_show_when_the_sequence_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = NET + "  - {gru: {hidden_size: 7, batch_first: true}, name: gru}\ndecode: {token: input, states: [lstm]}\n"
    monkeypatch.setattr("shapecalc.layers.recurrent.Recurrent.looks_back", False)
    found = decode(unroll(loads(text), {}, length=4))
    assert all(check.ok for check in found.checks)
    assert not found.ok


def test_a_run_that_is_too_dear_is_refused_before_it_starts() -> None:
    with pytest.raises(ShapecalcError, match="the run needs 866") as refused:
        decode(unroll(load("gpt2-small"), {}), budget=Budget(memory=10**8))
    assert refused.value.diagnostics[0].code == "SC701"
    with pytest.raises(ShapecalcError, match="SC705"):
        decode(unroll(load("gpt2-small"), {}), budget=Budget(flops=10**9))
