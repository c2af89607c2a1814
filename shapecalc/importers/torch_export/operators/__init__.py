"""The operators of torch.export → steps: a function for each, with the names and defaults of its schema.

A function has the arguments of the operator by name, `x` for what the schema calls `self` or `input`. Arguments that
are tensors are values of the graph, but those named in `raw`, which are as the file has them: see `operands`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[..., Any]

H = TypeVar("H", bound="Handler")

FAMILIES = (
    "activation", "arithmetic", "attention", "comparing", "convolution", "creation", "embedding", "indexing", "moving",
    "normalization", "pooling", "recurrent", "reducing", "resampling", "shuffling", "spectral",
)  # fmt: skip


class Handled(NamedTuple):
    """The function of an operator, and the arguments that it takes as the file has them."""

    handler: Handler
    raw: frozenset[str]


HANDLERS: dict[str, Handled] = {}


def operator(*names: str, raw: tuple[str, ...] = ()) -> Callable[[H], H]:
    """Register the function of operators, `conv2d` for `aten.conv2d`, or `conv2d.padding` for one overload."""

    def register(handler: H) -> H:
        HANDLERS.update(dict.fromkeys(names, Handled(handler, frozenset(raw))))
        return handler

    return register


def handler_of(target: str) -> Handled | None:
    """Return the function of an operator, `aten.relu_.default`; one that writes in place has that of the other."""
    if not HANDLERS:
        for family in FAMILIES:
            import_module(f"{__name__}.{family}")
    namespace, _, rest = target.partition(".")
    name, _, overload = rest.partition(".")
    if namespace not in {"aten", "torchvision"}:
        return HANDLERS.get(target)
    stem = name if name in HANDLERS or f"{name}.{overload}" in HANDLERS else name.removesuffix("_")
    return HANDLERS.get(f"{stem}.{overload}") or HANDLERS.get(stem)
