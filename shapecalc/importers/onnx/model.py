"""The file of an ONNX model → its message, checked: versions, functions, domains, and files with weights next to it."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.onnx.checks import refuse_broken_texts
from shapecalc.importers.onnx.wire import ByteRange, WireError, without_numbers
from shapecalc.importers.unreadable import refuse_container, refuse_without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.diagnostics.limits import Limits

OLDEST = 7
"""The oldest operator set whose forms are read; a model of an older one is converted to it."""
NEWEST = 28
"""The newest operator set whose operators are known."""
LARGEST = 2**31 - 1
"""The largest file in bytes: a message of protobuf cannot be longer."""
MOST_NODES = 200_000
"""The most nodes of a graph, functions expanded."""
SMALL = 1 << 20
"""The most bytes of a file that is read as a whole."""
DEEPEST = 100
"""The greatest depth of messages in the file, that of protobuf."""


class OnnxModel(NamedTuple):
    """The message of a file, the operator set of the domain of ONNX, and what the producer calls itself."""

    path: str
    proto: Any
    opset: int
    spans: Mapping[str, ByteRange] = MappingProxyType({})
    """Where in the file the numbers of large tensors are."""
    is_converted: bool = False
    """Whether the file has an older operator set, of which some forms are left."""

    @property
    def source(self) -> str:
        """Return what wrote the file, and how its parameters are meant."""
        parts = (self.proto.producer_name, self.proto.producer_version)
        producer = " ".join(_printable(part) for part in parts if part) or "an unnamed producer"
        counted = "its parameters are the numbers in the file: an exporter may have merged or folded tensors"
        return f"{Path(self.path).name}, ONNX operator set {self.opset}, written by {producer}; {counted}"

    @property
    def name(self) -> str:
        """Return the name of the graph, or that of the file if it says nothing."""
        name = _printable(self.proto.graph.name)
        return name if name and name not in _EMPTY_NAMES else Path(self.path).stem


_EMPTY_NAMES = {"main_graph", "main", "graph", "torch_jit", "torch-jit-export", "tf2onnx", "onnx"}


def load(path: str, limits: Limits) -> OnnxModel:
    """Return the model of a file, with functions inlined; tensors in other files stay there."""
    try:
        import onnx  # noqa: F401, PLC0415 - an extra
    except ImportError:
        refuse_without(path, "onnx", "onnx")
    del limits  # those of texts; a file with weights is large
    if Path(path).stat().st_size > LARGEST:
        refuse_container(path, f"has more than {LARGEST:,} bytes, which no ONNX model can have", code="SC010")
    proto, spans = _parsed(path)
    if not proto.HasField("graph") or not (proto.graph.node or proto.graph.output):
        refuse_container(path, "has no graph")
    refuse_broken_texts(path, proto)
    versions = [each.version for each in proto.opset_import if each.domain in ("", "ai.onnx")]
    if len(versions) > 1 and len(set(versions)) > 1:
        refuse_container(path, f"states several versions of the operator set of ONNX: {sorted(set(versions))}")
    if proto.functions:
        proto = _inlined(path, proto)
    opset = versions[0] if versions else 1
    if opset > NEWEST:
        refuse_container(path, f"has operator set {opset}, the newest that is known is {NEWEST}")
    old = False
    if versions and opset < OLDEST:
        proto, opset, old = _converted(path, proto), OLDEST, True
    if len(proto.graph.node) > MOST_NODES:
        refuse_container(path, f"has {len(proto.graph.node):,} nodes, at most {MOST_NODES:,} are read", code="SC010")
    return OnnxModel(path, proto, opset, spans, is_converted=old)


def _parsed(path: str) -> tuple[Any, dict[str, ByteRange]]:
    try:
        return _message(path)
    except Exception as error:  # noqa: BLE001 - the error of protobuf depends on its implementation
        refuse_container(path, f"is no ONNX model, or a part of one: {_first_line(error)}")


def _message(path: str) -> tuple[Any, dict[str, ByteRange]]:
    """Return the message of a file, and where the numbers of the large tensors are, which the message does not have."""
    import onnx  # noqa: PLC0415

    if Path(path).stat().st_size > SMALL:
        with Path(path).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                skipped = without_numbers(view)
                proto = onnx.ModelProto.FromString(skipped.message)
                names = {index: proto.graph.initializer[index].name for index in skipped.spans}
                is_old = any(each.domain == "" and each.version < OLDEST for each in proto.opset_import)
                if len(set(names.values())) == len(names) and not is_old:
                    return proto, {names[index]: span for index, span in skipped.spans.items()}
            except WireError:
                pass
            finally:
                view.release()
    return onnx.ModelProto.FromString(Path(path).read_bytes()), {}


def _inlined(path: str, proto: Any) -> Any:
    """Return the model with the functions of the file in the place of their calls."""
    from onnx import inliner  # noqa: PLC0415

    calls = {(function.domain, function.name): function for function in proto.functions}
    sizes: dict[Any, int] = {}
    if _expanded(proto.graph.node, calls, sizes, 0) > MOST_NODES:
        refuse_container(path, f"has more than {MOST_NODES:,} nodes if its functions are expanded", code="SC010")
    try:
        return inliner.inline_local_functions(proto)
    except Exception as error:  # noqa: BLE001 - the error of the package's native part
        refuse_container(path, f"has functions that cannot be inlined: {_first_line(error)}")


def _expanded(nodes: Any, functions: dict[Any, Any], sizes: dict[Any, int], depth: int) -> int:
    """Return the number of nodes with calls expanded, or too many if functions call each other in a ring."""
    if depth > DEEPEST:
        return MOST_NODES + 1
    total = 0
    for node in nodes:
        key = (node.domain, node.op_type)
        if key not in functions:
            total += 1
            continue
        if key not in sizes:
            sizes[key] = MOST_NODES + 1  # what a function that calls itself has
            sizes[key] = _expanded(functions[key].node, functions, sizes, depth + 1)
        total += sizes[key]
    return total


def _converted(path: str, proto: Any) -> Any:
    """Return a model of an old operator set as one of a set that is read."""
    from onnx import version_converter  # noqa: PLC0415

    try:
        return version_converter.convert_version(proto, OLDEST)
    except Exception as error:  # noqa: BLE001 - the error of the package's native part
        reason = f"has an operator set before {OLDEST} and cannot be converted: {_first_line(error)}"
        refuse_container(path, reason, f"export it again with operator set {OLDEST} or newer")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return _printable(lines[0][:200]) if lines else type(error).__name__


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:200].strip()
