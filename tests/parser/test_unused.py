"""Blocks that nothing calls: mistakes in their steps are found as in a called block, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.check import check_source
from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import Source
from shapecalc.files import zoo
from shapecalc.files.load import loads
from shapecalc.layers import layer_type
from shapecalc.parser.expressions import names_used
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.grammar import parse
from shapecalc.parser.include import diagnose_blocks
from shapecalc.parser.reader import read_tree
from shapecalc.parser.step_keys import STEP_KEYS
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.diagnostics import Span


class Token(NamedTuple):
    """A word of a step in a block: a layer type or a block, a field, or a use of a parameter."""

    kind: str
    node: Scalar


def zoo_texts() -> dict[str, str]:
    paths = {name: zoo.path(name) for name in zoo.names()}
    texts = {name: path.read_text("utf-8") for name, path in paths.items() if isinstance(path, Path)}
    # Of networks with the same blocks, one.
    same = {only(text, "blocks").strip(): name for name, text in texts.items() if "\nblocks:" in text}
    return {name: texts[name] for name in same.values()}


def entries(text: str) -> dict[str, Node]:
    root, _ = read_tree(Source("net.yaml", text))
    assert isinstance(root, Mapping)
    return {key.text: node for key, node in root.entries}


def steps_tokens(node: Node | None) -> Iterator[Token]:
    """Yield the words of a list of steps."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            yield Token("parameter" if item.text.startswith("$") else "type", item)
            continue
        assert isinstance(item, Mapping)
        for key, value in item.entries:
            if key.text in STEP_KEYS:
                continue
            yield Token("parameter" if key.text.startswith("$") else "type", key)
            merges = getattr(layer_type(key.text), "merges", False)
            for field, inner in value.entries if isinstance(value, Mapping) else ():
                if merges and isinstance(inner, Mapping) and inner.get("when") is not None:
                    yield from steps_tokens(inner.get("layers"))
                elif merges and isinstance(inner, Sequence):
                    yield from steps_tokens(inner)
                else:
                    yield Token("field", field)
                    yield from uses(inner)
            if not isinstance(value, Mapping):
                yield from uses(value)


def uses(node: Node) -> Iterator[Token]:
    if isinstance(node, Scalar) and node.text.startswith("$"):
        yield Token("parameter", node)
    for item in node.items if isinstance(node, Sequence) else ():
        yield from uses(item)


