"""Blocks that nothing calls: mistakes in their steps are found as in a called block, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.check import check_source
from shapecalc.diagnostics import Source
from shapecalc.files import zoo
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


def steps_tokens(node: Node) -> Iterator[Token]:
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
                if merges and isinstance(inner, Sequence):
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
            # A file of blocks may use parameters of the file that includes it.
            if token.kind != "parameter" or not names_used(token.node) & of_the_file:
                assert found(only(wrong, "blocks"), token) == called, (name, token)
            tried += 1
    assert tried > 150


def test_an_uncalled_block_without_a_mistake_has_none() -> None:
    for name, text in zoo_texts().items():
        findings = check_source(Source("net.yaml", without_calls(text)), None).findings
        assert {finding.code for finding in findings} in ({"SC417"}, {"SC417", "SC418"}), name
        assert check_source(Source("net.yaml", only(text, "blocks")), None).findings == (), name
