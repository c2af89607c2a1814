"""`blocks:` → templates with parameters; the call of a block → its steps with the arguments substituted."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Origin
from shapecalc.diagnostics import Fix, Label, Span
from shapecalc.layers import layer_type
from shapecalc.layers.fields import said
from shapecalc.parser.expressions import NAME, ExpressionError, names_used, uses_parameters, value_of
from shapecalc.parser.findings import head
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Container, Mapping as MappingOf

    from shapecalc.parser.findings import Findings

BLOCK_KEYS = ("parameters", "inputs", "layers")
_NAMES = {
    **dict.fromkeys(("params", "arguments", "args", "parameter"), "parameters"),
    **dict.fromkeys(("steps", "body", "modules"), "layers"),
    **dict.fromkeys(("input", "reads"), "inputs"),
}
"""Other names of these keys, folded (`suggestions.fold`)."""

DEFAULT_INPUTS = ("input",)
"""The names of a block's inputs by default."""


class Parameter(NamedTuple):
    """One parameter of a block; it is required if it has no default."""

    name: Scalar
    default: Node | None


class Block(NamedTuple):
    """A template: its name in the definition, its parameters, its inputs, and its steps as written."""

    name: Scalar
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    layers: Node


def read_blocks(node: Node, findings: Findings) -> dict[str, Block]:
    """Return the blocks by name, without those that are refused."""
    if not isinstance(node, Mapping):
        message = f"`blocks` expects names with `layers:` below each, receives {said(plain(node))}"
        findings.refuse("SC202", message, head(node), help="write `blocks: {name: {parameters: […], layers: […]}}`")
        return {}
    blocks = {}
    for name, value in node.entries:
        block = _block(name, value, findings)
        if block is not None:
            blocks[name.text] = block
    return blocks


def _block(name: Scalar, node: Node, findings: Findings) -> Block | None:
    if layer_type(name.text) is not None:
        message = f"a block expects a name of its own: `{name.text}` is a layer type"
        findings.refuse("SC103", message, name.span, help=f"call it `{name.text}_block`, or another name")
        return None
    if not NAME.fullmatch(name.text):
        message = f"the name of a block expects a letter, then letters, digits or `_`, receives `{shorten(name.text)}`"
        findings.refuse("SC110", message, name.span)
        return None
    if not isinstance(node, Mapping):
        message = f"block `{name.text}` expects `layers:` below it, receives {said(plain(node))}"
        written = "layers: […]" if isinstance(node, Sequence) else "parameters: […], layers: […]"
        findings.refuse("SC202", message, head(node), help=f"write `{name.text}: {{{written}}}`")
        return None
    entries = findings.keys(node, BLOCK_KEYS, f"block `{name.text}`", names=_NAMES)
    if "layers" not in entries:
        findings.refuse("SC108", f"block `{name.text}` expects `layers:`, has none", name.span)
        return None
    parameters = _parameters(entries["parameters"], name, findings) if "parameters" in entries else ()
    inputs = _inputs(entries["inputs"], name, findings) if "inputs" in entries else DEFAULT_INPUTS
    return Block(name, parameters, inputs, entries["layers"])


def _parameters(node: Node, block: Scalar, findings: Findings) -> tuple[Parameter, ...]:
    """Return the parameters of `[channels, stride: 1]`: a bare name is required, `name: value` has a default."""
    if not isinstance(node, Sequence):
        message = f"`parameters` expects a list such as [channels, stride: 1], receives {said(plain(node))}"
        findings.refuse("SC202", message, head(node))
        return ()
    parameters: dict[str, Parameter] = {}
    for item in node.items:
        name, default = item, None
        if isinstance(item, Mapping) and len(item.entries) == 1:
            name, default = item.entries[0]
        if not isinstance(name, Scalar) or not isinstance(name.value, str) or not NAME.fullmatch(name.text):
            message = f"a parameter of `{block.text}` expects a name, or `name: value`, receives {said(plain(item))}"
            findings.refuse("SC202", message, head(item))
        elif name.text in parameters:
            first = parameters[name.text].name.span
            message = f"block `{block.text}` has the parameter `{name.text}` twice"
            findings.refuse("SC103", message, name.span, labels=(Label(first, "first here"),))
        elif default is not None and not is_argument(default):
            refuse_argument(name.text, default, findings)
        else:
            parameters[name.text] = Parameter(name, default)
    _refuse_later(tuple(parameters.values()), findings)
    return tuple(parameters.values())


def _refuse_later(parameters: tuple[Parameter, ...], findings: Findings) -> None:
    """Refuse a default that uses its own parameter or a later one, whether or not a call gives it."""
    places = {parameter.name.text: position for position, parameter in enumerate(parameters)}
    for position, (name, default) in enumerate(parameters):
        used = frozenset() if default is None else names_used(default)
        first = min((at for other in used if (at := places.get(other, -1)) >= position), default=None)
        if default is not None and first is not None:
            late = parameters[first].name
            message = f"the default of `{name.text}` uses `{late.text}`, which is not known before it"
            labels = (Label(late.span, "it stands here"),)
            help_text = f"put `{late.text}` before `{name.text}`" if late is not name else None
            findings.refuse("SC105", message, head(default), labels=labels, help=help_text)


