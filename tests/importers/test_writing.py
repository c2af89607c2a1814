"""What the importers write, read again: all networks that ship, taken apart to single layers and folded again."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.files import zoo
from shapecalc.importers.writing import write
from shapecalc.shape_inference.engine import inspect
from tests.support.imported_graphs import graph_of

LONGEST = 3
"""Times the lines of the file that a person wrote."""


@pytest.fixture(scope="module")
def networks():
    """Return the report of each network that ships, that of its text after folding, and both texts."""
    found = {}
    for name in zoo.names():
        network = shapecalc.load(name)
        text = write(graph_of(network)).text
        found[name] = (inspect(network, symbolic=True), inspect(shapecalc.loads(text), symbolic=True), text)
    return found


def test_a_folded_network_has_the_shapes_and_counts_of_each_layer(networks):
    def rows(report):
        return [(row.type, [*row.outputs.values()], row.params, row.macs, row.flops) for row in report.layers]

    wrong = [name for name, (before, after, _) in networks.items() if rows(before) != rows(after)]
    assert not wrong
    assert all(before.totals == after.totals for before, after, _ in networks.values())


def test_a_folded_network_has_its_tensors_under_the_same_names(networks):
    def tensors(report):
        return {row.step.tensor(name): shape for row in report.layers for name, shape in row.facts.tensors.items()}

    wrong = [name for name, (before, after, _) in networks.items() if tensors(before) != tensors(after)]
    assert not wrong


def test_a_folded_network_reads_the_same_layers(networks):
    def edges(report):
        slots = {entry.name: ("input", place) for place, entry in enumerate(report.inputs)}
        for place, row in enumerate(report.layers):
            slots |= {row.step.slot(name): (place, name) for name in row.outputs} | {row.path: (place, "")}
        return [[slots[slot] for slot in row.step.inputs] for row in report.layers]

    wrong = [name for name, (before, after, _) in networks.items() if edges(before) != edges(after)]
    assert not wrong


def test_a_folded_network_is_as_short_as_a_person_writes_it(networks):
    long = {
        name: (len(text.splitlines()), len(before.architecture.file.text.splitlines()))
        for name, (before, _, text) in networks.items()
        if len(text.splitlines()) > LONGEST * len(before.architecture.file.text.splitlines())
    }
    assert not long


def test_networks_without_repeats_have_no_blocks(networks):
    assert "blocks:" not in networks["lenet5"][2]


def test_modules_in_a_row_are_one_step_that_repeats(networks):
    assert "{h: , repeat: 12, name: h}" in networks["gpt2-small"][2]
