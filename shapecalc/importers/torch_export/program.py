"""The program of a `.pt2` file: its graph, what its inputs and outputs are, and its symbols."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.graph import Place
from shapecalc.importers.torch_export.dtypes import dtype_of
from shapecalc.importers.torch_export.schema import SchemaError, check_graph, check_ranges, check_signature
from shapecalc.importers.torch_export.symbols import FileSymbols
from shapecalc.importers.unreadable import Unreadable, refuse_container

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.dims import Dim, Shape
    from shapecalc.importers.torch_export.archive import Archive

SCHEMA_MAJORS = frozenset({7, 8})
"""Versions of the schema that are read; a new one is a change that older readers would misread."""
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
_FRAME = re.compile(r'File "([^"\n]{0,500})", line (\d{1,9})')
_LIBRARY = ("/torch/", "/einops/", "<")
"""Parts of the paths of files that are not the user's."""


class Meta(NamedTuple):
    """What the file states of a tensor: its shape, None if it cannot be read, its dtype, if it is contiguous."""

    shape: Shape | None
    dtype: str
    contiguous: bool


class Operator(NamedTuple):
    """A node of the graph: `aten.conv2d.default` with its arguments by name, and the names of what it gives."""

    target: str
    arguments: Mapping[str, Any]
    outputs: tuple[Any, ...]
    metadata: Mapping[str, str]

    @property
    def name(self) -> str:
        """The operator without its overload, `aten.conv2d`."""
        return self.target.rpartition(".")[0] if self.target.count(".") > 1 else self.target


class TensorSource(NamedTuple):
    """A tensor that the file holds: its folder and its name there, and whether it is trained."""

    folder: str
    name: str
    trainable: bool


@dataclass(slots=True)
class GraphBlock:
    """A graph: the program's, or one within it that a higher-order operator calls."""

    operators: list[Operator]
    inputs: list[str]
    outputs: list[Any]
    metas: Mapping[str, Any]
    numbers: Mapping[str, Any]
    """The sizes that are values: each is stated as an expression."""


@dataclass(slots=True)
class Program:
    """A program: its graph, the tensors of the file and the inputs by their names in the graph, and its outputs."""

    block: GraphBlock
    sources: dict[str, TensorSource] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    symbols: FileSymbols = field(default_factory=FileSymbols)
    version: str = ""
    name: str = ""

    def meta(self, block: GraphBlock, name: str) -> Meta | None:
        """Return what the file states of a tensor, None if nothing."""
        outcome = block.metas.get(name)
        if outcome is None:
            return None
        dtype = dtype_of(outcome["dtype"])
        try:
            shape = self.symbols.shape(outcome["sizes"])
            strides = self.symbols.shape(outcome["strides"])
        except Unreadable:
            return Meta(None, dtype, contiguous=False)
        return Meta(shape, dtype, is_contiguous(shape, strides))

    def number(self, block: GraphBlock, name: str) -> Dim:
        """Return the size that a name refers to; raise `Unreadable` if it is another number."""
        value = block.numbers.get(name)
        if value is None:
            raise Unreadable(f"a number `{name[:40]}` that depends on data")
        if "as_float" in value or "as_bool" in value:
            outcome: Dim = value.get("as_float", value.get("as_bool"))
            return outcome
        return self.symbols.size(value)


def read_program(archive: Archive) -> Program:
    """Return the program of an archive."""
    document = archive.json(f"{archive.root}/models/model.json")
    try:
        major = document["schema_version"]["major"]
        if major not in SCHEMA_MAJORS:
            known = " and ".join(map(str, sorted(SCHEMA_MAJORS)))
            refuse_container(archive.name, f"has version {str(major)[:20]} of the schema; versions {known} are read")
        return _program(document, archive)
    except SchemaError as error:
        refuse_container(archive.name, f"has {error}")
    except MALFORMED as error:
        refuse_container(archive.name, f"has a graph that is not as torch.export writes it: {_said(error)}")
    except Unreadable as error:
        refuse_container(archive.name, f"has {error.message}")


def _said(error: Exception) -> str:
    return f"no {error} is there" if isinstance(error, KeyError) and len(str(error)) < 60 else type(error).__name__  # noqa: PLR2004


