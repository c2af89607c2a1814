"""`decode:` as a file gives it."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.files.load import loads
from tests.support.rows import for_each

NET = """\
parameters: {longest: 9}
inputs: {text: {shape: [N, T], dtype: int64}, image: [N, S, 4]}
layers:
  - {embedding: {num_embeddings: 7, embedding_dim: 4}, name: vectors, from: text}
  - {lstm: {hidden_size: 4, batch_first: true}, name: lstm}
  - {gru: {hidden_size: 4, batch_first: true, bidirectional: true}, name: both}
  - {linear: 7, name: words}
"""


def test_a_loop_is_read_with_its_spans() -> None:
    decode = loads(NET + "decode: {token: text, scores: words, states: lstm, start: 1, end: 2, beam: 3}\n").decode
    assert decode is not None
    assert (decode.token, decode.scores, decode.states) == ("text", "words", ("lstm",))
    assert (decode.start, decode.end, decode.max_length, decode.beam) == (1, 2, 20, 3)
    assert {key: (span.line, span.column) for key, span in decode.spans.items()}["end"] == (8, 67)


def test_all_but_the_token_can_be_left_out() -> None:
    decode = loads(NET + "decode: {token: text}\n").decode
    assert decode is not None
    assert decode._replace(spans={}) == ("text", "words", (), 0, None, 20, 5, {})


def test_a_parameter_of_the_file_can_size_a_loop() -> None:
    decode = loads(NET + "decode: {token: text, max_length: $longest}\n").decode
    assert decode is not None
    assert decode.max_length == 9


@for_each(
    "written, code, said, at",
    [
        ("7", "SC202", "`decode` expects keys", "7"),
        ("{end: 2}", "SC108", "requires `token:`", "{end: 2}"),
        ("{token: 3}", "SC202", "expects the name of an input", "3"),
        ("{token: txt}", "SC104", "names `txt`, which is no input", "txt"),
        ("{token: image}", "SC206", "expects an input of int64, `image` is float32", "image"),
        ("{token: text, scores: word}", "SC104", "`decode.scores` names `word`", "word"),
        ("{token: text, scores: [words, lstm]}", "SC202", "the name of one step", "[words, lstm]"),
        ("{token: text, states: [words]}", "SC202", "`words` is a `linear`", "[words]"),
        ("{token: text, states: [both]}", "SC205", "`both` is bidirectional", "[both]"),
        ("{token: text, states: [lstm.h_n]}", "SC202", "`lstm.h_n` is none", "[lstm.h_n]"),
        ('{token: text, end: "2"}', "SC202", "`decode.end` expects a whole number", '"2"'),
        ("{token: text, beam: 0}", "SC201", "`decode.beam` expects 1 to", "0"),
        ("{token: text, start: -1}", "SC201", "`decode.start` expects 0 to", "-1"),
        ("{token: text, num_beams: 3}", "SC102", "unknown key `num_beams` in `decode`", "num_beams"),
    ],
)
def test_what_names_no_loop_is_refused_where_it_stands(written: str, code: str, said: str, at: str) -> None:
    text = f"{NET}decode: {written}\n"
    with pytest.raises(ShapecalcError) as refused:
        loads(text)
    (found,) = refused.value.diagnostics
    assert (found.code, said in found.message) == (code, True), found
    assert found.span is not None
    assert text.splitlines()[found.span.line - 1][found.span.column - 1 : found.span.end_column - 1] == at


def test_one_of_several_outputs_has_to_be_named() -> None:
    with pytest.raises(ShapecalcError, match="expects `scores:`, for 2 values leave"):
        loads(NET + "outputs: [words, lstm]\ndecode: {token: text}\n")
