"""Results that consist of the results of several rooms, in one line."""

from __future__ import annotations

import shapecalc


def test_a_decoding_says_how_wide_and_how_long_it_is() -> None:
    text = repr(shapecalc.decode("char-rnn", beam=2, length=3))
    assert text.startswith("<Decoding of char-rnn: beam 2, 3 steps, MACs ")
    assert text.endswith(">")
