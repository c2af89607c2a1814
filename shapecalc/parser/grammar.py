"""The format: a tree of values → an architecture, with a diagnostic for each mistake.

This module reads the top-level keys; `steps` reads the list below `layers:`, `fields` one layer, `shapes` a shape.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import DTYPES, Architecture, Input, input_symbols
from shapecalc.diagnostics import Fix, Label, ShapecalcError
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.dims import Expr
from shapecalc.layers.fields import OneOf
from shapecalc.layers.refusals import said
from shapecalc.parser.blocks import Block, own_blocks, read_blocks
from shapecalc.parser.decode import read_decode
from shapecalc.parser.diagnostics import Diagnostics
from shapecalc.parser.expect import read_expectations
from shapecalc.parser.foreign_files import refuse_foreign_text
from shapecalc.parser.include import merge_blocks, read_included
from shapecalc.parser.names import confusing, is_name
from shapecalc.parser.parameters import read_parameters, read_widths, refuse_symbols
from shapecalc.parser.reader import read_tree
from shapecalc.parser.scalars import shorten
from shapecalc.parser.scopes import UNSPECIFIED, Scope
from shapecalc.parser.shapes import read_dim, read_shape
from shapecalc.parser.steps import StepReader
from shapecalc.parser.substitution import substitute, substitute_steps
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain
from shapecalc.parser.where import read_conditions

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf
    from pathlib import Path

    from shapecalc.architecture import Unused
    from shapecalc.diagnostics import Diagnostic, Source

FILE_KEYS = (
    *("name", "source", "parameters", "widths", "input", "inputs", "outputs", "sizes", "where"),
    *("include", "blocks", "layers", "expect", "decode"),
)

_NAMES = {
    **dict.fromkeys(("inputshape", "inputsize", "shape"), "input"),
    **dict.fromkeys(("model", "modules", "network", "backbone", "steps", "architecture"), "layers"),
    **dict.fromkeys(("title", "id"), "name"),
    **dict.fromkeys(("reference", "paper", "cite"), "source"),
    **dict.fromkeys(("expected", "expectations"), "expect"),
    **dict.fromkeys(("symbols", "bindings"), "sizes"),
    **dict.fromkeys(("decoding", "generate", "generation"), "decode"),
}
"""Other formats' names of these keys, folded (`suggestions.fold`)."""
_TITLES = ("model", "network", "architecture", "backbone", "net")
"""Keys that are the name of the network if their value is a single one: `model: resnet18`."""

_DTYPES = {
    **dict.fromkeys(("int", "integer", "long", "int32", "int16", "int8", "uint8"), "int64"),
    **dict.fromkeys(("float", "double", "half", "float64", "float16", "bfloat16"), "float32"),
    "boolean": "bool",
}
"""Other names of dtypes: integers are read as int64, all others as float32."""

_WITH_PARAMETERS = ("layers", "input", "inputs", "decode")
"""The keys below which parameters of the file can stand."""

_EXAMPLES = {"input": "`input: [N, 3, 224, 224]`", "layers": "`layers:` with a list of steps"}


class Reading(NamedTuple):
    """The result of parsing a text: the architecture, every diagnostic, and the text with those that it includes."""

    architecture: Architecture | None
    diagnostics: tuple[Diagnostic, ...]
    source: Source


def parse(
    source: Source,
    limits: Limits = LIMITS,
    folder: Path | None = None,
    parameters: MappingOf[str, Any] = MappingProxyType({}),
    *,
    unused: bool = False,
) -> Reading:
    """Return the architecture that a text describes, and every diagnostic.

    If there are mistakes, the architecture is the part that could be read, None if nothing could: it serves to look
    for more mistakes and may not be what the author intended. `folder` is the folder of the text: only files below it
    can be included. `parameters` replace the values of the file's own; others are ignored. If `unused`, blocks of the
    text that nothing calls are checked too, and the architecture has the blocks and parameters that nothing uses.
    Raises `ShapecalcError` if the text is not a tree of values, or is one of another format (SC006).
    """
    try:
        root, refused = read_tree(source, limits)
        diagnostics = Diagnostics(source, refused)
        architecture = _architecture(root, folder, diagnostics, limits, parameters, unused=unused)
    except ShapecalcError:
        refuse_foreign_text(source)
        raise
    if diagnostics.recorded:
        refuse_foreign_text(source)
    return Reading(architecture, tuple(diagnostics.recorded), diagnostics.source)


