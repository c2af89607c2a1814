"""`check --show-config`: every value that applies, and where it comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shapecalc.files.config import BUDGET, NO_CONFIG, find_config
from shapecalc.files.config_keys import BUDGET_KEYS, Limit
from shapecalc.render.config import configuration, document
from shapecalc.render.tables.text import document as as_text
from shapecalc.render.terminal.grid import Page
from tests.render.test_eighty_columns import check_document

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.files.config import Config
    from tests.cli.conftest import Run

TEXT = """\
[tool.shapecalc]
paths = ["nets", "more/**/*.shapecalc.yaml"]
exclude = ["old"]
fail-on = ["params > 25M and macs > 1G and memory > 4GiB or flops > 3G", "params > +2%"]
set = {T = 8, activation = "gelu"}
[tool.shapecalc.budgets]
max-params = "25M"
[[tool.shapecalc.overrides]]
paths = ["edge/**"]
strict = true
set.T = 4
budgets = {max-params = "1M", batch = 2}
"""
WIDE = Page(None, color=False, unicode=True)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    (tmp_path / "pyproject.toml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return find_config().with_options(ignore=("SC4",), exclude=("draft",))


def rows(text: str) -> dict[str, list[str]]:
    """Return the words behind each key of the first table."""
    table = text.split("\n─")[1].split("\n\n", maxsplit=1)[0]
    return {line.split()[0]: line.split()[1:] for line in table.split("\n")[1:] if not line.startswith(" ")}


def test_every_value_has_its_origin(config: Config) -> None:
    shown = as_text(configuration(config), WIDE)
    assert shown.startswith("pyproject.toml, [tool.shapecalc]\n")
    values = rows(shown)
    assert values["paths"] == ["nets", "pyproject.toml:2"]
    assert values["exclude"] == ["old", "pyproject.toml:3,", "option"]
    assert values["ignore"] == ["SC4", "option"]
    assert values["strict"] == ["false", "default"]
    assert values["select"] == ["all", "default"]
    assert values["set.T"] == ["8", "pyproject.toml:5"]
    assert "override 1, for edge/**:" in shown
    assert "                    more/**/*.shapecalc.yaml" in shown


def test_for_a_file_the_values_are_those_that_a_check_of_it_takes(config: Config) -> None:
    for path in ("edge/a.yaml", "a.yaml"):
        values, own = rows(as_text(configuration(config, [path]), WIDE)), config.at(path)
        assert values["strict"][0] == str(own.strict).lower()
        assert int(values["set.T"][0]) == own.settings.values["T"]
        for name, value in zip(BUDGET_KEYS, own.budgets, strict=True):
            expected = value.text if isinstance(value, Limit) else "none" if value is None else str(value)
            assert values[BUDGET + name][0] == expected, name
        assert "paths" not in values
    assert "for old/a.yaml, which `exclude` leaves out:" in as_text(configuration(config, ["old/a.yaml"]), WIDE)


def test_json_has_the_same_values(config: Config) -> None:
    written = json.loads(json.dumps(document(config, ["edge/a.yaml"])))
    assert (written["schema_version"], written["file"], written["folder"]) == (1, "pyproject.toml", ".")
    assert written["values"]["budgets.max-params"] == {"value": "25M", "from": "file", "line": 7}
    edge = written["files"]["edge/a.yaml"]
    assert edge["budgets.max-params"] == {"value": "1M", "from": "override", "override": 1, "line": 12}
    assert edge["set.T"] == {"value": 4, "from": "override", "override": 1, "line": 11}
    assert written["values"]["fail-on"]["value"][1] == "params > +2%"
    assert written["overrides"] == [
        {"paths": ["edge/**"], "values": {name: edge[name] for name in written["overrides"][0]["values"]}}
    ]


def test_without_a_file_it_says_where_one_was_searched() -> None:
    shown = as_text(configuration(NO_CONFIG, searched=["/a/b", "/a"]), WIDE)
    assert shown.startswith(
        "no configuration: neither .shapecalc.toml nor [tool.shapecalc] in pyproject.toml in /a/b up"
    )
    assert as_text(configuration(NO_CONFIG), WIDE).startswith("no configuration\n")
    assert document(NO_CONFIG)["file"] is None


def test_it_fits_a_terminal_of_80_columns(config: Config) -> None:
    check_document(configuration(config))
    check_document(configuration(config, ["edge/a.yaml", "a.yaml"]))


def test_the_command_shows_it_and_checks_nothing(run: Run, config: Config, tmp_path: Path) -> None:
    assert config.source is not None
    ended = run("check", "--show-config", "--strict")
    assert (ended.code, rows(ended.out)["strict"]) == (0, ["true", "option"])
    ended = run("check", "edge/missing.yaml", "--show-config", "--format", "json", "--set", "T=3")
    assert json.loads(ended.out)["files"]["edge/missing.yaml"]["set.T"] == {"value": 3, "from": "option"}
    ended = run("check", "--show-config", "--format", "sarif")
    assert (ended.code, "is written as text or json" in ended.err) == (2, True)
    (tmp_path / "pyproject.toml").write_text("[tool.shapecalc]\nstrickt = true")
    assert run("check", "--show-config").code == 2


def test_a_terminal_obeys_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        'paths = ["a\\u202eb"]\nset = {H = "\\u001b[31m"}\n[[overrides]]\npaths = ["\\u200b"]\nset.H = "::error::x"\n'
    )
    (tmp_path / ".shapecalc.toml").write_text(text)
    for paths in ([], ["\x1b[31m", "\u200b"]):
        shown = as_text(configuration(find_config(), paths), WIDE)
        assert not {"\x1b", "\u202e", "\u200b"} & {*shown}
        assert not any(line.split()[0].startswith("::") for line in shown.split("\n") if line.strip())
