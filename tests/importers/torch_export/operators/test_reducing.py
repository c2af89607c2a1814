"""Expressions with reductions and running sums, against the values that PyTorch computed."""

from tests.support.torch_expressions import mistakes


def test_expressions_of_reducing_have_the_values_of_pytorch() -> None:
    assert mistakes("reducing") == []