def _architecture(
    root: Node,
    folder: Path | None,
    diagnostics: Diagnostics,
    limits: Limits,
    settings: MappingOf[str, Any],
    *,
    unused: bool,
) -> Architecture | None:
    if not isinstance(root, Mapping):
        kind = "a list" if isinstance(root, Sequence) else said(plain(root))
        message = f"a file expects keys such as `input:` and `layers:`, receives {kind}"
        help_text = "put it below `layers:`, and `input:` above" if isinstance(root, Sequence) else None
        diagnostics.refuse("SC005", message, head(root), help=help_text)
        return None
    single = {key.text.lower() for key, value in root.entries if isinstance(value, Scalar)}
    meanings = {**_NAMES, **dict.fromkeys(single.intersection(_TITLES), "name")}
    entries = diagnostics.keys(root, FILE_KEYS, "a file", names=meanings)
    _refuse_missing(root, entries, diagnostics)
    parameters = read_parameters(entries["parameters"], settings, diagnostics) if "parameters" in entries else {}
    diagnostics.parameters = frozenset(parameters)
    written = entries
    if "parameters" in entries:
        diagnostics.symbols = ()
        entries = _substitute_parameters(entries, parameters, diagnostics)
    inputs = _inputs(root, entries, diagnostics)
    symbols = input_symbols(inputs or ())
    diagnostics.symbols = None if inputs is None else symbols
    if "parameters" in entries:
        if "layers" in entries:
            # Steps with a mistake become placeholders, so that the mistakes in the others are reported too.
            entries["layers"] = substitute_steps(entries["layers"], parameters, diagnostics, "the file")
        refuse_symbols(entries["parameters"], inputs or (), symbols, diagnostics)
    widths = read_widths(entries["widths"], parameters, diagnostics) if "widths" in entries else ()
    sizes = _sizes(entries["sizes"], inputs, diagnostics) if "sizes" in entries else {}
    where = read_conditions(entries["where"], symbols, diagnostics) if "where" in entries else ()
    blocks = _blocks(entries, folder, diagnostics, limits)
    names = [entry.name for entry in inputs] if inputs is not None else _input_names(written)
    scope = Scope(diagnostics, {name: name for name in names})
    last = None
    reader = StepReader(diagnostics, blocks, limits, parameters)
    if "layers" in entries:
        flow = UNSPECIFIED if len(names) > 1 else names[0]
        last = reader.read(entries["layers"], scope, flow)
    without_effect = _without_effect(written, blocks, reader) if unused else ()
    steps = tuple(scope.steps)
    outputs = _outputs(entries["outputs"], scope, diagnostics) if "outputs" in entries and steps else {}
    name = _text(entries.get("name"), "name", diagnostics)
    cites = _text(entries.get("source"), "source", diagnostics)
    expect = read_expectations(entries["expect"], diagnostics) if "expect" in entries else ()
    if inputs is None or not steps:
        return None
    if last is None or not scope.complete:
        # The steps end before one that could not be read, and the outputs may come after it.
        last, outputs = steps[-1].path, {}
    outputs = outputs or {"output": last}
    decode = read_decode(entries["decode"], inputs, scope, outputs, diagnostics) if "decode" in entries else None
    return Architecture(
        name=name or diagnostics.source.name,
        inputs=inputs,
        steps=steps,
        outputs=outputs,
        sizes=sizes,
        expect=expect,
        cites=cites or "",
        file=diagnostics.source,
        where=where,
        parameters={key: plain(node) for key, node in parameters.items()},
        widths=widths,
        decode=decode,
        limits=limits,
        unused=without_effect,
    )


