"""A module in memory, if PyTorch is there: the tests run without it, `tests/oracle/make_torch_exports.py` with it."""

from __future__ import annotations

import sys

import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError


def test_without_pytorch_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ShapecalcError) as refused:
        shapecalc.from_torch(object(), object())
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "SC006"
    assert "torch" in diagnostic.message
