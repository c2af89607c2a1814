"""What a name means where: branches, blocks and repeats."""

from __future__ import annotations

import pytest

from shapecalc.architecture import Architecture, Step
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.files.load import loads
from shapecalc.parser.grammar import parse
from shapecalc.shape_inference.engine import inspect

HEAD = "input: [N, 8, 32, 32]\n"


def read(text: str) -> Architecture:
    architecture, findings, _ = parse(Source("net.yaml", HEAD + text))
    assert findings == ()
    assert architecture is not None
    return architecture


def inputs_of(text: str) -> dict[str, tuple[str, ...]]:
    return {step.path: step.inputs for step in read(text).layers}


def messages(text: str) -> list[str]:
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(HEAD + text))
    return [finding.message for finding in caught.value.diagnostics]


BRANCHES = """\
layers:
  - {relu: , name: a}
  - add:
      main:
        - {tanh: , name: a}
        - {relu: , from: a, name: near}
        - add:
            deep:
              - {relu: , from: a, name: b}
            other: []
      shortcut:
        - {relu: , from: a, name: far}
        - {relu: , from: main.a, name: across}
    name: m
  - {relu: , from: m.main.near, name: outside}
  - {relu: , from: a, name: top}
"""


def test_a_name_is_looked_for_in_the_innermost_branch_first() -> None:
    found = inputs_of(BRANCHES)
    assert found["m.main.a"] == ("a",)
    assert found["m.main.near"] == ("m.main.a",)
    assert found["m.main.add_2.deep.b"] == ("m.main.a",)
    assert found["m.main.add_2"] == ("m.main.add_2.deep.b", "m.main.near")
    assert found["m.shortcut.far"] == ("a",)
    assert found["m.shortcut.across"] == ("m.main.a",)
    assert found["outside"] == ("m.main.near",)
    assert found["top"] == ("a",)


def test_branches_begin_with_what_the_merge_reads_and_an_empty_one_passes_it() -> None:
    found = inputs_of(
        "layers:\n  - relu\n  - tanh\n  - concat: {dim: 1, l: [relu], r: [], s: [tanh, relu]}\n    from: relu_0\n"
    )
    assert found["concat_2.l.relu_0"] == ("relu_0",)
    assert found["concat_2.s.tanh_0"] == ("relu_0",)
    assert found["concat_2"] == ("concat_2.l.relu_0", "relu_0", "concat_2.s.relu_1")


def test_a_block_sees_nothing_around_it() -> None:
    text = "blocks: {b: {layers: [{relu: , from: a}]}}\nlayers:\n  - {relu: , name: a}\n  - b\n"
    assert messages(text) == ["`from` names `a`, but no earlier step has this name"]


def test_equal_names_in_a_block_and_around_it_do_not_meet() -> None:
    text = (
        "blocks: {b: {layers: [{relu: , name: a}, {tanh: , from: a}]}}\nlayers:\n  - {relu: , name: a}\n  - b\n  - b\n"
    )
    found = inputs_of(text)
    assert found["b_1.tanh_1"] == ("b_1.a",)
    assert found["b_2.a"] == ("b_1.tanh_1",)


REPEATED = """\
layers:
  - {relu: , name: a}
  - {tanh: , name: b}
  - add:
      main: [relu]
      kept:
        - {tanh: , from: a}
    repeat: 2
    name: r
"""


def test_a_repeated_merge_sees_outside_and_reads_the_same_there_in_every_run() -> None:
    found = inputs_of(REPEATED)
    assert [found[f"r.{run}.main.relu_0"] for run in (0, 1)] == [("b",), ("r.0",)]
    assert [found[f"r.{run}.kept.tanh_0"] for run in (0, 1)] == [("a",), ("a",)]


def test_what_flows_into_a_repeat_and_what_it_names_are_kept_apart_where_they_are_one_step() -> None:
    found = inputs_of(REPEATED.replace("from: a}", "from: b}"))
    assert [found[f"r.{run}.main.relu_0"] for run in (0, 1)] == [("b",), ("r.0",)]
    assert [found[f"r.{run}.kept.tanh_0"] for run in (0, 1)] == [("b",), ("b",)]


def test_a_repeated_block_keeps_its_further_inputs() -> None:
    text = """\
blocks:
  j:
    inputs: [x, skip]
    layers:
      - {add: , from: [x, skip]}
layers:
  - {relu: , name: a}
  - {j: , from: [a, input], repeat: 3, name: r}
"""
    assert [inputs_of(text)[f"r.{run}.add_0"] for run in range(3)] == [
        ("a", "input"),
        ("r.0.add_0", "input"),
        ("r.1.add_0", "input"),
    ]


def test_a_repeat_in_a_repeat_sees_through_both() -> None:
    text = """\
layers:
  - {relu: , name: a}
  - add:
      main:
        - add:
            in: [relu]
            out:
              - {tanh: , from: a}
          repeat: 2
          name: inner
      rest: []
    repeat: 2
    name: outer
"""
    found = inputs_of(text)
    kept = [step for path, step in found.items() if path.endswith("out.tanh_0")]
    assert kept == [("a",)] * 4


def test_outputs_name_what_leaves_blocks_and_repeats() -> None:
    text = "blocks: {b: {layers: [relu, tanh]}}\nlayers:\n  - b\n  - {relu: , repeat: 2}\n"
    text += "outputs: {first: b_0, last: relu_1}\n"
    architecture = read(text)
    assert architecture.output_slots == {"first": "b_0.tanh_1", "last": "relu_1.1"}


def test_weights_are_shared_with_the_layer_of_the_same_run() -> None:
    text = """\
blocks:
  b:
    layers:
      - {conv: {out_channels: 8, kernel_size: 1}, name: one}
      - {conv: {out_channels: 8, kernel_size: 1}, name: two, share: one}
layers:
  - {b: , repeat: 2, name: r}
  - {b: , repeat: 2, share: r, name: again}
"""
    weights = {step.path: step.weights for step in read(text).layers if isinstance(step, Step)}
    assert weights == {
        "r.0.one": "",
        "r.0.two": "r.0.one",
        "r.1.one": "",
        "r.1.two": "r.1.one",
        "again.0.one": "r.0.one",
        "again.0.two": "r.0.one",
        "again.1.one": "r.1.one",
        "again.1.two": "r.1.one",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("layers:\n  - rleuu\n  - {tanh: , name: a}\n  - {add: , from: [a, a]}\n", 1),
        ("layers:\n  - {banana: , name: lost}\n  - {add: , from: [lost, lost.h]}\n  - {relu: , share: lost}\n", 1),
        ("layers:\n  - banana\n  - {add: , from: [banana_0, input]}\n", 1),
    ],
)
def test_what_reads_a_step_that_cannot_be_made_out_is_no_second_mistake(text: str, expected: int) -> None:
    assert len(messages(text)) == expected
