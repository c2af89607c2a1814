"""Reductions of axes, and running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps


def _axes(x: Value, dim: Any) -> Any:
    if dim is None or dim == []:
        return list(range(x.rank))
    dims = [each % x.rank for each in (dim if isinstance(dim, list) else [dim])]
    return dims[0] if len(dims) == 1 else dims


def _reduction(type_: str, *, floats: bool = False) -> Callable[..., Value]:
    def function(to: Steps, x: Value, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Value:
        del dtype
        if x.rank == 0:
            return x
        x = to.floating(x) if floats else to.numeric(x)
        return to.step(type_, x, dim=_axes(x, dim), keepdim=keepdim)

    return function


operator("mean")(_reduction("mean", floats=True))
operator("sum")(_reduction("sum"))
operator("prod")(_reduction("prod"))
operator("amax")(_reduction("max"))
operator("amin")(_reduction("min"))
operator("logsumexp")(_reduction("logsumexp", floats=True))


def _with_indices(type_: str) -> Callable[..., Any]:
    def function(to: Steps, x: Value, dim: int | None = None, keepdim: bool = False) -> Any:
        x = to.numeric(x)
        if dim is None:
            return to.step(type_, x, dim=_axes(x, None)) if x.rank else x
        values = to.step(type_, x, dim=dim % x.rank, keepdim=keepdim)
        if not to.is_read(1):
            return values, None
        least = x if type_ == "max" else to.step("negative", x)
        return values, to.step("argmax", least, dim=dim % x.rank, keepdim=keepdim)

    return function


operator("max", "max.dim")(_with_indices("max"))
operator("min", "min.dim")(_with_indices("min"))


def _spread(type_: str) -> Callable[..., Value]:
    def function(to: Steps, x: Value, dim: Any = None, unbiased: bool = True, correction: Any = None,
                 keepdim: bool = False) -> Value:  # fmt: skip
        amount = int(unbiased) if correction is None else correction
        if amount != int(amount):
            raise Unreadable("a correction that is not an integer")
        return to.step(type_, x, dim=_axes(x, dim), keepdim=keepdim, correction=int(amount))

    return function


operator("var")(_spread("var"))
operator("std")(_spread("std"))


@operator("var_mean")
def var_mean(to: Steps, x: Value, dim: Any = None, unbiased: bool = True, correction: Any = None,
             keepdim: bool = False) -> Any:  # fmt: skip
    """The variance and the mean."""
    spread = _spread("var")(to, x, dim, unbiased, correction, keepdim)
    return spread, to.step("mean", x, dim=_axes(x, dim), keepdim=keepdim)


@operator("cumsum")
def cumsum(to: Steps, x: Value, dim: int, dtype: Any = None) -> Value:
    """Running sums."""
    del dtype
    return to.step("cumsum", to.numeric(x), dim=dim % x.rank)


@operator("cosine_similarity")
def cosine_similarity(to: Steps, x1: Value, x2: Value, dim: int = 1, eps: float = 1e-8) -> Value:
    """The cosines of the angles of vectors."""
    return to.step("cosine_similarity", x1, x2, dim=dim, eps=eps)
