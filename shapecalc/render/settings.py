"""The settings of a layer or a block as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr, pretty
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import Integer, Several
from shapecalc.layers.nested_values import Values, entries_of, shape_of
from shapecalc.shape_inference.rows import LayerReport

if TYPE_CHECKING:
    from shapecalc.architecture import Step
    from shapecalc.layers import Layer
    from shapecalc.layers.fields import Kind
    from shapecalc.shape_inference.rows import GroupReport


LETTERS = {"kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
"""Short names of fields, which a value follows without a sign."""
MOST_NUMBERS = 6
"""The most numbers of a constant that are all shown."""
MOST_LISTS = 2
"""The most lists that a step runs over whose values are shown."""
MOST_ENTRIES = 4
"""The most entries of such a list that are all shown."""
MOST_INPUTS = 3
"""The most inputs of a layer that are all named."""


def called(row: LayerReport | GroupReport, *, brief: bool = False) -> str:
    """Return a layer with its settings and its named inputs, or the repeats of a block and its arguments.

    Of many inputs the first two are named. `brief` writes short names of fields.
    """
    if isinstance(row, LayerReport):
        step = row.step
        words = settings(step.layer, brief=brief)
        if len(step.inputs) > 1:
            words += f" ({_inputs(step)})"
        return f"{words}, {_owners(step)}" if step.shares else words
    title, times = _title(row, brief=brief), row.group.times
    title = title if times is None else f"{times} × {title}"
    return f"{title}, weights of {row.group.weights}" if row.group.weights else title


def _title(row: GroupReport, *, brief: bool) -> str:
    """Return the title of a group; of runs that differ what they have in common, and the lists that they run over."""
    titles = [
        body.title or called(walk.rows[0], brief=brief) for body, walk in zip(row.group.bodies, row.runs, strict=True)
    ]
    first, *others = dict.fromkeys(titles)
    if not others:
        return first
    name, *words = first.split(" ")
    shared = [word for word in words if all(word in other.split(" ") for other in others)]
    bound = row.group.bound
    if brief or len(bound) > MOST_LISTS:
        return " ".join((name, *shared, f"over {', '.join(bound)}"))
    lists = (f"{key}={_list_text(values)}" for key, values in bound.items())
    return " ".join((name, *shared, *lists))


def _list_text(values: tuple[Any, ...]) -> str:
    """Return a list as text, without the entries in the middle of a long one.

    >>> _list_text((1, 2, 4)), _list_text((1, 2, 4, 8, 16, 32))
    ('[1, 2, 4]', '[1, 2, …, 32]')
    """
    texts = list(map(format_value, values))
    return f"[{', '.join(texts if len(texts) <= MOST_ENTRIES else (*texts[:2], '…', texts[-1]))}]"


def _inputs(step: Step) -> str:
    names = step.branches or tuple(map(_read, step.inputs))
    more = len(names) - (MOST_INPUTS - 1)
    return ", ".join(names if len(names) <= MOST_INPUTS else (*names[:-more], f"{more} more"))


def _owners(step: Step) -> str:
    if not step.apart:
        return f"weights of {step.weights}"
    apart = (_owner(step, name) for name in step.apart if step.weights or not step.owns(name))
    return ", ".join((*([f"weight of {step.weights}"] if step.weights else []), *apart))


def _owner(step: Step, name: str) -> str:
    if step.owns(name):
        return f"own {name}"
    of = step.apart[name]
    path = of.path_of_tensor if of.name != name else of.owner
    return f"{name} of {path}{' transposed' if of.transposed else ''}"


def _read(slot: str) -> str:
    # The input of a block has no name: the block's own names are gone after parsing.
    return "input" if slot.startswith("<") else slot


def settings(layer: Layer, *, brief: bool = False) -> str:
    """Return a layer with the fields that differ from their defaults, the first required one without its name.

    >>> from shapecalc.layers.conv import Conv
    >>> settings(Conv(out_channels=6, kernel_size=5, stride=1, padding=(1, 2)))
    'conv 6 kernel_size=5 padding=1x2'
    >>> settings(Conv(out_channels=6, kernel_size=5, stride=1, padding=(1, 2)), brief=True)
    'conv 6 k5 p1x2'
    """
    fields = fields_of(type(layer))
    lead = next((field.name for field in fields.values() if field.required), layer.main)
    words = [layer.type]
    for name, value in changed_fields(layer).items():
        kind = fields[name].kind
        text = _text(kind, value)
        if name != lead:
            text = f"{LETTERS[name]}{text}" if brief and name in LETTERS else f"{name}={text}"
        words.append(text)
    return " ".join(words)


def _text(kind: Kind, value: Any) -> str:
    """Return a value; of many numbers nested by axis their shape.

    >>> _text(Values(), ((1, 2.5), (3, 4))), _text(Values(), 0.5), _text(Values(), ((0,) * 7,) * 3)
    ('[[1, 2.5], [3, 4]]', '0.5', '[3, 7] values')
    """
    if isinstance(kind, Values):
        count = sum(1 for _ in entries_of(value))
        return _nested(value) if count <= MOST_NUMBERS else f"{list(shape_of(value))} values"
    # Axes are no sizes, which are joined by an x.
    is_list = isinstance(kind, Several) and (not kind.single or kind.item == Integer(minimum=None))
    return _listed(value) if is_list else format_value(value)


def _nested(value: Any) -> str:
    """Return nested lists as they are written."""
    return f"[{', '.join(map(_nested, value))}]" if isinstance(value, tuple) else format_value(value)


def _listed(value: Any) -> str:
    return f"[{', '.join(map(format_value, value))}]" if isinstance(value, tuple) else format_value(value)


def changed_fields(layer: Layer) -> dict[str, Any]:
    """Return the fields that have no default or differ from it, without those that a flag spares."""
    values = {name: getattr(layer, name) for name in fields_of(type(layer))}
    return {
        name: values[name]
        for name, field in fields_of(type(layer)).items()
        if (field.required and not (values[name] is None and layer.spares(name))) or values[name] != field.default
    }


def format_value(value: Any) -> str:
    """Return the text of a field's value.

    >>> format_value((2, (0, 1))), format_value(True), format_value(0.5), format_value(None)
    ('2x0:1', 'true', '0.5', 'null')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        if any(isinstance(one, Expr) for one in value):
            return _listed(value)
        return "x".join(f"{one[0]}:{one[1]}" if isinstance(one, tuple) else format_value(one) for one in value)
    if value is None:
        return "null"
    if isinstance(value, Expr):
        return pretty(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
