"""The sizes of symbols that fit, and those that give an output."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, strategies as st

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.dims import Sizes, evaluate, free_symbols, symbol
from shapecalc.files import zoo
from shapecalc.shape_inference.constraints import ANY
from shapecalc.shape_inference.engine import infer, inspect_at
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.solving.input_sizes import Solution, Wanted, near, solve, solve_architecture
from tests.support.stack_strategies import Stack, stacks, stretches_by_chance
from tests.support.volume import at_most

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture


LONGEST_PERIOD = 120
"""Two periods of it are inferred one by one."""


IMAGES = [
    name
    for name in zoo.names()
    if name.startswith(("alexnet", "vgg11", "vgg16", "googlenet", "inception", "resnet18", "resnet50", "unet"))
]


LEAST = {
    "alexnet": 67,
    "alexnet-torchvision": 63,
    "vgg11": 32,
    "vgg16": 32,
    "googlenet": 31,
    "googlenet-torchvision": 15,
    "inception_v3": 75,
    "resnet18": 1,
    "resnet50": 1,
    "unet": 188,
    "unet-padded": 16,
}
"""Known answers; each is also what trying every size finds."""


UNET = """
name: U-Net of {levels} levels, padded
input: [N, 1, H, W]
layers:
{down}
  - conv: {{out_channels: 8, kernel_size: 3, padding: 1}}
{up}
  - conv: {{out_channels: 2, kernel_size: 1}}
