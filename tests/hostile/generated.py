"""Hostile files that are too large or too odd to be committed: their names, and how each is written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
MIB = 1 << 20
NET = "input: [N, 8]\nlayers: [relu]\n"


def _nested(opening: str, closing: str, depth: int) -> str:
    """Return a network whose `expect:` nests so deep, the file's own mapping included."""
    return f"{NET}expect: {opening * (depth - 1)}1{closing * (depth - 1)}\n"


def _below_each_other(depth: int) -> str:
    return "".join(f"{' ' * level}a:\n" for level in range(depth))


def _input(dims: str) -> str:
    return f"input: [N, {dims}]\nlayers: [relu]\n"


def _layers(*steps: str) -> str:
    return "input: [N, 8]\nlayers:\n" + "".join(f"  - {step}\n" for step in steps)


def _linear(text: str) -> str:
    return _layers(f"linear: {text}")


def _blocks(*lines: str, call: str) -> str:
    return "input: [N, 8]\nblocks:\n" + "".join(f"  {line}\n" for line in lines) + f"layers: [{call}]\n"


def _filled(start: str, unit: str, size: int = MIB) -> str:
    """Return a text of almost `size` bytes that repeats `unit`."""
    return start + unit * ((size - len(start.encode())) // len(unit.encode()))


def _inputs(count: int) -> str:
    return "inputs:\n" + "".join(f"  i{at}: [N, 8]\n" for at in range(count)) + "layers: [{relu: , from: i0}]\n"


def chain(count: int) -> str:
    """Return blocks each of which calls the next."""
    calls = (f"b{number}: {{layers: [b{number + 1}]}}" for number in range(count))
    return _blocks(*calls, f"b{count}: {{layers: [relu]}}", call="b0")


def _with_outputs(count: int) -> str:
    """Return a block with so many outputs."""
    return f"b: {{layers: [{{relu: , name: r}}], outputs: {{{', '.join(f'o{number}: r' for number in range(count))}}}}}"


def branched_chain(blocks: int, branches: int) -> str:
    """Return blocks each of which calls the next from within so many branches."""

    def within(count: int, call: str) -> str:
        return call if not count else f"{{add: {{a: [{within(count - 1, call)}], b: []}}}}"

    calls = (f"b{number}: {{layers: [{within(branches, f'b{number + 1}')}]}}" for number in range(blocks))
    return _blocks(*calls, f"b{blocks}: {{layers: [relu]}}", call="b0")


DOWN = "{conv: {out_channels: 4, kernel_size: 3, stride: 3, padding: 1}}"
UP = "{conv_transpose: {out_channels: 4, kernel_size: 3, stride: 4}}"
SUM_OF_MANY = "${" + "n+" * 32_000 + "n}"
SYMBOLS = [f"{letter}{number}" for letter in "ABCDEFGH" for number in range(3)]

TEXTS: Mapping[str, Callable[[], str]] = {
    "alias/of-1000": lambda: _layers("&r relu", *["*r"] * 1000),
    "alias/of-1001": lambda: _layers("&r relu", *["*r"] * 1001),
    "alias/of-20000": lambda: f"name: &a x\ninput: [N, 8]\nlayers: [{'*a, ' * 20_000}]\n",
    "alias/of-nothing-20000-times": lambda: f"input: [N, 8]\nlayers: [{'*a, ' * 20_000}]\n",
    "alias/with-a-long-name": lambda: f"name: &{'a' * 60_000} x\ninput: [N, 8]\nlayers: [*{'b' * 60_000}]\n",
    "anchor/of-20000": lambda: f"{NET}source: [{''.join(f'&a{number} x, ' for number in range(20_000))}]\n",
    "merge/of-1001-empty-mappings": lambda: f"e: &e {{}}\n<<: [{'*e, ' * 1001}]\n{NET}",
    "merge/20000-times": lambda: NET + "<<: {}\n" * 20_000,
    "depth/of-64": lambda: _nested("[", "]", 64),
    "depth/of-65": lambda: _nested("[", "]", 65),
    "depth/of-25000-lists": lambda: "[" * 25_000,
    "depth/of-25000-closed-lists": lambda: "[" * 25_000 + "]" * 25_000,
    "depth/of-a-million-lists": lambda: "[" * MIB,
    "depth/of-25000-mappings": lambda: "{a: " * 25_000,
    "depth/of-a-mebibyte-of-mappings": lambda: _filled("", "{a: "),
    "depth/of-lists-in-mappings": lambda: "[{a: " * 10_000,
    "depth/of-1000-dashes": lambda: "- " * 1000 + "x\n",
    "depth/of-a-mebibyte-of-dashes": lambda: _filled("", "- "),
    "depth/of-1000-lines": lambda: _below_each_other(1000),
    "depth/of-explicit-keys-on-a-mebibyte": lambda: _filled("", "? "),
    "depth/of-1000-explicit-keys-in-brackets": lambda: "[? " * 1000,
    "depth/of-dashes-and-keys": lambda: "- a: " * 200_000,
    "depth/of-tagged-lists": lambda: "!!seq [" * 10_000,
    "depth/of-anchored-lists": lambda: "".join(f"&a{number} [" for number in range(10_000)),
    "nodes/of-a-list": lambda: f"{NET}name: [{'1,' * 100_001}]\n",
    "nodes/of-lines": lambda: _filled(f"{NET}source:\n", "- a\n"),
    "nodes/of-empty-lists": lambda: _filled(f"{NET}source:\n", "- []\n"),
    "nodes/of-keys": lambda: NET + "".join(f"k{number}: 1\n" for number in range(60_000)),
    "nodes/of-quotes": lambda: _filled(f"{NET}source: [", "'',"),
    "nodes/of-empty-pairs": lambda: _filled(f"{NET}source: [", "a: ,"),
    "nodes/of-unknown-steps": lambda: f"input: [N, 8]\nlayers: [{'x,' * 90_000}]\n",
    "scalars/of-65536": lambda: f"{NET}source: {'a' * 65_536}\n",
    "scalars/of-65537": lambda: f"{NET}source: {'a' * 65_537}\n",
    "scalars/in-double-quotes": lambda: f'{NET}source: "{"a" * 100_000}"\n',
    "scalars/in-single-quotes": lambda: f"{NET}source: '{chr(39) * 200_000}'\n",
    "scalars/of-escapes": lambda: NET + 'source: "' + "\\x41" * 100_000 + '"\n',
    "scalars/folded": lambda: f"{NET}source: >\n" + "  a\n" * 100_000,
    "scalars/literal": lambda: f"{NET}source: |\n" + "  a\n" * 100_000,
    "scalars/plain-over-lines": lambda: f"{NET}source: a\n" + "  a\n" * 100_000,
    "scalars/of-a-mebibyte": lambda: _filled(f"{NET}source: ", "a"),
    "scalars/of-wide-letters": lambda: _filled(f"{NET}source: ", "\u6f22"),
    "scalars/key-in-quotes": lambda: f'{NET}"{"a" * 1000}": 1\n',
    "scalars/long-key": lambda: f"{NET}{'a' * 2000}: 1\n",
    "scalars/long-key-in-quotes": lambda: f'{NET}"{"a" * 100_000}": 1\n',
    "scalars/long-explicit-key": lambda: f"{NET}? {'a' * 100_000}\n: 1\n",
    "scalars/comment": lambda: _filled(f"{NET}# ", "a"),
    "scalars/comments": lambda: _filled(NET, "#\n"),
    "scalars/blank-lines": lambda: _filled(NET, "\n"),
    "scalars/spaces": lambda: _filled(NET, " "),
    "scalars/quotes-not-closed": lambda: _filled(f'{NET}source: "', "a "),
    "scalars/words-of-a-mebibyte": lambda: _filled(f"{NET}source: ", "a "),
    "scalars/colons-of-a-mebibyte": lambda: _filled(f"{NET}source: ", "a: "),
    "scalars/lines-without-colons": lambda: _filled(NET, "a\n"),
    "integers/of-4301-digits": lambda: _linear("9" * 4301),
    "integers/of-60000-digits": lambda: _linear("9" * 60_000),
    "integers/of-a-million-digits": lambda: _linear("9" * 1_000_000),
    "integers/of-60000-hexadecimal-digits": lambda: _linear("0x" + "f" * 60_000),
    "integers/of-a-million-hexadecimal-digits": lambda: _linear("0x" + "f" * 1_000_000),
    "integers/of-60000-zeros": lambda: _linear("0" * 60_000),
    "integers/of-60000-octal-digits": lambda: _linear("0o" + "7" * 60_000),
    "integers/of-60000-binary-digits": lambda: _linear("0b" + "1" * 60_000),
    "integers/of-60000-underscores": lambda: _linear("1" + "_" * 60_000),
    "integers/of-20000-sexagesimal-places": lambda: _linear("1" + ":10" * 20_000),
    "integers/of-a-hundred-thousand-sexagesimal-places": lambda: _linear("1" + ":10" * 100_000),
    "integers/almost-sexagesimal": lambda: _linear("1" + ":10" * 20_000 + "x"),
    "integers/almost-underscored": lambda: _linear("1_" * 30_000 + "x"),
    "floats/of-60000-digits": lambda: _layers(f"leaky_relu: {'9' * 60_000}.0"),
    "floats/of-60000-decimals": lambda: _layers(f"leaky_relu: 0.{'3' * 60_000}"),
    "floats/of-60000-digits-in-the-exponent": lambda: _layers(f"leaky_relu: 1e{'9' * 60_000}"),
    "floats/sexagesimal-of-60000-digits": lambda: _layers(f"leaky_relu: 1{':10' * 20_000}.5"),
    "duplicates/of-20000": lambda: NET + "name: a\n" * 20_000,
    "duplicates/of-20000-in-braces": lambda: f"{NET}sizes: {{{'N: 1, ' * 20_000}}}\n",
    "keys/of-10000-characters-in-a-step": lambda: _layers("{relu: , " + '"' + "x" * 900 + '": 1}'),
    "keys/of-20000-unknown-words": lambda: NET + "".join(f"naem{number}: 1\n" for number in range(20_000)),
    "tags/of-60000-characters": lambda: f"{NET}name: !{'a' * 60_000} x\n",
    "tags/of-20000": lambda: f"{NET}source: [{'!a x, ' * 20_000}]\n",
    "tabs/of-a-mebibyte": lambda: _filled(NET, "\t"),
    "tabs/in-brackets-20000-times": lambda: f"{NET}source: [" + "a,\t" * 20_000 + "]\n",
    "documents/of-20000-marks": lambda: "---\n" * 20_000,
    "documents/of-20000-ends": lambda: NET + "...\n" * 20_000,
    "directives/of-20000": lambda: "%FOO bar\n" * 20_000 + "---\n" + NET,
    "directives/of-a-mebibyte": lambda: _filled("%", "a"),
    "layers/of-30000-steps": lambda: f"input: [N, 8]\nlayers: [{'relu,' * 30_000}]\n",
    "layers/of-60000-lines": lambda: _layers(*["relu"] * 60_000),
    "outputs/many": lambda: _blocks(_with_outputs(3000), call="b"),
    "outputs/in-many-runs": lambda: _blocks(_with_outputs(3000), call="{b: , repeat: 100000}"),
    "repeat/of-20000-values": lambda: _layers(f"{{linear: $c, repeat: {{c: [{'8, ' * 20_000}]}}}}"),
    "repeat/of-20000-other-values": lambda: _layers(
        f"{{linear: $c, repeat: {{c: [{', '.join(map(str, range(1, 20_001)))}]}}}}"
    ),
    "repeat/of-3000-names": lambda: _layers(
        f"{{relu: , repeat: {{{', '.join(f'n{number}: [1, 2]' for number in range(3000))}}}}}"
    ),
    "share/of-3000-tensors": lambda: _layers(
        "{linear: 8, name: a}",
        f"{{linear: 8, share: {{{', '.join(f'w{number}: a.weight' for number in range(3000))}}}}}",
    ),
    "take/of-60000-places": lambda: _layers(f"take: {{dim: 1, index: [{'1, ' * 60_000}]}}"),
    "tensors/of-5000-values": lambda: _layers(f"constant: {{values: [{'1, ' * 5000}]}}", "relu"),
    "when/of-3000-operands": lambda: _layers(f'{{relu: , when: "${{{"1 + " * 3000}1 > 3}}"}}'),
    "recursion/chain-of-32-blocks": lambda: chain(32),
    "recursion/chain-of-64-blocks": lambda: chain(64),
    "symbols/strides-down-and-up": lambda: (
        "input: [N, 4, H]\nlayers:\n" + "".join(f"- {step}\n" for step in (DOWN, "pad: [1, 1]", UP)) * 100
    ),
    "recursion/chain-of-branched-blocks": lambda: branched_chain(60, 3),
    "recursion/chain-of-much-branched-blocks": lambda: branched_chain(60, 12),
    "recursion/chain-of-few-branched-blocks": lambda: branched_chain(15, 3),
    "recursion/chain-of-1000-blocks": lambda: chain(1000),
    "recursion/chain-of-10000-blocks": lambda: chain(10_000),
    "expressions/sum-of-32000": lambda: f"parameters: {{n: 1}}\n{_linear(SUM_OF_MANY)}",
    "expressions/of-30000-brackets": lambda: (
        f"parameters: {{n: 1}}\n{_linear(chr(34) + '${' + '(' * 30_000 + 'n}' + chr(34))}"
    ),
    "expressions/of-60000-blanks": lambda: (
        f"parameters: {{n: 1}}\n{_linear(chr(34) + '${' + ' ' * 60_000 + 'n}' + chr(34))}"
    ),
    "expressions/20000-times": lambda: f"parameters: {{n: 8}}\ninput: [N, 8]\nlayers: [{'linear: $n, ' * 20_000}]\n",
    "expressions/20000-that-fail": lambda: (
        f"parameters: {{n: 8}}\ninput: [N, 8]\nlayers: [{'linear: $m, ' * 20_000}]\n"
    ),
    "rank/of-1000": lambda: _input(", ".join(["1"] * 1000)),
    "rank/of-60000": lambda: _input(", ".join(["1"] * 60_000)),
    "rank/of-1000-symbols": lambda: _input(", ".join(f"S{number}" for number in range(1000))),
    "dims/named-by-60000-letters": lambda: _input("H" * 60_000),
    "symbols/product-of-24-sums": lambda: (
        f"input: [N, 4, {', '.join(SYMBOLS)}]\nlayers:\n"
        f"  - pad: [{', '.join(['1', '1'] * len(SYMBOLS))}]\n  - flatten\n"
    ),
    "symbols/of-20000-conditions": lambda: f"{_input('H')}where: [{', '.join(['H > 1'] * 20_000)}]\n",
    "symbols/of-1000-residues": lambda: (
        f"{_input('H')}where:\n" + "".join(f"  - 'H % {number} == 0'\n" for number in range(2, 1002))
    ),
    "where/of-500-characters": lambda: f"{_input('H')}where: {'H*' * 240}H > 1\n",
    "where/of-60000-characters": lambda: f"{_input('H')}where: {'H+' * 30_000}H > 1\n",
    "where/of-nested-floors": lambda: f"{_input('H')}where: {'(' * 40}H{' + 1)//2' * 40} > 1\n",
    "where/of-a-power": lambda: f"{_input('H')}where: (H + 1)**200 > 1\n",
    "where/of-a-huge-power": lambda: f"{_input('H')}where: 9**999999999 > H\n",
    "names/of-10000-characters": lambda: f'{NET}name: "{"[/x]" * 2500}"\n',
    "names/step-of-129-characters": lambda: _layers(f"{{relu: , name: {'a' * 129}}}"),
    "names/step-of-128-characters": lambda: _layers(f"{{relu: , name: {'a' * 128}}}"),
    "names/step-of-60000-characters": lambda: _layers(f"{{relu: , name: {'a' * 60_000}}}"),
    "names/layer-of-60000-characters": lambda: _layers(f'"{"a" * 60_000}"'),
    "names/of-60000-dots": lambda: _layers("relu", f"{{relu: , from: {'a.' * 30_000}a}}"),
    "names/source-of-lines": lambda: NET + 'source: "' + "\\n::error::x" * 5000 + '"\n',
    "graph/of-20000-inputs": lambda: _inputs(20_000),
    "graph/of-60000-inputs": lambda: _inputs(60_000),
    "graph/of-10000-branches": lambda: _layers(f"add: {{{', '.join(f'b{number}: []' for number in range(10_000))}}}"),
    "graph/of-10000-names": lambda: _layers(*(f"{{relu: , name: s{number}}}" for number in range(10_000))),
    "graph/of-2000-references": lambda: _layers(
        "{relu: , name: s0}", *(f"{{relu: , name: s{at}, from: s{at - 1}}}" for at in range(1, 2000))
    ),
    "graph/of-10000-forward-references": lambda: _layers(
        *(f"{{relu: , name: s{at}, from: s{at + 1}}}" for at in range(10_000))
    ),
    "graph/of-5000-sharers": lambda: _layers("{linear: 8, name: a}", *["{linear: 8, share: a}"] * 5000),
    "graph/of-a-list-of-30000-names": lambda: _layers("{relu: , name: a}", f"{{concat: , from: [{'a, ' * 30_000}]}}"),
    "graph/of-5000-dense-branches": lambda: _layers(*["concat: {a: [], b: [linear: 8]}"] * 5000),
    "expect/of-60000-digits": lambda: f'{NET}expect: {{params: "<= {"9" * 60_000}"}}\n',
    "expect/of-200-digits": lambda: f'{NET}expect: {{params: "<= {"9" * 190}"}}\n',
    "expect/of-10000-outputs": lambda: (
        f"{NET}expect: {{outputs: {{{', '.join(f'o{number}: [N, 8]' for number in range(10_000))}}}}}\n"
    ),
    "expect/of-20-digits": lambda: f"{NET}expect: {{params: {'9' * 20}}}\n",
}

TEXT = NET.encode()

BYTES: Mapping[str, Callable[[], bytes]] = {
    "encodings/utf-16-little-endian": lambda: b"\xff\xfe" + NET.encode("utf-16-le"),
    "encodings/utf-16-big-endian": lambda: b"\xfe\xff" + NET.encode("utf-16-be"),
    "encodings/utf-16-without-a-mark": lambda: NET.encode("utf-16-le"),
    "encodings/utf-32": lambda: NET.encode("utf-32"),
    "encodings/latin-1": lambda: TEXT + "source: café\n".encode("latin-1"),
    "encodings/windows-1252": lambda: TEXT + "source: “net”\n".encode("cp1252"),
    "encodings/shift-jis": lambda: TEXT + "source: 網\n".encode("shift-jis"),
    "encodings/mark": lambda: b"\xef\xbb\xbf" + TEXT,
    "encodings/mark-alone": lambda: b"\xef\xbb\xbf",
    "encodings/mark-twice": lambda: b"\xef\xbb\xbf" * 2 + TEXT,
    "encodings/mark-in-the-middle": lambda: TEXT + b"\xef\xbb\xbfname: net\n",
    "encodings/mark-in-quotes": lambda: TEXT + b'name: "a\xef\xbb\xbfb"\n',
    "encodings/overlong-slash": lambda: TEXT + b"name: \xc0\xaf\n",
    "encodings/overlong-null": lambda: TEXT + b"name: \xe0\x80\x80\n",
    "encodings/surrogate": lambda: TEXT + b"name: \xed\xa0\x80\n",
    "encodings/pair-of-surrogates": lambda: TEXT + b"name: \xed\xa0\xbd\xed\xb8\x80\n",
    "encodings/beyond-unicode": lambda: TEXT + b"name: \xf4\x90\x80\x80\n",
    "encodings/continuation-alone": lambda: TEXT + b"name: \x80\n",
    "encodings/cut-in-a-letter": lambda: TEXT + b"name: \xe6\xbc",
    "encodings/byte-ff": lambda: TEXT + b"name: \xff\n",
    "encodings/last-of-a-mebibyte": lambda: TEXT + b"#" * (MIB - len(TEXT) - 1) + b"\xff",
    "encodings/null": lambda: TEXT + b"name: a\0b\n",
    "encodings/nulls-alone": lambda: b"\0" * MIB,
    "encodings/no-character": lambda: TEXT + b"name: \xef\xbf\xbe\n",
    "encodings/gzip": lambda: b"\x1f\x8b\x08\x00" + bytes(range(256)) * 8,
    "encodings/png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "encodings/all-bytes": lambda: bytes(range(256)) * 4096,
    "encodings/empty": lambda: b"",
    "encodings/carriage-returns": lambda: TEXT.replace(b"\n", b"\r"),
    "encodings/carriage-returns-and-line-feeds": lambda: TEXT.replace(b"\n", b"\r\n"),
    "encodings/mixed-line-ends": lambda: b"name: net\r\nsource: x\rinput: [N, 8]\nlayers: [reluu]\r\n",
    "controls/escape": lambda: TEXT + b"name: \x1b[31mred\x1b[0m\n",
    "controls/escape-in-a-comment": lambda: TEXT + b"# \x1b]0;title\x07\n",
    "controls/escape-in-a-key": lambda: TEXT + b"na\x1bme: net\n",
    "controls/eight-bit-escape": lambda: TEXT + b"name: \xc2\x9b31m\n",
    "controls/bell": lambda: TEXT + b"name: \x07\n",
    "controls/backspace": lambda: TEXT + b"name: net\x08\x08\x08\n",
    "controls/delete": lambda: TEXT + b"name: \x7f\n",
    "controls/vertical-tab": lambda: TEXT + b"name: a\x0bb\n",
    "controls/form-feed": lambda: TEXT + b"\x0c\nname: a\n",
    "controls/next-line": lambda: TEXT + b"name: a\xc2\x85b\n",
    "controls/line-separator": lambda: TEXT + b"name: a\xe2\x80\xa8b\n",
    "controls/direction-in-a-comment": lambda: TEXT + "# \u202e} \u2066if\n".encode(),
    "controls/direction-in-an-unknown-key": lambda: TEXT + "na\u202eme\u2069: net\n".encode(),
    "controls/direction-in-a-broken-line": lambda: TEXT + "name: [\u202e\u2066x\n".encode(),
    "controls/unseen-space-in-a-layer": lambda: "input: [N, 8]\nlayers: [re\u200blu]\n".encode(),
    "controls/soft-hyphen-in-a-field": lambda: "input: [N, 8]\nlayers:\n  - linear: {out\u00ad_features: 4}\n".encode(),
    "controls/tag-characters": lambda: TEXT + "source: a\U000e0041\U000e007f\n".encode(),
    "controls/100000-marks-on-a-letter": lambda: TEXT + ("source: a" + "\u0301" * 60_000 + "\n").encode(),
    "controls/wide-letters-before-a-mistake": lambda: TEXT + "sizes: {漢字: 1, 🙂: 2}\n".encode(),
    "controls/100000-escapes": lambda: TEXT + b"\x1b" * 100_000,
    "files/of-a-mebibyte": lambda: TEXT + b"#" * (MIB - len(TEXT)),
    "files/of-a-byte-more": lambda: TEXT + b"#" * (MIB - len(TEXT) + 1),
    "files/of-ten-mebibytes": lambda: TEXT + b"#" * (10 * MIB),
}

SIZE_OF_PART = MIB - 200
INCLUDED = "blocks: {{{name}: {{layers: [relu]}}}}\n"

PARTS: Mapping[str, Callable[[], str]] = {
    "includes/lib/plain": lambda: INCLUDED.format(name="plain"),
    "includes/too-many": lambda: f"include: [{', '.join(f'lib/many{number}.yaml' for number in range(65))}]\n{NET}",
    **{f"includes/lib/many{number}": lambda at=number: INCLUDED.format(name=f"m{at}") for number in range(65)},
    "includes/as-many-as-allowed": lambda: (
        f"include: [{', '.join(f'lib/many{number}.yaml' for number in range(64))}]\n{NET}"
    ),
    "includes/too-large": lambda: f"include: [{', '.join(f'lib/large{number}.yaml' for number in range(5))}]\n{NET}",
    **{
        f"includes/lib/large{number}": lambda at=number: INCLUDED.format(name=f"l{at}") + "#" * SIZE_OF_PART
        for number in range(5)
    },
    "includes/one-too-large": lambda: f"include: lib/too-large.yaml\n{NET}",
    "includes/lib/too-large": lambda: INCLUDED.format(name="large") + "#" * MIB,
    "includes/too-deep": lambda: f"include: deep0.yaml\n{NET}",
    **{f"includes/deep{number}": lambda at=number: f"include: deep{at + 1}.yaml\n" for number in range(12)},
    "includes/deep12": lambda: INCLUDED.format(name="deep"),
    "includes/20000-times": lambda: f"include: [{'lib/plain.yaml, ' * 20_000}]\n{NET}",
    "includes/by-a-link-out": lambda: f"include: link-out-of-the-folder.yaml\n{NET}",
    "includes/of-a-device-by-a-link": lambda: f"include: link-to-a-device.yaml\n{NET}",
    "includes/of-a-circle-of-links": lambda: f"include: link-in-a-circle.yaml\n{NET}",
    "includes/of-a-pipe": lambda: f"include: pipe.yaml\n{NET}",
    "includes/long-name": lambda: f"include: {'a' * 300}.yaml\n{NET}",
    "includes/very-long-name": lambda: f"include: {'a' * 60_000}.yaml\n{NET}",
    "includes/many-folders": lambda: f"include: {'a/' * 2000}b.yaml\n{NET}",
}

SECRET = "password: correct-horse-battery-staple"


def lay_out(folder: Path) -> None:
    """Write the whole corpus below a folder: what is committed, what is generated, links and pipes."""
    for path in HERE.glob("*/*.yaml"):
        target = folder / path.relative_to(HERE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name, text in {**TEXTS, **PARTS}.items():
        _write(folder / f"{name}.yaml", text().encode())
    for name, data in BYTES.items():
        _write(folder / f"{name}.yaml", data())
    _write(folder / "secret.txt", f"{SECRET}\n[\n".encode())
    (folder / "includes/link-out-of-the-folder.yaml").symlink_to("../secret.txt")
    (folder / "includes/link-to-a-device.yaml").symlink_to("/dev/zero")
    (folder / "includes/link-in-a-circle.yaml").symlink_to("link-in-a-circle.yaml")
    os.mkfifo(folder / "includes/pipe.yaml")
    os.mkfifo(folder / "files/pipe.yaml")
    (folder / "files/folder.yaml").mkdir()
    (folder / "files/link-to-a-device.yaml").symlink_to("/dev/zero")
    (folder / "files/link-in-a-circle.yaml").symlink_to("link-in-a-circle.yaml")
    (folder / "files/link-to-nothing.yaml").symlink_to("nothing.yaml")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
