"""The format: a tree of values → an architecture, and a diagnostic for whatever in it is not of the format.

Here are a file's own keys; `steps` reads the list under `layers:`, `fields` one layer, `shapes` what is in brackets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import DTYPES, Architecture, Input
from shapecalc.diagnostics import Fix, Span
from shapecalc.dims import Expr, free_symbols
from shapecalc.layers.fields import said
from shapecalc.parser.expectations import read_expectations
from shapecalc.parser.findings import Findings, head
from shapecalc.parser.reader import Mapping, Node, Scalar, Sequence, read_tree
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import plain, read_dim, read_shape
from shapecalc.parser.steps import read_steps

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic, Source
    from shapecalc.layers import Shape
    from shapecalc.parser.limits import Limits

FILE_KEYS = ("name", "source", "input", "sizes", "layers", "expect")
LATER_FILE_KEYS = ("inputs", "outputs", "blocks", "parameters", "include", "where", "decode")
"""Words of the format that this version does not read yet."""

_NAMES = {
    **dict.fromkeys(("inputshape", "inputsize", "shape"), "input"),
    **dict.fromkeys(("model", "modules", "network", "backbone", "steps", "architecture"), "layers"),
    **dict.fromkeys(("title", "id"), "name"),
    **dict.fromkeys(("reference", "paper", "cite"), "source"),
    **dict.fromkeys(("expected", "expectations"), "expect"),
    **dict.fromkeys(("symbols", "bindings"), "sizes"),
}
"""Folded names that other formats give these keys (`suggestions.fold`)."""

_DTYPES = {
    **dict.fromkeys(("int", "integer", "long", "int32", "int16", "int8", "uint8"), "int64"),
    **dict.fromkeys(("float", "double", "half", "float64", "float16", "bfloat16"), "float32"),
}
"""Other words for a dtype: whole numbers are read as int64, all others as float32."""

_EXAMPLES = {"input": "`input: [N, 3, 224, 224]`", "layers": "`layers:` with a list of steps"}


def parse(source: Source, limits: Limits | None = None) -> tuple[Architecture | None, tuple[Diagnostic, ...]]:
    """Return the architecture that a text describes, and every mistake found.

    Beside mistakes, the architecture is as much as could be made out, None where that is nothing: the caller can look
    for more mistakes in it, and must not take it for what the author meant.
    Raises `ShapecalcError` where the text is no tree of values at all.
    """
    root, noted = read_tree(source, limits)
    findings = Findings(source, noted)
    architecture = _architecture(root, source, findings)
    return architecture, tuple(findings.found)


def _architecture(root: Node, source: Source, findings: Findings) -> Architecture | None:
    if not isinstance(root, Mapping):
        kind = "a list" if isinstance(root, Sequence) else said(plain(root))
        message = f"a file expects keys such as `input:` and `layers:`, receives {kind}"
        help_text = "put it below `layers:`, and `input:` above" if isinstance(root, Sequence) else None
        findings.refuse("SC005", message, head(root), help=help_text)
        return None
    entries = findings.keys(root, FILE_KEYS, "a file", later=LATER_FILE_KEYS, names=_NAMES)
    _refuse_missing(root, entries, findings)
    entry = _input(entries["input"], findings) if "input" in entries else None
    shape = None if entry is None else entry.shape
    sizes = _sizes(entries["sizes"], shape, findings) if "sizes" in entries else {}
    blocks = root.get("blocks")
    names = {key.text for key, _ in blocks.entries} if isinstance(blocks, Mapping) else ()
    steps = read_steps(entries["layers"], findings, names) if "layers" in entries else ()
    name = _text(entries.get("name"), "name", findings)
    cites = _text(entries.get("source"), "source", findings)
    expect = read_expectations(entries["expect"], findings) if "expect" in entries else ()
    if entry is None or not steps:
        return None
    return Architecture(
        name=name or source.name,
        inputs=(entry,),
        steps=steps,
        outputs={"output": steps[-1].path},
        sizes=sizes,
        expect=expect,
        cites=cites or "",
        file=source,
    )


def _input(node: Node, findings: Findings) -> Input | None:
    """Read `[N, 3, H, W]`, or `{shape: [N, T], dtype: int64}`."""
    if not isinstance(node, Mapping):
        shape = read_shape(node, "input", findings)
        return None if shape is None else Input("input", shape, span=node.span)
    entries = findings.keys(node, ("shape", "dtype"), "`input`")
    if "shape" not in entries:
        findings.refuse("SC108", "`input` expects `shape:`, has none", head(node), help="add `shape: [N, T]`")
        return None
    shape = read_shape(entries["shape"], "input.shape", findings)
    dtype = plain(entries["dtype"]) if "dtype" in entries else DTYPES[0]
    if dtype not in DTYPES:
        words = " or ".join(f"`{word}`" for word in DTYPES)
        near = _DTYPES.get(str(dtype).lower())
        help_text = f"write `dtype: {near}`" if near else None
        fix = Fix(entries["dtype"].span, near) if near else None
        received = f"`{shorten(dtype)}`" if isinstance(dtype, str) else said(dtype)
        message = f"`input.dtype` expects {words}, receives {received}"
        findings.refuse("SC203", message, head(entries["dtype"]), help=help_text, fix=fix)
        dtype = near or DTYPES[0]
    return None if shape is None else Input("input", shape, dtype, span=entries["shape"].span)


def _refuse_missing(root: Mapping, entries: dict[str, Node], findings: Findings) -> None:
    start = Span(root.span.line, root.span.column, root.span.line, root.span.column + 1)
    for required, written in _EXAMPLES.items():
        # Where `inputs:` stands, the one cause is that this version does not read it.
        if required not in entries and root.get(f"{required}s") is None:
            findings.refuse("SC108", f"a file expects `{required}:`, has none", start, help=f"add {written}")


def _text(node: Node | None, key: str, findings: Findings) -> str | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        if isinstance(node.value, str):
            return node.value
        if node.value is not None and not isinstance(node.value, bool):
            return node.text
    findings.refuse("SC202", f"`{key}` expects a text, receives {said(plain(node))}", head(node))
    return None


def _sizes(node: Node, shape: Shape | None, findings: Findings) -> dict[str, int]:
    """Read `{H: 224, W: 224}`: the usual values of the input's symbols."""
    if not isinstance(node, Mapping):
        message = f"`sizes` expects symbols with numbers such as {{H: 224}}, receives {said(plain(node))}"
        findings.refuse("SC202", message, head(node))
        return {}
    symbols = sorted({name for dim in shape or () for name in free_symbols(dim)})
    sizes: dict[str, int] = {}
    for key, value in node.entries:
        if shape is not None and key.text not in symbols:
            message = f"`sizes` gives `{shorten(key.text)}` a value, which is no symbol of `input`"
            findings.unknown(key, symbols, message, kind="symbols of `input`")
            continue
        size = read_dim(value, f"sizes.{key.text}", findings)
        if isinstance(size, Expr):
            message = f"`sizes.{key.text}` expects a number, receives {said(plain(value))}"
            findings.refuse("SC202", message, value.span)
        elif size is not None:
            sizes[key.text] = size
    return sizes
