"""The graph after parsing: slots, unfolded repeats, shared weights and the place of a mistake."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.architecture import Bounds, size_of

REPEATED = """\
input: [N, 7]
blocks:
  residual:
    parameters: [features]
    layers:
      - add:
          main: [{linear: $features}, tanh]
          skip: []
layers:
  - {residual: 7, name: stage, repeat: 3}
  - {linear: 5, name: head}
"""


def test_a_repeated_block_is_one_group_that_unfolds_into_all_of_its_runs() -> None:
    architecture = shapecalc.loads(REPEATED)
    assert [step.path for step in architecture.steps] == ["stage", "head"]
    assert [step.path for step in architecture.layers] == [
        *(f"stage.{run}.add_0{layer}" for run in range(3) for layer in (".main.linear_0", ".main.tanh_1", "")),
        "head",
    ]
    assert size_of(architecture.steps) == len(architecture.layers) == 3 * 3 + 1


def test_each_run_reads_the_output_of_the_run_before_it() -> None:
    layers = {step.path: step for step in shapecalc.loads(REPEATED).layers}
    assert layers["stage.0.add_0.main.linear_0"].inputs == ("input",)
    assert layers["stage.1.add_0.main.linear_0"].inputs == ("stage.0.add_0",)
    assert layers["stage.2.add_0"].inputs == ("stage.2.add_0.main.tanh_1", "stage.1.add_0")
    assert layers["head"].inputs == ("stage.2.add_0",)


def test_an_output_that_is_a_group_leaves_by_the_slot_of_its_last_run() -> None:
    architecture = shapecalc.loads(REPEATED.replace("  - {linear: 5, name: head}\n", ""))
    assert dict(architecture.outputs) == {"output": "stage"}
    assert architecture.output_slots == {"output": "stage.2.add_0"}


def test_a_group_that_shares_weights_names_the_owner_of_each_layer() -> None:
    text = REPEATED.replace("repeat: 3}", "repeat: 2}").replace(
        "  - {linear: 5, name: head}", "  - {residual: 7, name: again, repeat: 2, share: stage}"
    )
    owners = {step.path: step.weights for step in shapecalc.loads(text).layers if step.path.endswith("linear_0")}
    assert owners == {
        "stage.0.add_0.main.linear_0": "",
        "stage.1.add_0.main.linear_0": "",
        "again.0.add_0.main.linear_0": "stage.0.add_0.main.linear_0",
        "again.1.add_0.main.linear_0": "stage.1.add_0.main.linear_0",
    }


def test_symbols_are_those_of_all_inputs_sorted() -> None:
    text = "{inputs: {x: [N, 3, W], y: [N, T, 5]}, layers: [{relu: {}, from: x}]}"
    assert shapecalc.loads(text).symbols == ("N", "T", "W")


@pytest.mark.parametrize(
    ("bounds", "inside", "outside"),
    [
        (Bounds(61_706, 61_706, "61706"), [61_706], [61_705, 61_707]),
        (Bounds(0, 7, "<= 7"), [0, 7], [8]),
        (Bounds(11, None, ">= 11"), [11, 10**30], [10]),
        (Bounds(3, 5, "3..5"), [3, 4, 5], [2, 6]),
    ],
)
def test_bounds_include_both_of_their_ends(bounds: Bounds, inside: list[int], outside: list[int]) -> None:
    assert all(map(bounds.allows, inside))
    assert not any(map(bounds.allows, outside))


@pytest.mark.parametrize(("text", "exact"), [("5", True), ("5..5", False), (">= 5", False), ("5 ± 0", False)])
def test_only_a_single_figure_is_exact(text: str, *, exact: bool) -> None:
    assert Bounds(5, 5, text).exact is exact


@pytest.mark.parametrize(
    ("layer", "code", "marked"),
    [
        ("conv: {out_channels: 5, kernel_size: [3, 0]}", "SC201", "0"),  # the entry of the field
        ("conv: {out_channels: 7, kernel_size: 3, groups: 2}", "SC304", "2"),  # the field
        ("{relu: {}, from: [input, input]}", "SC313", "[input, input]"),  # what it reads
    ],
)
def test_a_mistake_is_marked_as_narrowly_as_it_is_known(layer: str, code: str, marked: str) -> None:
    text = f"input: [N, 3, 11, 13]\nlayers:\n  - {layer}\n"
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text))
    (found,) = caught.value.diagnostics
    span = found.span
    assert found.code == code
    assert span is not None
    assert text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1] == marked


def test_a_mistake_in_a_parameter_is_fixed_where_the_call_gives_it() -> None:
    text = """\
input: [N, 3, 11, 13]
blocks: {unit: {parameters: [groups], layers: [{conv: {out_channels: 4, kernel_size: 3, groups: $groups}}]}}
layers:
  - unit: {groups: 2}
"""
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text))
    (found,) = caught.value.diagnostics
    assert (found.code, found.span.line if found.span else 0) == ("SC304", 2)
    assert 4 in {label.span.line for label in found.labels}
