"""`shapecalc similar`, as its readers see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

TWO = "word,x,y\ncat,2,0\ndog,3,4\nlaw,0,1\n"
SHOWN = """\
similar to u = cat: the cosine of the angle between two vectors
`w.csv`: 3 words with 2 features

   word  cosine  u·v  |v|
─────────────────────────
1  dog   0.6000    6    5
2  law   0.0000    0    1

feature  cat  dog  law
──────────────────────
x          2    3    0
y          0    4    1

|u|    = √(2²) = √4 = 2

v = dog
u·v    = 2·3 = 6
|v|    = √(3² + 4²) = √25 = 5
cosine = u·v/(|u|·|v|) = 6/(2·5) = 0.6000

v = law
u·v    = 0
|v|    = √(1²) = √1 = 1
cosine = u·v/(|u|·|v|) = 0/(2·1) = 0.0000
"""


def test_every_cosine_is_shown_with_its_numbers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(TWO, encoding="utf-8")
    assert run("similar", "cat", "--vectors", "w.csv").out == SHOWN


def test_json_has_every_number(run: Run) -> None:
    document = json.loads(run("similar", "cat", "--vectors", "-", "--format", "json", stdin=TWO).out)
    assert document == {
        "schema_version": 1,
        "word": "cat",
        "vectors": {"file": "<stdin>", "shipped": False, "words": 3},
        "features": ["x", "y"],
        "vector": [2, 0],
        "length": 2,
        "nearest": [
            {"word": "dog", "vector": [3, 4], "products": [6, 0], "dot": 6, "length": 5, "cosine": 0.6},
            {"word": "law", "vector": [0, 1], "products": [0, 0], "dot": 0, "length": 1, "cosine": 0},
        ],
        "excluded": [],
        "zero_vectors": 0,
    }


def test_other_formats_have_the_ranking(run: Run) -> None:
    sheet = run("similar", "夏天", "--count", "1", "--format", "csv").out
    assert sheet == "rank,word,cosine,dot,length\n1,summer,0.9373584035463858,1.81,1.3453624047073711\n"
    assert "| 1 | `summer` |" in run("similar", "夏天", "--count", "1", "--format", "markdown").out.replace("`1`", "1")
    assert "summer" in run("similar", "夏天", "--count", "1", "--format", "latex").out


def test_mistakes_are_diagnostics(run: Run, tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("cat 2 0\ndog 3 x\n", encoding="utf-8")
    for words, code, said in (
        (("similar", "kng"), 2, ("error[SC902]", "did you mean `king`?")),
        (("similar", "cat", "--vectors", "w.txt"), 1, ("error[SC901]", "w.txt:2:7", "receives `x`", "^")),
        (("similar", "cat", "--vectors", "none.txt"), 2, ("error[SC001]: `none.txt` does not exist",)),
        (("similar", "cat", "--count", "0"), 2, ("--count",)),
        (("similar", "cat", "--vectors", "w.txt", "--first", "0"), 2, ("--first",)),
        (("similar",), 2, ("WORD",)),
    ):
        ended = run(*words)
        assert (ended.code, ended.out) == (code, ""), words
        assert all(text in ended.err for text in said), (words, ended.err)


def test_help_says_that_the_values_are_chosen_by_hand(run: Run) -> None:
    assert "chosen by hand" in " ".join(run("similar", "--help").out.split())


@pytest.mark.parametrize("unicode", [True, False])
def test_a_narrow_terminal_wraps_no_row(run: Run, unicode: bool) -> None:
    ended = run("similar", "国王", env={"COLUMNS": "80", "PYTHONIOENCODING": "utf-8" if unicode else "ascii"})
    assert ended.code == 0
    assert ended.out.isascii() != unicode


def test_the_shell_completes_words_of_the_table(run: Run) -> None:
    for line, expected in (("shapecalc similar wint", "winter"), ("shapecalc analogy summer ho", "horse\nhot")):
        variables = {"_SHAPECALC_COMPLETE": "complete_bash", "COMP_WORDS": line.replace(" ", "\n")}
        ended = run(env={**variables, "COMP_CWORD": str(line.count(" "))})
        assert sorted(ended.out.split()) == expected.split(), line
    listed = run(
        env={"_SHAPECALC_COMPLETE": "complete_bash", "COMP_WORDS": "shapecalc\nlist\nlenet", "COMP_CWORD": "2"}
    )
    assert "lenet5" in listed.out.split()
