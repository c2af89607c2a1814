"""Whether symbols can meet all constraints, and whether `where:` ensures those of the layers."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.checking.where import impossible, unproved
from shapecalc.shape_inference.engine import infer, inspect_at
from tests.shape_inference.test_constraints import unet


@pytest.mark.parametrize(
    ("where", "codes"),
    [
        ('where: ["H % 4 == 0", "W % 4 == 0"]', []),
        ('where: ["H % 16 == 0", "W % 12 == 0", "W >= 20"]', []),
        ('where: ["H % 4 == 0", "H == W"]', []),
        ('where: ["H % 4 == 0"]', ["SC318"]),
        ('where: ["H % 2 == 0", "W % 6 == 0"]', ["SC318", "SC318"]),
        ("", []),
    ],
)
def test_a_file_must_ensure_what_its_layers_require_where_it_states_anything(where: str, codes: list[str]) -> None:
    assert [finding.code for finding in unproved(unet(where))] == codes


def test_a_promise_that_is_too_weak_names_a_size_that_does_not_fit() -> None:
    (finding,) = unproved(unet('where: ["H % 4 == 0", "W % 2 == 0"]'))
    assert finding.message.endswith("which `where` does not ensure at W = 2")
    assert infer(unet().architecture, sizes={"N": 1, "H": 4, "W": 2})[0] is None


def test_conditions_that_exclude_each_other_are_an_error_that_shows_both() -> None:
    text = "input: [N, 3, H]\nlayers:\n  - center_crop: 7\n  - {select: {dim: 1, index: 0}, name: row, from: input}\n"
    text += "  - {linear: {in_features: 5, out_features: 2}}\n"
    (finding,) = impossible(inspect_at(shapecalc.loads(text), {}, symbolic=True))
    assert finding.code == "SC319"
    assert finding.label == "needs H == 5"
    assert [label.text for label in finding.labels] == ["needs H >= 7"]


def test_no_size_of_a_symbol_that_where_excludes_wholly_is_told() -> None:
    for where in ("[H > 10, H < 5]", '["H % 2 == 1", "H % 4 == 0"]'):
        network = shapecalc.loads(f"input: [N, H]\nlayers: [relu]\nwhere: {where}\n")
        (finding,) = impossible(inspect_at(network, {}))
        assert (finding.code, finding.message) == ("SC319", "`where` allows no size of `H`")
    assert not [*impossible(inspect_at(shapecalc.loads("{input: [N, H], layers: [relu], where: [H > 10]}"), {}))]
