"""The keys of a configuration: what each takes, and how a mistake is told."""

from __future__ import annotations

from datetime import date, time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.files.config_keys import (
    BUDGET_KEYS,
    FILE_KEYS,
    GENERAL_KEYS,
    MOST_ENTRIES,
    OPTIONS_ONLY,
    read_condition,
    read_tables,
)
from shapecalc.files.toml import read_toml


def tables(text: str) -> Any:
    source = Source("a.toml", text)
    return read_tables(source, read_toml(source), ())


def mistakes(text: str) -> list[tuple[str, str | None]]:
    with pytest.raises(ShapecalcError) as caught:
        tables(text)
    assert caught.value.exit_code == 2
    assert {found.code for found in caught.value.diagnostics} == {"SC506"}
    return [(found.message, found.help) for found in caught.value.diagnostics]


def test_every_key_is_read() -> None:
    read = tables(
        """
paths = ["nets", "./more/**/*.yaml"]
exclude = ["nets/old/"]
select = ["sc3", "SC501"]
ignore = "SC4"
strict = true
set = {N = 8, width = "wide"}
batch = 4
locked = true
lock-file = "locks/nets.json"
fail-on = ["params > +2%", "memory > 4GiB"]
budgets = {max-params="25M", max-active-params="3M", max-macs = 1000, max-memory = "64MiB", dtype = "int8", batch = 1}
[[overrides]]
paths = "edge/**"
strict = false
budgets.max-params = "1M"
"""
    )
    values = read.values
    assert values["paths"] == ("nets", "more/**/*.yaml")
    assert values["exclude"] == ("nets/old",)
    assert values["select"] == ("SC3", "SC501")
    assert values["ignore"] == ("SC4",)
    assert values["set"] == {"N": 8, "width": "wide"}
    assert values["lock-file"] == "locks/nets.json"
    assert [(one.text, one.of_change) for one in values["fail-on"]] == [
        ("params > +2%", True),
        ("memory > 4GiB", False),
    ]
    assert values["budgets.max-params"] == ("25M", Fraction(25_000_000))
    assert values["budgets.max-active-params"] == ("3M", Fraction(3_000_000))
    assert values["budgets.max-macs"] == ("1000", 1000)
    assert values["budgets.max-memory"].number == 2**26
    assert {*values} == {*GENERAL_KEYS, *FILE_KEYS, *(f"budgets.{key}" for key in BUDGET_KEYS)}
    (override,) = read.overrides
    assert override.paths == ("edge/**",)
    assert override.values == {"strict": False, "budgets.max-params": ("1M", 10**6)}


