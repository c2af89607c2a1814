"""Conditions in one symbol, decided for all its sizes: compared with trying each."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import assume, given, strategies as st

from shapecalc.dims import Condition, DimLimitError, Effort, Relation, Sizes, free_symbols, parse, valid_sizes
from shapecalc.dims.valid_sizes import period_of
from tests.support.rows import for_each

MODULE = import_module("shapecalc.dims.valid_sizes")  # whose name in the package is the function's


def at_least_0(text: str) -> Condition:
    return Condition(parse(text), Relation.NONNEGATIVE)


def zero(text: str) -> Condition:
    return Condition(parse(text), Relation.ZERO)


def multiple(of: int) -> Condition:
    return zero(f"H - {of}*(H//{of})")


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(-20, 20)), min_size=1, max_size=3),
    st.sampled_from([-3, -2, -1, 1, 2, 3]),
    st.integers(-40, 40),
)
def test_a_bound_on_floors_is_the_bound_on_what_they_round(
    chain: list[tuple[int, int]], factor: int, constant: int
) -> None:
    text = "H"
    for divisor, shift in chain:
        text = f"(({text}) + {shift})//{divisor}"
    bound = parse(f"{factor}*({text}) + {constant}")
    found = valid_sizes([Condition(bound, Relation.NONNEGATIVE)], "H")
    assert found.period == 1
    for size in range(1, 400):
        assert (size in found) == Condition(bound, Relation.NONNEGATIVE).holds({"H": size})


@pytest.mark.parametrize(
    ("conditions", "sizes"),
    [
        ([at_least_0("H - 1000000000000"), at_least_0("5 - H")], Sizes((), 1, 1, ())),
        ([at_least_0("H - 1000000000000"), multiple(7)], Sizes((), 1000000000006, 7, (0,))),
        ([at_least_0("H*H - 1000000000000000000"), at_least_0("5 - H")], Sizes((), 1, 1, ())),
    ],
)
def test_sizes_beyond_all_counting_are_decided_without_counting(conditions: list[Condition], sizes: Sizes) -> None:
    assert valid_sizes(conditions, "H") == sizes


def test_what_is_left_of_an_effort_bounds_all_decisions_that_share_it() -> None:
    effort = Effort()
    assert valid_sizes([multiple(20_000)], "H", effort) == Sizes((), 20_000, 20_000, (0,))
    with pytest.raises(DimLimitError, match="takes 80000 values, more than the 20000 left"):
        valid_sizes([multiple(20_000)], "H", effort)
    assert valid_sizes([multiple(5_000)], "H", effort).period == 5_000


def polynomial(coefficients: list[int]) -> str:
    return " + ".join(f"{coefficient}*H**{power}" for power, coefficient in enumerate(coefficients))


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(-9, 9), min_size=1, max_size=4),
            st.integers(1, 4),
            st.integers(-3, 3),
            st.integers(1, 6),
            st.sampled_from(Relation),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_sizes_are_those_at_which_every_condition_holds(
    written: list[tuple[list[int], int, int, int, Relation]],
) -> None:
    conditions = []
    for coefficients, divisor, factor, modulus, relation in written:
        dim = parse(f"({polynomial(coefficients)})//{divisor} + {factor}*(H % {modulus})")
        assume(free_symbols(dim))
        conditions.append(Condition(dim, relation))
    found = valid_sizes(conditions, "H")
    for size in range(1, 150):
        assert (size in found) == all(condition.holds({"H": size}) for condition in conditions)


@for_each(
    "conditions, sizes",
    [
        ([], Sizes((), 1, 1, (0,))),
        ([at_least_0("H - 7")], Sizes((), 7, 1, (0,))),
        ([at_least_0("7 - H")], Sizes((1, 2, 3, 4, 5, 6, 7), 8, 1, ())),
        ([at_least_0("H - 7"), at_least_0("9 - H")], Sizes((7, 8, 9), 10, 1, ())),
        ([at_least_0("H - 7"), at_least_0("H - 9"), at_least_0("H - 8")], Sizes((), 9, 1, (0,))),
        ([at_least_0("3*H - 10"), at_least_0("50 - 7*H")], Sizes((4, 5, 6, 7), 8, 1, ())),  # 10/3 and 50/7
        ([zero("H - 7")], Sizes((7,), 8, 1, ())),
        ([zero("H - 7"), zero("H - 8")], Sizes((), 1, 1, ())),
        ([zero("H**2 - 12*H + 35")], Sizes((5, 7), 8, 1, ())),
        ([at_least_0("H**2 - 12*H + 35")], Sizes((1, 2, 3, 4, 5), 7, 1, (0,))),
        ([at_least_0("-H**2 + 12*H - 35")], Sizes((5, 6, 7), 8, 1, ())),
        ([zero("H**3 - 15*H**2 + 71*H - 105")], Sizes((3, 5, 7), 8, 1, ())),
        ([multiple(4), multiple(6)], Sizes((), 12, 12, (0,))),
        ([zero("H % 6 - 2")], Sizes((), 2, 6, (2,))),
        ([zero("(H % 6)*(H % 6 - 3)")], Sizes((), 3, 3, (0,))),  # in lowest terms
        ([multiple(5), at_least_0("H - 11")], Sizes((), 15, 5, (0,))),
        ([zero("(H - 3)*(H - 1000)")], Sizes((3, 1000), 1001, 1, ())),
        ([at_least_0("50 - 7*H"), at_least_0("1000000 - H**2")], Sizes((1, 2, 3, 4, 5, 6, 7), 8, 1, ())),
        ([zero("2 - H")], Sizes((2,), 3, 1, ())),
        ([at_least_0("H**2 - 1")], Sizes((), 1, 1, (0,))),
        ([zero("(H % 6)*(H % 6 - 1)*(H % 6 - 4)")], Sizes((), 1, 6, (0, 1, 4))),  # two classes modulo 4, not a divisor
        ([zero("(H % 9 - 1)*(H % 9 - 8)")], Sizes((), 1, 9, (1, 8))),
        ([zero("(H - 3)*(H % 5)")], Sizes((3,), 4, 5, (0,))),
        ([zero("(H - 3)*(H % 4)")], Sizes((3,), 4, 4, (0,))),
        ([zero("(H - 4)*(H % 4 - 1)")], Sizes((1, 4), 5, 4, (1,))),
        ([zero("(H - 3)*(H + 5)")], Sizes((3,), 4, 1, ())),  # 0 at a size, never again
        ([zero("(3 - H)*(H + 5)")], Sizes((3,), 4, 1, ())),
        ([zero("(H**2)//3 - 27")], Sizes((9,), 10, 1, ())),  # 9²/3, and 10²/3 is above 28
        ([zero("(H//2)//3 - 1")], Sizes((6, 7, 8, 9, 10, 11), 12, 1, ())),
    ],
)
def test_sizes_are_in_lowest_terms(conditions: list[Condition], sizes: Sizes) -> None:
    assert valid_sizes(conditions, "H") == sizes


def test_a_condition_in_another_symbol_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^`H >= W` is not in `H` alone$"):
        valid_sizes([at_least_0("H - W")], "H")


def test_conditions_that_repeat_too_rarely_are_refused() -> None:
    message = r"^`H == 9973·\(H//9973\)`|`H == 9973\*\(H//9973\)` repeats after 109703 sizes, more than 100000$"
    with pytest.raises(DimLimitError, match=message):
        valid_sizes([multiple(11), multiple(9973)], "H")
    with pytest.raises(DimLimitError, match=r"repeats after more than 100000 sizes$"):
        valid_sizes([zero("(2*((2*((2*(H//9973) + 1)//9967) + 1)//9949) + 1)//9941 - 1")], "H")


def test_sizes_that_are_too_many_to_name_are_refused() -> None:
    with pytest.raises(DimLimitError, match=r"^more than 100000 single sizes of `H` would have to be named$"):
        valid_sizes([at_least_0("100002 - H")], "H")
    assert len(valid_sizes([at_least_0("100001 - H")], "H").early) == 100_001


def test_a_period_is_the_common_one_of_all_floors() -> None:
    assert [period_of(parse(text)) for text in ("7", "H + 3", "H//6", "H//6 + H//4", "(2*(H//6) + 1)//5")] == [
        *(1, 1, 6, 12, 30)
    ]


def test_an_effort_is_used_up_to_its_last_value() -> None:
    effort = Effort(10)
    effort.take(4)
    effort.take(6)
    assert effort.left == 0
    with pytest.raises(DimLimitError, match=r"^that takes 1 values, more than the 0 left of 100000$"):
        effort.take(1)


@pytest.mark.parametrize(
    ("conditions", "values"),
    [
        ([multiple(3)], 3 * 2**2),  # a line is known from 2 values, on each class
        ([multiple(3), zero("H**2 - 4")], 3 * (2**2 + 3**2)),
        ([at_least_0("H - 7"), at_least_0("H - 9"), at_least_0("8 - H"), at_least_0("50 - 7*H")], 2 * 2**2),
        ([at_least_0("(H + 3)//5 - 2")], 2**2),  # the floor only rounds the bound
        ([at_least_0("2 - (H + 3)//5")], 2**2),
        ([at_least_0("(H//2)**2 - 4")], 2 * 3**2),
        ([zero("H - 7"), zero("H - 7")], 2**2),
    ],
)
def test_conditions_take_values_for_each_class_of_what_is_not_implied(conditions: list[Condition], values: int) -> None:
    effort = Effort(1_000)
    valid_sizes(conditions, "H", effort)
    assert effort.left == 1_000 - values


@pytest.mark.parametrize(
    ("conditions", "sizes"),
    [
        ([at_least_0("50 - 7*H"), at_least_0("9 - H")], Sizes((1, 2, 3, 4, 5, 6, 7), 8, 1, ())),
        ([at_least_0("3*H - 30"), at_least_0("H - 7")], Sizes((), 10, 1, (0,))),
        ([at_least_0("(H + 3)//5 - 2")], Sizes((), 7, 1, (0,))),
        ([at_least_0("1 - (H + 3)//5")], Sizes((1, 2, 3, 4, 5, 6), 7, 1, ())),
        ([at_least_0("(H//2)**2 - 9")], Sizes((), 6, 1, (0,))),
        ([at_least_0("(H//2)*(H//3) - 6")], Sizes((), 6, 1, (0,))),
        ([at_least_0("H**2 - 50")], Sizes((), 8, 1, (0,))),
        ([at_least_0("H**2 - 50"), at_least_0("H - 20")], Sizes((), 20, 1, (0,))),
        ([at_least_0("H + H//2 - 10"), at_least_0("H - 9")], Sizes((), 9, 1, (0,))),
    ],
)
def test_the_strongest_bound_decides_in_any_order(conditions: list[Condition], sizes: Sizes) -> None:
    assert valid_sizes(conditions, "H") == valid_sizes(conditions[::-1], "H") == sizes


def test_a_period_at_its_limit_is_decided_and_one_above_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "MOST_VALUES", 12)
    assert valid_sizes([multiple(12)], "H").period == 12
    with pytest.raises(DimLimitError, match=r"^`H == 13\*\(H//13\)` repeats after 13 sizes, more than 12$"):
        valid_sizes([multiple(13)], "H")
    with pytest.raises(DimLimitError, match=r" repeats after 143 sizes, more than 12$"):
        valid_sizes([zero("(2*(H//11) + 1)//13 - 1")], "H")
    with pytest.raises(DimLimitError, match=r" repeats after 144 sizes, more than 12$"):
        valid_sizes([zero("(2*(H//16) + 1)//9 - 1")], "H")
    message = r"^`\(2\*\(H//11\) \+ 1\)//17` repeats after more than 12 sizes$"
    with pytest.raises(DimLimitError, match=message):
        valid_sizes([zero("(2*(H//11) + 1)//17 - 1")], "H")


def test_sizes_to_name_are_as_many_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "MOST_NAMED", 10)
    assert len(valid_sizes([at_least_0("11 - H")], "H").early) == 11
    assert valid_sizes([at_least_0("H - 200"), at_least_0("206 - H")], "H").early == (200, 201, 202, 203, 204, 205, 206)
    with pytest.raises(DimLimitError, match=r"^more than 10 single sizes of `H` would have to be named$"):
        valid_sizes([at_least_0("12 - H")], "H")


def test_sizes_before_all_classes_are_settled_are_named_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "MOST_NAMED", 10)
    even_or_large = "(H - {})*(H % 2)"
    assert valid_sizes([at_least_0(even_or_large.format(22))], "H") == Sizes(tuple(range(2, 21, 2)), 22, 1, (0,))
    with pytest.raises(DimLimitError, match=r"^more than 10 single sizes would have to be named$"):
        valid_sizes([at_least_0(even_or_large.format(24))], "H")