def misspelt(text: str, token: Token) -> str:
    """Return a text with a letter in the middle of a token doubled, so that everything else stays on its line."""
    lines = text.split("\n")
    span = token.node.span
    line, word = lines[span.line - 1], token.node.text
    letters = [at for at, letter in enumerate(word) if letter.isalpha()]
    at = span.column - 1 + token.node.quoted + letters[len(letters) // 2 if token.kind != "parameter" else 0]
    assert token.node.span.line == token.node.span.end_line
    lines[span.line - 1] = line[:at] + line[at] + line[at:]
    return "\n".join(lines)


def only(text: str, *kept: str, **written: str) -> str:
    """Return the sections `kept` of a text, on their lines, with others written in their places or blank."""
    lines, section = [], ""
    for line in text.split("\n"):
        key = re.match("[a-z]+(?=:)", line)
        section = key[0] if key else section
        lines.append(line if section in kept else written.get(section, "") if key else "")
    return "\n".join(lines)


def without_calls(text: str) -> str:
    """Return a network that calls none of its blocks, each word of which is where it was."""
    return only(text, "parameters", "blocks", input="input: [N, 8]", inputs="input: [N, 8]", layers="layers: [relu]")


def found(text: str, token: Token) -> set[tuple[str, Span]]:
    """Return the code and the span of each mistake that begins within a token, or one letter behind it."""
    span = token.node.span
    source = Source("net.yaml", text)
    library = kind_of(source) is FileKind.BLOCKS
    mistakes = diagnose_blocks(source, None).diagnostics if library else parse(source, unused=True).diagnostics
    return {
        (finding.code, finding.span)
        for finding in mistakes
        if finding.span is not None
        and finding.span.line == span.line
        and span.column <= finding.span.column <= span.end_column
    }


def test_a_misspelt_word_of_an_uncalled_block_is_found_as_in_a_called_one() -> None:
    tried = 0
    for name, text in zoo_texts().items():
        blocks, parameters = entries(text)["blocks"], entries(text).get("parameters")
        assert isinstance(blocks, Mapping)
        of_the_file = {key.text for key, _ in parameters.entries} if isinstance(parameters, Mapping) else set()
        layers = (node.get("layers") for _, node in blocks.entries if isinstance(node, Mapping))
        tokens = [token for node in layers if node is not None for token in steps_tokens(node)]
        for token in {(token.kind, token.node.text): token for token in tokens}.values():
            wrong = misspelt(text, token)
            called = found(wrong, token)
            assert called, (name, token)
            assert found(without_calls(wrong), token) == called, (name, token)
            # A file of blocks may use parameters of the file that includes it, and in sizes the symbols of its input.
            if token.kind != "parameter" or not (names_used(token.node) & of_the_file or name == "swin_t"):
                assert found(only(wrong, "blocks"), token) == called, (name, token)
            tried += 1
    assert tried > 150


def test_an_uncalled_block_without_a_mistake_has_none() -> None:
    for name, text in zoo_texts().items():
        findings = check_source(Source("net.yaml", without_calls(text)), None).findings
        assert {finding.code for finding in findings} in ({"SC417"}, {"SC417", "SC418"}), name
        assert check_source(Source("net.yaml", only(text, "blocks")), None).findings == (), name


OTHER = "  other: {parameters: [w, k: 3], layers: [linear: $w, linear: $k]}\n"
PAIR = "  pair: {inputs: [x, y], layers: [{add: , from: [x, y]}]}\n"


def library(parameters: str, layers: str) -> str:
    """Return blocks, the first of which nothing calls."""
    return f"blocks:\n  b:\n    parameters: [{parameters}]\n    layers: [{layers}]\n{OTHER}{PAIR}"


def network(parameters: str, layers: str) -> str:
    return "input: [N, 8]\nlayers: [{pair: , from: [input, input]}, other: 3]\n" + library(parameters, layers)


UNDECIDED = (
    ("c", "linear: $c, conv: {out_channels: $c, kernel_size: 3}"),
    ("c", 'linear: "${4 * c}", linear: "${c // (c - 1)}", linear: "${7 % (c - c)}"'),
    ("a, b", "permute: [0, $a, $b], {max_pool: {kernel_size: [$a, 2], padding: [[0, $b], $a]}}"),
    ("g", "conv: {out_channels: 7, kernel_size: 3, groups: $g}"),
    ("f", "conv: {out_channels: 7, $f: 3}"),
    ("f", "{$f: 3}, {$f: {stride: 2}}, {$f: , name: a}, {relu: , from: a}"),
    ("f", "{$f: , from: input, stride: 3}"),
    ("act", "$act, {relu: , from: relu_0}, {$act: {slope: 1}, name: a}, {add: , from: [a, input]}"),
    ("n", "{relu: , name: $n}, {relu: , from: any}, {tanh: , from: $n}, {share: $n}"),
    ("t, n", "{$t: , name: $n}, {relu: , from: any}"),
    ("n", "{linear: 3, repeat: $n, name: a}, {share: a, repeat: 2}"),
    ("n", "{other: 3, repeat: $n, name: a}, {other: 3, share: a, repeat: 2}, {relu: , from: a}"),
    ("s", "{add: {main: $s, side: []}}, {concat: {$s: [relu], side: [], dim: 1}}"),
    ("n", "{split: $n, name: s}, {add: , from: [s.0, s.7]}"),
    ("x", "other: $x, other: {w: $x}, other: {$x: 3, k: 2}, {other: 3, $x: 3}"),
    ("x", "other: {w: [$x, 2]}, other: [$x, 2]"),
    ("p, c", "{relu: , expect: {params: $p, output: [N, $c]}}"),
    ("w: null", "linear: $w, other: $w"),
    ("a, c: $a", 'linear: $c, linear: "${2 * c}"'),
    ("u", "{pair: , from: $u}, {pair: , from: [input, $u]}"),
    ("c", "{other: $c, name: a}, {pair: , from: [a, input]}"),
)
"""Steps that can be right, with values of their parameters that are not known here."""


def test_what_depends_on_a_value_that_is_not_known_is_no_mistake() -> None:
    for parameters, layers in UNDECIDED:
        for text in (library(parameters, layers), network(parameters, layers)):
            findings = check_source(Source("net.yaml", text), None).findings
            assert {finding.code for finding in findings} <= {"SC417"}, (text, findings)
    text = network("c", "$c").replace("[$c]", "$c")
    assert [finding.code for finding in check_source(Source("net.yaml", text), None).findings] == ["SC417"]


MISTAKES = (
    ("c", "linar: $c", "SC101", "linar"),
    ("act", "$act, convv: 3", "SC101", "convv"),
    ("c", "linear: {out_feature: $c}", "SC102", "out_feature"),
    ("c", "{add: {main: [{linear: {out_feature: $c}}], side: []}}", "SC102", "out_feature"),
    ("c, n", "{linear: {out_feature: $c}, repeat: $n}", "SC102", "out_feature"),
    ("c", "other: {ww: 3}", "SC102", "ww"),
    ("c", "other: {w: $c, kk: 3}", "SC102", "kk"),
    ("c", "{linear: $c, form: input}", "SC102", "form"),
    ("c", "{linear: $c, name: a}, {relu: , name: a}", "SC103", "a"),
    ("c", "{linear: $c, name: one}, {relu: , from: two}", "SC104", "two"),
    ("act", "{$act: , from: imput}", "SC104", "imput"),
    ("c", "{linear: $c, from: later}, {relu: , name: later}", "SC104", "later"),
    ("channels", "linear: $chanels", "SC105", "$chanels"),
    ("channels", 'linear: "${2 * channels + chanels}"', "SC105", "chanels"),
    ("channels", "conv: {out_channels: $chanels, kernel_size: $channels}", "SC105", "$chanels"),
    ("channels", "other: $chanels", "SC105", "$chanels"),
    ("c", "conv: {out_channels: $c}", "SC106", "conv"),
    ("c", "other: {k: $c}", "SC106", "other"),
    ("c", "{linear: $c, relu: }", "SC107", "relu"),
    ("c", "{add: {main: [linear: $c], side: relu}}", "SC107", "relu"),
    ("c", "{linear: $c, repeat: 0}", "SC201", "0"),
    ("c", "{max_pool: {kernel_size: [0, $c]}}", "SC201", "0"),
    ("c", "conv: {out_channels: $c, kernel_size: three}", "SC202", "three"),
    ("c", "{gelu: tanhh}, linear: $c", "SC203", "tanhh"),
    ("c", "{linear: $c, expect: {params: few}}", "SC202", "few"),
    ("c", "linear: $c, pair", "SC313", "pair"),
    ("c", "linear: $c, b: $c", "SC112", "b"),
    ("k: zero", "linear: $k", "SC202", "$k"),
)
"""Steps with one mistake, the code, and the text that is underlined."""


def test_a_mistake_that_does_not_depend_on_such_a_value_is_found_once() -> None:
    for parameters, layers, code, token in MISTAKES:
        for text in (library(parameters, layers), network(parameters, layers)):
            findings, lines = check_source(Source("net.yaml", text), None).findings, text.split("\n")
            spans = [finding.span for finding in findings if finding.span]
            words = [lines[span.line - 1][span.column - 1 : span.end_column - 1] for span in spans]
            assert [finding.code for finding in findings] == [code], (text, findings)
            assert words == [token], (text, findings)
        assert loads(text).steps, "other commands accept the network"


def test_a_mistake_is_found_once_however_many_blocks_call_the_block() -> None:
    for blocks in (
        "a: {parameters: [c], layers: [linar: $c]}, b: {parameters: [c], layers: [a: $c, a: 3]}, d: {layers: [a: 4]}",
        "d: {layers: [a: 4]}, b: {parameters: [c], layers: [a: $c, a: 3]}, a: {parameters: [c], layers: [linar: $c]}",
        "a: {layers: [b]}, b: {layers: [a]}",
    ):
        for text in (f"blocks: {{{blocks}}}", f"input: [N, 8]\nblocks: {{{blocks}}}\nlayers: [relu]"):
            assert len(check_source(Source("net.yaml", text), None).findings) == 1, text


def test_a_wrong_argument_is_found_after_one_that_is_not_known() -> None:
    text = "blocks: {a: {parameters: [c], layers: [linear: $c]}, b: {parameters: [c], layers: [a: $c, a: 0]}}"
    (finding,) = check_source(Source("net.yaml", text), None).findings
    assert (finding.code, [label.text for label in finding.labels]) == ("SC201", ["`$c` is 0 here", "in this `a 0`"])


def test_a_file_of_blocks_can_depend_on_the_file_that_includes_it() -> None:
    text = 'blocks: {a: {parameters: [w], layers: [mixer: $w, linear: $depth, linear: "${heads * w}", mixer: {k: $w}]}}'
    assert check_source(Source("common.yaml", text), None).findings == ()
    network = Source("net.yaml", f"input: [N]\nlayers: [relu]\n{text}")
    codes = [finding.code for finding in check_source(network, None).findings]
    assert codes == ["SC101", "SC105", "SC105", "SC101"]


def test_more_steps_than_are_allowed_are_not_checked_further() -> None:
    calls = "".join(
        f"  b{n}: {{parameters: [c: {n}], layers: [b{n - 1}: '${{2 * c}}', b{n - 1}: '${{2 * c + 1}}']}}\n"
        for n in range(1, 30)
    )
    text = f"blocks:\n  b0: {{parameters: [c], layers: [linear: $c]}}\n{calls}"
    assert check_source(Source("net.yaml", text), None).findings == ()
    assert check_source(Source("net.yaml", f"{text}input: [N, 8]\nlayers: [relu]"), None).findings == ()


def test_what_may_be_of_another_file_is_not_fixed_and_can_be_included(tmp_path: Path) -> None:
    """A library can call the blocks of another one, if a network includes both."""
    text = "blocks: {conv_bn: {layers: [relu]}, stem: {layers: [conv_gn, {conv: {out_channels: 3, kernal_size: 1}}]}}"
    fixed = fix_text(Source("common.yaml", text), None).source
    assert fixed.text == text.replace("kernal", "kernel")
    (finding,) = check_source(fixed, None).findings
    assert (finding.code, finding.notes) == (
        "SC101",
        ("if it is a block of another file, `include:` that file in this one",),
    )
    (tmp_path / "norms.yaml").write_text("blocks: {conv_gn: {layers: [relu]}}")
    included = fixed._replace(text=fixed.text.replace("blocks:", "\ninclude: norms.yaml\nblocks:", 1))
    assert check_source(included, tmp_path).findings == ()


def test_a_fix_is_made_in_a_block_that_nothing_calls() -> None:
    text = network("c", "conv: {out_channels: $c, kernal_size: 3}")
    assert fix_text(Source("net.yaml", text), None).source.text == text.replace("kernal", "kernel")
