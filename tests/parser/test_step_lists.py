"""Lists of steps before their steps are read: those that are no list, and names in them."""

from __future__ import annotations

from shapecalc.diagnostics import Source
from shapecalc.parser.reader import read_text
from shapecalc.parser.step_lists import name_spans, written_name
from shapecalc.parser.tree import Sequence
from tests.support.networks import HEAD, findings
from tests.support.rows import for_each


@for_each(
    "text, message",
    {
        "layers: []\n": "`layers` expects at least one step, has none",
        "layers: \n": "`layers` expects at least one step, has none",
        "layers: 3\n": "`layers` expects a list of steps, receives 3",
    }.items(),
)
def test_what_is_no_list_of_steps_is_refused(text: str, message: str) -> None:
    assert [(finding.code, finding.message) for finding in findings(HEAD + text)] == [("SC107", message)]


LAYERS_BY_NAME = """\
input: [N, 3, 8, 8]
layers:
  first: {conv: {out_channels: 4, kernel_size: 3}}
  second: {batch_norm: {num_features: 5}}
  third: {type: relu}
"""


def test_steps_that_are_keys_with_their_names_are_one_mistake_and_read_all_the_same() -> None:
    layout, size = findings(LAYERS_BY_NAME)
    assert (layout.code, size.code) == ("SC107", "SC301")
    assert layout.help == "write a list of steps, each with its name: `- {conv: …, name: first}`"
    assert len(findings(LAYERS_BY_NAME.replace("num_features: 5", ""))) == 1


def test_steps_without_dashes_are_told_to_begin_with_one() -> None:
    (finding,) = findings("input: [N, 3, 8, 8]\nlayers:\n  conv: {out_channels: 4, kernel_size: 3}\n  relu:\n")
    assert (finding.code, finding.help) == ("SC107", "begin each step with `- `")


def test_names_are_those_that_are_written() -> None:
    steps = read_text(Source("net.yaml", "[{relu: , name: a}, relu, {tanh: , name: [b]}]"))
    assert isinstance(steps, Sequence)
    assert [written_name(step) for step in steps.items] == ["a", None, None]
    assert list(name_spans(steps.items)) == ["a"]
