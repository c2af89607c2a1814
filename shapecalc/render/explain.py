"""Explanations as text: each number with its rule, the numbers put in, and where these come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.calculators.size_formulas import factor_text
from shapecalc.diagnostics.numbers import byte_size
from shapecalc.dims import show
from shapecalc.render.settings import called
from shapecalc.render.terminal.grid import Page, escaped, wrapped
from shapecalc.render.terminal.numbers import at_sizes, grouped
from shapecalc.render.terminal.palette import BOLD, PLAIN, painted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.calculators.layer_formulas import Formula
    from shapecalc.costs.explanation import ExplainedKey, ExplainedStep, Explanation, Summand
    from shapecalc.costs.origins import NumberOrigin, WrittenAt
    from shapecalc.dims import Dim

LONGEST_LEAD = 30
"""The longest name of a number with its formula on the same line."""
MOST_SHOWN = 4
"""The most inputs or outputs of a layer, or names of one number, that are all shown."""
MOST_NAMED = 2
"""The most layers in between that are all named."""
MOST_INDENTED = 12
"""The most levels of origins that are indented; deeper ones begin in the same column."""
_GLUE = "\ue000"
"""The space within a shape, at which no line is broken."""
_SHAPE = re.compile(r"\[[^\[\]]*\]")


def text(explanation: Explanation, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the derivations of all steps."""
    writer = _ExplanationText(explanation, Page(width, color, unicode))
    blocks: list[list[str]] = []
    for step in explanation.steps:
        lines = [*writer.step(step)]
        if step.like:
            blocks[-1] += lines
        else:
            blocks.append(lines)
    return "\n\n".join("\n".join(lines) for lines in blocks)


class _ExplanationText:
    """The lines of an explanation."""

    def __init__(self, explanation: Explanation, page: Page) -> None:
        self._report = explanation.report
        self._page = page

    def step(self, step: ExplainedStep) -> Iterator[str]:
        """Yield the lines of a layer, a block or the network."""
        if step.like:
            yield self._line(f"{step.path}: as {step.like}")
            return
        yield from self._heading(step)
        for key in step.keys:
            yield ""
            yield from self._key(key)
        if step.origins:
            yield ""
            yield self._line("where", style=BOLD)
            yield from self._origins(step.origins, 1)

    def _heading(self, step: ExplainedStep) -> Iterator[str]:
        row = step.row
        if row is None:
            yield self._line(f"{step.path or self._report.architecture.name}, the sum of its layers", style=BOLD)
            return
        line = f", line {row.line}" if row.line is not None else ""
        file = row.file(self._report.architecture.file)
        yield self._line(f"{row.path}: {called(row)}{line}{f' of {file}' if file else ''}", style=BOLD)
        if row.inputs:
            yield self._line(_several("input", list(map(show, row.inputs))))
        names = [f"{name} " if len(row.outputs) > 1 else "" for name in row.outputs]
        outputs = [f"{name}{show(shape)}" for name, shape in zip(names, row.outputs.values(), strict=True)]
        yield self._line(_several("output", outputs))

    def _key(self, key: ExplainedKey) -> Iterator[str]:
        sizes = f", at {at_sizes(key.at)}" if key.at else ""
        yield self._line(key.key + self._result(key) + sizes, style=BOLD)
        for name, formulas in _together(key.formulas):
            yield from self._formula(name, formulas)
        yield from self._parts(key.parts)
        for note in key.notes:
            yield self._line(note, lead="  ")

    def _result(self, key: ExplainedKey) -> str:
        if key.key == "output":
            return ""
        if key.unit and isinstance(key.result, int):
            return f" = {grouped(key.result)} {key.unit} ({byte_size(key.result)})"
        return f" = {grouped(key.result)}"

    def _formula(self, name: str, formula: Formula) -> Iterator[str]:
        """Yield the rule, the rule with the numbers put in, and the result."""
        lead = f"  {name} = "
        if formula.shape or len(lead) > LONGEST_LEAD:
            shape = f" [{', '.join(formula.shape)}]" if formula.shape else ""
            yield self._line(f"{name}{shape}", lead="  ")
            lead = "    = "
        result = grouped(formula.result)
        rows = [formula.rule, formula.numbers] if not formula.is_plain else []
        rows = rows[1:] if rows[:1] == [name] else rows
        first, *others = dict.fromkeys([*rows, result])
        yield self._line(first, lead=lead)
        for row in others:
            yield self._line(row, lead=f"{'= ':>{len(lead)}}")

    def _parts(self, parts: Sequence[Summand]) -> Iterator[str]:
        """Yield the summands of a total, a line each."""
        texts = [(f"{grouped(each.times)} × " if each.times > 1 else "") + grouped(each.value) for each in parts]
        room = max(map(len, texts), default=0)
        for each, shown in zip(parts, texts, strict=True):
            yield self._line(each.path, lead=f"  {escaped(shown, unicode=self._page.unicode):>{room}}  ")

    def _origins(self, origins: Iterable[NumberOrigin], level: int) -> Iterator[str]:
        for each in origins:
            yield from self._origin(each, level)

    def _origin(self, origin: NumberOrigin, level: int) -> Iterator[str]:
        """Yield where numbers come from, and below it where the numbers of that formula come from."""
        indent = "  " * min(level, MOST_INDENTED)
        last, same = _first_of_same_value(origin)
        whence = _whence(last._replace(through=()) if same else last)
        names = origin.names if len(origin.names) <= MOST_SHOWN else (origin.names[0], "…", origin.names[-1])
        head = f"{' = '.join(names)} = {_value(origin.value)} ← {whence}"
        if same:
            head += f", then the same from {_listed(same, len(same))}"
        formula = last.formula
        if formula is None or formula.is_plain:
            yield self._line(head, lead=indent, hang=4)
            yield from self._origins(last.origins, level + 1)
            return
        yield self._line(f"{head}:", lead=indent, hang=4)
        yield self._line(formula.rule, lead=f"{indent}    ")
        yield self._line(formula.numbers, lead=f"{indent}  = ")
        yield from self._origins(last.origins, level + 1)

    def _line(self, content: str, *, lead: str = "", style: str = PLAIN, hang: int = 0) -> str:
        """Return a text in lines that fit, in which no shape is broken; lines after the first begin `hang` further."""
        page = self._page
        shown, lead = escaped(content, unicode=page.unicode), escaped(lead, unicode=page.unicode)
        if page.width is None:
            return lead + painted(shown, style, color=page.color)
        room = max(page.width - len(lead) - hang, 1)
        glued = _SHAPE.sub(lambda shape: shape[0].replace(" ", _GLUE) if len(shape[0]) <= room else shape[0], shown)
        lines = [painted(line.replace(_GLUE, " "), style, color=page.color) for line in wrapped(glued, room)]
        return lead + ("\n" + " " * (len(lead) + hang)).join(lines)


