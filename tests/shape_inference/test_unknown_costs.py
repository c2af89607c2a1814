"""What needs every layer is refused if one is unknown, and only then."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.shape_inference.unknown_costs import require_layers


def test_a_network_of_layers_is_not_refused():
    require_layers(shapecalc.inspect("lenet5"), "nothing is")


def test_all_unknown_operators_are_named_and_the_first_is_underlined():
    text = (
        "input: [N, 8]\nlayers:\n  - opaque: {operator: a, shape: [N, 4]}\n  - opaque: {operator: b, shape: [N, 4]}\n"
    )
    with pytest.raises(ShapecalcError) as refused:
        require_layers(shapecalc.inspect(shapecalc.loads(text)), "its memory is")
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.message == "`<text>` has operators without a layer, `a`, `b`: its memory is unknown"
    assert (diagnostic.span.line, diagnostic.span.column) == (3, 5)
