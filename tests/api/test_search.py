"""A beam search from Python: the same tables and the same result as the command."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app

if TYPE_CHECKING:
    from pathlib import Path

TABLE = {"": [0.6, 0.4], "0": [0.55, 0.45], "1": [0.1, 0.9]}


def test_the_text_and_the_values_are_those_of_the_command() -> None:
    command = ["beam", "--probabilities", json.dumps(TABLE), "--beam", "1"]
    search = shapecalc.beam_search(TABLE, beam=1)
    assert str(search) + "\n" == CliRunner().invoke(app, command).stdout
    printed = json.loads(CliRunner().invoke(app, [*command, "--format", "json"]).stdout)
    assert {**search.to_dict(), "schema_version": 1} == {**printed, "schema_version": 1}


def test_tables_are_lists_mappings_arrays_texts_and_files(tmp_path: Path) -> None:
    rows = [[0.6, 0.4], [0.25, 0.75]]
    np.save(tmp_path / "rows.npy", np.array(rows))
    wanted = [(0, 1), (1, 1)]
    exact = [[Fraction(3, 5), "2/5"], [Decimal("0.25"), Decimal("0.75")]]
    for table in (rows, np.array(rows), exact, [(0.6, 0.4), np.array([0.25, 0.75])], json.dumps(rows)):
        assert [each.symbols for each in shapecalc.beam_search(table).best] == wanted
    mapping = MappingProxyType({"": [Fraction(0), Fraction(1)], "*": [0.25, 0.75]})
    assert [each.symbols for each in shapecalc.beam_search(mapping, length=2).best] == [(1, 1), (1, 0)]
    with pytest.raises(TypeError, match="expects lists and mappings of numbers, receives a generator"):
        shapecalc.beam_search(row for row in rows)  # type: ignore[arg-type]
    assert [each.symbols for each in shapecalc.beam_search(tmp_path / "rows.npy").best] == wanted


def test_rows_are_candidates() -> None:
    rows = shapecalc.beam_search(TABLE, beam=1).to_rows()
    assert [(row["step"], row["sequence"], row["probability"], row["fate"]) for row in rows] == [
        (1, "0", 0.6, "kept"),
        (1, "1", 0.4, "dropped"),
        (2, "0 0", 0.33, "kept"),
        (2, "0 1", 0.27, "dropped"),
    ]
    assert "0 0" in shapecalc.beam_search(TABLE)._repr_html_()


def test_the_best_of_a_long_search_is_cut_in_one_line() -> None:
    text = repr(shapecalc.beam_search({"*": {"a": 0.5, "b": 0.5}}, length=20))
    assert text == f"<BeamSearch: beam 2 over 2 symbols, 20 steps, best {'a ' * 12}… with 9.537e-07>"


def test_mistakes_are_diagnostics() -> None:
    for table, options, said in (
        ([[0.6, 1.4]], {}, "expects numbers from 0 to 1, receives 1.4"),
        ([[float("nan"), 1]], {}, "receives the string"),
        ({"": [0.5, 0.5], "0": [1, 0]}, {}, "there is no distribution after `1`"),
        (TABLE, {"end": "2"}, "a symbol of the distributions"),
        (TABLE, {"beam": 0}, "beam"),
    ):
        with pytest.raises((shapecalc.ShapecalcError, shapecalc.LayerError, ValueError), match=said):
            shapecalc.beam_search(table, **options)
