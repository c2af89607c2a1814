"""Sweeps: the same figures as inspecting point by point, exact at any size, and what is kept of a grid."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.dims import Condition, Expr, Relation, evaluate, parse
from shapecalc.files.load import with_parameters
from shapecalc.shape_inference.engine import infer
from shapecalc.solving.sweep import Query, Run
from shapecalc.solving.sweep.compiled import LARGEST, compiled
from shapecalc.solving.sweep.grid import blocks
from shapecalc.solving.sweep.pareto import Key, Selection, front
from shapecalc.solving.sweep.plans import COSTS, costs
from shapecalc.solving.sweep.where import parse_where

NET = """\
name: net
parameters: {width: 8, depth: 1, activation: relu}
input: [N, 3, H, W]
sizes: {W: 16}
blocks:
  stage:
    parameters: [channels, stride: 1]
    layers:
      - conv: {out_channels: $channels, kernel_size: 3, stride: $stride, padding: 1}
      - $activation
layers:
  - {stage: $width, repeat: $depth}
  - stage: {channels: "${2 * width}", stride: 2}
  - max_pool: 3
  - flatten
  - linear: 10
"""

LEGAL = """\
input: [N, H, W]
where: ["H % 2 == 0"]
layers:
  - group_norm: 3
  - flatten
  - linear: {in_features: 36, out_features: 5}
"""


OPEN = """\
input: [N, 1, H]
layers:
  - upsample: {scale_factor: 1.1}
  - conv: {out_channels: 2, kernel_size: 3}
