"""Layers of Keras 3 as steps of this project: the exact meaning of each, with Keras's defaults.

Keras has the channels last, our layers have them on axis 1. A Keras layer states which axes it reads (`Reads`), and
`write` returns the steps that compute the same on tensors in that order.
"""

from importlib import import_module

from shapecalc.diagnostics.suggestions import fold
from shapecalc.layers.keras.base import (
    IGNORED,
    KERAS_FIELDS,
    KERAS_LAYERS,
    RENAMED,
    REQUIRED,
    SAME_VALUE,
    KerasCall,
    KerasLayer,
    KerasRefusal,
    KerasStep,
    Reads,
    axes_moved,
)

FAMILIES = ("windows", "vectors", "moves")

__all__ = [
    "IGNORED",
    "KERAS_FIELDS",
    "RENAMED",
    "REQUIRED",
    "SAME_VALUE",
    "KerasCall",
    "KerasLayer",
    "KerasRefusal",
    "KerasStep",
    "Reads",
    "axes_moved",
    "is_keras_name",
    "keras_layer_of",
]


def keras_layer_of(word: str, *, any_case: bool = False) -> KerasLayer | None:
    """Return the Keras layer of a name, in any spelling; None for another word.

    PyTorch's `Conv2d` is another word, unless `any_case`.

    >>> keras_layer_of("max_pooling2d").rank, keras_layer_of("keras.layers.Dense").plain, keras_layer_of("Conv2d")
    (4, True, None)
    """
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
    name = word.rpartition(".")[2]
    pytorch = name[:1].isupper() and name[-2:] in ("1d", "2d", "3d") and not any_case
    return None if pytorch or word.startswith(("nn.", "torch.")) else KERAS_LAYERS.get(fold(name))


def is_keras_name(word: str) -> bool:
    """Return whether only Keras gives this name to a layer.

    >>> [is_keras_name(word) for word in ("Dense", "Conv2D", "conv2d", "Conv2d", "LSTM", "BatchNormalization")]
    [True, True, False, False, False, False]
    """
    layer = keras_layer_of(word)
    return layer is not None and (not layer.shared or word[-2:] in ("1D", "2D", "3D") or "keras." in word)
