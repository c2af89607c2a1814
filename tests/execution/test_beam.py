"""The three searches over given distributions, against every sequence multiplied out without any search."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product as words_of
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc import ShapecalcError
from shapecalc.diagnostics.errors import LayerError
from shapecalc.execution.beam import BeamSearch, exact, limits, load, product, search
from shapecalc.execution.exact_log import logarithm
from shapecalc.parser.distributions import Distributions
from tests.support.volume import at_most

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.parser.distributions import Prefix

README = '{"": [0.6, 0.4], "0": [0.55, 0.45], "1": [0.1, 0.9]}'
D2L = """{"": {A: 0.5}, "A": {B: 0.4, C: 0.3}, "A B": {C: 0.4}, "A B C": {<eos>: 0.6},
          "A C": {B: 0.6}, "A C B": {<eos>: 0.6}}"""
MASTERY = str([[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.4, 0.3, 0.2, 0.1]] * 5)


def names(tree: BeamSearch, symbols: Prefix) -> str:
    return " ".join(tree.distributions.symbols[symbol] for symbol in symbols)


@st.composite
def tables(draw: st.DrawFn, *, normal: bool = False) -> tuple[Distributions, int]:
    """Distributions after every prefix, of few small numbers so that ties and zeros are frequent; and their length."""
    size, length = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    weights = st.lists(st.integers(0, 3), min_size=size, max_size=size).filter(any)
    prefixes = {}
    for depth in range(length):
        for prefix in words_of(range(size), repeat=depth):
            row = draw(weights)
            prefixes[prefix] = tuple(Fraction(number, sum(row) if normal else 4) for number in row)
    return Distributions(tuple(map(str, range(size))), prefixes=prefixes), length


def every(table: Distributions, length: int, end: int | None) -> list[tuple[Fraction, Prefix]]:
    """Each sequence with its probability, by the rule: the more probable, then the shorter ended, then the symbols."""
    sequences = {
        word[: word.index(end) + 1] if end in word else word
        for word in words_of(range(len(table.symbols)), repeat=length)
    }
    scored = []
    for word in sequences:
        number = math.prod(
            (table.prefixes[word[:place]][symbol] for place, symbol in enumerate(word)), start=Fraction(1)
        )
        scored.append((-number, length + (word[-1] != end) if word[-1] != end else len(word), word))
    return [(-number, word) for number, _, word in sorted(scored) if number]


def ends(draw: st.DataObject, table: Distributions) -> str | None:
    return draw.draw(st.none() | st.sampled_from(table.symbols)) if len(table.symbols) > 1 else None


@given(tables(), st.data())
@at_most(150)
def test_exhaustive_search_is_every_sequence_multiplied_out(
    problem: tuple[Distributions, int], data: st.DataObject
) -> None:
    table, length = problem
    end = ends(data, table)
    tree = search(table, length=length, end=end)
    wanted = every(table, length, None if end is None else int(end))
    assert [(product(each), each.symbols) for each in tree.every] == wanted
    assert tree.bound == wanted[0][0]
    assert tree.finds_best == (product(tree.best[0]) == wanted[0][0])


@given(tables(), st.data())
@at_most(150)
def test_a_beam_as_wide_as_the_space_is_exhaustive_search(
    problem: tuple[Distributions, int], data: st.DataObject
) -> None:
    table, length = problem
    tree = search(table, length=length, end=ends(data, table), beam=len(table.symbols) ** length)
    assert [each.symbols for each in tree.best] == [each.symbols for each in tree.every][: tree.beam]
    assert tree.finds_best
    assert {each.fate for step in tree.steps for each in step} <= {"kept", "finished", "impossible"}


@given(tables())
@at_most(150)
def test_a_beam_of_one_is_greedy_search(problem: tuple[Distributions, int]) -> None:
    table, length = problem
    tree = search(table, length=length, beam=1)
    assert tree.best[0].symbols == tree.greedy.symbols
    taken: Prefix = ()
    for _ in range(length):
        row = table.prefixes[taken]
        taken = (*taken, row.index(max(row)))
    assert tree.greedy.symbols == taken


@given(tables(normal=True), st.data())
@at_most(150)
def test_all_probabilities_sum_to_1_if_the_rows_do(problem: tuple[Distributions, int], data: st.DataObject) -> None:
    table, length = problem
    tree = search(table, length=length, end=ends(data, table))
    assert tree.total == 1
    assert table.sums() == {}


@given(tables(), st.integers(1, 5), st.data())
@at_most(150)
def test_a_step_keeps_the_best_candidates_by_the_rule(
    problem: tuple[Distributions, int], beam: int, data: st.DataObject
) -> None:
    table, length = problem
    end = ends(data, table)
    tree = search(table, length=length, beam=beam, end=end)
    active: list[tuple[Fraction, Prefix]] = [(Fraction(1), ())]
    for step in tree.steps:
        grown = [
            (number * table.prefixes[word][symbol] if number else number, (*word, symbol))
            for number, word in active
            for symbol in range(len(table.symbols))
        ]
        assert sorted((each.symbols, each.score.product) for each in step) == sorted((word, n) for n, word in grown)
        open_ = sorted((-number, word) for number, word in grown if str(word[-1]) != end)
        active = [(-number, word) for number, word in open_[:beam]]
        assert {each.symbols for each in step if each.fate == "kept"} == {word for number, word in active if number}
        kept = [number for number, _ in active if number]
        dropped = [-number for number, _ in open_[beam:] if number]
        found = [limit and limit.product for limit in limits(step, None if end is None else int(end))]
        assert found == [min(kept, default=None), max(dropped, default=None)]


@given(tables())
@at_most(100)
def test_a_score_is_the_product_of_its_factors_and_the_sum_of_their_logarithms(
    problem: tuple[Distributions, int],
) -> None:
    table, length = problem
    for hypothesis in search(table, length=length).every:
        factors = exact(hypothesis).factors
        assert math.prod(factors) == product(hypothesis)
        assert logarithm(product(hypothesis)) == pytest.approx(sum(math.log(factor) for factor in factors))


def test_greedy_misses_what_a_beam_of_two_finds() -> None:
    tree = search(load(README))
    assert (names(tree, tree.greedy.symbols), product(tree.greedy)) == ("0 0", Fraction(33, 100))
    assert (names(tree, tree.best[0].symbols), product(tree.best[0])) == ("1 1", Fraction(36, 100))
    assert (tree.finds_best, tree.total, search(load(README), beam=1).enough) == (True, 1, 2)


def test_the_two_chains_of_dive_into_deep_learning() -> None:
    tree = search(load(D2L), end="<eos>")
    assert (names(tree, tree.greedy.symbols), product(tree.greedy)) == ("A B C <eos>", Fraction(48, 1000))
    assert (names(tree, tree.best[0].symbols), product(tree.best[0])) == ("A C B <eos>", Fraction(54, 1000))


def test_the_table_whose_published_scores_multiply_logarithms() -> None:
    """Of rows that sum to 1.5: the right scores are 10·ln 2 and 9·ln 2 − ln 0.4."""
    tree = search(load(MASTERY), beam=3)
    assert tree.best[0].symbols == (4, 0) * 5
    assert [round(-logarithm(product(each)), 9) for each in tree.best] == [6.931471806, 7.154615357, 7.154615357]
    assert set(tree.distributions.sums().values()) == {Fraction(3, 2)}


def test_what_exhaustive_search_leaves_out_is_bounded() -> None:
    steps = [[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.4, 0.3, 0.2, 0.1]] * 5
    tree = search(load(str(steps)), beam=1)
    assert tree.left_out.startswith("it would compute more than 100,000 scores: (5^10 − 1)/4·5 = 12,207,030")
    assert (tree.every, tree.finds_best, tree.bound) == ((), True, Fraction(1, 1024))
    # Only after 1 it is nearly certain what follows: the best sequence begins with what the beam drops.
    tree = search(load('{"": [0.6, 0.4], "* 0": [0.5, 0.5], "* 1": [0.1, 0.9]}'), beam=1, length=18)
    assert (tree.every, tree.finds_best, tree.enough) == ((), None, None)
    assert product(tree.best[0]) < tree.bound == Fraction(4, 10) * Fraction(9, 10) ** 17


def test_a_dropped_hypothesis_may_end_at_the_next_step() -> None:
    table = '{"": {a: 0.6, b: 0.3, E: 0.1}, "* a": {a: 0.5, b: 0.3, E: 0.2}, "* b": {a: 0.05, b: 0.05, E: 0.9}}'
    tree = search(load(table), beam=1, length=18, end="E")
    assert (tree.every, tree.finds_best) == ((), None)
    assert product(tree.best[0]) == Fraction(12, 100)
    assert tree.bound == Fraction(27, 100)  # b E


def test_impossible_sequences_take_no_room_of_exhaustive_search() -> None:
    tree = search(load('{"": [0.6, 0.4], "* 0": [0.5, 0.5], "* 1": [0, 1]}'), beam=1, length=18)
    assert (len(tree.every), tree.left_out, tree.finds_best, tree.bound) == (19, "", False, Fraction(4, 10))
    assert tree.enough == 2


def test_exhaustive_search_reads_no_more_than_it_needs() -> None:
    tree = search(load('{"": [0.7, 0.2, 0.1], "0": [1, 0, 0], "1": [0.5, 0.5, 0]}'))
    assert tree.left_out == "there is no distribution after `2`"
    assert (tree.finds_best, tree.bound) == (True, Fraction(7, 10))


@given(tables(), st.data())
@at_most(150)
def test_no_sequence_exceeds_the_bound_whatever_a_missing_distribution_is(
    problem: tuple[Distributions, int], data: st.DataObject
) -> None:
    table, length = problem
    end = ends(data, table)
    missing = {data.draw(st.sampled_from(sorted(table.prefixes)))} - {()}
    given_ = {prefix: row for prefix, row in table.prefixes.items() if prefix not in missing}
    try:
        tree = search(replace(table, prefixes=given_), beam=1, length=length, end=end)
    except ShapecalcError:
        return  # the beam needs it
    sure = dict.fromkeys(missing, (Fraction(1),) * len(table.symbols))
    full = replace(table, prefixes=given_ | sure)
    assert every(full, length, None if end is None else int(end))[0][0] <= tree.bound


def test_what_follows_a_prefix_without_a_distribution_is_bounded_by_1() -> None:
    tree = search(load('{"": [0.6, 0.4], "0": [0.55, 0.45]}'), beam=1)
    assert tree.left_out == "there is no distribution after `1`"
    assert (tree.finds_best, tree.bound) == (None, Fraction(4, 10))  # with [0.1, 0.9] after 1, 0.36 is better than 0.33


def test_ties_are_decided_by_the_symbols_in_every_search() -> None:
    tree = search(load('{"": [0.4, 0.6], "0": [0.75, 0.25], "1": [0.5, 0.5]}'), beam=3)
    assert [names(tree, each.symbols) for each in tree.best] == ["0 0", "1 0", "1 1"]
    assert [names(tree, each.symbols) for each in tree.every] == ["0 0", "1 0", "1 1", "0 1"]
    assert names(tree, tree.greedy.symbols) == "1 0"
    assert tree.finds_best


def test_numbers_far_below_the_smallest_float_are_compared() -> None:
    tree = search(load(str([[0.0001, 0.00001]] * 200)), beam=2)
    assert logarithm(product(tree.best[0])) == pytest.approx(-200 * math.log(10_000))
    assert tree.best[1].symbols == (*(0,) * 199, 1)


def test_files_of_rows_are_read_as_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.array([[0.6, 0.4], [0.55, 0.45]]))
    (tmp_path / "rows.csv").write_text("0.6,0.4\n0.55,0.45\n")
    for name in ("rows.npy", "rows.csv"):
        assert load(str(tmp_path / name)) == load("[[0.6, 0.4], [0.55, 0.45]]")


def test_what_cannot_be_searched_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "cube.npy", np.ones((2, 2, 2)))
    np.save(tmp_path / "large.npy", np.ones(100_001))
    np.save(tmp_path / "negative.npy", np.array([[0.5, -0.5]]))
    rows = [
        ("[[0.6, 0.4]]", {"length": 2}, "SC201", "at most 1, the number of rows, receives 2"),
        ("[[0.6, 0.4]]", {"length": 0}, "SC201", "1 to 1000, receives 0"),
        ('{"*": [0.6, 0.4]}', {"length": 1_001}, "SC201", "1 to 1000, receives 1001"),
        ("[[0.6, 0.4]]", {"beam": 0}, "SC201", "1 to 2147483647"),
        ("[[0.6, 0.4]]", {"end": "2"}, "SC203", "expects a symbol of the distributions, receives `2`"),
        ("[[1]]", {"end": "0"}, "SC201", "a symbol beside the end symbol"),
        (str([[0.1] * 100] * 60), {"beam": 100}, "SC201", "a search of at most 200,000 scores, receives 100"),
        ('{"": [0.6, 0.4], "0": [1, 0]}', {}, "SC106", "there is no distribution after `1`"),
        ('{"": [0.6, 0.4], "1": [1, 0]}', {"beam": 1}, "SC106", "there is no distribution after `0`"),
        ('{"*": [0.6, 0.4]}', {}, "SC106", "`--length` is missing"),
        (str(tmp_path / "cube.npy"), {}, "SC305", "2 axes, steps and symbols, receives 3"),
        (str(tmp_path / "large.npy"), {}, "SC012", "at most 100,000 numbers, receives 100,001"),
        (str(tmp_path / "negative.npy"), {}, "SC201", "numbers from 0 to 1 in step 1, receives -0.5"),
        ("0.5,0.5;0,0", {}, "SC201", "a positive probability in step 2"),
    ]
    for text, options, code, said in rows:
        with pytest.raises((LayerError, ShapecalcError)) as raised:
            search(load(text), **options)
        error = raised.value
        found = (error.code, error.message) if isinstance(error, LayerError) else error.diagnostics[0][:2]
        assert found[0] == code, (text[:60], options)
        assert said in found[1], (text[:60], options)
