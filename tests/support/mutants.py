"""Architecture files with one thing wrong in them, or nothing: what the JSON Schema and the parser are held against."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Source
from shapecalc.files import zoo
from shapecalc.layers import layer_type, layer_types
from shapecalc.parser.expect import EXPECT_KEYS
from shapecalc.parser.grammar import FILE_KEYS
from shapecalc.parser.reader import read_text
from shapecalc.parser.step_keys import STEP_KEYS
from shapecalc.parser.tree import plain
from tests.support.examples.all import EXAMPLES

if TYPE_CHECKING:
    import random

WIDE = """\
name: every key
source: nowhere
parameters: {width: 8, act: relu, sizes: [3, 3], deep: true}
inputs:
  image: [N, 3, H, W]
  tokens: {shape: [N, T], dtype: int64}
sizes: {H: 16, W: 16, T: 5}
where: ["H >= 8", "W % 2 == 0"]
blocks:
  twice:
    parameters: [channels, stride: 1]
    inputs: [x]
    layers:
      - {conv: {out_channels: $channels, kernel_size: 3, padding: same, stride: $stride}, from: x, name: linear_part}
      - {relu: , name: active}
    outputs: {active: active, before: linear_part}
layers:
  - {conv: {out_channels: $width, kernel_size: $sizes, padding: [[1, 1], [0, 2]]}, name: first, from: image}
  - $act
  - {twice: {channels: "${2 * width}"}, name: second, repeat: 1}
  - {twice: 16, name: third, share: second, repeat: 1}
  - {relu: {}, name: left, expect: {params: 0, macs: "<= 5M", output: [N, 16, A, B]}}
  - add:
      straight: []
      around: [{conv: {out_channels: 16, kernel_size: 1}}, batch_norm]
    name: sum
  - {gelu: tanh, repeat: 2}
  - {conv: {out_channels: 16, kernel_size: $k, padding: "${k // 2}"}, repeat: {k: $sizes, run: 2}, when: $deep}
  - add: {same: [], around: {when: "${width > 4}", layers: [{twice: $c, repeat: {c: [8, 16]}}]}}
  - {adaptive_avg_pool: [null, 2], name: pooled}
  - {embedding: {num_embeddings: 9, embedding_dim: 4}, from: tokens, name: words}
outputs: {pooled: pooled, words: words, before: second.0.before}
expect: {outputs: {words: [N, T, 4]}, memory: ">= 1 KiB", params: "10 .. 20K"}
"""
"""A file with every key there is."""

STRICT = """\
input: {shape: [N, 3, 16, 16]}
layers:
  - {conv: {out_channels: 8, kernel_size: [3, 1], padding: [1, 0], bias: false}, name: first}
  - max_pool: 2
  - {concat: {dim: 1, a: [relu], b: [{avg_pool: {kernel_size: 3, stride: 1, padding: 1}}]}, name: both}
  - {share: first, from: input, name: again}
  - {dropout: 0.5, repeat: 2, from: both}
  - {max_pool: {kernel_size: 2, padding: same}}
  - global_avg_pool
outputs: [both, again]
expect: {output: [N, 16, 8, 8], params: 80 ± 2%}
"""
"""A file without blocks, where every word must be a layer."""

VALUES: tuple[Any, ...] = (
    *(True, False, None, "word", "", "64", 3.5, -1, 0, 7, 2**40),
    *([], {}, [1, 2], [[1, 2]], [[1, 2, 3]], {"a": 1}, ["x"], [None], [{}]),
)
WORDS = (*FILE_KEYS, *STEP_KEYS, *EXPECT_KEYS, "colour", "kernel_size", "relu", "conv", "decode", "3x3", "a b", "")


def read(text: str) -> Any:
    """Return a text as plain data, scalars resolved as the parser resolves them."""
    return listed(plain(read_text(Source("net.yaml", text))))


def listed(value: Any) -> Any:
    """Return a value with lists for tuples, as JSON has them."""
    if isinstance(value, tuple | list):
        return [listed(item) for item in value]
    return {key: listed(item) for key, item in value.items()} if isinstance(value, dict) else value


def originals() -> list[dict[str, Any]]:
    """Return every architecture that ships, a file for every example of a layer, and two of every key."""
    shipped = [read(path.read_text("utf-8")) for path in map(zoo.path, zoo.names()) if isinstance(path, Path)]
    files = [read(WIDE), read(STRICT)] * 20
    for example in EXAMPLES:
        cls = layer_type(example.type)
        reads = {} if cls is not None and cls.is_tensor else {"from": "a"}
        steps = [{"relu": {}, "name": "a"}, {example.type: listed(dict(example.fields)), **reads}]
        files.append({"input": ["N"], "layers": steps})
    return shipped + files


def mutated(original: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return a copy with one change somewhere."""
    data = copy.deepcopy(original)
    holder, key = chance.choice(list(_places(data)))
    if isinstance(holder, dict):
        chance.choice((_renamed, _removed, _extended, _replaced, _replaced, _wrapped))(holder, key, chance)
    else:
        chance.choice((_removed, _doubled, _replaced, _replaced, _wrapped))(holder, key, chance)
    return data


def _places(value: Any):
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield value, key
        yield from _places(inner)


def _renamed(holder: dict[str, Any], key: str, chance: random.Random) -> None:
    at = chance.randrange(len(key)) if key else 0
    other = chance.choice((key[:at] + key[at + 1 :], key + "s", key.upper(), key[:at] + "x" + key[at:]))
    entries = [(chance.choice((other, other, chance.choice(WORDS))) if k == key else k, v) for k, v in holder.items()]
    holder.clear()
    holder.update(entries)


def _removed(holder: Any, key: Any, _: random.Random) -> None:
    del holder[key]


def _extended(holder: dict[str, Any], key: str, chance: random.Random) -> None:
    word = chance.choice((*WORDS, *layer_types()))
    holder.setdefault(word, copy.deepcopy(chance.choice((*VALUES, holder[key]))))


def _replaced(holder: Any, key: Any, chance: random.Random) -> None:
    holder[key] = copy.deepcopy(chance.choice(VALUES))


def _wrapped(holder: Any, key: Any, chance: random.Random) -> None:
    value = holder[key]
    holder[key] = value[0] if isinstance(value, list) and value and chance.random() < 0.5 else [value]


def _doubled(holder: list[Any], key: int, _: random.Random) -> None:
    holder.insert(key, copy.deepcopy(holder[key]))
