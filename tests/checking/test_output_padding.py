"""The `output_padding` that gives an expected output, as the help of SC501."""

import re

import pytest

from shapecalc import inspect, loads
from shapecalc.checking.diagnose import diagnose
from shapecalc.diagnostics import Diagnostic
from tests.support.rows import for_each

DOWN = "{conv: {out_channels: 4, kernel_size: 3, stride: 2, padding: 1}}"
UP = "{conv_transpose: {out_channels: 4, kernel_size: 3, stride: 2, padding: 1, output_padding: 1}, name: %s}"


def autoencoder(size: str, levels: int) -> str:
    """Return an autoencoder whose decoder doubles each axis, and that expects its input's size."""
    steps = ", ".join([*[DOWN] * levels, *(UP % f"up{level}" for level in range(levels))])
    return f"{{input: [N, 4, {size}], layers: [{steps}], expect: {{output: [N, 4, {size}]}}}}"


def unmet(text: str) -> tuple[Diagnostic, ...]:
    """Return the unmet expectations of a network."""
    return tuple(each for each in diagnose(inspect(loads(text)), brief=True) if each.code == "SC501")


@for_each("size", ["218, 178", "217, 177", "100", "37, 36, 35", "64, 30"])
@for_each("levels", [1, 2, 3])
def test_the_network_with_the_values_of_the_help_meets_its_expectation(size: str, levels: int) -> None:
    text = autoencoder(size, levels)
    for diagnostic in unmet(text):
        help_text = diagnostic.help or ""
        assert help_text.startswith("write `output_padding: ")
        for value, paths in re.findall(r"write `output_padding: (\S.*?)` in (`.*?`(?: and `.*?`)*)", help_text):
            for path in re.findall(r"`(.*?)`", paths):
                text = re.sub(rf"output_padding: 1}}, name: {path}", f"output_padding: {value}}}, name: {path}", text)
        assert not unmet(text)


def test_a_decoder_of_an_odd_size_names_the_layers_that_differ() -> None:
    (diagnostic,) = unmet(autoencoder("218, 178", 3))
    assert diagnostic.help == (
        "write `output_padding: 0` in `up0` and `up1`; or write `output: [N, 4, 218, 178]` if the change is meant"
    ).replace("218, 178", "224, 184")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (autoencoder("218, 178", 1).replace("output: [N, 4, 218", "output: [N, 4, 300"), "no value adds that much"),
        (autoencoder("218, 178", 1).replace("output: [N, 4", "output: [N, 5"), "channels differ"),
        ("{input: [N, 4, 9, 9], layers: [{max_pool: 2}], expect: {output: [N, 4, 9, 9]}}", "nothing is transposed"),
        (autoencoder("217", 8), "too many combinations"),
    ],
)
def test_nothing_is_named_that_does_not_give_the_output(text: str, why: str) -> None:
    assert not any("output_padding" in (each.help or "") for each in unmet(text)), why
