"""What layers require of symbols, as conditions and as the sizes that are valid."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.dims import Condition, Relation, Sizes, parse
from shapecalc.shape_inference.constraints import Constraint, solve_constraints
from shapecalc.shape_inference.engine import infer, inspect_at
from tests.support.rows import for_each

UNET = """\
input: [N, 3, H, W]
{where}
blocks:
  twice:
    parameters: [channels]
    layers:
      - {{conv: {{out_channels: $channels, kernel_size: 3, padding: 1}}, repeat: 2}}
  expand:
    parameters: [channels]
    inputs: [x, skip]
    layers:
      - conv_transpose: {{out_channels: $channels, kernel_size: 2, stride: 2, name: up}}
      - {{concat: , from: [skip, conv_transpose_0]}}
      - twice: $channels
layers:
  - {{twice: 4, name: d1}}
  - max_pool: 2
  - {{twice: 8, name: d2}}
  - max_pool: 2
  - {{twice: 16, name: d3}}
  - {{expand: 8, from: [d3, d2], name: u2}}
  - {{expand: 4, from: [u2, d1], name: u1}}
""".replace(", name: up}", "}")


def unet(where: str = "") -> shapecalc.Report:
    return inspect_at(shapecalc.loads(UNET.format(where=where)), {}, symbolic=True)


def required(text: str) -> list[str]:
    report = inspect_at(shapecalc.loads(text), {}, symbolic=True)
    return [each.condition.pretty for each in report.valid_sizes.single + report.valid_sizes.joint]


@for_each(
    "text, conditions",
    [
        ("input: [T, N, 5]\nlayers:\n  - {gru: 5, from: [input, input]}\n", ["T == 1"]),
        (
            "input: [N, C, 32, 32]\nlayers:\n  - conv: {out_channels: 6, kernel_size: 5, groups: 3}\n",
            ["C == 3·⌊C/3⌋"],
        ),
        ("input: [N, 3, 32, 32]\nlayers:\n  - reshape: [5, -1]\n", ["2·N == 5·⌊(2·N)/5⌋"]),
        (
            "input: [N, C, 32, 32]\nlayers:\n  - conv: {in_channels: 3, out_channels: 6, kernel_size: 5}\n",
            ["C == 3"],
        ),
        (
            "input: [N, 3, H, W]\nlayers:\n  - flatten\n  - linear: {in_features: 512, out_features: 10}\n",
            ["3·H·W == 512"],
        ),
        (
            "input: [T, N, 9]\nlayers:\n  - {gru: 9, name: a}\n  - {cosine_similarity: 2, from: [input, a.h_n]}\n",
            ["T == 1"],
        ),
        ("input: [N, 3, H, W]\nlayers:\n  - center_crop: 7\n", ["H >= 7", "W >= 7"]),
        ("input: [N, 4, H, W]\nlayers:\n  - pixel_unshuffle: 2\n", ["H == 2·⌊H/2⌋", "W == 2·⌊W/2⌋"]),
        ("input: [N, 3, H]\nlayers:\n  - conv: {out_channels: 2, kernel_size: 5}\n", ["H >= 5"]),
        ("input: [N, T, 5]\nlayers:\n  - select: {dim: 1, index: 2}\n", ["T >= 3"]),
        ("input: [N, T, 5]\nlayers:\n  - select: {dim: 1, index: -2}\n", ["T >= 2"]),
        # Pieces of ⌈T/3⌉: of four, two by two leave nothing for a third.
        ("input: [N, T, 5]\nlayers:\n  - chunk: {chunks: 3, dim: 1}\n", ["T >= 2·⌊(T + 2)/3⌋ + 1"]),
    ],
)
def test_what_depends_on_a_symbol_is_a_condition(text: str, conditions: list[str]) -> None:
    assert [condition.replace("−", "-") for condition in required(text)] == conditions


def test_a_u_net_says_its_multiple() -> None:
    sizes = unet().valid_sizes.sizes
    assert [sizes[name].sentence(name) for name in ("H", "W")] == [
        "H must be a multiple of 4",
        "W must be a multiple of 4",
    ]
    assert sizes["H"].first(3) == (4, 8, 12)


@pytest.mark.parametrize(
    ("name", "least"),
    [("vgg16", 32), ("vgg11", 32), ("alexnet-torchvision", 63), ("resnet50", 1), ("squeezenet1_1", 17)],
)
def test_the_classics_have_their_least_sizes(name: str, least: int) -> None:
    """The oracle is inference with numbers: the least size that it accepts."""
    architecture = shapecalc.load(name)
    sizes = inspect_at(architecture, {}, symbolic=True).valid_sizes.sizes
    assert sizes["H"] == sizes["W"]
    assert sizes["H"].smallest == least
    accepted = [size for size in range(1, 80) if infer(architecture, sizes={"H": size, "W": size})[0] is not None]
    assert [size for size in range(1, 80) if size in sizes["H"]] == accepted


def test_a_batch_statistic_ties_symbols_together() -> None:
    assert required("input: [N, 3, H]\nlayers:\n  - batch_norm: {track_running_stats: false}\n") == ["H·N >= 2"]


def test_a_bound_size_must_keep_to_where() -> None:
    architecture = shapecalc.loads(UNET.format(where='where: ["H % 4 == 0"]'))
    with pytest.raises(ShapecalcError, match="SC317"):
        inspect_at(architecture, {"H": 6})
    assert inspect_at(architecture, {"H": 8}).outputs


def test_the_same_condition_is_noted_once() -> None:
    text = "input: [N, 3, H]\nlayers:\n" + "  - {conv: {out_channels: 3, kernel_size: 5}, from: input}\n" * 3
    report = inspect_at(shapecalc.loads(text), {}, symbolic=True)
    assert [constraint.path for constraint in report.constraints] == ["conv_0"]


def test_groups_of_a_free_count_of_channels_need_more_than_one_number_too() -> None:
    """Found by the fuzzer: the check behind that of the groups was left out where that one noted a condition."""
    network = shapecalc.loads("input: [B]\nlayers: [{unsqueeze: 0}, {group_norm: 2}]\n")
    sizes = inspect_at(network, {}, symbolic=True).valid_sizes.sizes["B"]
    assert [size in sizes for size in (1, 2, 3, 4, 6)] == [False, False, False, True, True]
    for size in (2, 3):
        with pytest.raises(shapecalc.ShapecalcError):
            inspect_at(network, {"B": size})


def multiple(of: int) -> Condition:
    return Condition(parse(f"H - {of}*(H//{of})"), Relation.ZERO)


def test_windows_one_after_another_are_decided_as_far_as_axes_reach() -> None:
    text = "input: [N, 3, H, 5]\nlayers: [{{max_pool: {{kernel_size: [5, 1]}}, repeat: {times}}}]\n"
    found = inspect_at(shapecalc.loads(text.format(times=13)), {}, symbolic=True).valid_sizes
    assert found.sizes["H"] == Sizes((), 5**13, 1, (0,))
    assert not found.joint
    with pytest.raises(ShapecalcError, match="SC319: `max_pool` needs") as caught:
        inspect_at(shapecalc.loads(text.format(times=14)), {}, symbolic=True)
    assert [found.span and found.span[:2] for found in caught.value.diagnostics] == [(2, 11)]


def test_an_axis_that_no_size_keeps_within_31_bits_is_refused_where_it_passes_them() -> None:
    text = "input: [N, 3, H]\nlayers: [{{upsample: 2, repeat: {times}}}]\n"
    assert inspect_at(shapecalc.loads(text.format(times=30)), {}).outputs["output"][2] == parse(f"{2**30} * H")
    with pytest.raises(ShapecalcError, match="SC309: `upsample` gives an axis of") as caught:
        inspect_at(shapecalc.loads(text.format(times=31)), {})
    assert [found.span and found.span[:2] for found in caught.value.diagnostics] == [(2, 11)]


def test_constraints_that_take_too_long_together_are_returned_as_joint() -> None:
    found = solve_constraints(map(Constraint, [multiple(10_000), multiple(20_000), multiple(8)]), ("H", "N"))
    assert found.sizes["H"] == Sizes((), 10_000, 10_000, (0,))
    assert [constraint.condition for constraint in found.joint] == [multiple(20_000)]
