"""Write real_networks/: networks of torchvision, timm and transformers as architecture files, from torch.export.

Run it with torch 2.13.0, torchvision 0.28.0, timm 1.0.31, transformers 5.24.0 and shapecalc itself. A model is traced
at a batch of 127, a number that no other axis is a multiple of, and each node of the graph becomes a step, or a part of
one; nothing is computed but masks and tables of positions. A file is written only if shapecalc's parameters, buffers,
multiply-accumulates and output shapes are PyTorch's, which index.tsv has. `--models` names a file of more networks:
{"models": {population: {name: {inputs, dtypes, output, used_params, buffers, macs, note}}}}, figures at batch 1.
"""

from __future__ import annotations

import argparse
import collections
import csv
import json
from pathlib import Path
from typing import Any

import torch
from real_graphs.models import BATCH, Uninitialised, build
from real_graphs.values import Converter, Data, InexpressibleError, Step, real

import shapecalc

FOLDER = Path(__file__).parent / "real_networks"
COLUMNS = ("file", "population", "model", "inputs", "params", "buffers", "constants", "macs", "output", "warnings")
SOURCES = {"torchvision": "torchvision 0.28.0", "timm": "timm 1.0.31", "transformers": "transformers 5.24.0"}
LETTERS = {2: "T", 4: "HW", 5: "DHW"}
"""Symbols of the last axes of an input, by its rank."""
LARGEST = 60_000
"""Bytes of the largest file that is written."""


def written(value: Any) -> str:
    """Return a value in YAML's flow style."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(written, value)) + "]"
    return str(value)


def document(name: str, source: str, inputs: list[str], sizes: str, steps: list[Step], outputs: list[Data]) -> str:
    """Return the text of a file: the steps that the outputs need, each on a line."""
    needed: set[int] = set()
    queue = [value.step for value in outputs]
    while queue:
        step = queue.pop()
        if isinstance(step, Step) and id(step) not in needed:
            needed.add(id(step))
            queue += [value.step for value in step.reads] + ([step.share] if step.share else [])
    steps = [step for step in steps if id(step) in needed]
    names = {id(step): f"{step.type}_{index}" for index, step in enumerate(steps)}

    def reference(value: Data) -> str:
        if isinstance(value.step, str):
            return value.step if len(inputs) > 1 else "input"
        return names[id(value.step)] + (f".{value.output}" if value.output else "")

    lines = [f"name: {name}", f"source: {source}"]
    if len(inputs) == 1:
        lines.append(f"input: {inputs[0]}")
    else:
        lines += ["inputs:", *(f"  input{index}: {shape}" for index, shape in enumerate(inputs))]
    lines += [sizes, "layers:"] if sizes else ["layers:"]
    before = "input"
    for step in steps:
        reads = list(map(reference, step.reads))
        fields = written(step.fields)
        keys = f"{step.type}: {fields or '{}'}"
        if reads != [before]:
            keys += f", from: {reads[0] if len(reads) == 1 else written(reads)}"
        if step.share:
            keys += f", share: {names[id(step.share)]}"
        plain = "from:" not in keys and "share:" not in keys
        lines.append(f"- {(keys if fields else step.type) if plain else '{' + keys + '}'}")
        before = names[id(step)]
    last = list(map(reference, outputs))
    if last != [before]:
        lines.append(f"outputs: {written(last)}")
    return "\n".join(lines) + "\n"


def convert(population: str, name: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the text of a network and the figures that it agrees in."""
    with Uninitialised():
        model = build(population, name, row).eval()
    shapes = [[BATCH if shape[0] == 1 else shape[0], *shape[1:]] for shape in row["inputs"]]
    dtypes = [getattr(torch, dtype) for dtype in dtypes_of(row)]
    examples = tuple(torch.zeros(shape, dtype=dtype) for shape, dtype in zip(shapes, dtypes, strict=True))
    program = torch.export.export(model, examples, strict=False)
    buffers = dict(model.named_buffers())
    converter = Converter(stated=population.startswith("torchvision"))
    outputs = list(map(real, converter.run(program, buffers)))

    def text_of(named: list[list[Any]], sizes: str) -> str:
        inputs = [
            written(shape) if dtype.is_floating_point else f"{{shape: {written(shape)}, dtype: int64}}"
            for shape, dtype in zip(named, dtypes, strict=True)
        ]
        source = SOURCES[population.partition("-")[0]]
        return document(name, source, inputs, sizes, converter.steps, outputs)

    text = text_of([["N" if shape[0] == BATCH else shape[0], *shape[1:]] for shape in shapes], "")
    figures = compare(text, row)
    letters = "ST" if [len(shape) for shape in shapes] == [2, 2] else LETTERS.get(len(shapes[0]), "")
    free = [len(shape) - min(len(shape) - 1, 2) for shape in shapes]
    if sum(free) != len(letters):
        return text, figures
    lengths = [size for shape, count in zip(shapes, free, strict=True) for size in shape[len(shape) - count :]]
    symbols = iter(letters)
    named = [
        ["N", *shape[1 : len(shape) - count], *(next(symbols) for _ in range(count))]
        for shape, count in zip(shapes, free, strict=True)
    ]
    open_text = text_of(named, f"sizes: {written(dict(zip(letters, lengths, strict=True)))}")
    try:
        return open_text, compare(open_text, row)
    except (shapecalc.ShapecalcError, InexpressibleError):
        return text, figures


