"""Kernels run by layer type on arrays: what they return, and the gradients of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.layers.base import fields_of
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call, Work
from shapecalc.reference.gradients import Context, Gradients
from tests.support.layers import made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.base import Array


def call_of(type_: str, parameters: Mapping[str, Any] | None = None, **fields: Any) -> Call:
    """The call of a layer, with the defaults of the fields that are not given."""
    layer = made(type_, **fields)
    written = {name: getattr(layer, name) for name in fields_of(type(layer))}
    arrays = {name: np.asarray(values, dtype=float) for name, values in (parameters or {}).items()}
    return Call("layer", type_, written, arrays, ("x",), ("y",))


def outputs_of(call: Call, *inputs: Any) -> tuple[Array, ...]:
    """Every output of a call; its multiply-accumulates are counted apart."""
    result = find(call.kernel).run(replace(call, work=Work()), *map(np.asarray, inputs))
    return result if isinstance(result, tuple) else (result,)


def run(type_: str, *inputs: Any, parameters: Mapping[str, Any] | None = None, **fields: Any) -> Array:
    """The first output of a layer on these inputs."""
    return outputs_of(call_of(type_, parameters, **fields), *inputs)[0]


def gradients_of(call: Call, inputs: tuple[Any, ...], *given: Any, truncate: int | None = None) -> Gradients:
    """The gradients of a call, given those with respect to its outputs."""
    past = Context(call, tuple(map(np.asarray, inputs)), outputs_of(call, *inputs), truncate=truncate)
    return find_backward(call.kernel)(past, *given)
