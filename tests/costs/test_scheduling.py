"""The order of branches that needs the least memory."""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING, Any

from hypothesis import given, strategies as st

import shapecalc
from shapecalc.costs.liveness import live_memory
from shapecalc.costs.scheduling import reordering
from shapecalc.shape_inference.engine import inspect_at
from tests.support.graph_strategies import written
from tests.support.volume import at_most

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.shape_inference.report import Report
from tests.support.counted_bytes import counted

Document = dict[str, Any]


def of(text: str, **sizes: int) -> Report:
    return inspect_at(shapecalc.loads(text), sizes)


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
