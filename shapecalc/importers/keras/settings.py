"""The settings of a layer, `config` in the file, compared with the parameters of the function that reads the layer."""

from __future__ import annotations

import math
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Ints: TypeAlias = int | list[int]
"""One integer for all axes, or one for each."""
LARGEST = 2**31 - 1
MOST_AXES = 64

WITHOUT_EFFECT = frozenset(
    f"{what}_{kind}"
    for what in (
        *("kernel", "bias", "recurrent", "depthwise", "pointwise", "embeddings", "beta", "gamma", "activity"),
        *("moving_mean", "moving_variance", "alpha", "u", "scale"),
    )
    for kind in ("initializer", "regularizer", "constraint")
) | {
    *("name", "dtype", "trainable", "seed", "unit_forget_bias", "unroll", "implementation", "use_cudnn"),
    *("synchronized", "batch_input_shape", "input_shape", "batch_size", "input_dtype", "rng_type", "build_config"),
    *("zero_output_for_mask", "autocast", "quantization_config", "flash_attention", "renorm_clipping"),
    *("renorm_momentum", "virtual_batch_size", "input_length", "lora_rank", "lora_alpha", "gptq_unpacked_column_size"),
    *("dtype_policy", "shared_object_id", "fused", "sparse_gradients", "supports_masking", "time_major", "ragged"),
}  # fmt: skip
"""Settings that change neither shapes nor what is computed in evaluation."""


def arguments(read: Callable[..., Any], config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the settings that a function reads, each of the kind of its annotation.

    Raises `Unreadable` for one of another kind, one that the function does not know, and one that is missing.

    >>> def dense(call: object, *, units: int, use_bias: bool = True): ...
    >>> dense.__annotations__ = {"units": "int", "use_bias": "bool"}
    >>> arguments(dense, {"units": 10, "kernel_initializer": "zeros"}, "Dense")
    {'units': 10}
    """
    known = {each.name: each for each in signature(read).parameters.values() if each.kind is Parameter.KEYWORD_ONLY}
    values = {}
    for key, value in config.items():
        if key in known:
            values[key] = _checked(str(known[key].annotation), key, value, name)
        elif key not in WITHOUT_EFFECT:
            raise Unreadable(f"`{key}` of `{name}` is not a setting that is known")
    missing = [each.name for each in known.values() if each.default is Parameter.empty and each.name not in values]
    if missing:
        raise Unreadable(f"`{name}` has no `{missing[0]}`")
    return values


def _checked(kind: str, key: str, value: Any, name: str) -> Any:
    *_, optional = kind.rpartition(" | ")
    if value is None and (optional == "None" or kind == "Any"):
        return None
    kind = kind.removesuffix(" | None")
    if kind not in KINDS:
        return value
    if not KINDS[kind][0](value):
        raise Unreadable(f"`{key}` of `{name}` expects {KINDS[kind][1]}, receives {shown(value)}")
    return value


def is_int(value: Any) -> bool:
    """Return whether a value is an integer of a size that a tensor could have."""
    return type(value) is int and abs(value) <= LARGEST


def is_number(value: Any) -> bool:
    """Return whether a value is a number, which may be infinite."""
    return is_int(value) or (type(value) is float and not math.isnan(value))


def is_ints(value: Any) -> bool:
    """Return whether a value is an integer or a list of them."""
    return is_int(value) or (type(value) is list and len(value) <= MOST_AXES and all(map(is_int, value)))


KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "int": (is_int, "an integer"),
    "float": (is_number, "a number"),
    "bool": (lambda value: type(value) is bool, "true or false"),
    "str": (lambda value: type(value) is str, "a text"),
    "Ints": (is_ints, "an integer or a list of them"),
}
"""What is true of a value of each kind, and how a message calls it."""


def shown(value: Any) -> str:
    """Return a value of the file in a message, cut off if it is long.

    >>> shown(True), shown("a" * 100)[:9], shown({"class_name": "Dense"})
    ('`True`', '`aaaaaaaa', '`Dense`')
    """
    if isinstance(value, dict) and isinstance(value.get("class_name"), str):
        value = value["class_name"]
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = str(value) if not isinstance(value, int) or abs(value) <= LARGEST else "a large number"
    return f"`{text[:40]}…`" if len(text) > 40 else f"`{text}`"  # noqa: PLR2004 - a part of a line
