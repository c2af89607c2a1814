"""Blocks: what their parameters become in the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft7Validator

from shapecalc.architecture import Architecture, Group, Step
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.files.load import loads
from shapecalc.layers import layer_types
from shapecalc.layers.activation import Relu, Tanh
from shapecalc.layers.base import FIRST_TYPES
from shapecalc.parser.grammar import parse
from shapecalc.parser.schema import schema
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.layers import Layer

HEAD = "input: [N, 8, 32, 32]\n"


def read(text: str) -> Architecture:
    architecture, findings, _ = parse(Source("net.yaml", text))
    assert findings == ()
    assert architecture is not None
    return architecture


def net(blocks: str, *steps: str) -> str:
    return f"{HEAD}blocks:\n{blocks}layers:\n" + "".join(f"  - {step}\n" for step in steps)


def layers_of(text: str) -> list[Layer]:
    return [step.layer for step in read(text).layers]


def groups_of(text: str) -> list[Group]:
    return [step for step in read(text).steps if isinstance(step, Group)]


def refused(text: str) -> list[Diagnostic]:
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(text))
    return list(caught.value.diagnostics)


CONV = """\
  c:
    parameters: [width, k: 3, half: "${width // 2}", quarter: "${half // 2}", act: relu]
    layers:
      - conv: {out_channels: $width, kernel_size: $k, padding: $quarter}
      - $act
      - conv: {out_channels: $half, kernel_size: 1}
