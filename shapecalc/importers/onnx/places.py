"""The places of nodes: the path and the class of the module that a node is of, by what each exporter writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_ENTRY = re.compile(r"(?:^|/)([^/:]*): ([^/]*)")


def place_of(node: Any) -> Place:
    """Return the place of a node: its module by its metadata, or by its name if that is a path.

    >>> from types import SimpleNamespace
    >>> place_of(SimpleNamespace(name="/layer1/layer1.0/conv1/Conv", metadata_props=[], output=["a"])).path
    'layer1.0.conv1'
    """
    line = node.name or (node.output[0] if node.output else "")
    properties = {entry.key: entry.value for entry in node.metadata_props if isinstance(entry.value, str)}
    scopes = _of_dynamo(properties)
    if scopes is None:
        scopes = tuple((path, "") for path in _of_name(node.name))
    if not scopes:
        return Place("", line)
    path, kind = scopes[-1]
    return Place(path, line, kind, scopes[:-1])


def _of_dynamo(properties: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
    """Return path and class of each module by the metadata of PyTorch's exporter, without the operator, which is last.

    >>> _of_dynamo({"namespace": ": net.Net/layer1: nn.Sequential/layer1.0: nn.Conv2d/conv2d: aten.conv2d.default"})
    (('', 'net.Net'), ('layer1', 'nn.Sequential'), ('layer1.0', 'nn.Conv2d'))
    """
    names, classes = (properties.get(f"pkg.torch.onnx.{key}") for key in ("name_scopes", "class_hierarchy"))
    if names and classes:
        paths, kinds = _QUOTED.findall(names), _QUOTED.findall(classes)
        if len(paths) == len(kinds) and paths:
            return tuple(zip(paths[:-1], kinds[:-1], strict=True))
    if "namespace" in properties:
        return tuple(_ENTRY.findall(properties["namespace"])[:-1])
    return None


def _of_name(name: str) -> list[str]:
    """Return the paths of the modules in the name of a node of PyTorch's older exporter.

    Each part is one name, or for a module of a list the name of the list again, with the index.

    >>> _of_name("/layer1/layer1.0/downsample/downsample.1/Conv")
    ['layer1', 'layer1.0', 'layer1.0.downsample', 'layer1.0.downsample.1']
    >>> _of_name("Conv_7")
    []
    """
    if not name.startswith("/"):
        return []
    paths: list[str] = []
    last = ""
    for part in name.split("/")[1:-1]:
        before = paths[-1] if paths else ""
        if last and part.startswith(f"{last}."):
            before = before.removesuffix(last).removesuffix(".")
        paths.append(f"{before}.{part}" if before else part)
        last = part
    return paths
