"""Calls of blocks: which are one body, what they give, and wrong ones."""

from __future__ import annotations

import pytest

from shapecalc.checking.expect import unmet
from shapecalc.diagnostics import ShapecalcError
from shapecalc.dims import symbol
from shapecalc.files.load import loads
from shapecalc.shape_inference.engine import inspect
from tests.parser.test_blocks import HEAD, SIMPLE, groups_of, net, read, refused
from tests.parser.test_repeat import as_written
from tests.support.networks import findings
from tests.support.rows import for_each


def test_calls_with_the_same_arguments_are_one_body() -> None:
    groups = groups_of(net(SIMPLE, "p: 2", "p: {k: 2}", "p: {s: 1, k: 2}", "{p: 2, repeat: 3}"))
    assert len({group.subgraph for group in groups}) == 1


def test_calls_with_other_arguments_are_other_bodies() -> None:
    groups = groups_of(net(SIMPLE, "p: 2", "p: 3", "p: {k: 2, s: 2}", "p: [2, 2]"))
    assert len({group.subgraph for group in groups}) == len(groups)


def test_arguments_that_python_holds_equal_are_told_apart() -> None:
    block = "  p: {parameters: [b], layers: [batch_norm: {affine: $b}]}\n"
    (finding,) = refused(net(block, "p: true", "p: 1"))
    assert finding.message == "`batch_norm` expects `true` or `false` as `affine`, receives 1"


def test_a_mistake_in_a_body_is_told_once_and_each_wrong_argument_for_itself() -> None:
    body = "  p: {parameters: [k], layers: [max_pool: 0, conv: {out_channels: $k, kernel_size: 1}]}\n"
    found = refused(net(body, "p: 2", "p: 3", "p: 0", "p: -1"))
    assert [finding.message.rpartition(" ")[2] for finding in found] == ["0", "0", "-1"]


def test_a_wrong_call_in_a_block_that_is_called_twice_is_told_once() -> None:
    blocks = "  inner: {parameters: [k, s], layers: [max_pool: $k]}\n  outer: {parameters: [k], layers: [inner: $k]}\n"
    (finding,) = refused(net(blocks, "outer: 2", "outer: 3"))
    assert (finding.code, finding.message) == ("SC106", "block `inner` expects `s`, receives none")


def test_a_block_runs_between_its_inputs_and_its_last_step() -> None:
    block = "  j:\n    inputs: [x, skip]\n    layers:\n      - {relu: , from: skip}\n"
    block += "      - {add: , from: [relu_0, x]}\n      - tanh\n"
    steps = read(net(block, "{relu: , name: a}", "{j: , from: [input, a]}", "relu")).layers
    assert [(step.path, step.inputs) for step in steps] == [
        ("a", ("input",)),
        ("j_1.relu_0", ("a",)),
        ("j_1.add_1", ("j_1.relu_0", "input")),
        ("j_1.tanh_2", ("j_1.add_1",)),
        ("relu_2", ("j_1.tanh_2",)),
    ]


GATED = """\
blocks:
  layer:
    parameters: [d]
    inputs: [x]
    layers:
      - {conv: {out_channels: 8, kernel_size: 3, dilation: $d, padding: $d}, from: x, name: inner}
      - {tanh: , name: gate}
      - {conv: {out_channels: 5, kernel_size: 1}, from: gate, name: skip}
      - {add: , from: [gate, x], name: res}
    outputs: {res: res, skip: skip}
"""


def test_outputs_of_a_block_are_read_by_name_and_the_first_also_by_that_of_the_call() -> None:
    text = f"{HEAD}{GATED}layers:\n"
    text += "  - {layer: 1, name: l0}\n  - {layer: 2, name: l1, from: l0.res}\n  - {layer: 4, name: l2}\n"
    layers = {step.path: step.inputs for step in read(f"{text}  - {{add: , from: [l0.skip, l1.skip]}}\n").layers}
    assert layers["l1.inner"] == ("l0.res",)
    assert layers["l2.inner"] == ("l1.res",)
    assert layers["add_3"] == ("l0.skip", "l1.skip")
    outputs = read(f"{text}outputs: {{last: l2.res, skipped: l2.skip}}\n").output_slots
    assert outputs == {"last": "l2.res", "skipped": "l2.skip"}


