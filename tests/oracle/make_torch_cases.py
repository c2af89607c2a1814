"""Write torch_cases/FAMILY.json and .npz: what PyTorch 2.13.0 computes for the cases of torch_cases/FAMILY.py.

Run it with the names of families, in an environment with torch 2.13.0 and NumPy; by default all. The same script gives
the same bytes.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from make_torch_saved import kept
from torch.utils.flop_counter import FlopCounterMode
from torch_cases import Case, Filled, filled_buffers, filled_gradients, filled_inputs, filled_parameters

TORCH = "2.13.0"
FOLDER = Path(__file__).parent / "torch_cases"
ABOUT = (
    "What PyTorch 2.13.0 says of one layer in evaluation mode, float32, CPU: shapes and dtypes of its outputs, and in "
    "the .npz, flat, their values and the gradients by float inputs and by parameters. `saved` is what autograd keeps: "
    "the `inputs` whose storages it keeps, whether it keeps the first output's (`output`), and the bytes of all others "
    "(`own`). Inputs, parameters and gradients are filled as torch_cases/__init__.py says. Written by "
    "make_torch_cases.py."
)


def answer(case: Case) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    """Return the row of a case and its numbers: outputs, gradients by inputs, gradients by parameters."""
    inputs = [torch.tensor(array) for array in filled_inputs(case.inputs)]
    leaves = [x.requires_grad_() for x in inputs if x.is_floating_point()]
    parameters = {name: torch.tensor(array) for name, array in filled_parameters(case.parameters).items()}
    for tensor in parameters.values():
        tensor.requires_grad_()
    buffers = {name: torch.tensor(array) for name, array in filled_buffers(case.buffers).items()}
    own = [*parameters.values(), *buffers.values()]
    storages, given = kept(lambda: case.forward(*inputs, **parameters, **buffers), own)
    outputs = [given] if isinstance(given, torch.Tensor) else list(given)
    floats = [y for y in outputs if y.is_floating_point() and y.requires_grad]
    gradients = [
        torch.tensor(array)
        for array, y in zip(filled_gradients([y.shape for y in outputs]), outputs, strict=True)
        if any(y is each for each in floats)
    ]
    wanted = [*leaves, *parameters.values()]
    slopes = torch.autograd.grad(floats, wanted, gradients, allow_unused=True) if floats and wanted else ()
    addresses = {storage._cdata for storage in storages}
    of = [index for index, x in enumerate(inputs) if x.untyped_storage()._cdata in addresses]
    is_output = outputs[0].untyped_storage()._cdata in addresses and not any(
        outputs[0].untyped_storage()._cdata == x.untyped_storage()._cdata for x in inputs
    )
    known = {x.untyped_storage()._cdata for x in (*inputs, *outputs[:1])}
    saved = sum(storage.nbytes() for storage in storages if storage._cdata not in known)
    row: dict[str, Any] = {"layer": case.layer, "fields": finite(dict(case.fields)), "inputs": written(case.inputs)}
    row["outputs"] = [[list(y.shape), str(y.dtype).removeprefix("torch.")] for y in outputs]
    row |= {"parameters": listed(case.parameters)} if case.parameters else {}
    row |= {"buffers": listed(case.buffers)} if case.buffers else {}
    row["gradients"] = [slope is not None for slope in slopes]
    if case.saves:
        row["saved"] = {"inputs": of, "output": is_output, "own": saved}
    if case.counts:
        with FlopCounterMode(display=False) as counter:
            case.forward(*(torch.empty(x.shape, dtype=x.dtype, device="meta") for x in inputs))
        row["macs"] = counter.get_total_flops() // 2
    row |= {"note": case.note} if case.note else {}
    numbers = [y.detach().numpy() for y in outputs] + [slope.numpy() for slope in slopes if slope is not None]
    return row, [np.asarray(each, dtype=np.float32).ravel() for each in numbers]


def finite(value: Any) -> Any:
    """Return fields with infinities as text, which JSON does not have."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    return str(value) if value in (float("inf"), -float("inf")) else value


def listed(shapes: Any) -> dict[str, list[int]]:
    """Return shapes as lists."""
    return {name: list(shape) for name, shape in shapes.items()}


def written(inputs: tuple[Any, ...]) -> list[Any]:
    """Return inputs as JSON: a shape, or a mapping of what differs from floats."""
    rows: list[Any] = []
    for each in inputs:
        if not isinstance(each, Filled):
            rows.append(list(each))
            continue
        told = {name: value for name, value in each._asdict().items() if value != Filled._field_defaults.get(name)}
        rows.append({**told, "shape": list(each.shape)})
    return rows


def main() -> int:
    """Ask PyTorch about every case of the families named."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    names = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
    for name in names:
        answers = [answer(case) for case in import_module(f"torch_cases.{name}").CASES]
        lines = ",\n".join(json.dumps(row, allow_nan=False) for row, _ in answers)
        head = json.dumps({"about": ABOUT, "torch": TORCH}, indent=1).removesuffix("\n}")
        (FOLDER / f"{name}.json").write_text(f'{head},\n "cases": [\n{lines}\n]}}\n', encoding="utf-8")
        np.savez_compressed(FOLDER / f"{name}.npz", values=np.concatenate([each for _, own in answers for each in own]))
        print(f"{name}: {len(answers)} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main())
