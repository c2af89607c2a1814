"""Which tensors of a model are parameters and which are buffers, as far as the file says."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_LINE = re.compile(r"^\w+: (PARAMETER|BUFFER) target='([^']*)'", re.MULTILINE)
_SIGNATURE = "pkg.torch.export.ExportedProgram.graph_signature"


class TensorRoles(NamedTuple):
    """The names of parameters and of buffers; None if the file does not say."""

    parameters: frozenset[str] | None = None
    buffers: frozenset[str] = frozenset()

    def is_number(self, name: str) -> bool:
        """Return whether a tensor without axes is a number of the program, and no parameter."""
        return name not in (self.parameters or ()) and name not in self.buffers

    def is_constant(self, name: str) -> bool:
        """Return whether the file says of a tensor that it is neither a parameter nor a buffer."""
        return self.parameters is not None and self.is_number(name)


def roles_of(graph: Any) -> TensorRoles:
    """Return what PyTorch's exporter writes of the tensors; other exporters say nothing."""
    for entry in graph.metadata_props:
        if entry.key == _SIGNATURE and isinstance(entry.value, str):
            found = _LINE.findall(entry.value)
            parameters, buffers = ({name for kind, name in found if kind == each} for each in ("PARAMETER", "BUFFER"))
            return TensorRoles(frozenset(parameters), frozenset(buffers))
    return TensorRoles()
