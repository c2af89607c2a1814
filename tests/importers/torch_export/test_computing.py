"""Constants that are computed while a file is read, against the values that PyTorch computed."""

from tests.support.torch_expressions import mistakes


def test_computed_constants_have_the_values_of_pytorch() -> None:
    assert mistakes("computing") == []