"""


def unet(levels: int) -> str:
    """A small U-Net that halves its input so many times, every convolution padded."""
    down = [
        f"  - conv: {{out_channels: 4, kernel_size: 3, padding: 1}}\n    name: down{level}\n  - max_pool: 2"
        for level in range(levels)
    ]
    up = [
        f"  - conv_transpose: {{out_channels: 4, kernel_size: 2, stride: 2}}\n    name: up{level}\n"
        f"  - concat:\n    from: [up{level}, down{level}]\n    name: skip{level}\n"
        "  - conv: {out_channels: 4, kernel_size: 3, padding: 1}"
        for level in reversed(range(levels))
    ]
    return UNET.format(levels=levels, down="\n".join(down), up="\n".join(up))


def with_free_space(name: str) -> tuple[Architecture, dict[str, int]]:
    """An architecture of images with free height and width, and the sizes that it usually has."""
    loaded = shapecalc.load(name)
    (entry,) = loaded.inputs
    usual = {
        axis: dim if isinstance(dim, int) else loaded.sizes[str(dim)]
        for axis, dim in zip("HW", entry.shape[2:], strict=True)
    }
    free = entry._replace(shape=(*entry.shape[:2], symbol("H"), symbol("W")))
    return dataclasses.replace(loaded, inputs=(free,), sizes={}), usual


def solved(architecture: Architecture, sizes: dict[str, int] | None = None, **more) -> Solution:
    return solve(inspect_at(architecture, sizes or {}, symbolic=True), **more)


def accepts(architecture: Architecture, sizes: dict[str, int]) -> bool:
    return infer(architecture, sizes=sizes)[0] is not None


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * name.startswith(("googlenet-", "inception"))) for name in IMAGES],
)
def test_the_legal_heights_of_a_classic_are_those_that_inference_accepts(name: str) -> None:
    architecture, usual = with_free_space(name)
    found = solved(architecture, {"N": 1, "W": usual["W"]})
    assert not found.joint
    tried = [height for height in range(1, 401) if accepts(architecture, {"N": 1, "W": usual["W"], "H": height})]
    assert [height for height in range(1, 401) if height in found.sizes["H"]] == tried
    assert usual["H"] in found.sizes["H"]
    if name in LEAST:
        assert (found.sizes["H"].smallest, tried[0]) == (LEAST[name], LEAST[name])


def test_the_classics_that_ship_are_among_the_known_answers() -> None:
    assert {"alexnet", "alexnet-torchvision", "vgg11", "vgg16", "resnet50"} <= {*IMAGES} & {*LEAST}


@pytest.mark.parametrize(("levels", "multiple"), [(1, 2), (2, 4), (4, 16)])
def test_a_padded_unet_takes_multiples_of_its_halvings(levels: int, multiple: int) -> None:
    found = solved(shapecalc.loads(unet(levels)))
    assert found.sizes["H"] == found.sizes["W"] == Sizes((), multiple, multiple, (0,))
    assert found.sizes["N"] == ANY
    assert f"skip{levels - 1}" in {reason.required_by for reason in found.because}


KEEPS = ("conv: {out_channels: 1, kernel_size: 3, padding: 1}", "relu: {}")


HALVES = (
    "max_pool: 2",
    "max_pool: {kernel_size: 3, stride: 2, padding: 1}",
    "conv: {out_channels: 1, kernel_size: 3, padding: 1, stride: 2}",
    "max_pool: {kernel_size: 2, ceil_mode: true}",
)


DOUBLES = ("upsample: 2", "conv_transpose: {out_channels: 1, kernel_size: 2, stride: 2}")


OTHERS = ("conv: {out_channels: 1, kernel_size: 3}", "pad: [1, 2]", "max_pool: {kernel_size: 4, stride: 3}")


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """Two paths that meet: often, but not for every size, in shapes that are equal."""
    there_and_back = st.integers(0, 3).flatmap(
        lambda depth: st.tuples(
            *[st.sampled_from(HALVES)] * depth, st.sampled_from(KEEPS), *[st.sampled_from(DOUBLES)] * depth
        )
    )
    anything = st.lists(st.sampled_from((*KEEPS, *HALVES, *DOUBLES, *OTHERS)), min_size=1, max_size=4)
    pairs = st.one_of(*[st.tuples(there_and_back, there_and_back)] * 3, st.tuples(anything, anything))
    left, right = (f"[{', '.join(f'{{{part}}}' for part in branch)}]" for branch in draw(pairs))
    word = draw(st.sampled_from(["add", "multiply", "concat"]))
    return f"{{input: [2, 1, T], layers: [{{{word}: {{left: {left}, right: {right}}}}}, relu]}}"


def hold_over_two_periods(architecture: Architecture, name: str, bound: dict[str, int]) -> None:
    general, _ = infer(architecture, symbolic=True, sizes=bound)
    if general is None:
        return
    found = solve(general)
    sizes = found.sizes[name]
    assert not found.joint
    assume(sizes.period <= LONGEST_PERIOD and sizes.start <= 2 * LONGEST_PERIOD)
    (form,) = general.outputs.values()
    for size in range(1, sizes.start + 2 * sizes.period + 1):
        concrete, refusals = infer(architecture, sizes={**bound, name: size})
        fits = concrete is not None and not stretches_by_chance(general, concrete)
        assert (size in sizes) == fits, (size, sizes, refusals)
        if concrete is not None and fits:
            (shape,) = concrete.outputs.values()
            assert tuple(evaluate(dim, {name: size}) for dim in form) == shape


@at_most(300)
@given(stacks(), st.data())
def test_the_legal_sizes_of_a_stack_are_those_that_inference_accepts(stack: Stack, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(stack.sizes)))
    bound = {other: size for other, size in stack.sizes.items() if other != name}
    hold_over_two_periods(stack.architecture(), name, bound)


@at_most(150)
@given(graphs())
def test_the_legal_sizes_of_paths_that_meet_are_those_that_inference_accepts(text: str) -> None:
    try:
        architecture = shapecalc.loads(text)
    except ShapecalcError:
        assume(False)
    hold_over_two_periods(architecture, "T", {})


@at_most(150)
@given(stacks(batch="S"), st.integers(1, 6), st.data())
def test_the_sizes_of_a_wanted_output_are_those_that_give_it(stack: Stack, wanted: int, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(stack.sizes)))
    bound = {other: size for other, size in stack.sizes.items() if other != name}
    general, _ = infer(stack.architecture(), symbolic=True, sizes=bound)
    assume(general is not None)
    (output,) = general.outputs.values()
    if not set(free_symbols(output[-1])) - {*BATCH_SYMBOLS}:
        with pytest.raises(ShapecalcError, match="SC312"):
            solve(general, Wanted((wanted,)))
        return
    found = solve(general, Wanted((wanted,)))
    for size in range(1, 60):
        concrete, _ = infer(stack.architecture(), sizes={**bound, name: size})
        gives = concrete is not None and next(iter(concrete.outputs.values()))[-1] == wanted
        assert (size in found.sizes[name] and not found.never) == gives, size


JOINT = """
name: joint
input: [N, 3, H, W]
sizes: {H: 32, W: 32}
where: ["H % 4 == 0"]
layers:
  - conv: {out_channels: 8, kernel_size: 3, padding: 1, stride: 2}
    name: stem
  - max_pool: 2
  - add:
      main:
        - conv: {out_channels: 8, kernel_size: 3, padding: 1}
      side: []
  - relu
  - flatten
  - linear: {in_features: 512, out_features: 10}
