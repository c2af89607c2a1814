"""`shapecalc init`: a first file that is in order, and the schema beside it."""

from __future__ import annotations

import json
import os

import pytest
import yaml
from jsonschema import Draft7Validator

from shapecalc import load
from shapecalc.files import zoo

MODELINE = "# yaml-language-server: $schema=./shapecalc.schema.json\n"


def test_a_file_and_its_schema_are_begun(run, tmp_path) -> None:
    begun = run("init", "net.shapecalc.yaml")
    assert (begun.code, begun.err) == (0, "")
    assert begun.out == (
        "net.shapecalc.yaml was created; `shapecalc inspect net.shapecalc.yaml` shows its layers and costs\n"
        "shapecalc.schema.json was created; with it an editor completes and checks the file\n"
    )
    text = (tmp_path / "net.shapecalc.yaml").read_text("utf-8")
    assert text.startswith(MODELINE + "name: net\n")
    schema = json.loads((tmp_path / "shapecalc.schema.json").read_text("utf-8"))
    assert list(Draft7Validator(schema).iter_errors(yaml.safe_load(text))) == []
    assert run("check", "net.shapecalc.yaml", "--strict").code == 0


def test_a_file_that_exists_is_left_as_it_is(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text("mine")
    refused = run("init", "net.yaml")
    assert (refused.code, refused.out) == (2, "")
    assert "`init` expects a new file, receives `net.yaml`, which exists" in refused.err
    assert (tmp_path / "net.yaml").read_text() == "mine"
    assert not (tmp_path / "shapecalc.schema.json").exists()


def test_a_link_that_leads_nowhere_exists(run, tmp_path) -> None:
    (tmp_path / "net.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert run("init", "net.yaml").code == 2
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_a_schema_that_exists_is_left_as_it_is(run, tmp_path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets/shapecalc.schema.json").write_text("{}")
    begun = run("init", "nets/net.yaml")
    assert (begun.code, begun.out.count("\n")) == (0, 1)
    assert (tmp_path / "nets/shapecalc.schema.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["lenet5", "unet.yaml"])
def test_a_file_begins_with_one_that_ships(name: str, run, tmp_path) -> None:
    assert run("init", "net.yaml", "--from", name).code == 0
    assert (tmp_path / "net.yaml").read_text("utf-8") == MODELINE + zoo.path(name).read_text("utf-8")


def test_a_name_that_ships_not_is_refused_with_the_likely_one(run, tmp_path) -> None:
    refused = run("init", "net.yaml", "--from", "lenet")
    assert refused.code == 2
    assert "receives `lenet`; did you mean `lenet5`?" in refused.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stem", ["true", "1e3", "a b", "null", 'quo"te', "é", "😀 ", "-"])
def test_whatever_the_file_is_called_its_network_is_called_so(stem: str, run, tmp_path) -> None:
    assert run("init", "--", f"{stem}.yaml").code == 0
    assert load(tmp_path / f"{stem}.yaml").name == stem


def test_a_network_is_named_like_its_file_as_far_as_that_can_be_shown(run, tmp_path) -> None:
    name = os.fsdecode(b"\xe2\x80\xaea\x1b[31m\xff")
    assert run("init", f"{name}.yaml").code == 0
    (text,) = (path.read_text("utf-8") for path in tmp_path.glob("*.yaml"))
    assert 'name: "\\\\u{202e}a\\\\u{1b}[31m\\\\u{dcff}"\n' in text
    assert run("check", ".").code == 0