def test_an_output_of_a_repeated_block_stands_for_those_of_all_runs_in_order() -> None:
    text = f"{HEAD}{GATED}layers:\n  - {{layer: $d, repeat: {{d: [1, 2, 4]}}, name: l}}\n"
    by_hand = (
        f"{HEAD}{GATED}layers:\n  - {{layer: 1, name: l0}}\n  - {{layer: 2, name: l1}}\n  - {{layer: 4, name: l2}}\n"
    )
    for reads, names in (("l.skip", "l0.skip, l1.skip, l2.skip"), ("l.1.skip", "l1.skip"), ("[l.res, l]", "l2, l2")):
        summed = f"  - {{concat: , from: {reads}}}\n"
        assert as_written(text + summed) == as_written(f"{by_hand}  - {{concat: , from: [{names}]}}\n")
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(f"{text}  - {{relu: , from: l.skip}}\n"))
    (finding,) = caught.value.diagnostics
    assert finding.code == "SC313"
    assert "receives 3" in finding.message


def test_an_output_with_the_name_of_an_input_is_that_input_of_the_next_run() -> None:
    cell = """
blocks:
  cell:
    inputs: [x, h]
    layers:
      - {add: , from: [x, h], name: sum}
      - {tanh: , name: out}
      - {multiply: , from: [out, h], name: state}
    outputs: {OUTPUTS}
"""
    for outputs, order in (
        ("{y: out, h: state}", ("c0.out", "c0.state")),  # the first output is the next run's first input
        ("{h: state, x: out}", ("c0.out", "c0.state")),
        ("{h: state}", ("input", "c0.state")),  # x stays
        ("{y: out}", ("c0.out", "input")),  # h stays
    ):
        text = HEAD + cell.replace("{OUTPUTS}", outputs) + "layers:\n"
        repeated = f"{text}  - {{cell: , from: [input, input], name: c, repeat: 2}}\n"
        first, second = (step.inputs for step in read(repeated).layers if step.path.endswith(".sum"))
        assert first == ("input", "input")
        assert second == tuple(name.replace("c0", "c.0") for name in order)


def test_what_a_block_does_not_give_is_refused_with_what_it_gives() -> None:
    text = f"{HEAD}{GATED}layers:\n  - {{layer: 1, name: l0}}\n"
    (finding,) = refused(f"{text}  - {{relu: , from: l0.gate}}\n")
    assert finding.code == "SC104"
    assert finding.message == "`from` names `gate` of `l0`, which a `block` does not give"
    assert finding.help == "it gives `l0` and `l0.res` and `l0.skip`"
    (finding,) = refused(f"{text}  - {{relu: , from: l0.skp}}\n")
    assert finding.help == "write `l0.skip`"
    for outputs, code in (("[]", "SC107"), ("{a-b: skip}", "SC110"), ("{a: skp}", "SC104"), ("3", "SC202"),
                          ("{a: [skip, res]}", "SC202"), ("[skip, skip]", "SC202")):  # fmt: skip
        wrong = text.replace("{res: res, skip: skip}", outputs)
        assert [finding.code for finding in refused(wrong)] == [code], outputs


def test_kinds_and_shapes_of_each_output_are_those_of_its_step() -> None:
    text = """
inputs: {ids: {shape: [N, T], dtype: int64}}
blocks:
  both:
    layers:
      - {embedding: {num_embeddings: 9, embedding_dim: 4}, name: words}
    outputs: {words: words, ids: input}
layers:
  - {both: , name: a, expect: {outputs: {words: [N, T, 4], ids: [N, T]}}}
  - {one_hot: 9, from: a.ids}
"""
    report = inspect(loads(text))
    assert [row.output[1:] for row in report.tree] == [(symbol("T"), 4), (symbol("T"), 9)]
    assert unmet(report) == ()


def test_an_absent_body_is_the_identity() -> None:
    text = net(
        "  b: {parameters: [on], layers: [{relu: , when: $on}]}\n", "{b: $on, repeat: {on: [true, false]}}", "tanh"
    )
    assert [step.layer.type for step in read(text).layers] == ["relu", "identity", "tanh"]


@for_each(
    "text, refused_as",
    {
        "blocks: {b: {layers: [b]}}\nlayers: [b]\n": ("SC112", "block `b` calls itself: b → b"),
        "blocks: {j: {inputs: [x, y], layers: [{add: {}, from: [x, y]}]}}\nlayers: [j]\n": (
            "SC313",
            "block `j` expects 2 inputs (x, y), receives 1",
        ),
        "blocks: {b: {layers: [relu]}}\nlayers: [{relu: {}, name: a}, {b: {}, from: [a, input]}]\n": (
            "SC313",
            "block `b` expects 1 input (input), receives 2",
        ),
        "blocks: {b: {layers: 3}}\nlayers: [b]\n": ("SC107", "block `b` expects a list of steps, receives 3"),
    }.items(),
)
def test_a_wrong_call_is_refused(text: str, refused_as: tuple[str, str]) -> None:
    assert [(finding.code, finding.message) for finding in findings(HEAD + text)] == [refused_as]
