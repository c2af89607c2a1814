"""`blocks:` → templates with parameters; the call of a block → its steps with the arguments substituted."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Fix, Label
from shapecalc.layers import layer_type
from shapecalc.layers.refusals import said
from shapecalc.parser.expressions import NAME as PARAMETER_NAME, names_used
from shapecalc.parser.names import confusing, is_name, looks_as
from shapecalc.parser.scalars import shorten
from shapecalc.parser.substitution import substitute
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Container, Mapping as MappingOf

    from shapecalc.parser.diagnostics import Diagnostics

BLOCK_KEYS = ("parameters", "inputs", "layers", "outputs")
_NAMES = {
    **dict.fromkeys(("params", "arguments", "args", "parameter"), "parameters"),
    **dict.fromkeys(("steps", "body", "modules"), "layers"),
    **dict.fromkeys(("input", "reads"), "inputs"),
    **dict.fromkeys(("output", "returns", "gives"), "outputs"),
}
"""Other names of these keys, folded (`suggestions.fold`)."""

DEFAULT_INPUTS = ("input",)
"""The names of a block's inputs by default."""


class Parameter(NamedTuple):
    """One parameter of a block; it is required if it has no default."""

    name: Scalar
    default: Node | None


class Block(NamedTuple):
    """A template: its name in the definition, its parameters, its inputs, and its steps as written.

    `outputs` has the names of its outputs with those of the steps that give them; empty if it has one without a name.
    """

    name: Scalar
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    layers: Node
    outputs: tuple[tuple[Scalar, Node], ...] = ()


def read_blocks(node: Node, diagnostics: Diagnostics) -> dict[str, Block]:
    """Return the blocks by name, without those that are refused."""
    if not isinstance(node, Mapping):
        help_text = "write `blocks: {name: {parameters: […], layers: […]}}`"
        diagnostics.refuse_value("SC202", "`blocks` expects names with `layers:` below each", node, help=help_text)
        return {}
    blocks = {}
    for name, value in node.entries:
        block = _block(name, value, diagnostics)
        if block is not None:
            blocks[name.text] = block
    return blocks


def _block(name: Scalar, node: Node, diagnostics: Diagnostics) -> Block | None:
    cls = layer_type(looks_as(name.text))
    if cls is not None and (cls.reserves_name or not name.text.isascii()):
        alike = "" if name.text.isascii() else f"looks like `{looks_as(name.text)}`, which "
        message = f"a block expects a name of its own: `{name.text}` {alike}is a layer type"
        diagnostics.refuse("SC103", message, name.span, help=f"call it `{name.text}_block`, or another name")
        return None
    if not is_name(name.text):
        message = f"the name of a block expects a letter, then letters, digits or `_`, receives `{shorten(name.text)}`"
        diagnostics.refuse("SC110", message, name.span, label=confusing(name.text))
        return None
    if not isinstance(node, Mapping):
        message = f"block `{name.text}` expects `layers:` below it, receives {said(plain(node))}"
        written = "layers: […]" if isinstance(node, Sequence) else "parameters: […], layers: […]"
        diagnostics.refuse("SC202", message, head(node), help=f"write `{name.text}: {{{written}}}`")
        return None
    entries = diagnostics.keys(node, BLOCK_KEYS, f"block `{name.text}`", names=_NAMES)
    if "layers" not in entries:
        diagnostics.refuse("SC108", f"block `{name.text}` requires `layers:`", name.span)
        return None
    parameters = _parameters(entries["parameters"], name, diagnostics) if "parameters" in entries else ()
    inputs = _inputs(entries["inputs"], name, diagnostics) if "inputs" in entries else DEFAULT_INPUTS
    outputs = _outputs(entries["outputs"], name, diagnostics) if "outputs" in entries else ()
    return Block(name, parameters, inputs, entries["layers"], outputs)


def _parameters(node: Node, block: Scalar, diagnostics: Diagnostics) -> tuple[Parameter, ...]:
    """Return the parameters of `[channels, stride: 1]`: a bare name is required, `name: value` has a default."""
    if not isinstance(node, Sequence):
        diagnostics.refuse_value("SC202", "`parameters` expects a list such as [channels, stride: 1]", node)
        return ()
    parameters: dict[str, Parameter] = {}
    for item in node.items:
        name, default = item, None
        if isinstance(item, Mapping) and len(item.entries) == 1:
            name, default = item.entries[0]
        if not isinstance(name, Scalar) or not isinstance(name.value, str) or not PARAMETER_NAME.fullmatch(name.text):
            diagnostics.refuse_value("SC202", f"a parameter of `{block.text}` expects a name, or `name: value`", item)
        elif name.text in parameters:
            first = parameters[name.text].name.span
            message = f"block `{block.text}` has the parameter `{name.text}` twice"
            diagnostics.refuse("SC103", message, name.span, labels=(Label(first, "first here"),))
        elif default is not None and not is_argument(default):
            refuse_argument(name.text, default, diagnostics)
        else:
            parameters[name.text] = Parameter(name, default)
    _refuse_forward_uses(tuple(parameters.values()), diagnostics)
    return tuple(parameters.values())


