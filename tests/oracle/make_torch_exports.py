"""Write torch_exports.tsv: what becomes of networks of torchvision, timm and transformers, exported by torch.export.

Run it with torch 2.13.0, torchvision 0.28.0, timm 1.0.31, transformers 5.24.0 and shapecalc itself. Each model is
exported at batch 1 and read by the importer, which compares the shape of each operator with that in the file. The
totals of parameters and multiply-accumulates are compared with PyTorch's, and the outputs too if the model is small.
`--models` names a JSON file of more networks than real_networks/index.tsv has.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from pathlib import Path
from typing import Any

import torch
from make_real_networks import dtypes_of, read_index, used_params
from real_graphs.models import Outputs, Uninitialised, build
from real_graphs.weights import disturb, inputs_of
from torch.utils.flop_counter import FlopCounterMode

import shapecalc
from shapecalc.importers.imported import Imported
from shapecalc.importers.torch_export import read_opened
from shapecalc.importers.writing import write

FILE = Path(__file__).parent / "torch_exports.tsv"
COLUMNS = ("population", "model", "read", "operators", "steps", "params", "macs", "difference", "seconds", "reason")
MOST_MACS, MOST_PARAMS = 500_000_000, 30_000_000
"""Those of models whose values are compared."""
SMALLEST_VOCABULARY = 30
PRODUCTS = ("linear", "mm", "matmul", "einsum", "conv", "attention", "lstm", "gru")


def counted(program: torch.export.ExportedProgram) -> int:
    """Return the multiply-accumulates that PyTorch counts."""

    def on_meta(node: torch.fx.ImportedStep) -> torch.Tensor:
        value = node.meta["val"]
        if isinstance(value, torch.Tensor):
            return torch.empty(value.shape, dtype=value.dtype, device="meta")
        return value

    total = 0
    for graph in (module.graph for module in program.graph_module.modules() if hasattr(module, "graph")):
        for node in graph.nodes:
            if node.op == "call_function" and any(product in str(node.target) for product in PRODUCTS):
                with FlopCounterMode(display=False) as counter:
                    node.target(*torch.fx.map_arg(node.args, on_meta), **torch.fx.map_arg(node.kwargs, on_meta))
                total += counter.get_total_flops() // 2
    return total


def difference(imported: Imported, model: torch.nn.Module, inputs: list[torch.Tensor]) -> float:
    """Return the largest difference of an output from PyTorch's, relative to its largest element."""
    with torch.no_grad():
        expected = torch.utils._pytree.tree_leaves(model(*inputs))
    network = shapecalc.loads(imported.text)
    names = [entry.name for entry in network.inputs]
    given = dict(zip(names, (each.numpy() for each in inputs), strict=True))
    found = list(shapecalc.run(network, given, imported.arrays()).values())
    assert len(found) == len([each for each in expected if isinstance(each, torch.Tensor)]), "outputs"
    return max(
        float(abs(torch.from_numpy(ours) - theirs).max() / max(float(abs(theirs).max()), 1e-30))
        for ours, theirs in zip(found, expected, strict=True)
    )


def made(population: str, name: str, row: dict[str, Any]) -> torch.nn.Module:
    """Return a model, with optical flow in addition to those of `build`."""
    if population == "transformers":
        from transformers import initialization

        initialization.orthogonal_ = lambda tensor, *_, **__: tensor  # its decomposition takes minutes
    if not name.startswith("flow_"):
        return build(population, name, row)
    from torchvision.models import optical_flow

    return Outputs(getattr(optical_flow, name[5:])(weights=None))


def result(population: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a model."""
    torch.manual_seed(0)
    small = row.get("macs", 0) <= MOST_MACS and row.get("used_params", 0) <= MOST_PARAMS
    if small:
        model = made(population, name, row).eval()
        disturb(model)
    else:
        with Uninitialised():
            model = made(population, name, row).eval()
    inputs = inputs_of(row["inputs"], [getattr(torch, dtype) for dtype in dtypes_of(row)])
    inputs = [each if each.is_floating_point() else each % SMALLEST_VOCABULARY for each in inputs]
    program = torch.export.export(model, tuple(inputs), strict=False)
    expected = {"params": used_params(program), "macs": counted(program)}
    operators = len(program.graph.nodes)
    held = program.state_dict
    if not small:
        program._state_dict = {
            key: torch.nn.BlockParameter(torch.zeros((), dtype=each.dtype).expand(each.shape), requires_grad=False)
            if isinstance(each, torch.nn.BlockParameter)
            else each
            for key, each in program.state_dict.items()
        }
    program.example_inputs = None
    file = io.BytesIO()
    try:
        torch.export.save(program, file)
    except RuntimeError:  # of weights that are parts of others
        program._state_dict, file = held, io.BytesIO()
        torch.export.save(program, file)
    del program, held
    started = time.perf_counter()
    reading = read_opened(file, f"{name}.pt2", name)
    found: dict[str, Any] = {"operators": operators, "steps": len(reading.graph.nodes)}
    if reading.problems:
        reasons = [f"{key}: {reason}" for key, reason in reading.problems.reasons.items()]
        return found | {"read": "no", "reason": "; ".join(reasons)}
    written = write(reading.graph)
    imported = Imported(written.text, name, {}, written.tensors, reading)
    report = shapecalc.inspect(shapecalc.loads(imported.text))
    found |= {"read": "yes", "params": report.totals.params, "macs": report.totals.macs}
    found["seconds"] = round(time.perf_counter() - started, 1)
    wrong = [f"{key} {found[key]}, PyTorch {value}" for key, value in expected.items() if found[key] != value]
    if small and not wrong:
        found["difference"] = f"{difference(imported, model, inputs):.1e}"
    return found | {"reason": "; ".join(wrong)}


def main() -> None:
    """Read the networks whose names or populations are given, by default all, and write the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--models", type=Path, help="a JSON file of more networks")
    parser.add_argument("--only", nargs="*", help="names, or populations")
    parser.add_argument("--output", type=Path, default=FILE)
    parser.add_argument("--missing", action="store_true", help="only those that the table does not have as read")
    options = parser.parse_args()
    models = read_index()
    if options.models:
        for population, entries in json.loads(options.models.read_text(encoding="utf-8"))["models"].items():
            models[population] = entries | models.get(population, {})
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    if options.output.exists():
        for line in options.output.read_text(encoding="utf-8").splitlines()[1:]:
            cells = dict(zip(COLUMNS, line.split("\t"), strict=True))
            rows[cells["population"], cells["model"]] = cells
    for population, entries in models.items():
        for name, row in entries.items():
            if options.only and name not in options.only and population not in options.only:
                continue
            known = rows.get((population, name))
            if options.missing and known and known["read"] == "yes" and not known["reason"]:
                continue
            try:
                found = result(population, name, row)
            except Exception as error:  # noqa: BLE001 - any failure is the model's row
                said = " ".join(str(error).split())[:300]
                found = {"read": "failed", "reason": f"{type(error).__name__}: {said}"}
            found |= {"population": population, "model": name}
            rows[population, name] = found
            print(*(str(found.get(column, "")) for column in COLUMNS), flush=True)
            lines = ["\t".join(str(each.get(column, "")) for column in COLUMNS) for _, each in sorted(rows.items())]
            options.output.write_text("\n".join(["\t".join(COLUMNS), *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
