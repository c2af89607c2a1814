"""A beam search as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run


DOCUMENTED = ("beam", "--vocab", "10000", "--beam", "5", "--length", "20")


def test_a_number_that_no_reader_takes_is_null_in_json(run: Run) -> None:
    document = json.loads(run("beam", "--vocab", "100", "--beam", "2", "--length", "3000", "--format", "json").out)
    assert document["exhaustive"]["scores"]["result"] is None
    assert document["exhaustive"]["scores"]["about"].endswith("·10^5986")


def test_formulas_are_spelt_where_only_ascii_goes(run: Run) -> None:
    out = run(*DOCUMENTED, env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}).out
    assert out.isascii()
    assert "\\u" not in out
