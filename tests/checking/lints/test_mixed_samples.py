"""SC410: a reshape or flatten that mixes samples."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.lints import layers, warned
from tests.support.rows import for_each

MAP = "input: [N, 20, 5, 5]\n"
STATES = "lstm: {hidden_size: 16, bidirectional: true}"


def messages(text: str) -> list[str]:
    return [finding.message for finding in warned(text) if finding.code == "SC410"]


@for_each(
    "text",
    [
        pytest.param(MAP + layers("reshape: [-1, 320]", "linear: 10"), id="the report: 320 of 500"),
        pytest.param(
            "input: [64, 1, 14, 14]\n"
            + layers("conv: {out_channels: 20, kernel_size: 3}", "max_pool: 2", "reshape: [-1, 480]"),
            id="in numbers: 480 of 720",
        ),
        pytest.param(MAP + layers("reshape: [-1, 1000]", "linear: 10"), id="two samples in a row"),
        pytest.param(MAP + layers("reshape: [-1, 250]", "linear: 10"), id="two rows of a sample, which leave so"),
        pytest.param("input: [64, 784]\n" + layers("reshape: [-1, 1, 32, 32]"), id="a table as pictures of 1024"),
        pytest.param("input: [N, 100]\n" + layers("linear: 8192", "reshape: [-1, 256, 4, 4]"), id="half a sample"),
        pytest.param("input: [N, 10, 512]\n" + layers("reshape: [10, -1, 512]", "lstm: 4"), id="in place of permute"),
        pytest.param(
            "input: [32, 8, 6]\n" + layers("gru: {hidden_size: 6, batch_first: true}", "reshape: [8, 32, 6]"),
            id="in place of permute, in numbers",
        ),
        pytest.param("input: [N, 1, 28, 28]\n" + layers("flatten: 0", "linear: 10"), id="the batch in the features"),
        pytest.param("input: [N, 784]\n" + layers("reshape: [1, -1]", "linear: 10"), id="the same by reshape"),
        pytest.param(
            "input: [T, N, 12]\n" + layers(f"{{{STATES}, name: l}}", "{reshape: [-1, 32], from: l.h_n}"), id="states"
        ),
        pytest.param("input: [7, N, 12]\n" + layers("lstm: 16", "reshape: [-1, 112]"), id="time first, as rows"),
        pytest.param("input: [7, N, 12]\n" + layers("lstm: 16", "flatten", "linear: 3"), id="time first, flattened"),
        pytest.param(
            "input: [N, 10, 3]\n" + layers("flatten: {start_dim: 0, end_dim: 1}", "reshape: [-1, 15, 3]"),
            id="unfolded to another length",
        ),
    ],
)
def test_samples_that_are_mixed_are_warned_of_once(text: str) -> None:
    assert len(messages(text)) == 1


@for_each(
    "text",
    [
        pytest.param(MAP + layers("reshape: [-1, 500]", "linear: 10"), id="a sample in a row"),
        pytest.param(MAP + layers("flatten", "linear: 10"), id="flatten"),
        pytest.param("input: [1, 20, 5, 5]\n" + layers("reshape: [1, -1]", "linear: 10"), id="a batch of one"),
        pytest.param("input: [N, 32]\n" + layers("reshape: [-1, 2, 32]"), id="pairs of samples"),
        pytest.param("input: [N, 10, 8]\n" + layers("reshape: [-1, 8]", "linear: 90"), id="a table of words"),
        pytest.param("input: [N, 10, 8]\n" + layers("linear: 8", "reshape: [-1, 4]"), id="groups of features"),
        pytest.param("input: [N, 32]\n" + layers("linear: 1", "flatten: 0"), id="a score for each sample"),
        pytest.param("input: [N, 3, 6, 6]\n" + layers("flatten: 0"), id="all elements, for a loss"),
        pytest.param("input: [T, N, 12]\n" + layers("lstm: 16", "reshape: [-1, 16]"), id="time first, words"),
        pytest.param("input: [7, N, 12]\n" + layers("linear: 16", "reshape: [7, -1, 4]"), id="heads, time first"),
        pytest.param(
            "input: [7, N, 12]\n" + layers("reshape: [-1, 12]", "linear: 4", "reshape: [7, -1, 4]"), id="and back"
        ),
        pytest.param(
            "input: [N, 10, 3]\n" + layers("flatten: {start_dim: 0, end_dim: 1}", "reshape: [-1, 10, 3]"), id="frames"
        ),
        pytest.param("input: [N, T, 3]\n" + layers("reshape: [-1, 5, 3]"), id="pieces of a length that is unbound"),
        pytest.param("input: [3, 8, 8]\n" + layers("reshape: [1, 3, 8, 8]"), id="one picture gets a batch"),
    ],
)
def test_samples_that_stay_apart_are_not_warned_of(text: str) -> None:
    assert messages(text) == []


@pytest.mark.parametrize("batch", [2, 6, 12])
@pytest.mark.parametrize("sample", [(4, 15), (5, 9), (3, 2, 10)])
def test_a_table_mixes_samples_where_a_row_of_the_array_has_several(batch: int, sample: tuple[int, ...]) -> None:
    owner = np.broadcast_to(np.arange(batch).reshape(-1, *[1] * len(sample)), (batch, *sample))
    elements = owner.size // batch
    widths = [width for width in range(2, owner.size) if owner.size % width == 0 and width != elements]
    mixed = [width for width in widths if any(len(set(row)) > 1 for row in owner.reshape(-1, width).tolist())]
    text = f"input: [{batch}, {', '.join(map(str, sample))}]\n"
    shown = [
        width
        for width in widths
        if any("mixes" in each for each in messages(text + layers("batch_norm", f"reshape: [-1, {width}]")))
    ]
    assert shown == mixed
    assert shown
    assert shown != widths


@pytest.mark.parametrize(
    ("shape", "steps", "label", "help_text"),
    [
        ("[64, 500]", ("batch_norm", "reshape: [-1, 320]"), "64 samples become 100", "`reshape: [-1, 500]`"),
        ("[N, 500]", ("reshape: [-1, 250]", "linear: 2"), "N samples become 2·N", "`flatten`"),
        ("[N, 500]", ("reshape: [-1, 5, 2, 5]",), "N samples become 10·N", "500 elements together"),
        ("[N, 4, 9]", ("reshape: [4, -1, 9]",), "N samples become 4", "`permute: [1, 0, 2]` swaps them"),
        ("[7, N, 5]", ("reshape: [-1, 35]",), "", "put `permute` before it"),
    ],
)
def test_the_help_states_the_size_of_a_sample(shape: str, steps: tuple[str, ...], label: str, help_text: str) -> None:
    (finding,) = warned(f"input: {shape}\n" + layers(*steps))
    assert (finding.code, finding.label) == ("SC410", label)
    assert help_text in str(finding.help)
