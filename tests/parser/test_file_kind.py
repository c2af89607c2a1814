"""A file is a network, a file of blocks or another tool's by the keys at its top, also if it is not valid YAML."""

from __future__ import annotations

from pathlib import Path

from shapecalc.diagnostics import Source
from shapecalc.parser.file_kind import FileKind, is_of_another_tool, kind_of

ROOT = Path(__file__).parents[2]

KINDS = {
    FileKind.NETWORK: (
        "'layers': [relu]",
        "# a comment\n{name: a, layers: [relu]}",
        "inputs: {a: [N, 3]}",
        "inputs: [[N, 3]]",
        "blocks: {a: {layers: [relu]}}\nlayers: [a]",
        "blocks: {a: {layers: [relu]}}\ninput: [N, 3]",
        "name: x\ninput:\n  a: [",
        "blocks: [",
    ),
    FileKind.BLOCKS: ("blocks: {a: {layers: [relu]}}", "name: a\ninclude: [b.yaml]", "blocks: {}\nsteps: []"),
    FileKind.OTHER: (
        "",
        "- layers",
        "model:\n  layers: 3\n  input: [1, 2]",
        "text: |\n  layers: [relu]\n  input: [N]",
        "inputs: {token: {description: a secret}}",
        "include: a.yml\nstages: [test]",
        "{{ if layers }}",
        "layers_of_cake: 3",
        "model: [layers",
    ),
}


def test_the_kind_of_a_text_follows_from_its_keys_at_the_top() -> None:
    for kind, texts in KINDS.items():
        for text in texts:
            assert kind_of(Source("", text)) is kind, text
            assert is_of_another_tool(Source("", text)) is (kind is FileKind.OTHER), text


def test_every_architecture_that_ships_is_a_network_and_no_workflow_is_one() -> None:
    shipped = [*(ROOT / "architectures").glob("*.yaml")]
    assert len(shipped) > 40
    for path in shipped:
        assert kind_of(Source(path.name, path.read_text())) is FileKind.NETWORK, path
    for name in ("action.yml", "mkdocs.yml", ".pre-commit-hooks.yaml"):
        assert kind_of(Source(name, (ROOT / name).read_text())) is FileKind.OTHER, name
