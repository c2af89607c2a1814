"""`shapecalc.similar` and `shapecalc.analogy`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import shapecalc

if TYPE_CHECKING:
    from pathlib import Path

VECTORS = {"cat": (2, 0), "dog": (3, 4), "law": (0, 1)}


def test_vectors_come_from_a_file_from_python_or_from_the_table_that_ships(tmp_path: Path) -> None:
    path = tmp_path / "w.txt"
    path.write_text("".join(f"{word} {x} {y}\n" for word, (x, y) in VECTORS.items()), encoding="utf-8")
    by_file, by_name = shapecalc.similar("cat", vectors=path), shapecalc.similar("cat", vectors=str(path))
    by_mapping = shapecalc.similar("cat", vectors=VECTORS)
    assert by_file == by_name
    assert by_file.nearest == by_mapping.nearest
    assert [(near.word, near.cosine) for near in by_mapping.nearest] == [("dog", 0.6), ("law", 0.0)]
    assert shapecalc.similar("cat").nearest[0].word == "dog"
    assert shapecalc.similar("cat", vectors=path, first=2).ranking.words == 2
    assert shapecalc.analogy("cat", "dog", "law", vectors=VECTORS).nearest == ()


def test_arguments_are_checked() -> None:
    for count in (0, -1, 1001):
        with pytest.raises(shapecalc.ShapecalcError, match="SC201: `count` expects 1 to 1000"):
            shapecalc.similar("cat", count=count)
    with pytest.raises(shapecalc.ShapecalcError, match="SC201: `first`"):
        shapecalc.similar("cat", vectors="none.txt", first=0)
    for vectors in (None, VECTORS):
        with pytest.raises(shapecalc.ShapecalcError, match="SC205: the first 2 words are those of a file") as raised:
            shapecalc.similar("cat", vectors=vectors, first=2)
        assert raised.value.exit_code == 2
    with pytest.raises(TypeError, match="PathLike object, not int"):
        shapecalc.similar("cat", vectors=7)  # type: ignore[arg-type]


def test_the_rows_and_the_text_are_those_of_the_command() -> None:
    result = shapecalc.analogy("summer", "hot", "winter", count=2)
    assert [(row["rank"], row["word"], round(row["cosine"], 4)) for row in result.to_rows()] == [
        *((1, "cold", 0.9939), (2, "冷", 0.937)),
    ]
    assert str(result).startswith("summer is to hot as winter is to ?\n")
    assert result.to_dict()["nearest"][0]["products"] == pytest.approx([0] * 9 + [1, 0.8, 0, 0, 0])


def test_other_functions_read_no_table() -> None:
    code = "import sys, shapecalc; shapecalc.inspect('lenet5'); print([n for n in sys.modules if 'words' in n])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
