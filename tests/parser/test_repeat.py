"""`repeat:` of a step: how often it runs, and how many layers all repeats may come to."""

from __future__ import annotations

import pytest

from shapecalc.architecture import Group
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.parser.grammar import parse
from tests.support.networks import HEAD, findings, found, layers, read
from tests.support.rows import for_each


def test_a_repeat_reads_what_the_run_before_gave() -> None:
    assert {
        step.path: step.inputs
        for step in read(HEAD + "layers:\n  - tanh\n  - {relu: , repeat: 3, name: r}\n  - tanh\n").layers
    } == {
        "tanh_0": ("input",),
        "r.0": ("tanh_0",),
        "r.1": ("r.0",),
        "r.2": ("r.1",),
        "tanh_2": ("r.2",),
    }


@pytest.mark.parametrize("times", ["0", "-1", "2.0", "true", "[2]", "'2'", "many"])
def test_the_number_of_repeats_is_a_positive_integer(times: str) -> None:
    text = layers(f"{{relu: {{}}, repeat: {times}}}")
    assert found(text) == [("SC201", times)]
    (finding,) = findings(text)
    assert finding.message.startswith("`repeat` expects a number from 1, receives ")


def test_no_step_repeats_more_often_than_there_may_be_layers() -> None:
    text = layers(f"{{relu: {{}}, repeat: {LIMITS.layers + 1}}}")
    (finding,) = findings(text)
    assert (finding.code, finding.message) == (
        "SC016",
        f"`repeat` expects at most {LIMITS.layers} times, receives {LIMITS.layers + 1}",
    )


def refused(text: str, layers_at_most: int) -> list[tuple[str, str]]:
    limits = Limits(layers=layers_at_most)
    try:
        _, said, _ = parse(Source("net.yaml", HEAD + text), limits)
    except ShapecalcError as error:
        said = error.diagnostics
    return [(finding.code, finding.message) for finding in said]


BLOCKS = "blocks: {pair: {layers: [relu, tanh]}}\n"


def test_a_repeated_block_counts_all_its_layers_in_every_run() -> None:
    text = BLOCKS + "layers: [{pair: {}, repeat: 3}]\n"
    assert refused(text, 6) == []
    assert refused(text, 5) == [("SC016", "`pair` expands to 6 layers, more than 5")]


def test_a_repeated_block_does_not_give_more_outputs_than_there_may_be_layers() -> None:
    outputs = ", ".join(f"o{number}: r" for number in range(9))
    block = f"blocks: {{b: {{layers: [{{relu: , name: r}}], outputs: {{{outputs}}}}}}}\n"
    text = f"{block}layers: [{{b: , repeat: 3}}]\n"
    assert refused(text, layers_at_most=26) == [("SC016", "`b` gives 27 outputs in 3 runs, more than 26")]
    assert refused(text, layers_at_most=27) == []
    assert refused(f"{block}layers: [b]\n", layers_at_most=1) == []


def test_the_sum_of_all_steps_is_refused_at_the_first_that_exceeds_it() -> None:
    text = BLOCKS + "layers: [pair, {relu: {}, repeat: 2}, tanh]\n"
    assert refused(text, 5) == []
    assert refused(text, 4) == [
        ("SC016", "all steps expand to 5 layers, with this one to more than 4"),
    ]


def as_written(text: str) -> list[tuple[str, object, tuple[str, ...]]]:
    """Return the layers of a file in order, with what they read: the number of a layer for its name, or an input."""
    steps = read(text).layers
    number = {step.path: f"layer {place}" for place, step in enumerate(steps)}
    return [(step.layer.type, step.layer, tuple(number.get(slot, slot) for slot in step.inputs)) for step in steps]


TWICE = """\
blocks:
  residual:
    parameters: [channels, stride: 1, act: relu]
    layers:
      - add:
          main: [{conv: {out_channels: $channels, kernel_size: 3, stride: $stride, padding: 1}}, $act]
          side: [{conv: {out_channels: $channels, kernel_size: 1, stride: $stride}}]
"""