# what it is: a text, what the message says, what the help says
MISTAKES = {
    "an unknown key": ("selct = []", "unknown key `selct` in `a.toml`", "did you mean `select`?"),
    "a key with an underscore": ("fail_on = []", "unknown key `fail_on`", "did you mean `fail-on`?"),
    "a key like none": ("banana = 1", "unknown key `banana`", "keys: paths, exclude"),
    "a table like another": ("[budgts]", "unknown key `budgts`", "did you mean `budgets`?"),
    "a budget at the top": ("max-params = 1", "unknown key `max-params`", "write it in `budgets`"),
    "a general key in an override": (
        '[[overrides]]\npaths = ["a"]\nlocked = true',
        "unknown key `locked` in `overrides`",
        "write it in `a.toml`",
    ),
    "an override without paths": ("[[overrides]]\nstrict = true", "override 1 has no `paths`", 'paths = ["edge/**"]'),
    "an override of no path": ("[[overrides]]\npaths = []", "override 1 has no `paths`", 'paths = ["edge/**"]'),
    "overrides that are no list": ("overrides = {paths = []}", "`overrides` expects tables", "[[overrides]]"),
    "budgets that are no table": ("budgets = 3", "`budgets` expects a table", None),
    "a number for a flag": ("strict = 1", "`strict` expects `true` or `false`, receives `1`", None),
    "a flag for a list": ("paths = true", "`paths` expects a list of paths such as `nets`, receives `true`", None),
    "a number in a list": ("ignore = [404]", "`ignore` expects codes such as `SC301`, receives `404`", None),
    "an empty text": ('paths = [""]', "receives an empty text", None),
    "an unknown code": ('select = ["SC999"]', "receives `SC999`", "lists all codes"),
    "a path upwards": ('paths = ["a", "../.."]', "expects paths in the folder of the configuration", "a pull request"),
    "an absolute path": ('lock-file = "/etc/passwd"', "`lock-file` expects paths in the folder", "a pull request"),
    "a home": ('exclude = ["~/nets"]', "`exclude` expects paths in the folder", "a pull request"),
    "a drive": ('paths = ["C:/nets"]', "`paths` expects paths in the folder", "a pull request"),
    "a null character": ('paths = ["a\\u0000"]', "`paths` expects paths in the folder", "a pull request"),
    "folders of folders": ('paths = ["**/a/**/b"]', "`paths` expects at most one `**`", None),
    "too many": (f"exclude = {['a'] * (MOST_ENTRIES + 1)}", "expects at most 1,000 entries, receives 1,001", None),
    "a batch of none": ("batch = 0", "`batch` expects an integer from 1 to 2147483647, receives `0`", None),
    "a batch that is a flag": ("batch = true", "`batch` expects an integer", None),
    "a setting of no name": ('set = {"2N" = 8}', "`set` expects names of symbols and parameters", None),
    "a setting of a list": ("set = {N = [8]}", "`set` expects a number, a flag or a word for `N`", None),
    "a setting of a day": ("set = {N = 2020-01-01}", "`set` expects a number, a flag or a word for `N`", None),
    "a setting of many digits": (f"set = {{N = {10**30}}}", "`set` expects a number of at most 20 digits", None),
    "a setting of no number": ("set = {N = nan}", "`set` expects a number of at most 20 digits", None),
    "no condition": ('fail-on = ["params"]', "`fail-on` `params` expects METRIC SIGN NUMBER", None),
    "a condition of an unknown figure": ('fail-on = ["prams > 3"]', "did you mean `params`?", None),
    "a quantity of an unknown unit": ("budgets = {max-params = '25Q'}", "`max-params` expects a quantity", None),
    "parameters in bytes": ("budgets = {max-params = '25MB'}", "`max-params` expects a quantity", None),
    "a negative quantity": ("budgets = {max-macs = -1}", "`max-macs` expects a quantity such as `25M`", None),
    "an unknown type": ("budgets = {dtype = 'float64'}", "`dtype` expects one of float32, float16", None),
}


def test_a_mistake_says_what_is_expected() -> None:
    for name, (text, message, help_) in MISTAKES.items():
        ((told, helped),) = mistakes(text)
        assert message in told, (name, told)
        assert help_ is None or help_ in (helped or ""), (name, helped)


def test_what_only_an_option_may_do_has_a_message_of_its_own() -> None:
    for key, (option, _) in OPTIONS_ONLY.items():
        for text in (f"{key} = 1", f'[[overrides]]\npaths = ["a"]\n{key} = 1'):
            ((told, helped),) = mistakes(text)
            assert told == f"a configuration cannot set `{key}`"
            assert f"`{option}`" in (helped or "")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    told = mistakes('[[overrides]]\npaths = "a"\nstrict = 1\n[budgets]\nmax = 1\nbatch = 0')
    assert [message.split("`")[1] for message, _ in told] == ["strict", "max", "batch"]


def test_a_condition_says_whether_it_compares_a_change() -> None:
    assert [read_condition(text).of_change for text in ("params > 3", "params > 3 or macs > +1")] == [False, True]


scalars = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.dates(), st.times(), st.just(2**70), st.just([])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
keys = st.sampled_from([*GENERAL_KEYS, *FILE_KEYS, "budgets", "overrides", *BUDGET_KEYS, *OPTIONS_ONLY]) | st.text(
    max_size=9
)


@given(st.dictionaries(keys, values | st.dictionaries(keys, values) | st.lists(st.dictionaries(keys, values))))
def test_any_values_are_read_or_refused(table: dict[str, Any]) -> None:
    try:
        read = read_tables(Source("a.toml", ""), table, ())
        told = {"SC506"}
    except ShapecalcError as error:
        read, told = None, {found.code for found in error.diagnostics if found.message and error.exit_code == 2}
    assert told == {"SC506"}
    assert read is None or not any(isinstance(value, date | time) for value in read.values.values())
