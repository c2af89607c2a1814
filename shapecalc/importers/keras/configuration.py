"""The JSON of a layer or a model, with the kinds of its parts checked."""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecalc.importers.keras.settings import is_int, shown
from shapecalc.importers.unreadable import Unreadable

MODELS = ("Functional", "Sequential", "Model")
LONGEST_NAME = 200
MOST_RANK = 32
_OPERATIONS = ("keras.src.ops", "keras.ops", "keras.src.operations")
_LAYERS = ("keras", "tf_keras", "tensorflow.python.keras", "tensorflow.keras")
LIBRARY_LAYERS = ("LayerScale", "StochasticDepth", "CustomScaleLayer")
"""Classes outside of `keras.layers` that `keras.applications` has, so that their package is that of the model."""


class BrokenModelError(Exception):
    """Raised for a configuration that Keras did not write: the whole file is refused."""


class LayerConfig(NamedTuple):
    """A layer: its class, where the class is from, its settings, and the configuration around them."""

    kind: str
    module: str
    registered: str
    name: str
    settings: dict[str, Any]
    around: dict[str, Any]

    @property
    def qualified(self) -> str:
        """The class with its module."""
        return f"{self.module or 'keras.layers'}.{self.kind}"

    @property
    def is_model(self) -> bool:
        """Whether it is a model of layers."""
        return self.kind in MODELS and "layers" in self.settings

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of `keras.ops`."""
        return self.module.startswith(_OPERATIONS)

    @property
    def is_foreign(self) -> bool:
        """Whether the class is not one of Keras, but has its name."""
        own = self.registered in ("", self.kind) or self.kind in LIBRARY_LAYERS or self.registered.startswith("Keras>")
        return not own or not (self.module == "" or self.module.split(".")[0] in _LAYERS or self.module in _LAYERS)

    def why_unknown(self) -> str:
        """Return why no function reads the class."""
        if self.kind in ("Lambda", "__lambda__"):
            return "`Lambda` has code of Python, which is never run"
        if self.kind.startswith(("TFOp", "SlicingOp")):
            return f"`{self.kind}` is an operation of TensorFlow, of which the file has only the name"
        if self.is_foreign:
            registered = f", registered as `{self.registered[:80]}`" if self.registered else ""
            return f"`{self.kind}` is a class of its own{registered}: the file has its name, not its code"
        if self.kind in MODELS:
            return f"`{self.kind}` has no layers in the file"
        what = "operation" if self.is_operation else "layer"
        return f"no {what} `{self.kind}` of Keras is known"


def layer_config(value: Any) -> LayerConfig:
    """Return the configuration of a layer.

    Raises `BrokenModelError` if a part is of another kind than Keras writes.

    >>> layer_config({"class_name": "Dense", "config": {"units": 10, "name": "d"}}).name
    'd'
    """
    if not isinstance(value, dict):
        raise BrokenModelError(f"has {shown(value)} in the place of a layer")
    kind, settings = value.get("class_name"), value.get("config")
    module, registered = value.get("module") or "", value.get("registered_name") or ""
    if not isinstance(kind, str) or not isinstance(module, str) or not isinstance(registered, str):
        raise BrokenModelError("has a layer whose class is no text")
    if ">" in kind and not registered:  # Keras 2 has one text for both
        registered, kind = kind, kind.rpartition(">")[2]
    if len(kind) > LONGEST_NAME or not kind:
        raise BrokenModelError("has a layer whose class has no name, or a very long one")
    if kind == "__lambda__":
        settings = {}
    if isinstance(settings, list) and kind == "Sequential":  # Keras before 2.2.3
        settings = {"name": value.get("name", "sequential"), "layers": settings}
    if not isinstance(settings, dict):
        raise BrokenModelError(f"has a layer `{kind}` without `config`")
    name = value.get("name") or settings.get("name") or kind.lower()
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise BrokenModelError(f"has a layer `{kind}` whose name is no text, or a very long one")
    return LayerConfig(kind, module, registered, name, settings, value)


def nested_config(value: Any, owner: str) -> LayerConfig:
    """Return the configuration of a layer inside of another one; raises `Unreadable`."""
    try:
        return layer_config(value)
    except BrokenModelError as error:
        raise Unreadable(f"`{owner}` {error}") from None


def layers_of(model: LayerConfig) -> list[LayerConfig]:
    """Return the layers of a model."""
    layers = model.settings.get("layers")
    if not isinstance(layers, list):
        raise BrokenModelError(f"has a model `{model.name}` without `layers`")
    return [layer_config(each) for each in layers]


def known_shape(value: Any) -> tuple[int | None, ...] | None:
    """Return a shape as Keras writes it, None for anything else, such as shapes of several tensors.

    >>> known_shape([None, 8, 3]), known_shape([[None, 8], [None, 3]]), known_shape({"a": [1]})
    ((None, 8, 3), None, None)
    """
    if not isinstance(value, list) or len(value) > MOST_RANK:
        return None
    if not all(size is None or (is_int(size) and size > 0) for size in value):
        return None
    return tuple(value)