"""


def test_what_ties_symbols_together_is_told_with_the_layer_and_an_example() -> None:
    found = solved(shapecalc.loads(JOINT))
    (reason,) = found.joint
    assert (str(reason.condition), reason.required_by) == ("8*((H + 1)//4)*((W + 1)//4) == 512", "linear_5")
    assert (found.example, found.clash, found.solvable) == ({"H": 32, "W": 32}, False, True)


def test_a_symbol_that_is_set_leaves_nothing_joint() -> None:
    found = solved(shapecalc.loads(JOINT), {"W": 16})
    assert found.joint == ()
    assert found.sizes["H"].first(9) == (64,)


def test_sizes_that_what_is_joint_rules_out_are_no_solution() -> None:
    found = solved(shapecalc.loads(JOINT), wanted=Wanted((4, 5)), at="relu_3")
    assert found.sizes["H"].first(9) == (16,)
    assert (found.example, found.clash, found.solvable) == (None, True, False)


def test_what_the_file_states_counts_and_is_named() -> None:
    found = solved(shapecalc.loads(JOINT))
    assert found.sizes["H"] == Sizes((), 4, 4, (0,))
    needed = {
        (reason.required_by, reason.line) for reason in found.because if "H" in str(reason.condition) and reason.needed
    }
    assert needed == {("where: H % 4 == 0", 5)}


def test_the_demands_that_are_needed_allow_what_all_of_them_allow() -> None:
    found = solved(shapecalc.load("vgg16"))
    assert [(str(reason.condition), reason.required_by) for reason in found.because if reason.needed] == [
        ("H//16 >= 2", "features.30"),
        ("W//16 >= 2", "features.30"),
    ]
    assert len(found.because) == 18


def test_resnets_rows_of_seven_come_from_193_to_224() -> None:
    found = solved(shapecalc.load("resnet50"), wanted=Wanted((7, None)), at="layer4")
    assert found.sizes["H"].first(99) == tuple(range(193, 225))
    assert found.sizes["W"] == ANY


def codes(caught: pytest.ExceptionInfo[ShapecalcError]) -> list[tuple[str, int]]:
    return [(finding.code, caught.value.exit_code) for finding in caught.value.diagnostics]


def test_an_output_without_symbols_names_the_last_step_that_has_one() -> None:
    with pytest.raises(ShapecalcError) as caught:
        solved(shapecalc.load("resnet50"), wanted=Wanted((7, 7)))
    assert codes(caught) == [("SC312", 2)]
    assert caught.value.diagnostics[0].help.startswith("write `--at layer4`")
    assert solved(shapecalc.load("resnet50"), wanted=Wanted((7, 7)), at="layer4").solvable


def test_an_axis_that_never_has_the_size_is_said() -> None:
    found = solved(shapecalc.loads(JOINT), wanted=Wanted((64, 8, 8)), at="relu_3")
    assert [(never.dim, never.size) for never in found.never] == [(8, 64)]
    assert not found.solvable


def test_every_step_can_be_named_also_inside_blocks() -> None:
    report = inspect_at(shapecalc.load("resnet50"), {}, symbolic=True)
    for row in report.layers:
        if any(str(dim).startswith("(H") for dim in row.output):
            solve(report, Wanted((7, 7)), row.path)


def test_the_numbers_of_an_input_are_unbound() -> None:
    solution = solve_architecture(shapecalc.load("alexnet"), {})
    assert solution.stated == {"H": 227, "W": 227}
    assert {name: sizes.smallest for name, sizes in solution.sizes.items()} == {"H": 67, "W": 67, "N": 1}


def test_a_network_that_does_not_fit_at_its_numbers_is_solved() -> None:
    network = "{input: [N, 1, 30, 20], layers: [{concat: {a: [], b: [{max_pool: 8}, {upsample: 8}]}}]}"
    solution = solve_architecture(shapecalc.loads(network), {})
    assert near(solution.sizes["H"], solution.stated["H"]) == (30, False, 24, 32)
    assert near(solution.sizes["W"], solution.stated["W"]) == (20, False, 16, 24)


def test_equal_numbers_that_a_constraint_ties_are_one_symbol() -> None:
    network = "{input: [N, 1, 20, 20], layers: [flatten, {linear: {out_features: 2, in_features: 784}}]}"
    assert solve_architecture(shapecalc.loads(network), {}).sizes["H"].sentence("H") == "H must be 28"
    unequal = solve_architecture(shapecalc.loads(network.replace("20, 20", "20, 21")), {})
    assert unequal.example == {"H": 28, "W": 28}


def test_a_symbol_of_the_file_leaves_its_numbers_bound() -> None:
    network = "{input: [N, 1, H, 20], layers: [{max_pool: 8}]}"
    solution = solve_architecture(shapecalc.loads(network), {})
    assert (set(solution.sizes), solution.stated) == ({"N", "H"}, {})


def test_set_binds_a_symbol_that_replaces_a_number() -> None:
    network = "{input: [N, 1, 30, 20], layers: [{concat: {a: [], b: [{max_pool: 8}, {upsample: 8}]}}]}"
    solution = solve_architecture(shapecalc.loads(network), {"W": 16})
    assert (solution.stated, solution.report.bindings) == ({"H": 30}, {"W": 16})


def test_a_network_with_another_mistake_raises_it() -> None:
    network = "{input: [N, 3, 20, 20], layers: [{conv: {out_channels: 2, kernel_size: 3, in_channels: 4}}]}"
    with pytest.raises(ShapecalcError) as caught:
        solve_architecture(shapecalc.loads(network), {})
    assert [each.code for each in caught.value.diagnostics] == ["SC301"]
