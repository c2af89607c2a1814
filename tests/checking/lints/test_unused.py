"""SC417 and SC418: blocks that nothing calls, and parameters that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.checking.check import check_source
from shapecalc.diagnostics import Severity, Source

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = "  {name}: {{parameters: [{parameters}], layers: [{layers}]}}\n"


def network(layers: str, blocks: str = "", top: str = "") -> str:
    return f"input: [N, 8]\n{top}{'blocks:' if blocks else ''}\n{blocks}layers: [{layers}]\n"


def block(name: str, parameters: str, layers: str) -> str:
    return BLOCK.format(name=name, parameters=parameters, layers=layers)


def warned(text: str, folder: Path | None = None) -> list[str]:
    """Return the code and the underlined text of each warning; there is nothing else."""
    findings, lines = check_source(Source("net.yaml", text), folder).findings, text.split("\n")
    assert {finding.severity for finding in findings} <= {Severity.WARNING}, findings
    spans = [finding.span for finding in findings if finding.span]
    words = [lines[span.line - 1][span.column - 1 : span.end_column - 1] for span in spans]
    return [f"{finding.code} {word}" for finding, word in zip(findings, words, strict=True)]


A_B = block("a", "w", "linear: $w") + block("b", "w", "a: $w")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(network("relu", A_B), ["SC417 b"], id="another block calls the first"),
        pytest.param(network("b: 3", A_B), [], id="called through another"),
        pytest.param(network("{add: {x: [a: 8], y: []}}", A_B), ["SC417 b"], id="called in a branch"),
        pytest.param(
            network("$kind: 8", A_B, "parameters: {kind: a}\n"),
            [],
            id="a parameter chooses the block",
        ),
        pytest.param(network("any: b", A_B + block("any", "kind", "$kind: 8")), [], id="an argument chooses the block"),
        pytest.param(network("relu", "", "parameters: {w: 8}\n"), ["SC418 w"], id="of the file"),
        pytest.param(network("relu", "", "parameters: {w: 8}\nwidths: w\n"), ["SC418 w"], id="a width is no use"),
        pytest.param('{parameters: {w: 8}, input: [N, "${2 * w}"], layers: [relu]}', [], id="used in the input"),
        pytest.param(
            "{parameters: {w: 8}, inputs: {x: [N, $w]}, layers: [relu]}", [], id="used in one of several inputs"
        ),
        pytest.param(
            network("a: 8", block("a", "v", 'linear: "${w + v}"'), "parameters: {w: 8}\n"), [], id="used in a block"
        ),
        pytest.param(
            network("a: 8", block("a", "w", "linear: $w"), "parameters: {w: 8}\n"),
            ["SC418 w"],
            id="hidden by the parameter of a block",
        ),
        pytest.param(network("a: 8", block("a", "w, v: $w", "linear: $v")), [], id="used by a default"),
        pytest.param(network("a: 8", block("a", "w, v: 3", "linear: $w")), ["SC418 v"], id="with a default"),
        pytest.param(network("a: relu", block("a", "act", "$act")), [], id="used as a layer type"),
        pytest.param(network("a: dim", block("a", "key", "{softmax: {$key: 1}}")), [], id="used as a key"),
    ],
)
def test_what_has_no_effect_is_underlined(text: str, expected: list[str]) -> None:
    assert warned(text) == expected


def test_a_library_has_blocks_that_nothing_calls_and_no_parameters_that_nothing_uses(tmp_path: Path) -> None:
    library = "blocks:\n" + block("a", "w, k: 3", "linear: $w") + block("b", "w", "linear: $v")
    (tmp_path / "common.yaml").write_text(library)
    assert warned(library) == ["SC418 k", "SC418 w"]
    text = "include: common.yaml\ninput: [N, 8]\nparameters: {v: 8, k: 1}\nlayers: [a: 3]"
    assert warned(text, tmp_path) == ["SC418 k"]  # `v` is used by a block of the library


def test_a_similar_name_that_is_used_is_named() -> None:
    text = network("stem: 8", block("stem", "chanels", "linear: $channels"), "parameters: {channels: 8}\n")
    (finding,) = check_source(Source("net.yaml", text), None).findings
    assert finding.notes == ("a similar name is used: `$channels`",)
    text = network("stem: 8", block("stem", "w", "linear: $w") + block("stems", "w", "linear: $w"))
    (finding,) = check_source(Source("net.yaml", text), None).findings
    assert finding.notes == ("a similar name is called: `stem`",)