def compare(text: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a file at batch 1; raise `InexpressibleError` if one is not PyTorch's."""
    report = shapecalc.inspect(shapecalc.loads(text), N=1)
    totals = report.totals
    outputs = [list(shape) for shape in report.outputs.values()][: len(row["output"])]
    figures = {"params": totals.params, "buffers": totals.buffers, "macs": totals.macs, "output": outputs}
    expected = {"params": row["used_params"], "macs": row["macs"], "output": row["output"]}
    for key, value in expected.items():
        if figures[key] != value:
            raise InexpressibleError(f"{key}: {figures[key]}, PyTorch {value}")
    return {**figures, "constants": row["buffers"] - totals.buffers}


def read_index() -> dict[str, dict[str, Any]]:
    """Return the networks of index.tsv as real_models.json has them: by population and name."""
    models: dict[str, dict[str, Any]] = {}
    with (FOLDER / "index.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            shapes, dtypes = zip(*(entry.split(":") for entry in row["inputs"].split()), strict=True)
            models.setdefault(row["population"], {})[row["file"].partition("-")[2]] = {
                "note": row["model"],
                "inputs": [[int(size) for size in shape.split("x")] for shape in shapes],
                "dtypes": list(dtypes),
                "used_params": int(row["params"]),
                "buffers": int(row["buffers"]) + int(row["constants"]),
                "macs": int(row["macs"]),
                "output": [[int(size) for size in shape.split("x")] for shape in row["output"].split()],
            }
    return models


def index(models: dict[str, Any]) -> None:
    """Write index.tsv: what PyTorch counts for each file, and the warnings of `shapecalc check`.

    `constants` are buffers that a file does not hold: masks, tables of positions, statistics of auxiliary classifiers.
    """
    rows = ["\t".join(COLUMNS)]
    for path in sorted(FOLDER.glob("*.yaml")):
        family, _, name = path.stem.partition("-")
        population = next(key for key in models if key.partition("-")[0] == family and name in models[key])
        row = models[population][name]
        with Uninitialised():
            buffers = dict(build(population, name, row).named_buffers())
        plain = {key: value.numel() for key, value in buffers.items() if not key.endswith("num_batches_tracked")}
        read = [key for key in plain if key.endswith(("running_mean", "running_var")) and "aux" not in key.lower()]
        constants = sum(plain.values()) - sum(map(plain.__getitem__, read))
        found = collections.Counter(finding.code for finding in shapecalc.check(path)[0].findings)
        warnings = " ".join(f"{code}:{count}" for code, count in sorted(found.items()))
        counts = (row["used_params"], row["buffers"] - constants, constants, row["macs"])
        shapes = ["x".join(map(str, shape)) for shape in row["inputs"]]
        inputs = " ".join(map(":".join, zip(shapes, dtypes_of(row), strict=True)))
        outputs = " ".join("x".join(map(str, shape)) for shape in row["output"])
        cells = (path.stem, population, row.get("note", ""), inputs, *map(str, counts), outputs, warnings)
        rows.append("\t".join(cells))
        print(path.stem, flush=True)
    (FOLDER / "index.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def dtypes_of(row: dict[str, Any]) -> list[str]:
    """Return the dtype of each input: the first ones have the first of `dtypes`."""
    return row["dtypes"][:1] * (len(row["inputs"]) - len(row["dtypes"])) + row["dtypes"]


def main() -> None:
    """Convert the networks whose names are given, by default all, print what became of each, or write the index."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--models", type=Path, help="a JSON file of more networks than index.tsv has")
    parser.add_argument("--only", nargs="*", help="names, or populations")
    parser.add_argument("--index", action="store_true", help="write the index alone")
    options = parser.parse_args()
    models = json.loads(options.models.read_text(encoding="utf-8"))["models"] if options.models else read_index()
    if options.index:
        index(models)
        return
    FOLDER.mkdir(exist_ok=True)
    for population, rows in models.items():
        for name, row in rows.items():
            if options.only and name not in options.only and population not in options.only:
                continue
            if "used_params" not in row:
                continue
            path = FOLDER / f"{population.partition('-')[0]}-{name}.yaml"
            try:
                text, figures = convert(population, name, row)
                if len(text) > LARGEST:
                    raise InexpressibleError(f"{len(text)} bytes")  # noqa: TRY301
            except Exception as error:  # noqa: BLE001
                print(
                    f"{population}\t{name}\t{type(error).__name__}: {str(error)[:300]}".replace("\n", " "), flush=True
                )
                continue
            path.write_text(text, encoding="utf-8")
            print(f"{population}\t{name}\tok {len(text)} {figures}", flush=True)


if __name__ == "__main__":
    main()
