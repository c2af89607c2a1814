"""What operators compute of constants: NumPy functions with the names and defaults of the operators' schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.importers.torch_export.views import order_of, part_sizes, slice_bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.torch_export.program import Meta

    Evaluator = Callable[..., Any]

EVALUATORS: dict[str, Evaluator] = {}


def evaluates(*names: str) -> Callable[[Evaluator], Evaluator]:
    """Register the function of operators."""

    def register(function: Evaluator) -> Evaluator:
        EVALUATORS.update(dict.fromkeys(names, function))
        return function

    return register


def _shape(meta: Meta) -> tuple[int, ...]:
    return tuple(int(size) for size in meta.shape or ())  # type: ignore[arg-type]


_UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": np.negative, "abs": np.abs, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos,
    "tanh": np.tanh, "floor": np.floor, "ceil": np.ceil, "round": np.round, "sign": np.sign,
    "reciprocal": np.reciprocal,
    "rsqrt": lambda x: 1 / np.sqrt(x), "square": np.square, "logical_not": np.logical_not, "log2": np.log2,
    "bitwise_not": lambda x: ~x, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: np.maximum(x, 0),
    "isnan": np.isnan, "isinf": np.isinf, "log1p": np.log1p, "expm1": np.expm1, "alias": lambda x: x, "atan": np.arctan,
    "detach": lambda x: x, "lift_fresh": lambda x: x, "real": np.real, "imag": np.imag, "trunc": np.trunc,
    "isfinite": np.isfinite,
}  # fmt: skip
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "mul": np.multiply, "multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum, "max.other": np.maximum,
    "min.other": np.minimum, "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "logical_and": np.logical_and, "logical_or": np.logical_or, "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or, "__and__": np.bitwise_and, "__or__": np.bitwise_or, "logical_xor": np.logical_xor,
    "floor_divide": np.floor_divide, "remainder": np.mod, "fmod": np.fmod, "atan2": np.arctan2,
    "bitwise_xor": np.bitwise_xor, "__xor__": np.bitwise_xor,
}  # fmt: skip


def _register() -> None:
    for name, function in _UNARY.items():
        EVALUATORS[name] = lambda _, x, function=function: function(x)
    for name, binary in _BINARY.items():
        EVALUATORS[name] = lambda _, x, other, binary=binary: binary(x, other)


_register()


@evaluates("add")
def _add(_: Meta, x: Any, other: Any, alpha: Any = 1) -> Any:
    if np.asarray(x).dtype == bool and np.asarray(other).dtype == bool:
        return np.logical_or(x, other)
    return x + (other * alpha if alpha != 1 else other)


@evaluates("sub", "subtract")
def _sub(_: Meta, x: Any, other: Any, alpha: Any = 1) -> Any:
    return x - other * alpha


@evaluates("rsub")
def _rsub(_: Meta, x: Any, other: Any, alpha: Any = 1) -> Any:
    return other - x * alpha


@evaluates("div", "divide", "true_divide")
def _div(_: Meta, x: Any, other: Any, rounding_mode: str | None = None) -> Any:
    if rounding_mode == "floor":
        return np.floor_divide(x, other)
    quotient = np.true_divide(x, other)
    return np.trunc(quotient) if rounding_mode == "trunc" else quotient


@evaluates("pow")
def _pow(_: Meta, x: Any, exponent: Any) -> Any:
    floats = any(isinstance(each, float) or getattr(each, "dtype", np.dtype(int)).kind == "f" for each in (x, exponent))
    return np.power(np.float32(x) if floats and isinstance(x, (int, float)) else x, exponent)


@evaluates("clamp", "clip", "clamp_min", "clamp_max")
def _clamp(_: Meta, x: Any, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    x = x if min is None else np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


@evaluates("arange", "arange.start", "arange.start_step")
def _arange(_: Meta, end: Any, start: Any = 0, step: Any = 1, dtype: Any = None) -> Any:
    del dtype
    return np.arange(start, end, step)


@evaluates("linspace")
def _linspace(_: Meta, start: Any, end: Any, steps: int, dtype: Any = None) -> Any:
    del dtype
    return np.linspace(start, end, steps)


def _filler(default: int) -> Evaluator:
    def function(meta: Meta, fill_value: Any = default, s: Any = None, **_: Any) -> Any:
        value = fill_value if s is None else s
        dtype = {"float32": np.float32, "int64": np.int64, "bool": np.bool_}.get(meta.dtype, np.complex64)
        return np.full(_shape(meta), value, dtype)

    return function


evaluates("zeros", "empty", "new_zeros", "new_empty", "zeros_like", "empty_like", "zero", "full", "new_full",
          "full_like", "scalar_tensor")(_filler(0))  # fmt: skip
evaluates("ones", "new_ones", "ones_like")(_filler(1))


@evaluates("fill", "copy")
def _fill(meta: Meta, x: Any, value: Any = None, src: Any = None, **_: Any) -> Any:
    del x
    return np.broadcast_to(np.asarray(src if value is None else value), _shape(meta))


@evaluates("eye", "eye.m")
def _eye(meta: Meta, n: int, m: int | None = None, **_: Any) -> Any:
    del meta
    return np.eye(n, m)


@evaluates("clone", "lift_fresh_copy", "_to_copy")
def _copied(_: Meta, x: Any, **__: Any) -> Any:
    return x.copy()


@evaluates("to", "type_as", "contiguous", "float", "to.device")
def _same(meta: Meta, x: Any, **_: Any) -> Any:
    del meta
    return x


@evaluates("view", "reshape", "_unsafe_view", "flatten", "unflatten", "unsqueeze", "squeeze", "view_as", "reshape_as")
def _reshape(meta: Meta, x: Any, **_: Any) -> Any:
    return x.reshape(_shape(meta))


@evaluates("permute", "transpose", "t", "swapaxes", "movedim")
def _permute(_: Meta, x: Any, **arguments: Any) -> Any:
    name = "permute" if "dims" in arguments else "movedim" if "source" in arguments else "transpose"
    return np.transpose(x, order_of(name, arguments, x.ndim))


@evaluates("numpy_T")
def _turned(_: Meta, x: Any) -> Any:
    return x.T


@evaluates("expand", "expand_as", "broadcast_to")
def _expand(meta: Meta, x: Any, **_: Any) -> Any:
    return np.broadcast_to(x, _shape(meta))


@evaluates("slice")
def _slice(_: Meta, x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    first, last = slice_bounds(x.shape[dim], start, end)
    return x[(slice(None),) * (dim % x.ndim) + (slice(first, max(first, last), step),)]


@evaluates("narrow")
def _narrow(_: Meta, x: Any, dim: int, start: int, length: int) -> Any:
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, start + length),)]


@evaluates("select")
def _select(_: Meta, x: Any, dim: int, index: int) -> Any:
    return x[(slice(None),) * (dim % x.ndim) + (index, ...)]


@evaluates("unbind")
def _unbind(_: Meta, x: Any, dim: int = 0) -> Any:
    return [x[(slice(None),) * (dim % x.ndim) + (index, ...)] for index in range(x.shape[dim])]


@evaluates("split", "split_with_sizes", "chunk", "tensor_split")
def _split(_: Meta, x: Any, dim: int = 0, **arguments: Any) -> Any:
    name = "chunk" if "chunks" in arguments else "tensor_split" if {"indices", "sections"} & set(arguments) else "split"
    sizes = part_sizes(name, arguments, x.shape[dim])
    return np.split(x, np.cumsum(sizes)[:-1].tolist(), dim)


@evaluates("cat", "concat", "concatenate")
def _cat(_: Meta, tensors: Any, dim: int = 0) -> Any:
    return np.concatenate([each for each in tensors if 0 not in each.shape], dim)


@evaluates("stack")
def _stack(_: Meta, tensors: Any, dim: int = 0) -> Any:
    return np.stack(tensors, dim)


@evaluates("repeat", "tile")
def _tile(_: Meta, x: Any, repeats: Any = None, dims: Any = None) -> Any:
    return np.tile(x, dims if repeats is None else repeats)


@evaluates("repeat_interleave")
def _repeat(_: Meta, x: Any, repeats: Any, dim: int | None = None, **__: Any) -> Any:
    return np.repeat(x, repeats, dim)


@evaluates("roll")
def _roll(_: Meta, x: Any, shifts: Any, dims: Any = ()) -> Any:
    return np.roll(x, shifts, tuple(dims) if dims else None)


@evaluates("flip")
def _flip(_: Meta, x: Any, dims: Any) -> Any:
    return np.flip(x, dims)


@evaluates("tril")
def _tril(_: Meta, x: Any, diagonal: int = 0) -> Any:
    return np.tril(x, diagonal)


@evaluates("triu")
def _triu(_: Meta, x: Any, diagonal: int = 0) -> Any:
    return np.triu(x, diagonal)


@evaluates("meshgrid")
def _meshgrid(_: Meta, tensors: Any, indexing: Any = "ij") -> Any:
    return np.meshgrid(*tensors, indexing=indexing)


@evaluates("pad", "constant_pad_nd")
def _pad(_: Meta, x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[at], pad[at + 1]) for at in range(len(pad) - 2, -1, -2)]
    if mode == "constant":
        return np.pad(x, pairs, constant_values=value or 0)
    named: Any = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    return np.pad(x, pairs, named)


@evaluates("where")
def _where(_: Meta, condition: Any, x: Any, other: Any) -> Any:
    return np.where(condition, x, other)


@evaluates("masked_fill")
def _masked_fill(_: Meta, x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, np.asarray(value).astype(x.dtype), x)


@evaluates("index", "_unsafe_index")
def _index(_: Meta, x: Any, indices: Any) -> Any:
    return x[tuple(slice(None) if each is None else each for each in indices)]


@evaluates("index_select")
def _index_select(_: Meta, x: Any, dim: int, index: Any) -> Any:
    return np.take(x, index, dim)


@evaluates("gather")
def _gather(_: Meta, x: Any, dim: int, index: Any, **__: Any) -> Any:
    return np.take_along_axis(x[tuple(slice(size) if at != dim % x.ndim else slice(None)
                                      for at, size in enumerate(index.shape))], index, dim)  # fmt: skip


@evaluates("embedding")
def _embedding(_: Meta, weight: Any, indices: Any, **__: Any) -> Any:
    return weight[indices]


@evaluates("index_put")
def _index_put(_: Meta, x: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    if accumulate:
        raise TypeError(accumulate)
    result = x.copy()
    result[tuple(slice(None) if each is None else each for each in indices)] = values
    return result


def _axes(x: Any, dim: Any) -> tuple[int, ...]:
    if dim is None or dim == []:
        return tuple(range(x.ndim))
    return tuple(dim) if isinstance(dim, list) else (dim,)


def _reducer(function: Callable[..., Any]) -> Evaluator:
    def reduce(_: Meta, x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        del dtype
        return function(x, axis=_axes(x, dim), keepdims=keepdim)

    return reduce


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min, "prod": np.prod, "any": np.any, "all": np.all,
}  # fmt: skip
for _name, _function in _REDUCTIONS.items():
    EVALUATORS[_name] = _reducer(_function)


@evaluates("max", "max.dim")
def _max(_: Meta, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.max(x) if dim is None else (np.max(x, dim, keepdims=keepdim), np.argmax(x, dim, keepdims=keepdim))


@evaluates("min", "min.dim")
def _min(_: Meta, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.min(x) if dim is None else (np.min(x, dim, keepdims=keepdim), np.argmin(x, dim, keepdims=keepdim))


@evaluates("argmax")
def _argmax(_: Meta, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return np.argmax(x, dim, keepdims=keepdim)


@evaluates("cumsum")
def _cumsum(_: Meta, x: Any, dim: int, dtype: Any = None) -> Any:
    del dtype
    return np.cumsum(x, dim)


@evaluates("diff")
def _diff(_: Meta, x: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    parts = [each for each in (prepend, x, append) if each is not None]
    return np.diff(np.concatenate(parts, dim), n, dim)


@evaluates("argsort")
def _argsort(_: Meta, x: Any, dim: int = -1, descending: bool = False, **__: Any) -> Any:
    return np.argsort(-x if descending else x, dim, kind="stable")


@evaluates("outer")
def _outer(_: Meta, x: Any, vec2: Any) -> Any:
    return np.outer(x, vec2)


@evaluates("matmul", "mm", "bmm")
def _matmul(_: Meta, x: Any, other: Any = None, mat2: Any = None) -> Any:
    return np.matmul(x, mat2 if other is None else other)


@evaluates("einsum")
def _einsum(_: Meta, equation: str, tensors: Any, path: Any = None) -> Any:
    del path
    return np.einsum(equation, *tensors)


@evaluates("softmax")
def _softmax(_: Meta, x: Any, dim: int, dtype: Any = None) -> Any:
    del dtype
    powers = np.exp(x - x.max(dim, keepdims=True))
    return powers / powers.sum(dim, keepdims=True)


@evaluates("polar")
def _polar(_: Meta, abs: Any, angle: Any) -> Any:  # noqa: A002
    return abs * np.exp(1j * angle)


@evaluates("view_as_complex")
def _view_as_complex(_: Meta, x: Any) -> Any:
    return x[..., 0] + 1j * x[..., 1]


@evaluates("view_as_real")
def _view_as_real(_: Meta, x: Any) -> Any:
    return np.stack([x.real, x.imag], -1)


@evaluates("one_hot")
def _one_hot(meta: Meta, x: Any, num_classes: int = -1) -> Any:
    count = _shape(meta)[-1] if num_classes == -1 else num_classes
    return np.eye(count, dtype=np.int64)[x]


@evaluates("linalg_vector_norm")
def _norm(_: Meta, x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, **__: Any) -> Any:  # noqa: A002
    total = np.sum(np.abs(x) ** ord, axis=_axes(x, dim), keepdims=keepdim)
    return total ** (1 / ord)


@evaluates("dropout", "feature_dropout")
def _dropout(_: Meta, x: Any, **__: Any) -> Any:
    return x
