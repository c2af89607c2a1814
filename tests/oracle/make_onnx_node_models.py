"""Write onnx_node_models.npz and .json, ONNX's single-node tests through the importer, and the tables of onnx.md.

Run it in an environment with onnx 1.23.2 and NumPy, with the repository on the path. What an operator must know
while reading, such as a shape or a weight, is a tensor of the file. The .npz has the model, the inputs and the expected
outputs of each test that agrees, unless an array has more than 200 elements; the .json has a row for each test.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

import shapecalc
from shapecalc.importers.onnx.model import Model
from shapecalc.importers.onnx.node import NotConstantError
from shapecalc.importers.onnx.reading import GraphReader
from tests.importers.onnx.test_nodes import difference
from tests.oracle.onnx_nodes.fixture import GROUPS
from tests.oracle.onnx_nodes.page import PAGE, page

FILE = Path(__file__).parent / "onnx_node_models.npz"
MOST = 200
ONNX = "1.23.2"


class Probe(GraphReader):
    """A reader that remembers which input must be known."""

    needs = ""

    def _results(self, *arguments: Any) -> Any:
        try:
            return super()._results(*arguments)
        except NotConstantError as error:
            self.needs = error.input
            raise


def plain(array: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(array)
    kind = array.dtype.kind
    return array if kind == "b" else array.astype(np.int64 if kind in "iu" else np.float32)


def model_of(case: Any, known: set[str]) -> Any:
    """Return the model of a test in which some inputs are tensors of the file."""
    proto = onnx.ModelProto()
    proto.CopyFrom(case.model)
    del proto.graph.input[:], proto.graph.initializer[:]
    for value, array in zip(case.model.graph.input, case.data_sets[0][0], strict=True):
        if value.name in known:
            proto.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
        else:
            proto.graph.input.append(value)
    return proto


def read(case: Any, more: set[str]) -> tuple[Any, Probe]:
    """Return the model with as many inputs as the importer leaves, and the reader of it."""
    names = [value.name for value in case.model.graph.input]
    arrays = dict(zip(names, case.data_sets[0][0], strict=True))
    several = len(names) > 1
    known = {name for name, array in arrays.items() if several and hasattr(array, "ndim") and not array.ndim}
    known |= {name for name in names[1:] if hasattr(arrays[name], "size") and not arrays[name].size} | more
    while True:
        proto = model_of(case, known)
        opset = next(each.version for each in proto.opset_import if each.domain in ("", "ai.onnx"))
        reader = Probe(Model("node.onnx", proto, opset))
        reader.read(proto.graph)
        if not reader.problems or reader.needs not in names or reader.needs in known:
            return proto, reader
        known.add(reader.needs)


def judged(case: Any, path: Path, more: set[str] = frozenset()) -> tuple[dict[str, Any], dict[str, Any]]:  # type: ignore[assignment]
    """Return the row of a test, and its model, inputs and outputs."""
    row: dict[str, Any] = {"test": case.name, "op": case.model.graph.node[0].op_type}
    given, expected = case.data_sets[0]
    proto, reader = read(case, more)
    if reader.problems:
        return {**row, "verdict": "refused", "reason": next(iter(reader.problems.reasons.values()))}, {}
    left = {value.name for value in proto.graph.input}
    kept = [each for value, each in zip(case.model.graph.input, given, strict=True) if value.name in left]
    parts = {"model": np.frombuffer(proto.SerializeToString(), np.uint8)}
    parts |= {f"in{place}": plain(each) for place, each in enumerate(kept)}
    parts |= {f"out{place}": plain(each) for place, each in enumerate(expected)}
    try:
        said = difference(path / f"{case.name}.onnx", parts)
    except shapecalc.ShapecalcError as error:
        said = error.diagnostics[0].message
        if "reads indices" in said and not more:  # below 0: they must be known
            return judged(case, path, {case.model.graph.node[0].input[1]})
    if said:
        return {**row, "verdict": "differs", "reason": said}, {}
    return {**row, "verdict": "agrees", "layers": [node.type for node in reader.graph.nodes]}, parts


def main() -> int:
    """Judge every test, and write the fixture and the page."""
    if onnx.__version__ != ONNX:
        sys.exit(f"the fixture comes from onnx {ONNX}, this is {onnx.__version__}")
    operators = {name for names in GROUPS.values() for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    arrays: dict[str, Any] = {}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            nodes = case.model.graph.node
            if len(nodes) == 1 and nodes[0].op_type in operators:
                row, parts = judged(case, Path(folder))
                rows.append(row)
                if all(array.size <= MOST or name == "model" for name, array in parts.items()):
                    arrays |= {f"{case.name}/{name}": array for name, array in parts.items()}
    kinds = [each.dtype.name for each in arrays.values()]
    flat: dict[str, Any] = {"names": np.array(list(arrays)), "kinds": np.array(kinds)}
    flat["shapes"] = np.array([",".join(map(str, each.shape)) for each in arrays.values()])
    for kind in sorted(set(kinds)):
        flat[kind] = np.concatenate([each.ravel() for each in arrays.values() if each.dtype.name == kind])
    np.savez_compressed(FILE, **flat)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    FILE.with_suffix(".json").write_text(f'{{"onnx": "{ONNX}", "tests": [\n{lines}\n]}}\n', encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
