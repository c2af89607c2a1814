"""Cost of the decoding loop of a `decode:` section: MACs and memory at each step of a search, without running it.

Layers that do not depend on the symbol that is fed back are computed once. If steps carry states, each step of the
search runs the other layers on one new symbol of each hypothesis; else on all its symbols so far, and the cost with
cached keys and values is given as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

from shapecalc.calculators.beam_search import Problem, SearchPlan, SearchStep, plan
from shapecalc.costs.liveness import int_at, output_slots
from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
from shapecalc.dims import evaluate, free_symbols, product, show, symbol
from shapecalc.shape_inference.dtypes import USUAL_DTYPE, bytes_of
from shapecalc.shape_inference.engine import Reports
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import sum_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture, Decode, Input
    from shapecalc.dims import Dim, Shape
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

TOKEN_BYTES = 8
"""Bytes of a symbol, an int64 index."""

_TRIED = (4, 5, 7, 11)
"""Lengths at which a polynomial through three others is checked against the count itself."""


class Growth(NamedTuple):
    """Multiply-accumulates of one hypothesis of t symbols: c + a·t + b·t².

    With cached keys and values, its one new query costs a + b·t, and c once.
    """

    c: int
    a: int
    b: int

    def uncached(self, length: int) -> int:
        """Return the MACs of reading all symbols."""
        return self.c + self.a * length + self.b * length**2

    def cached(self, length: int) -> int:
        """Return the MACs of reading the last symbol, with keys and values of the others cached.

        >>> growth = Growth(0, a=100, b=3)
        >>> growth.uncached(4), growth.cached(4)
        (448, 112)
        """
        return (self.c if length == 1 else 0) + self.a + self.b * length


class _Cache(NamedTuple):
    """Elements of cached keys and values: per symbol of each hypothesis, and those that all hypotheses share."""

    each: int
    once: int


class DecodeStep(NamedTuple):
    """One step of the loop: the counts of the search, MACs, and the memory after it."""

    step: SearchStep
    scores: Shape
    """Hypotheses by symbols."""
    macs: int
    states: tuple[tuple[str, Shape], ...]
    """The states of the hypotheses that are kept, reordered."""
    state_bytes: int
    cached_macs: int | None = None
    cache_bytes: int | None = None
    """Of keys and values, cached instead of reading all symbols again."""


class Loop(NamedTuple):
    """A network, its decoding loop, and the steps of the search."""

    architecture: Architecture
    decode: Decode
    sizes: Mapping[str, int]
    """Of all symbols except the batch and the length."""
    batch: str
    length: str
    search: SearchPlan
    once: int
    """MACs of the layers that do not depend on the symbol that is fed back."""
    growth: Growth | None
    """If all symbols are read again, and MACs are a polynomial of degree 2 in their number."""
    steps: tuple[DecodeStep, ...]
    greedy: int
    """MACs of greedy search, with one hypothesis throughout."""
    exhaustive: int
    report: Report
    """With batch and length unbound."""
    reports: Reports
    """At other sizes."""
    dtype: str = USUAL_DTYPE

    @property
    def macs(self) -> int:
        """The MACs of all steps, and of the layers that are computed once."""
        return self.once + sum(step.macs for step in self.steps)

    @property
    def cached_macs(self) -> int | None:
        """The same with cached keys and values."""
        costs = [step.cached_macs for step in self.steps]
        return None if None in costs else self.once + sum(cost for cost in costs if cost is not None)


def unroll(
    architecture: Architecture,
    sizes: Mapping[str, int],
    *,
    beam: int | None = None,
    length: int | None = None,
    dtype: str = USUAL_DTYPE,
) -> Loop:
    """Return the steps of the decoding loop of an architecture; `beam` and `length` replace the file's own.

    States, keys and values are of `dtype`.

    Raises `ShapecalcError` if the file has no `decode:` section, or one that its network cannot run.
    """
    decode = architecture.decode
    if decode is None:
        message = f"`{architecture.name}` has no `decode:` section"
        help_text = "add one such as `decode: {token: input, end: 2}`"
        raise ShapecalcError((Diagnostic(code="SC108", message=message, help=help_text),), exit_code=2)
    decode = decode._replace(beam=beam or decode.beam, max_length=length or decode.max_length)
    batch, steps = _axes(architecture, decode)
    for name in (batch, steps):
        if name in sizes:
            what = "hypotheses" if name == batch else "symbols so far"
            message = f"`--set {name}={sizes[name]}` sizes what decoding counts itself: {what}"
            help_text = f"leave it out; `--{'beam' if name == batch else 'length'}` says how many at most"
            raise ShapecalcError((Diagnostic(code="SC312", message=message, help=help_text),), exit_code=2)
    bound = {name: size for name, size in {**architecture.sizes, **sizes}.items() if name not in (batch, steps)}
    reports = Reports(architecture)
    report, findings = reports.infer(bound, symbolic=True, one_sample=False)
    if report is None:
        raise ShapecalcError(findings, architecture.file)
    # Limits that unbound symbols cannot reach, such as the longest sequence that has a position, fail at the longest.
    reports.at({**bound, batch: 1, steps: 1 if decode.states else decode.max_length})
    problem = Problem(_vocabulary(architecture, decode, report), decode.beam, decode.max_length, decode.end is not None)
    try:
        search = plan(problem)
    except LayerError as error:
        _refuse(architecture, decode, error.code, f"`decode` {error.message}", error.field or "")
    return _unrolled(reports, decode, bound, batch, steps, search, report, dtype)


def dependents(report: Report, token: str) -> tuple[LayerReport, ...]:
    """Return the layers whose values depend on an input."""
    reached = {token}
    rows = []
    for row in report.layers:
        if reached.intersection(row.step.inputs):
            rows.append(row)
            reached |= {row.path, *map(row.step.slot, row.outputs)}
    return tuple(rows)


def _unrolled(
    reports: Reports,
    decode: Decode,
    sizes: Mapping[str, int],
    batch: str,
    length: str,
    search: SearchPlan,
    report: Report,
    dtype: str,
) -> Loop:
    architecture = reports.architecture
    rows = dependents(report, decode.token)
    if decode.states:
        _refuse_other_memory(architecture, decode, rows, length)
    repeated = {row.path for row in rows}
    once = int_at(_macs(row for row in report.layers if row.path not in repeated), {batch: 1, length: 1})
    macs = evaluate(_macs(rows), {batch: 1})
    costs = {at: int_at(macs, {length: 1 if decode.states else at}) for at in range(1, decode.max_length + 1)}
    growth = None if decode.states else _growth(macs, length)
    cache = _cache(rows, batch, length) if growth else None
    cached = growth if cache is not None else None
    steps = tuple(_steps(decode, search, report, batch, costs, cached, cache, dtype))
    problem = search.problem
    every = 0
    for at in range(decode.max_length, 0, -1):  # Σ Bᵗ⁻¹ · MACs of a hypothesis of t symbols
        every = every * problem.branches + costs[at]
    greedy = once + sum(costs.values())
    every += once
    costs_of = (once, growth, steps, greedy, every)
    return Loop(architecture, decode, sizes, batch, length, search, *costs_of, report, reports, dtype)


def _steps(
    decode: Decode,
    search: SearchPlan,
    report: Report,
    batch: str,
    costs: Mapping[int, int],
    growth: Growth | None,
    cache: _Cache | None,
    dtype: str,
) -> Iterator[DecodeStep]:
    carried = {row.path: row for row in report.layers if row.path in decode.states}
    for step in search.steps:
        states = tuple(
            (f"{path}.{name}", tuple(evaluate(dim, {batch: step.kept}) for dim in shape))
            for path in decode.states
            for name, shape in list(carried[path].outputs.items())[1:]
        )
        state_bytes = sum(int_at(bytes_of(product(shape), dtype), {}) for _, shape in states)
        if not decode.states:
            states = ((decode.token, (step.kept, step.length)),)
            state_bytes = TOKEN_BYTES * step.kept * step.length
        yield DecodeStep(
            step,
            (step.alive, search.problem.vocabulary),
            step.alive * costs[step.length],
            states,
            state_bytes,
            None if growth is None else step.alive * growth.cached(step.length),
            None if cache is None else int_at(bytes_of(cache.once + step.kept * step.length * cache.each, dtype), {}),
        )


def _axes(architecture: Architecture, decode: Decode) -> tuple[str, str]:
    """Return the symbols of the batch and of the length of the input that is fed back."""
    entry = next(entry for entry in architecture.inputs if entry.name == decode.token)
    names = [str(dim) for dim in entry.shape if not isinstance(dim, int) and str(dim) in free_symbols(dim)]
    batches = [name for name in names if name in BATCH_SYMBOLS]
    if len(entry.shape) != 2 or len(names) != 2 or len(batches) != 1:  # noqa: PLR2004 - batch and length
        message = f"`decode.token` expects an input of a batch and a length such as [N, T], `{entry.name}` is "
        _refuse(architecture, decode, "SC305", message + show(entry.shape), "token")
    (length,) = (name for name in names if name not in batches)
    _refuse_shared_length(architecture, decode, entry, length)
    return batches[0], length


def _refuse_shared_length(architecture: Architecture, decode: Decode, token: Input, length: str) -> None:
    for entry in architecture.inputs:
        if entry.name != token.name and any(length in free_symbols(dim) for dim in entry.shape):
            message = f"`decode.token` expects a length of its own, `{entry.name}` has `{length}` too"
            _refuse(architecture, decode, "SC205", message, "token")


def _vocabulary(architecture: Architecture, decode: Decode, report: Report) -> int:
    """Return the number of symbols that are scored; refuse start and end symbols outside of them."""
    shape = scored(architecture, decode, report)
    batch, length = _axes(architecture, decode)
    if len(shape) not in (2, 3) or symbol(batch) not in shape[:-1] or not isinstance(shape[-1], int):
        message = f"`decode.scores` expects [{batch}, {length}, symbols], receives {show(shape)}"
        _refuse(architecture, decode, "SC305", message, "scores")
    vocabulary = shape[-1]
    rows = dependents(report, decode.token)
    index_range = min((row.step.layer.index_range or vocabulary for row in rows), default=vocabulary)
    for key, value in (("start", decode.start), ("end", decode.end)):
        most = vocabulary if key == "end" else index_range
        if value is not None and value >= most:
            message = f"`decode.{key}` expects one of {most} symbols, from 0 to {most - 1}, receives {value}"
            _refuse(architecture, decode, "SC201", message, key)
    if index_range < vocabulary:
        message = f"`decode.scores` rates {vocabulary} symbols, and `{decode.token}` takes {index_range}"
        _refuse(architecture, decode, "SC301", message, "scores")
    return vocabulary


def scored(architecture: Architecture, decode: Decode, report: Report) -> Shape:
    """Return the shape of the scores, with batch and length unbound."""
    slot = architecture.unfolded_slot(decode.scores)
    shapes: dict[str, Shape] = {}
    for row in dependents(report, decode.token):
        shapes |= output_slots(row)
    if slot not in shapes:
        _refuse(architecture, decode, "SC205", f"`decode.scores` does not depend on `{decode.token}`", "scores")
    return shapes[slot]


def _refuse_other_memory(architecture: Architecture, decode: Decode, rows: Iterable[LayerReport], length: str) -> None:
    """Refuse states that leave out a layer which reads earlier positions: it would see one symbol only."""
    for row in rows:
        back = row.step.layer.looks_back or length in free_symbols(row.step.layer.cached(*row.inputs))
        if back and row.path not in decode.states:
            message = f"`decode.states` carries on without `{row.path}`, which looks at earlier symbols"
            help_text = "leave `states:` out: all symbols are then read again at each step"
            if row.step.layer.carries_state:
                help_text = f"add `{row.path}` to it"
            _refuse(architecture, decode, "SC205", message, "states", help_text)


def _growth(macs: Dim, length: str) -> Growth | None:
    """Return c + a·t + b·t² through three values, None if others do not lie on it."""
    first, second, third = (int_at(macs, {length: at}) for at in (1, 2, 3))
    second_difference = third - 2 * second + first
    if second_difference % 2:
        return None
    b = second_difference // 2
    a = second - first - 3 * b
    growth = Growth(first - a - b, a, b)
    return growth if all(int_at(macs, {length: at}) == growth.uncached(at) for at in _TRIED) else None


def _cache(rows: Iterable[LayerReport], batch: str, length: str) -> _Cache | None:
    """Return the elements of cached keys and values; None if a query also attends ahead, or nothing is cached."""
    each = once = 0
    for row in rows:
        elements = evaluate(row.step.layer.cached(*row.inputs), {batch: 1})
        if length not in free_symbols(elements):
            once += int_at(elements, {})
        elif not getattr(row.step.layer, "is_causal", False):
            return None
        else:
            each += int_at(elements, {length: 1})
        if row.step.layer.carries_state:
            return None
    return _Cache(each, once) if each else None


def _macs(rows: Iterable[LayerReport]) -> Dim:
    macs = sum_of(row.macs for row in rows)
    assert macs is not None  # the layers of a decoding loop have known costs
    return macs


def _refuse(
    architecture: Architecture, decode: Decode, code: str, message: str, key: str, help_text: str | None = None
) -> NoReturn:
    span = decode.spans.get(key) or next(iter(decode.spans.values()), None)
    diagnostic = Diagnostic(code=code, message=message, span=span, help=help_text)
    raise ShapecalcError((diagnostic,), architecture.file)
