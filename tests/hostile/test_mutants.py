"""Slips of two dozen kinds in every file of the zoo: each is told once, where it is, with the word that mends it."""

from __future__ import annotations

import random
import re
from itertools import pairwise
from typing import NamedTuple

import pytest

from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import Diagnostic, Source
from shapecalc.files import zoo
from shapecalc.parser.positions import offsets_of
from tests.support.mistakes import Anatomy, Mutant, findings, independent, mutant, slips_of

TYPOS_OF_A_KIND = 2
TRIPLES_OF_A_FILE = 6


class Told(NamedTuple):
    name: str
    text: str
    mutant: Mutant
    found: tuple[Diagnostic, ...]

    @property
    def first(self) -> Diagnostic:
        return self.found[0]


def told(name: str, file: Anatomy, mutated: Mutant) -> Told:
    return Told(name, file.text, mutated, findings(mutated.text))


def anatomies(seed: int) -> list[tuple[str, Anatomy]]:
    rng = random.Random(seed)
    return [(name, Anatomy(path.read_text(), rng)) for name in zoo.names() if (path := zoo.path(name))]


@pytest.fixture(scope="module")
def singles() -> list[Told]:
    found = []
    for name, file in anatomies(11):
        seen: set[str] = set()
        for slip in slips_of(file, TYPOS_OF_A_KIND):
            # One of each kind, and more of those in which letters go wrong by chance.
            if slip.meant or slip.kind not in seen:
                found.append(told(name, file, mutant(file.text, slip)))
            seen.add(slip.kind)
    return found


@pytest.fixture(scope="module")
def triples() -> list[Told]:
    found = []
    for name, file in anatomies(12):
        slips = slips_of(file, 3)
        drawn: set[tuple[int, ...]] = set()
        for _ in range(200):
            if len(drawn) == TRIPLES_OF_A_FILE:
                break
            three = tuple(sorted(file.rng.sample(slips, 3), key=lambda slip: slip.start))
            key = tuple(slip.start for slip in three)
            if key in drawn or len({slip.kind for slip in three}) < 3 or not independent(file, three):
                continue
            mutated = mutant(file.text, *three)
            apart = all(one.end < two.start for one, two in pairwise(three))
            if apart and len({span.line for span in mutated.spans}) == 3:
                drawn.add(key)
                found.append(told(name, file, mutated))
    return found


def rarely(failed: list[object], out_of: int, percent: int) -> bool:
    """Return whether at most that share has failed."""
    return 100 * len(failed) <= percent * out_of


def test_every_file_has_mutants_of_many_kinds(singles) -> None:
    assert len(singles) >= 500
    assert {mutated.name for mutated in singles} == set(zoo.names())
    kinds = [mutated.mutant.slips[0].kind for mutated in singles]
    assert len(set(kinds)) >= 23
    assert min(kinds.count(kind) for kind in set(kinds)) >= 10
    assert all(mutated.text != mutated.mutant.text for mutated in singles)


def test_the_files_are_right_before_they_are_mutated() -> None:
    assert [name for name, file in anatomies(0) if findings(file.text)] == []


def test_one_slip_is_one_error(singles) -> None:
    assert all(mutated.found for mutated in singles)
    several = [mutated for mutated in singles if len(mutated.found) > 1]
    assert rarely(several, len(singles), 5), several


def test_an_error_stands_under_the_very_token(singles) -> None:
    astray = [mutated for mutated in singles if mutated.first.span != mutated.mutant.spans[0]]
    assert rarely(astray, len(singles), 5), astray


def test_an_error_has_the_code_of_its_kind(singles) -> None:
    others = [mutated for mutated in singles if mutated.first.code != mutated.mutant.slips[0].code]
    assert rarely(others, len(singles), 5), others


def test_no_kind_of_slip_is_told_badly_as_a_rule(singles) -> None:
    for kind in {mutated.mutant.slips[0].kind for mutated in singles}:
        same = [mutated for mutated in singles if mutated.mutant.slips[0].kind == kind]
        good = [one for one in same if len(one.found) == 1 and one.first.span == one.mutant.spans[0]]
        assert len(good) >= 0.8 * len(same), kind


def test_the_first_suggestion_for_a_slip_of_one_letter_is_the_word_that_was_there(singles) -> None:
    misspelt = [mutated for mutated in singles if mutated.mutant.slips[0].meant]
    missed = [
        mutated
        for mutated in misspelt
        if mutated.first.fix is None or mutated.first.fix.replacement != mutated.mutant.slips[0].meant
    ]
    assert len(misspelt) >= 200
    assert rarely(missed, len(misspelt), 2), missed


def test_where_a_message_quotes_the_token_its_span_marks_just_that(singles) -> None:
    quoting = [
        mutated for mutated in singles if mutated.mutant.slips[0].token in re.split("[`, ]", mutated.first.message)
    ]
    assert len(quoting) >= 400
    for mutated in quoting:
        first, text = mutated.first, mutated.mutant.text
        assert first.span is not None
        marked = text[slice(*offsets_of(text, first.span))]
        # Of a bracket that the wrong one closes, both are quoted and marked; of a parameter its use and its value.
        others = [label.span for label in first.labels if label.text == "opened here" or marked.startswith("$")]
        texts = [marked, *(text[slice(*offsets_of(text, span))] for span in others)]
        assert mutated.mutant.slips[0].token in texts, mutated


def test_a_safe_edit_clears_its_error(singles) -> None:
    safe = [mutated for mutated in singles if mutated.first.fix is not None and mutated.first.fix.safe]
    assert len(safe) >= 150
    for mutated in safe:
        fix = mutated.first.fix
        start, end = offsets_of(mutated.mutant.text, fix.span)
        text = mutated.mutant.text[:start] + fix.replacement + mutated.mutant.text[end:]
        after = findings(text)
        assert mutated.first.code not in {finding.code for finding in after}, mutated
        assert len(after) < len(mutated.found), mutated


def test_mending_makes_of_a_misspelt_file_the_file_that_it_was_or_leaves_it(singles) -> None:
    misspelt = [mutated for mutated in singles if mutated.mutant.slips[0].meant][::2]
    other = []
    for mutated in misspelt:
        text = fix_text(Source("net.yaml", mutated.mutant.text)).source.text
        if text != mutated.text:
            other.append((mutated, text))
    assert [mutated for mutated, text in other if text != mutated.mutant.text] == []
    # Of a short word with another letter, or of one as near to another tool's, no fix is sure.
    assert rarely(other, len(misspelt), 15), other


def test_three_slips_that_have_nothing_to_do_with_each_other_are_all_told(triples) -> None:
    assert len(triples) >= 150
    missed = []
    for mutated in triples:
        there = {(finding.code, finding.span) for finding in mutated.found}
        wanted = [(slip.code, span) for slip, span in zip(mutated.mutant.slips, mutated.mutant.spans, strict=True)]
        if not there.issuperset(wanted):
            missed.append((mutated, wanted))
    # What a step of a guessed type has besides is told once its type is fixed.
    assert rarely(missed, len(triples), 6), missed
    assert len({slip.kind for mutated in triples for slip in mutated.mutant.slips}) >= 18
