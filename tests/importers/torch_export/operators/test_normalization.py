"""Expressions with norms, against the values that PyTorch computed."""

from tests.support.torch_expressions import mistakes


def test_expressions_of_normalization_have_the_values_of_pytorch() -> None:
    assert mistakes("normalization") == []