"""


def at_point(architecture, sizes):
    """The costs that inspecting one point gives; None where it is refused."""
    report, _ = infer(architecture, symbolic=True, sizes=sizes)
    return None if report is None else costs(report)


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


# Exactness.


def test_a_number_that_int64_does_not_hold_is_exact_and_no_smaller_one_is_slow() -> None:
    resnet = shapecalc.load("resnet50")
    sizes = {"N": 2**31 - 1, "H": 2**31 - 1, "W": 2**31 - 3}
    found = shapecalc.sweep(resnet, {name: [2, size] for name, size in sizes.items()}).columns
    report, _ = infer(resnet, symbolic=True, one_sample=False)
    for name, count in costs(report).items():
        assert found[name][-1] == (count if isinstance(count, int) else evaluate(count, sizes))
    assert found["macs"][-1] > LARGEST
    assert (found["macs"].dtype, found["params"].dtype) == (object, np.int64)


@pytest.mark.parametrize("highest", [2**31, 3037000499, 3037000500, 2**32])
def test_the_switch_to_exact_numbers_comes_where_int64_ends(highest) -> None:
    # 3037000499² is the largest square below 2^63.
    ready = compiled({"square": parse("H**2")}, (), {"H": highest})
    assert ready.fits["square"] == (highest**2 <= LARGEST)
    assert ready.columns({"H": np.array([highest])})["square"].tolist() == [highest**2]


@pytest.mark.parametrize(
    "text",
    ["H*W - H*W**2", "(H*W*W)//7 + 3", "((H + W)//2*W + 5)//3", "(H*W//1000000)*(W//1000000)", "H - 5000000000*W"],
)
@pytest.mark.parametrize("size", [10**3, 10**6, 2**31 - 1, 10**12])
def test_nothing_on_the_way_to_a_value_wraps(text, size) -> None:
    expr = parse(text)
    assert isinstance(expr, Expr)
    points = [(1, 1), (1, size), (size, 1), (size, size), (size - 1, size - 2)]
    sizes = {"H": np.array([point[0] for point in points]), "W": np.array([point[1] for point in points])}
    condition = Condition(expr, Relation.NONNEGATIVE)
    ready = compiled({"value": expr}, (condition,), {"H": size, "W": size})
    wanted = [evaluate(expr, {"H": h, "W": w}) for h, w in points]
    assert ready.columns(sizes)["value"].tolist() == wanted
    assert ready.valid(sizes).tolist() == [value >= 0 for value in wanted]


def test_an_intermediate_number_counts_also_where_the_value_is_small() -> None:
    expr = parse("(H**3)//1000000000000")
    assert isinstance(expr, Expr)
    ready = compiled({"value": expr}, (), {"H": 10**7})
    assert not ready.fits["value"]
    assert ready.columns({"H": np.array([10**7])})["value"].tolist() == [10**9]


# Blocks.


@given(st.lists(st.integers(1, 9), max_size=4), st.integers(1, 50))
def test_blocks_cover_a_grid_once_and_in_order(lengths, chunk) -> None:
    whole = np.arange(int(np.prod(lengths, dtype=int))).reshape(lengths)
    found = []
    for block in blocks(tuple(lengths), chunk):
        assert block.points <= chunk
        found += whole[tuple(slice(*ends) for ends in block.ranges)].reshape(-1).tolist()
    assert found == whole.reshape(-1).tolist()


@pytest.mark.parametrize(
    "choice", [{}, {"by": "macs", "top": 5}, {"by": "-flops", "top": 7}, {"pareto": ["-H", "macs"]}]
)
@pytest.mark.parametrize("chunk", [1, 3, 17, 1000])
def test_a_grid_in_pieces_keeps_what_it_keeps_as_one(choice, chunk) -> None:
    net, axes = shapecalc.loads(NET), {"width": (8, 4), "H": range(8, 20), "W": range(8, 14)}
    whole = list(shapecalc.sweep(net, axes, **choice).rows())
    run = Run(net, axes, Query(**choice), chunk=chunk)
    chunks = [
        dict(zip(piece.columns, row, strict=True))
        for piece in run.chunks()
        for row in zip(*(values.tolist() for values in piece.columns.values()), strict=True)
    ]
    assert chunks == whole


def test_progress_counts_every_point_once() -> None:
    seen = []
    net = shapecalc.loads(NET)
    axes = {"width": (8, 4), "H": range(1, 20)}
    list(Run(net, axes, Query(), chunk=5, progress=lambda done, total: seen.append((done, total))).chunks())
    assert seen == sorted(seen)
    assert seen[-1] == (38, 38)
    assert len(seen) > 4


# What is kept.


def test_top_keeps_the_first_of_equals_in_the_order_of_the_grid() -> None:
    found = shapecalc.sweep(shapecalc.load("resnet50"), {"H": [64, 32, 33, 64, 32]}, by="params", top=3)
    assert found.columns["H"].tolist() == [64, 32, 33]


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 3), max_size=40), st.integers(1, 3), st.booleans())
def test_a_front_is_what_no_point_beats(points, count, wide) -> None:
    columns = [np.array([point[axis] for point in points], dtype=object if wide else np.int64) for axis in range(count)]
    wanted = [
        index
        for index, point in enumerate(points)
        if not any(
            all(a <= b for a, b in zip(other[:count], point[:count], strict=True)) and other[:count] != point[:count]
            for other in points
        )
    ]
    assert front(columns).tolist() == wanted


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 12), st.booleans(), st.booleans())
def test_top_is_the_head_of_the_whole_order(values, top, descending, wide) -> None:
    columns = {"macs": np.array(values, dtype=object if wide else np.int64)}
    wanted = sorted(range(len(values)), key=lambda at: -values[at] if descending else values[at])[:top]
    assert Selection((), Key("macs", descending), top).of(columns, len(values)).tolist() == wanted


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("H < 3", [1, 2]),
        ("H <= 2.5", [1, 2]),
        ("H < 2.5", [1, 2]),
        ("H >= 2.5", [3, 4, 5]),
        ("H > 4.5", [5]),
        ("3 > H", [1, 2]),
        ("H == 2.5", []),
        ("H != 2.5", [1, 2, 3, 4, 5]),
        ("not H == 2", [1, 3, 4, 5]),
        ("H == 1 or H == 2 and width > 1M", [1]),
        ("(H == 1 or H == 2) and width == 8", [1, 2]),
        ("2 <= H < 4", [2, 3]),
        ("not (H > 2 and H < 5)", [1, 2, 5]),
        ("macs > H", [3, 4, 5]),
        ("macs >= 3K and macs <= 4.096Ki", [3, 4]),
        ("activation == 'relu' and H == 1", [1]),
        ('activation != "relu"', []),
        ("bias == true and H > 4", [5]),
        ("rate == 0.5 and rate < 0.6 and H == 3", [3]),
        ("huge > 9223372036854775807 and H > 3", [4, 5]),
        ("huge < 1T", [1]),
    ],
)
def test_where_keeps_what_it_says(text, kept) -> None:
    sizes = np.arange(1, 6)
    values = {
        "H": sizes,
        "macs": np.array([0, 1, 3000, 4096, 10**6]),
        "width": 8,
        "activation": "relu",
        "bias": True,
        "rate": 0.5,
        "huge": np.array([1, 2**63 - 1, 2**63 - 1, 2**63, 2**80], dtype=object),
    }
    mask = parse_where(text, values).holds(values)
    assert sizes[np.broadcast_to(mask, sizes.shape)].tolist() == kept


@pytest.mark.parametrize(
    ("number", "value"),
    [("1.5K", 1500), ("2M", 2 * 10**6), ("3G", 3 * 10**9), ("1T", 10**12), ("1Ki", 1024), ("1.5Mi", 3 * 2**19),
     ("2Gi", 2**31), ("1Ti", 2**40), ("0.1", Fraction(1, 10))],
)  # fmt: skip
def test_units_are_exact(number, value) -> None:
    assert parse_where(f"H == {number}", {"H"}).holds({"H": value if isinstance(value, int) else 0.1}) is (
        value != Fraction(1, 10)
    )


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("", "expects a name or a number, receives the end", 1),
        ("H", "expects one of <, <=, >, >=, ==, !=, receives the end", 2),
        ("H < ", "expects a name or a number, receives the end", 5),
        ("H < 3 W", "expects `and`, `or` or the end, receives `W`", 7),
        ("(H < 3", "expects `)` for this `(`", 1),
        ("H < 3Q", "does not know the unit `Q`", 5),
        ("mac < 3", "does not know `mac`", 1),
        ("H = 3", "does not know `=`", 3),
        ("__import__('os').system('true')", "does not know `.`", 17),
        ("H + 1 < 3", "does not know `+`", 3),
        ("not " * 60 + "H < 3", "nests deeper than 50", 201),
        ("(" * 60 + "H < 3", "nests deeper than 50", 51),
    ],
)
def test_where_says_what_is_wrong_and_at_which_character(text, message, column) -> None:
    with pytest.raises(ShapecalcError) as raised:
        parse_where(text, {"H", "W", "macs"})
    (finding,) = raised.value.diagnostics
    assert message in finding.message
    assert (finding.code, finding.span.column, raised.value.exit_code) == ("SC801", column, 2)


@pytest.mark.parametrize(("text", "message"), [("activation < 3", "a number and a word"), ("width == 'a'", "compare")])
def test_where_compares_no_word_with_a_number(text, message) -> None:
    with pytest.raises(ShapecalcError, match=message):
        shapecalc.sweep(shapecalc.loads(NET), {"H": [16]}, where=text)


# Structures, and what has no closed form.


def test_a_structure_that_fits_at_no_size_is_left_out_and_named() -> None:
    found = shapecalc.sweep(shapecalc.loads(NET), {"depth": (0, 1), "H": (16, 32)})
    assert (found.points, found.illegal, len(found)) == (4, 2, 2)
    assert found.notes == (
        "2 of 4 points left out, which do not fit",
        "depth=0 fits at no size: `repeat` expects a number from 1, receives 0",
    )


def test_where_no_structure_fits_the_mistake_is_raised() -> None:
    with pytest.raises(ShapecalcError, match="`repeat` expects a number from 1, receives 0"):
        shapecalc.sweep(shapecalc.loads(NET), {"depth": [0], "H": [16]})


def test_what_has_no_closed_form_is_inspected_point_by_point() -> None:
    found = shapecalc.sweep(shapecalc.loads(OPEN), {"H": range(1, 13)}, where="H > 4", by="-H", top=2)
    assert found.columns["H"].tolist() == [12, 11]
    assert found.columns["macs"].tolist() == [66, 60]
    assert found.illegal == 2
    assert found.notes[-1].startswith("inspected point by point, for want of a closed form: ")


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


@pytest.mark.slow
def test_a_real_cluster_finds_what_one_process_finds() -> None:
    from distributed import LocalCluster

    net, axes = shapecalc.loads(NET), {"width": (8, 4, 0), "H": range(5, 40), "W": range(5, 40)}
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        for options in ({}, {"by": "-macs", "top": 4}, {"pareto": ("params", "-macs"), "where": "H != W"}):
            run = Run(net, axes, Query(**options), dask=cluster.scheduler_address, chunk=100)
            spread = list(run.chunks())
            alone = shapecalc.sweep(net, axes, **options)
            for name, values in alone.columns.items():
                assert [value for piece in spread for value in piece.columns[name].tolist()] == values.tolist()
            assert run.invalid == alone.illegal > 0
        found = shapecalc.sweep(shapecalc.loads(OPEN), {"H": range(1, 9)}, dask=cluster.scheduler_address)
        assert found.columns["H"].tolist() == [3, 4, 5, 6, 7, 8]


def test_an_address_where_no_scheduler_answers_is_said(monkeypatch) -> None:
    monkeypatch.setattr("shapecalc.solving.sweep.dask.SECONDS", 1)
    with pytest.raises(ShapecalcError, match=r"no Dask scheduler answers at `127\.0\.0\.1:1`"):
        shapecalc.sweep(shapecalc.loads(NET), {"H": [16]}, dask="127.0.0.1:1")


BLOCK = """\
input: [N, T, 64]
layers:
  - {multihead_attention: {num_heads: 4, batch_first: true}, name: attn}
  - {linear: 256, name: feed.wide}
  - {linear: 64, name: feed.narrow}
"""


def test_a_sum_over_paths_finds_where_attention_overtakes_the_feed_forward_part() -> None:
    """4·T·E² + 2·T²·E against 8·T·E²: from T = 2·E on attention does more, here from 129."""
    found = shapecalc.sweep(
        shapecalc.loads(BLOCK),
        {"T": range(1, 400)},
        sums={"attention": "attn", "feed": "feed.*"},
        where="attention > feed",
        by="T",
        top=1,
    )
    assert found.columns["T"].tolist() == [129]
    assert found.columns["attention"].tolist() == [4 * 129 * 64**2 + 2 * 129**2 * 64]
    assert found.columns["feed"].tolist() == [8 * 129 * 64**2]


@pytest.mark.parametrize(
    ("sums", "message"),
    [({"feed": "nothing.*"}, "matches no layer"), ({"macs": "*"}, "has a column `macs` already")],
)
def test_a_sum_of_nothing_or_by_a_name_that_is_taken_is_refused(sums, message) -> None:
    with pytest.raises(ShapecalcError, match=message) as raised:
        shapecalc.sweep(shapecalc.loads(BLOCK), {"T": [3]}, sums=sums)
    assert raised.value.exit_code == 2
