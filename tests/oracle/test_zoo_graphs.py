"""Networks whose paths part and meet, by row and by number: LeNet-5 as published, GoogLeNet, Inception v3, U-Net."""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc import verify
from shapecalc.checking.expect import unmet

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

    Numbers = np.ndarray[Any, np.dtype[Any]]

ORACLE = Path(__file__).parent
CLASSICS: dict[str, Any] = json.loads((ORACLE / "oracle.json").read_text(encoding="utf-8"))["classics"]
TORCHVISION: dict[str, Any] = json.loads((ORACLE / "torchvision_more.json").read_text(encoding="utf-8"))["models"]
NUMBERS: dict[str, Any] = json.loads((ORACLE / "googlenet.json").read_text(encoding="utf-8"))

IN_CLASSICS = {
    "googlenet": "googlenet_paper",
    "googlenet-aux": "googlenet_paper_aux",
    "googlenet-torchvision": "googlenet",
    "googlenet-torchvision-aux": "googlenet_aux_train",
}
IN_TORCHVISION = ("googlenet-torchvision", "inception_v3")
UNETS = ("unet", "unet-padded")
NAMES = ("lenet5-1998", *IN_CLASSICS, "inception_v3", *UNETS)

# PyTorch's class, or the function that stands in a row, and the word of the format.
WORDS = {
    "AdaptiveAvgPool2d": "adaptive_avg_pool",
    "AvgPool2d": "avg_pool",
    "BatchNorm2d": "batch_norm",
    "Conv2d": "conv",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Linear": "linear",
    "LocalResponseNorm": "local_response_norm",
    "MaxPool2d": "max_pool",
    "RBF": "rbf",
    "ReLU": "relu",
    "Tanh": "tanh",
    "adaptive_avg_pool2d": "adaptive_avg_pool",
    "cat": "concat",
    "flatten": "flatten",
    "relu": "relu",
}

# Figure 1 of U-Net: the cells along an axis after each convolution, and its channels in and out.
FIGURE_1 = (
    *((570, 1, 64), (568, 64, 64)),
    *((282, 64, 128), (280, 128, 128)),
    *((138, 128, 256), (136, 256, 256)),
    *((66, 256, 512), (64, 512, 512)),
    *((30, 512, 1024), (28, 1024, 1024)),
    *((54, 1024, 512), (52, 512, 512)),
    *((102, 512, 256), (100, 256, 256)),
    *((198, 256, 128), (196, 128, 128)),
    *((390, 128, 64), (388, 64, 64)),
)
# And of each up-convolution, the cells that come up and its channels.
UP_CONVOLUTIONS = ((28, 1024, 512), (52, 512, 256), (100, 256, 128), (196, 128, 64))

# Table I of LeCun et al. 1998: a row per map of S2, a column per map of C3.
TABLE_I = (
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
)

each = pytest.mark.parametrize("name", NAMES)


def report_of(name: str) -> Report:
    return shapecalc.inspect(shapecalc.load(name), N=1)


def figures(row: LayerReport) -> tuple[str, list[Any], Any, Any]:
    return row.type, list(row.output), row.params, row.macs


@each
def test_it_names_its_source_and_what_it_expects(name: str) -> None:
    architecture = shapecalc.load(name)
    assert architecture.cites
    assert {line.key for line in architecture.expect} >= {"output", "params", "macs"}


@each
def test_what_it_expects_is_met(name: str) -> None:
    assert unmet(shapecalc.inspect(shapecalc.load(name))) == ()


@pytest.mark.parametrize(("name", "model"), IN_CLASSICS.items())
def test_every_row_is_pytorchs(name: str, model: str) -> None:
    rows = [(WORDS[module], shape, params, macs) for _, module, shape, params, macs in CLASSICS[model]["rows"]]
    ours = [figures(row) for row in report_of(name).layers]
    if "torchvision" not in name:
        # The last average spans all of the map, 7 x 7 of an input of 224; the file lets the input have other sizes.
        (last,) = (place for place, row in enumerate(ours) if row[0] == "global_avg_pool")
        assert rows[last][0] == "avg_pool"
        rows[last] = ("global_avg_pool", *rows[last][1:])
    assert ours == rows


@pytest.mark.parametrize(("name", "model"), [*IN_CLASSICS.items(), ("lenet5-1998", "lenet5_paper")])
def test_the_totals_are_pytorchs(name: str, model: str) -> None:
    report, theirs = report_of(name), CLASSICS[model]
    outputs = theirs["output"] if isinstance(theirs["output"][0], list) else [theirs["output"]]
    assert [list(shape) for shape in report.outputs.values()] == outputs
    assert (report.totals.params, report.totals.macs) == (theirs["params"], theirs["macs"])
    # PyTorch has one integer per batch norm, a counter of batches, which is not counted here.
    assert report.totals.buffers == theirs["buffers"] - theirs["bn_counters"]


