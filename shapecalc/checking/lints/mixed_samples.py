"""A batch axis that a reshape or a flatten mixes with others: SC410."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import exact_quotient, free_symbols, pretty, product, show, symbol
from shapecalc.layers.roles import Role
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes, Tensor
    from shapecalc.dims import Dim, Shape
    from shapecalc.layers.roles import Roles
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport


class _Samples(NamedTuple):
    """The position of the batch in the memory of a tensor: elements are [outer, batch, sample]."""

    outer: Dim
    batch: Dim
    sample: Dim


def mixed_samples(report: Report, entries: Sequence[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each reshape or flatten that puts parts of several samples into one row."""
    from shapecalc.layers.reshaping import Flatten, Reshape  # noqa: PLC0415 - a family is imported when a file has one

    read_by_weights = {id(tensor.layer) for entry in entries if entry.row.facts.parameters for tensor in entry.inputs}
    for entry in entries:
        row, tensor = entry.row, entry.inputs[0]
        if not isinstance(row.step.layer, Flatten | Reshape) or row.step.spans is None:
            continue
        orders = _orders(row, tensor)
        x, y = row.inputs[0], row.output
        samples = next(iter(orders), None)
        if samples is None or samples.batch == 1 or samples.sample == 1:
            continue
        if all(size == 1 for size in y[:-1]):
            if id(row) in read_by_weights:
                yield _warning(row, tensor, f"joins the batch with the features: {show(x)} is then {show(y)}", samples)
        elif all(_mixes(order, x, y) for order in orders):
            yield _warning(row, tensor, _message(x, y, samples), samples)
        elif _repeats_samples(samples, x, y) and any(shape[:1] == y[:1] for shape in report.outputs.values()):
            times = pretty(y[0])
            yield _warning(row, tensor, f"cuts samples: {show(x)} is then {times} samples of {_size(y)}", samples)


def _orders(row: LayerReport, tensor: Tensor) -> tuple[_Samples, ...]:
    """Return where the batch can be in the input of a layer; nothing if that is not known.

    In an axis that joins the batch and others, the batch varies slowest, or fastest.
    """
    x = row.inputs[0]
    named = [(axis, name) for axis, dim in enumerate(x) for name in free_symbols(dim) if name in BATCH_SYMBOLS]
    if len(named) == 1:
        ((axis, name),) = named
        others = exact_quotient(x[axis], symbol(name))
        if others is None:
            return ()
        before, after = product(x[:axis]), product(x[axis + 1 :])
        slowest = _Samples(before, symbol(name), others * after)
        return (slowest,) if others == 1 else (slowest, _Samples(before * others, symbol(name), after))
    position = _batch_axis(row, tensor.roles, tensor)
    if named or position is None:
        return ()
    return (_Samples(product(x[:position]), x[position], product(x[position + 1 :])),)


def _batch_axis(row: LayerReport, roles: Roles, tensor: Tensor) -> int | None:
    if roles.count(Role.BATCH) == 1:
        axis = roles.index(Role.BATCH)
        # That time is first is only what a layer without `batch_first` assumes.
        return None if roles[:2] == (Role.TIME, Role.BATCH) else axis
    # Of a table, whose first axis may be anything, −1 in its place says that it is the batch.
    unfilled = getattr(row.step.layer, "shape", ())[:1] == (-1,)
    is_input = tensor.entry is not None and len(roles) > 1 and set(roles) == {Role.UNKNOWN}
    return 0 if unfilled and is_input else None


def _mixes(samples: _Samples, x: Shape, y: Shape) -> bool:
    """Return whether rows of the output take parts of several samples; False if that depends on a symbol."""
    first = next(axis for axis, size in enumerate(y) if size != 1)
    sizes = [product(y[axis:]) for axis in range(first + 1, len(y) + 1)]
    if samples.outer != 1:
        return _mixes_inner(samples, y, sizes)
    if samples.sample in sizes or y[0] == samples.batch:
        return False
    if _are_permuted(x, y):
        return True
    if isinstance(sizes[0], int) and not isinstance(samples.sample, int):
        return False
    if exact_quotient(samples.sample, sizes[0]) is not None:
        return False  # a fold of the batch and axes of each sample
    # Several samples along an axis, one after another, but not in one row.
    return not any(
        exact_quotient(samples.sample, size) is not None and exact_quotient(around, samples.sample) is not None
        for around, size in pairwise(sizes[:-1])
    )


def _mixes_inner(samples: _Samples, y: Shape, sizes: list[Dim]) -> bool:
    """Return the same if other axes are before the batch."""
    joined = exact_quotient(y[-1], samples.sample)
    if joined is not None and joined != 1 and exact_quotient(joined, samples.batch) is not None:
        return True  # the features of all samples in one row
    if samples.batch * samples.sample in sizes:
        return False
    if isinstance(sizes[0], int) and not isinstance(samples.sample, int):
        return False
    return exact_quotient(samples.sample, sizes[0]) is None


def _repeats_samples(samples: _Samples, x: Shape, y: Shape) -> bool:
    """Return whether each sample becomes several, cut where no axis of the input begins."""
    size = product(y[1:])
    if samples.outer != 1 or not isinstance(size, int) or not isinstance(samples.sample, int):
        return False
    starts = {product(x[axis:]) for axis in range(1, len(x) + 1)}
    grouped_features = len(x) > 2 and exact_quotient(x[-1], size) is not None  # noqa: PLR2004 - a table has no groups
    return size < samples.sample and samples.sample % size == 0 and size not in starts and not grouped_features


def _message(x: Shape, y: Shape, samples: _Samples) -> str:
    if _are_permuted(x, y):
        return f"mixes samples: it does not swap the axes of {show(x)}"
    if samples.outer != 1:
        return f"mixes samples: the batch of {show(x)} is not its first axis, and {show(y)} does not keep it apart"
    return f"mixes samples: one has {pretty(samples.sample)} numbers, and a row takes {_size(y)}"


def _size(y: Shape) -> str:
    return pretty(product(y[1:]))


def _warning(row: LayerReport, tensor: Tensor, message: str, samples: _Samples) -> Diagnostic:
    x, y, spans = row.inputs[0], row.output, row.step.spans
    if _are_permuted(x, y):
        help_text = f"`permute: {_order(x, y)}` swaps them"
    elif samples.outer != 1:
        help_text = "put `permute` before it, so that the batch is the first axis"
    else:
        one = pretty(samples.sample)
        help_text = f"`flatten` or `reshape: [-1, {one}]` keeps samples apart"
        if len(y) > 2:  # noqa: PLR2004 - not a table
            help_text = f"the axes after the first one must have {one} elements together"
    diagnostic = Diagnostic(
        code="SC410",
        message=f"`{row.type}` {message}",
        span=spans and (spans.fields.get(("shape",)) or spans.type),
        label=f"{pretty(samples.batch)} samples become {pretty(y[0])}" if y[0] != samples.batch and len(y) > 1 else "",
        labels=(Label(tensor.origin.span, f"{pretty(samples.sample)} numbers for each sample"),)
        if tensor.origin is not None
        else (),
        help=help_text,
    )
    return diagnostic if spans is None else with_origins(diagnostic, spans.origins)


def _are_permuted(x: Shape, y: Shape) -> bool:
    return sorted(map(str, x)) == sorted(map(str, y))


def _order(x: Shape, y: Shape) -> list[int]:
    """Return the input axis of each output axis; equal sizes in their order."""
    left = list(enumerate(x))
    order = []
    for size in y:
        position = next(place for place, (_, other) in enumerate(left) if other == size)
        order.append(left.pop(position)[0])
    return order
