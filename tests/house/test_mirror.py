"""Each module has its test under the same path, and each test of a room its module; two short lists have the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rows import for_each
from tests.support.structure import PACKAGE, themes, untested

if TYPE_CHECKING:
    from pathlib import Path

UNTESTED = {
    "diagnostics/foreign_names.py": "a registry of names",
    "layers/initial.py": "a record without behaviour",
    "version.py": "one constant",
    "parser/events.py": "protocols: the types of PyYAML's events",
}
"""Modules that have nothing to test on their own."""

THEMES = {
    "cli/test_activation_commands.py": "of the activations among the commands of `cli/layer_command.py`",
    "cli/test_counts_agree.py": "params and buffers in every command",
    "cli/test_examples.py": "the examples of every command",
    "cli/test_graph.py": "the graphs of `inspect` as a user runs them",
    "cli/test_hostile_arguments.py": "broken arguments of every command",
    "cli/test_published_values.py": "published values of layers through their commands",
    "cli/test_unicode_names.py": "names in any script through every command",
    "cli/test_verify_backward.py": "`verify --backward` as a user runs it",
    "diffing/test_revisions_clones.py": "clones, work trees, hooks and configurations of git",
    "diffing/test_revisions_files.py": "odd names, links and contents in a repository",
    "diffing/test_revisions_many.py": "a repository of a thousand networks",
    "diffing/test_revisions_oracle.py": "random repositories against both checked-out trees",
    "diffing/test_revisions_kinds.py": "every kind of edit of networks",
    "dims/test_properties.py": "the whole algebra against plain arithmetic",
    "importers/keras/test_networks.py": "networks that Keras saved",
    "importers/keras/test_text.py": "the text that is written of models of Keras",
    "importers/onnx/test_models.py": "networks that PyTorch's two exporters wrote",
    "importers/onnx/test_nodes.py": "the node tests of ONNX",
    "importers/torch_export/test_networks.py": "networks of every family against PyTorch's values",
    "parser/test_edits.py": "fixes of every module, applied",
    "parser/test_hostile.py": "a file with every key, broken in thousands of ways",
    "parser/test_long_lines.py": "the time that any refusal takes",
    "parser/test_references.py": "names from the grammar to the shapes",
    "parser/test_single_mistakes.py": "one typo in each file of the zoo",
    "reference/test_costs.py": "claims about every kernel of one input",
    "reference/test_registry.py": "the registry in `reference/__init__.py`",
    "reference/test_sequences.py": "claims about every kernel of three families",
    "render/check/test_golden.py": "whole texts of every format",
    "render/check/test_hostile.py": "hostile names in every format",
    "render/test_eighty_columns.py": "the tables of every command on a terminal of 80 columns",
}
"""Tests of several modules together."""


READERS = {
    "importers/keras/": ("importers/keras/test_networks.py", "importers/keras/test_text.py"),
    "importers/onnx/": ("importers/onnx/test_models.py", "importers/onnx/test_nodes.py"),
    "importers/rewriting/": ("importers/rewriting/test_attention.py", "importers/rewriting/test_normalization.py"),
}
"""Folders whose modules are tested together: by whole networks of another tool, and by what it computes of them."""


def test_every_module_has_a_test_of_its_name_or_a_reason() -> None:
    assert {path for path in untested() if not path.startswith(tuple(READERS))} == set(UNTESTED)


@for_each("folder", READERS)
def test_a_reader_is_tested_by_networks(folder: str) -> None:
    assert all((PACKAGE.parent / "tests" / test).is_file() for test in READERS[folder])


def test_every_test_of_a_room_has_a_module_of_its_name_or_a_reason() -> None:
    assert set(themes()) == set(THEMES)


def test_the_list_of_modules_without_a_test_is_short_and_each_says_why() -> None:
    assert len(UNTESTED) < 15
    assert all({**UNTESTED, **THEMES}.values())


@pytest.mark.parametrize("path", UNTESTED)
def test_a_module_on_the_list_is_there(path: str) -> None:
    assert (PACKAGE / path).is_file()


@for_each("path", THEMES)
def test_a_theme_on_the_list_is_there(path: str) -> None:
    assert (PACKAGE.parent / "tests" / path).is_file()


def test_this_test_can_fail(tmp_path: Path) -> None:
    for path in ("a/x.py", "a/y.py", "a/z/__init__.py", "a/z/u.py", "b.py", "__init__.py"):
        (tmp_path / "package" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / path).touch()
    for path in ("a/test_x.py", "a/test_z.py", "a/test_theme.py", "a/z/test_w.py", "house/test_house.py"):
        (tmp_path / "tests" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests" / path).touch()
    assert untested(tmp_path / "package") == ["a/y.py", "a/z/u.py", "b.py"]
    assert themes(tmp_path / "package") == ["a/test_theme.py", "a/z/test_w.py"]
