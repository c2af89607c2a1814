"""Results as JSON documents."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from shapecalc.render.json import document, text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=9,
)


@given(st.dictionaries(st.text(), VALUES, max_size=3), st.booleans())
def test_a_document_can_be_read_back_with_its_version_first(values: dict[str, object], unicode: bool) -> None:
    expected = {"schema_version": 1, **values}
    found = json.loads(document(values, unicode=unicode))
    assert found == expected
    assert list(found) == list(expected)


@given(VALUES)
def test_without_unicode_a_document_is_ascii(value: object) -> None:
    assert text(value, unicode=False).isascii()


def test_an_integer_of_any_length_is_exact() -> None:
    assert text(2**200 + 1) == str(2**200 + 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_float_that_json_lacks_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        text([value])


def test_half_a_surrogate_pair_is_escaped_so_that_it_can_be_written() -> None:
    assert json.loads(text("\ud800").encode("utf-8")) == "\ud800"
