"""Expressions with tables of vectors, against the values that PyTorch computed."""

from tests.support.torch_expressions import mistakes


def test_expressions_of_embedding_have_the_values_of_pytorch() -> None:
    assert mistakes("embedding") == []
