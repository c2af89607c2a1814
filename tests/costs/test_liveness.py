"""What is alive during a run, against a run that counts who still needs what; and the order of branches."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, strategies as st

import shapecalc
from shapecalc.costs.liveness import largest, live_memory, memory_of_slots
from shapecalc.costs.scheduling import reordering
from shapecalc.dims import evaluate
from shapecalc.shape_inference.engine import inspect_at
from tests.support.graph_strategies import Graph, graphs, written
from tests.support.volume import at_most

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.shape_inference.report import Report

some = at_most(40)
Document = dict[str, Any]


def of(text: str, **sizes: int) -> Report:
    return inspect_at(shapecalc.loads(text), sizes)


def counted(report: Report) -> list[int]:
    """The bytes alive at each step: a memory is let go when nobody who reads it is left."""
    places = memory_of_slots(report)
    readers = Counter(places[slot].owner for row in report.layers for slot in row.step.inputs)
    readers.update(places[slot].owner for slot in report.architecture.leaving.values())
    alive = {places[entry.name].owner: places[entry.name].size for entry in report.inputs}
    found = []
    for row in report.layers:
        names = [row.path, *(row.step.slot(name) for name in list(row.outputs)[1:])]
        alive |= {places[slot].owner: places[slot].size for slot in names}
        found.append(sum(evaluate(size, report.costs_at) for size in alive.values()))
        readers.subtract(places[slot].owner for slot in row.step.inputs)
        alive = {owner: size for owner, size in alive.items() if readers[owner] > 0}
    return found


@some
@given(graphs())
def test_the_peak_is_that_of_a_run_which_counts_readers(graph: Graph) -> None:
    report = inspect_at(graph.load(), graph.sizes)
    if any(entry.name not in {slot for row in report.layers for slot in row.step.inputs} for entry in report.inputs):
        assume(condition=False)  # an input that nobody reads
    found = live_memory(report)
    lives = counted(report)
    assert [step.live for step in found.steps] == lives
    assert found.peak is not None
    assert lives[found.peak] == max(lives)
    assert sum(tensor.size for tensor in found.tensors) == max(lives)


@pytest.mark.parametrize(
    ("layers", "bytes_"),
    [
        # each at 4 bytes a number, of [1, 6, 4, 4]
        ("[relu, flatten]", [768, 384]),  # the flat one lies in what relu wrote
        ("[{permute: [0, 2, 3, 1]}, relu]", [384, 768]),
        ("[{permute: [0, 2, 3, 1]}, flatten]", [384, 768]),  # axes out of order: joining them takes a copy
        ("[{split: 3, name: s}, {add: [], from: [s.0, s.1]}]", [384, 576]),
        ("[{dropout: 0.5}, relu]", [768, 768]),
        ("[{dropout: 0}, relu]", [384, 768]),  # it drops nothing, and hands on what entered
        ("[{select: {dim: 0, index: 0}}, flatten]", [384, 384]),
    ],
)
def test_a_view_takes_no_memory(layers: str, bytes_: list[int]) -> None:
    layers = layers.replace("{add: [], ", "{add: {}, ")
    found = live_memory(of(f"{{input: [1, 6, 4, 4], layers: {layers}}}"))
    assert [step.live for step in found.steps] == bytes_


def test_whole_numbers_take_eight_bytes() -> None:
    found = live_memory(of("{input: {shape: [2, 5], dtype: int64}, layers: [{one_hot: 3}]}"))
    assert [step.live for step in found.steps] == [8 * 10 + 4 * 30]


def test_what_leaves_is_alive_to_the_end() -> None:
    text = (
        "{input: [1, 8], layers: [{linear: 4, name: a}, {linear: 2, name: b}, relu], outputs: {early: a, late: relu_2}}"
    )
    assert [step.live for step in live_memory(of(text)).steps] == [48, 24, 32]


def test_the_peak_is_known_of_a_free_size_where_it_is_the_same_for_all() -> None:
    found = live_memory(shapecalc.inspect(shapecalc.load("char-rnn")))
    assert found.peak == 1
    assert str(evaluate(found.steps[1].live, {"N": 1})) == "2308*T + 8192"


def test_the_peak_is_open_where_a_free_size_decides() -> None:
    text = "{input: [N, T, 4], layers: [{linear: 9}, {select: {dim: 1, index: 0}}, {linear: 999}]}"
    found = live_memory(of(text))
    assert found.peak is None
    assert not found.tensors
    assert live_memory(of(text, T=3)).peak == 2
    assert live_memory(of(text, T=3000)).peak == 0


def test_of_dims_that_are_equal_the_first_is_the_largest() -> None:
    assert largest([3, 7, 7], {}) == 1


# The order of branches


def branches(depth: int) -> st.SearchStrategy[Document]:
    """A `concat` or `add` of branches, some with branches of their own."""
    convs = st.lists(st.integers(1, 30), max_size=3).map(
        lambda widths: [{"conv": {"out_channels": n, "kernel_size": 1}} for n in widths]
    )
    path = convs if depth == 0 else st.one_of(convs, st.tuples(convs, branches(depth - 1), convs).map(joined))
    paths = st.lists(path, min_size=2, max_size=3 if depth else 2)
    return paths.map(lambda found: {"concat": {f"b{place}": steps for place, steps in enumerate(found)}})


def joined(parts: tuple[list[Any], Document, list[Any]]) -> list[Any]:
    return [*parts[0], parts[1], *parts[2]]


def orders(node: Any) -> Iterator[Any]:
    """Every way to write the branches of a file in another order."""
    if isinstance(node, list):
        yield from (list(items) for items in product(*(list(orders(item)) for item in node)))
    elif isinstance(node, dict) and "concat" in node:
        names = list(node["concat"])
        for order in permutations(names):
            for inside in product(*(list(orders(node["concat"][name])) for name in order)):
                yield {"concat": dict(zip(order, inside, strict=True))}
    else:
        yield node


@at_most(25)
@given(st.lists(branches(1), min_size=1, max_size=1), st.integers(1, 40))
def test_the_best_order_is_the_best_of_all_ways_to_write_the_file(layers: list[Document], channels: int) -> None:
    def peak(steps: list[Any]) -> int:
        report = of(written({"input": [1, channels, 5], "layers": steps}))
        return max(counted(report))

    found = reordering(live_memory(of(written({"input": [1, channels, 5], "layers": layers}))))
    before, least = peak(layers), min(map(peak, orders(layers)))
    assert (before, least) == ((before, before) if found is None else (found.before, found.after))


def test_a_branch_that_leaves_little_of_much_goes_first() -> None:
    text = """
