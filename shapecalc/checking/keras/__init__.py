"""A file in Keras words → the same network in the words of this project, as a whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.keras.edits import ChangedText
from shapecalc.checking.keras.inputs import KerasInputs
from shapecalc.checking.keras.recognition import converts_together, in_keras_words, is_keras_step, order_of
from shapecalc.checking.keras.refusal import AgainError, NotConvertedError
from shapecalc.checking.keras.steps import lists_of, steps_below
from shapecalc.checking.keras.walk import Decisions, KerasWalk
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Span
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.files.load import loads_source
from shapecalc.parser.positions import offsets_of
from shapecalc.parser.reader import read_text
from shapecalc.parser.tree import Mapping, Scalar, Sequence, plain
from shapecalc.shape_inference.engine import infer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapecalc.checking.keras.recognition import Order
    from shapecalc.checking.keras.walk import KerasTensor
    from shapecalc.diagnostics import Source
    from shapecalc.shape_inference.rows import LayerReport

MOST_DECISIONS = 100
"""The most times that a file is walked."""
_COUNTS = "Keras counts other parameters for some of its layers: `inspect --params-as keras` counts as it does"


class Conversion(NamedTuple):
    """A file in Keras words, converted as a whole; if `refusal` is not None, it is left as it is."""

    text: str
    changed: tuple[ChangedText, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: Diagnostic | None = None


def convert(source: Source, folder: Path | None = None, limits: Limits = LIMITS) -> Conversion | None:
    """Return the conversion of a text; None if it is not in Keras words, or each word can be corrected on its own."""
    try:
        root = read_text(source._replace(included=()), limits)
    except ShapecalcError:
        return None
    if not isinstance(root, Mapping) or not in_keras_words(root):
        return None
    order = order_of(root)
    if not converts_together(root, order):
        return None
    try:
        return _converted(source, root, order, folder, limits)
    except NotConvertedError as error:
        return Conversion(source.text, refusal=error.diagnostic)


def with_notes(
    source: Source, diagnostics: tuple[Diagnostic, ...], folder: Path | None = None, limits: Limits = LIMITS
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a file; in Keras words none has a safe fix, and a note says what `--fix` does."""
    if not any(diagnostic.code in ("SC101", "SC102") for diagnostic in diagnostics):
        return diagnostics
    conversion = convert(source, folder, limits)
    if conversion is None:
        return diagnostics
    root = read_text(source._replace(included=()), limits)
    assert isinstance(root, Mapping)  # it was converted
    spans = [step.node.span for each in lists_of(root) for step in steps_below(each)]
    first = next((at for at, each in enumerate(diagnostics) if each.code in ("SC101", "SC102")), 0)
    result = []
    for at, diagnostic in enumerate(diagnostics):
        if diagnostic.code.startswith("SC3"):
            continue  # its sizes are on other axes than those that are meant
        fix = diagnostic.fix
        if fix is not None and fix.safe and any(_within(fix.span, span) for span in spans):
            fix = fix._replace(safe=False)
        notes = (*diagnostic.notes, _note(conversion)) if at == first else diagnostic.notes
        result.append(diagnostic._replace(fix=fix, notes=notes))
    return tuple(result)


def _note(conversion: Conversion) -> str:
    says = "the file is in Keras words, with Keras's order of axes and defaults: `check --fix`"
    if conversion.refusal is None:
        return f"{says} converts all of it"
    at = conversion.refusal.span
    where = f"line {at.line}: " if at is not None else ""
    message = conversion.refusal.message.removeprefix("not converted: ")
    help_text = f"; {conversion.refusal.help}" if conversion.refusal.help else ""
    return f"{says} changes nothing, for {where}{message}{help_text}"


def _within(span: Span, outer: Span) -> bool:
    return not span.file and (outer.line, outer.column) <= (span.line, span.column) <= (
        outer.end_line,
        outer.end_column,
    )


