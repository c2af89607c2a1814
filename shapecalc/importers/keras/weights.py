"""Tensors of the file of weights: where each of ours is in it, and how it is made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.graph import Stored
from shapecalc.importers.keras.container import WEIGHTS, read_weights
from shapecalc.importers.unreadable import Unreadable, refuse_container, refuse_without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import Array

LARGEST_ELEMENT = 8
"""Bytes of float64."""
SPARE_BYTES = 64 << 20
"""Of the file's own structure, and of tensors that no step has, such as those of an optimizer."""


class WeightFile(NamedTuple):
    """The variables that a tensor of ours is made of, and how; their shapes in the file."""

    paths: tuple[str, ...]
    shapes: tuple[Shape, ...]
    make: Callable[..., Array]


@dataclass(slots=True)
class Weights:
    """The sources of our tensors by their names."""

    file: str
    sources: dict[str, WeightFile] = field(default_factory=dict)

    def stored(self, name: str, shape: Shape, source: WeightFile, *, trainable: bool = True) -> Stored:
        """Return a tensor of ours, and remember what it is made of; raise `Unreadable` if another one has the name."""
        known = self.sources.setdefault(name, source)
        if known[:2] != source[:2]:
            raise Unreadable(f"two layers have the same path, that of `{name[:80]}`")
        return Stored(name, shape, trainable=trainable)

    def arrays(self, names: list[str]) -> Mapping[str, Array]:
        """Return the values of tensors of ours.

        Raises `ShapecalcError` SC032 if the file does not have them, or has them in other shapes.
        """
        try:
            import h5py  # noqa: PLC0415 - only values need it
        except ImportError:
            refuse_without(self.file, "h5py", "keras")
        sources = {name: self.sources[name] for name in names}
        elements = sum(_count(shape) for source in sources.values() for shape in source.shapes)
        data = read_weights(self.file, LARGEST_ELEMENT * elements + SPARE_BYTES)
        try:
            with h5py.File(BytesIO(data), "r") as file:
                return {name: self._made(file, source) for name, source in sources.items()}
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            refuse_container(self.file, f"has a broken `{WEIGHTS}`: {str(error)[:200]}")

    def _made(self, file: Any, source: WeightFile) -> Array:
        pairs = zip(source.paths, source.shapes, strict=True)
        return source.make(*(self._variable(file, path, shape) for path, shape in pairs))

    def _variable(self, file: Any, path: str, shape: Shape) -> Array:
        import h5py  # noqa: PLC0415 - as above
        import numpy as np  # noqa: PLC0415 - only values need it

        at = file
        for part in path.split("/"):
            link = at.get(part, getlink=True) if isinstance(at, h5py.Group) else None
            if not isinstance(link, h5py.HardLink):  # no link leaves the file
                refuse_container(self.file, f"has no `{path}` in `{WEIGHTS}`")
            at = at[part]
        if not isinstance(at, h5py.Dataset) or at.external or at.is_virtual or at.dtype.kind not in "fiub":
            refuse_container(self.file, f"has no numbers in `{path}` of `{WEIGHTS}`")
        if tuple(at.shape) != shape:
            refuse_container(self.file, f"has `{path}` of shape {list(at.shape)}, expects {list(shape)}")
        array: Array = np.asarray(at[()], np.float32)
        return array


def _count(shape: Shape) -> int:
    total = 1
    for size in shape:
        total *= int(size)  # type: ignore[arg-type]  # tensors of a file have integers
    return total


def snake_case(name: str) -> str:
    """Return the name of a class as Keras writes it into paths.

    >>> [snake_case(name) for name in ("Conv2D", "BatchNormalization", "LSTM", "MultiHeadAttention")]
    ['conv2d', 'batch_normalization', 'lstm', 'multi_head_attention']
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def as_it_is(array: Array) -> Array:
    """Return a variable that has our layout."""
    return array


def transposed(array: Array) -> Array:
    """Return a matrix [in, out] as [out, in]."""
    return array.T


def kernel(array: Array) -> Array:
    """Return a kernel [*window, in, out] as [out, in, *window]."""
    import numpy as np  # noqa: PLC0415 - only values need it

    return np.moveaxis(array, (-1, -2), (0, 1))


def depthwise_kernel(array: Array) -> Array:
    """Return a kernel [*window, channels, multiplier] as [channels · multiplier, 1, *window]."""
    import numpy as np  # noqa: PLC0415 - only values need it

    window = array.shape[:-2]
    return np.moveaxis(array.reshape((*window, -1)), -1, 0)[:, None]
