"""Roles of axes: what the positions along an axis of a tensor are, as far as the layers before it show."""

from collections.abc import Container, Iterable
from enum import Enum
from itertools import takewhile

from shapecalc.dims import Dim, Shape


class Role(Enum):
    """The role of an axis."""

    BATCH = "batch"
    CHANNELS = "channels"
    SPACE = "space"
    TIME = "time"
    FEATURES = "features"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # Enum's is written in Python, and tuples of roles are keys


Roles = tuple[Role, ...]
"""The role of each axis of a tensor."""


def unknown(rank: int) -> Roles:
    """Return the roles of a tensor of which nothing is known."""
    return (Role.UNKNOWN,) * rank


def filled(arriving: Roles, expected: Iterable[Role]) -> Roles:
    """Return the arriving roles, with those that a layer expects in place of the unknown ones.

    If a known role differs from the expected one, the axes may be in another order, and the unknown ones stay unknown.

    >>> [role.value for role in filled((Role.BATCH, Role.UNKNOWN), (Role.BATCH, Role.CHANNELS))]
    ['batch', 'channels']
    >>> [role.value for role in filled((Role.BATCH, Role.UNKNOWN), (Role.TIME, Role.BATCH))]
    ['batch', 'unknown']
    """
    pairs = tuple(zip(arriving, expected, strict=True))
    if any(role is not wanted and role is not Role.UNKNOWN for role, wanted in pairs):
        return arriving
    return tuple(wanted if role is Role.UNKNOWN else role for role, wanted in pairs)


def map_roles(arriving: Roles) -> Roles:
    """Return the roles of a map [N, C, *spatial]; a spatial axis whose role is known keeps it.

    One spatial axis is time, or positions in a sequence. Features may be the channels.
    """
    channels = Role.FEATURES if arriving[1] is Role.FEATURES else Role.CHANNELS
    spatial = Role.SPACE if len(arriving) > 3 else Role.TIME
    rest = tuple(spatial if role is Role.UNKNOWN else role for role in arriving[2:])
    return (*filled(arriving[:2], (Role.BATCH, channels)), *rest)


def sequence_roles(arriving: Roles, *, batch_first: bool) -> Roles:
    """Return the roles of a sequence, [batch, time, features] or [time, batch, features]."""
    order = (Role.BATCH, Role.TIME) if batch_first else (Role.TIME, Role.BATCH)
    return (*filled(arriving[:2], order), Role.FEATURES)


def without(roles: Roles, axes: Container[int]) -> Roles:
    """Return the roles without those of some axes."""
    return tuple(role for axis, role in enumerate(roles) if axis not in axes)


def common(inputs: Iterable[Roles], rank: int) -> Roles:
    """Return the roles of a tensor whose axes are those of several, matched from the last; unknown if they differ."""
    merged: list[set[Role]] = [set() for _ in range(rank)]
    for roles in inputs:
        for axis, role in enumerate(reversed(roles[-rank:] if rank else ()), start=1):
            merged[-axis].add(role)
    return tuple(_single(roles) for roles in merged)


def joined_role(roles: Roles, sizes: Shape) -> Role:
    """Return the role of an axis that joins several: that of all axes longer than 1, or unknown if they differ.

    Rows and columns of a map together are positions in space. Channels or features of several positions are neither.
    """
    longer = [role for role, size in zip(roles, sizes, strict=True) if size != 1]
    if len(longer) == 1:
        return longer[0]
    return longer[0] if longer and set(longer) in ({Role.SPACE}, {Role.TIME}) else Role.UNKNOWN


def reshaped_roles(roles: Roles, x: Shape, y: Shape) -> Roles:
    """Return the roles after a reshape: leading and trailing axes of equal sizes stay, others are joined or unknown.

    >>> from shapecalc.dims import symbol
    >>> n, t = symbol("N"), symbol("T")
    >>> before = (Role.BATCH, Role.TIME, Role.FEATURES)
    >>> [role.value for role in reshaped_roles(before, (n, t, 64), (n, t, 8, 8))]
    ['batch', 'time', 'unknown', 'unknown']
    """
    first = _equal(x, y)
    last = _equal(x[first:][::-1], y[first:][::-1])
    middle = y[first : len(y) - last]
    inside = slice(first, len(x) - last)
    between = (joined_role(roles[inside], x[inside]),) if len(middle) == 1 else unknown(len(middle))
    return (*roles[:first], *between, *roles[len(x) - last :])


def _equal(x: Iterable[Dim], y: Iterable[Dim]) -> int:
    """Return how many sizes at the start are equal."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(x, y, strict=False)))


def _single(roles: set[Role]) -> Role:
    known = roles - {Role.UNKNOWN}
    return known.pop() if len(known) == 1 else Role.UNKNOWN
