"""`shapecalc solve`, as its readers see it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app

UNET = """
name: two levels
input: [N, 1, H, W]
sizes: {H: 64, W: 64}
layers:
  - conv: {out_channels: 4, kernel_size: 3, padding: 1}
    name: high
  - max_pool: 2
  - max_pool: 2
    name: low
  - upsample: 4
    name: up
  - concat:
    from: [up, high]
"""


def solve(words: str, code: int = 0, stdin: str = "") -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, ["solve", *words.split()], input=stdin)
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def test_symbols_that_must_keep_to_the_same_are_said_together() -> None:
    assert solve("- --near 30", stdin=UNET) == (
        "two levels  [N, 1, H, W]\n"
        "\n"
        "H and W must be a multiple of 4\n"
        "  smallest   4\n"
        "  first ten  4, 8, 12, 16, 20, 24, 28, 32, 36, 40, …\n"
        "  near 30    28 below, 32 above\n"
        "\n"
        "any size of N is legal\n"
        "\n"
        "because                  demanded by  line\n"
        "──────────────────────────────────────────\n"
        "H == 4·⌊H/4⌋ (and of W)  concat_4       13\n"
        "and 6 more demands that follow from these; `--format json` has all\n"
    )


def test_the_files_own_sizes_leave_symbols_free_and_set_does_not() -> None:
    assert "H must be a multiple of 4" in solve("- --set W=8", stdin=UNET)
    assert solve("- --set W=8", stdin=UNET).startswith("two levels  [N, 1, H, 8]\n")
    assert "SC315" in solve_failing("- --set W=6", UNET)


def solve_failing(words: str, stdin: str) -> str:
    result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, ["solve", *words.split()], input=stdin)
    assert result.exit_code == 1, result.output
    return result.stderr


def test_a_size_that_fits_is_said_to_fit() -> None:
    shown = solve("- --near H=32 --near W=33", stdin=UNET)
    assert "  near 32    32 fits; next to it 28 below and 36 above\n" in shown
    assert "  near 33    32 below, 36 above\n" in shown


def test_one_symbols_own_size_wins_over_the_one_for_all() -> None:
    shown = solve("- --near H=100 --near 50", stdin=UNET)
    assert "near 100" in shown.partition("W must be")[0]
    assert "near 50" in shown.partition("W must be")[2]


def test_an_output_names_the_sizes_that_give_it() -> None:
    shown = solve("resnet50 --output 7x? --at layer4")
    assert "`layer4` is [N, 2048, ⌊(H + 31)/32⌋, ⌊(W + 31)/32⌋], wanted 7x?\n" in shown
    assert "H must be 193 to 224\n" in shown
    assert "any size of N and W is legal\n" in shown
    assert "⌊(H + 31)/32⌋ == 7  --output 7x?\n" in shown


def test_an_output_that_no_size_gives_ends_with_1() -> None:
    assert solve("- --output 7x7", code=1, stdin=UNET).endswith(
        "\nno size of H and W is legal\n\nany size of N is legal\n"
        "\nbecause                  demanded by   line\n"
        "───────────────────────────────────────────\n"
        "4·⌊H/4⌋ == 7 (and of W)  --output 7x7\n"
        "and 8 more demands that follow from these; `--format json` has all\n"
    )


def test_a_classifier_is_referred_to_its_last_step_with_symbols() -> None:
    error = solve("resnet50 --output 7x7", code=2)
    assert "`ResNet-50` gives [N, 1000], which depends on no size" in error
    assert "write `--at layer4`" in error


def test_json_has_every_demand_and_the_sizes_in_lowest_terms() -> None:
    document = json.loads(solve("- --near 30 --format json", stdin=UNET))
    height = document["symbols"]["H"]
    assert (height["early"], height["start"], height["period"], height["residues"]) == ([], 4, 4, [0])
    assert height["near"] == {"asked": 30, "fits": False, "below": 28, "above": 32}
    assert [row["path"] for row in document["because"] if row["needed"]] == ["concat_4", "concat_4"]
    assert len(document["because"]) == 8
    assert (document["joint"], document["example"], document["found"]) == ([], None, True)


def test_windows_are_listed_with_their_arithmetic_simplest_first() -> None:
    shown = solve("conv --n 32 --out 16 --most 2")
    assert shown.startswith(
        "which f, s, p, d of a conv give output = 16 with n = 32?\n"
        "\n"
        "  f = 2  s = 2  p = 0   (32 + 2·0 − 2)/2 + 1 = 16\n"
        "  f = 3  s = 2  p = 1   ⌊(32 + 2·1 − 3)/2⌋ + 1 = 16\n"
        "\n"
        "167 more: `--most 169` shows all\n"
    )
    assert "simplest first: no dilation, every cell read" in shown


def test_what_a_window_misses_stands_beside_it() -> None:
    assert "steps over 1 of every 2 cells" in solve("conv --n 32 --out 16 --f 1")
    assert "row 7 and column 7 are never read" in solve("pool --n 7 --out 3 --f 2 --s 2 --p 0 --d 1")


def test_pools_pad_by_half_and_may_round_up() -> None:
    assert "p up to half of the window" in solve("pool --n 28 --out 14")
    assert "min(⌈(112 + 2·0 − 3)/2⌉ + 1, ⌈(112 + 0)/2⌉) = 56" in solve("pool --n 112 --out 56 --f 3 --s 2 --ceil")


def test_where_no_window_does_the_closest_are_shown() -> None:
    assert "none; closest:\n  f = 15  s = 1  p = 56  d = 4   " in solve("conv --n 32 --out 500", code=1)


def test_windows_as_json_count_what_is_not_shown() -> None:
    document = json.loads(solve("conv --n 32 --out 16 --most 1 --format json"))
    assert (document["found"], len(document["windows"])) == (169, 1)
    assert {letter: document["windows"][0][letter] for letter in "fspd"} == {"f": 2, "s": 2, "p": 0, "d": 1}
    assert [axis["output"] for axis in document["windows"][0]["axes"]] == [16, 16]


def test_fields_of_a_stack_are_listed_simplest_first() -> None:
    shown = solve("alexnet --unknown conv1.kernel_size --unknown conv1.stride --output 55x55 --at conv1 --most 1")
    assert shown.startswith(
        "which conv1.kernel_size, conv1.stride give 55x55 out of `conv1`?\n"
        "\n"
        "conv1.kernel_size  conv1.stride  output\n"
        "────────────────────────────────────────────────\n"
        "               11             4  [N, 96, 55, 55]\n"
    )
    assert "tried conv1.kernel_size from 1 to 15, conv1.stride from 1 to 8" in shown


def test_fields_as_json_have_what_was_tried() -> None:
    document = json.loads(solve("alexnet --unknown conv1.stride --output 55x55 --at conv1 --format json"))
    assert document["choices"] == [{"values": {"conv1.stride": 4}, "output": ["N", 96, 55, 55]}]
    assert document["tried"] == {"conv1.stride": [1, 2, 3, 4, 5, 6, 7, 8]}


def test_no_value_that_gives_the_output_ends_with_1() -> None:
    assert "none; closest:" in solve("alexnet --unknown conv1.stride --output 54x54 --at conv1", code=1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("conv --n 32", "`--out` is missing"),
        ("conv", "`--n` and `--out` are missing"),
        ("conv --n 32 --out x", "`--out x` expects a whole number"),
        ("conv --n 32 --out 0", "`--out 0`"),
        ("conv --n 32x32x32 --out 16x16", "SC204"),
        ("conv --n 32 --out 16 --ceil", "`--ceil` is for pool"),
        ("conv --n 32 --out 16 --near 5", "`--near` is for an architecture"),
        ("conv --n 32 --out 16 --f 99999", "--f"),
        ("vgg16 --n 32", "`--n` is for `shapecalc solve conv`"),
        ("vgg16 --at features.30", "expects `--output` beside it"),
        ("vgg16 --unknown features.0.padding", "expects `--output` beside it"),
        ("vgg16 --output 7x7 --at feature.30", "did you mean `features.30`?"),
        ("vgg16 --output ?x?", "`--output` expects sizes such as 7x7"),
        ("vgg16 --output 0x7 --at features.30", "at least 1"),
        ("vgg16 --output seven --at features.30", "`--output` expects a whole number"),
        ("vgg16 --output 1x2x3x4x5 --at features.30", "has no 5 axes"),
        ("vgg16 --near H=x", "`--near` expects a whole number"),
        ("vgg16 --near T=5", "names no free symbol of `VGG-16`; they are: `H`, `N`, `W`"),
        ("vgg16 --near 0", "at least 1"),
        ("vgg16 --set Q=2", "no symbol `Q`"),
        ("vgg16 --unknown features.0.padding --output 7x7 --near 3", "`--unknown` solves for fields"),
        ("vgg16 --unknown features.0.padding --unknown features.0.padding --output 1000", "is given twice"),
        ("vgg16 --unknown a.f --unknown b.f --unknown c.f --unknown d.f --output 1000", "is given 4 times"),
        ("vgg16 --unknown features.0.groups --output 1000", "`out_channels` can be tried"),
    ],
)  # fmt: skip
def test_wrong_usage_is_named(words: str, says: str) -> None:
    assert says in " ".join(solve(words, code=2).replace("│", " ").split())


def test_a_narrow_terminal_breaks_no_line_later_than_its_width() -> None:
    from shapecalc import inspect, load
    from shapecalc.render.solve_architecture import solution
    from shapecalc.solving.input_sizes import near, solve as solved

    found = solved(inspect(load("densenet121"), symbolic=True))
    for width in (40, 80, 200):
        shown = solution(found, {"H": near(found.sizes["H"], 500)}, width=width, color=False, unicode=True)
        assert max(map(len, shown.splitlines())) <= width


def test_ascii_alone_is_written_where_nothing_else_can_be() -> None:
    result = CliRunner(env={"NO_COLOR": "1"}, charset="ascii").invoke(app, ["solve", "vgg16"])
    assert result.exit_code == 0
    assert "floor(H/16) >= 2" in result.stdout
    assert result.stdout.isascii()
