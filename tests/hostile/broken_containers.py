"""Files of other tools that nobody means well with, by what is wrong in them, with the code of the refusal."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BROKEN, UNREAD, SIZE, LAYERS, READ = "SC032", "SC031", "SC010", "SC016", ""


class Hostile(NamedTuple):
    """A file: what is wrong, its format and bytes, and the code of the refusal, empty if it is read."""

    name: str
    format: str
    data: bytes
    code: str


def archived(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def layer(kind: str, name: str = "a", reads: str | None = "x", **settings: Any) -> dict[str, Any]:
    """Return a layer of a functional model of Keras 3."""
    around: dict[str, Any] = {"class_name": kind, "config": {"name": name, **settings}, "name": name}
    node = {"args": [reference(reads)], "kwargs": {}} if reads else None
    return {**around, "module": "keras.layers", "registered_name": None, "inbound_nodes": [node] if node else []}


def reference(name: str, call: int = 0, place: int = 0) -> dict[str, Any]:
    """Return a tensor in the arguments of a layer."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, call, place]}}


def source(shape: Any = (None, 8, 8, 3), dtype: Any = "float32") -> dict[str, Any]:
    """Return an input layer `x`."""
    return layer("InputLayer", "x", None, batch_shape=shape, dtype=dtype)


def model(*layers: Any, inputs: Any = (("x", 0, 0),), outputs: Any = (("a", 0, 0),), **more: Any) -> dict[str, Any]:
    """Return a functional model."""
    config = {"name": "net", "layers": layers, "input_layers": inputs, "output_layers": outputs, **more}
    return {"module": "keras", "class_name": "Functional", "config": config, "registered_name": "Functional"}


def keras_archive(config: Any, **members: bytes) -> bytes:
    """Return an archive of Keras with a configuration."""
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    return archived({"metadata.json": b'{"keras_version": "3.15.1"}', "config.json": text, **members})


