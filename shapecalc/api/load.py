"""Loading of architectures, and the arguments that every public function takes."""

from __future__ import annotations

import operator
import os
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex, TypeAlias, overload

from shapecalc.architecture import Architecture
from shapecalc.diagnostics import misuse
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.files import load as files
from shapecalc.layers.fields import LARGEST_DIM

if TYPE_CHECKING:
    from collections.abc import Mapping

Network: TypeAlias = Architecture | str | os.PathLike[str]
"""An architecture, the path of a file, `-` for standard input, or a name of the zoo such as `lenet5`."""

Setting: TypeAlias = SupportsIndex | str | float | None
"""The size of a symbol, or the value of a parameter: also NumPy's integers."""


class Bound(NamedTuple):
    """An architecture with its parameters set, and the sizes of symbols."""

    architecture: Architecture
    sizes: dict[str, int]


def load(
    architecture: Network,
    limits: Limits | None = None,
    parameters: Mapping[str, Setting] | None = None,
    **settings: Setting,
) -> Architecture:
    """Return the architecture of a file, of `-` (standard input) or of a name of the zoo.

    An existing file takes precedence over the zoo. Keyword arguments, and `parameters` if a name is an argument of this
    function, replace values of the file's own `parameters:`. An architecture is returned with its parameters replaced.
    Raises `ShapecalcError` with every mistake in the file; its `exit_code` is 2 if the file cannot be read, or if it
    has no parameter of a name.

    >>> load("lenet5")
    <Architecture LeNet-5: input [N, 1, 32, 32]>
    >>> load("llama3-8b", depth=2).parameters["depth"]
    2
    """
    values = values_of({**(parameters or {}), **settings})
    if isinstance(architecture, Architecture):
        return files.with_parameters(architecture, values)
    return files.load(_name(architecture), limits or LIMITS, values)


def from_torch(module: Any, *example_inputs: Any, dynamic_shapes: Any = None) -> Architecture:
    """Return the architecture of a `torch.nn.Module`, as `torch.export` traces it at example inputs.

    The module is run: this is for your own code. `dynamic_shapes` as in `torch.export.export` makes symbols of sizes.
    The weights come along, so that `run` uses them, and `verify` compares the outputs with PyTorch's own. Raises
    `ShapecalcError` SC006 without PyTorch, SC032 if PyTorch cannot export the module, SC031 for operators that have no
    layer.
    """
    return files.from_torch(module, example_inputs, dynamic_shapes)


def loads(
    text: str, name: str = "<text>", parameters: Mapping[str, Setting] | None = None, **settings: Setting
) -> Architecture:
    """Return the architecture that a text describes; `name` names it in diagnostics.

    Keyword arguments, and `parameters` if a name is an argument of this function, replace values of `parameters:`.
    Raises `ShapecalcError` with every mistake in the text.

    >>> loads("{input: [N, 8], layers: [relu]}").steps[0].path
    'relu_0'
    >>> wide = loads("{parameters: {width: 8}, input: [N, 8], layers: [linear: $width]}", width=32)
    >>> wide.steps[0].layer.out_features
    32
    """
    return files.loads(text, name, values_of({**(parameters or {}), **settings}))


def bound(
    architecture: Network,
    settings: Mapping[str, Setting] | None,
    named: Mapping[str, Setting],
    *,
    limits: Limits | None = None,
    scale: float = 1,
) -> Bound:
    """Return an architecture with its parameters set and its widths scaled, and the sizes of symbols.

    `settings` and `named` have values of parameters, and sizes of symbols under every other name.
    """
    values = values_of({**(settings or {}), **named})
    if isinstance(architecture, Architecture):
        parameters = {name: value for name, value in values.items() if name in architecture.parameters}
        loaded = files.with_parameters(architecture, parameters)
        others = tuple(name for name in values if name not in parameters)
    else:
        loaded, others = files.load_set(_name(architecture), values, limits or LIMITS)
    divisor = _divisor(scale)
    return Bound(
        files.narrowed(loaded, divisor) if divisor > 1 else loaded,
        {name: values[name] for name in others},
    )


def _name(architecture: object) -> str:
    if isinstance(architecture, str | os.PathLike):
        return os.fspath(architecture)
    received = type(architecture).__name__
    message = f"an architecture is expected as an Architecture, a path or a name such as 'lenet5', receives {received}"
    raise TypeError(message)


def values_of(given: Mapping[str, Setting]) -> dict[str, Any]:
    """Return values with NumPy's integers as Python's."""
    return {name: value if isinstance(value, bool) else _plain(value) for name, value in given.items()}


def _plain(value: Setting) -> Any:
    return operator.index(value) if isinstance(value, SupportsIndex) else value


def _divisor(scale: float) -> int:
    """Return the integer whose inverse is `scale`.

    >>> _divisor(1 / 3), _divisor(1)
    (3, 1)
    """
    divisor = round(1 / scale) if 0 < scale <= 1 else 0
    if divisor < 1 or abs(scale * divisor - 1) > 1e-9:  # noqa: PLR2004 - a float is near 1/3
        raise misuse("SC203", f"`scale` expects 1, 1/2, 1/3 …, receives {scale}")
    return divisor


def one_of(name: str, value: object, words: tuple[str, ...]) -> None:
    """Raise `ShapecalcError` SC203 if the value of an argument is not one of these words."""
    if value not in words:
        raise misuse("SC203", f"`{name}` expects one of {', '.join(words)}, receives `{value}`")


@overload
def count(name: str, value: SupportsIndex, most: int = ...) -> int: ...
@overload
def count(name: str, value: SupportsIndex | None, most: int = ...) -> int | None: ...
def count(name: str, value: SupportsIndex | None, most: int = LARGEST_DIM) -> int | None:
    """Return the value of an argument as an integer, None if there is none; raise SC201 if it is not from 1 to `most`.

    >>> count("batch", 8), count("batch", None)
    (8, None)
    """
    if value is None:
        return None
    number = operator.index(value)
    if not 1 <= number <= most:
        raise misuse("SC201", f"`{name}` expects 1 to {most}, receives {number}")
    return number