def _refuse_forward_uses(parameters: tuple[Parameter, ...], diagnostics: Diagnostics) -> None:
    """Refuse a default that uses its own parameter or a later one, whether or not a call gives it."""
    positions = {parameter.name.text: position for position, parameter in enumerate(parameters)}
    for position, (name, default) in enumerate(parameters):
        used = frozenset() if default is None else names_used(default)
        first = min((at for other in used if (at := positions.get(other, -1)) >= position), default=None)
        if default is not None and first is not None:
            late = parameters[first].name
            message = f"the default of `{name.text}` uses `{late.text}`, which is not known before it"
            labels = (Label(late.span, "it stands here"),)
            help_text = f"put `{late.text}` before `{name.text}`" if late is not name else None
            diagnostics.refuse("SC105", message, head(default), labels=labels, help=help_text)


def _inputs(node: Node, block: Scalar, diagnostics: Diagnostics) -> tuple[str, ...]:
    items = node.items if isinstance(node, Sequence) else (node,)
    texts = [item.value for item in items if isinstance(item, Scalar) and isinstance(item.value, str)]
    names = [text for text in texts if is_name(text)]
    if not names or len(set(names)) != len(items):
        message = f"`inputs` of block `{block.text}` expects a list of names such as [x, skip], each once"
        diagnostics.refuse("SC202", f"{message}, receives {said(plain(node))}", head(node))
        return DEFAULT_INPUTS
    return tuple(names)


def _outputs(node: Node, block: Scalar, diagnostics: Diagnostics) -> tuple[tuple[Scalar, Node], ...]:
    """Return the outputs of `{residual: add_2, skip: skip}`, or of a list of steps that give them their names."""
    if isinstance(node, Mapping):
        entries = node.entries
    else:
        items = node.items if isinstance(node, Sequence) else (node,)
        entries = tuple((item, item) for item in items if isinstance(item, Scalar) and isinstance(item.value, str))
        if len(entries) < len(items) or len({key.text for key, _ in entries}) < len(items):
            expected = f"`outputs` of block `{block.text}` expects names of steps, each once"
            diagnostics.refuse_value("SC202", expected, node)
            return ()
    if not entries:
        message = f"`outputs` of block `{block.text}` expects at least one name, has none"
        diagnostics.refuse("SC107", message, head(node))
    for key, _ in entries:
        if not is_name(key.text):
            message = f"an output of a block expects a name of letters, digits and `_`, receives `{shorten(key.text)}`"
            diagnostics.refuse("SC110", message, key.span, label=confusing(key.text))
            return ()
    return entries


def own_blocks(blocks: MappingOf[str, Block | None]) -> tuple[Block, ...]:
    """Return the blocks of a text itself, without those of files that it includes."""
    return tuple(block for block in blocks.values() if block is not None and not block.name.span.file)


def is_argument(node: Node) -> bool:
    """Return whether a value is valid for a parameter: a scalar or a list of scalars."""
    if isinstance(node, Sequence):
        return all(isinstance(item, Scalar) for item in node.items)
    return isinstance(node, Scalar)


def refuse_argument(name: str, node: Node, diagnostics: Diagnostics) -> None:
    """Refuse a value that is not valid for a parameter."""
    diagnostics.refuse_value("SC202", f"`{name}` expects a number, a flag, a word or a list of them", node)


def bind_arguments(
    block: Block, type_node: Scalar, node: Node | None, file_parameters: MappingOf[str, Node], diagnostics: Diagnostics
) -> dict[str, Node] | None:
    """Return the arguments of a call by parameter, with defaults; None if they are refused.

    A single value is the first parameter's. A default may use earlier parameters and `file_parameters`.
    """
    given = _given_arguments(block, type_node, node, diagnostics)
    if given is None or not _is_complete(block, type_node, node, given, diagnostics):
        return None
    known = visible(given, file_parameters)
    for parameter in block.parameters:
        if parameter.default is None or parameter.name.text in given:
            continue
        with diagnostics.within(Label(type_node.span, "called here")):
            default = substitute(parameter.default, known, diagnostics)
        if default is None:
            return None
        given[parameter.name.text] = default
    return {parameter.name.text: given[parameter.name.text] for parameter in block.parameters}


def visible(own: dict[str, Node], file_parameters: MappingOf[str, Node]) -> MappingOf[str, Node]:
    """Return the parameters visible in a block: its own, then those of the file; a view, not a copy."""
    return ChainMap(own, file_parameters)  # type: ignore[arg-type]  # only the first is written to


