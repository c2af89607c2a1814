"""The inputs of a network: their shapes, their dtypes, and the order of axes that the first layers read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import symbol
from shapecalc.importers.keras.configuration import BrokenModelError, LayerConfig, known_shape, layers_of
from shapecalc.importers.keras.history import nodes_of, outputs_in, structure
from shapecalc.importers.keras.settings import shown
from shapecalc.importers.keras.values import KerasValue, channels_first
from shapecalc.parser.names import is_name, likely_step_name

if TYPE_CHECKING:
    from shapecalc.dims import Dim
    from shapecalc.importers.keras.calls import Session

FIRST = ""
"""The input of a sequential model, whatever its name is."""
MAP, FRAMES, INDICES = "map", "frames", "indices"
"""What the first layers read: channels on axis 1, on axis 2 after that of time, or integers of an embedding."""
_MAPS = (
    *("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv", "SeparableConv", "Convolution"),
    *("MaxPool", "AveragePool", "AvgPool", "UpSampling2D", "UpSampling3D", "Resizing", "CenterCrop", "AdaptiveM"),
    *("ZeroPadding2D", "ZeroPadding3D", "Cropping2D", "Cropping3D", "AdaptiveA", "GlobalAveragePooling2D"),
    *("GlobalMaxPooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling3D"),
)
_SAME_ORDER = (
    *("Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Dropout", "SpatialDropout", "GaussianNoise", "AlphaDropout"),
    *("GaussianDropout", "BatchNormalization", "Rescaling", "Normalization", "Identity", "Add", "Multiply"),
    *("Subtract", "Average", "Maximum", "Minimum", "Concatenate", "ZeroPadding1D", "Cropping1D", "UpSampling1D"),
    *("GroupNormalization", "ActivityRegularization", "Divide", "TrueDivide", "LayerNormalization"),
    *("Random", "AutoContrast"),
)
_LETTERS = {3: ("T", "F"), 4: ("H", "W", "C"), 5: ("D", "H", "W", "C")}
_DTYPES = {"float": "float32", "bfloat": "float32", "int": "int64", "uint": "int64", "bool": "bool"}
MOST_NESTED = 24


class Declared(NamedTuple):
    """An input layer: its name, shape in Keras and dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


def network_inputs(session: Session, model: LayerConfig) -> dict[str, KerasValue]:
    """Add the inputs of the network, and return them by name."""
    inputs: dict[str, KerasValue] = {}
    symbols: dict[str, None] = {}
    wants = reads_first(model)
    entries = declared(model)
    for index, each in enumerate(entries):
        wanted = wants.get(each.name, wants.get(FIRST))
        name = likely_step_name(each.name) or ""
        name = "input" if len(entries) == 1 else name if is_name(name) else f"input_{index}"
        while name in inputs:
            name += "_"
        order = _order(len(each.shape), wanted)
        shape = [_size(size, axis, len(each.shape), symbols, inputs) for axis, size in enumerate(each.shape)]
        dtype = "int64" if wanted == INDICES else each.dtype
        value = session.graph.input(name, tuple(shape[axis] for axis in order), dtype)
        inputs[name] = KerasValue(value, order)
    return inputs


def _order(rank: int, wanted: str | None) -> tuple[int, ...]:
    if wanted == MAP and rank > 2:  # noqa: PLR2004 - batch, channels and space
        return channels_first(rank)
    if wanted == FRAMES and rank > 3:  # noqa: PLR2004 - and time
        return (0, 1, rank - 1, *range(2, rank - 1))
    return tuple(range(rank))


def _size(size: int | None, axis: int, rank: int, symbols: dict[str, None], inputs: dict[str, KerasValue]) -> Dim:
    """Return a size that is stated, or else a symbol: N of the batch, others of one input."""
    if size is not None:
        return size
    if axis == 0:
        return symbol("N")
    name = _LETTERS.get(rank, ("T",))[axis - 1] if axis - 1 < len(_LETTERS.get(rank, ("T",))) else f"A{axis}"
    if inputs:
        name += str(len(inputs) + 1)
    while name in symbols or name in inputs:
        name += "_"
    symbols[name] = None
    return symbol(name)


def declared(model: LayerConfig) -> list[Declared]:
    """Return the inputs of a model in their order."""
    layers = layers_of(model)
    if model.kind == "Sequential":
        return [_first(model, layers)]
    by_name = {layer.name: layer for layer in layers}
    names = outputs_in(structure(model.settings.get("input_layers"), model.name))
    inputs = []
    for output in names:
        if output.layer not in by_name:
            raise BrokenModelError(f"has an input `{output.layer[:80]}` that is no layer")
        inputs.append(_declared(by_name[output.layer], output.layer))
    if not inputs or len({each.name for each in inputs}) != len(inputs):
        raise BrokenModelError(f"has a model `{model.name}` without inputs, or with one input twice")
    return inputs


