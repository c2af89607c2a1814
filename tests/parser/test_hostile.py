"""A file that uses everything, broken in thousands of ways: it is read or refused, and every place lies in its text."""

from __future__ import annotations

import random
import re
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from fuzz.load import lies_inside, spans_of
from fuzz.mutation import with_a_line_moved
from shapecalc.checking.diagnose import diagnose
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.diagnostics.limits import Limits
from shapecalc.files.load import loads, loads_source
from shapecalc.shape_inference.engine import infer
from tests.support.volume import NIGHTLY, volume

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapecalc.architecture import Architecture

COMMON = """\
# What the file includes.
blocks:
  scaled:
    parameters: [width, activation: relu]
    layers:
      - linear: "${2 * width}"
      - $activation
      - linear: $width
"""

EVERYTHING = """\
name: everything
source: nowhere
include: common.yaml
inputs:
  image: [N, 8, H, 16]
  words: {shape: [N, T], dtype: int64}
sizes: {H: 16, T: 7}
blocks:
  basic:
    parameters: [channels, stride: 1, kernel: [3, 3], half: "${channels // 2}", act: relu]
    inputs: [x, skip]
    layers:
      - {conv: {out_channels: $half, kernel_size: $kernel, stride: $stride, padding: 1}, from: x}
      - $act
      - {conv: {out_channels: $channels, kernel_size: 1, bias: false}, name: wide}
      - {add: , from: [wide, skip], expect: {output: [N, 8, 16, 16]}}
  twice:
    parameters: [channels]
    layers:
      - {basic: {channels: $channels}, from: [input, input]}
      - {basic: {channels: $channels, act: tanh}, from: [basic_0, input], repeat: "${channels // 4}"}
layers:
  - {conv: {out_channels: 8, kernel_size: 3, padding: same}, from: image, name: stem}
  - {twice: 8, name: body}
  - {twice: 8, share: body, name: again}
  - {relu: , repeat: 3}
  - add:
      main:
        - {conv: {out_channels: 8, kernel_size: [3, 3], padding: 1}, name: inner}
        - concat:
            dim: 1
            left: []
            right:
              - {conv: {out_channels: 4, kernel_size: 1}, from: inner}
        - conv: {out_channels: 8, kernel_size: 1}
      shortcut: []
    name: merged
    repeat: 2
  - {max_pool: 2, name: small}
  - {flatten: , name: flat}
  - {linear: 10, name: logits}
  - {embedding: {num_embeddings: 50, embedding_dim: 6}, from: words, name: table}
  - {lstm: {hidden_size: 6, num_layers: 2, batch_first: true}, name: encoder, from: [table]}
  - {share: table, from: words, name: same}
  - {scaled: {width: 6, activation: tanh}, from: encoder, repeat: 2}
  - {scaled: 6, name: tail}
outputs: {logits: logits, state: encoder.h_n, words: tail, twice: same}
expect: {output: [N, 10]}
"""

TOKEN = re.compile(r"\s+|[A-Za-z_][A-Za-z0-9_]*|\d+|//|.", re.DOTALL)
NAMES = [
    *("from", "share", "repeat", "name", "expect", "blocks", "layers", "inputs", "parameters", "include", "outputs"),
    *(
        "add",
        "concat",
        "lstm",
        "relu",
        "embedding",
        "linear",
        "conv",
        "max_pool",
        "flatten",
        "select",
        "basic",
        "twice",
    ),
    *(
        "input",
        "image",
        "words",
        "body",
        "body.0",
        "encoder.h_n",
        "encoder.9",
        "merged.main",
        "merged.0.inner",
        "scaled",
    ),
    *("$channels", "$x", "$", "null", "true", "-1", "0", "1", "2", "7", "1e9", "99999999999999999999", "400", "100001"),
    *("1.5", "[]", "{}", '""', "[1, 2]", "[stem, body]", "{a: 1}", "common.yaml", "..", "/", "é", "a b", "'$act'"),
    *(
        '"${channels // 0}"',
        '"${channels / 2}"',
        '"${"',
        '"${act + 1}"',
        '"${half * half}"',
        '"${(1}"',
        '"$channels $x"',
    ),
]
"""What may stand where a word or a number stood, so that most of what comes out is YAML still."""

SIGNS = [
    *('"', "'", "$", "*a", "&a ", "!!int ", "<<: ", "[", "]", "{", "}", ":", ": ", "- ", "\n", "\n  - ", "  ", "\t"),
    *("#", ",", "/", "\N{ZERO WIDTH SPACE}", "\0"),
]


def mutants(count: int) -> Iterator[str]:
    rng = random.Random(104)
    for _ in range(count):
        text = EVERYTHING
        for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
            text = broken_signs(rng, text) if rng.random() < 0.15 else broken_words(rng, text)
        yield text


def broken_words(rng: random.Random, text: str) -> str:
    """Return a text with another word, number or order of lines."""
    if rng.random() < 0.5:
        return with_a_line_moved(text, rng)
    tokens = TOKEN.findall(text)
    words = [at for at, token in enumerate(tokens) if token[0].isalnum() or token[0] == "_"]
    tokens[rng.choice(words)] = tokens[rng.choice(words)] if rng.random() < 1 / 3 else rng.choice(NAMES)
    return "".join(tokens)


def broken_signs(rng: random.Random, text: str) -> str:
    """Return a text with a token more or less, which is seldom YAML."""
    tokens = TOKEN.findall(text)
    at = rng.randrange(len(tokens))
    if rng.random() < 0.3:
        del tokens[at]
    else:
        tokens.insert(at, rng.choice(SIGNS))
    return "".join(tokens)


def read(text: str, folder: Path) -> tuple[Architecture | None, tuple[Diagnostic, ...], Source]:
    source = Source("net.yaml", text)
    try:
        architecture = loads_source(source, Limits(layers=300), folder)
    except ShapecalcError as error:
        return None, error.diagnostics, error.source or source
    assert architecture.file is not None
    report, findings = infer(architecture)
    if report is not None:
        assert [row["path"] for row in report.to_dict()["layers"]] == [step.path for step in architecture.layers]
        findings = diagnose(report)
    return architecture, findings, architecture.file


def test_the_file_that_is_broken_is_whole(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text(COMMON)
    architecture, findings, _ = read(EVERYTHING, tmp_path)
    assert architecture is not None
    assert findings == ()


@volume
@pytest.mark.parametrize("part", range(8))
def test_whatever_is_done_to_a_file_it_is_read_or_refused_with_places_in_its_text(part: int, tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text(COMMON)
    for text in islice(mutants(2000 if NIGHTLY else 400), part, None, 8):
        architecture, findings, source = read(text, tmp_path)
        assert architecture is not None or findings, text
        for finding in findings:
            for span in spans_of(finding):
                lies_inside(span, source)


def test_a_mapping_over_lines_whose_only_key_is_refused_is_told_where_it_stands() -> None:
    """Found by a mutant: nothing is left in it to point at."""
    head = "blocks: {b: {parameters: [a], layers: [relu]}}\ninput: [N, 8]\n"
    text = f"{head}layers:\n  - b: {{a: {{\n      ? [x]\n      : 1}}}}\n"
    with pytest.raises(ShapecalcError) as caught:
        loads(text)
    assert {(finding.code, finding.span.line) for finding in caught.value.diagnostics} == {("SC202", 4), ("SC023", 5)}
