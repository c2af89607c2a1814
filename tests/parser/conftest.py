from __future__ import annotations

import pytest
import yaml


@pytest.fixture(params=["libyaml", "PyYAML alone"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test under libyaml's parser and under PyYAML's own, which is what reads where libyaml is missing."""
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param == "libyaml")
    return request.param
