"""Large files: work and memory grow with the file and no faster, and whoever watches sees how far it is."""

from __future__ import annotations

import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from shapecalc import ShapecalcError, inspect, loads
from shapecalc.checking.check import check_source
from shapecalc.checking.diagnose import diagnose
from shapecalc.diagnostics import Source
from shapecalc.diagnostics.progress import EVERY, watched_by
from shapecalc.files.load import loads_source
from shapecalc.render import json
from shapecalc.render.check.text import checks, render_diagnostics
from shapecalc.render.inspect.table import inspection, listing
from shapecalc.render.tables import csv, text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.shape_inference.engine import infer
from shapecalc.shape_inference.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONV = "{conv: {out_channels: 8, kernel_size: 3, padding: 1}"


def plain(layers: int) -> str:
    return "".join((f"- {CONV}}}\n", "- batch_norm\n", "- relu\n")[at % 3] for at in range(layers))


def named(layers: int) -> str:
    """Every step has a name, and reads the one before it and the first by their names."""
    steps = [f"- {{relu: , name: s{at}, from: s{at - 1}}}\n- {{add: , from: [s{at}, s0]}}\n" for at in range(1, layers)]
    return "- {relu: , name: s0}\n" + "".join(steps)


def shared(layers: int) -> str:
    """Every step uses the weights of the one before it."""
    return f"- {CONV}, name: s0}}\n" + "".join(f"- {{share: s{at - 1}, name: s{at}}}\n" for at in range(1, layers))


def called(layers: int) -> str:
    """Every step calls a block, with arguments of its own."""
    return "".join(f"- {{block: {at % 97 + 1}}}\n" for at in range(layers))


def branched(layers: int) -> str:
    return "".join("- add:\n    a: [relu, tanh]\n    b: []\n" for _ in range(layers))


STACKS = (plain, named, shared, called, branched)
BLOCKS = "blocks: {block: {parameters: [k], layers: [{conv: {out_channels: 8, kernel_size: $k, padding: same}}]}}\n"


def work(text: str) -> None:
    """What `inspect` and `check` do with a file, but for printing."""
    report, findings = infer(loads(text))
    assert report is not None, findings
    assert isinstance(report, Report)
    diagnose(report)
    tables_text.document(inspection(report), Page(100, color=False, unicode=True))
    csv.table(listing(report))
    json.document(report.to_dict(), unicode=True)


def lines(act: Callable[[], None]) -> int:
    """Count the lines of Python that run, each turn of a loop again: work, whatever else the machine does."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def peak(act: Callable[[], None]) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "stack",
    [pytest.param(each, id=each.__name__, marks=[pytest.mark.slow] * (each in {named, branched})) for each in STACKS],
)
@pytest.mark.parametrize(
    "measure", [pytest.param(lines, id="work"), pytest.param(peak, id="memory", marks=pytest.mark.slow)]
)
def test_a_file_eight_times_as_long_takes_eight_times_as_much(
    stack: Callable[[int], str], measure: Callable[[Callable[[], None]], int]
) -> None:
    texts = [f"{BLOCKS}input: [N, 8, 16, 16]\nlayers:\n{stack(layers)}" for layers in (150, 1200)]
    work(texts[0])  # what is imported and remembered once
    short, long = (measure(lambda text=text: work(text)) for text in texts)
    assert long / short < 9


def windows(count: int) -> str:
    """Each window demands that the axis is one cell longer."""
    return "input: [N, 3, H]\nlayers:\n" + "- {conv: {out_channels: 3, kernel_size: 2}}\n" * count


def mistakes(count: int) -> str:
    """Each layer is wrong, and follows all those before it."""
    return "input: [N, 8]\nlayers:\n" + "- {linear: {in_features: 9, out_features: 8}}\n" * count


def expectations(count: int) -> str:
    return "input: [N, 8]\nlayers:\n" + "- {relu: , expect: {params: 0}}\n" * count


def arguments(count: int) -> str:
    names = [f"p{at}" for at in range(count)]
    given = ", ".join(f"{name}: 1" for name in names)
    block = f"b: {{parameters: [{', '.join(names)}], layers: [relu]}}"
    return f"input: [N, 8]\nblocks: {{{block}}}\nlayers: [b: {{{given}}}]\n"


def defaults(count: int) -> str:
    """Each default is the one before it."""
    names = "".join(f", p{at}: $p{at - 1}" for at in range(1, count))
    return f"input: [N, 8]\nblocks: {{b: {{parameters: [p0: 1{names}], layers: [relu]}}}}\nlayers: [b]\n"


def settings(count: int) -> str:
    """As many calls of a block as the file has parameters, which the block sees."""
    parameters = ", ".join(f"p{at}: {at}" for at in range(count))
    calls = ", ".join(f"b: {at}" for at in range(count))
    block = "b: {parameters: [n], layers: [relu]}"
    return f"parameters: {{{parameters}}}\ninput: [N, 8]\nblocks: {{{block}}}\nlayers: [{calls}]\n"


def told_of(text: str, folder: Path) -> None:
    """Check a text and render what is found, as `check` does."""
    checks([check_source(Source("net.yaml", text), folder)])


FILES = (windows, mistakes, expectations, arguments, defaults, settings)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__)
def test_a_file_eight_times_as_long_is_checked_in_eight_times_the_work(
    file: Callable[[int], str], tmp_path: Path
) -> None:
    texts = [file(count) for count in (100, 800)]
    told_of(texts[0], tmp_path)
    short, long = (lines(lambda text=text: told_of(text, tmp_path)) for text in texts)
    assert long / short < 9


def refusal(branches: int) -> None:
    """A merge of more branches than there can be, refused and told."""
    many = "".join(f"    b{at}: [relu]\n" for at in range(branches))
    source = Source("net.yaml", f"input: [N, 8]\nlayers:\n- add:\n{many}")
    with pytest.raises(ShapecalcError, match="SC313") as caught:
        inspect(loads_source(source))
    text = render_diagnostics(caught.value.diagnostics, source)
    assert len(text.splitlines()) < 50


def test_a_step_of_far_too_many_branches_is_refused_in_proportion_to_them_and_in_few_lines() -> None:
    refusal(100)
    assert lines(lambda: refusal(1600)) / lines(lambda: refusal(200)) < 9


def test_whoever_watches_sees_reading_steps_shapes_and_the_table_pass_by() -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    with watched_by(lambda what, done, total: told.setdefault(what, []).append((done, total))):
        report, _ = infer(loads(f"input: [N, 8, 16, 16]\nlayers:\n{plain(3 * EVERY)}"))
        assert report is not None
        tables_text.document(inspection(report), Page(100, color=False, unicode=True))
    assert list(told)[:3] == ["reading", "steps", "shapes"]
    assert "table" in told
    for steps in told.values():
        assert sorted(steps) == steps
        assert {0 <= done < total for done, total in steps} == {True}


def test_a_small_file_tells_nothing() -> None:
    told = []
    with watched_by(lambda *step: told.append(step)):
        work(f"{BLOCKS}input: [N, 8, 16, 16]\nlayers:\n{plain(30)}")
    assert told == []
