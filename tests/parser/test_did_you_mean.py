"""Where it is plain what was meant, that is read on: mistakes further down are told in the same run."""

from __future__ import annotations

import pytest

from tests.support.mistakes import findings


def told(text: str) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.span.line if finding.span else None) for finding in findings(text)]


BLOCK = """\
input: [N, 3, 16, 16]
blocks:
  twice:
    parameters: [width]
    layers:
      - conv: {out_channels: $width, kernel_size: 3, in_channels: 3}
      - rleu
layers:
  - twice: 4
  - twice: 4
"""


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('conv: {out_channels: "4", kernel_size: 1}', "SC202"),
        ('conv: {out_channels: 4, kernel_size: [1, "1"]}', "SC202"),
        ("conv: {out_channels:4, kernel_size: 1}", "SC003"),
        ("conv: {out_channel: 4, kernel_size: 1}", "SC102"),
    ],
)
def test_a_shape_is_known_behind_a_slip(first: str, code: str) -> None:
    after = "conv: {out_channels: 4, kernel_size: 1, in_channels: 5}"
    text = f"input: [N, 3, 8, 8]\nlayers:\n  - {first}\n  - {after}\n"
    assert told(text) == [(code, 3), ("SC301", 4)]
    assert told(text.replace("in_channels: 5", "in_channels: 4")) == [(code, 3)]


def test_a_number_in_quotes_counts_in_a_shape() -> None:
    assert told('input: [N, "3", 8, 8]\nlayers:\n  - batch_norm: {num_features: 4}\n') == [("SC109", 1), ("SC301", 3)]


@pytest.mark.parametrize("size", ['"03"', '"0"', '"9999999999"', '"99999999999"', '"3 "'])
def test_what_is_no_size_without_its_quotes_is_not_offered_without_them(size: str) -> None:
    (finding,) = findings(f"input: [N, {size}, 8, 8]\nlayers:\n  - batch_norm: {{num_features: 4}}\n")
    assert (finding.code, finding.fix) == ("SC109", None)


def test_two_values_in_quotes_are_told_and_a_wrong_one_beside_them_leaves_the_layer_unknown() -> None:
    first = 'conv: {out_channels: "4", kernel_size: plenty}'
    text = f"input: [N, 3, 8, 8]\nlayers:\n  - {first}\n  - batch_norm: {{num_features: 9}}\n"
    assert told(text) == [("SC202", 3), ("SC202", 3)]


@pytest.mark.parametrize(("value", "safe"), [('"4"', True), ('"-4"', False), ('"0"', False), ('["4", 4]', True)])
def test_taking_quotes_away_is_safe_where_the_number_fits(value: str, safe: bool) -> None:
    (finding, *_) = findings(f"input: [N, 3, 8, 8]\nlayers:\n  - max_pool: {value}\n")
    assert finding.fix is not None
    assert finding.fix.safe is safe


def test_a_symbol_that_is_misspelt_has_the_size_all_the_same() -> None:
    text = "input: [N, 3, High, High]\nsizes: {Hihg: 4}\nlayers:\n  - max_pool: 5\n"
    assert told(text) == [("SC102", 2), ("SC302", 4)]
    assert told(text.replace("Hihg: 4", "Hihg: 4, High: 9")) == [("SC102", 2)]


def test_an_argument_that_is_misspelt_is_put_in() -> None:
    assert told(BLOCK.replace("- twice: 4\n  - twice: 4", "- twice: {widht: 4}")) == [("SC101", 7), ("SC102", 9)]


def test_the_rest_of_a_block_is_read_where_a_parameter_is_none_of_its_own() -> None:
    text = BLOCK.replace("$width", "$wide").replace("rleu", "linear: {out_feature: 3}")
    assert told(text) == [("SC105", 6), ("SC102", 7)]


@pytest.mark.parametrize(
    "step",
    ["$wide", "linear: $wide", "batch_norm: $wide", "twice: $wide", "{relu: , name: $wide}", "{relu: , from: $wide}",
     "{relu: , repeat: $wide}", "add: {main: $wide, other: []}", "add: $wide", "'$wide': 3",
     "max_pool: [2, $wide]", "conv: {out_channels: 3, kernel_size: [1, $wide]}", "{relu: , share: $wide}"],
)  # fmt: skip
def test_a_parameter_that_is_none_is_told_once_wherever_it_stands(step: str) -> None:
    blocks = "  twice: {parameters: [c], layers: [linear: $c]}\n"
    text = f"input: [N, 3, 8, 8]\nblocks:\n{blocks}  own:\n    layers:\n      - {step}\nlayers:\n  - own\n  - tahn\n"
    assert told(text) == [("SC105", 6), ("SC101", 9)]


# One value in a block, many calls.


def test_a_size_that_a_block_states_is_told_once_however_many_calls_it_breaks() -> None:
    text = BLOCK.replace("rleu", "relu").replace("- twice: 4\n  - twice: 4", "- twice: 4\n  - twice: 5\n  - twice: 6")
    assert told(text) == [("SC301", 6)]


def test_a_size_that_calls_give_is_told_for_each_of_them() -> None:
    text = BLOCK.replace("rleu", "relu").replace("in_channels: 3", "in_channels: $width")
    assert told(text.replace("- twice: 4\n  - twice: 4", "- twice: 4\n  - twice: 5\n")) == [("SC301", 6), ("SC301", 6)]
