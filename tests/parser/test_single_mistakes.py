"""One slip in a good file gives one diagnostic, under the very token, with the right word: measured over hundreds."""

from __future__ import annotations

import random
import string
from typing import NamedTuple

import pytest

from shapecalc import zoo
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.engine import inspect
from shapecalc.loading import loads_source
from shapecalc.parser.anatomy import STEP_KEYS
from shapecalc.parser.reader import Mapping, Node, Scalar, Sequence, read_text

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


class Mutant(NamedTuple):
    text: str
    token: str
    column: int
    line: int
    meant: str


def words_of(node: Node) -> list[Scalar]:
    """Layer words and field names, but for names of steps."""
    if isinstance(node, Sequence):
        return [word for item in node.items for word in words_of(item)]
    if isinstance(node, Mapping):
        inner = [word for key, value in node.entries if key.text not in STEP_KEYS for word in words_of(value)]
        return [*(key for key, _ in node.entries if key.text not in STEP_KEYS), *inner]
    return [node] if isinstance(node.value, str) and node.value.isidentifier() and len(node.value) > 3 else []


def mutants(count: int) -> list[Mutant]:
    rng = random.Random(20)
    texts = [MORE, SEQUENCES, *(path.read_text() for name in zoo.names() if (path := zoo.path(name)))]
    places = []
    for text in texts:
        layers = read_text(Source("net.yaml", text)).get("layers")  # type: ignore[union-attr]
        assert layers is not None
        places += [(text, word) for word in words_of(layers) if len(word.text) > 3]
    # Every word as often as any other, however often the zoo has it.
    by_word = {word.text: [place for place in places if place[1].text == word.text] for _, word in places}
    return [slip(rng, *rng.choice(by_word[rng.choice(sorted(by_word))])) for _ in range(count)]


def slip(rng: random.Random, text: str, word: Scalar) -> Mutant:
    old = word.text
    at = rng.randrange(len(old) - 1)
    new = rng.choice(
        [
            old[:at] + old[at + 1 :],
            old[:at] + rng.choice(string.ascii_lowercase) + old[at:],
            old[:at] + rng.choice(string.ascii_lowercase) + old[at + 1 :],
            old[:at] + old[at + 1] + old[at] + old[at + 2 :],
        ]
    )
    lines = text.split("\n")
    row, column = word.span.line - 1, word.span.column - 1
    lines[row] = lines[row][:column] + new + lines[row][column + len(old) :]
    return Mutant("\n".join(lines), new, word.span.column, word.span.line, old)


def findings(text: str) -> tuple[Diagnostic, ...]:
    try:
        inspect(loads_source(Source("net.yaml", text)))
    except ShapecalcError as error:
        return error.diagnostics
    return ()


@pytest.fixture(scope="module")
def measured() -> list[tuple[Mutant, tuple[Diagnostic, ...]]]:
    pairs = [(mutant, findings(mutant.text)) for mutant in mutants(600)]
    return [
        (mutant, found) for mutant, found in pairs if found
    ]  # some slips change nothing: `aa` swapped, `conv` → `conv`


def test_a_slip_is_one_diagnostic(measured) -> None:
    several = [(mutant.token, found) for mutant, found in measured if len(found) != 1]
    assert len(measured) > 500
    assert len(several) <= len(measured) // 50, several


def test_the_caret_stands_under_the_token(measured) -> None:
    for mutant, (first, *_) in measured:
        assert first.span is not None
        assert (first.span.line, first.span.column) == (mutant.line, mutant.column), (mutant.token, first)
        assert first.span.end_column - first.span.column == len(mutant.token)


def test_the_word_that_was_meant_is_offered(measured) -> None:
    missed = [(mutant.token, mutant.meant, first.help) for mutant, (first, *_) in measured if not right(mutant, first)]
    assert len(missed) <= len(measured) // 50, missed


def right(mutant: Mutant, finding: Diagnostic) -> bool:
    return finding.fix is not None and finding.fix.replacement == mutant.meant


def test_the_edit_that_is_offered_mends_the_file(measured) -> None:
    for mutant, (first, *_) in measured:
        if right(mutant, first):
            lines = mutant.text.split("\n")
            line = lines[mutant.line - 1]
            lines[mutant.line - 1] = (
                line[: mutant.column - 1] + mutant.meant + line[mutant.column - 1 + len(mutant.token) :]
            )
            assert findings("\n".join(lines)) == ()
