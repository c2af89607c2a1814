"""The parts of a step: which entries of a merge are branches, and which are fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Source
from shapecalc.diagnostics.step_spans import StepSpans
from shapecalc.parser.diagnostics import Diagnostics
from shapecalc.parser.reader import read_text
from shapecalc.parser.step_keys import split_step
from shapecalc.parser.tree import plain
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.parser.step_parts import StepParts


def parts_of(step: str) -> StepParts:
    parts = split_step(read_text(Source("net.yaml", step)), {}, Diagnostics(Source("net.yaml", step)))
    assert parts is not None
    return parts


@for_each(
    "step, split",
    {
        "{add: {a: [relu], b: []}}": (["a", "b"], None),
        "{add: {other: [relu], b: []}}": (["other", "b"], None),  # a branch of the name of a field
        "{add: {other: 2}}": ([], {"other": 2}),
        "{concat: {dim: 1, a: [relu], b: {when: false, layers: []}}}": (["a", "b"], {"dim": 1}),
        "{concat: {dm: 1}, from: [a, b]}": ([], {"dm": 1}),  # a misspelt field, as several inputs are given
        "{concat: {dm: 1}, from: a}": (["dm"], None),
        "{concat: {b: [relu], dm: 1}, from: [a, b]}": (["b", "dm"], None),
        "{upsample: {size: {like: a}, mode: nearest}}": ([], {"mode": "nearest"}),
        "{upsample: {size: [4, 4]}}": ([], {"size": (4, 4)}),
    }.items(),
)
def test_a_merge_has_branches_and_fields(step: str, split: tuple[list[str], object]) -> None:
    parts = parts_of(step)
    fields = parts.fields
    assert ([key.text for key, _ in parts.branches], None if fields is None else plain(fields)) == split


def test_the_keys_of_a_step_have_spans() -> None:
    step = "{linear: 3, from: a, share: {weight: b.weight}}"
    parts = parts_of(step)
    spans = parts.with_key_spans(StepSpans(parts.type_node.span, {}))
    columns = {key: step[span.column - 1 : span.end_column - 1] for key, span in spans.fields.items()}
    assert columns == {("share", "weight"): "b.weight", ("share", "weight", "name"): "weight"}
    assert spans.inputs is not None
    assert step[spans.inputs.column - 1] == "a"
