"""The one diagnostic of a file that is not converted."""

from __future__ import annotations

from shapecalc.checking.keras.refusal import ALL_OR_NOTHING, AgainError, NotConvertedError
from shapecalc.diagnostics import Span


def test_the_diagnostic_has_the_place_the_reason_and_what_to_write() -> None:
    found = NotConvertedError(Span(3, 5, 3, 9), "`Lambda` is a function", "write it out").diagnostic
    assert (found.code, found.span, found.help) == ("SC101", Span(3, 5, 3, 9), "write it out")
    assert (found.message, found.notes) == ("not converted: `Lambda` is a function", (ALL_OR_NOTHING,))


def test_without_advice_there_is_no_help() -> None:
    assert NotConvertedError(Span(1, 1, 1, 2), "reason").diagnostic.help is None


def test_a_walk_starts_again_with_one_decision() -> None:
    assert (AgainError(moves="image").moves, AgainError(orders=3).orders) == ("image", 3)