@pytest.mark.parametrize("name", IN_TORCHVISION)
def test_every_leaf_is_torchvisions_and_has_the_name_of_its_state_dict(name: str) -> None:
    theirs = TORCHVISION[name.removesuffix("-torchvision")]
    report = report_of(name)
    assert report.totals.macs == theirs["macs"]
    assert report.totals.params == theirs["params"] - theirs["aux_params"]
    leaves = [(path, WORDS[module], shape, params) for path, module, shape, params in theirs["leaves"]]
    named = {path for path, *_ in leaves}
    ours = [(row.path, row.type, list(row.output), row.params) for row in report.layers]
    assert [row for row in ours if row[0] in named] == leaves
    # What is left torchvision computes by functions, which are no leaves.
    assert {row[1] for row in ours if row[0] not in named} <= {"relu", "concat", "flatten", "avg_pool", "max_pool"}


def test_the_auxiliary_heads_are_what_googlenet_has_more() -> None:
    for alone, trained in (("googlenet", "googlenet-aux"), ("googlenet-torchvision", "googlenet-torchvision-aux")):
        whole, heads = report_of(trained), [row for row in report_of(trained).layers if row.path.startswith("aux")]
        assert len(heads) == len({row.path for row in heads}) > 0
        assert whole.totals.params - sum(row.params for row in heads) == report_of(alone).totals.params
        rest = [figures(row) for row in whole.layers if row not in heads]
        assert rest == [figures(row) for row in report_of(alone).layers]


def test_lenet5_of_1998_has_the_papers_rows() -> None:
    """Sub-sampling is two of our layers, the sparse C3 one for each map and their concatenation."""
    rows = iter(report_of("lenet5-1998").layers)
    for _, module, shape, params, macs in CLASSICS["lenet5_paper"]["rows"]:
        parts = [next(rows)]
        if module == "Scaled":
            parts.append(next(rows))
            assert [row.type for row in parts] == ["avg_pool", "scale"]
        elif module == "SparseC3":
            while parts[-1].type != "concat":
                parts.append(next(rows))
        else:
            assert parts[0].type == WORDS[module]
        assert list(parts[-1].output) == shape
        assert (sum(row.params for row in parts), sum(row.macs for row in parts)) == (params, macs)  # type: ignore[misc]
    assert next(rows, None) is None


def test_each_map_of_c3_reads_the_maps_of_s2_that_table_1_gives_it() -> None:
    layers = {step.path: step for step in shapecalc.load("lenet5-1998").layers}
    read = []
    for end in layers["c3"].inputs:
        (chosen,) = layers[end].inputs
        read.append(layers[chosen].layer.channels)  # type: ignore[attr-defined]
    columns = zip(*TABLE_I, strict=True)
    assert read == [tuple(place for place, cell in enumerate(column) if cell == "X") for column in columns]


def test_inception_v3_has_27_161_264_parameters_with_its_auxiliary_head() -> None:
    """The head: a convolution to 128 channels, one of 5 x 5 to 768, each with its norm, and the classes."""
    head = (768 * 128 + 2 * 128) + (128 * 768 * 5 * 5 + 2 * 768) + (768 * 1000 + 1000)
    assert report_of("inception_v3").totals.params + head == 27_161_264


def test_a_unet_has_the_sizes_of_figure_1() -> None:
    rows = [row for row in report_of("unet").layers if row.type == "conv"]
    drawn = [[1, out_channels, size, size] for size, _, out_channels in FIGURE_1]
    assert [list(row.output) for row in rows] == [*drawn, [1, 2, 388, 388]]
    crops = [row.output[2] for row in report_of("unet").layers if row.type == "center_crop"]
    assert crops == [56, 104, 200, 392]


@pytest.mark.parametrize(("name", "pictured"), [("unet", 1), ("unet-padded", 3)])
def test_a_unets_parameters_are_those_of_its_windows(name: str, pictured: int) -> None:
    wide = sum(9 * channels * out_channels + out_channels for _, channels, out_channels in FIGURE_1)
    up = sum(4 * channels * out_channels + out_channels for _, channels, out_channels in UP_CONVOLUTIONS)
    classes, colours = 64 * 2 + 2, 9 * (pictured - 1) * 64
    assert report_of(name).totals.params == wide + up + classes + colours


def test_a_unets_macs_are_those_of_figure_1() -> None:
    wide = sum(size * size * 9 * channels * out_channels for size, channels, out_channels in FIGURE_1)
    up = sum(size * size * 4 * channels * out_channels for size, channels, out_channels in UP_CONVOLUTIONS)
    assert report_of("unet").totals.macs == wide + up + 388 * 388 * 64 * 2