def _given_arguments(
    block: Block, type_node: Scalar, node: Node | None, diagnostics: Diagnostics
) -> dict[str, Node] | None:
    """Return the arguments of a call by parameter, without defaults; None if one is refused."""
    given: dict[str, Node] = {}
    if isinstance(node, Mapping) and not diagnostics.is_placeholder(node):
        names = {key.text for key, _ in node.entries}
        known = dict.fromkeys(parameter.name.text for parameter in block.parameters)
        fits = [_bind_argument(block, known, entry, names, given, diagnostics) for entry in node.entries]
        return given if all(fits) else None
    if node is not None and not (isinstance(node, Scalar) and node.value is None):
        if not block.parameters:
            message = f"block `{type_node.text}` has no parameter, receives {said(plain(node))}"
            labels = (Label(block.name.span, "defined here"),)
            diagnostics.refuse("SC202", message, head(node), labels=labels, help=f"`{type_node.text}` stands alone")
            return None
        name = block.parameters[0].name.text
        argument = _argument(name, node, diagnostics)
        if argument is None:
            return None
        given[name] = argument
    return given


def _is_complete(
    block: Block, type_node: Scalar, node: Node | None, given: MappingOf[str, Node], diagnostics: Diagnostics
) -> bool:
    """Return whether every parameter without a default is given; refuse the call if not."""
    missing = [
        parameter.name
        for parameter in block.parameters
        if parameter.default is None and parameter.name.text not in given
    ]
    if not missing:
        return True
    if node is not None and diagnostics.refused_within(node.span):
        return False
    names = " and ".join(f"`{name.text}`" for name in missing)
    written = ", ".join(f"{name}: …" for name in [*given, *(name.text for name in missing)])
    labels = tuple(Label(name.span, "has no default") for name in missing)
    message = f"block `{type_node.text}` expects {names}, receives none"
    diagnostics.refuse("SC106", message, type_node.span, labels=labels, help=f"write `{type_node.text}: {{{written}}}`")
    return False


def _bind_argument(
    block: Block,
    known: MappingOf[str, None],
    entry: tuple[Scalar, Node],
    names: Container[str],
    given: dict[str, Node],
    diagnostics: Diagnostics,
) -> bool:
    """Add one argument to `origins`, and return whether it is valid.

    `known` has the names of the block's parameters, `names` all names that the call gives.
    """
    key, value = entry
    name: str | None = key.text
    if name not in known:
        from shapecalc.diagnostics.suggestions import nearest  # noqa: PLC0415 - only a mistake needs it

        near = nearest(key.text, known)
        name = None if near is None else near.word
        otherwise = f"its parameters: {', '.join(known)}" if known else "it has none"
        diagnostics.refuse(
            "SC102",
            f"unknown parameter `{shorten(key.text)}` for block `{block.name.text}`",
            key.span,
            labels=(Label(block.name.span, "defined here"),),
            help=f"write `{name}`" if name else otherwise,
            fix=Fix(key.span, near.word, safe=near.sure and near.word not in names) if near else None,
        )
    if name is None:
        return False
    argument = _argument(name, value, diagnostics)
    if argument is None:
        return False
    given.setdefault(name, argument)
    return True


def _argument(name: str, node: Node, diagnostics: Diagnostics) -> Node | None:
    """Return a value for a parameter, a placeholder if it is not known; None if it is refused."""
    if is_argument(node):
        return node
    if diagnostics.has_placeholder(node.span):
        return diagnostics.placeholder(node.span)
    refuse_argument(name, node, diagnostics)
    return None


def unknown_arguments(block: Block, file_parameters: MappingOf[str, Node], diagnostics: Diagnostics) -> dict[str, Node]:
    """Return the arguments of a call that gives what it must: values that are not known, and defaults except null."""
    arguments: dict[str, Node] = {}
    known = visible(arguments, file_parameters)
    for name, default in block.parameters:
        value = None if default is None or plain(default) is None else substitute(default, known, diagnostics)
        arguments[name.text] = diagnostics.placeholder(name.span) if value is None else value
    return arguments


def argument_key(arguments: MappingOf[str, Node]) -> str:
    """Return a text that identifies the arguments; 1, 1.0 and `true` differ."""
    return repr([(name, plain(node)) for name, node in arguments.items()])


def call_title(type_name: str, node: Node | None, arguments: MappingOf[str, Node], block: Block) -> str:
    """Return the name of a call in tables: `bottleneck 64 stride=2`.

    It has the first argument, and the others that are given and differ from their defaults.
    """
    stated = {key.text for key, _ in node.entries} if isinstance(node, Mapping) else set()
    words = [type_name]
    for position, parameter in enumerate(block.parameters):
        name = parameter.name.text
        value = plain(arguments[name])
        if position == 0:
            words.append(_value_text(value))
        elif name in stated and (parameter.default is None or plain(parameter.default) != value):
            words.append(f"{name}={_value_text(value)}")
    return " ".join(words)


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(map(_value_text, value))
    if isinstance(value, dict):  # a placeholder
        return "…"
    return "null" if value is None else str(value)