def _inputs(node: Node, block: Scalar, findings: Findings) -> tuple[str, ...]:
    items = node.items if isinstance(node, Sequence) else (node,)
    texts = [item.value for item in items if isinstance(item, Scalar) and isinstance(item.value, str)]
    names = [text for text in texts if NAME.fullmatch(text)]
    if not names or len(set(names)) != len(items):
        message = f"`inputs` of block `{block.text}` expects a list of names such as [x, skip], each once"
        findings.refuse("SC202", f"{message}, receives {said(plain(node))}", head(node))
        return DEFAULT_INPUTS
    return tuple(names)


def is_argument(node: Node) -> bool:
    """Return whether a value is valid for a parameter: a scalar or a list of scalars."""
    if isinstance(node, Sequence):
        return all(isinstance(item, Scalar) for item in node.items)
    return isinstance(node, Scalar)


def refuse_argument(name: str, node: Node, findings: Findings) -> None:
    """Refuse a value that is not valid for a parameter."""
    message = f"`{name}` expects a number, a flag, a word or a list of them, receives {said(plain(node))}"
    findings.refuse("SC202", message, head(node))


def bind(
    block: Block, word: Scalar, node: Node | None, around: MappingOf[str, Node], findings: Findings
) -> dict[str, Node] | None:
    """Return the arguments of a call by parameter, with defaults; None if they are refused.

    A single value is the first parameter's. A default may use earlier parameters and those of the file (`around`).
    """
    given = _given(block, word, node, findings)
    if given is None or not _is_complete(block, word, given, findings):
        return None
    known = seen(given, around)
    for parameter in block.parameters:
        if parameter.default is None or parameter.name.text in given:
            continue
        with findings.within(Label(word.span, "called here")):
            default = put_in(parameter.default, known, findings)
        if default is None:
            return None
        given[parameter.name.text] = default
    return {parameter.name.text: given[parameter.name.text] for parameter in block.parameters}


def seen(own: dict[str, Node], around: MappingOf[str, Node]) -> MappingOf[str, Node]:
    """Return the parameters visible in a block: its own, then those of the file; a view, not a copy."""
    return ChainMap(own, around)  # type: ignore[arg-type]  # only the first is written to


def _given(block: Block, word: Scalar, node: Node | None, findings: Findings) -> dict[str, Node] | None:
    """Return the arguments of a call by parameter, without defaults; None if one is refused."""
    given: dict[str, Node] = {}
    if findings.is_hole(node):
        return None
    if isinstance(node, Mapping):
        beside = {key.text for key, _ in node.entries}
        known = dict.fromkeys(parameter.name.text for parameter in block.parameters)
        fits = [_bind_one(block, known, entry, beside, given, findings) for entry in node.entries]
        return given if all(fits) else None
    if node is not None and not (isinstance(node, Scalar) and node.value is None):
        if not block.parameters:
            message = f"block `{word.text}` has no parameter, receives {said(plain(node))}"
            labels = (Label(block.name.span, "defined here"),)
            findings.refuse("SC202", message, head(node), labels=labels, help=f"`{word.text}` stands alone")
            return None
        if not is_argument(node):
            refuse_argument(block.parameters[0].name.text, node, findings)
            return None
        given[block.parameters[0].name.text] = node
    return given


def _is_complete(block: Block, word: Scalar, given: MappingOf[str, Node], findings: Findings) -> bool:
    """Return whether every parameter without a default is given; refuse the call if not."""
    missing = [
        parameter.name
        for parameter in block.parameters
        if parameter.default is None and parameter.name.text not in given
    ]
    if not missing:
        return True
    names = " and ".join(f"`{name.text}`" for name in missing)
    written = ", ".join(f"{name}: …" for name in [*given, *(name.text for name in missing)])
    labels = tuple(Label(name.span, "has no default") for name in missing)
    message = f"block `{word.text}` expects {names}, receives none"
    findings.refuse("SC106", message, word.span, labels=labels, help=f"write `{word.text}: {{{written}}}`")
    return False


