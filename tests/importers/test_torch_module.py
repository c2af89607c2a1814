"""Modules of PyTorch where PyTorch is not installed."""

from __future__ import annotations

import sys

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.importers.torch_module import read_module


def test_a_module_without_pytorch_names_the_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ShapecalcError, match="SC006"):
        read_module(object(), ())
