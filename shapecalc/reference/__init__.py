"""What a layer does: NumPy kernels that find every size by sliding real windows over real arrays.

The witness of the shape rules. It imports the standard library, NumPy and itself, and is handed Calls whose fields
stand as the user wrote them. A kernel is found by its layer word; its family is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.base import Fields, Kernel, Shape
    from shapecalc.reference.gradients import BackwardRun
    from shapecalc.reference.word_vectors import analogy, nearest

__all__ = ["FAMILIES", "analogy", "find", "find_backward", "nearest", "words", "workspace"]

FAMILIES = (
    "conv",
    "pooling",
    "linear",
    "activation",
    "normalization",
    "reshaping",
    "merging",
    "regularization",
    "resampling",
    "shuffling",
    "reducing",
    "recurrent",
    "embedding",
    "attention",
    "positional",
)

BACKWARD_FAMILIES = (*FAMILIES, "bptt")
"""Where backward kernels are: beside the forward ones, but for those of recurrent layers, which fill a file."""


def __getattr__(name: str) -> Any:
    if name not in ("analogy", "nearest"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.word_vectors"), name)


def find(word: str) -> Kernel:
    """The kernel of a layer word, importing families until one registers it.

    Raises `KeyError` where no family knows the word.
    """
    from shapecalc.reference.base import KERNELS  # noqa: PLC0415 - NumPy is imported only to execute

    for family in FAMILIES:
        if word in KERNELS:
            break
        import_module(f"{__name__}.{family}")
    return KERNELS[word]


def find_backward(word: str) -> BackwardRun:
    """The backward kernel of a layer word, which stands beside its forward kernel.

    Raises `KeyError` where it has none.
    """
    from shapecalc.reference.gradients import BACKWARDS  # noqa: PLC0415 - NumPy is imported only to execute

    for family in BACKWARD_FAMILIES:
        if word in BACKWARDS:
            break
        import_module(f"{__name__}.{family}")
    return BACKWARDS[word]


def words() -> frozenset[str]:
    """Every layer word that has a kernel."""
    from shapecalc.reference.base import KERNELS  # noqa: PLC0415 - NumPy is imported only to execute

    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
    return frozenset(KERNELS)


def workspace(
    word: str,
    fields: Fields,
    inputs: tuple[Shape, ...],
    parameters: Mapping[str, Shape],
    outputs: tuple[Shape, ...],
    itemsize: int,
) -> int:
    """Upper bound in bytes on the temporary arrays of one kernel run, beside its inputs, parameters and outputs.

    The shapes are predictions, which may be wrong: 0 where the kernel would refuse them, for it then allocates nothing.
    """
    kernel = find(word)
    try:
        return kernel.workspace(fields, inputs, parameters, outputs, itemsize)
    except (ValueError, LookupError):
        return 0
