"""`when:` of a step or branch: with it the network is the one written without what is left out."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.checking.check import check_source
from shapecalc.diagnostics import Source
from tests.parser.test_repeat import as_written
from tests.support.networks import HEAD, findings, layers, read
from tests.support.rows import for_each

TOP = f"{HEAD}parameters: {{yes: true, no: false, stride: 2}}\n"


@for_each(
    "written, same",
    [
        ("[relu, {tanh: , when: $no}, gelu]", "[relu, gelu]"),
        ("[relu, {tanh: , when: $yes}, gelu]", "[relu, tanh, gelu]"),
        ('[relu, {tanh: , when: "${stride != 2}"}, {gelu: , when: "${stride == 2 and not no}"}]', "[relu, gelu]"),
        ("[{tanh: , when: false}, relu]", "[relu]"),
        ("[{relu: , name: a, when: $no}, {tanh: , name: a, when: $yes}, {gelu: , from: a}]", "[tanh, gelu]"),
        ("[relu, {tanh: , repeat: 2, when: $no}]", "[relu]"),
        ("[relu, {conv: {out_channels: $c, kernel_size: 1}, repeat: {c: [1, 0]}, when: $no}]", "[relu]"),
        ("[relu, {add: {a: [tanh], b: []}, when: $no}]", "[relu]"),
        ("[{add: {a: [tanh], b: {when: $yes, layers: []}, c: {when: $no, layers: [gelu]}}}]",
         "[{add: {a: [tanh], b: []}}]"),
        ("[{concat: {a: [tanh], b: {when: $no, layers: []}}}]", "[{concat: {a: [tanh]}}]"),
        ("[{add: {a: [tanh], b: {when: $no, layers: []}}}]", "[tanh, identity]"),
        ("[{multiply: {a: {when: $no, layers: []}, b: {when: $yes, layers: [tanh]}}}]", "[tanh, identity]"),
        ('[{conv: {out_channels: "${4 // (stride - 2)}", kernel_size: 1}, when: $no}, relu]', "[relu]"),
    ],
)  # fmt: skip
def test_a_step_or_branch_whose_condition_is_false_is_as_if_it_were_not_written(written: str, same: str) -> None:
    assert as_written(f"{TOP}layers: {written}\n") == as_written(f"{TOP}layers: {same}\n")


def test_a_tensor_before_an_absent_step_is_what_leaves() -> None:
    for inputs in ("input: [N, 8]", "inputs: {a: [N, 8], b: [N, 8]}"):
        text = f"{inputs}\nlayers: [{{constant: 2, name: c}}, {{relu: , when: false}}]\n"
        assert shapecalc.loads(text).outputs == {"output": "c"}


def test_two_steps_may_have_one_name_where_conditions_are_not_known() -> None:
    step = "{{linear: 8, name: a, when: {}}}".format
    steps = [step("$on"), step('"${not on}"'), "{relu: , from: a}"]
    block = f"{HEAD}blocks: {{b: {{parameters: [on], layers: [{', '.join(steps)}]}}}}\nlayers: [relu]\n"
    assert [finding.code for finding in check_source(Source("net.yaml", block), None).findings] == ["SC417"]
    twice = block.replace(steps[1], step("true"))
    assert [finding.code for finding in check_source(Source("net.yaml", twice), None).findings] == ["SC103"]


def test_the_paths_of_other_steps_stay() -> None:
    text = f"{TOP}layers: [relu, {{tanh: , when: $yes}}, {{add: {{a: [gelu], b: {{when: $yes, layers: []}}}}}}]\n"
    everything = {step.path for step in read(text).layers}
    some = {step.path for step in read(text.replace("yes: true", "yes: false")).layers}
    assert everything - some == {"tanh_1"}
    assert some < everything


RESNET = """\
name: ResNet-50
input: [N, 3, H, W]
parameters: {channels: [64, 128, 256, 512], depths: [3, 4, 6, 3]}
sizes: {H: 224, W: 224}
blocks:
  bottleneck:
    parameters: [channels, stride, project]
    layers:
      - add:
          main:
            - conv: {out_channels: $channels, kernel_size: 1, bias: false}
            - batch_norm
            - relu
            - conv: {out_channels: $channels, kernel_size: 3, stride: $stride, padding: 1, bias: false}
            - batch_norm
            - relu
            - conv: {out_channels: "${4 * channels}", kernel_size: 1, bias: false}
            - batch_norm
          projected:
            when: $project
            layers:
              - conv: {out_channels: "${4 * channels}", kernel_size: 1, stride: $stride, bias: false}
              - batch_norm
          same: {when: "${not project}", layers: []}
      - relu
  stage:
    parameters: [channels, depth, first]
    layers:
      - bottleneck: {channels: $channels, stride: "${2 - first}", project: true}
      - {bottleneck: {channels: $channels, stride: 1, project: false}, repeat: "${depth - 1}"}
layers:
  - conv: {out_channels: 64, kernel_size: 7, stride: 2, padding: 3, bias: false}
  - batch_norm
  - relu
  - max_pool: {kernel_size: 3, stride: 2, padding: 1}
  - {stage: {channels: $c, depth: $d, first: $f}, repeat: {c: $channels, d: $depths, f: [1, 0, 0, 0]}}
  - adaptive_avg_pool: 1
  - flatten
  - linear: 1000
"""


def test_resnet_50_with_conditions_and_lists_is_the_one_that_ships_layer_for_layer() -> None:
    ours, shipped = shapecalc.inspect(shapecalc.loads(RESNET)), shapecalc.inspect("resnet50")
    assert ours.totals == shipped.totals
    figures = [
        [(row.type, row.inputs, row.outputs, row.params, row.macs) for row in each.layers] for each in (ours, shipped)
    ]
    assert sorted(map(str, figures[0])) == sorted(map(str, figures[1]))


@pytest.mark.parametrize("key", ["from", "share"])
def test_a_step_that_is_absent_is_named_with_its_condition(key: str) -> None:
    text = layers("{linear: 32, name: p, when: false}", f"{{linear: 32, {key}: p}}")
    (finding,) = findings(text)
    assert finding.code == "SC104"
    assert finding.message == f"`{key}` names `p`, a step that is absent: its `when` is false"
    assert finding.help is not None
    assert "`when`" in finding.help


def test_what_does_not_depend_on_values_is_checked_in_a_step_that_is_absent() -> None:
    text = (
        f"{TOP}layers: [relu, {{konv: 3, when: $no}}, {{conv: {{kernels: 3}}, when: $no}}, {{relu: $x, when: $no}}]\n"
    )
    assert [finding.code for finding in findings(text)] == ["SC101", "SC102", "SC105"]
