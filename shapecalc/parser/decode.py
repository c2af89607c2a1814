"""`decode:` → the loop that uses each chosen symbol as the next input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.architecture import Decode, Step
from shapecalc.diagnostics import Fix
from shapecalc.layers import layer_types
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.parser.scalars import shorten
from shapecalc.parser.tree import Mapping, Node, Scalar, head

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from shapecalc.architecture import Input
    from shapecalc.parser.diagnostics import Diagnostics
    from shapecalc.parser.scopes import Scope

KEYS = ("token", "scores", "states", "start", "end", "max_length", "beam")
_NAMES = {
    **dict.fromkeys(("input", "feed", "inputids", "tokens"), "token"),
    **dict.fromkeys(("logits", "output", "probabilities"), "scores"),
    **dict.fromkeys(("state", "carry", "hidden"), "states"),
    **dict.fromkeys(("bos", "bostokenid", "sos", "starttoken"), "start"),
    **dict.fromkeys(("eos", "eostokenid", "stop", "endtoken"), "end"),
    **dict.fromkeys(("length", "maxnewtokens", "maxlen"), "max_length"),
    **dict.fromkeys(("numbeams", "beamsize", "beamwidth", "width"), "beam"),
}
"""Other tools' names of these keys, folded (`suggestions.fold`)."""


def read_decode(
    node: Node, inputs: tuple[Input, ...] | None, scope: Scope, outputs: MappingOf[str, str], diagnostics: Diagnostics
) -> Decode | None:
    """Return the decoding loop of a file; None if it is refused."""
    if not isinstance(node, Mapping):
        diagnostics.refuse_value("SC202", "`decode` expects keys such as {token: input, end: 2}", node)
        return None
    entries = diagnostics.keys(node, KEYS, "`decode`", names=_NAMES)
    if "token" not in entries:
        help_text = "add `token:` and the name of the input that takes the chosen symbol"
        diagnostics.refuse("SC108", "`decode` requires `token:`", head(node), help=help_text)
    token = _token(entries["token"], inputs, diagnostics) if "token" in entries else None
    scores = next(iter(outputs.values())) if len(outputs) == 1 else ""
    if "scores" in entries:
        slots = scope.references(entries["scores"], "", "", "decode.scores")
        if slots is not None and len(slots) > 1:
            diagnostics.refuse("SC202", "`decode.scores` expects the name of one step", head(entries["scores"]))
        scores = slots[0] if slots else ""
    elif len(outputs) > 1:
        message = f"`decode` expects `scores:`, for {len(outputs)} values leave"
        diagnostics.refuse("SC108", message, head(node), help=f"add `scores: {next(iter(outputs.values()))}`")
    states = _states(entries["states"], scope, diagnostics) if "states" in entries else ()
    numbers: dict[str, Any] = {
        key: _number(entries[key], key, least, diagnostics)
        for key, least in (("start", 0), ("end", 0), ("max_length", 1), ("beam", 1))
        if key in entries
    }
    if token is None or not scores:
        return None
    given = {key: number for key, number in numbers.items() if number is not None}
    return Decode(token, scores, states, spans={key: entry.span for key, entry in entries.items()})._replace(**given)


def _token(node: Node, inputs: tuple[Input, ...] | None, diagnostics: Diagnostics) -> str | None:
    name = node.value if isinstance(node, Scalar) else None
    if not isinstance(name, str) or not isinstance(node, Scalar):
        diagnostics.refuse_value("SC202", "`decode.token` expects the name of an input", node)
        return None
    if inputs is None:
        return None
    known = {entry.name: entry for entry in inputs}
    if name not in known:
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        near = closest(name, tuple(known))
        help_text = f"write `{near}`" if near else f"inputs: {', '.join(known)}"
        message = f"`decode.token` names `{shorten(name)}`, which is no input"
        diagnostics.refuse("SC104", message, node.span, help=help_text, fix=Fix(node.span, near) if near else None)
        return None
    if known[name].dtype != "int64":
        message = f"`decode.token` expects an input of int64, `{name}` is {known[name].dtype}"
        help_text = f"declare whole numbers: `{name}: {{shape: [N, T], dtype: int64}}`"
        diagnostics.refuse("SC206", message, head(node), help=help_text)
        return None
    return name


def _states(node: Node, scope: Scope, diagnostics: Diagnostics) -> tuple[str, ...]:
    slots = scope.references(node, "", "", "decode.states") or ()
    if not scope.complete:
        return slots  # a step that could not be read may be any of these
    layers = {step.path: step.layer for step in scope.steps if isinstance(step, Step)}
    for slot in slots:
        layer = layers.get(slot)
        if layer is None or not layer.carries_state:
            what = f"a `{layer.type}`" if layer is not None else "none"
            words = ", ".join(f"`{word}`" for word, cls in layer_types().items() if cls.carries_state)
            message = f"`decode.states` expects steps that carry states ({words}), `{shorten(slot)}` is {what}"
            diagnostics.refuse("SC202", message, head(node))
        elif getattr(layer, "bidirectional", False):
            message = f"`decode.states` expects steps that read forwards, `{shorten(slot)}` is bidirectional"
            diagnostics.refuse(
                "SC205", message, head(node), help="what comes after a symbol is not known while decoding"
            )
    return tuple(dict.fromkeys(slots))


def _number(node: Node, key: str, least: int, diagnostics: Diagnostics) -> int | None:
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is not int:
        digits = isinstance(value, str) and value.isascii() and value.isdigit()
        diagnostics.refuse_value(
            "SC202",
            f"`decode.{key}` expects a whole number",
            node,
            help=f"write `{value}` without quotes" if digits else None,
            fix=Fix(node.span, str(value)) if digits else None,
        )
    elif not least <= value <= LARGEST_DIM:
        message = f"`decode.{key}` expects {least} to {LARGEST_DIM}, receives {value}"
        diagnostics.refuse("SC201", message, head(node))
    else:
        return value
    return None
