"""Fields of layers that compute each element by itself, or along axes that are named, for any shape that arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    Shape = tuple[int, ...]
    Fields = dict[str, Any]
    Proposal = Callable[[st.DrawFn, Shape], Fields | None]

NUMBERS = st.sampled_from([0.5, 2, -1, 3])


def some(draw: st.DrawFn, **fields: st.SearchStrategy[Any]) -> Fields:
    """A few of the fields; the others keep their defaults."""
    return {name: draw(values) for name, values in fields.items() if draw(st.booleans())}


def nothing(_draw: st.DrawFn, _x: Shape) -> Fields:
    return {}


def operand(draw: st.DrawFn, _x: Shape) -> Fields:
    return {"other": draw(NUMBERS)}


def ordered_operand(draw: st.DrawFn, _x: Shape) -> Fields:
    return {"other": draw(NUMBERS)} | some(draw, reverse=st.booleans())


def exponent(draw: st.DrawFn, _x: Shape) -> Fields:
    return {"other": draw(st.sampled_from([2, 3]))}


def clamp(draw: st.DrawFn, _x: Shape) -> Fields:
    return {"min": -0.5} | some(draw, max=st.sampled_from([0.25, 1]))


def threshold(draw: st.DrawFn, _x: Shape) -> Fields:
    return {"threshold": draw(NUMBERS), "value": draw(NUMBERS)}


def shrunk(draw: st.DrawFn, _x: Shape) -> Fields:
    return some(draw, lambd=st.sampled_from([0.25, 1]))


def prelu(draw: st.DrawFn, x: Shape) -> Fields | None:
    return some(draw, num_parameters=st.just(x[1])) if len(x) > 1 else {}


def axis(draw: st.DrawFn, x: Shape) -> int:
    return draw(st.integers(-len(x), len(x) - 1))


def axes(draw: st.DrawFn, x: Shape) -> int | tuple[int, ...] | None:
    """One axis, several, or all."""
    several = st.lists(st.integers(0, len(x) - 1), min_size=1, max_size=len(x), unique=True).map(tuple)
    return draw(st.one_of(st.integers(-len(x), len(x) - 1), several, st.none()))


def reduction(draw: st.DrawFn, x: Shape) -> Fields:
    return {"dim": axes(draw, x), "keepdim": draw(st.sampled_from([True, True, False]))}


def spread(draw: st.DrawFn, x: Shape) -> Fields:
    return reduction(draw, x) | {"correction": 0}


def norm(draw: st.DrawFn, x: Shape) -> Fields:
    return reduction(draw, x) | some(draw, p=st.sampled_from([1, 2, 3]))


def normalize(draw: st.DrawFn, x: Shape) -> Fields:
    return {"dim": axis(draw, x)} | some(draw, p=st.sampled_from([1, 2, 3]))


def along(draw: st.DrawFn, x: Shape) -> Fields:
    return {"dim": axis(draw, x)}


def topk(draw: st.DrawFn, x: Shape) -> Fields:
    dim = axis(draw, x)
    return {"k": draw(st.integers(1, x[dim])), "dim": dim} | some(draw, largest=st.booleans())


def take(draw: st.DrawFn, x: Shape) -> Fields:
    dim = axis(draw, x)
    places = st.integers(-x[dim], x[dim] - 1)
    return {"index": tuple(draw(st.lists(places, min_size=1, max_size=4))), "dim": dim}


def triangle(draw: st.DrawFn, x: Shape) -> Fields | None:
    return some(draw, diagonal=st.integers(-2, 2)) if len(x) > 1 else None


def sliding_window(draw: st.DrawFn, x: Shape) -> Fields | None:
    dim = axis(draw, x)
    size = draw(st.integers(1, min(x[dim], 4)))
    return {"size": size, "dim": dim} | some(draw, step=st.integers(1, 3)) if len(x) < 6 else None


POINTWISE: dict[str, Proposal] = {
    **dict.fromkeys(("add", "maximum", "minimum", "multiply", "subtract"), operand),
    **dict.fromkeys(("subtract", "divide"), ordered_operand),
    "divide": operand,
    "power": exponent,
    "clamp": clamp,
    "threshold": threshold,
    **dict.fromkeys(("hard_shrink", "soft_shrink"), shrunk),
    "prelu": prelu,
    **dict.fromkeys(("abs", "ceil", "celu", "cos", "erf", "floor", "hardtanh", "logsigmoid", "mish"), nothing),
    **dict.fromkeys(("negative", "quick_gelu", "round", "selu", "sign", "sin", "softsign", "square"), nothing),
    "tanhshrink": nothing,
}
"""One element in, one out."""

ALONG_AXES: dict[str, Proposal] = {
    **dict.fromkeys(("mean", "sum", "max", "min", "prod", "logsumexp"), reduction),
    **dict.fromkeys(("var", "std"), spread),
    "norm": norm,
    "normalize": normalize,
    **dict.fromkeys(("cumsum", "glu"), along),
    "topk": topk,
    "take": take,
    **dict.fromkeys(("tril", "triu"), triangle),
    "sliding_window": sliding_window,
}
"""Elements along axes of any meaning."""
