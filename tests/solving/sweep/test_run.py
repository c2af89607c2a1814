"""Sweeps: the same figures as inspecting point by point, exact at any size, and what is kept of a grid."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.files.load import with_parameters
from shapecalc.shape_inference.engine import infer
from shapecalc.solving.sweep import Query, Run
from shapecalc.solving.sweep.plans import COSTS, costs
from tests.support.locked_networks import MIXTURE
from tests.support.swept_networks import NET, OPEN

LEGAL = """\
input: [N, H, W]
where: ["H % 2 == 0"]
layers:
  - group_norm: 3
  - flatten
  - linear: {in_features: 36, out_features: 5}
"""


def at_point(architecture, sizes):
    """The costs that inspecting one point gives; None where it is refused."""
    report, _ = infer(architecture, symbolic=True, sizes=sizes)
    return None if report is None else {name: count for name, count in costs(report).items() if name in COSTS}


def every_point(text: str, axes: dict) -> list[dict]:
    """What inspecting every point of a grid gives, in the order of the grid."""
    base = shapecalc.loads(text)
    found = []
    for values in product(*axes.values()):
        point = dict(zip(axes, values, strict=True))
        settings = {name: value for name, value in point.items() if name in base.parameters}
        sizes = {name: value for name, value in point.items() if name not in settings}
        architecture = with_parameters(base, settings)
        usual = {"N": 1, **architecture.sizes, **sizes}
        known = at_point(architecture, {name: usual[name] for name in architecture.symbols})
        if known is not None:
            found.append({**point, **known})
    return found


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        (NET, {"H": range(1, 40)}),
        (NET, {"width": (3, 8), "depth": (1, 2), "activation": ("relu", "gelu"), "H": (9, 16), "W": (7, 30)}),
        (NET, {"N": (1, 5), "H": (20, 21)}),
        (LEGAL, {"H": range(1, 14), "W": range(1, 14)}),
        (OPEN, {"N": (1, 3), "H": range(1, 30)}),
    ],
    ids=["one symbol", "structures too", "the batch", "conditions", "no closed form"],
)
def test_a_sweep_has_the_figures_of_inspecting_every_point_and_leaves_out_the_same_points(text, axes) -> None:
    found = shapecalc.sweep(shapecalc.loads(text), axes)
    wanted = every_point(text, axes)
    assert list(found.rows()) == wanted
    assert found.illegal == found.points - len(wanted)
    assert wanted


LAYERS = st.one_of(
    st.builds(
        lambda k, s, p, c: f"conv: {{out_channels: {c}, kernel_size: {k}, stride: {s}, padding: {p}}}",
        st.integers(1, 5),
        st.integers(1, 3),
        st.integers(0, 2),
        st.integers(1, 6),
    ),
    st.builds(lambda k, s, c: f"max_pool: {{kernel_size: {k}, stride: {s}, ceil_mode: {c}}}",
              st.integers(1, 3), st.integers(1, 3), st.sampled_from(["true", "false"])),
    st.sampled_from(["relu", "batch_norm", "upsample: {scale_factor: 2}", "softmax"]),
)  # fmt: skip


@given(
    st.lists(LAYERS, min_size=1, max_size=6),
    st.booleans(),
    st.lists(st.integers(1, 60), min_size=1, max_size=6),
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
    st.lists(st.integers(1, 4), min_size=1, max_size=2),
)
def test_random_stacks_cost_at_every_point_what_inspecting_it_says(layers, ends, heights, widths, batches) -> None:
    steps = "".join(f"  - {{{layer}}}\n" if ":" in layer else f"  - {layer}\n" for layer in layers)
    text = f"input: [N, 3, H, W]\nlayers:\n{steps}" + ("  - flatten\n  - linear: 7\n" if ends else "")
    axes = {"N": batches, "H": heights, "W": widths}
    wanted = every_point(text, axes)
    try:
        found = shapecalc.sweep(shapecalc.loads(text), axes)
    except ShapecalcError:
        assert wanted == []
        return
    assert list(found.rows()) == wanted


@pytest.mark.parametrize(("name", "side"), [("unet", 256), ("unet-padded", 64), ("inception_v3", 90)])
def test_the_zoo_fits_where_its_closed_forms_say_and_costs_there_what_inspecting_says(name, side) -> None:
    net = shapecalc.load(name)
    symbols = net.symbols
    axes = {"H": range(1, side)}
    found = shapecalc.sweep(net, axes)
    usual = {"N": 1, **net.sizes}
    wanted = []
    for height in axes["H"]:
        known = at_point(net, {symbol: {**usual, "H": height}[symbol] for symbol in symbols})
        wanted += [] if known is None else [{"H": height, **known}]
    assert list(found.rows()) == wanted
    assert found.notes[1:] == ()
    assert 0 < len(wanted) < side - 1


def test_resnet_50_costs_what_it_is_known_to() -> None:
    found = shapecalc.sweep(shapecalc.load("resnet50"), {"H": [224], "W": [224, 288]})
    assert found.columns["params"].tolist() == [25_557_032] * 2
    assert found.columns["macs"][0] == 4_089_184_256
    assert found.columns["macs"].dtype == np.int64


def test_progress_counts_every_point_once() -> None:
    seen = []
    net = shapecalc.loads(NET)
    axes = {"width": (8, 4), "H": range(1, 20)}
    list(Run(net, axes, Query(), chunk=5, progress=lambda done, total: seen.append((done, total))).chunks())
    assert seen == sorted(seen)
    assert seen[-1] == (38, 38)
    assert len(seen) > 4


@pytest.mark.parametrize(
    ("axes", "options", "message"),
    [
        ({"Q": [1]}, {}, "no symbol or parameter `Q`: it has `H`, `N`, `W`, `width`, `depth`, `activation`"),
        ({"H": [0]}, {}, "`H` expects sizes from 1 to 2147483647"),
        ({"H": ["x"]}, {}, "`H` expects sizes from 1 to 2147483647"),
        ({"H": range(5, 2**31 + 1)}, {}, "receives 2147483648"),
        ({"W": [16]}, {}, "has none for `H`"),
        ({"H": []}, {}, "`H` expects a value, has none"),
        ({"H": [16]}, {"by": "mac"}, "`by` does not know the column `mac`"),
        ({"H": [16]}, {"pareto": ["params", "x"]}, "`pareto` does not know the column `x`"),
        ({"H": [16]}, {"top": 3}, "`top` expects a column to order by"),
        ({"H": [16], "activation": ["relu"]}, {"by": "activation"}, "does not know the column `activation`"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_worked_out(axes, options, message) -> None:
    with pytest.raises(ShapecalcError) as raised:
        shapecalc.sweep(shapecalc.loads(NET), axes, **options)
    assert message in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_column_of_a_sweep_is_no_name_for_an_axis() -> None:
    with pytest.raises(ShapecalcError, match="a sweep has a column `macs` of its own"):
        shapecalc.sweep(shapecalc.loads("input: [N, macs]\nlayers: [relu]\n"), {"macs": [3]})


def test_columns_are_the_grid_then_the_costs() -> None:
    found = shapecalc.sweep(shapecalc.loads(NET), {"H": [16], "width": np.array([8, 4])})
    assert tuple(found.columns) == ("width", "H", *COSTS)
    assert found.columns["width"].tolist() == [8, 4]


def test_active_params_are_a_column_of_mixtures_and_of_other_networks_where_they_are_named() -> None:
    mixture = shapecalc.loads(
        MIXTURE.replace("name: mixture", "name: mixture\nparameters: {chosen: 1}").replace("top_k: 1", "top_k: $chosen")
    )
    found = shapecalc.sweep(mixture, {"chosen": [1, 2, 4], "T": [1, 3]})
    assert tuple(found.columns) == ("chosen", "T", *COSTS, "active_params")
    assert set(found.columns["params"].tolist()) == {600 + 42}
    assert found.columns["active_params"].tolist() == [168 + 42] * 2 + [312 + 42] * 2 + [600 + 42] * 2
    best = shapecalc.sweep(mixture, {"chosen": [4, 2, 1]}, where="active_params < 642", by="active_params")
    assert best.columns["chosen"].tolist() == [1, 2]
    plain = shapecalc.sweep(shapecalc.loads(NET), {"H": [16, 17]}, by="-active_params")
    assert plain.columns["active_params"].tolist() == plain.columns["params"].tolist()


def test_a_parameter_named_as_the_column_of_active_params_stays_one() -> None:
    net = shapecalc.loads(NET.replace("width", "active_params"))
    found = shapecalc.sweep(net, {"active_params": [4, 8], "H": [16]}, where="active_params > 4")
    assert tuple(found.columns) == ("active_params", "H", *COSTS)
    assert found.columns["active_params"].tolist() == [8]
