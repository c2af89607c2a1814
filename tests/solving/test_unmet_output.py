"""The output that a file expects and does not get, and the output paddings that give it."""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc.checking.expect import unmet
from shapecalc.solving.input_sizes import Wanted
from shapecalc.solving.unmet_output import paddings_giving_it, unmet_output
from tests.solving.test_unknown_fields import STACK, VAE


def test_the_output_that_a_file_expects_is_asked_for_only_if_it_is_not_met() -> None:
    stack = STACK + "expect: {output: [N, 8, 6, 6]}\n"
    assert unmet_output(shapecalc.loads(stack), None) == Wanted((None, 8, 6, 6))
    assert unmet_output(
        shapecalc.loads(stack.replace("6, 6]", "H, 6]").replace("20, 20", "H, 20")), None, {"H": 6}
    ) == (Wanted((None, 8, 6, 6)))
    assert unmet_output(shapecalc.loads(STACK), None) is None
    step = STACK.replace("    name: first", "    name: first\n    expect: {output: [N, 4, 9, 9]}")
    assert unmet_output(shapecalc.loads(step), "first") == Wanted((None, 4, 9, 9))
    assert unmet_output(shapecalc.loads(step), "second") is None


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("[N, 3, 218, 178]", {"conv_transpose_3": "0", "conv_transpose_4": "0", "recon": "1"}),
        ("[N, 3, 223, 184]", {"recon": "[0, 1]"}),
        ("[N, 3, 223, 183]", {"recon": "0"}),
        ("[N, 3, 224, 184]", {}),
        ("[N, 3, 219, 178]", {"conv_transpose_3": "0", "conv_transpose_4": "[1, 0]", "recon": "[0, 1]"}),
        ("[N, 3, 216, 178]", {}),
        ("[N, 4, 218, 178]", {}),
        ("[N, 3, 218]", {}),
    ],
)
def test_output_paddings_that_give_what_is_expected_are_named_and_give_it(expected: str, found: dict[str, str]) -> None:
    """Put into the file, the values give what it expects; other channels, or a size that none gives, name nothing."""
    text = VAE.replace("[N, 3, 218, 178]", expected, 2).replace(f"input: {expected}", "input: [N, 3, 218, 178]")
    report = shapecalc.inspect(shapecalc.loads(text))
    assert paddings_giving_it(report, most=300) == found
    messages = [diagnostic.help or "" for diagnostic in unmet(report)]
    assert [("`output_padding` gives it" in message) for message in messages] == ([bool(found)] if messages else [])
    lines = text.split("\n")
    for number, path in ((7, "conv_transpose_3"), (8, "conv_transpose_4"), (9, "recon")):
        lines[number] = re.sub("output_padding: 1", f"output_padding: {found.get(path, 1)}", lines[number])
    if found:
        assert unmet(shapecalc.inspect(shapecalc.loads("\n".join(lines)))) == ()


def test_a_stride_with_too_many_output_paddings_to_try_names_none() -> None:
    up = "conv_transpose: {out_channels: 1, kernel_size: 3, stride: 5000}"
    report = shapecalc.inspect(
        shapecalc.loads(f"input: [1, 1, 4]\nlayers:\n  - {up}\nexpect: {{output: [1, 1, 15004]}}\n")
    )
    assert paddings_giving_it(report, most=300) == {}
    assert [diagnostic.code for diagnostic in unmet(report)] == ["SC501"]


def test_a_network_without_transposed_windows_names_no_output_padding() -> None:
    report = shapecalc.inspect(shapecalc.loads(STACK + "expect: {output: [N, 8, 6, 6]}\n"))
    assert paddings_giving_it(report, most=300) == {}
    assert [diagnostic.help for diagnostic in unmet(report)] == ["write `output: [N, 8, 5, 5]` if the change is meant"]
