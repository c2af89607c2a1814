"""A module of PyTorch that is in memory → what the reader of `.pt2` makes of its exported program.

This is the only place that imports PyTorch, and only when it is called.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shapecalc.importers.imported import Examples
from shapecalc.importers.unreadable import refuse_container, refuse_without

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.importers.graph import Array
    from shapecalc.importers.imported import ImportReading


def read_module(
    module: Any,
    example_inputs: tuple[Any, ...],
    *,
    keywords: Mapping[str, Any] | None = None,
    dynamic_shapes: Any = None,
    name: str = "",
) -> ImportReading:
    """Return the reading of a `torch.nn.Module`, exported in evaluation mode at the shapes of example inputs.

    `dynamic_shapes` as in `torch.export.export`: the sizes that become symbols. The modes of the module and of those
    in it are as before afterwards. Its weights are copied to a temporary file, and read from it when they are needed.
    Raises `ShapecalcError` SC006 without PyTorch, SC032 if PyTorch cannot export the module.
    """
    kind = type(module).__name__
    try:
        import torch  # noqa: PLC0415 - only a module of PyTorch needs it
    except ImportError:
        refuse_without(kind, "torch", "torch")
    from shapecalc.importers.torch_export import read_opened  # noqa: PLC0415 - as above

    if not isinstance(module, torch.nn.Module):
        refuse_container(kind, "is not a module of PyTorch")
    inputs = tuple(example_inputs) if isinstance(example_inputs, (tuple, list)) else (example_inputs,)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the weights are read from it later
    try:
        with _evaluating(module):
            program = torch.export.export(
                module, inputs, dict(keywords or {}), dynamic_shapes=dynamic_shapes, strict=False
            )
            outputs = program.module()(*inputs, **dict(keywords or {}))
        torch.export.save(program, file)
    except Exception as error:  # noqa: BLE001 - what a module raises is its own
        said = " ".join(str(error).split())[:300]
        refuse_container(kind, f"cannot be exported by torch.export: {type(error).__name__}: {said}")
    reading = read_opened(file, kind, name or kind)
    given = [*inputs, *dict(keywords or {}).values()]
    reading.examples = Examples(_arrays(torch, given), _arrays(torch, outputs))
    return reading


def _arrays(torch: Any, values: Any) -> tuple[Array, ...]:
    """Return the tensors in a structure as arrays of float32, integers or flags."""
    leaves = [leaf for leaf in torch.utils._pytree.tree_leaves(values) if isinstance(leaf, torch.Tensor)]  # noqa: SLF001
    return tuple((leaf.float() if leaf.is_floating_point() else leaf).detach().cpu().numpy() for leaf in leaves)


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Put a module in evaluation mode for a while."""
    modes = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for each, mode in modes:
            each.training = mode
