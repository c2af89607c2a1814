"""`shapecalc solve`, as its readers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from tests.support.solving_commands import UNET, solve

if TYPE_CHECKING:
    from pathlib import Path


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
    shown = solve("resnet50 --out 7x? --at layer4")
    assert "`layer4` is [N, 2048, ⌊(H + 31)/32⌋, ⌊(W + 31)/32⌋], wanted 7x?\n" in shown
    assert "H must be 193 to 224\n" in shown
    assert "any size of N and W is valid\n" in shown
    assert "⌊(H + 31)/32⌋ == 7  --out 7x?\n" in shown


def test_sizes_given_as_output_are_those_of_out_and_another_name_is_a_file(tmp_path: Path) -> None:
    assert solve("resnet50 --output 7x? --at layer4") == solve("resnet50 --out 7x? --at layer4")
    assert solve("conv --n 32 --output 16") == solve("conv --n 32 --out 16")
    file = tmp_path / "sizes.json"
    assert solve(f"resnet50 --out 7x? --at layer4 --output {file}") == ""
    assert file.read_text("utf-8") == solve("resnet50 --out 7x? --at layer4 --format json")


def test_an_output_that_no_size_gives_ends_with_1() -> None:
    assert solve("- --out 7x7", code=1, stdin=UNET).endswith(
        "\nno size of H and W is valid\n\nany size of N is valid\n"
        "\nbecause                  required by  line\n"
        "──────────────────────────────────────────\n"
        "4·⌊H/4⌋ == 7 (and of W)  --out 7x7\n"
        "and 8 more constraints that follow from these; `--format json` has all\n"
    )


def test_a_classifier_is_referred_to_its_last_step_with_symbols() -> None:
    error = solve("resnet50 --out 7x7", code=2)
    assert "`ResNet-50` gives [N, 1000], which depends on no size" in error
    assert "write `--at layer4`" in error


def test_fields_of_a_stack_are_listed_simplest_first() -> None:
    shown = solve("alexnet --unknown conv1.kernel_size --unknown conv1.stride --out 55x55 --at conv1 --top 1")
    assert shown.startswith(
        "which conv1.kernel_size, conv1.stride give 55x55 out of `conv1`?\n"
        "\n"
        "conv1.kernel_size  conv1.stride  output\n"
        "────────────────────────────────────────────────\n"
        "               11             4  [N, 96, 55, 55]\n"
    )
    assert "tried conv1.kernel_size from 1 to 15, conv1.stride from 1 to 8" in shown


def test_no_value_that_gives_the_output_ends_with_1() -> None:
    assert "none; closest:" in solve("alexnet --unknown conv1.stride --out 54x54 --at conv1", code=1)


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
        ("vgg16 --at features.30", "requires `--out`"),
        ("vgg16 --unknown features.0.padding", "requires `--out`"),
        ("vgg16 --out 7x7 --at feature.30", "did you mean `features.30`?"),
        ("vgg16 --out ?x?", "`--out` expects sizes such as 7x7"),
        ("vgg16 --out 0x7 --at features.30", "at least 1"),
        ("vgg16 --out seven --at features.30", "`--out` expects a whole number"),
        ("vgg16 --out 1x2x3x4x5 --at features.30", "has no 5 axes"),
        ("vgg16 --output seven --at features.30", "`--output` expects a file such as sizes.json"),
        ("vgg16 --output 7x7 --out 6x7 --at features.30", "`--out` is given twice, as 6x7 and as 7x7"),
        ("vgg16 --near H=x", "`--near` expects a whole number"),
        ("vgg16 --near T=5", "names no free symbol of `VGG-16`; they are: `H`, `N`, `W`"),
        ("vgg16 --near 0", "at least 1"),
        ("vgg16 --set Q=2", "no symbol `Q`"),
        ("vgg16 --unknown features.0.padding --out 7x7 --near 3", "`--unknown` solves for fields"),
        ("vgg16 --unknown features.0.padding --unknown features.0.padding --out 1000", "is given twice"),
        ("vgg16 --unknown a.f --unknown b.f --unknown c.f --unknown d.f --out 1000", "is given 4 times"),
        ("vgg16 --unknown features.0.groups --out 1000", "`out_channels` can be tried"),
    ],
)  # fmt: skip
def test_wrong_usage_is_named(words: str, says: str) -> None:
    assert says in " ".join(solve(words, code=2).replace("│", " ").split())
