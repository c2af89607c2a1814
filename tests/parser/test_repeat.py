"""`repeat:` of a step: how often it runs, and how many layers all repeats may come to."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.parser.grammar import parse
from tests.support.networks import HEAD, findings, found, layers, read


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


def test_the_sum_of_all_steps_is_refused_at_the_first_that_exceeds_it() -> None:
    text = BLOCKS + "layers: [pair, {relu: {}, repeat: 2}, tanh]\n"
    assert refused(text, 5) == []
    assert refused(text, 4) == [
        ("SC016", "all steps expand to 5 layers, with this one to more than 4"),
    ]
