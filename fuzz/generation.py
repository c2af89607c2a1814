"""Choices, as bytes → architectures that are mostly legal: steps, branches, blocks and repeats over all layers."""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fuzz.words import HOSTILE
from shapecalc.diagnostics import LayerError, ShapecalcError
from shapecalc.files.load import loads
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.shape_inference.engine import infer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.layers.base import Field

T = TypeVar("T")
MOST_STEPS = 12
DEEPEST = 2
DIMS = ("N", "B", "T", "H", "W", "C", 1, 2, 3, 4, 7, 8, 16, 31)
INPUTS = (
    *("[N, 3, H, W]", "[N, 8]", "[N, T, 8]", "[N, 4, T]", "{shape: [N, T], dtype: int64}", "[N, 4, D, H, W]"),
    *("[N, 8, 16, 16]", "[2, 3, 32, 32]", "[N, T, 16]", "[H]", "[N, C, H, H]", "[B, 4, H, H]", "[T, N, 8]"),
)
VALUES = (
    *(1, 2, 3, 4, 5, 7, 8, 16, 0, -1, -2, 6, 32, True, False, None, 0.5, 1.5, "same", "valid", "H", "T", "2*H", "N*T"),
    *([1, 2], [3, 1], [2, 2], [1, -1], [-1, 4], [0, 2, 1], [[1, 1], [0, 2]], [3, 3, 3], [-1], "tanh", "sum", "mean"),
)
REPEATS = ("2", "{w: [8, 16]}", "{w: [4, 4, 8], run: 3}", "{w: $widths}", "{w: [8], on: [false]}")
"""What a call of the block is repeated over; `w` is its argument."""
CONDITIONS = ("true", "false", '"${2 > 1}"', '"${wide == 8}"', "$on", "$wide")
TENSORS = ("parameter: {shape: [8]}", "buffer: {shape: [1, 3, 1, 1]}", "constant: 2", "constant: {values: [1, 2]}")
REMARKS = ("", "", "  # a remark", *(f"  # {text}" for text in HOSTILE))


class Choices:
    """A row of bytes, each of which decides something; zeros where it is at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes have decided nothing yet."""
        return max(0, len(self._data) - self._at)

    def number(self, below: int) -> int:
        """Return a number from 0; one byte decides, two where that has too few values."""
        value = 0
        for _ in range(1 if below <= 256 else 2):
            value = value * 256 + (self._data[self._at] if self._at < len(self._data) else 0)
            self._at += 1
        return value % below

    def one(self, among: Sequence[T]) -> T:
        """Return one of several."""
        return among[self.number(len(among))]

    def happens(self, percent: int) -> bool:
        """Return whether something happens that does so in so many of a hundred cases."""
        return self.number(100) >= 100 - percent


class Generated(NamedTuple):
    """A layer as it is written: its fields with the values that each takes, required ones first."""

    type: str
    reads: int
    required: int
    fields: tuple[tuple[str, tuple[Any, ...]], ...]


@cache
def layers() -> tuple[Generated, ...]:
    """Return every layer word, those of few demands several times: what fails early shows nothing of what follows."""
    found = []
    for word, cls in layer_types().items():
        fields = sorted(fields_of(cls).values(), key=lambda field: not field.required)
        legal = tuple((field.name, tuple(filter(partial(takes, field), VALUES)) or VALUES) for field in fields)
        kind = Generated(word, cls.takes[0], sum(field.required for field in fields), legal)
        found += [kind] * (1 if kind.required or kind.reads > 1 else 2)
    return tuple(found)


def takes(field: Field, value: Any) -> bool:
    """Return whether a field takes a value, as far as it can tell by itself."""
    try:
        field.kind.check(field.name, tupled(value))
    except (LayerError, TypeError):
        return value is None and field.nullable
    return True


def tupled(value: Any) -> Any:
    """Return a value with tuples for lists, as fields have them."""
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def architecture(choices: Choices, *, hostile: bool = False) -> str:
    """Return the text of a file; with `hostile`, names and remarks are pieces that some sink might obey.

    A step that does not fit what comes before it is mostly left out.
    """
    remark = f"  # {choices.one(HOSTILE)}" if hostile else ""
    named = quoted("".join(choices.one(HOSTILE) for _ in range(1 + choices.number(3)))) if hostile else "net"
    rows = [f"name: {named}{remark}", *_inputs(choices)]
    body = choices.happens(25)
    if body:
        rows += ["parameters: {widths: [8, 16], wide: 8, on: true}", "blocks:", "  twice:"]
        rows += ["    parameters: [width: 8]", "    layers:"]
        rows += _steps(choices, "      ", DEEPEST, 2, body=False, hostile=False)
        if choices.happens(30):
            rows.append("    outputs: {y: n0, x: input}")
    rows.append("layers:")
    fits = False
    for number in range(1 + choices.number(MOST_STEPS)):
        step = _step(choices, "  ", 0, number, body=body, hostile=hostile)
        if choices.happens(2) or inferred("\n".join([*rows, *step])):
            rows += step
            fits = True
        if choices.left == 0:
            break
    if not fits:
        rows.append("  - identity")
    if choices.happens(15):
        rows.append(f"expect: {{params: {choices.one(('0', '<= 5K', '80 ± 2%', '10 .. 20M'))}, output: [N, 10]}}")
    return "\n".join(rows) + "\n"