def _without_effect(
    entries: dict[str, Node], blocks: MappingOf[str, Block | None], reader: StepReader
) -> tuple[Unused, ...]:
    """Check the file's blocks that were not read, and return its blocks and parameters that nothing uses."""
    from shapecalc.parser.unused import unused_blocks, unused_parameters  # noqa: PLC0415 - only a check needs it

    own = own_blocks(blocks)
    called = reader.read_uncalled(own)
    node = entries.get("parameters")
    parameters = [key for key, _ in node.entries] if isinstance(node, Mapping) else []
    uses = [entries[key] for key in _WITH_PARAMETERS if key in entries]
    return (*unused_blocks(own, called), *unused_parameters(parameters, uses, blocks.values()))


def _input_names(entries: dict[str, Node]) -> list[str]:
    """Return the names of the inputs if not every shape can be read."""
    node = entries.get("inputs")
    return [key.text for key, _ in node.entries] if isinstance(node, Mapping) and node.entries else ["input"]


def _substitute_parameters(
    entries: dict[str, Node], parameters: MappingOf[str, Node], diagnostics: Diagnostics
) -> dict[str, Node]:
    """Return the entries with the file's parameters substituted, except the layers, without those that are refused."""
    entries = dict(entries)
    for key in _WITH_PARAMETERS:
        if key not in entries or key == "layers":
            continue
        node = substitute(entries[key], parameters, diagnostics, "the file")
        if node is None:
            del entries[key]
        else:
            entries[key] = node
    return entries


def _blocks(
    entries: dict[str, Node], folder: Path | None, diagnostics: Diagnostics, limits: Limits
) -> dict[str, Block | None]:
    """Return the file's blocks and those that it includes by name; None for a block that is refused."""
    defined = read_included(entries["include"], folder, diagnostics, limits) if "include" in entries else {}
    node = entries.get("blocks")
    if node is not None:
        merge_blocks(defined, read_blocks(node, diagnostics), diagnostics)
    blocks: dict[str, Block | None] = {**defined}
    for key, _ in node.entries if isinstance(node, Mapping) else ():
        blocks.setdefault(key.text, None)
    return blocks


def _inputs(root: Mapping, entries: dict[str, Node], diagnostics: Diagnostics) -> tuple[Input, ...] | None:
    """Return the inputs of `input:` or `inputs:`; None if one of them is refused or all are missing."""
    if "input" in entries and "inputs" in entries:
        keys = {key.text: key for key, _ in root.entries}
        labels = (Label(keys["input"].span, "the other"),) if "input" in keys else ()
        span = keys["inputs"].span if "inputs" in keys else head(entries["inputs"])
        diagnostics.refuse(
            "SC102", "a file expects `input:` or `inputs:`, has both", span, labels=labels, help="keep one"
        )
    if "inputs" not in entries:
        entry = _input("input", entries["input"], "input", diagnostics) if "input" in entries else None
        return None if entry is None else (entry,)
    node = entries["inputs"]
    if not isinstance(node, Mapping) or not node.entries:
        diagnostics.refuse_value("SC109", "`inputs` expects names with shapes such as {image: [N, 3, H, W]}", node)
        return None
    read = []
    for key, value in node.entries:
        if not is_name(key.text):
            message = f"the name of an input expects letters, digits or `_`, receives `{shorten(key.text)}`"
            diagnostics.refuse("SC110", message, key.span, label=confusing(key.text))
            continue
        read.append(_input(key.text, value, f"inputs.{key.text}", diagnostics))
    known = tuple(entry for entry in read if entry is not None)
    return known if known and len(known) == len(node.entries) else None


