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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from real_graphs.models import BATCH, Uninitialised, build
from real_graphs.records import Data, InexpressibleError, Step
from real_graphs.values import Converter
from torch.utils.flop_counter import FlopCounterMode

import shapecalc

FOLDER = Path(__file__).parent / "real_networks"
COLUMNS = ("file", "population", "model", "inputs", "params", "buffers", "constants", "macs", "output", "warnings")
SOURCES = {"torchvision": "torchvision 0.28.0", "timm": "timm 1.0.31", "transformers": "transformers 5.24.0"}
LETTERS = {2: "T", 4: "HW", 5: "DHW"}
"""Symbols of the last axes of an input, by its rank."""
PRODUCTS = ("linear", "mm", "matmul", "einsum", "conv", "attention")
"""Parts of the names of operators that multiply and accumulate."""
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


def named(steps: list[Step], outputs: list[Data]) -> dict[str, Step]:
    """Return the steps that the outputs need, in their order, by name."""
    needed: set[int] = set()
    queue = [value.step for value in outputs]
    while queue:
        step = queue.pop()
        if isinstance(step, Step) and id(step) not in needed:
            needed.add(id(step))
            queue += [value.step for value in step.reads] + ([step.share] if step.share else [])
            queue += [owner for owner, _ in step.tied.values()]
    steps = [step for step in steps if id(step) in needed]
    return {f"{step.type}_{index}": step for index, step in enumerate(steps)}


