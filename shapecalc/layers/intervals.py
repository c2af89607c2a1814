"""Intervals of real numbers, such as the range of an activation function."""

from math import inf, isfinite
from typing import Any, NamedTuple


class RealInterval(NamedTuple):
    """The numbers between two ends, of which each belongs to it or not; an infinite end never does."""

    low: float = -inf
    high: float = inf
    includes_low: bool = False
    includes_high: bool = False

    def __str__(self) -> str:
        """Return the interval in brackets, a round one for an end that does not belong to it.

        >>> str(RealInterval(0, includes_low=True)), str(RealInterval(-1, 1)), str(RealInterval(-0.278464542761, 6))
        ('[0, ∞)', '(−1, 1)', '(−0.278465, 6)')
        """
        left, right = "[" if self.includes_low else "(", "]" if self.includes_high else ")"
        return f"{left}{_written(self.low)}, {_written(self.high)}{right}"

    def __contains__(self, number: object) -> bool:
        """Return whether a number is in the interval.

        >>> 0 in RealInterval(0, includes_low=True), 0 in RealInterval(0)
        (True, False)
        """
        assert isinstance(number, (int, float))
        above = self.low < number or (self.includes_low and self.low == number)
        return above and (number < self.high or (self.includes_high and self.high == number))

    def to_dict(self) -> dict[str, Any]:
        """Return the ends, None for an infinite one, and whether each belongs to it."""
        return {
            "low": self.low if isfinite(self.low) else None,
            "high": self.high if isfinite(self.high) else None,
            "includes_low": self.includes_low,
            "includes_high": self.includes_high,
        }


def _written(end: float) -> str:
    return ("∞" if end == inf else "-∞" if end == -inf else f"{end:.6g}").replace("-", "−")
