"""Expressions with moves, joins, parts and padding, against the values that PyTorch computed."""

from tests.support.torch_expressions import mistakes


def test_expressions_of_moving_have_the_values_of_pytorch() -> None:
    assert mistakes("moving") == []