def document(name: str, source: str, inputs: list[str], sizes: str, steps: dict[str, Step], outputs: list[Data]) -> str:
    """Return the text of a file: steps, each on a line."""
    names = {id(step): key for key, step in steps.items()}

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
    for step in steps.values():
        reads = list(map(reference, step.reads))
        fields = written(step.fields)
        keys = f"{step.type}: {fields or '{}'}"
        if not reads:
            keys += f", name: {names[id(step)]}"
            lines.append(f"- {{{keys}}}")
            continue
        if reads != [before]:
            keys += f", from: {reads[0] if len(reads) == 1 else written(reads)}"
        if step.share:
            keys += f", share: {names[id(step.share)]}"
        if step.tied:
            tied = {key: names[id(owner)] + (f".{name}" if name else "") for key, (owner, name) in step.tied.items()}
            keys += f", share: {written(tied)}"
        plain = "from:" not in keys and "share:" not in keys
        lines.append(f"- {(keys if fields else step.type) if plain else '{' + keys + '}'}")
        before = names[id(step)]
    last = list(map(reference, outputs))
    if last != [before]:
        lines.append(f"outputs: {written(last)}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Converted:
    """A network that was written of a model, and the figures that both agree in."""

    text: str
    figures: dict[str, Any]
    steps: dict[str, Step]
    constants: dict[int, torch.Tensor]


def convert(population: str, name: str, row: dict[str, Any], model: torch.nn.Module | None = None) -> Converted:
    """Convert a model, by default one without values of its weights."""
    if model is None:
        with Uninitialised():
            model = build(population, name, row).eval()
    shapes = [[BATCH if shape[0] == 1 else shape[0], *shape[1:]] for shape in row["inputs"]]
    dtypes = [getattr(torch, dtype) for dtype in dtypes_of(row)]
    examples = tuple(torch.zeros(shape, dtype=dtype) for shape, dtype in zip(shapes, dtypes, strict=True))
    program = torch.export.export(model, examples, strict=False)
    row = row | measured(program, model, row)
    converter = Converter(stated=population.startswith("torchvision"))
    outputs = list(map(converter.real, converter.run(program, dict(model.named_buffers()))))
    steps = named(converter.steps, outputs)

    def text_of(named: list[list[Any]], sizes: str) -> str:
        inputs = [
            written(shape) if dtype.is_floating_point else f"{{shape: {written(shape)}, dtype: int64}}"
            for shape, dtype in zip(named, dtypes, strict=True)
        ]
        source = SOURCES[population.partition("-")[0]]
        return document(name, source, inputs, sizes, steps, outputs)

    text = text_of([["N" if shape[0] == BATCH else shape[0], *shape[1:]] for shape in shapes], "")
    closed = Converted(text, compare(text, row), steps, converter.constants)
    letters = "ST" if [len(shape) for shape in shapes] == [2, 2] else LETTERS.get(len(shapes[0]), "")
    free = [len(shape) - min(len(shape) - 1, 2) for shape in shapes]
    if sum(free) != len(letters):
        return closed
    lengths = [size for shape, count in zip(shapes, free, strict=True) for size in shape[len(shape) - count :]]
    symbols = iter(letters)
    of_any_size = [
        ["N", *shape[1 : len(shape) - count], *(next(symbols) for _ in range(count))]
        for shape, count in zip(shapes, free, strict=True)
    ]
    text = text_of(of_any_size, f"sizes: {written(dict(zip(letters, lengths, strict=True)))}")
    try:
        return Converted(text, compare(text, row), steps, converter.constants)
    except (shapecalc.ShapecalcError, InexpressibleError):
        return closed


def measured(program: torch.export.ExportedProgram, model: torch.nn.Module, row: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of PyTorch at batch 1, of those that are not given.

    It has no count of transformers' `grouped_mm`: those of experts are of the products that are traced in place of it.
    """
    found: dict[str, Any] = {"statistics": statistics(program)}
    if "used_params" not in row:
        found["used_params"] = used_params(program)
    if "macs" not in row or any("experts" in name for name, _ in model.named_parameters()):
        found["macs"] = counted(program)
    if "output" not in row:
        results = next(node for node in program.graph.nodes if node.op == "output").args[0]
        shapes = [list(node.meta["val"].shape) for node in results if isinstance(node, torch.fx.Node)]
        found["output"] = [[1, *shape[1:]] if shape and shape[0] == BATCH else shape for shape in shapes]
    if "buffers" not in row:
        buffers = {key: each.numel() for key, each in model.named_buffers() if not key.endswith("num_batches_tracked")}
        found["buffers"] = sum(buffers.values())
    return found


def statistics(program: torch.export.ExportedProgram) -> int:
    """Return the number of running means and variances that a graph reads."""
    names = program.graph_signature.inputs_to_buffers
    read = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names and node.users]
    kept = [node for node in read if any("batch_norm" in str(user.target) for user in node.users)]
    return sum(node.meta["val"].numel() for node in kept)


def used_params(program: torch.export.ExportedProgram) -> int:
    """Return the number of the parameters that a graph reads."""
    names = program.graph_signature.inputs_to_parameters
    read = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names and node.users]
    return sum(node.meta["val"].numel() for node in read)


def counted(program: torch.export.ExportedProgram) -> int:
    """Return the multiply-accumulates that PyTorch counts at batch 1."""

    def on_meta(node: torch.fx.Node) -> torch.Tensor:
        value = node.meta["val"]
        return torch.empty(value.shape, dtype=value.dtype, device="meta")

    total = 0
    for node in program.graph.nodes:
        if node.op == "call_function" and any(product in str(node.target) for product in PRODUCTS):
            with FlopCounterMode(display=False) as counter:
                found = node.target(*torch.fx.map_arg(node.args, on_meta), **torch.fx.map_arg(node.kwargs, on_meta))
            samples = 1 if found.numel() % BATCH else BATCH  # a product of parameters is computed once
            total += counter.get_total_flops() // 2 // samples
    return total


def compare(text: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a file at batch 1; raise `InexpressibleError` if one is not PyTorch's."""
    report = shapecalc.inspect(shapecalc.loads(text), N=1)
    totals = report.totals
    outputs = [list(shape) for shape in report.outputs.values()][: len(row["output"])]
    figures = {"params": totals.params, "buffers": totals.buffers, "macs": totals.macs, "output": outputs}
    expected = {"params": row["used_params"], "macs": row["macs"], "output": row["output"]}
    expected["buffers"] = row.get("statistics", totals.buffers)
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
    dtypes = row["dtypes"][:1] * (len(row["inputs"]) - len(row["dtypes"])) + row["dtypes"]
    text_and_image = [len(shape) for shape in row["inputs"]] == [2, 4]
    return ["int64", "float32"] if text_and_image else dtypes


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
            path = FOLDER / f"{population.partition('-')[0]}-{name}.yaml"
            try:
                found = convert(population, name, row)
                if len(found.text) > LARGEST:
                    raise InexpressibleError(f"{len(found.text)} bytes")  # noqa: TRY301
            except Exception as error:  # noqa: BLE001
                print(
                    f"{population}\t{name}\t{type(error).__name__}: {str(error)[:300]}".replace("\n", " "), flush=True
                )
                continue
            path.write_text(found.text, encoding="utf-8")
            print(f"{population}\t{name}\tok {len(found.text)} {found.figures}", flush=True)


if __name__ == "__main__":
    main()
