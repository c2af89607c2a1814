"""`parameters:` of a file → values by name, for `$name` and `${…}` in the layers, inputs and decoding loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Fix, Label
from shapecalc.parser.blocks import is_argument, refuse_argument
from shapecalc.parser.expressions import NAME, uses_parameters
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping as MappingOf

    from shapecalc.architecture import Input
    from shapecalc.diagnostics import Span
    from shapecalc.parser.diagnostics import Diagnostics


def read_parameters(node: Node, settings: MappingOf[str, Any], diagnostics: Diagnostics) -> dict[str, Node]:
    """Return the parameters of `{width: 64, activation: relu}` by name; `settings` replace the file's values.

    A replaced value keeps the span of the file's own, for diagnostics.
    """
    if not isinstance(node, Mapping):
        diagnostics.refuse_value("SC202", "`parameters` expects names with values such as {width: 64}", node)
        return {}
    parameters: dict[str, Node] = {}
    for name, value in node.entries:
        if not NAME.fullmatch(name.text):
            message = f"a parameter expects a name of letters, digits and `_`, receives `{shorten(name.text)}`"
            diagnostics.refuse("SC110", message, name.span)
        elif not is_argument(value):
            refuse_argument(name.text, value, diagnostics)
            parameters[name.text] = diagnostics.placeholder(value.span)
        elif any(map(uses_parameters, value.items if isinstance(value, Sequence) else (value,))):
            help_text = "write the arithmetic where the parameter is used"
            diagnostics.refuse_value("SC202", f"parameter `{name.text}` expects a value", value, help=help_text)
            parameters[name.text] = diagnostics.placeholder(value.span)
        else:
            known = name.text in settings
            parameters[name.text] = _node_of(settings[name.text], value.span) if known else value
    return parameters


def read_widths(node: Node, parameters: MappingOf[str, Node], diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return the parameters that `widths:` names: integers, which `verify --scale` divides."""
    widths = []
    items = node.items if isinstance(node, Sequence) else (node,)
    if not items:
        diagnostics.refuse("SC107", "`widths` expects at least one name, has none", head(node))
    for item in items:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            diagnostics.refuse_value("SC202", "`widths` expects names of `parameters:`", item)
        elif item.text not in parameters:
            from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

            near = closest(item.text, tuple(parameters))
            message = f"`widths` names `{shorten(item.text)}`, which is no parameter of the file"
            help_text = f"write `{near}`" if near else f"parameters: {', '.join(parameters) or 'none'}"
            fix = Fix(item.span, near) if near else None
            diagnostics.refuse("SC105", message, item.span, help=help_text, fix=fix)
        elif diagnostics.is_placeholder(parameters[item.text]):
            continue  # its value was refused before
        elif type(plain(parameters[item.text])) is not int:
            message = f"`widths` expects a parameter that is a whole number, `{item.text}` is none"
            label = Label(head(parameters[item.text]), "its value")
            diagnostics.refuse("SC105", message, item.span, labels=(label,))
        else:
            widths.append(item.text)
    return tuple(widths)


def _node_of(value: Any, span: Span) -> Node:
    """Return the node of a value, as if it were written in a file."""
    if isinstance(value, tuple | list):
        return Sequence(tuple(_node_of(item, span) for item in value), span)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Scalar(value, span, text)


def refuse_symbols(parameters: Node, inputs: Iterable[Input], symbols: Iterable[str], diagnostics: Diagnostics) -> None:
    """Refuse parameters with the name of a symbol of an input: `--set` would be ambiguous."""
    symbols = set(symbols)
    spans = [entry.span for entry in inputs if entry.span is not None]
    for name, _ in parameters.entries if isinstance(parameters, Mapping) else ():
        if name.text in symbols:
            message = f"the parameter `{name.text}` has the name of a symbol of what enters"
            labels = tuple(Label(span, "the symbol") for span in spans[:1])
            diagnostics.refuse("SC103", message, name.span, labels=labels, help="give it another name")
