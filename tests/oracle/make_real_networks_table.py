"""Write real_networks.tsv: of each network of the populations, whether it can be written, and how its values agree.

Run it as make_real_networks.py. A network has PyTorch's parameters, buffers, multiply-accumulates and output shapes, or
the reason why it has not; the largest relative error is that of a forward pass with the model's own weights, in float64
if that of float32 is not small. Each network is converted in a process of its own. `--again` names networks whose rows
are made again; `--models` is a file of more: {"models": {population: {name: {inputs, dtypes, note}}}}, and figures of
PyTorch at batch 1, which are measured if they are not given.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

import torch
from make_real_networks import convert, dtypes_of
from real_graphs import weights
from real_graphs.models import Uninitialised, build

TABLE = Path(__file__).parent / "real_networks.tsv"
COLUMNS = (
    "population",
    "name",
    "model",
    "inputs",
    "written",
    "params",
    "buffers",
    "macs",
    "lines",
    "error",
    "precision",
    "reason",
)
LOST = {signal.SIGPROF: "not converted in time", signal.SIGKILL: "out of memory"}
SECONDS = 200
"""The processor time that one network may take."""
BYTES = 30 * 2**30
"""The addresses that one process may have."""
LARGEST_VALUES = 450_000_000
"""Parameters of the largest model whose values are computed."""


def row_of(population: str, name: str, row: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Return the row of a network."""
    with Uninitialised():
        model = build(population, name, row).eval()
    count = sum(each.numel() for each in model.parameters())
    if count <= LARGEST_VALUES:
        del model
        torch.manual_seed(0)
        model = build(population, name, row).eval()
        weights.disturb(model)
    cells: dict[str, Any] = {}
    try:
        found = convert(population, name, row, model)
    except Exception as error:  # noqa: BLE001
        reason = f"{type(error).__name__}: {error}".split("\n")[0][:160]
        return {**cells, "written": "no", "reason": reason}
    if folder:
        (folder / f"{population.partition('-')[0]}-{name}.yaml").write_text(found.text, encoding="utf-8")
    figures = {key: found.figures[key] for key in ("params", "buffers", "macs")}
    cells |= {"written": "yes", **figures, "lines": found.text.count("\n")}
    if count > LARGEST_VALUES:
        return {**cells, "reason": f"values not computed: {count:,} parameters"}
    try:
        inputs = weights.inputs_of(row["inputs"], [getattr(torch, dtype) for dtype in dtypes_of(row)])
        arrays = weights.of_network(found.steps, found.constants, found.text, model)
        error, precision = weights.largest_error(found.text, arrays, model, inputs), "float32"
        if error > weights.TOLERANCE:
            arrays, precision = weights.in_double(arrays), "float64"
            inputs = [each.double() if each.is_floating_point() else each for each in inputs]
            error = weights.largest_error(found.text, arrays, model.double(), inputs)
    except Exception as problem:  # noqa: BLE001
        return {**cells, "reason": f"values: {type(problem).__name__}: {problem}".split("\n")[0][:160]}
    return {**cells, "error": f"{error:.1e}", "precision": precision}


def made(population: str, name: str, row: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Return the row of a network, made in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        try:
            os.write(writer, json.dumps(row_of(population, name, row, folder)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    found = json.loads(text) if text else {"written": "no", "reason": LOST.get(status, f"the process ended, {status}")}
    shapes = ["x".join(map(str, shape)) for shape in row["inputs"]]
    inputs = " ".join(map(":".join, zip(shapes, dtypes_of(row), strict=True)))
    return {"population": population, "name": name, "model": row.get("note", ""), "inputs": inputs, **found}


def read_table(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of a table by population and name."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as file:
        return {(row["population"], row["name"]): row for row in csv.DictReader(file, delimiter="\t")}


def write_table(path: Path, rows: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Write rows in the order of population and name."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows[key] for key in sorted(rows))


def model_of(row: dict[str, str]) -> dict[str, Any]:
    """Return what is known of the model of a row before it is built."""
    shapes, dtypes = zip(*(entry.split(":") for entry in row["inputs"].split()), strict=True)
    inputs = [[int(size) for size in shape.split("x")] for shape in shapes]
    return {"note": row["model"], "inputs": inputs, "dtypes": list(dtypes)}


def main() -> None:
    """Make the rows of networks that a table does not have yet, or that are to be made again."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--models", type=Path, help="a JSON file of more networks")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--files", type=Path, help="a folder for the networks that are written")
    parser.add_argument("--again", nargs="*", default=[], help="names, or populations")
    options = parser.parse_args()
    rows = read_table(options.table)
    models = {key: model_of(row) for key, row in rows.items() if set(key) & set(options.again)}
    if options.models:
        for population, named in json.loads(options.models.read_text(encoding="utf-8"))["models"].items():
            given = {(population, name): row for name, row in named.items()}
            models |= {key: row for key, row in given.items() if key not in rows or key in models}
    for (population, name), row in models.items():
        found = made(population, name, row, options.files)
        rows = read_table(options.table) | {(population, name): found}
        write_table(options.table, rows)
        print(*(f"{key}={value}" for key, value in found.items() if key != "inputs"), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
