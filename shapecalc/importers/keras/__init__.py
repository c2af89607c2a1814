"""Keras: `.keras` archives and the JSON of models, of Keras 2 and 3, functional and sequential."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from shapecalc.importers.graph import ImportedGraph
from shapecalc.importers.imported import ImportReading
from shapecalc.importers.keras.calls import Session
from shapecalc.importers.keras.configuration import BrokenModelError, layer_config
from shapecalc.importers.keras.container import Container, open_container
from shapecalc.importers.keras.network import read_network
from shapecalc.importers.keras.values import Orders
from shapecalc.importers.keras.weights import Weights
from shapecalc.importers.unreadable import Problems, refuse_container

if TYPE_CHECKING:
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.importers.keras.configuration import LayerConfig


def read(path: str, limits: Limits, *, partial: bool = False) -> ImportReading:
    """Read a file of Keras.

    Axes are moved so that the network computes the same: maps are [N, C, *spatial], in Keras [N, *spatial, C]. Inputs
    that convolutions and pools read, and outputs that they give, are in our order too: `source:` names them.
    With `partial`, a layer without a counterpart is an `opaque` step, if another one states the shape of its output.
    Raises `ShapecalcError` SC032 if the file is broken, SC031 if no output is left with `partial`.
    """
    container = open_container(path, limits)
    try:
        model = layer_config(container.config)
    except BrokenModelError as error:
        refuse_container(path, str(error))
    if not model.is_model:
        refuse_container(path, f"is no model of layers: {model.why_unknown()}")
    graph = ImportedGraph(model.name, "", params_as="keras")
    keras2 = _is_of_keras2(container, model)
    session = Session(graph, Weights(path), limits, path, keras2, partial, Orders(graph))
    problems = Problems()
    try:
        axes = read_network(session, model, problems)
    except BrokenModelError as error:
        refuse_container(path, str(error))
    if problems and partial and not graph.outputs:
        raise problems.error(path, partial=True)
    graph.source = _source(path, container, session, axes)
    return ImportReading(graph, problems, session.weights.arrays if container.weights else None)


def _is_of_keras2(container: Container, model: LayerConfig) -> bool:
    """Return whether Keras 2 wrote the file: it states no modules."""
    return container.version.startswith("2.") or (not container.version and not model.module)


def _source(path: str, container: Container, session: Session, axes: dict[str, str]) -> str:
    version = f" {container.version}" if container.version else " 2" if session.keras2 else ""
    parts = [f"Keras{version}, {PurePath(path).name}"]
    parts += [f"{name} is {order}" for name, order in axes.items()]
    return "; ".join([*parts, *session.notes])
