"""The axes of two shapes with the same elements that correspond: one axis of one shape to several of the other."""

from collections.abc import Sequence
from typing import NamedTuple

from shapecalc.dims import Dim, Expr, exact_quotient, greatest, least, product


class SizePair(NamedTuple):
    """A product of sizes of the first shape that must be equal to one of the second."""

    first: Dim
    second: Dim


def differing_pairs(first: Sequence[Dim], second: Sequence[Dim]) -> tuple[SizePair, ...]:
    """Return the pairs of products that must be equal for two shapes to have as many elements, without equal ones.

    Axes correspond from the first on. H is matched with ⌊H/7⌋ · 7, which is at most 6 smaller: the pairs are exact, for
    a product is equal to one of factors that are all at most as large only if each is equal. Without such a match all
    remaining axes are one pair.

    >>> from shapecalc.dims import symbol
    >>> H, W = symbol("H"), symbol("W")
    >>> [(str(p), str(q)) for p, q in differing_pairs((H, W, 96), (H // 7, 7, W // 7, 7, 96))]
    [('H', '7*(H//7)'), ('W', '7*(W//7)')]
    """
    pairs: list[SizePair] = []
    start, other = 0, 0
    direction = 0
    while start < len(first) and other < len(second):
        lengths = _match(first[start:], second[other:], direction)
        if lengths is None:
            break
        taken, given = lengths
        pair = SizePair(product(first[start : start + taken]), product(second[other : other + given]))
        if pair.first != pair.second:
            pairs.append(pair)
            direction = _direction(pair)
        start, other = start + taken, other + given
    rest = SizePair(product(first[start:]), product(second[other:]))
    if rest.first == rest.second:
        return tuple(pairs)
    # What is left has no direction: it may make up for the pairs before it.
    return (
        _reduced(
            SizePair(product([rest.first, *(p for p, _ in pairs)]), product([rest.second, *(q for _, q in pairs)]))
        ),
    )


def cancelled(total: Dim, factors: Sequence[Dim]) -> SizePair:
    """Return a product and the product of factors, without the symbolic factors that divide both."""
    left: Dim = total
    rest: list[Dim] = []
    for factor in factors:
        quotient = exact_quotient(left, factor) if isinstance(factor, Expr) else None
        if quotient is None:
            rest.append(factor)
        else:
            left = quotient
    return SizePair(left, product(rest))


def _reduced(pair: SizePair) -> SizePair:
    quotient = exact_quotient(pair.first, pair.second)
    if quotient is not None:
        return SizePair(quotient, 1)
    quotient = exact_quotient(pair.second, pair.first)
    return pair if quotient is None else SizePair(1, quotient)


def _match(first: Sequence[Dim], second: Sequence[Dim], direction: int) -> tuple[int, int] | None:
    """Return how many axes of each shape correspond to one of the other; None if none do."""
    for taken in range(1, len(first) + 1):
        if _corresponds(product(first[:taken]), second[0], direction):
            return taken, 1
    for given in range(2, len(second) + 1):
        if _corresponds(first[0], product(second[:given]), direction):
            return 1, given
    return None


def _corresponds(one: Dim, other: Dim, direction: int) -> bool:
    if one == other:
        return True
    own = _direction(SizePair(one, other))
    return own != 0 and own * direction >= 0


def _direction(pair: SizePair) -> int:
    """Return 1 if the first is never smaller and by a bounded number larger, −1 the other way round, else 0."""
    difference = pair.first - pair.second
    if isinstance(difference, int):
        return 0
    low, high = least(difference), greatest(difference)
    if low is None or high is None:
        return 0
    return 1 if low >= 0 else -1 if high <= 0 else 0
