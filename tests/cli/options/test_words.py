"""The options of `similar` and `analogy` are the same."""

from __future__ import annotations

from inspect import signature

from shapecalc.api import words as api
from shapecalc.cli import analogy, similar
from shapecalc.cli.options import words


def test_both_commands_have_the_same_options_and_defaults_as_the_functions() -> None:
    for command, function in ((similar.command, api.similar), (analogy.command, api.analogy)):
        ours, theirs = signature(command).parameters, signature(function).parameters
        assert {"vectors", "count", "first"} <= {*ours} & {*theirs}
        for name in {*ours} & {*theirs}:
            assert ours[name].default == theirs[name].default, name


def test_a_word_is_read_as_utf_8_where_the_locale_knows_ascii_alone() -> None:
    surrogates = "夏天".encode().decode("ascii", "surrogateescape")
    assert words.typed(surrogates) == words.typed("夏天") == "夏天"
    assert words.typed("king") == "king"
