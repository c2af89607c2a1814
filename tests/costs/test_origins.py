"""Where the numbers of formulas come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapecalc
from shapecalc.costs.origins import NetworkTrace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.costs.origins import NumberOrigin

BLOCKS = """\
input: [N, 3, 32, 32]
parameters: {width: 8}
blocks:
  twice:
    parameters: [channels, size: 3]
    layers:
      - conv: {out_channels: $channels, kernel_size: $size, padding: 1}
      - conv: {out_channels: "${2 * channels}", kernel_size: [3, 5]}
layers:
  - {twice: $width, repeat: 2, name: b}
  - relu
  - flatten
  - linear: 10
"""


def origins(report: shapecalc.Report, path: str, key: str, levels: int | None = None) -> dict[str, NumberOrigin]:
    (step,) = shapecalc.explain(report.architecture, path, key=key, levels=levels, settings=report.bindings).steps
    return {name: each for each in step.origins for name in each.names}


def chain(origin: NumberOrigin) -> Iterator[NumberOrigin]:
    """An origin, and the first origin of its formula, and so on."""
    yield origin
    if origin.origins:
        yield from chain(origin.origins[0])


def test_a_field_is_followed_through_the_calls_of_blocks_to_the_number_in_the_file() -> None:
    report = shapecalc.inspect(shapecalc.loads(BLOCKS))
    found = origins(report, "b.0.conv_0", "params")
    written = [(each.text, each.line) for each in found["out_channels"].written]
    assert written == [("$channels", 7), ("$width", 10), ("8", 2)]
    assert [(each.text, each.line) for each in found["kernel_size"].written] == [("$size", 7), ("3", 5)]
    assert found["groups"].kind == "default"
    expression = origins(report, "b.0.conv_1", "params")
    assert [(each.text, each.line) for each in expression["out_channels"].written] == [("${2 * channels}", 8)]
    (channels,) = expression["out_channels"].origins
    assert (channels.names, channels.value, channels.kind) == (("channels",), 8, "parameter")
    assert [(each.text, each.line) for each in channels.written] == [("$width", 10), ("8", 2)]
    assert [(each.text, each.line) for each in expression["kernel_size[1]"].written] == [("5", 8)]


def test_what_a_layer_reads_is_followed_to_the_input() -> None:
    report = shapecalc.inspect(shapecalc.loads(BLOCKS))
    features = origins(report, "linear_3", "macs")["in_features"]
    assert (features.kind, features.path, features.formula and features.formula.numbers) == (
        "layer",
        "flatten_2",
        "16·28·24",
    )
    channels, height, width = features.origins
    assert (channels.kind, channels.path, channels.note) == ("field", "b.1.conv_1", "out_channels")
    assert [each.path for each in chain(height)] == ["b.1.conv_1", "b.1.conv_0", "b.0.conv_1", "b.0.conv_0", "input"]
    assert [each.value for each in chain(width)] == [24, 28, 28, 32, 32]
    assert height.through == ("relu_1",)
    assert list(chain(height))[-1].kind == "input"


def test_axes_that_come_about_in_the_same_way_are_one_entry() -> None:
    found = origins(shapecalc.inspect("resnet18"), "maxpool", "output")
    assert found["H_in"] is found["W_in"]
    assert found["H_in"].names == ("H_in", "W_in")
    assert found["H_in"].origins[0].note == "[N, 3, H, W], bound by `sizes`"
    uneven = origins(shapecalc.inspect("resnet18", H=224, W=128), "maxpool", "output")
    assert uneven["H_in"].names == ("H_in",)


def test_a_formula_of_another_value_is_not_shown() -> None:
    """9 · 0.333… is 3 in float64 only."""
    layers = "  - upsample: {scale_factor: [1.5, 0.3333333333333333]}\n  - relu\n"
    found = origins(shapecalc.inspect(shapecalc.loads(f"input: [1, 3, 7, 9]\nlayers:\n{layers}")), "relu_1", "output")
    shown = {each.value: each.formula and each.formula.numbers for each in found.values() if each.kind == "layer"}
    assert shown == {10: "⌊7·1.5⌋", 3: None}


def test_levels_limit_the_chain() -> None:
    report = shapecalc.inspect("lenet5")
    for levels, length in ((0, 1), (1, 2), (2, 3), (None, 6)):
        features = origins(report, "c5", "macs", levels)["in_features"]
        height = [each for each in features.origins if "H_in" in each.names]
        assert sum(1 for each in height for _ in chain(each)) + 1 == length, levels


def test_an_axis_is_followed_once() -> None:
    """Each length is the sum of two that are the same one: 2⁴⁰ ways lead to the input."""
    doubled = "".join(
        f"  - {{concat: {{dim: 2}}, from: [p{k}, p{k}]}}\n  - {{max_pool: 2, name: p{k + 1}}}\n" for k in range(40)
    )
    report = shapecalc.inspect(shapecalc.loads(f"input: [N, 3, 4]\nlayers:\n  - {{relu: , name: p0}}\n{doubled}"))
    length = origins(report, "p40", "output")["T_in"]
    assert [each.kind for each in length.origins] == ["layer", "seen"]
    assert len(list(chain(length))) > 40


def test_a_stack_of_many_layers_is_followed_in_one_pass() -> None:
    layers = "".join("  - relu\n" for _ in range(3000))
    report = shapecalc.inspect(shapecalc.loads(f"input: [N, 3]\nlayers:\n{layers}  - linear: 2\n"))
    found = origins(report, "linear_3000", "macs")["in_features"]
    assert (found.kind, found.passes, found.through) == ("input", 3000, ("relu_0", "relu_2999"))
    network = NetworkTrace(report)
    assert network.passed("relu_2999", 1) == network.passed("relu_2999", 1)
    deep = "".join("  - {conv: {out_channels: 1, kernel_size: 2}}\n" for _ in range(400))
    report = shapecalc.inspect(shapecalc.loads(f"input: [N, 1, 500]\nlayers:\n{deep}"))
    length = origins(report, "conv_399", "output")["T_in"]
    assert 50 < len(list(chain(length))) <= 102


def test_costs_at_a_batch_say_so_and_sizes_that_are_set_too() -> None:
    free = origins(shapecalc.inspect("lenet5"), "c1", "macs")["N"]
    assert (free.value, free.note) == (1, "[N, 1, 32, 32], costs are of one sample")
    bound = origins(shapecalc.inspect("lenet5", N=8), "c1", "macs")["N"]
    assert (bound.value, bound.note) == (8, "[N, 1, 32, 32], as it is set")


def test_an_axis_is_followed_through_a_permutation() -> None:
    layers = "  - {conv: {out_channels: 4, kernel_size: 2}, name: c}\n  - {permute: [0, 2, 3, 1]}\n  - linear: 2\n"
    report = shapecalc.inspect(shapecalc.loads(f"input: [N, 3, 5, 7]\nlayers:\n{layers}"))
    features = origins(report, "linear_2", "params")["in_features"]
    assert (features.kind, features.path, features.note, features.through) == (
        "field",
        "c",
        "out_channels",
        ("permute_1",),
    )
    costs = origins(report, "linear_2", "macs").values()
    assert [(each.value, each.formula and each.formula.numbers) for each in costs if each.kind == "layer"] == [
        (4, "⌊(5 + 2·0 − 1·(2 − 1) − 1)/1⌋ + 1"),
        (6, "⌊(7 + 2·0 − 1·(2 − 1) − 1)/1⌋ + 1"),
    ]
