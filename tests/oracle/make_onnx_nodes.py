"""Write onnx_nodes.json and .npz, ONNX's single-node tests as networks, and the tables of docs/reference/onnx.md.

Run it in an environment with onnx 1.23.2 and NumPy, with the repository on the path. `--cases FILE` takes the tests
from a file that an earlier run with it wrote: ONNX needs half a minute to make them. `--only Add,Conv` prints the
networks of the tests of some operators, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import shapecalc
from tests.oracle.onnx_nodes import OPERATORS
from tests.oracle.onnx_nodes.fixture import ABOUT, FILE, GROUPS, KINDS, difference
from tests.oracle.onnx_nodes.network import Array, InexpressibleError, Network, Node, plain
from tests.oracle.onnx_nodes.page import PAGE, page

ONNX = "1.23.2"
MOST = 200  # elements in one array of the fixture
TOLERANCES = (1e-5, 1e-3)
BFLOAT16 = 1e-2  # what bfloat16 keeps of a number, a little more than 2⁻⁷


class Answer(NamedTuple):
    """What became of a test, `agrees`, `differs`, `refused` or `inexpressible`; why; the network and its arrays."""

    verdict: str
    reason: str = ""
    text: str = ""
    net: Network | None = None
    expected: dict[str, Array] = {}  # noqa: RUF012
    tolerance: float = 0.0


def collected() -> list[tuple[str, Node, list[Array]]]:
    """Return the tests of one node: name, node, and the arrays of its outputs."""
    import onnx
    from onnx.backend.test.case.node import collect_testcases

    if onnx.__version__ != ONNX:
        sys.exit(f"the fixture comes from onnx {ONNX}, this is {onnx.__version__}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = collect_testcases(None)
    operators = {name for names in GROUPS.values() for name in names}
    found = []
    for case in every:
        graph = case.model.graph
        if len(graph.node) == 1 and graph.node[0].op_type in operators:
            node = graph.node[0]
            arrays = dict(zip((each.name for each in graph.input), case.data_sets[0][0], strict=True))
            attributes = {each.name: value_of(onnx.helper.get_attribute_value(each)) for each in node.attribute}
            names = tuple("x" if name == "input" else name for name in node.input)
            given = tuple(arrays.get(name) if name else None for name in node.input)
            found.append(
                (
                    case.name,
                    Node(node.op_type, attributes, names, given, tuple(node.output)),
                    list(case.data_sets[0][1]),
                )
            )
    return found


def value_of(value: Any) -> Any:
    """Return an attribute's value, a text as text."""
    return value.decode() if isinstance(value, bytes) else list(value) if isinstance(value, tuple) else value


def written(node: Node, theirs: list[Array]) -> tuple[str, Network]:
    """Return the network of a node, or raise InexpressibleError."""
    arrays = [array for array in (*node.arrays, *theirs) if array is not None]
    if any(isinstance(array, (list, tuple)) for array in arrays):
        raise InexpressibleError("a sequence of tensors, or an optional one")
    if node.op not in OPERATORS:
        raise InexpressibleError("no layer of this kind")
    if any(np.asarray(array).size == 0 for array in (node.arrays[0], *theirs)):
        raise InexpressibleError("an axis of size 0")
    net = Network(node)
    slots = OPERATORS[node.op](node, net)
    every = zip(node.outputs, slots if isinstance(slots, tuple) else (slots,), strict=False)
    return net.text({name: slot for name, slot in every if name and slot is not None}), net


def judged(node: Node, theirs: list[Array]) -> Answer:
    """Return what becomes of a test."""
    text, net = "", None
    try:
        text, net = written(node, theirs)
        expected = dict(zip(filter(None, node.outputs), map(plain, theirs), strict=True))
        network = shapecalc.loads(text)
        predicted = shapecalc.inspect(network).outputs
        result = shapecalc.run(network, net.inputs, net.weights)
    except InexpressibleError as reason:
        return Answer("inexpressible", str(reason), text, net)
    except shapecalc.ShapecalcError as error:
        first = error.diagnostics[0]
        return Answer("refused", f"{first.code}: {first.message}", text, net)
    said = ""
    is_bfloat16 = any(np.asarray(array).dtype.name == "bfloat16" for array in theirs)
    for tolerance in (*TOLERANCES, BFLOAT16)[: 3 if is_bfloat16 else 2]:
        said = difference(expected, predicted, result, tolerance)
        if not said:
            return Answer("agrees", "", text, net, expected, tolerance)
    return Answer("differs", said, text, net)


class Numbers:
    """The arrays of all rows, flat, by kind of number."""

    def __init__(self) -> None:
        self.flat: dict[str, list[Array]] = {kind: [] for kind in KINDS}

    def add(self, arrays: dict[str, Array]) -> dict[str, Any]:
        """Append arrays, and return the shapes and kinds of them."""
        rows = {}
        for name, array in arrays.items():
            self.flat[array.dtype.name].append(array.ravel())
            rows[name] = [list(array.shape), array.dtype.name]
        return rows


def row_of(name: str, node: Node, answer: Answer, numbers: Numbers) -> dict[str, Any]:
    """Return the row of a test; small networks that agree come with their arrays."""
    row: dict[str, Any] = {"test": name, "op": node.op, "verdict": answer.verdict}
    if answer.verdict != "agrees" or answer.net is None:
        return {**row, "reason": answer.reason}
    row["layers"] = answer.net.types
    row |= {"tolerance": answer.tolerance} if answer.tolerance != TOLERANCES[0] else {}
    parts = {"inputs": answer.net.inputs, "weights": answer.net.weights, "outputs": answer.expected}
    if max(array.size for arrays in parts.values() for array in arrays.values()) > MOST:
        return row
    return {**row, "network": answer.text, **{key: numbers.add(arrays) for key, arrays in parts.items() if arrays}}


def main() -> int:
    """Judge every test, and write the fixture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    options = parser.parse_args()
    stored = options.cases is not None and options.cases.exists()
    cases = pickle.loads(options.cases.read_bytes()) if stored else collected()
    if options.cases is not None and not stored:
        options.cases.write_bytes(pickle.dumps(cases))
    numbers, rows = Numbers(), []
    for name, node, theirs in cases:
        if not options.only or node.op in options.only:
            answer = judged(node, theirs)
            rows.append(row_of(name, node, answer, numbers))
            if options.only or answer.verdict != "agrees":
                print(name, answer.verdict, answer.reason, sep="\t")
            if options.only:
                print(answer.text)
    for group, operators in GROUPS.items():
        print(group, dict(Counter(row["verdict"] for row in rows if row["op"] in operators)))
    if not options.only:
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        head = json.dumps({"about": ABOUT, "onnx": ONNX}, indent=1, ensure_ascii=False).removesuffix("\n}")
        FILE.with_suffix(".json").write_text(f'{head},\n "tests": [\n{lines}\n]}}\n', encoding="utf-8")
        flat = {kind: np.concatenate(arrays) for kind, arrays in numbers.flat.items()}
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
        np.savez_compressed(FILE.with_suffix(".npz"), **flat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
