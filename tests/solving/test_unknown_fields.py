"""The fields that give an output."""

from __future__ import annotations

from itertools import product

import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.layers import layer_type
from shapecalc.shape_inference.engine import infer
from shapecalc.solving.input_sizes import Wanted
from shapecalc.solving.unknown_fields import MOST_TRIED, choose
from shapecalc.solving.unmet_output import unmet_output


def codes(caught: pytest.ExceptionInfo[ShapecalcError]) -> list[tuple[str, int]]:
    return [(finding.code, caught.value.exit_code) for finding in caught.value.diagnostics]


STACK = """
name: stack
input: [N, 3, 20, 20]
layers:
  - conv: {out_channels: 4, kernel_size: 5, padding: 1}
    name: first
  - add:
      main:
        - conv: {out_channels: 4, kernel_size: 3, padding: 1}
      side: []
  - max_pool: 2
  - conv: {out_channels: 8, kernel_size: 3}
    name: second
    repeat: 2
"""


def changed(text: str, fields: dict[str, dict[str, int]]) -> tuple[int, ...] | None:
    """What leaves the stack with other fields, put into the text of `STACK` built anew; None where it is refused."""
    first = {"out_channels": 4, "kernel_size": 5, "padding": 1, **fields.get("first", {})}
    pool = {"kernel_size": 2, **fields.get("max_pool_2", {})}
    second = {"out_channels": 8, "kernel_size": 3, **fields.get("second", {})}
    text = text.replace("{out_channels: 4, kernel_size: 5, padding: 1}", str(first).replace("'", ""))
    text = text.replace("max_pool: 2", f"max_pool: {pool}".replace("'", ""))
    text = text.replace("{out_channels: 8, kernel_size: 3}", str(second).replace("'", ""))
    try:
        report, _ = infer(shapecalc.loads(text), sizes={"N": 1})
    except ShapecalcError:
        return None
    return None if report is None else next(iter(report.outputs.values()))


@pytest.mark.parametrize(
    ("unknown", "ranges"),
    [
        (["first.padding"], [range(8)]),
        (["layers.0.padding"], [range(8)]),
        (["max_pool_2.stride", "second.kernel_size"], [range(1, 9), range(1, 16)]),
        (["second.dilation", "second.padding"], [range(1, 5), range(8)]),
    ],
)
@pytest.mark.parametrize("wanted", [(5, 5), (6, 6), (9, None), (8, 7, 7)])
def test_the_values_found_are_those_that_the_file_gives_the_output_with(unknown, ranges, wanted) -> None:
    found = choose(shapecalc.loads(STACK), unknown, Wanted(wanted))
    expected = set()
    for values in product(*ranges):
        fields: dict[str, dict[str, int]] = {}
        for name, value in zip(unknown, values, strict=True):
            path, field = name.replace("layers.0", "first").rsplit(".", 1)
            fields.setdefault(path, {})[field] = value
        shape = changed(STACK, fields)
        if shape and all(b in (None, a) for a, b in zip(shape[-len(wanted) :], wanted, strict=True)):
            expected.add(values)
    assert {choice.values for choice in found.solutions} == expected
    assert found.closest == () or not expected


def test_steps_are_counted_as_the_file_has_them_whatever_their_branches_hold() -> None:
    by_number = choose(shapecalc.loads(STACK), ["layers.2.kernel_size"], Wanted((5, 5)))
    assert [unknown.path for unknown in by_number.unknowns] == ["max_pool_2"]


def test_alexnets_first_window_and_stride_are_found_from_its_output() -> None:
    found = choose(shapecalc.load("alexnet"), ["conv1.kernel_size", "conv1.stride"], Wanted((55, 55)), "conv1")
    assert found.solutions[0].values == (11, 4)


def test_channels_are_solved_for_where_the_output_fixes_them() -> None:
    text = """
    input: [2, 3, 8, 8]
    layers:
      - conv: {out_channels: 5, kernel_size: 1}
        name: a
      - conv: {out_channels: 7, kernel_size: 1}
        from: input
        name: b
      - concat:
        from: [a, b]
    """
    found = choose(shapecalc.loads(text), ["b.out_channels"], Wanted((64, 8, 8)))
    assert [choice.values for choice in found.solutions] == [(59,)]
    with pytest.raises(ShapecalcError) as caught:
        choose(shapecalc.loads(text), ["b.out_channels"], Wanted((8, 8)))
    assert codes(caught) == [("SC205", 2)]


def test_what_comes_closest_is_told_where_nothing_gives_the_output() -> None:
    found = choose(shapecalc.loads(STACK), ["max_pool_2.stride"], Wanted((40, 40)))
    assert found.solutions == ()
    assert [choice.values for choice in found.closest] == [(1,)]