"""


def conv_of(call: str) -> dict[str, Any]:
    first, _, last = layers_of(net(CONV, call))
    return {
        "width": first.out_channels,  # type: ignore[attr-defined]
        "k": first.kernel_size,  # type: ignore[attr-defined]
        "quarter": first.padding,  # type: ignore[attr-defined]
        "half": last.out_channels,  # type: ignore[attr-defined]
    }


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("c: 8", {"width": 8, "k": 3, "half": 4, "quarter": 2}),
        ("c: {width: 8}", {"width": 8, "k": 3, "half": 4, "quarter": 2}),
        ("c: {k: [5, 3], width: 8}", {"width": 8, "k": (5, 3), "half": 4, "quarter": 2}),
        ("c: {width: 8, half: 2}", {"width": 8, "k": 3, "half": 2, "quarter": 1}),
        ("c: {width: 8, quarter: same}", {"width": 8, "k": 3, "half": 4, "quarter": "same"}),
        ("c: {width: 8, quarter: [[0, 1], [2, 3]]}", None),
    ],
)
def test_arguments_fill_parameters_and_defaults_follow_from_those_before(
    call: str, expected: dict[str, Any] | None
) -> None:
    if expected is None:
        assert [finding.code for finding in refused(net(CONV, call))] == ["SC202"]
    else:
        assert conv_of(call) == expected


def test_a_parameter_names_a_layer() -> None:
    assert [layers_of(net(CONV, call))[1] for call in ("c: 8", "c: {width: 8, act: tanh}")] == [Relu(), Tanh()]


def test_a_parameter_names_a_layer_that_has_fields() -> None:
    block = "  p:\n    parameters: [kind, size]\n    layers:\n      - $kind: {kernel_size: $size}\n"
    (layer,) = layers_of(net(block, "p: {kind: avg_pool, size: 2}"))
    assert layer.type == "avg_pool"


def test_a_parameter_names_a_block() -> None:
    blocks = "  inner: {layers: [relu]}\n  outer: {parameters: [stage], layers: [$stage, tanh]}\n"
    assert [step.path for step in read(net(blocks, "outer: inner")).layers] == [
        "outer_0.inner_0.relu_0",
        "outer_0.tanh_1",
    ]


def test_a_list_with_a_parameter_in_it_is_a_list_with_its_value() -> None:
    block = "  p:\n    parameters: [k]\n    layers:\n      - max_pool: [$k, '${k + 1}']\n"
    (layer,) = layers_of(net(block, "p: 2"))
    assert layer.kernel_size == (2, 3)  # type: ignore[attr-defined]


def test_a_parameter_says_how_often_a_step_repeats_and_what_it_expects() -> None:
    block = "  p:\n    parameters: [n]\n    layers:\n"
    block += "      - {relu: , repeat: $n, expect: {output: [N, '${4 * n}', 32, 32]}}\n"
    text = net(block, "p: 2")
    assert [step.path for step in read(text).layers] == ["p_0.relu_0.0", "p_0.relu_0.1"]
    (group,) = groups_of(text)
    assert isinstance(group.subgraph.steps[0], Group)
    assert group.subgraph.steps[0].expect[0].value[1] == 8  # type: ignore[index]


def test_a_parameter_of_the_block_around_is_handed_on_and_not_seen_otherwise() -> None:
    blocks = "  inner: {parameters: [k], layers: [max_pool: $k]}\n  outer: {parameters: [k], layers: [inner: $k]}\n"
    assert layers_of(net(blocks, "outer: 4"))[0].kernel_size == 4  # type: ignore[attr-defined]
    hidden = "  inner: {layers: [max_pool: $k]}\n  outer: {parameters: [k], layers: [inner]}\n"
    (finding,) = refused(net(hidden, "outer: 4"))
    assert (finding.code, finding.message) == ("SC105", "`$k` is no parameter of the block")


SIMPLE = "  p: {parameters: [k, s: 1], layers: [max_pool: {kernel_size: $k, stride: $s, padding: 0}]}\n"


def test_the_edit_of_a_wrong_argument_stands_in_the_outermost_call() -> None:
    blocks = (
        "  inner: {parameters: [m], layers: [conv: {out_channels: 4, kernel_size: 3, padding: $m}]}\n"
        "  outer: {parameters: [mode], layers: [inner: $mode]}\n"
    )
    text = net(blocks, "outer: smae")
    (finding,) = refused(text)
    assert finding.fix is not None
    line = text.split("\n")[finding.fix.span.line - 1]
    assert line[finding.fix.span.column - 1 : finding.fix.span.end_column - 1] == "smae"
    assert finding.fix.replacement == "same"


def test_an_alias_of_a_parameter_in_another_block_ends() -> None:
    blocks = "  outer: {parameters: [k], layers: [inner: &v $k]}\n  inner: {parameters: [k], layers: [max_pool: *v]}\n"
    (finding,) = refused(net(blocks, "outer: -3"))
    assert (finding.code, finding.message.rpartition(" ")[2]) == ("SC201", "-3")


@pytest.mark.parametrize("argument", ['"${2 * k}"', "[33, 33]"])
def test_what_arithmetic_or_a_list_gives_carries_no_edit(argument: str) -> None:
    blocks = "  inner: {parameters: [k], layers: [max_pool: $k]}\n"
    blocks += f"  outer: {{parameters: [k], layers: [inner: {argument}]}}\n"
    (finding,) = refused(net(blocks, "outer: 20"))
    assert (finding.code, finding.fix) == ("SC302", None)


def test_a_place_in_a_body_is_where_the_parameter_stands() -> None:
    text = net(SIMPLE, "p: 2")
    (group,) = groups_of(text)
    step = group.subgraph.steps[0]
    assert isinstance(step, Step)
    assert step.spans is not None
    span = step.spans.fields["kernel_size",]
    assert text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1] == "$k"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ('[a: "${b}", b: 1]', "SC105"),
        ('[a: "${a + 1}"]', "SC105"),
        ("[a: {b: 1}]", "SC202"),
        ("[3]", "SC202"),
        ("a", "SC202"),
        ("[a, b: 1, a: 2]", "SC103"),
    ],
)
def test_parameters_that_mean_nothing_are_refused_where_they_are_declared(parameters: str, code: str) -> None:
    block = f"  p:\n    parameters: {parameters}\n    layers: [relu]\n"
    (finding,) = refused(net(block, "relu"))
    assert finding.code == code
    assert finding.span is not None
    assert finding.span.line == 4


def test_an_expression_has_the_parameters_that_it_is_computed_from() -> None:
    text = (
        "input: [N, 3]\nparameters: {width: 8}\nblocks:\n"
        "  b: {parameters: [c, more: 2], layers: [{linear: '${c * more}'}]}\n"
        "layers:\n  - {b: '${2 * width}', name: x}\n  - {linear: 5, name: y}\n"
    )
    block, plain = loads(text).layers
    assert block.spans is not None
    assert plain.spans is not None
    (inner,) = (block.spans.operands[span] for span in block.spans.fields.values())
    assert [(each.name, each.value, each.span.line) for each in inner] == [("c", 16, 6), ("more", 2, 4)]
    (outer,) = block.spans.operands[inner[0].span]
    assert (outer.name, outer.value, outer.span.line) == ("width", 8, 2)
    assert plain.spans.operands == {}


def test_a_block_may_have_the_name_of_a_type_that_was_added_later() -> None:
    """A file that has such a block keeps its meaning."""
    blocks = "blocks: {expand: {parameters: [n], layers: [linear: $n]}}"
    text = f"input: [N, 3]\n{blocks}\nlayers: [expand: 5, {{expand: {{n: 4}}}}]"
    assert [step.layer.type for step in loads(text).layers] == ["linear", "linear"]
    assert Draft7Validator(schema()).is_valid(yaml.safe_load(text))
    with pytest.raises(ShapecalcError, match="`conv` is a layer type"):
        loads(text.replace("expand", "conv"))


def test_a_file_without_such_a_block_means_the_layer() -> None:
    block = "  norm:\n    parameters: [groups: 2]\n    layers: [group_norm: $groups]\n"
    assert [layer.type for layer in layers_of(net(block, "norm", "norm: 4"))] == ["group_norm", "group_norm"]
    assert [layer.type for layer in layers_of(f"{HEAD}layers: [norm: 1]")] == ["norm"]
    assert set(layer_types()) >= FIRST_TYPES
