"""`--fail-on` of several commands: what it reads, and what a command of one version of a network refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.fail_on import conditions_of, of_one_network

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_conditions_are_read_and_others_name_the_option() -> None:
    assert [condition.text for condition in conditions_of(["params > 3", "macs > +2%"])] == ["params > 3", "macs > +2%"]
    assert conditions_of(None) == ()
    with pytest.raises(Misuse, match="`--fail-on params` expects METRIC SIGN NUMBER"):
        conditions_of(["params"])


def test_a_change_needs_two_versions() -> None:
    assert len(of_one_network(conditions_of(["params > 3"]))) == 1
    with pytest.raises(Misuse, match="compares a change") as caught:
        of_one_network(conditions_of(["params > 3", "params > 3 or macs > +2%"]))
    assert "shapecalc diff --base REV --fail-on 'params > 3 or macs > +2%'" in caught.value.help


def test_a_check_fails_on_a_condition(run: Run) -> None:
    # arguments, exit code, what is printed
    rows = [
        (("--fail-on", "params > 61705"), 1, "has 61,706 params: `params > 61705` is met"),
        (("--fail-on", "params > 61706"), 0, "clean"),
        (("--fail-on", "params > 1M", "--fail-on", "macs > 1"), 1, "`macs > 1` is met"),
        (("--fail-on", "params > 1", "--ignore", "SC505"), 0, "clean"),
        (("--fail-on", "params > +2%"), 2, "compares a change"),
        (("--fail-on", "prams > 2"), 2, "did you mean `params`?"),
    ]
    for arguments, code, says in rows:
        ended = run("check", "lenet5", *arguments)
        assert (ended.code, says in ended.out + ended.err) == (code, True), ended