def _converted(source: Source, root: Mapping, order: Order, folder: Path | None, limits: Limits) -> Conversion:
    layers = root.get("layers")
    if not isinstance(layers, Sequence) or not layers.items:
        raise NotConvertedError(root.span, "the file has no list of `layers:`")
    _refuse_blocks(root)
    decisions = Decisions()
    for _ in range(MOST_DECISIONS):
        inputs = KerasInputs(source, root)
        tensors = {name: inputs.tensor(name, moved=name in decisions.moved_inputs) for name in inputs.shapes}
        walk = KerasWalk(source.text, order, decisions, tensors, _referenced(root))
        try:
            flow = next(iter(tensors.values())) if len(tensors) == 1 else None
            end = walk.steps(layers, flow)
            walk.finish(end)
        except AgainError as again:
            decisions = Decisions(
                decisions.moved_inputs | ({again.moves} if again.moves else set()),
                decisions.ordered | ({again.orders} if again.orders else set()),
            )
            continue
        changed = [*inputs.write(walk, decisions), *_expectation(walk, root, end)]
        return _checked(source, walk, changed, folder, limits)
    raise NotConvertedError(layers.span, "the file has too many layers that change the order of axes")


def _refuse_blocks(root: Mapping) -> None:
    blocks = root.get("blocks")
    for key, block in blocks.entries if isinstance(blocks, Mapping) else ():
        below = block.get("layers") if isinstance(block, Mapping) else None
        for step in steps_below(below):
            if is_keras_step(step):
                raise NotConvertedError(step.word.span, f"block `{key.text}` is in Keras words",
                                        "write its steps below `layers:`: blocks are not converted")  # fmt: skip


def _referenced(root: Mapping) -> frozenset[str]:
    """Return the names that `from:` and `outputs:` read."""
    nodes = [
        value for each in lists_of(root) for step in steps_below(each) for _, value in [step.keys.get("from", (0, 0))]
    ]
    outputs = root.get("outputs")
    if outputs is not None:
        nodes += [value for _, value in outputs.entries] if isinstance(outputs, Mapping) else [outputs]
    names: set[str] = set()
    for node in nodes:
        for each in node.items if isinstance(node, Sequence) else (node,):
            if isinstance(each, Scalar):
                names.add(each.text)
    return frozenset(names)


def _expectation(walk: KerasWalk, root: Mapping, end: KerasTensor | None) -> Iterator[ChangedText]:
    """Write the axes of `expect: {output: …}` in the order that the output has now."""
    expected = root.get("expect")
    node = expected.get("output") if isinstance(expected, Mapping) else None
    if end is None or not end.moved or not isinstance(node, Sequence) or len(node.items) != len(end.shape):
        return
    texts = [str(plain(item)) for item in node.items]
    new = f"[{', '.join((texts[0], texts[-1], *texts[1:-1]))}]"
    walk.edits.replace(node, new)
    yield ChangedText(node.span, f"[{', '.join(texts)}]", new)


def _checked(
    source: Source, walk: KerasWalk, changed: list[ChangedText], folder: Path | None, limits: Limits
) -> Conversion:
    """Return the conversion if the new text has the layers and the shapes that it was made for."""
    text = walk.edits.applied()
    try:
        architecture = loads_source(source._replace(text=text, included=()), limits, folder)
        report, mistakes = infer(architecture, symbolic=True)
    except ShapecalcError as error:
        mistakes, report = error.diagnostics, None
    if report is None:
        where = mistakes[0].span or Span(1, 1, 1, 1)
        raise NotConvertedError(
            Span(1, 1, 1, 1), f"after the conversion line {where.line} has a mistake: {mistakes[0].message}"
        )
    made = [(row.step.layer, row.output) for row in report.layers]
    if made != walk.layers:
        raise NotConvertedError(Span(1, 1, 1, 1), "its layout cannot be edited", "write each step on a line of its own")
    old = source.text
    for change in walk.changed:
        start, end = offsets_of(old, change.node.span)
        line, *more = old[start:end].splitlines()
        if line != change.after:
            changed.append(ChangedText(change.node.span, f"{line} …" if more else line, change.after))
    if any(_counts_differ(row) for row in report.layers):
        walk.notes[_COUNTS] = None
    ordered = sorted(changed, key=lambda each: (each.span.line, each.span.column))
    return Conversion(text, tuple(ordered), tuple(walk.notes))


def _counts_differ(row: LayerReport) -> bool:
    layer = row.step.layer
    keras, pytorch = (
        layer.params_as(whose, *row.inputs) + layer.non_trainable_as(whose, *row.inputs)
        for whose in ("keras", "pytorch")
    )
    return keras != pytorch
