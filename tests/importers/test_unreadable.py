"""What cannot be read is named: the operator, where it stands, and how often."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.importers.unreadable import MOST_NAMED, Problems, Unreadable, refuse_container, refuse_without


def test_an_operator_is_named_once_with_its_places():
    problems = Problems()
    for layer in range(5):
        problems.add("aten.foo", Unreadable("it has no layer"), f"h.{layer}")
    problems.add("aten.bar", Unreadable("it has no layer", "net.py:3"))
    first, second = problems.error("net.pt2").diagnostics
    assert first.message == "`net.pt2` has `aten.foo` 5 times at `h.0`, `h.1`, `h.2` and 2 more: it has no layer"
    assert second.message == "`net.pt2` has `aten.bar` at `net.py:3`: it has no layer"
    assert second.help == "`--partial` gives shapes and costs of the rest"
    assert {first.code, second.code} == {"SC031"}


def test_one_place_is_given_once():
    problems = Problems()
    for _ in range(3):
        problems.add("aten.foo", Unreadable("it has no layer"), "h")
    (only,) = problems.error("net.pt2").diagnostics
    assert only.message == "`net.pt2` has `aten.foo` 3 times at `h`: it has no layer"


def test_many_operators_are_counted():
    problems = Problems()
    for number in range(MOST_NAMED + 2):
        problems.add(f"op{number}", Unreadable("it has no layer"))
    found = problems.error("net.pt2").diagnostics
    assert len(found) == MOST_NAMED + 1
    assert found[-1].message == "`net.pt2` has 2 other operators that cannot be read: `op10`, `op11`"


def test_a_broken_container_is_a_wrong_file():
    with pytest.raises(ShapecalcError) as refused:
        refuse_container("net.pt2", "is cut off")
    assert (refused.value.exit_code, refused.value.diagnostics[0].code) == (2, "SC032")


def test_a_missing_package_is_named_with_its_installation():
    with pytest.raises(ShapecalcError) as refused:
        refuse_without("net.onnx", "onnx", "onnx")
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.help == "`pip install 'nn-shapecalc[onnx]'` installs it"
