"""Write real_networks.tsv: of each network of the populations, whether it can be written, and how its values agree.

Run it as make_real_networks.py, with a file of networks: {"models": {population: {name: {inputs, dtypes, note, ...}}}};
figures that a row does not have are measured. A network has PyTorch's parameters, buffers, multiply-accumulates and
output shapes, or the reason why it has not; the largest relative error is that of a forward pass with the model's own
weights, in float64 if PyTorch's own float32 is too far from its float64. Each network is converted in a process of its
own. Rows that the table has are kept; `--again` names those that are made anew.
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
from real_graphs.models import build

TABLE = Path(__file__).parent / "real_networks.tsv"
COLUMNS = (
    "population",
    "name",
    "model",
    "written",
    "params",
    "buffers",
    "macs",
    "lines",
    "error",
    "precision",
    "reason",
)
SECONDS = 420
"""The time that one network may take."""
BYTES = 30 * 2**30
"""The addresses that one process may have."""
LARGEST_VALUES = 1_300_000_000
"""Parameters of the largest model whose values are computed."""


def row_of(population: str, name: str, row: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Return the row of a network."""
    torch.manual_seed(0)
    model = build(population, name, row).eval()
    weights.disturb(model)
    cells: dict[str, Any] = {"population": population, "name": name, "model": row.get("note", "")[:80].split(" {")[0]}
    try:
        found = convert(population, name, row, model)
    except Exception as error:  # noqa: BLE001
        reason = f"{type(error).__name__}: {error}".split("\n")[0][:160]
        return {**cells, "written": "no", "reason": reason}
    if folder:
        (folder / f"{population.partition('-')[0]}-{name}.yaml").write_text(found.text, encoding="utf-8")
    figures = {key: found.figures[key] for key in ("params", "buffers", "macs")}
    cells |= {"written": "yes", **figures, "lines": found.text.count("\n")}
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
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        try:
            os.write(writer, json.dumps(row_of(population, name, row, folder)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    lost = {"population": population, "name": name, "written": "no", "reason": f"the process ended ({status})"}
    found: dict[str, Any] = json.loads(text) if text else lost
    return found


def main() -> None:
    """Make the rows of the networks that a table does not have."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--files", type=Path, help="a folder for the networks")
    parser.add_argument("--only", nargs="*", default=[], help="names, or populations")
    parser.add_argument("--again", nargs="*", default=[], help="names whose rows are made again")
    options = parser.parse_args()
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    if options.table.exists():
        with options.table.open(encoding="utf-8") as file:
            rows = {(row["population"], row["name"]): row for row in csv.DictReader(file, delimiter="\t")}
    for population, models in json.loads(options.models.read_text(encoding="utf-8"))["models"].items():
        for name, row in models.items():
            if options.only and name not in options.only and population not in options.only:
                continue
            if (population, name) in rows and name not in options.again:
                continue
            rows[population, name] = made(population, name, row, options.files)
            print(*(f"{key}={value}" for key, value in rows[population, name].items()), flush=True)
            with options.table.open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
                table.writeheader()
                table.writerows(rows[key] for key in sorted(rows))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
