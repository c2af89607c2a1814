"""Names and files of the architectures that ship."""

from __future__ import annotations

import pytest

from shapecalc.files import zoo


def test_names_are_sorted_and_each_has_its_file() -> None:
    names = zoo.names()
    assert list(names) == sorted(set(names))
    assert {"lenet5", "alexnet", "resnet50", "gpt2-small"} <= set(names)
    for name in names:
        path = zoo.path(name)
        assert path is not None
        assert (path.is_file(), path.stem) == (True, name)


@pytest.mark.parametrize("name", ["lenet5", "lenet5.yaml", "lenet5.yml"])
def test_a_shipped_architecture_is_named_with_or_without_its_suffix(name: str) -> None:
    path = zoo.path(name)
    assert path is not None
    assert path.name == "lenet5.yaml"


@pytest.mark.parametrize("name", ["", "lenet", "LeNet5", "../README", "lenet5.json", "lenet5.yaml.yaml"])
def test_any_other_name_has_no_file(name: str) -> None:
    assert zoo.path(name) is None