input: [1, 4, 10]
layers:
  - concat:
      wide: [{conv: {out_channels: 50, kernel_size: 1}}]
      narrowing: [{conv: {out_channels: 100, kernel_size: 1}}, {conv: {out_channels: 2, kernel_size: 1}}]
    name: join
"""
    found = reordering(live_memory(of(text)))
    assert found is not None
    assert found.orders == (("join", ("narrowing", "wide")),)
    assert (found.before, found.after) == (4 * 10 * (50 + 100 + 4), 4 * 10 * (100 + 2 + 4))


def test_many_branches_are_ordered_by_the_rule() -> None:
    kernel = "kernel_size: 1"
    # Of twelve branches, 12! orders are not tried; each leaves 1 channel, the widest inside goes first.
    steps = "\n".join(
        f"      b{n}: [{{conv: {{out_channels: {10 + n}, kernel_size: 1}}}}, {{conv: {{out_channels: 1, {kernel}}}}}]"
        for n in range(12)
    )
    found = reordering(live_memory(of(f"input: [1, 1, 10]\nlayers:\n  - concat:\n{steps}\n    name: join\n")))
    assert found is not None
    assert found.orders == (("join", tuple(f"b{n}" for n in reversed(range(12)))),)
    # As written, 21 and what it gives beside eleven that wait; so, twelve that wait and what they are joined to.
    assert (found.before, found.after) == (40 * (21 + 1 + 11), 40 * (12 + 12))


def test_an_order_that_would_change_nothing_is_not_told() -> None:
    assert reordering(live_memory(inspect_at(shapecalc.load("resnet50"), {}))) is None


def test_branches_that_wait_for_each_other_keep_their_order() -> None:
    text = """
input: [1, 4, 10]
layers:
  - {conv: {out_channels: 50, kernel_size: 1}, name: wide}
  - {conv: {out_channels: 100, kernel_size: 1}, name: high, from: wide}
  - {conv: {out_channels: 2, kernel_size: 1}, name: low}
  - {concat: {}, from: [wide, low]}
"""
    assert reordering(live_memory(of(text))) is None


def test_sizes_that_are_symbols_have_no_order() -> None:
    text = """
input: [N, 4, T]
layers:
  - concat:
      wide: [{conv: {out_channels: 50, kernel_size: 1}}]
      narrowing: [{conv: {out_channels: 100, kernel_size: 1}}, {conv: {out_channels: 2, kernel_size: 1}}]
"""
    assert reordering(live_memory(of(text))) is None
    assert reordering(live_memory(of(text, T=10))) is not None
