from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from shapecalc.parser.scalars import Refused, resolve, shorten
from tests.support.rows import for_each


@for_each("word", ["no", "No", "NO", "off", "yes", "on", "y", "n", "nan", "inf", "Infinity", "nULL", "tRUE"])
def test_words_that_yaml_1_1_bends_are_texts(word: str):
    assert resolve(word) == word


@for_each(
    "text, value",
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-07", -7),  # octal and decimal agree
        ("-3", -3),
        ("+12", 12),
        ("0x1F", 31),
        ("99999999999999999999", 99999999999999999999),
        ("0x" + "f" * 20, 16**20 - 1),  # the prefix is not a digit
        ("1.5", 1.5),
        (".5", 0.5),
        ("-1.", -1.0),
        ("1e3", 1000.0),  # PyYAML reads a text here
        ("1e-5", 1e-5),
        ("0.1", 0.1),
        ("00.5", 0.5),
        ("1e-400", 0.0),
    ],
)
def test_core_schema_values(text: str, value: object):
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))


@for_each(
    "text",
    [
        "-",
        ".",
        "+",
        "1x1",
        "3_x",
        "1:99",
        "2001-01-01",
        "1.2.3",
        "--1",
        "0x",
        "1e",
        "٣",
        "1٣",
        "-foo",
        "....",
        "1_0e",
        "0b",
        "0o",
        "-0x",
    ],
)
def test_what_no_yaml_takes_for_a_number_is_a_text(text: str):
    assert resolve(text) == text


@for_each(
    "text, code, message, value",
    [
        ("010", "SC024", "`010` is 8 in YAML 1.1 and 10 in YAML 1.2", 10),
        ("-010", "SC024", "`-010` is -8 in YAML 1.1 and -10 in YAML 1.2", -10),
        ("08", "SC024", "`08` is a text in YAML 1.1 and 8 in YAML 1.2", 8),
        ("1_000", "SC024", "`1_000` is a number in YAML 1.1 and a text in YAML 1.2", 1000),
        ("1_0.5", "SC024", "`1_0.5` is a number in YAML 1.1 and a text in YAML 1.2", 10.5),
        ("0b1_0", "SC024", "`0b1_0` is a number in YAML 1.1 and a text in YAML 1.2", 2),
        ("1.5_0", "SC024", "`1.5_0` is a number in YAML 1.1 and a text in YAML 1.2", 1.5),
        ("1_0.", "SC024", "`1_0.` is a number in YAML 1.1 and a text in YAML 1.2", 10.0),
        ("1_0.5e3", "SC024", "`1_0.5e3` is a number in YAML 1.1 and a text in YAML 1.2", 10500.0),
        ("12:30", "SC024", "`12:30` is a number in YAML 1.1 and a text in YAML 1.2", "12:30"),
        ("1:2:3.5", "SC024", "`1:2:3.5` is a number in YAML 1.1 and a text in YAML 1.2", "1:2:3.5"),
        ("1:30.", "SC024", "`1:30.` is a number in YAML 1.1 and a text in YAML 1.2", "1:30."),
        ("0o17", "SC024", "`0o17` is a text in YAML 1.1 and 15 in YAML 1.2", 15),
        ("0b11", "SC024", "`0b11` is 3 in YAML 1.1 and a text in YAML 1.2", 3),
        ("-0x1F", "SC024", "`-0x1F` is -31 in YAML 1.1 and a text in YAML 1.2", -31),
        (".nan", "SC025", "`.nan` is not a finite number", 0.0),
        (".inf", "SC025", "`.inf` is not a finite number", 0.0),
        ("-.inf", "SC025", "`-.inf` is not a finite number", 0.0),
        ("1.0e+400", "SC025", "`1.0e+400` is larger than any float", 0.0),
        ("100000000000000000000", "SC014", "`100000000000000000000` has 21 digits, expects at most 20", 0),
    ],
)
def test_a_number_with_two_readings_or_without_end_is_refused(text: str, code: str, message: str, value: object):
    found = resolve(text)
    assert isinstance(found, Refused)
    assert (found.code, found.message, found.value) == (code, message, value)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 4301,
        "0x" + "f" * 4301,
        "0" * 4301,
        "0" + "7" * 4301,
        "1_" + "0" * 4301,
        "0b" + "1" * 4301,
        "9" * 400 + ".5",
    ],
)
def test_numbers_of_thousands_of_digits_are_refused_briefly(text: str):
    found = resolve(text)
    assert isinstance(found, Refused)
    assert len(found.message) < 150
    assert len(found.help) < 150


def test_the_limit_of_digits_can_be_raised():
    assert resolve("1" * 21, digits=21) == int("1" * 21)


@pytest.mark.parametrize("text", ["010", "1_000", "0o17", "0b11", "08", "-0x1F"])
def test_the_help_of_a_refused_number_mends_it(text: str):
    found = resolve(text)
    assert isinstance(found, Refused)
    assert found.replacement is not None
    assert resolve(found.replacement) == found.value


@given(st.text(alphabet="0123456789+-._:eExobBnaif ", max_size=12))
def test_whatever_is_read_as_a_number_is_finite_and_python_agrees(text: str):
    found = resolve(text)
    if isinstance(found, int | float) and not isinstance(found, bool):
        assert math.isfinite(found)
        assert found == (int(text, 16 if "x" in text else 10) if isinstance(found, int) else float(text))


def test_short_texts_are_quoted_whole():
    assert shorten("a" * 40) == "a" * 40


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        (
            "1" * 21,
            "write an integer of at most 20 digits; `--limit integer-digits=21` allows more",
        ),
        ("010", "write `10`, or put quotes around a text"),
        ("1e999", "write a finite number"),
        (".nan", "write a finite number"),
        ("1_000", "write `1000`, or put quotes around a text"),
        ("1_" + "0" * 30, "write the digits without underscores"),
        ("12:30", 'put quotes around it: `"12:30"`'),
        ("0b11", "write `3`, or put quotes around a text"),
    ],
)
def test_the_help_of_a_refused_number_says_what_to_write(text: str, help_text: str):
    found = resolve(text)
    assert isinstance(found, Refused)
    assert found.help == help_text


def test_a_number_of_another_base_is_converted_up_to_the_limit_of_digits():
    assert resolve("0b" + "1" * 18) == Refused(
        "SC024",
        "`0b111111111111111111` is 262143 in YAML 1.1 and a text in YAML 1.2",
        "write `262143`, or put quotes around a text",
        262143,
        "262143",
    )
    assert resolve("0b" + "1" * 19) == Refused(
        "SC024",
        "`0b1111111111111111111` is a number in one YAML and a text in the other",
        "write it in decimal",
        0,
    )
