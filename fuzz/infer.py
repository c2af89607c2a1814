"""Architectures at numbers and at symbols: both give the same, and every constraint on symbols is right."""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING

from fuzz.generation import Choices, architecture
from fuzz.load import LIMITS, hold, refused
from fuzz.seeds import BREAK, GENERATED
from shapecalc.checking.diagnose import diagnose
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.dims import evaluate, free_symbols
from shapecalc.files.load import loads_source
from shapecalc.shape_inference.engine import infer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.diagnostics import Diagnostic
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, Facts

SIZES = (1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 63, 64, 100, 128, 224, 229, 1000, 65535, 2**31 - 1)
TRIALS = 3
STRETCHING = frozenset(
    (*("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "matmul", "expand", "where"),
     *("masked_fill", "einsum", "scaled_dot_product_attention"),
     *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"))
)  # fmt: skip
"""A size that depends on a symbol is not taken for 1, so they require more than they need where it is 1."""
BEYOND = frozenset({"SC309", "SC311", "SC317", "SC322"})
"""Too large, or against what the file itself states in `where:`: no layer requires that."""
COUNTS = ("params", "buffer_count", "macs", "flops", "activations", "useful")


def one_input(data: bytes) -> None:
    """Infer a file's shapes; raise `AssertionError` where a promise is broken."""
    text = text_of(data)
    if text is None:
        return
    source = Source("net.yaml", text)
    try:
        network = loads_source(source, LIMITS)
    except ShapecalcError as error:
        refused(error)
        return
    for free in (False, True):
        # As commands do it, for one sample: there a batch of 1 meets what is an expression elsewhere.
        inspected(network, {}, symbolic=free, one_sample=True)
    symbolic, _ = inspected(network, {}, symbolic=True)
    if symbolic is not None:
        judged(symbolic)
    chance = random.Random(zlib.crc32(data))  # the same input, the same sizes
    names = sorted({name for entry in network.inputs for dim in entry.shape for name in free_symbols(dim)})
    for _ in range(TRIALS if names else 1):
        sizes = {name: chance.choice(SIZES) for name in names}
        numeric, codes = inspected(network, sizes, symbolic=True)
        if numeric is not None:
            nonnegative(numeric)
        if symbolic is not None:
            compared(symbolic, numeric, codes, sizes)


def text_of(data: bytes) -> str | None:
    """Return the text that an input stands for: itself, or what its choices make."""
    if data.startswith(GENERATED):
        return architecture(Choices(data[1:]))
    try:
        return data.decode("utf-8").partition(BREAK)[0]
    except UnicodeDecodeError:
        return None


def inspected(
    network: Architecture, sizes: Mapping[str, int], *, symbolic: bool, one_sample: bool = False
) -> tuple[Report | None, frozenset[str]]:
    """Return the report at some sizes, or None and the codes of what refuses it.

    Costs are those of every batch unless `one_sample`, so that those of numbers can be compared with them.
    """
    findings: tuple[Diagnostic, ...]
    try:
        report, findings = infer(network, symbolic=symbolic, sizes=sizes, one_sample=one_sample)
    except ShapecalcError as error:
        report, findings = None, error.diagnostics
    assert (report is None) == bool(findings)
    hold(findings, network.file)
    return report, frozenset(found.code for found in findings)


def judged(report: Report) -> None:
    """Hold what is said of a report beside its figures."""
    hold(diagnose(report), report.architecture.file)
    report.to_dict()


def nonnegative(report: Report) -> None:
    """Hold a report at numbers to counts and axes that can be."""
    for row in report.layers:
        assert all(type(dim) is int and dim >= 0 for shape in row.outputs.values() for dim in shape), row
        for name in COUNTS:
            count = getattr(row.facts, name)
            assert count is None or (type(count) is int and count >= 0), (row.path, name, count)


def compared(symbolic: Report, numeric: Report | None, codes: frozenset[str], sizes: Mapping[str, int]) -> None:
    """Hold a symbolic report to what numbers give: they fit where its constraints hold, and give the same figures."""
    unmet_by = {row.type for row in symbolic.layers for each in row.facts.conditions if not each.holds(sizes)}
    if numeric is None:
        assert unmet_by or codes & BEYOND, (codes, sizes)
    elif unmet_by:
        # What comes behind an axis that stretches may require more than it needs as well.
        assert unmet_by & STRETCHING, (unmet_by, sizes)
    else:
        same(symbolic, numeric, sizes)


def same(symbolic: Report, numeric: Report, sizes: Mapping[str, int]) -> None:
    """Hold a symbolic report, at some sizes, to the one that was made at these sizes."""
    for at_symbols, at_numbers in zip(symbolic.layers, numeric.layers, strict=True):
        there, here = at_symbols.facts, at_numbers.facts
        where = (at_symbols.path, dict(sizes))
        assert {name: _at(shape, sizes) for name, shape in there.outputs.items()} == dict(here.outputs), where
        assert {name: _at(shape, sizes) for name, shape in there.parameters.items()} == dict(here.parameters), where
        for name, one, other in _counts(there, here):
            assert (None if one is None else evaluate(one, sizes)) == other, (*where, name)
    for name, count in symbolic.totals._asdict().items():
        assert (None if count is None else evaluate(count, sizes)) == getattr(numeric.totals, name), (name, sizes)
    assert all(size in symbolic.valid_sizes.sizes[name] for name, size in sizes.items()), sizes
    assert all(each.condition.holds(sizes) for each in symbolic.constraints), sizes


def _counts(there: Facts, here: Facts) -> Iterator[tuple[str, Count, Count]]:
    yield from ((name, getattr(there, name), getattr(here, name)) for name in COUNTS)
    for part in {**there.parts, **here.parts}:
        yield part, there.parts[part], here.parts[part]


def _at(shape: tuple[Count, ...], sizes: Mapping[str, int]) -> tuple[Count, ...]:
    return tuple(None if dim is None else evaluate(dim, sizes) for dim in shape)