def _first_of_same_value(origin: NumberOrigin) -> tuple[NumberOrigin, tuple[str, ...]]:
    """Return the first layer that gave an axis its size, and the layers after it that compute the same size."""
    same: list[str] = []
    while origin.kind == "layer" and len(origin.origins) == 1:
        before = origin.origins[0]
        if before.kind != "layer" or before.formula is None or before.value != origin.value:
            break
        same.append(origin.path)
        origin = before
    return origin, tuple(same[::-1])


def _several(word: str, texts: Sequence[str]) -> str:
    """Return the inputs or the outputs of a layer, of many the first ones and their number."""
    if len(texts) == 1:
        return f"{word} {texts[0]}"
    if len(texts) <= MOST_SHOWN:
        return f"{word}s {', '.join(texts)}"
    return f"{len(texts):,} {word}s {', '.join(texts[: MOST_SHOWN - 1])}, …"


def _together(formulas: Iterable[Formula]) -> Iterator[tuple[str, Formula]]:
    """Yield formulas with their names: of tensors, and of axes next to each other, with the same numbers one."""
    groups: list[tuple[list[str], Formula]] = []
    for each in formulas:
        is_alone = each.is_plain or (not each.shape and " " not in each.rule)
        others = groups if each.shape else groups[-1:]
        alike = (names for names, first in others if (first.shape, first.numbers) == (each.shape, each.numbers))
        known = None if is_alone else next(alike, None)
        if known is None:
            groups.append(([each.name], each))
        else:
            known.append(each.name)
    for names, first in groups:
        yield (", " if first.shape else " = ").join(names), first


def _whence(origin: NumberOrigin) -> str:
    """Return where a number comes from, in words."""
    through = f", through {_listed(origin.through, origin.passes)}" if origin.through else ""
    if origin.kind == "default":
        return "default" if not origin.note else f"{origin.note} of {origin.path}, default{through}"
    if origin.kind in ("field", "parameter"):
        of = f"{origin.note} of {origin.path}" if origin.note else ""
        places = " ← ".join(_place(each, origin.value) for each in origin.written)
        return f"{of}{', ' if of and places else ''}{places or ('' if of else 'field')}{through}"
    if origin.kind == "output":
        return "this layer's output"
    line = "".join(f"line {each.line}{f' of {each.file}' if each.file else ''}" for each in origin.written)
    if origin.kind == "input":
        return f"{origin.path} {origin.note}{f', {line}' if line else ''}{through}"
    above = ", as above" if origin.kind == "seen" else ""
    return f"{origin.path} ({', '.join(filter(None, (origin.type, line)))}){through}{above}"


def _value(value: Dim | float) -> str:
    return factor_text(value) if isinstance(value, float) else grouped(value)


def _place(each: WrittenAt, value: Dim | float) -> str:
    """Return a line, with the text there unless that is the value itself."""
    file = f" of {each.file}" if each.file else ""
    written = "" if each.text in ("", str(value)) else f" `{each.text}`"
    return f"line {each.line}{file}{written}"


def _listed(paths: Sequence[str], count: int) -> str:
    """Return layers in their order, of several the first and the last."""
    if count <= MOST_NAMED:
        return ", ".join(paths)
    return f"{count} layers ({paths[0]} … {paths[-1]})"
