"""The distribution that the training of a parameter starts from."""

from typing import Literal, NamedTuple

from shapecalc.dims import Dim


class Initial(NamedTuple):
    """Uniform between ±1/√fan_in, normal with a `deviation`, constant (1 for a weight, 0 for a bias), or `of` a tensor.

    The last are its norms, over the axes along which they have one entry.
    """

    distribution: Literal["uniform", "normal", "constant", "norm"]
    fan_in: Dim = 1
    deviation: float = 1.0
    zero_row: int | None = None
    """A row of the table that is 0."""
    value: float | None = None
    """Of a constant that is neither 1 nor 0."""
    of: str = ""
    """The tensor whose norms it is."""
