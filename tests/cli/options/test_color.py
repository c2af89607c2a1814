"""Whether output is coloured: options, environment and kind of stream."""

from __future__ import annotations

import pytest

from tests.support.terminals import on_a_terminal


@pytest.mark.parametrize(
    ("env", "option", "colored"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": ""}, [], True),  # no-color.org: an empty one says nothing
        ({"TERM": "dumb"}, [], False),
        ({}, ["--color", "never"], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
    ],
)
def test_a_terminal_is_coloured_unless_asked_not_to(env: dict[str, str], option: list[str], colored: bool) -> None:
    assert ("\x1b[" in on_a_terminal(["inspect", "lenet5", *option], 80, **env)) is colored


@pytest.mark.parametrize(
    ("env", "colored"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "0"}, False), ({"GITHUB_ACTIONS": "true"}, False)],
)
def test_a_pipe_is_coloured_only_when_asked_to(run, env: dict[str, str], colored: bool) -> None:
    assert ("\x1b[" in run("inspect", "lenet5", env=env).out) is colored
    assert ("\x1b[" in run("inspect", "none.yaml", env=env).err) is colored
