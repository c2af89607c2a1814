"""`shapecalc schema`: printed, or written whole."""

from __future__ import annotations

import json

from shapecalc.parser.schema import schema


def test_the_schema_is_printed(run) -> None:
    printed = run("schema")
    assert (printed.code, printed.err) == (0, "")
    assert json.loads(printed.out) == json.loads(json.dumps(schema()))


def test_the_schema_is_written(run, tmp_path) -> None:
    written = run("schema", "--output", "format.json")
    assert (written.code, written.out, written.err) == (0, "", "")
    assert (tmp_path / "format.json").read_text("utf-8") == run("schema").out


def test_a_place_that_is_none_is_said(run) -> None:
    refused = run("schema", "--output", "nowhere/format.json")
    assert (refused.code, refused.out) == (2, "")
    assert "nowhere/format.json" in refused.err
