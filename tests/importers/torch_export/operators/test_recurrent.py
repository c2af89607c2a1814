"""Recurrent layers with the states that they start from."""

from __future__ import annotations

from pathlib import Path

from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.torch_export import read

FILE = str(Path(__file__).parents[3] / "oracle/torch_exports/tagger.pt2")


def test_states_of_zeros_are_left_out() -> None:
    nodes = {node.type: node for node in read(FILE, LIMITS).graph.nodes}
    assert [len(nodes[type_].reads) for type_ in ("lstm", "gru", "rnn")] == [1, 1, 1]


def test_a_recurrent_layer_has_the_tensors_of_each_layer_and_direction() -> None:
    nodes = {node.type: node for node in read(FILE, LIMITS).graph.nodes}
    names = {key: stored.name for key, stored in nodes["lstm"].tensors.items()}
    assert len(names) == 16
    assert names["weight_hh_l1_reverse"] == "lstm.weight_hh_l1_reverse"
