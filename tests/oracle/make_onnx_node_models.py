"""Write onnx_node_models.npz: ONNX's single-node tests as model files, with inputs and expected outputs.

Run it in an environment with onnx 1.23.2 and NumPy. An input that an operator must know while reading, such as a shape
or a weight, is an initializer of the file. Tests whose arrays have more than 200 elements are left out.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

from shapecalc.importers.onnx.model import Model
from shapecalc.importers.onnx.node import NotConstantError
from shapecalc.importers.onnx.reading import GraphReader
from tests.oracle.onnx_nodes.fixture import GROUPS

FILE = Path(__file__).parent / "onnx_node_models.npz"
MOST = 200


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


def written(case: Any) -> Any:
    """Return the model with as many inputs as the importer leaves, None if it refuses it."""
    names = [value.name for value in case.model.graph.input]
    arrays = dict(zip(names, case.data_sets[0][0], strict=True))
    known = {name for name, array in arrays.items() if np.ndim(array) == 0 or np.size(array) == 0}
    for _ in range(len(names) + 1):
        proto = model_of(case, known)
        opset = next(each.version for each in proto.opset_import if each.domain in ("", "ai.onnx"))
        reader = Probe(Model("node.onnx", proto, opset))
        reader.read(proto.graph)
        if not reader.problems:
            return proto
        if reader.needs not in names or reader.needs in known:
            return None
        known.add(reader.needs)
    return None


def main() -> int:
    """Write every small test that the importer reads."""
    operators = {name for names in GROUPS.values() for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    arrays: dict[str, Any] = {}
    for case in cases:
        node = case.model.graph.node[0]
        given, expected = case.data_sets[0]
        every = [*given, *expected]
        if len(case.model.graph.node) > 1 or node.op_type not in operators:
            continue
        if not every or any(not hasattr(each, "dtype") or np.size(each) > MOST for each in every):
            continue
        proto = written(case)
        if proto is None:
            continue
        left = {value.name for value in proto.graph.input}
        arrays[f"{case.name}/model"] = np.frombuffer(proto.SerializeToString(), np.uint8)
        kept = [each for value, each in zip(case.model.graph.input, given, strict=True) if value.name in left]
        arrays |= {f"{case.name}/in{place}": plain(each) for place, each in enumerate(kept)}
        arrays |= {f"{case.name}/out{place}": plain(each) for place, each in enumerate(expected)}
    flat: dict[str, Any] = {"names": np.array(list(arrays))}
    flat["shapes"] = np.array([",".join(map(str, each.shape)) for each in arrays.values()])
    kinds = [each.dtype.name for each in arrays.values()]
    flat["kinds"] = np.array(kinds)
    for kind in set(kinds):
        flat[kind] = np.concatenate([each.ravel() for each in arrays.values() if each.dtype.name == kind])
    np.savez_compressed(FILE, **flat)
    print(sum(name.endswith("/model") for name in arrays), "tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