def sequential(*layers: Any, shape: Any = (None, 8)) -> dict[str, Any]:
    """Return a sequential model."""
    first = {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": "x"}}
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": [first, *layers]}}


def plain(kind: str, **settings: Any) -> dict[str, Any]:
    """Return a layer of a sequential model."""
    return {"class_name": kind, "config": {"name": kind.lower(), **settings}}


def nested_models(depth: int, *, twice: bool) -> dict[str, Any]:
    """Return a model in models, each of which calls the inner one once or twice."""
    inner: dict[str, Any] = sequential(plain("ReLU"))
    for level in range(depth):
        layers = [source((None, 8)), {**inner, "name": f"m{level}", "inbound_nodes": []}]
        nodes = [{"args": [reference("x")], "kwargs": {}}, {"args": [reference(f"m{level}")], "kwargs": {}}]
        layers[1]["inbound_nodes"] = nodes[: 1 + twice]
        inner = model(*layers, outputs=[[f"m{level}", int(twice), 0]])
    return inner


def keras_files() -> Iterator[Hostile]:
    """Yield files of Keras."""
    dense = layer("Dense", units=4)
    good = json.dumps(model(source((None, 8)), dense)).encode()
    whole = keras_archive(good)
    yield from (Hostile(f"keras: {name}", "keras", data, code) for name, data, code in _archives(whole, good))
    for name, config, code in (*_models(), *_settings(), *_sequential()):
        yield Hostile(f"keras: {name}", "keras", keras_archive(config), code)


def _archives(whole: bytes, good: bytes) -> Iterator[tuple[str, bytes, str]]:
    yield "whole", whole, READ
    yield "no archive, but its model", good, READ
    yield "an empty file", b"", BROKEN
    yield "an archive without members", archived({}), BROKEN
    yield "an archive without a model", archived({"metadata.json": b"{}"}), BROKEN
    yield "half of an archive", whole[: len(whole) // 2], BROKEN
    yield "an archive without its end", whole[:-30], BROKEN
    yield "a broken byte in the model", whole.replace(b'"Dense"', b'"Dxnse"'), BROKEN
    yield "a member above the archive", keras_archive(good, **{"../config.json": b"x"}), BROKEN
    yield "a member of the file system", keras_archive(good, **{"/etc/passwd": b"x"}), BROKEN
    yield "a member above the archive in Windows", keras_archive(good, **{"a\\..\\..\\b": b"x"}), BROKEN
    yield "two models", archived({"config.json": good, "config.jsom": good}).replace(b"jsom", b"json"), BROKEN
    bomb = {"metadata.json": b"{}", "config.json": b" " * (40 << 20)}
    yield "a model of 40 MiB of blanks", archived(bomb, zipfile.ZIP_DEFLATED), SIZE
    bomb = {"config.json": good, "metadata.json": b" " * (40 << 20)}
    yield "metadata of 40 MiB of blanks", archived(bomb, zipfile.ZIP_DEFLATED), BROKEN
    flagged = bytearray(archived({"config.json": good}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        flagged[flagged.index(mark) + offset] |= 1
    yield "an encrypted model", bytes(flagged), BROKEN
    unknown = bytearray(archived({"config.json": good}))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        unknown[unknown.index(mark) + offset] = 99
    yield "a compression that is not known", bytes(unknown), BROKEN
    larger = bytearray(archived({"config.json": good}))
    at = larger.index(b"PK\x01\x02")
    larger[at + 20 : at + 28] = struct.pack("<II", 2**31, 2**31)
    yield "a size of 2 GiB that is not there", bytes(larger), SIZE
    many = {"config.json": good, **{f"m{number}": b"" for number in range(10_050)}}
    yield "10,050 members", archived(many), BROKEN
    yield "no JSON", keras_archive(b"Hello"), BROKEN
    yield "a list", keras_archive(b"[]"), BROKEN
    yield "bytes that are no text", keras_archive(b'{"class_name": "\xff"}'), BROKEN
    yield "100,000 brackets", keras_archive(b"[" * 100_000), BROKEN
    yield "100,000 objects in objects", keras_archive(b'{"a":' * 100_000), BROKEN
    yield (
        "a key that is there twice",
        keras_archive(b'{"class_name": "Sequential", "class_name": "Functional"}'),
        BROKEN,
    )
    yield "NaN", keras_archive(b'{"class_name": NaN}'), BROKEN
    yield "a number of 5,000 digits", keras_archive(b'{"class_name": ' + b"9" * 5_000 + b"}"), BROKEN
    yield "a million layers", b'{"class_name": "Sequential", "config": {"layers": [' + b"{}, " * 5_000_000, SIZE
    versions = (("Keras 4", b'{"keras_version": "4.0"}'), ("a version that is no text", b'{"keras_version": [3]}'))
    for name, metadata in (*versions, ("broken metadata", b"{"), ("metadata in a list", b"[]")):
        yield name, archived({"config.json": good, "metadata.json": metadata}), BROKEN


def _models() -> Iterator[tuple[str, Any, str]]:
    dense, x = layer("Dense", units=4), source((None, 8))
    yield "no class", {"config": {"layers": []}}, BROKEN
    yield "a class that is a number", {"class_name": 7, "config": {}}, BROKEN
    yield "a layer in the place of a model", plain("Dense", units=4), BROKEN
    yield "a model with code and without layers", {"class_name": "Net", "module": "mine", "config": {}}, BROKEN
    yield "layers in an object", model() | {"config": {"name": "n", "layers": {}}}, BROKEN
    yield "a layer that is a text", model(x, "Dense"), BROKEN
    yield "a layer without settings", model(x, {"class_name": "Dense"}), BROKEN
    yield "a name of a million letters", model(x, layer("Dense", "a" * 1_000_000, units=4)), BROKEN
    yield "two layers of one name", model(x, dense, dense), BROKEN
    yield "a layer that reads itself", model(x, layer("Dense", reads="a", units=4)), BROKEN
    first, second = layer("Dense", "a", "b", units=4), layer("Dense", "b", "a", units=4)
    yield "two layers that read each other", model(x, first, second), BROKEN
    yield "a layer that reads none that is there", model(x, layer("Dense", reads="z", units=4)), BROKEN
    for name, node in (
        ("the second call of a layer called once", reference("x", 1)),
        ("the hundredth output of a layer", reference("x", 0, 99)),
        ("a call of the number −1", reference("x", -1)),
        ("a tensor without a history", {"class_name": "__keras_tensor__", "config": {}}),
        ("a history of an object", {"class_name": "__keras_tensor__", "config": {"keras_history": {}}}),
    ):
        yield name, model(x, {**dense, "inbound_nodes": [{"args": [node], "kwargs": {}}]}), BROKEN
    deep: Any = reference("x")
    for _ in range(40):
        deep = [deep]
    for name, nodes, code in (
        ("arguments in 40 lists", [{"args": [deep], "kwargs": {}}], BROKEN),
        ("arguments that are no list", [{"args": 7, "kwargs": {}}], BROKEN),
        ("calls that are a text", "x", BROKEN),
        ("a call of Keras 2 that names nothing", [[7]], BROKEN),
        ("a call without tensors", [{"args": [], "kwargs": {}}], UNREAD),
        ("a call with a text", [{"args": ["x"], "kwargs": {}}], UNREAD),
        ("an argument that is not known", [{"args": [reference("x")], "kwargs": {"eval": "1"}}], UNREAD),
    ):
        yield name, model(x, {**dense, "inbound_nodes": nodes}), code
    yield "no outputs", model(x, dense, outputs=[]), BROKEN
    yield "an output that is no layer", model(x, dense, outputs=[["z", 0, 0]]), BROKEN
    yield "outputs that are a number", model(x, dense, outputs=7), BROKEN
    yield "no inputs", model(x, dense, inputs=[]), BROKEN
    yield "an input that is no layer", model(x, dense, inputs=[["z", 0, 0]]), BROKEN
    yield "one input twice", model(x, dense, inputs=[["x", 0, 0], ["x", 0, 0]]), BROKEN
    for name, shape in (
        ("no shape", None),
        ("a shape in a text", "8"),
        ("a size of −3", [None, -3]),
        ("a size of 0", [None, 0]),
        ("a size of 2⁴⁰", [None, 2**40]),
        ("a size of a half", [None, 0.5]),
        ("a size that is true", [None, True]),
        ("1,000 axes", [1] * 1_000),
    ):
        yield name, model(source(shape), dense), BROKEN
    for name, dtype in (("a dtype of texts", "string"), ("a dtype that is a list", ["float32"]), ("float", "f")):
        yield name, model(source((None, 8), dtype), dense), BROKEN
    yield "30 models in models", nested_models(30, twice=False), BROKEN
    yield "20 models that call the inner one twice", nested_models(20, twice=True), LAYERS
    yield "a stated shape that is another one", model(x, _stated(dense, [None, 9])), UNREAD
    many = [layer("ReLU", f"r{number}", "x" if not number else f"r{number - 1}") for number in range(3_500)]
    yield "a chain of 3,500 layers", model(x, *many, outputs=[["r3499", 0, 0]]), LAYERS
    yield "a name with signs of a terminal", model(x, dense) | {"class_name": "\x1b[31m"}, BROKEN


def _stated(dense: dict[str, Any], shape: list[int | None]) -> dict[str, Any]:
    tensor = reference("x")
    tensor["config"]["shape"] = shape
    return {**dense, "inbound_nodes": [{"args": [tensor], "kwargs": {}}]}


def _settings() -> Iterator[tuple[str, Any, str]]:
    """Yield layers with settings that no layer can have: they are named, and nothing is read."""
    image, vector = source(), source((None, 8))
    for value in (-1, 0, 2**40, "4", None, True, [4], {}, 4.5):
        yield f"{value!r} units", model(vector, layer("Dense", units=value)), UNREAD
    yield "a layer without its size", model(vector, layer("Dense")), UNREAD
    yield "a setting that is not known", model(vector, layer("Dense", units=4, code="x")), UNREAD
    conv = {"filters": 4, "kernel_size": 3}
    for key, value in (
        *(("filters", 0), ("filters", 2**35), ("kernel_size", []), ("kernel_size", [3] * 100), ("kernel_size", 0)),
        *(("kernel_size", [3, "3"]), ("kernel_size", 2**30), ("strides", 0), ("strides", -1), ("padding", "causal")),
        *(("padding", 7), ("groups", 0), ("groups", 2), ("groups", -1), ("dilation_rate", 2**31)),
        *(("dilation_rate", 10**6), ("data_format", "sideways"), ("use_bias", "yes"), ("activation", "exec")),
        *(("activation", 7), ("activation", {"class_name": "__lambda__", "config": {"value": ["4wA=", None, None]}})),
        *(("activation", {"class_name": "function", "config": []}), ("activation", {"class_name": "ReLU"})),
    ):
        yield f"{key} {str(value)[:30]} of a convolution", model(image, layer("Conv2D", **{**conv, key: value})), UNREAD
    for kind, settings in (
        ("Lambda", {"function": {"class_name": "__lambda__", "config": {"value": ["4wA=", None, None]}}}),
        ("Exec", {}),
        ("MaxPooling2D", {"pool_size": 10**9}),
        ("AveragePooling2D", {"pool_size": [2, 2, 2]}),
        ("Reshape", {"target_shape": [-1, -1]}),
        ("Reshape", {"target_shape": [2**31, 2**31]}),
        ("Reshape", {"target_shape": "all"}),
        ("Permute", {"dims": [1, 1, 2]}),
        ("Permute", {"dims": [1, 2, 3, 4, 5]}),
        ("Concatenate", {"axis": 99}),
        ("Softmax", {"axis": []}),
        ("BatchNormalization", {"axis": 0}),
        ("BatchNormalization", {"epsilon": -1}),
        ("GroupNormalization", {"groups": 7}),
        ("LayerNormalization", {"axis": [1, 1]}),
        ("ZeroPadding2D", {"padding": -1}),
        ("ZeroPadding2D", {"padding": [[1], [2]]}),
        ("Cropping2D", {"cropping": 4}),
        ("Embedding", {"input_dim": -5, "output_dim": 2}),
        ("RepeatVector", {"n": 0}),
        ("Bidirectional", {"layer": plain("Dense", units=4)}),
        ("Bidirectional", {"layer": None}),
        ("TimeDistributed", {"layer": "Dense"}),
        ("TimeDistributed", {}),
        ("LSTM", {"units": 4}),
        ("MultiHeadAttention", {"num_heads": 0, "key_dim": 4}),
        ("EinsumDense", {"equation": "a->b->c", "output_shape": [4]}),
        ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": {}}),
        ("Dropout", {"rate": 7}),
        ("Rescaling", {"scale": []}),
        ("Rescaling", {"scale": "2"}),
        ("Normalization", {"mean": [], "variance": []}),
        ("Normalization", {"mean": [0.0], "variance": [-1.0]}),
    ):
        yield f"{kind} with {str(settings)[:60]}", model(image, layer(kind, **settings)), UNREAD
    yield "a class of its own", model(vector, {**layer("Dense", units=4), "registered_name": "mine>Dense"}), UNREAD
    yield "a module of its own", model(vector, {**layer("Dense", units=4), "module": "mine"}), UNREAD


def _sequential() -> Iterator[tuple[str, Any, str]]:
    yield "a sequence without layers", {"class_name": "Sequential", "config": {"name": "n", "layers": []}}, BROKEN
    first = {"class_name": "Sequential", "config": {"name": "n", "layers": [plain("Dense", units=4)]}}
    yield "a sequence without a shape", first, BROKEN
    yield "a sequence with one name twice", sequential(plain("Dense", units=4), plain("Dense", units=4)), BROKEN
    deep: Any = plain("Dense", units=4)
    for _ in range(60):
        deep = plain("TimeDistributed", layer=deep)
    yield "60 layers in layers", sequential(deep, shape=(None, 2, 8)), UNREAD
    deep = "relu"
    for _ in range(60):
        deep = plain("Activation", activation=deep)
    yield "60 activations of activations", sequential(plain("Dense", units=4, activation=deep)), READ
    large = [plain("Dense", units=2**31 - 1, name=f"d{number}") for number in range(3)]
    yield "products above 2⁶²", sequential(*large), READ
    ups = [plain("UpSampling2D", size=2**20, name=f"u{number}") for number in range(40)]
    yield "maps of 2⁸⁰⁰ positions", sequential(*ups, shape=(None, 8, 8, 3)), UNREAD


def program(**changes: Any) -> dict[str, Any]:
    """Return a program of torch.export: the ReLU of an input."""
    size = [{"as_int": 2}, {"as_int": 8}]
    meta = {"dtype": 7, "sizes": size, "strides": [{"as_int": 8}, {"as_int": 1}], "requires_grad": False}
    x, y = {"as_tensor": {"name": "x"}}, {"as_tensor": {"name": "y"}}
    node = {"target": "torch.ops.aten.relu.default", "inputs": [{"name": "self", "arg": x}], "outputs": [y]}
    graph = {
        "inputs": [x],
        "outputs": [y],
        "nodes": [{**node, "metadata": {}}],
        "tensor_values": {"x": meta, "y": meta},
        "sym_int_values": {},
        "sym_bool_values": {},
    }
    signature = {"input_specs": [{"user_input": {"arg": x}}], "output_specs": [{"user_output": {"arg": y}}]}
    whole = {
        "schema_version": {"major": 8, "minor": 20},
        "torch_version": "2.13.0",
        "range_constraints": {},
        "graph_module": {"graph": {**graph, **changes.pop("graph", {})}, "signature": signature},
    }
    return {**whole, **changes}


def torch_archive(document: Any, **members: bytes) -> bytes:
    """Return an archive of torch.export with a program."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return archived({"net/archive_format": b"pt2", "net/models/model.json": text, **members})


def torch_files() -> Iterator[Hostile]:
    """Yield files of torch.export."""
    good = torch_archive(program())
    yield Hostile("torch: whole", "torch_export", good, READ)
    for name, data, code in (*_torch_archives(good), *_programs()):
        whole = data if isinstance(data, bytes) else torch_archive(data)
        yield Hostile(f"torch: {name}", "torch_export", whole, code)


def _torch_archives(good: bytes) -> Iterator[tuple[str, bytes, str]]:
    text = json.dumps(program()).encode()
    yield "half of an archive", good[: len(good) // 2], BROKEN
    yield "no members", archived({}), BROKEN
    yield "no graph", archived({"net/archive_format": b"pt2"}), BROKEN
    yield "another format", archived({"net/archive_format": b"pt3", "net/models/model.json": text}), BROKEN
    yield "two graphs", archived({"a/models/model.json": text, "b/models/model.json": text}), BROKEN
    yield "a member above the archive", torch_archive(program(), **{"../x": b"x"}), BROKEN
    yield "a member of the file system", torch_archive(program(), **{"/etc/x": b"x"}), BROKEN
    bomb = {"net/archive_format": b"pt2", "net/models/model.json": b" " * (40 << 20)}
    yield "a graph of 40 MiB of blanks", archived(bomb, zipfile.ZIP_DEFLATED), SIZE
    yield "no JSON", torch_archive(b"{"), BROKEN
    yield "100,000 brackets", torch_archive(b"[" * 100_000), BROKEN
    yield "a number of 5,000 digits", torch_archive(b'{"a": ' + b"9" * 5_000 + b"}"), BROKEN
    weights = "net/data/weights/model_weights_config.json"
    for name, config in (("weights in a list", b"[]"), ("weights of numbers", b'{"config": {"a": 7}}')):
        yield name, torch_archive(program(), **{weights: config}), BROKEN


def _programs() -> Iterator[tuple[str, Any, str]]:
    yield "an object of nothing", {}, BROKEN
    yield "a schema of the future", program(schema_version={"major": 99}), BROKEN
    yield "a schema that is a text", program(schema_version="8"), BROKEN
    for key in ("nodes", "inputs", "outputs", "tensor_values", "sym_int_values"):
        yield f"{key} that are a number", program(graph={key: 7}), BROKEN
        yield f"{key} of null", program(graph={key: None}), BROKEN
    x = {"as_tensor": {"name": "x"}}

    def node(target: Any, *inputs: Any, gives: Any = ({"as_tensor": {"name": "y"}},)) -> dict[str, Any]:
        named = [{"name": f"a{at}" if at else "self", "arg": each} for at, each in enumerate(inputs)]
        return {"target": target, "inputs": named, "outputs": gives, "metadata": {}}

    for name, nodes, code in (
        ("a target that is a number", [node(7, x)], BROKEN),
        ("an operator that is not known", [node("torch.ops.mine.run.default", x)], UNREAD),
        ("an operator of Python", [node("builtins.eval", {"as_string": "1"})], UNREAD),
        ("a tensor that is not there", [node("torch.ops.aten.relu.default", {"as_tensor": {"name": "z"}})], UNREAD),
        ("a tensor without a name", [node("torch.ops.aten.relu.default", {"as_tensor": {}})], BROKEN),
        ("an argument of two kinds", [node("torch.ops.aten.relu.default", {**x, "as_int": 1})], BROKEN),
        ("outputs that are a text", [node("torch.ops.aten.relu.default", x, gives="y")], BROKEN),
        ("no arguments", [node("torch.ops.aten.conv2d.default", x)], UNREAD),
        ("a view of no size", [node("torch.ops.aten.view.default", x, {"as_ints": [-1, -1]})], UNREAD),
        ("a convolution of a number", [node("torch.ops.aten.conv2d.default", x, {"as_int": 3})], UNREAD),
        ("metadata of numbers", [{**node("torch.ops.aten.relu.default", x), "metadata": {"stack_trace": 7}}], BROKEN),
    ):
        yield name, program(graph={"nodes": nodes}), code
    inner: dict[str, Any] = {"nodes": []}
    for _ in range(40):
        inner = {"nodes": [node("torch.ops.higher_order.cond", {"as_graph": {"name": "g", "graph": inner}})]}
    yield "graphs in 40 graphs", program(graph=inner), BROKEN
    for name, size in (
        ("a size of −1", {"as_int": -1}),
        ("a size in a text", {"as_int": "8"}),
        ("an expression of powers", {"as_expr": {"expr_str": "s0**s0**s0**s0"}}),
        ("an expression of 100,000 brackets", {"as_expr": {"expr_str": "(" * 100_000 + "s0" + ")" * 100_000}}),
        ("an expression of 9,999 digits", {"as_expr": {"expr_str": "9" * 9_999}}),
        ("an expression of code", {"as_expr": {"expr_str": "__import__('os').system('true')"}}),
        ("an expression of 20,000 sums", {"as_expr": {"expr_str": "+".join(["s0*s1"] * 20_000)}}),
        ("a product of 60 sums", {"as_expr": {"expr_str": "*".join(["(s0 + s1 + s2)"] * 60)}}),
        ("a quotient by 0", {"as_expr": {"expr_str": "s0//0"}}),
    ):
        stated = {"dtype": 7, "sizes": [size, {"as_int": 8}], "strides": [{"as_int": 8}, {"as_int": 1}]}
        yield name, program(graph={"tensor_values": {"x": stated, "y": stated}}), BROKEN
