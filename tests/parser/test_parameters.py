"""`parameters:` of a file: where they are put in, what replaces them, and what is said where that cannot be."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.files.load import load_set, with_parameters

NET = """\
name: net
parameters: {width: 8, depth: 2, activation: relu, kernel: [3, 5], bias: false, rate: 0.5, side: 16}
blocks:
  stage:
    parameters: [width, depth: 1, inner: "${2 * depth}"]
    layers:
      - conv: {out_channels: $width, kernel_size: $kernel, padding: same}
      - {conv: {out_channels: $inner, kernel_size: 1}, repeat: $depth}
input: [N, 3, $side, "${2 * side}"]
layers:
  - conv: {out_channels: $width, kernel_size: $kernel, bias: $bias}
  - $activation
  - stage: {width: "${2 * width + 1}", inner: 7}
    repeat: $depth
  - dropout: $rate
"""


def layers(**parameters: object) -> list[object]:
    return [step.layer for step in shapecalc.loads(NET, parameters=parameters).layers]


def test_a_parameter_is_put_in_wherever_a_value_stands() -> None:
    net = shapecalc.loads(NET)
    first, activation, *stages, dropout = (step.layer for step in net.layers)
    assert net.inputs[0].shape[1:] == (3, 16, 32)
    assert (first.out_channels, first.kernel_size, first.bias) == (8, (3, 5), False)
    assert activation.type == "relu"
    assert dropout.p == 0.5
    assert len(stages) == 2 * 2
    assert stages[0].out_channels == 17


def test_a_block_sees_its_own_parameters_and_behind_them_the_files() -> None:
    # `depth` is the block's own 1 and not the file's 2; `kernel` only the file has.
    stage = layers()[2:4]
    assert [(layer.out_channels, layer.kernel_size) for layer in stage] == [(17, (3, 5)), (7, 1)]


def test_a_default_that_uses_a_later_parameter_does_not_get_the_files_of_that_name() -> None:
    turned = NET.replace('depth: 1, inner: "${2 * depth}"', 'inner: "${2 * depth}", depth: 1')
    with pytest.raises(ShapecalcError, match="`depth`"):
        shapecalc.loads(turned)


def test_what_is_given_takes_the_place_of_what_the_file_says() -> None:
    net = shapecalc.loads(NET, parameters={"width": 3, "activation": "gelu", "kernel": [1, 1], "depth": 1})
    first, activation, *stages, _ = (step.layer for step in net.layers)
    assert (first.out_channels, first.kernel_size, activation.type, len(stages)) == (3, (1, 1), "gelu", 2)
    assert net.parameters == {
        **shapecalc.loads(NET).parameters,
        "width": 3,
        "activation": "gelu",
        "kernel": (1, 1),
        "depth": 1,
    }


def test_an_architecture_is_read_again_with_other_values_and_keeps_the_rest() -> None:
    net = with_parameters(shapecalc.loads(NET, parameters={"width": 3}), {"depth": 1})
    assert (net.parameters["width"], net.parameters["depth"]) == (3, 1)
    assert len(net.layers) == len(shapecalc.loads(NET).layers) - 2


def test_a_file_is_loaded_with_parameters(tmp_path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    assert shapecalc.load(path, parameters={"width": 5}).layers[0].layer.out_channels == 5
    found, others = load_set(path, {"width": 5, "N": 3})
    assert (found.parameters["width"], others) == (5, ("N",))


def test_the_json_of_an_inspection_says_what_was_put_in() -> None:
    found = shapecalc.inspect(shapecalc.loads(NET, parameters={"width": 3})).to_dict()
    assert found["parameters"]["width"] == 3
    assert "parameters" not in shapecalc.inspect(shapecalc.load("lenet5")).to_dict()


def test_a_parameter_that_the_file_does_not_have_is_refused() -> None:
    with pytest.raises(ShapecalcError, match="`net` has no parameter `with`: its parameters are `width`") as raised:
        shapecalc.loads(NET, parameters={"with": 3})
    assert raised.value.exit_code == 2
    with pytest.raises(ShapecalcError, match="it has no `parameters:`"):
        shapecalc.load("lenet5", parameters={"width": 3})


@pytest.mark.parametrize(
    ("text", "code", "message", "at"),
    [
        ("parameters: 5\ninput: [N, 3]\nlayers: [relu]", "SC202", "`parameters` expects names with values", (1, 13)),
        ("parameters: [a]\ninput: [N, 3]\nlayers: [relu]", "SC202", "expects names with values", (1, 13)),
        ("parameters: {a b: 1}\ninput: [N, 3]\nlayers: [relu]", "SC110", "receives `a b`", (1, 14)),
        ("parameters: {a: {b: 1}}\ninput: [N, 3]\nlayers: [relu]", "SC202", "`a` expects a number, a flag", (1, 17)),
        ("parameters: {a: 1, b: $a}\ninput: [N, 3]\nlayers: [relu]", "SC202", "`b` expects a value", (1, 23)),
        (
            "parameters: {a: 1}\ninput: [N, 3]\nlayers: [linear: $b]",
            "SC105",
            "is no parameter of the file",
            (3, 18),
        ),
        ("parameters: {a: 1}\ninput: [N, $b]\nlayers: [relu]", "SC105", "is no parameter of the file", (2, 12)),
        ("parameters: {N: 1}\ninput: [N, 3]\nlayers: [relu]", "SC103", "`N` has the name of a symbol", (1, 14)),
        ("parameters: {a: 0}\ninput: [N, 3]\nlayers: [linear: $a]", "SC201", "expects a positive integer", (3, 18)),
        ("parameters: {a: x}\ninput: [N, 3]\nlayers: [linear: '${a + 1}']", "SC105", "expects a whole number", (3, 21)),
    ],
)
def test_one_mistake_with_parameters_is_one_finding_where_it_stands(text, code, message, at) -> None:
    with pytest.raises(ShapecalcError) as raised:
        shapecalc.loads(text)
    (finding,) = raised.value.diagnostics
    assert finding.code == code
    assert message in finding.message
    assert (finding.span.line, finding.span.column) == at


def test_what_is_wrong_with_a_value_is_shown_with_the_place_that_gives_it() -> None:
    with pytest.raises(ShapecalcError) as raised:
        shapecalc.loads("parameters: {a: 0}\ninput: [N, 3]\nlayers: [linear: $a]")
    (finding,) = raised.value.diagnostics
    assert [(label.span.line, label.text) for label in finding.labels] == [(1, "`$a` is 0 here")]
    assert finding.fix is None
