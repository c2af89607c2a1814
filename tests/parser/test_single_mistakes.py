"""One slip in a good file gives one diagnostic, under the very token, with the right word: measured over hundreds."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from shapecalc.files import zoo
from shapecalc.parser.positions import offsets_of
from tests.support.mistakes import Anatomy, Mutant, findings, misspelt, mutant
from tests.support.volume import NIGHTLY, volume

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic
    from shapecalc.parser.tree import Scalar

pytestmark = volume

MORE = """\
input: [N, 8, 32, 32]
layers:
  - conv: {out_channels: 16, kernel_size: 3, stride: 2, padding: 1, dilation: 1, groups: 4, bias: false}
  - {batch_norm: {affine: true, momentum: 0.1}, name: normal}
  - leaky_relu: {negative_slope: 0.2}
  - conv_transpose: {out_channels: 4, kernel_size: 4, stride: 2, output_padding: 1}
  - upsample: {scale_factor: 2, mode: nearest}
  - group_norm: {num_groups: 2}
  - adaptive_avg_pool: {output_size: 4}
  - flatten: {start_dim: 1}
  - dropout: {p: 0.1}
  - linear: {out_features: 10, bias: false}
  - log_softmax: {dim: 1}
"""

SEQUENCES = """\
input: {shape: [N, T], dtype: int64}
layers:
  - {embedding: {num_embeddings: 50, embedding_dim: 8, padding_idx: 0}, name: words}
  - {lstm: {hidden_size: 6, num_layers: 2, dropout: 0.1, bidirectional: true, proj_size: 3}, name: encoder}
  - gru: {hidden_size: 5, input_size: 6, batch_first: true}
  - {rnn: {hidden_size: 6, nonlinearity: relu}, from: [words]}
  - {select: {dim: 1, index: 0}, from: encoder.h_n}
  - mean: {dim: -1, keepdim: true}
"""


def mutants(count: int) -> list[Mutant]:
    rng = random.Random(20)
    texts = [MORE, SEQUENCES, *(path.read_text() for name in zoo.names() if (path := zoo.path(name)))]
    places = [(file, word) for text in texts for file in [Anatomy(text, rng)] for word in words_of(file)]
    # Every word as often as any other, however often the zoo has it.
    by_word = {word.text: [place for place in places if place[1].text == word.text] for _, word in places}
    chosen = [rng.choice(by_word[rng.choice(sorted(by_word))]) for _ in range(count)]
    return [mutant(file.text, misspelt(file, word, "a word misspelt", "SC10")) for file, word in chosen]


def words_of(file: Anatomy) -> list[Scalar]:
    """Words of layers and blocks, and the names of what stands under them."""
    words = [word for step in file.steps for word in (step.word, *(key for key, _ in step.fields))]
    return [word for word in words if len(word.text) > 3]


@pytest.fixture(scope="module")
def measured() -> list[tuple[Mutant, tuple[Diagnostic, ...]]]:
    return [(slipped, findings(slipped.text)) for slipped in mutants(600 if NIGHTLY else 200)]


def test_a_slip_is_one_diagnostic(measured) -> None:
    several = [(slipped.slips[0].token, found) for slipped, found in measured if len(found) != 1]
    assert len(several) <= len(measured) // 50, several


def test_the_caret_stands_under_the_token(measured) -> None:
    for slipped, (first, *_) in measured:
        assert first.span == slipped.spans[0], (slipped.slips[0].token, first)


def test_the_word_that_was_meant_is_offered(measured) -> None:
    missed = [(slipped.slips[0], first.help) for slipped, (first, *_) in measured if not right(slipped, first)]
    assert len(missed) <= len(measured) // 50, missed


def right(slipped: Mutant, finding: Diagnostic) -> bool:
    return finding.fix is not None and finding.fix.replacement == slipped.slips[0].meant


def test_the_edit_that_is_offered_mends_the_file(measured) -> None:
    for slipped, (first, *_) in measured:
        if right(slipped, first):
            start, end = offsets_of(slipped.text, slipped.spans[0])
            assert findings(slipped.text[:start] + slipped.slips[0].meant + slipped.text[end:]) == ()
