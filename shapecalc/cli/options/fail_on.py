"""`--fail-on`: conditions on figures that fail a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.cli.exit_codes import Misuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.files.config_keys import FailOn


def conditions_of(texts: Iterable[str] | None) -> tuple[FailOn, ...]:
    """Return the conditions of `--fail-on`; raise a usage error for any other text.

    >>> [condition.of_change for condition in conditions_of(["params > +2%", "memory > 4GiB"])]
    [True, False]
    """
    if not texts:
        return ()
    from shapecalc.files.config_keys import read_condition
    from shapecalc.parser.thresholds import ThresholdError

    conditions = []
    for text in texts:
        try:
            conditions.append(read_condition(text))
        except ThresholdError as error:
            raise Misuse(f"`--fail-on {text}` {error}") from None
    return tuple(conditions)


def of_one_network(conditions: tuple[FailOn, ...]) -> tuple[FailOn, ...]:
    """Return conditions on figures; raise a usage error for one that compares a change."""
    for condition in conditions:
        if condition.of_change:
            misuse = Misuse(f"`--fail-on {condition.text}` compares a change, and a check has one version of a network")
            misuse.help = f"compare with another version: `shapecalc diff --base REV --fail-on '{condition.text}'`"
            raise misuse
    return conditions
