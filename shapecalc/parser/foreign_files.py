"""Recognition of files of other formats by their first bytes, and what can be done with them today."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 1024
"""The bytes, or characters, that are looked at."""


class ForeignFormat(NamedTuple):
    """What a file is, and what to do with it."""

    what: str
    help: str
    importer: str = ""
    """The module of `importers` that reads it, if there is one."""


_BEGIN = "`shapecalc init net.yaml` creates a first file, `shapecalc layers` lists the layers"
_MODEL = f"shapecalc does not read these yet; write the network in YAML: {_BEGIN}"
_IMPORT = "give it by its path, or write it as YAML: `shapecalc import FILE --output net.yaml`"
_WEIGHTS = f"it has weights, without the layers between them; write the network in YAML: {_BEGIN}"
_PICKLE = f"loading a pickle runs code, so shapecalc never does; write the network in YAML: {_BEGIN}"
_OTHER = f"name a file with `input:` and `layers:`; {_BEGIN}"

_DARKNET = ForeignFormat("a darknet configuration", _MODEL)
_PROTOTXT = ForeignFormat("a Caffe network (prototxt)", _MODEL)
_PYTHON = ForeignFormat("Python source", f"shapecalc runs no Python; write its modules as steps in YAML: {_BEGIN}")
_TORCHSCRIPT = ForeignFormat("a TorchScript archive", _MODEL)

_BINARY = (
    (rb"\x89HDF\r\n\x1a\n", ForeignFormat("an HDF5 file, such as Keras's `.h5`", _MODEL)),
    (rb"GGUF.{0,3}\0", ForeignFormat("a GGUF file", _WEIGHTS)),
    (rb".{4}\0{4}\{", ForeignFormat("a safetensors file", _WEIGHTS)),
    (rb"(?=.{0,3}\0).{4}TFL3", ForeignFormat("a TensorFlow Lite model", _MODEL)),
    (rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\.", ForeignFormat("a PyTorch file of a version before 1.6", _PICKLE)),
    (rb"\x80[\x02-\x05]", ForeignFormat("a Python pickle", _PICKLE)),
    (rb"\x93NUMPY", ForeignFormat("a NumPy array", _WEIGHTS)),
    (rb"\x89PNG\r\n\x1a\n", ForeignFormat("a PNG picture", _OTHER)),
    (rb"\xff\xd8\xff", ForeignFormat("a JPEG picture", _OTHER)),
    (rb"%PDF-", ForeignFormat("a PDF document", _OTHER)),
    (rb"\x1f\x8b", ForeignFormat("a gzip archive", "unpack it")),
)
"""Formats by their first bytes: each pattern has a byte that no text of YAML has, or begins as none does."""
_ZIPPED = (
    (r"(.*/)?data\.pkl", ForeignFormat("a PyTorch archive (`torch.save` or TorchScript)", _PICKLE)),
    (r"(.*/)?data/\d+", _TORCHSCRIPT),
    (
        r"(.*/)?(archive_format|data/weights/.*|models/.*|serialized_exported_program\.json)",
        ForeignFormat("a `torch.export` program (`.pt2`)", _IMPORT, "torch_export"),
    ),
    (r"metadata\.json|config\.json|model\.weights\.h5", ForeignFormat("a Keras archive (`.keras`)", _IMPORT, "keras")),
    (r".*\.npy", ForeignFormat("NumPy arrays (`.npz`)", _WEIGHTS)),
    (r".*", ForeignFormat("a ZIP archive", "unpack it")),
)
"""Formats by the name of the first member."""

_FAMILIES = {
    "bert": "bert-base",
    "gpt2": "gpt2-small",
    "llama": "llama3-8b",
    "mobilenetv2": "mobilenet_v2",
    "resnet": "resnet50",
    "vit": "vit_b_16",
}
"""Architectures that ship, by the folded `model_type` of Hugging Face."""
_MODEL_TYPE = re.compile(r'"model_type":\s*"([\w.-]{1,40})"|"architectures":\s*\[\s*"(\w{1,40}?)(?:For|Model|LMHead|")')

_TEXTS = (
    (
        r'\A\s*\{(?=[^\0]*"class_name":\s*"(?:Functional|Sequential|Model)")',
        ForeignFormat("a Keras model in JSON", _IMPORT, "keras"),
    ),
    (r'\A\s*\{[^\0]*"_diffusers_version"', ForeignFormat("a configuration of Hugging Face diffusers", _MODEL)),
    (r'\A\s*\{\s*"(?:cells|nbformat)"', ForeignFormat("a Jupyter notebook", f"shapecalc runs no Python; {_OTHER}")),
    (
        r'\A\s*\{\s*(?![^\0]*"(?:inputs?|layers|blocks|include)"\s*:)"[^"\n]*"\s*:',
        ForeignFormat("a JSON file without `input` and `layers`", _OTHER),
    ),
    (
        r"^nc:[^\0]*^(?:scales|depth_multiple|width_multiple|anchors|backbone|head):",
        ForeignFormat(
            "a model file of ultralytics (YOLO)",
            "write `backbone` and `head` as steps below `layers:`: modules such as C2f as `blocks:`, the numbers of "
            "earlier layers as names in `from:`, repeats as `repeat:`",
        ),
    ),
    (r"\A(?:[ \t]*(?:#.*)?\r?\n)*\[net(?:work)?\][ \t]*\r?$", _DARKNET),
    (r"^(?:layers?|input_shape)[ \t]*\{[ \t]*(?:\r?$|\w+:)", _PROTOTXT),
    (r"^import [A-Za-z_][\w.]*(?: as \w+)?[ \t]*(?:[,#].*)?\r?$|^from [\w.]+ import ", _PYTHON),
    (r"^class \w+(?:\(.*\))?:[ \t]*\r?$|^def \w+\(|^\w+ = (?:torch\.)?nn\.\w+\(", _PYTHON),
)
"""Formats of text by a pattern in the first characters. A text that is a network is never compared with them."""
_SUFFIXES = {".py": _PYTHON, ".prototxt": _PROTOTXT}
"""Formats of texts whose first characters may be comments only."""


def refuse_foreign_bytes(name: str, data: bytes) -> None:
    """Raise `ShapecalcError` SC006 (exit code 2) for bytes that begin as another format; no text begins so."""
    foreign = binary_format(data[:HEAD])
    if foreign is not None:
        raise _refusal(Source(name, ""), foreign)


def refuse_foreign_text(source: Source) -> None:
    """Raise `ShapecalcError` SC006 (exit code 2) for a text of another format, which is known to be no network."""
    foreign = text_format(source.text[:HEAD]) or _SUFFIXES.get(PurePath(source.name).suffix)
    if foreign is not None:
        raise _refusal(source, foreign)


def _refusal(source: Source, foreign: ForeignFormat) -> ShapecalcError:
    message = f"`{source.name}` is {foreign.what}, expects a network in YAML"
    return ShapecalcError((Diagnostic(code="SC006", message=message, help=foreign.help),), source, exit_code=2)


def binary_format(head: bytes) -> ForeignFormat | None:
    r"""Return the format of a file that has no text, None if it is not recognised.

    >>> binary_format(b"\x08\x0a\x12\x07pytorch").what
    'an ONNX model'
    """
    if head.startswith(b"PK\x03\x04"):
        return _zipped(head)
    if head.startswith(b"\x08"):
        return _protobuf(head)
    return next((foreign for pattern, foreign in _binary_patterns() if pattern.match(head)), None)


@cache
def _binary_patterns() -> tuple[tuple[re.Pattern[bytes], ForeignFormat], ...]:
    """Return the compiled patterns: each file is compared with all of them."""
    return tuple((re.compile(pattern, re.DOTALL), foreign) for pattern, foreign in _BINARY)


def _zipped(head: bytes) -> ForeignFormat:
    names = []
    for match in re.finditer(rb"PK\x03\x04", head):
        start = match.start() + 30
        length = int.from_bytes(head[start - 4 : start - 2], "little")
        names.append(head[start : start + length].decode("utf-8", "replace"))
    if any(re.fullmatch(r"(.*/)?(constants\.pkl|code/.*)", name) for name in names):
        return _TORCHSCRIPT
    return next(foreign for pattern, foreign in _ZIPPED if re.fullmatch(pattern, names[0], re.DOTALL))


def _protobuf(head: bytes) -> ForeignFormat | None:
    """Return the format of a message whose first field is a small number: the version of its schema.

    ONNX continues with texts (producer), the graph (7) or operator sets (8); a SavedModel with a graph that begins with
    its operators; Core ML with the description of its inputs.
    """
    fields = _fields(head)
    next(fields, None)
    for number, content in fields:
        if number in (7, 8) or (number in (2, 3, 4) and content.isascii() and content.decode("ascii").isprintable()):
            return ForeignFormat("an ONNX model", _IMPORT, "onnx")
        if number == 2:  # noqa: PLR2004 - the field's number in the schema
            _, inner = next(_fields(content), (0, b""))
            saved = inner.startswith(b"\x12")
            return ForeignFormat("a TensorFlow SavedModel" if saved else "a Core ML model", _MODEL)
    return None


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the fields of the start of a protobuf message: numbers, and contents as far as they are there."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        value, position = _varint(message, position)
        number, kind = tag >> 3, tag & 7
        if kind not in (0, 2):
            return
        content = message[position : position + value] if kind else b""
        position += len(content)
        yield number, content if kind else b"\0"


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message):
        byte = message[position]
        value |= (byte & 127) << shift
        shift, position = shift + 7, position + 1
        if byte < 128:  # noqa: PLR2004 - the last byte of a number
            break
    return value, position


def text_format(head: str) -> ForeignFormat | None:
    r"""Return the format of a text without a network, None if it is not recognised.

    >>> text_format("nc: 80\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\n").what
    'a model file of ultralytics (YOLO)'
    """
    head = head.removeprefix("\ufeff")
    config = re.match(r'\s*\{[^\0]*"(?:model_type|architectures|transformers_version)":', head)
    if config and not re.search(r'"(?:input|inputs|layers|blocks)"\s*:', head):
        return _hugging_face(head)
    return next((foreign for pattern, foreign in _TEXTS if re.search(pattern, head, re.MULTILINE)), None)


def _hugging_face(head: str) -> ForeignFormat:
    kinds = _MODEL_TYPE.findall(head)
    kind = next((model_type for model_type, _ in kinds if model_type), kinds[0][1] if kinds else "")
    what = f"a Hugging Face configuration{f' of `{kind}`' if kind else ''}"
    shipped = _FAMILIES.get(re.sub(r"[^a-z0-9]", "", kind.lower()))
    if shipped is None:
        return ForeignFormat(what, _MODEL)
    help_text = "shapecalc does not read these yet; start from a network of this family and change its sizes: "
    return ForeignFormat(what, f"{help_text}`shapecalc init net.yaml --from {shipped}`")