def _bind_one(
    block: Block,
    known: MappingOf[str, None],
    entry: tuple[Scalar, Node],
    beside: Container[str],
    given: dict[str, Node],
    findings: Findings,
) -> bool:
    """Add one argument to `given`, and return whether it is valid.

    `known` has the names of the block's parameters, `beside` all names that the call gives.
    """
    key, value = entry
    name: str | None = key.text
    if name not in known:
        from shapecalc.diagnostics.suggestions import nearest  # noqa: PLC0415 - only a mistake needs it

        near = nearest(key.text, known)
        name = None if near is None else near.word
        otherwise = f"its parameters: {', '.join(known)}" if known else "it has none"
        findings.refuse(
            "SC102",
            f"unknown parameter `{shorten(key.text)}` for block `{block.name.text}`",
            key.span,
            labels=(Label(block.name.span, "defined here"),),
            help=f"write `{name}`" if name else otherwise,
            fix=Fix(key.span, near.word, safe=near.sure and near.word not in beside) if near else None,
        )
    if name is None:
        return False
    if not is_argument(value):
        refuse_argument(name, value, findings)
        return False
    given.setdefault(name, value)
    return True


def put_in_steps(node: Node, arguments: MappingOf[str, Node], findings: Findings, owner: str = "the block") -> Node:
    """Return a list of steps with the arguments substituted; a value that is refused becomes a placeholder."""
    if isinstance(node, Sequence):
        return node._replace(items=tuple(put_in_steps(item, arguments, findings, owner) for item in node.items))
    if isinstance(node, Mapping):
        entries = [(key, put_in_steps(value, arguments, findings, owner)) for key, value in node.entries]
        if not any(uses_parameters(key) for key, _ in entries):
            return node._replace(entries=tuple(entries))
    found = put_in(node, arguments, findings, owner)
    return findings.hole(node.span) if found is None else found


def put_in(node: Node, arguments: MappingOf[str, Node], findings: Findings, owner: str = "the block") -> Node | None:
    """Return a tree of values with the arguments substituted; None if one is refused.

    A substituted value has the span of the parameter's use: diagnostics show that and the call.
    """
    if isinstance(node, Scalar):
        return _used(node, arguments, findings, owner) if uses_parameters(node) else node
    if isinstance(node, Sequence):
        items = [put_in(item, arguments, findings, owner) for item in node.items]
        whole = [item for item in items if item is not None]
        return None if len(whole) != len(items) else node._replace(items=tuple(whole))
    entries = []
    for key, value in node.entries:
        word = _used(key, arguments, findings, owner) if uses_parameters(key) else key
        inner = put_in(value, arguments, findings, owner)
        if word is None or inner is None:
            return None
        if not isinstance(word, Scalar) or not isinstance(word.value, str):
            message = f"`{key.text}` stands where a word is expected, is {said(plain(word))}"
            findings.refuse("SC105", message, key.span)
            return None
        entries.append((word, inner))
    return node._replace(entries=tuple(entries))


def _used(node: Scalar, arguments: MappingOf[str, Node], findings: Findings, owner: str) -> Node | None:
    text = str(node.value)
    try:
        value = value_of(text, arguments, owner)
    except ExpressionError as error:
        if error.name is not None and findings.is_hole(arguments.get(error.name)):
            return None  # the parameter's own value was refused before
        at, fix = node.span, None
        if at.line == at.end_line and at.end_column - at.column == len(text) + 2 * node.quoted:
            first = at.column + node.quoted
            at = at._replace(column=first + error.start, end_column=first + max(error.end, error.start + 1))
            fix = None if error.replacement is None else Fix(at, error.replacement)
        labels: tuple[Label, ...] = ()
        if error.name is not None and error.name in arguments:
            given = arguments[error.name]
            labels = (Label(head(given), f"`{error.name}` is {said(plain(given))} here"),)
        findings.refuse("SC105", f"`{shorten(text)}` {error.message}", at, labels=labels, help=error.help, fix=fix)
        return None
    if isinstance(value, int):
        findings.given[node.span] = None
        return Scalar(value, node.span, str(value))
    if findings.is_hole(value):
        return None
    label = Label(head(value), f"`{shorten(text)}` is {said(plain(value))} here")
    findings.given[node.span] = Origin(label, isinstance(value, Scalar) and head(value) == value.span)
    return _moved(value, node.span)


def _moved(node: Node, span: Span) -> Node:
    if isinstance(node, Sequence):
        return Sequence(tuple(_moved(item, span) for item in node.items), span)
    return node._replace(span=span)


def argument_key(arguments: MappingOf[str, Node]) -> str:
    """Return a text that identifies the arguments; 1, 1.0 and `true` differ."""
    return repr([(name, plain(node)) for name, node in arguments.items()])


def title(word: str, node: Node | None, arguments: MappingOf[str, Node], block: Block) -> str:
    """Return the name of a call in tables: `bottleneck 64 stride=2`.

    It has the first argument, and the others that are given and differ from their defaults.
    """
    stated = {key.text for key, _ in node.entries} if isinstance(node, Mapping) else set()
    words = [word]
    for position, parameter in enumerate(block.parameters):
        name = parameter.name.text
        value = plain(arguments[name])
        if position == 0:
            words.append(_written(value))
        elif name in stated and (parameter.default is None or plain(parameter.default) != value):
            words.append(f"{name}={_written(value)}")
    return " ".join(words)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(map(_written, value))
    return "null" if value is None else str(value)
