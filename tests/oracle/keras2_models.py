"""A model of Keras 3 as Keras 2 writes it to JSON, for make_keras_imports.py: Keras 3 reads that too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from keras.src.legacy.saving.saving_utils import model_from_config

if TYPE_CHECKING:
    import keras

NAMES = ("mlp", "lenet", "residual_network", "unet", "shared_layers", "embedded_lstm", "encoder_and_decoder")
"""Networks that are written so."""
VERSION = "2.15.0"


def text(model: keras.Model) -> str:
    """Return the JSON: no modules, dtypes as texts, and inputs as `[layer, call, output, arguments]`."""
    config = json.loads(model.to_json())
    whole = {"class_name": type(model).__name__, "config": old(config["config"]), "keras_version": VERSION}
    return json.dumps({**whole, "backend": "tensorflow"})


def old(value: Any) -> Any:
    """Return a part of the configuration as Keras 2 has it."""
    if isinstance(value, list):
        return [old(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    found = {key: old(each) for key, each in value.items() if key not in ("module", "registered_name", "build_config")}
    if "batch_shape" in found:
        found["batch_input_shape"] = found.pop("batch_shape")
        found.pop("optional", None)
    if "inbound_nodes" in value:
        found["inbound_nodes"] = [node(each) for each in value["inbound_nodes"]]
    return found


def node(value: dict[str, Any]) -> list[Any]:
    """Return a call: the tensors in a list, and the arguments by name with the first of them."""
    more = {key: reference(each) for key, each in value["kwargs"].items() if each is not None}
    tensors = value["args"][0]
    tensors = tensors if isinstance(tensors, list) else [tensors]
    return [[*reference(each), more if not at else {}] for at, each in enumerate(tensors)]


def reference(value: Any) -> Any:
    """Return a tensor by the layer that gives it."""
    if isinstance(value, list):
        return [reference(each) for each in value]
    return value["config"]["keras_history"] if isinstance(value, dict) else value


def checked(model: keras.Model, written: str) -> None:
    """Raise `AssertionError` if Keras reads another network from the JSON."""
    read = model_from_config(json.loads(written))
    assert read.count_params() == model.count_params(), model.name
    assert str(read.output_shape) == str(model.output_shape), model.name
