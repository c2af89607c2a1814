"""`shapecalc analogy`, as its readers see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

# Ng, Sequence Models, "Using word embeddings".
NG = """\
word,gender,royal,age,food
man,-1,0.01,0.03,0.09
woman,1,0.02,0.02,0.01
king,-0.95,0.93,0.7,0.02
queen,0.97,0.95,0.69,0.01
apple,0,-0.01,0.03,0.95
orange,0.01,0,-0.02,0.97
"""
SHOWN = """\
man is to woman as king is to ?
nearest to u = woman − man + king
vectors are not scaled to length 1 first (`--unit` does that)
`ng.csv`: 6 words with 4 features

   word     cosine      u·v       |v|
─────────────────────────────────────
1  queen    0.9981    2.387   1.52302
2  apple   −0.0306  −0.0457  0.950526
3  orange  −0.0404  −0.0615  0.970258
not ranked, as they are in the question: man −0.6500, woman 0.6887, king 0.1519

feature  woman  − man  + king    = u  queen  apple  orange
──────────────────────────────────────────────────────────
gender       1     −1   −0.95   1.05   0.97      0    0.01
royal     0.02   0.01    0.93   0.94   0.95  −0.01       0
age       0.02   0.03     0.7   0.69   0.69   0.03   −0.02
food      0.01   0.09    0.02  −0.06   0.01   0.95    0.97

|u|    = √(1.05² + 0.94² + 0.69² + (−0.06)²) = √2.4658 = 1.57029

v = queen
u·v    = 1.05·0.97 + 0.94·0.95 + 0.69·0.69 + (−0.06)·0.01 = 2.387
|v|    = √(0.97² + 0.95² + 0.69² + 0.01²) = √2.3196 = 1.52302
cosine = u·v/(|u|·|v|) = 2.387/(1.57029·1.52302) = 0.9981
"""


def test_man_is_to_woman_as_king_is_to_queen_number_by_number(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ng.csv").write_text(NG, encoding="utf-8")
    out = run("analogy", "man", "woman", "king", "--vectors", "ng.csv").out
    assert out.startswith(SHOWN)


def test_which_convention_was_used_is_said(run: Run) -> None:
    plain = json.loads(run("analogy", "man", "woman", "king", "--vectors", "-", "--format", "json", stdin=NG).out)
    unit = json.loads(
        run("analogy", "man", "woman", "king", "--vectors", "-", "--unit", "--format", "json", stdin=NG).out
    )
    assert (plain["unit"], unit["unit"]) == (False, True)
    assert [round(near["cosine"], 4) for near in plain["nearest"]] == [0.9981, -0.0306, -0.0404]
    assert [round(near["cosine"], 4) for near in unit["nearest"]] == [0.934, -0.0372, -0.0392]
    woman = [1, 0.02, 0.02, 0.01]
    length = plain["b"]["length"]
    assert length == (1 + 2 * 0.02**2 + 0.01**2) ** 0.5
    assert plain["b"] == {"word": "woman", "vector": woman, "length": length, "added": woman}
    assert unit["b"]["added"] == [value / unit["b"]["length"] for value in woman]
    assert [round(value, 12) for value in plain["difference"]] == [2, 0.01, -0.01, -0.08]
    assert [round(value, 12) for value in plain["nearest"][0]["difference"]] == [1.92, 0.02, -0.01, -0.01]
    assert [near["word"] for near in plain["excluded"]] == ["man", "woman", "king"]
    assert "vectors are scaled to length 1 first\n" in run("analogy", "man", "woman", "king", "--unit").out


def test_the_example_of_the_notes_in_both_languages_and_mixed(run: Run) -> None:
    for words, answer in (
        (("summer", "hot", "winter"), "cold"),
        (("夏天", "热", "冬天"), "冷"),
        (("summer", "hot", "冬天"), "冷"),
        (("king", "国王", "queen"), "王后"),
    ):
        document = json.loads(run("analogy", *words, "--format", "json").out)
        assert document["nearest"][0]["word"] == answer, words


def test_mistakes_are_diagnostics(run: Run) -> None:
    for words, said in (
        (("summer", "hot", "wintr"), ("error[SC902]", "did you mean `winter`?")),
        (("a", "b", "a", "--vectors", "-"), ("error[SC903]: b − a + a is 0",)),
        (("summer", "hot"), ("C",)),
    ):
        ended = run("analogy", *words, stdin="a 1\nb 0\n")
        assert (ended.code, ended.out) == (2, ""), words
        assert all(text in ended.err for text in said), (words, ended.err)