@for_each(
    "repeated, by_hand",
    [
        pytest.param(
            "  - {conv: {out_channels: 4, kernel_size: 3, padding: $d, dilation: $d}, repeat: {d: [1, 2, 4]}}\n",
            "".join(f"  - conv: {{out_channels: 4, kernel_size: 3, padding: {d}, dilation: {d}}}\n" for d in (1, 2, 4)),
            id="a layer",
        ),
        pytest.param(
            "  - {residual: {channels: $c, stride: $s, act: $a}, repeat: {c: [8, 16], s: [1, 2], a: [tanh, gelu]}}\n",
            "  - residual: {channels: 8, stride: 1, act: tanh}\n  - residual: {channels: 16, stride: 2, act: gelu}\n",
            id="a block, with parallel lists",
        ),
        pytest.param(
            "  - {relu: , name: r}\n"
            "  - {concat: {a: [{conv: {out_channels: $c, kernel_size: 1}}], b: [{tanh: , from: r}]}, "
            "repeat: {c: [2, 3]}}\n",
            "  - {relu: , name: r}\n"
            "  - concat: {a: [{conv: {out_channels: 2, kernel_size: 1}}], b: [{tanh: , from: r}]}\n"
            "  - concat: {a: [{conv: {out_channels: 3, kernel_size: 1}}], b: [{tanh: , from: r}]}\n",
            id="a merge with branches, one of which reads a step outside",
        ),
        pytest.param(
            "  - {$act: , repeat: {act: [relu, tanh, relu]}}\n",
            "  - relu\n  - tanh\n  - relu\n",
            id="another layer type in each run",
        ),
        pytest.param(
            '  - {conv: {out_channels: "${run + 1}", kernel_size: 1}, repeat: {run: 3}}\n',
            "".join(f"  - conv: {{out_channels: {c}, kernel_size: 1}}\n" for c in (1, 2, 3)),
            id="the number of the run",
        ),
        pytest.param(
            "  - {conv: {out_channels: 5, kernel_size: $k, padding: $p}, "
            "repeat: {k: [[1, 3], [3, 1]], p: [[0, 1], [1, 0]]}}\n",
            "  - conv: {out_channels: 5, kernel_size: [1, 3], padding: [0, 1]}\n"
            "  - conv: {out_channels: 5, kernel_size: [3, 1], padding: [1, 0]}\n",
            id="lists as values",
        ),
        pytest.param(
            '  - {add: {a: [{conv: {out_channels: "${10 * c + d}", kernel_size: 1}, repeat: {d: [1, 2]}},'
            " {conv: {out_channels: 1, kernel_size: 1}}]}, repeat: {c: [1, 2]}}\n",
            "".join(
                "  - add: {a: ["
                + ", ".join(f"{{conv: {{out_channels: {10 * c + d}, kernel_size: 1}}}}" for d in (1, 2))
                + ", {conv: {out_channels: 1, kernel_size: 1}}]}\n"
                for c in (1, 2)
            ),
            id="a repeat in a repeat, which sees the names of both",
        ),
    ],
)
def test_a_repeat_over_lists_is_the_network_written_out_by_hand(repeated: str, by_hand: str) -> None:
    assert as_written(f"{HEAD}{TWICE}layers:\n{repeated}") == as_written(f"{HEAD}{TWICE}layers:\n{by_hand}")


def test_equal_values_are_one_subgraph_and_paths_are_those_of_a_number() -> None:
    (group,) = read(layers("{conv: {out_channels: 3, kernel_size: $k}, name: c, repeat: {k: [1, 2, 1]}}")).steps
    assert isinstance(group, Group)
    assert [len(set(group.bodies)), group.bodies[0] is group.bodies[2]] == [2, True]
    assert group.runs == ("c.0", "c.1", "c.2")
    assert group.bound == {"k": (1, 2, 1)}


def test_a_step_with_the_weights_of_one_that_repeats_over_lists_repeats_over_the_same() -> None:
    block = "blocks: {b: {parameters: [c], layers: [{linear: $c}]}}\n"
    text = f"{HEAD}{block}layers:\n  - {{b: $c, name: a, repeat: {{c: [32, 32]}}}}\n"
    same = read(f"{text}  - {{b: $c, share: a, repeat: {{c: [32, 32]}}}}\n").layers
    assert [step.weights for step in same] == ["", "", "a.0.linear_0", "a.1.linear_0"]
    assert [step.weights for step in read(f"{text}  - {{share: a}}\n").layers] == [step.weights for step in same]
    assert refused(f"{block}layers:\n  - {{b: 32, name: a, repeat: 2}}\n"
                   "  - {b: $c, share: a, repeat: {c: [32, 16]}}\n", 99)[0][0] == "SC316"  # fmt: skip


def test_a_repeat_over_lists_is_read_again_for_each_value_up_to_the_limit_of_steps() -> None:
    step = "{concat: {a: [relu, relu, relu, relu], b: []}, repeat: {c: [1, 2, 3, 4]}}"
    text = layers(step)
    assert parse(Source("net.yaml", text), Limits(block_steps=20)).diagnostics == ()
    with pytest.raises(ShapecalcError) as caught:
        parse(Source("net.yaml", text), Limits(block_steps=19))
    assert [finding.code for finding in caught.value.diagnostics] == ["SC016"]
    assert refused(f"layers: [{step}]\n", 19) == [("SC016", "`concat` expands to 20 layers, more than 19")]
