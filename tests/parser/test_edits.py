"""An edit that is offered makes the file right; where none can, none is offered."""

from __future__ import annotations

import re

import pytest

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.files.load import loads
from shapecalc.shape_inference.engine import inspect
from tests.support.rows import for_each

HEAD = "input: [N, 3, 32, 32]\n"


def layers(*steps: str) -> str:
    return HEAD + "layers:\n" + "".join(f"  - {step}\n" for step in steps)


def findings(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(text))
    return caught.value.diagnostics


@for_each(
    "text",
    [
        layers("conv:\n    out_channels: 6\n    kernel_size: 5\n    name: c1", "relu"),
        layers("conv:\n      out_channels: 6\n      kernel_size: 5\n    padding: 2  # a comment", "relu"),
        layers("conv:\n        out_channels: 6\n    kernel_size: 5\n    padding: 2\n    name: c1"),
        layers("{relu: {}, name: first layer}"),
        layers("Conv2D: {out_channels: 6, kernel_size: 5}"),
        layers("conv: {out_channels: '64', kernel_size: 5}"),
        layers("conv: {out_channels: 6, kernel_size: 5, padding: smae}"),
        layers("conv: {out_channels: 6, kernel_size: 5, in_channels: 4}"),
        layers("conv: {out_channels: 6, kernel_size: 5, groups: 2}"),
        layers("conv: {out_channels: 6, kernel_size: [5, 33]}"),
        layers("max_pool: {kernel_size: 3, padding: 2}"),
        layers("nn.ReLU()"),
        HEAD
        + "blocks: {pool: {parameters: [k, s], layers: [max_pool: $k]}}\nlayers:\n  - pool:\n      k: 2\n    s: 1\n",
        HEAD + "blocks: {pool: {parameters: [k], layers: [max_pool: $k]}}\nlayers: [pol: 2]\n",
        HEAD + "blocks: {pool: {parameters: [k], layers: [max_pool: $k]}}\nlayers: [pool: 33]\n",
        HEAD + "blocks: {pool: {parameters: [size], layers: [max_pool: $siez]}}\nlayers: [pool: 2]\n",
        HEAD + "blocks: {pool: {parameters: [k], layers: [max_pool: '${k / 2}']}}\nlayers: [pool: 4]\n",
        layers("add: {main: [relu], rest: }"),
        layers("add:\n      main: [relu]\n      rest:\n"),
        "input: N, 3, 32\nlayers: [relu]\n",
        "input: 3x32x32\nlayers: [relu]\n",
        "input: [N, '3']\nlayers: [relu]\n",
    ],
)
def test_the_edit_that_is_offered_makes_the_file_right(text: str) -> None:
    (finding,) = findings(text)
    assert finding.fix is not None
    span = finding.fix.span
    starts = [0, *(line.end() for line in re.finditer("\n", text))]
    start, end = starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
    assert inspect(loads(text[:start] + finding.fix.replacement + text[end:])).layers


def test_no_edit_is_offered_for_fields_in_the_middle_of_a_line() -> None:
    for step in ("{linear: , out_features: 10}", "conv: {out_channels: 6}\n    kernel_size: 5"):
        (finding,) = findings(layers(step))
        assert (finding.code, finding.fix) == ("SC102", None)
