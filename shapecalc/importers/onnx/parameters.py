"""Which tensors of a model are buffers, as far as the file says."""

from __future__ import annotations

import re
from typing import Any

_BUFFER = re.compile(r"^\w+: BUFFER target='([^']*)'", re.MULTILINE)
_SIGNATURE = "pkg.torch.export.ExportedProgram.graph_signature"


def buffers_of(graph: Any) -> frozenset[str]:
    """Return the names of the tensors that PyTorch's exporter calls buffers; other exporters do not say."""
    for entry in graph.metadata_props:
        if entry.key == _SIGNATURE:
            return frozenset(_BUFFER.findall(entry.value))
    return frozenset()