def _first(model: LayerConfig, layers: list[LayerConfig]) -> Declared:
    """Return the input of a sequential model, which may be stated at several places."""
    if not layers:
        raise BrokenModelError(f"has a model `{model.name}` without layers")
    first = layers[0]
    if first.is_model:
        return declared(first)[0]
    stated = first.around.get("build_config")
    places = (
        first.settings.get("batch_shape"),
        first.settings.get("batch_input_shape"),
        model.settings.get("build_input_shape"),
        stated.get("input_shape") if isinstance(stated, dict) else None,
    )
    if not any(known_shape(place) for place in places):
        raise BrokenModelError("states no shape of its input: build the model before it is saved")
    shape = next(place for place in places if known_shape(place))
    name = first.name if first.kind == "InputLayer" else "input"
    dtype = first.settings.get("dtype") if first.kind == "InputLayer" else "float32"
    return Declared(name, known_shape(shape) or (), _dtype(dtype))


def _declared(layer: LayerConfig, name: str) -> Declared:
    settings = layer.settings
    shape = known_shape(settings.get("batch_shape", settings.get("batch_input_shape")))
    if layer.kind != "InputLayer" or not shape:
        raise BrokenModelError(f"has an input `{name}` without a shape")
    if settings.get("sparse") or settings.get("ragged"):
        raise BrokenModelError(f"has an input `{name}` that is sparse or ragged, which no layer here reads")
    return Declared(name, shape, _dtype(settings.get("dtype")))


def _dtype(dtype: Any) -> str:
    if isinstance(dtype, dict) and isinstance(dtype.get("config"), dict):
        dtype = dtype["config"].get("name")
    if dtype is None:
        return "float32"
    if not isinstance(dtype, str) or dtype.rstrip("0123456789") not in _DTYPES:
        known = isinstance(dtype, str) and dtype.startswith("mixed_")
        if not known:
            raise BrokenModelError(f"has an input of the dtype {shown(dtype)}")
        return "float32"
    return _DTYPES[dtype.rstrip("0123456789")]


def reads_first(model: LayerConfig, depth: int = 0, known: dict[int, str | None] | None = None) -> dict[str, str]:
    """Return what the first layers that read each input need, by its name or `FIRST`; nothing if they read any order.

    `known` has what models in models need, each of which is looked at once.
    """
    if depth > MOST_NESTED:
        return {}
    layers = layers_of(model)
    known = {} if known is None else known
    if model.kind == "Sequential":
        wanted = next((want for layer in layers if (want := _wanted(layer, depth, known)) is not None), "")
        return {FIRST: wanted} if wanted else {}
    readers: dict[str, list[LayerConfig]] = {}
    for layer in layers:
        for output in {output.layer for node in nodes_of(layer.around, layer.name) for output in node.reads()}:
            readers.setdefault(output, []).append(layer)
    return {each.name: want for each in declared(model) if (want := _dtype_needed(each.name, readers, depth, known))}


def _dtype_needed(name: str, readers: dict[str, list[LayerConfig]], depth: int, known: dict[int, str | None]) -> str:
    """Return what the nearest layer needs that does not take any order."""
    seen, front, dtype = {name}, [name], ""
    for at in front:
        for layer in readers.get(at, ()):
            wanted = _wanted(layer, depth, known)
            if wanted in (MAP, FRAMES):
                return str(wanted)
            if wanted == INDICES and at == name:
                dtype = INDICES
            if wanted is None and layer.name not in seen:
                seen.add(layer.name)
                front.append(layer.name)
    return dtype


def _wanted(layer: LayerConfig, depth: int, known: dict[int, str | None]) -> str | None:
    """Return what a layer needs, empty if the order of Keras, None if it takes any."""
    if layer.is_model:
        at = id(layer.around)
        if at not in known:
            known[at] = next(iter(reads_first(layer, depth + 1, known).values()), "")
        return known[at]
    if layer.kind == "TimeDistributed":
        inner = layer.settings.get("layer")
        kind = inner.get("class_name") if isinstance(inner, dict) else None
        nested = isinstance(inner, dict) and kind in ("Functional", "Sequential", "Model")
        return FRAMES if (isinstance(kind, str) and kind.startswith(_MAPS)) or nested else ""
    if layer.kind.startswith("ConvLSTM"):
        return FRAMES if layer.settings.get("data_format") != "channels_first" else ""
    if layer.kind.startswith(_MAPS):
        return MAP if layer.settings.get("data_format") != "channels_first" else ""
    if layer.kind in ("Embedding", "ReversibleEmbedding"):
        return INDICES
    return None if layer.kind.startswith(_SAME_ORDER) or layer.kind == "InputLayer" else ""


def letters(tensor: KerasValue) -> str:
    """Return the axes of a tensor in our order, by the letters of theirs.

    >>> from shapecalc.importers.graph import Value
    >>> letters(KerasValue(Value("x", "", (1, 3, 32, 48), "float32"), (0, 3, 1, 2)))
    '[N, C, H, W] here, [N, H, W, C] in Keras'
    """
    rank = tensor.rank
    space = {3: ("T",), 4: ("H", "W"), 5: ("D", "H", "W")}.get(rank, tuple(f"A{axis}" for axis in range(1, rank - 1)))
    names = ("N", *space, "C")
    return f"[{', '.join(names[axis] for axis in tensor.order)}] here, [{', '.join(names)}] in Keras"