@pytest.mark.parametrize(
    ("unknown", "code"),
    [
        (["third.padding"], "SC104"),
        (["layers.9.padding"], "SC104"),
        (["add_1.padding"], "SC102"),
        (["first.groups"], "SC102"),
        (["first"], "SC104"),
        (["first.kernel_size", "second.kernel_size", "max_pool_2.kernel_size", "first.stride"], "SC205"),
    ],
)
def test_a_field_that_cannot_be_tried_is_refused(unknown: list[str], code: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        choose(shapecalc.loads(STACK), unknown, Wanted((5, 5)))
    assert codes(caught) == [(code, 2)]


def test_a_field_within_a_block_is_refused_and_said_to_be_one() -> None:
    with pytest.raises(ShapecalcError, match="block") as caught:
        choose(shapecalc.load("resnet50"), ["layer4.0.add_0.main.conv_0.stride"], Wanted((1000,)), None, {"N": 1})
    assert codes(caught) == [("SC104", 2)]


def test_an_output_that_depends_on_a_symbol_must_be_bound_first() -> None:
    text = STACK.replace("[N, 3, 20, 20]", "[N, 3, H, H]")
    with pytest.raises(ShapecalcError) as caught:
        choose(shapecalc.loads(text), ["first.padding"], Wanted((5, 5)))
    assert codes(caught) == [("SC311", 2)]
    assert choose(shapecalc.loads(text), ["first.padding"], Wanted((5, 5)), None, {"H": 20}).solutions


def test_the_fields_of_one_window_may_all_be_unknown() -> None:
    assert MOST_TRIED >= 15 * 8 * 8
    assert {"kernel_size", "stride", "padding", "dilation"} <= set(layer_type("max_pool").fields)


VAE = """
name: conv VAE of odd size
input: [N, 3, 218, 178]
layers:
  - conv: {out_channels: 32, kernel_size: 3, stride: 2, padding: 1}
  - conv: {out_channels: 64, kernel_size: 3, stride: 2, padding: 1}
  - conv: {out_channels: 128, kernel_size: 3, stride: 2, padding: 1}
  - conv_transpose: {out_channels: 64, kernel_size: 3, stride: 2, padding: 1, output_padding: 1}
  - conv_transpose: {out_channels: 32, kernel_size: 3, stride: 2, padding: 1, output_padding: 1}
  - {conv_transpose: {out_channels: 3, kernel_size: 3, stride: 2, padding: 1, output_padding: 1}, name: recon}
expect:
  output: [N, 3, 218, 178]
"""


def test_an_output_padding_that_alone_does_not_do_names_those_that_do_together() -> None:
    vae = shapecalc.loads(VAE)
    wanted = unmet_output(vae, None)
    assert wanted == Wanted((None, 3, 218, 178))
    found = choose(vae, ["recon.output_padding"], wanted)
    assert found.solutions == ()
    assert [shape[2:] for shape in found.reach or ()] == [(223, 183), (224, 184)]
    together = {str(unknown): value for unknown, value in found.together}
    assert together == {
        "conv_transpose_3.output_padding": 0,
        "conv_transpose_4.output_padding": 0,
        "recon.output_padding": 1,
    }
    text = VAE.replace("output_padding: 1}\n", "output_padding: 0}\n")
    assert text.count("output_padding: 0") == 2
    assert next(iter(shapecalc.inspect(shapecalc.loads(text), N=1).outputs.values())) == (1, 3, 218, 178)
    assert unmet_output(shapecalc.loads(text), None) is None


@pytest.mark.parametrize("wanted", [(h, w) for h in (222, 223, 224, 225) for w in (183, 184)])
def test_an_output_padding_per_axis_is_found_where_one_for_all_does_not_do(wanted: tuple[int, int]) -> None:
    """The size that is asked for, with the value put into the file; a brute force over all values finds no other."""
    found = choose(shapecalc.loads(VAE), ["recon.output_padding"], Wanted(wanted))
    values = [0, 1, [0, 1], [1, 0]]
    texts = [VAE.replace("output_padding: 1}, name", f"output_padding: {value}}}, name") for value in values]
    shapes = [next(iter(shapecalc.inspect(shapecalc.loads(text)).outputs.values()))[2:] for text in texts]
    expected = [value for value, shape in zip(values, shapes, strict=True) if shape == wanted]
    assert [list(c.values[0]) if isinstance(c.values[0], tuple) else c.values[0] for c in found.solutions] == expected


def test_an_output_padding_may_be_as_large_as_a_stride_that_is_unknown_too_allows() -> None:
    text = "input: [1, 1, 5]\nlayers:\n  - conv_transpose: {out_channels: 1, kernel_size: 3}\n    name: up\n"
    found = choose(shapecalc.loads(text), ["up.stride", "up.output_padding"], Wanted((22,)))
    pairs = [(stride, extra) for stride in range(1, 9) for extra in range(stride) if 4 * stride + 3 + extra == 22]
    assert sorted(choice.values for choice in found.solutions) == pairs == [(4, 3)]
