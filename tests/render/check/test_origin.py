from __future__ import annotations

import json
from importlib import metadata

import pytest

from shapecalc.render.check.origin import VARIABLE, source_address

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch):
    """Install the package from an origin, or from none, as pip records it."""

    class Distribution:
        def __init__(self, text: str | None) -> None:
            self.text = text

        def read_text(self, name: str) -> str | None:
            return self.text if name == "direct_url.json" else None

    def install(origin: dict[str, object] | None) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        found = Distribution(None if origin is None else json.dumps(origin))
        monkeypatch.setattr(metadata, "distribution", lambda name: {"nn-shapecalc": found}[name])

    return install


def test_pip_has_recorded_the_commit_of_a_git_address(installed) -> None:
    git = {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT}
    for address in ("https://example.org/owner/shapecalc", "https://example.org/owner/shapecalc.git"):
        installed({"url": address, "vcs_info": git})
        assert source_address() == f"https://example.org/owner/shapecalc/blob/{COMMIT}"


def test_of_other_origins_no_address_is_known(installed) -> None:
    for origin in (
        None,
        {"url": "file:///home/user/shapecalc", "dir_info": {"editable": True}},
        {"url": "https://example.org/nn_shapecalc-1.0-py3-none-any.whl", "archive_info": {}},
        {"url": "ssh://git@example.org/owner/shapecalc", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
    ):
        installed(origin)
        assert source_address() is None, origin


def test_a_package_that_is_not_installed_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(metadata, "distribution", missing)
    assert source_address() is None


def test_the_variable_goes_first_if_it_is_an_address(installed, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(None)
    monkeypatch.setenv(VARIABLE, "https://example.org/o/r/blob/v1/")
    assert source_address() == "https://example.org/o/r/blob/v1"
    monkeypatch.setenv(VARIABLE, "javascript:alert(1)")
    assert source_address() is None