def _program(document: Any, archive: Archive) -> Program:
    module = document["graph_module"]
    check_graph(module["graph"])
    check_signature(module["signature"])
    check_ranges(document.get("range_constraints") or {})
    program = Program(read_block(module["graph"]))
    program.version = str(document.get("torch_version", ""))[:40]
    program.name = archive.root.rpartition("/")[2] if archive.root != "archive" else ""
    ranges = document.get("range_constraints") or {}
    program.symbols.ranges = {name: (row.get("min_val"), row.get("max_val")) for name, row in ranges.items()}
    for spec in module["signature"]["input_specs"]:
        ((kind, row),) = spec.items()
        _take_input(program, kind, row)
    for spec in module["signature"]["output_specs"]:
        if "user_output" in spec and "as_tensor" in spec["user_output"]["arg"]:
            program.outputs.append(spec["user_output"]["arg"]["as_tensor"]["name"])
        elif "loss_output" in spec:
            program.outputs.append(spec["loss_output"]["arg"]["name"])
    metas = program.block.metas
    program.symbols.name_inputs([metas[name]["sizes"] for name in program.inputs])
    return program


def _take_input(program: Program, kind: str, row: Any) -> None:
    if kind == "user_input":
        if "as_tensor" in row["arg"]:
            program.inputs.append(row["arg"]["as_tensor"]["name"])
        elif "as_none" not in row["arg"]:
            raise Unreadable(f"an input that is not a tensor, `{next(iter(row['arg']))}`")
    elif kind == "parameter":
        program.sources[row["arg"]["name"]] = TensorSource("weights", row["parameter_name"], trainable=True)
    elif kind == "buffer":
        folder = "weights" if row.get("persistent", True) else "constants"
        program.sources[row["arg"]["name"]] = TensorSource(folder, row["buffer_name"], trainable=False)
    elif kind == "tensor_constant":
        program.sources[row["arg"]["name"]] = TensorSource("constants", row["tensor_constant_name"], trainable=False)
    elif kind == "constant_input":
        program.constants[row["name"]] = next(iter(row["value"].values()))
    elif kind not in {"token", "custom_obj"}:
        raise Unreadable(f"an input of a kind that is not known, `{kind[:40]}`")


def read_block(graph: Any) -> GraphBlock:
    """Return a graph of the file."""
    operators = [
        Operator(
            node["target"].removeprefix("torch.ops."),
            {each["name"] or f"_{index}": each["arg"] for index, each in enumerate(node["inputs"])},
            tuple(node["outputs"]),
            node.get("metadata") or {},
        )
        for node in graph["nodes"]
    ]
    inputs = [next(iter(each.values()))["name"] for each in graph["inputs"] if "as_tensor" in each]
    numbers = {**graph["sym_int_values"], **graph.get("sym_bool_values", {}), **graph.get("sym_float_values", {})}
    return GraphBlock(operators, inputs, graph["outputs"], graph["tensor_values"], numbers)


def is_contiguous(shape: Shape, strides: Shape) -> bool:
    """Return whether elements are in memory in their order; the strides of axes of size 1 do not matter."""
    expected: Dim = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != expected:
            return False
        expected = expected * size
    return True


def place_of(operator: Operator) -> Place:
    r"""Return where an operator is: its module, and the innermost line of code that is not PyTorch's.

    >>> stack = "L__self__,,net.Net;L__self__conv,conv,torch.nn.modules.conv.Conv2d"
    >>> trace = 'File "/home/me/net.py", line 7, in forward\n x\nFile "/lib/torch/nn/modules/conv.py", line 5, in f'
    >>> place_of(Operator("aten.conv2d.default", {}, (), {"nn_module_stack": stack, "stack_trace": trace})).said
    'conv, net.py:7'
    """
    scopes = []
    for entry in str(operator.metadata.get("nn_module_stack", "")).split(";")[:64]:
        parts = entry.split(",")
        if len(parts) == 3:  # noqa: PLR2004 - a key, a path and a class
            scopes.append((_clean(re.sub(r"@\d+$", "", parts[1])), _clean(parts[2])))
    frames = _FRAME.findall(str(operator.metadata.get("stack_trace", ""))[:100_000])
    frames = [frame for frame in frames if not any(part in frame[0] for part in _LIBRARY)] or frames
    line = ""
    if frames:
        file = re.split(r"[/\\]", frames[-1][0])[-1]
        line = _clean(f"{file}:{frames[-1][1]}")
    path, kind = scopes[-1] if scopes else ("", "")
    return Place(path, line, kind, tuple(scopes[:-1]))


def _clean(text: str) -> str:
    """Return text of a file without what could move a terminal's cursor."""
    return "".join(each for each in text[:200] if each.isprintable())