def _input(name: str, node: Node, key: str, diagnostics: Diagnostics) -> Input | None:
    """Return the input of `[N, 3, H, W]` or `{shape: [N, T], dtype: int64}`; None if its shape is refused."""
    if not isinstance(node, Mapping):
        shape = read_shape(node, key, diagnostics)
        return None if shape is None else Input(name, shape, span=node.span)
    entries = diagnostics.keys(node, ("shape", "dtype"), f"`{key}`")
    if "shape" not in entries:
        diagnostics.refuse("SC108", f"`{key}` requires `shape:`", head(node), help="add `shape: [N, T]`")
        return None
    shape = read_shape(entries["shape"], f"{key}.shape", diagnostics)
    dtype = plain(entries["dtype"]) if "dtype" in entries else DTYPES[0]
    if dtype not in DTYPES:
        words = OneOf(DTYPES).describe()
        near = _DTYPES.get(str(dtype).lower())
        help_text = f"write `dtype: {near}`" if near else None
        fix = Fix(entries["dtype"].span, near) if near else None
        received = f"`{shorten(dtype)}`" if isinstance(dtype, str) else said(dtype)
        message = f"`{key}.dtype` expects {words}, receives {received}"
        diagnostics.refuse("SC203", message, head(entries["dtype"]), help=help_text, fix=fix)
        dtype = near or DTYPES[0]
    return None if shape is None else Input(name, shape, dtype, span=entries["shape"].span)


def _outputs(node: Node, scope: Scope, diagnostics: Diagnostics) -> dict[str, str]:
    """Return the slots of the outputs by name, from one step, a list of steps, or a mapping of names to steps."""
    if isinstance(node, Mapping):
        pairs = [(key.text, value) for key, value in node.entries]
    else:
        items = node.items if isinstance(node, Sequence) else (node,)
        pairs = [(item.text if isinstance(item, Scalar) else "", item) for item in items]
    outputs: dict[str, str] = {}
    for name, item in pairs:
        if not isinstance(node, Mapping) and not isinstance(item, Scalar):  # it would have no name
            diagnostics.refuse_value("SC202", "`outputs` expects the names of steps", item)
            continue
        slots = scope.references(item, "", "", "outputs")
        if slots is None:
            continue
        if len(slots) > 1:
            diagnostics.refuse("SC202", f"`outputs.{shorten(name)}` expects the name of one step", head(item))
        elif name in outputs:
            diagnostics.refuse("SC103", f"`outputs` has `{shorten(name)}` twice", head(item))
        else:
            outputs[name] = slots[0]
    if not pairs:
        diagnostics.refuse("SC107", "`outputs` expects at least one name, has none", head(node))
    return outputs


def _refuse_missing(root: Mapping, entries: dict[str, Node], diagnostics: Diagnostics) -> None:
    column = root.span.column
    if any(
        diagnostic.code == "SC022" and diagnostic.span and diagnostic.span.column == column
        for diagnostic in diagnostics.recorded
    ):
        return  # a refused merge key may have them
    start = root.span._replace(end_line=root.span.line, end_column=root.span.column + 1)
    for required, written in _EXAMPLES.items():
        if required not in entries and not (required == "input" and "inputs" in entries):
            diagnostics.refuse("SC108", f"a file requires `{required}:`", start, help=f"add {written}")


def _text(node: Node | None, key: str, diagnostics: Diagnostics) -> str | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        if isinstance(node.value, str):
            return node.value
        if node.value is not None and not isinstance(node.value, bool):
            return node.text
    diagnostics.refuse_value("SC202", f"`{key}` expects a text", node)
    return None


def _sizes(node: Node, inputs: tuple[Input, ...] | None, diagnostics: Diagnostics) -> dict[str, int]:
    """Return the usual values of the inputs' symbols, from `{H: 224, W: 224}`."""
    if not isinstance(node, Mapping):
        diagnostics.refuse_value("SC202", "`sizes` expects symbols with numbers such as {H: 224}", node)
        return {}
    symbols = input_symbols(inputs or ())
    sizes: dict[str, int] = {}
    written = {key.text for key, _ in node.entries}
    for key, value in node.entries:
        name = key.text
        if inputs is not None and name not in symbols:
            message = f"`sizes` gives `{shorten(key.text)}` a value, which is no symbol of `input`"
            near = diagnostics.unknown(key, symbols, message, kind="symbols of `input`", present=written)
            if near is None or near in written:
                continue
            name = near
        size = read_dim(value, f"sizes.{name}", diagnostics)
        if isinstance(size, Expr):
            message = f"`sizes.{name}` expects a number, receives {said(plain(value))}"
            help_text = f"leave `{name}` out: a symbol without a size is unbound"
            diagnostics.refuse("SC202", message, value.span, help=help_text)
        elif size is not None:
            sizes[name] = size
    return sizes
