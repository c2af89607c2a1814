"""A beam search over given distributions as text: the tree of hypotheses, the other searches, and what each misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.execution.beam import best_known, exact, limits
from shapecalc.execution.exact_log import logarithm
from shapecalc.render.beam import figure_headings
from shapecalc.render.beam_notes import notes, sequence
from shapecalc.render.derivation import in_ascii, legend, wrapped
from shapecalc.render.terminal.grid import Cells, Grid, Heading, draw
from shapecalc.render.terminal.numbers import significant, significant_is_exact
from shapecalc.render.terminal.palette import DIM, GOOD, NAME, PLAIN, bold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from shapecalc.execution.beam import BeamCandidate, BeamSearch
    from shapecalc.execution.exact_log import ExactLog
    from shapecalc.reference.beam_search import Hypothesis

MOST_ROWS = 200
"""Rows of a tree; of a larger one the first steps are shown."""

MOST_DROPPED = 2
"""Dropped candidates of one hypothesis that have a row each; more are one row."""

MOST_ACTIVE = 20
"""The same for candidates that are kept."""

MOST_RESULTS = 10
"""Hypotheses of the beam that are listed at the end."""

MOST_FACTORS = 5
"""Factors of a product that are written."""

_MEANINGS = {"V": "symbols", "L": "length", "k": "beam"}
_SIGNS = {"kept": ("●", "*"), "finished": ("■", "#"), "dropped": ("×", "x")}
_STYLES = {"kept": PLAIN, "finished": NAME, "dropped": DIM}
_BRANCHES = {True: ("├", "└", "│", "─"), False: ("|", "`", "|", "-")}


class _Manner(NamedTuple):
    """How a tree is written: its characters, products or sums, columns of an indent, and steps."""

    unicode: bool
    log: bool
    indent: int
    depth: int
    both: bool = True
    """Whether a probability is next to its logarithm, or one of them is left out."""

    def branch(self, *, last: bool) -> tuple[str, str]:
        """Return what is before a row, and before the rows of its children."""
        more, corner, bar, dash = _BRANCHES[self.unicode]
        lead = f"{corner if last else more}{dash * (self.indent - 2)}{' ' * (self.indent > 1)}"
        return lead, f"{' ' if last else bar:<{self.indent}}"


class _Line(NamedTuple):
    """A row of the tree: a candidate, or a summary of several."""

    text: str
    product: str = ""
    result: str = ""
    other: str = ""
    marks: str = ""
    style: str = PLAIN


def tree(result: BeamSearch, *, log: bool, width: int | None, color: bool, unicode: bool) -> str:
    """Return the tree of a search, the results of the other searches, and what each misses."""
    letters = {"V": f"{len(result.distributions.symbols):,}", "L": f"{result.length:,}", "k": f"{result.beam:,}"}
    ending = "without an end symbol"
    if result.end is not None:
        ending = f"`{sequence(result, (result.end,), unicode=unicode)}` ends a sequence"
    grid, depth = _fitting(result, width, log=log, unicode=unicode)
    fates = [fate for fate in _SIGNS if any(each.fate == fate for step in result.steps for each in step)]
    blocks = [
        [bold(f"beam search, {ending}", color=color), *legend(letters, width, _MEANINGS)],
        [draw(grid, width=width, color=color, unicode=unicode)],
        [", ".join(f"{_sign(fate, unicode=unicode)} {fate}" for fate in fates)],
        [draw(_steps(result, depth), width=width, color=color, unicode=unicode)],
        [draw(_searches(result, log=log, unicode=unicode), width=width, color=color, unicode=unicode)],
        [line for note in notes(result, depth, unicode=unicode) for line in wrapped(note, width)],
    ]
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text if unicode else in_ascii(text)


def _sign(fate: str, *, unicode: bool) -> str:
    return _SIGNS[fate][0 if unicode else 1]


def _fitting(result: BeamSearch, width: int | None, *, log: bool, unicode: bool) -> tuple[Grid, int]:
    """Return the tree with the widest indent that fits, else the first steps of it, and the number of steps."""
    rows = depth = 0
    for candidates in result.steps:
        rows += sum(candidate.fate in ("kept", "finished") for candidate in candidates)
        if depth and rows > MOST_ROWS:
            break
        depth += 1
    while True:
        for indent, both in ((3, True), (2, True), (1, True), (2, False), (1, False)):
            grid = _grid(result, _Manner(unicode, log, indent, depth, both))
            if width is None or grid.width <= width:
                return grid, depth
        if depth == 1:
            return grid, depth
        depth -= 1


def _grid(result: BeamSearch, manner: _Manner) -> Grid:
    lines = [*_Drawing(result, manner).lines()]
    left = max(len(line.product) for line in lines)
    names = _names(log=manner.log)
    headings = (Heading("hypothesis"), Heading(names[0]), Heading(names[1], right=True), Heading(""))
    rows = [Cells(("start", "", "", ""), (PLAIN,) * 4)]
    for line in lines:
        shown = f"{line.product:>{left}} {line.result}" if left else line.result.strip()
        rows.append(Cells((line.text, shown.rstrip(), line.other, line.marks), (line.style,) * 4))
    if manner.both:
        return Grid(headings, rows)
    rows = [Cells(texts[:2] + texts[3:], styles[1:]) for texts, styles in rows]
    return Grid(headings[:2] + headings[3:], rows)


class _Drawing:
    """Draws the tree of a search, parent by parent."""

    def __init__(self, result: BeamSearch, manner: _Manner) -> None:
        self.result = result
        self.manner = manner
        self.children: dict[tuple[int, ...], list[BeamCandidate]] = {}
        for candidates in result.steps[: manner.depth]:
            for candidate in candidates:
                self.children.setdefault(candidate.symbols[:-1], []).append(candidate)
        best = "beam" if result.finds_best is None else "best"
        self.paths = {"greedy": result.greedy.symbols, best: best_known(result).symbols}

    def lines(self) -> Iterator[_Line]:
        """Yield the rows of the tree, without recursion: it may have more steps than Python has frames."""
        pending = [(each, "") for each in self._rows(())]
        pending.reverse()
        while pending:
            (candidate, line, last), lead = pending.pop()
            own, below = self.manner.branch(last=last)
            yield line._replace(text=lead + own + line.text)
            if candidate is not None and candidate.fate == "kept":
                pending += [(each, lead + below) for each in reversed(self._rows(candidate.symbols))]

    def _rows(self, prefix: tuple[int, ...]) -> list[tuple[BeamCandidate | None, _Line, bool]]:
        """Return the rows of the continuations of a prefix, and whether each is the last one."""
        rows: list[tuple[BeamCandidate | None, _Line]] = []
        candidates = [each for each in self.children.get(prefix, []) if each.fate != "impossible"]
        folded: dict[str, list[BeamCandidate]] = {}
        for fate, most in (("kept", MOST_ACTIVE), ("dropped", MOST_DROPPED)):
            unmarked = [each for each in candidates if each.fate == fate and not self._marks(each)]
            folded[fate] = unmarked if len(unmarked) > most else []
        hidden = {each.symbols for some in folded.values() for each in some}
        rows += [(each, self._line(each)) for each in candidates if each.symbols not in hidden]
        for fate, some in folded.items():
            if some:
                best = significant(max(each.score for each in some).product)
                rows.append((None, _Line(f"… {len(some):,} {fate}", "best", f"= {best}", style=_STYLES[fate])))
        return [(candidate, line, place == len(rows)) for place, (candidate, line) in enumerate(rows, 1)]

    def _marks(self, candidate: BeamCandidate) -> str:
        size = len(candidate.symbols)
        return ", ".join(name for name, symbols in self.paths.items() if symbols[:size] == candidate.symbols)

    def _line(self, candidate: BeamCandidate) -> _Line:
        marks = self._marks(candidate)
        name = sequence(self.result, candidate.symbols[-1:], unicode=self.manner.unicode)
        written, result = arithmetic(candidate.score, log=self.manner.log)
        other = significant(candidate.score.product) if self.manner.log else logarithmic(candidate.score.product)
        style = GOOD if marks.endswith(("best", "beam")) else _STYLES[candidate.fate]
        sign = _sign(candidate.fate, unicode=self.manner.unicode)
        return _Line(f"{sign} {name}", written, result, other, marks, style)


def arithmetic(score: ExactLog, *, log: bool = False) -> tuple[str, str]:
    """Return what the last symbol does to a score, and the result: of the probability, or of its logarithm.

    >>> from fractions import Fraction
    >>> from shapecalc.execution.exact_log import ExactLog
    >>> arithmetic(ExactLog(Fraction(3, 5)) + ExactLog(Fraction(11, 20)))
    ('0.6·0.55', '= 0.33')
    """
    last, parent = score.factor, None if score.before is None else score.before.product
    if log:
        shown = logarithmic(score.product)
        if parent is None:
            return f"ln {significant(last)}", f"= {shown}" if shown == "0" else f"≈ {shown}"
        return f"{logarithmic(parent)} − {logarithmic(last).removeprefix('−')}", f"≈ {shown}"
    if parent is None:
        return "", f"  {significant(last)}"
    numbers = (parent, last, score.product)
    sign = "=" if all(map(significant_is_exact, numbers)) else "≈"
    return f"{significant(parent)}·{significant(last)}", f"{sign} {significant(score.product)}"


def logarithmic(number: Fraction) -> str:
    """Return the natural logarithm of a probability with four digits after the point.

    >>> from fractions import Fraction
    >>> logarithmic(Fraction(1, 2)), logarithmic(Fraction(1)), logarithmic(Fraction(0))
    ('−0.6931', '0', '−∞')
    """
    if not number:
        return "−∞"
    return "0" if number == 1 else f"{logarithm(number):.4f}".replace("-", "−")


def _steps(result: BeamSearch, depth: int) -> Grid:
    """Return a row per step: what is kept and what is dropped, and the unfinished hypotheses at the limit."""
    ending = ["finished"] if result.end is not None else []
    rows = []
    for number, candidates in enumerate(result.steps[:depth], 1):
        possible = [each for each in candidates if each.fate != "impossible"]
        counts = [f"{sum(each.fate == fate for each in possible):,}" for fate in ("kept", *ending, "dropped")]
        shown = ["" if limit is None else significant(limit.product) for limit in limits(candidates, result.end)]
        rows.append(Cells((f"{number:,}", f"{len(possible):,}", *counts, *shown)))
    return Grid(figure_headings("step", "candidates", "kept", *ending, "dropped", "lowest kept", "best dropped"), rows)


def _searches(result: BeamSearch, *, log: bool, unicode: bool) -> Grid:
    """Return the results of greedy search, of the beam, best first, and of exhaustive search."""
    named: list[tuple[str, Hypothesis]] = [("greedy", result.greedy)]
    shown = result.best[:MOST_RESULTS]
    named += [("" if place else f"beam of {result.beam:,}", each) for place, each in enumerate(shown)]
    named += [("exhaustive", each) for each in result.every[:1]]
    rows = []
    for name, hypothesis in named:
        score = exact(hypothesis)
        equation = f"{written_product(score.factors)} {_equals(score)} {significant(score.product, 8)}"
        ln = logarithmic(score.product)
        values = (f"{written_sum(score.factors)} ≈ {ln}", significant(score.product)) if log else (equation, ln)
        rows.append(Cells((name, sequence(result, hypothesis.symbols, unicode=unicode), *values)))
    names = _names(log=log)
    headings = (Heading("search"), Heading("sequence", wraps=True), Heading(names[0]), Heading(names[1], right=True))
    return Grid(headings, rows)


def _names(*, log: bool) -> tuple[str, str]:
    """Return the headings of the score that is written as arithmetic, and of the other one."""
    return ("ln p", "p") if log else ("p", "ln p")


def _equals(score: ExactLog) -> str:
    return "=" if significant_is_exact(score.product, 8) and all(map(significant_is_exact, score.factors)) else "≈"


def written_product(factors: tuple[Fraction, ...]) -> str:
    """Return a product: equal factors as a power, and of many factors the first and the last ones.

    >>> from fractions import Fraction
    >>> written_product((Fraction(1, 2),) * 10), written_product(tuple(Fraction(n, 10) for n in range(1, 9)))
    ('0.5^10', '0.1·0.2·0.3·…·0.8')
    """
    if len(factors) > 1 and len(set(factors)) == 1:
        return f"{significant(factors[0])}^{len(factors)}"
    return "·".join(_shortened([significant(factor) for factor in factors]))


def written_sum(factors: tuple[Fraction, ...]) -> str:
    """Return the sum of the logarithms of factors.

    >>> from fractions import Fraction
    >>> written_sum((Fraction(1, 2), Fraction(1, 4))), written_sum((Fraction(1, 2),) * 10)
    ('−0.6931 − 1.3863', '10·(−0.6931)')
    """
    if len(factors) > 1 and len(set(factors)) == 1:
        return f"{len(factors)}·({logarithmic(factors[0])})"
    return " − ".join(_shortened([logarithmic(factor) for factor in factors])).replace("− −", "− ")


def _shortened(texts: list[str]) -> list[str]:
    return texts if len(texts) <= MOST_FACTORS else [*texts[: MOST_FACTORS - 2], "…", texts[-1]]