def test_the_sizes_that_leave_a_unet_are_steps_of_16() -> None:
    """Figure 1: 572 gives 388. Tiles whose 2 x 2 pools drop no row are 16 apart."""
    architecture = shapecalc.load("unet")
    for size, left in ((572, 388), (588, 404), (587, 388), (188, 4)):
        assert shapecalc.inspect(architecture, N=1, H=size, W=size).outputs["output"] == (1, 2, left, left)


def test_a_padded_unet_gives_a_map_as_large_as_its_picture() -> None:
    architecture = shapecalc.load("unet-padded")
    for height, width in ((16, 16), (48, 80), (256, 512)):
        report = shapecalc.inspect(architecture, N=1, H=height, W=width)
        assert report.outputs["output"] == (1, 2, height, width)


def test_a_padded_unet_refuses_a_picture_that_does_not_halve_four_times() -> None:
    with pytest.raises(shapecalc.ShapecalcError, match="concat"):
        shapecalc.inspect(shapecalc.load("unet-padded"), N=1, H=250, W=256)


def test_running_a_padded_unet_proves_it_at_multiples_of_16() -> None:
    assert verify(shapecalc.load("unet-padded"), N=2, H=48, W=80).ok


SLOW = ("inception_v3", *UNETS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in NAMES]
)
def test_running_it_proves_every_row(name: str) -> None:
    proof = verify(shapecalc.load(name))
    assert proof.ok, [row.layer.path for trial in proof.trials for row in trial.rows if not row.ok]
    assert len(proof.trials) == 2
    assert all(trial.skipped == 0 for trial in proof.trials)
    usual = shapecalc.load(name).sizes
    assert {symbol: proof.trials[0].sizes[symbol] for symbol in usual} == usual, "at full size first"


# GoogLeNet's numbers: what PyTorch makes of one picture, with tensors that a formula makes (`about` in the file).


def filled(name: str, shape: tuple[int, ...]) -> Numbers:
    i = np.arange(math.prod(shape), dtype=np.int64)
    whole = (7 * i * i + 31 * i + zlib.crc32(name.encode())) % 65521 - 32760
    return (whole / 32768).reshape(shape)


def tensor(name: str, shape: tuple[int, ...]) -> Numbers:
    v = filled(name, shape)
    if len(shape) > 1:
        return v * 2 / 2 ** (math.prod(shape[1:]).bit_length() // 2)
    if name.endswith("running_var"):
        return 1 + v / 2
    return 1 + v / 4 if name.endswith("weight") else v / 4


def numbers_of(name: str, dtype: type, **other: Numbers) -> dict[str, Numbers]:
    """The outputs by the names of the classifiers; `other` has tensors, by path, to take in place of the formula's."""
    architecture = shapecalc.load(name)
    batch, channels, height, width = NUMBERS["input"]
    report = shapecalc.inspect(architecture, N=batch, H=height, W=width)
    params = {
        f"{row.path}.{part}": tensor(f"{row.path}.{part}", shape)  # type: ignore[arg-type]
        for row in report.layers
        for part, shape in (*row.facts.parameters.items(), *row.facts.buffers.items())
    } | other
    x = filled("input", (batch, channels, height, width)).astype(dtype)
    outputs = shapecalc.run(architecture, {"input": x}, {path: array.astype(dtype) for path, array in params.items()})
    return {name: array[0] for name, array in outputs.items()}


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-4), (np.float64, 1e-9)])
def test_googlenet_gives_pytorchs_numbers_from_all_three_classifiers(dtype: type, tolerance: float) -> None:
    outputs = numbers_of("googlenet-torchvision-aux", dtype)
    assert list(outputs) == ["fc", "aux2", "aux1"]
    for name, array in outputs.items():
        assert array.dtype == dtype
        np.testing.assert_allclose(array, NUMBERS["outputs"][name], rtol=tolerance, atol=tolerance)


def test_googlenet_gives_the_same_classes_without_its_heads() -> None:
    (classes,) = numbers_of("googlenet-torchvision", np.float32).values()
    np.testing.assert_allclose(classes, NUMBERS["outputs"]["fc"], rtol=1e-4, atol=1e-4)


def test_a_tensor_of_one_branch_that_is_another_is_seen_in_the_classes() -> None:
    path = "inception4d.branch3.1.bn.bias"
    (classes,) = numbers_of("googlenet-torchvision", np.float32, **{path: tensor("another", (64,))}).values()
    assert np.abs(classes - NUMBERS["outputs"]["fc"]).max() > 1e-3
