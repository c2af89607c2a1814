"""Budgets and conditions are exact at the figures of `inspect` and `memory`, and what is unknown does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapecalc
from shapecalc.checking.check import check
from shapecalc.diagnostics import Severity
from shapecalc.dims import evaluate
from shapecalc.files.config import Config
from shapecalc.files.config_keys import BUDGET_KEYS, read_condition
from tests.support.locked_networks import MIXTURE

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.diagnostics import Diagnostic

NAMES = ("lenet5", "vgg11", "mobilenet_v2", "resnet18")


def budgets(**given: object) -> Config:
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return Config(values={f"budgets.{name}": BUDGET_KEYS[name].read(value) for name, value in named.items()})


def found(config: Config, *networks: str | Path | shapecalc.Architecture) -> list[Diagnostic]:
    (checked,) = check(*networks, config=config)
    assert {each.code for each in checked.findings} <= {"SC505"}
    return [*checked.findings]


def peak(name: str, dtype: str, batch: int) -> int:
    memory = shapecalc.memory(name, dtype=dtype, N=batch)
    assert memory.peak is not None
    document = memory.to_dict()
    size = evaluate(memory.steps[memory.peak].live, memory.report.costs_at)
    assert isinstance(size, int)
    return size + document["weight_bytes"]


def test_a_budget_is_exact_at_the_figures_of_inspect_and_memory() -> None:
    for name in NAMES:
        at_one, at_five = shapecalc.inspect(name, N=1).totals, shapecalc.inspect(name, N=5).totals
        figures = [
            (at_one.params, "max_params", {}),
            (at_one.macs, "max_macs", {}),
            (at_five.macs, "max_macs", {"batch": 5}),
            (peak(name, "float32", 1), "max_memory", {}),
            (peak(name, "float16", 5), "max_memory", {"batch": 5, "dtype": "float16"}),
        ]
        for figure, key, more in figures:
            assert isinstance(figure, int), name
            assert found(budgets(**{key: figure}, **more), name) == [], (name, key)
            (over,) = found(budgets(**{key: figure - 1}, **more), name)
            assert f"{figure:,}" in over.message, over
            assert (over.help or "").startswith(("1 too many", "1 B too much")), over


def test_the_layers_that_contribute_most_are_named() -> None:
    layers = shapecalc.inspect("vgg11").layers
    for key, figure in (("max_params", "params"), ("max_macs", "macs")):
        (over,) = found(budgets(**{key: 1}), "vgg11")
        expected = sorted(layers, key=lambda row: -getattr(row, figure))[:3]
        (note,) = over.notes
        for row in expected:
            assert f"`{row.path}` {getattr(row, figure):,} (" in note, note
        assert note.count("`") == 6


FREE = "name: net\ninput: [N, T, 8]\nlayers: [{linear: 4}, relu]\n"


def test_a_figure_that_depends_on_a_symbol_is_no_pass(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(FREE)
    for key in ("max_macs", "max_memory"):
        (undecided,) = found(budgets(**{key: "1G"}), path)
        assert "is undecided" in undecided.message
        assert undecided.message.endswith(": it depends on `T`")
        assert undecided.help == "give `T` a size: `--set T=…`, or `set = {T = …}` in the configuration"
        (above,) = found(budgets(**{key: 0}), path)
        assert "above" in above.message, "every size has more than nothing"
    assert found(budgets(max_params="1K"), path) == []
    sized = Config(values={**budgets(max_macs="1G", max_memory="1MiB").values, "set": {"T": 16}})
    assert found(sized, path) == []


def test_a_batch_that_a_network_excludes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.yaml"
    path.write_text("input: [N, 4]\nlayers: [{reshape: [2, -1, 4]}]\n")
    for batch, codes in ((2, []), (3, ["SC307"])):
        (checked,) = check(path, config=budgets(max_macs=1, batch=batch))
        errors = [each for each in checked.findings if each.severity is Severity.ERROR]
        assert [each.code for each in errors] == codes
        assert all("the budgets are for batch = 3" in each.notes for each in errors)


def conditions(*texts: str) -> Config:
    return Config(values={"fail-on": tuple(map(read_condition, texts))})


def test_a_condition_is_met_by_the_figures_of_one_sample() -> None:
    report = shapecalc.inspect("lenet5", N=1)
    params, macs, layers = report.totals.params, report.totals.macs, len(report.layers)
    memory = 4 * (params + sum(row.facts.activations for row in report.layers))
    # conditions, and whether they are met
    rows = [
        (f"params > {params}", False),
        (f"params >= {params}", True),
        (f"macs == {macs}", True),
        (f"layers > {layers}", False),
        (f"layers >= {layers}", True),
        (f"memory > {memory}B", False),
        (f"memory >= {memory}B", True),
        (f"params > 1 and macs > {macs}", False),
        (f"params > 1 and macs >= {macs}", True),
        (f"params > {params} or macs >= {macs}", True),
        ("params > +0", False),
        ("params > 1 or macs > +2%", False),
    ]
    for text, met in rows:
        told = found(conditions(text), "lenet5")
        assert [f"`{text}` is met" in each.message for each in told] == [True] * met, text
    assert len(found(conditions("params > 1", "macs > 1"), "lenet5")) == 2


def test_a_condition_names_the_batch_that_its_figures_are_at() -> None:
    for batch, at in ((None, " at N = 1: "), (8, " at N = 8: ")):
        config = Config(values={**conditions("macs > 1").values, "batch": batch})
        (met,) = found(config, "lenet5")
        assert at in met.message
    (met,) = found(conditions("params > 1"), "lenet5")
    assert " at " not in met.message


def test_a_condition_that_depends_on_a_symbol_is_no_pass() -> None:
    net = shapecalc.loads(FREE)
    (undecided,) = found(conditions("macs > 1G and params > 3"), net)
    assert "`macs > 1G` of `net` is undecided: it depends on `T`" in undecided.message
    assert found(conditions("macs > 1G and params > 300"), net) == []


def test_a_budget_of_active_params_is_exact_at_those_of_one_token() -> None:
    network, active = shapecalc.loads(MIXTURE, name="mixture.yaml"), 42 + 168
    assert found(budgets(max_active_params=active), network) == []
    (over,) = found(budgets(max_active_params=active - 1), network)
    assert over.message == "`mixture` has 210 active params, above `max-active-params = 209`"
    assert over.notes == ("most of it: `mixed` 168 (80%), `linear_0` 42 (20%)",)
    assert found(budgets(max_active_params=61_706), "lenet5") == []
    assert found(budgets(max_active_params=61_705), "lenet5") != []
