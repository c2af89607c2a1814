"""Similar words and analogies on terminals of any width, with wide words, long words and many features."""

from __future__ import annotations

import random
import re

import pytest

import shapecalc
from shapecalc.execution.words import queries
from shapecalc.execution.words.table import small_table, table_of
from shapecalc.render.tables import text as tables_text
from shapecalc.render.terminal.grid import Page, display_width
from shapecalc.render.words import analogy, similar
from tests.render.test_eighty_columns import check_document

CHINESE = small_table().words[37:]


def lines(result: queries.Similar | queries.Analogy, width: int | None, *, unicode: bool = True) -> list[str]:
    write = similar if isinstance(result, queries.Similar) else analogy
    return tables_text.document(write(result), Page(width, color=False, unicode=unicode)).split("\n")


def test_every_word_of_the_small_table_fits_80_columns_with_a_line_per_row() -> None:
    for word in small_table().words:
        result = shapecalc.similar(word, count=20)
        check_document(similar(result))
        assert max(map(display_width, lines(result, 80))) <= 80, word
    for a, b, c in zip(CHINESE, CHINESE[1:], CHINESE[2:], strict=False):
        result = shapecalc.analogy(a, b, c, unit=True)
        check_document(analogy(result))
        assert max(map(display_width, lines(result, 80))) <= 80, (a, b, c)


def test_narrow_terminals_and_ascii() -> None:
    result = shapecalc.analogy("grandfather", "grandmother", "祖父", unit=True)
    for width in (40, 60, 80, 200):
        for unicode in (True, False):
            shown = lines(result, width, unicode=unicode)
            assert max(map(display_width, shown)) <= width, width
            assert unicode or "".join(shown).isascii()


def many_features() -> queries.Similar:
    draw = random.Random(0)
    vectors = {f"word{place}": [draw.gauss(0, 1) for _ in range(300)] for place in range(20)}
    return queries.similar(table_of({"the-longest-word-of-all-" * 9: [1.0] * 300, **vectors}), "word3", 5)


def test_of_many_features_those_with_the_largest_products_are_shown() -> None:
    result = many_features()
    check_document(similar(result))
    shown = "\n".join(lines(result, 80))
    assert "(16 of 300 features, those with the largest products)" in shown
    assert "(of 292 others)" in shown
    first = result.nearest[0].products
    largest = sorted(range(300), key=lambda place: -abs(first[place]))[:16]
    rows = re.findall(r"^(\d+) +[−\d.e]+ +[−\d.e]+ ", shown, re.MULTILINE)
    assert [str(place + 1) for place in sorted(largest)] == rows[-16:]


def test_of_many_features_that_are_mostly_0_the_others_are_shown() -> None:
    for width, note in ((5, "(0 in all of these: 3, 4, 5)"), (40, "(0 in all of these: 38 other features)")):
        result = queries.similar(table_of({"a": [1, 2] + [0] * (width - 2), "b": [2, 1] + [0] * (width - 2)}), "a", 1)
        shown = lines(result, 80)
        assert [line.split() for line in shown if re.match(r"\d+ +\d+ +\d+$", line)] == [
            ["1", "1", "2"],
            ["2", "2", "1"],
        ]
        assert note in shown


def value(text: str) -> float:
    """Return what a sum such as `1·0.5 + (−2)·3` or `1² + (−2)²` is."""
    plain = text.replace("−", "-").replace("·", "*").replace("²", "**2")
    plain = re.sub(r" \(of [\d,]+ others\)", "", plain)
    assert re.fullmatch(r"[-+*. e\d()]+", plain), plain
    return float(eval(plain))  # only digits and signs


def test_every_printed_equation_holds() -> None:
    results: list[queries.Similar | queries.Analogy] = [shapecalc.similar(word) for word in small_table().words]
    results += [many_features(), shapecalc.analogy("man", "woman", "king", unit=True)]
    for result in results:
        write = similar if isinstance(result, queries.Similar) else analogy
        count = 0
        for text in lines(result, None):
            name, _, sides = text.partition(" = ")
            if name.strip() == "u·v":
                left, _, right = sides.rpartition(" = ")
                assert value(left or right) == pytest.approx(value(right), abs=1e-4), text
            elif name.startswith("|"):
                square, root, length = sides.split(" = ")
                assert value(square.removeprefix("√")) == pytest.approx(value(root.removeprefix("√")), rel=1e-5), text
                assert value(root.removeprefix("√")) ** 0.5 == pytest.approx(value(length), rel=1e-5), text
            elif name.strip() == "cosine":
                _, fraction, cosine = sides.split(" = ")
                above, _, below = fraction.partition("/")
                assert value(above) / value(below) == pytest.approx(value(cosine), abs=6e-5), text
            else:
                continue
            count += 1
        assert count >= 10, write


def test_vectors_of_zeros_are_counted_and_no_other_word_is_said() -> None:
    alone = lines(queries.similar(table_of({"a": [1, 2], "b": [0, 0]}), "a", 5), 80)
    assert "2 words with 2 features; 1 vector of zeros not ranked" in alone
    assert "no other word has a direction" in alone


def test_words_of_a_file_are_no_commands_and_no_markup() -> None:
    hostile = {"\x1b[31m": [1, 2], "##[error]x": [2, 1], "<b>&`|": [1, 1], "a|b": [3, 1], "@all": [1, 5]}
    for word in hostile:
        result = queries.similar(table_of(hostile), word, 5)
        shapecalc.check  # noqa: B018 - imports what writes results
        for text in ("\n".join(lines(result, 80)), result.to_markdown(), result._repr_html_(), result.to_csv()):
            assert "\x1b" not in text
            assert "##[" not in text
        assert "<b>" not in result._repr_html_()
        assert "<b>" not in re.sub("(`+)(.*?)\\1", "", result.to_markdown())
        assert "@all" not in re.sub("(`+)(.*?)\\1", "", result.to_markdown())