def inferred(text: str) -> bool:
    """Return whether a text is read, and its shapes fit."""
    try:
        return infer(loads(text))[0] is not None
    except ShapecalcError:
        return False


def _inputs(choices: Choices) -> list[str]:
    if choices.happens(20):
        given = (choices.one(INPUTS), choices.one(INPUTS))
        rows = [f"inputs: {{a: {given[0]}, b: {given[1]}}}"]
    else:
        given = (choices.one(INPUTS),)
        if choices.happens(20):
            given = (f"[{', '.join(str(choices.one(DIMS)) for _ in range(choices.number(6)))}]",)
        rows = [f"input: {given[0]}"]
    symbols = [name for name in "HTWCD" if any(name in shape for shape in given)]
    if symbols and choices.happens(20):
        rows.append(f"sizes: {{{choices.one(symbols)}: {1 + choices.number(64)}}}")
    if symbols and choices.happens(15):
        name = choices.one(symbols)
        rows.append(f'where: ["{choices.one((f"{name} >= 8", f"{name} % 4 == 0", f"{name} <= 5", f"2*{name} > 9"))}"]')
    return rows


def _steps(choices: Choices, indent: str, depth: int, most: int, *, body: bool, hostile: bool) -> list[str]:
    rows: list[str] = []
    for number in range(1 + choices.number(most)):
        rows += _step(choices, indent, depth, number, body=body, hostile=hostile)
    return rows


def _step(choices: Choices, indent: str, depth: int, number: int, *, body: bool, hostile: bool) -> list[str]:
    kind = choices.number(16)
    if kind == 0 and depth < DEEPEST:
        rows = [f"{indent}- {choices.one(('add', 'concat', 'multiply'))}:"]
        for branch in ("main", "side"):
            rows.append(f"{indent}    {branch}:")
            rows += _steps(choices, f"{indent}      ", depth + 1, 2, body=body, hostile=hostile)
        return [*rows, f"{indent}    rest: []"] if choices.happens(50) else rows
    if kind == 1 and body:
        argument = choices.one(("8", "{}", "{width: 16}", "$w", "{width: $w}"))
        return [f"{indent}- {{twice: {argument}, repeat: {choices.one(REPEATS)}, name: n{number}}}"]
    if kind == 2:
        return [f"{indent}- {{{choices.one(TENSORS)}, name: n{number}}}"]
    return [_layer(choices, indent, number, hostile=hostile)]


def _layer(choices: Choices, indent: str, number: int, *, hostile: bool) -> str:
    kind = choices.one(layers())
    count = kind.required + (choices.number(4) if choices.happens(40) else 0)
    values = (
        f"{name}: {flow(choices.one(VALUES if choices.happens(2) else legal))}" for name, legal in kind.fields[:count]
    )
    keys = [f"{kind.type}: {{{', '.join(values)}}}"]
    if choices.happens(20):
        keys.append(f"name: n{number}")
    elif hostile and choices.happens(5):
        keys.append(f"name: {quoted(choices.one(HOSTILE))}")
    if kind.reads > 1:
        keys.append(f"from: [{', '.join(['input', 'a', 'b', 'n0'][choices.number(4)] for _ in range(kind.reads))}]")
    elif choices.happens(6):
        keys.append(f"from: {choices.one(('input', 'a', 'b', '[input, input]', 'n0', 'n1', 'n2', '[n0, n1]'))}")
    if choices.happens(8):
        keys.append(f"repeat: {choices.one((1, 2, 3, 50))}")
    if choices.happens(6):
        keys.append(f"when: {choices.one(CONDITIONS)}")
    if choices.happens(3):
        keys.append(f"share: {{weight: n{choices.number(4)}.weight}}")
    elif choices.happens(3):
        keys[0] = f"share: n{choices.number(4)}"
    return f"{indent}- {{{', '.join(keys)}}}{choices.one(REMARKS) if hostile else ''}"


def flow(value: Any) -> str:
    """Write a value as YAML in one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def quoted(text: str) -> str:
    """Write a text as YAML between double quotes: as it is where YAML has it so, else escaped."""
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
