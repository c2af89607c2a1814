"""52,000 mutants of the architectures that ship go the way of a user's file: none breaks the program."""

from __future__ import annotations

import os
import random

import pytest

from shapecalc.files import zoo
from tests.support.tokens import mutant, run_all, shares, taken_through, texts

MUTANTS = 52_000


def seed() -> int:
    return 0 if os.environ.get("CI") else random.SystemRandom().randrange(1 << 32)


def test_every_file_has_its_share_of_the_mutants() -> None:
    assert set(shares(MUTANTS)) == set(zoo.names())
    assert min(shares(MUTANTS).values()) >= 200
    assert sum(shares(MUTANTS).values()) >= MUTANTS


def test_a_mutant_is_the_same_whenever_it_is_made_and_differs_from_its_file() -> None:
    assert mutant("lenet5", 7) == mutant("lenet5", 7) != mutant("lenet5", 8)
    same = sum(mutant(name, number) == text for name, text in texts().items() for number in range(10))
    assert same < 0.1 * 10 * len(texts())


@pytest.mark.slow
def test_no_mutant_brings_out_anything_but_diagnostics() -> None:
    number = seed()
    many, fine, failures = run_all(MUTANTS, number)
    assert not failures, f"seed {number}, {len(failures)} of {many}: {failures[0]}"
    assert many >= MUTANTS
    # Most are mistakes, and some are not: comments, spaces, a width that is as good as another.
    assert 0.05 * many < fine < 0.5 * many


def test_what_goes_wrong_in_a_mutant_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness itself: an error that is none of ours leaves it."""
    monkeypatch.setattr("tests.support.tokens.infer", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        taken_through("lenet5", 0, texts()["lenet5"])
