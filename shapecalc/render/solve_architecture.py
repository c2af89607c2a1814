"""The sizes of symbols that an architecture accepts, and the values of fields that give an output, as text and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import as_json, free_symbols, pretty, show, symbol
from shapecalc.render.solve_window import SIMPLEST
from shapecalc.render.terminal.grid import Heading, Page
from shapecalc.render.terminal.numbers import at_sizes
from shapecalc.render.terminal.palette import BOLD, DIM
from shapecalc.shape_inference.constraints import ANY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.dims import Condition, Sizes
    from shapecalc.solving.input_sizes import NearSizes, Reason, Solution
    from shapecalc.solving.unknown_fields import Choice, Choices, Value

LINE = Heading("line", right=True)

FIRST = 10
"""The number of sizes that are listed one by one."""


class _Text(NamedTuple):
    """The lines of a text while it is written."""

    page: Page
    lines: list[str]

    def say(self, text: str = "", lead: str = "", style: str = "") -> None:
        """Add a paragraph; an empty one is an empty line."""
        self.lines.append(self.page.line(text, style, lead) if text else "")

    def draw(self, headings: Iterable[Heading], rows: Iterable[tuple[str, ...]]) -> None:
        """Add a table."""
        self.lines.append(self.page.draw(self.page.grid(headings, rows)))

    @property
    def text(self) -> str:
        """The text."""
        return "\n".join(self.lines)


def solution(result: Solution, near: Mapping[str, NearSizes], *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the valid sizes of each symbol and their constraints; symbols with the same sizes are one paragraph.

    `near` has the valid sizes next to a requested one.
    """
    page = _Text(Page(width, color, unicode), [])
    report = result.report
    page.say(f"{report.architecture.name}  {', '.join(show(entry.shape) for entry in report.inputs)}", style=BOLD)
    if result.stated:
        page.say(f"the file states {at_sizes(result.stated)}: treated as unbound", style=DIM)
    if result.output is not None:
        subject = f"`{result.output.path}`" if result.output.path else "the output"
        page.say(f"{subject} is {show(result.output.shape)}, wanted {result.wanted}")
    for never in result.never:
        page.say(f"no size gives it: {pretty(never.dim)} is never {never.size}")
    if result.never:
        return page.text
    groups = _alike(result.sizes, near)
    if not groups:
        page.say("no symbol is free: nothing to solve for")
    for names, sizes in groups:
        page.say()
        page.say(sentence(sizes, names), style=BOLD)
        _say_sizes(page, sizes, near.get(names[0]))
    _say_reasons(page, result, {name: names[0] for names, _ in groups for name in names})
    return page.text


def _say_reasons(page: _Text, result: Solution, leads: Mapping[str, str]) -> None:
    for heading, reasons in (("in addition", result.joint), ("because", result.because)):
        rows = _reasons(reasons, leads)
        if rows:
            page.say()
            page.draw((Heading(heading, wraps=True), Heading("required by", wraps=True), LINE), rows)
    implied = sum(not reason.needed for reason in result.because)
    if implied:
        follow = "constraints that follow" if implied > 1 else "constraint that follows"
        page.say(f"and {implied} more {follow} from these; `--format json` has all", style=DIM)
    if result.joint:
        page.say("the sizes above are those of each symbol alone; what is in addition ties them together", style=DIM)
    if result.example:
        page.say(f"for example {at_sizes(result.example)}")
    elif result.clash:
        page.say("no sizes satisfy both", style=BOLD)


def sentence(sizes: Sizes, names: Iterable[str]) -> str:
    """Return a sentence about the sizes of symbols with the same constraints.

    >>> from shapecalc.dims import Sizes
    >>> sentence(Sizes((), 32, 16, (0,)), ["H", "W"])
    'H and W must be a multiple of 16, and at least 32'
    """
    *others, last = names
    return sizes.sentence("\0").replace("\0", f"{', '.join(others)} and {last}" if others else last)


def _say_sizes(page: _Text, sizes: Sizes, near: NearSizes | None) -> None:
    if sizes == ANY or sizes.smallest is None:
        return
    first = sizes.first(FIRST + 1)
    more = len(first) > FIRST
    names = ", ".join(map(str, first[:FIRST]))
    page.say(str(sizes.smallest), lead="  smallest   ")
    page.say(f"{names}, …" if more else names, lead="  first ten  " if more else "  all        ")
    if near is not None:
        page.say(_near(near), lead=f"  near {near.asked}".ljust(12) + " ")


def _near(near: NearSizes) -> str:
    sides = [f"{size} {side}" for size, side in ((near.below, "below"), (near.above, "above")) if size is not None]
    if near.fits:
        return f"{near.asked} fits" + (f"; next to it {' and '.join(sides)}" if sides else "")
    return ", ".join(sides) or "none"


def _alike(sizes: Mapping[str, Sizes], near: Mapping[str, NearSizes]) -> list[tuple[tuple[str, ...], Sizes]]:
    """Return symbols grouped by the same constraints, those without constraints last."""
    result: dict[tuple[Sizes, NearSizes | None], list[str]] = {}
    for name, own in sorted(sizes.items(), key=lambda pair: pair[1] == ANY):
        result.setdefault((own, near.get(name)), []).append(name)
    return [(tuple(names), own) for (own, _), names in result.items()]


def _reasons(reasons: Iterable[Reason], leads: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return a row per necessary constraint; those of one layer that differ in the symbol only are one.

    `leads` has for each symbol the first of those with the same constraints.
    """
    rows: dict[tuple[Condition | bool, str, int | None], list[str]] = {}
    for reason in reasons:
        if not reason.needed:
            continue
        names = free_symbols(reason.condition.expr)
        own = names[0] if len(names) == 1 else ""
        lead = leads.get(own, own)
        condition = reason.condition.at({own: symbol(lead)}) if own != lead else reason.condition
        others = rows.setdefault((condition, reason.required_by, reason.line), [])
        others += [own] if own != lead else []
    return [
        (
            ("" if isinstance(same, bool) else same.pretty) + (f" (and of {', '.join(others)})" if others else ""),
            by,
            str(line or ""),
        )
        for (same, by, line), others in rows.items()
    ]


def solution_dict(result: Solution, near: Mapping[str, NearSizes]) -> dict[str, Any]:
    """Return the JSON values of a solution."""
    report = result.report
    return {
        "name": report.architecture.name,
        "bindings": dict(report.bindings),
        **({"stated": dict(result.stated)} if result.stated else {}),
        "inputs": {entry.name: [*map(as_json, entry.shape)] for entry in report.inputs},
        "symbols": {
            name: {
                "legal": sizes.sentence(name),
                "smallest": sizes.smallest,
                "first": list(sizes.first(FIRST)),
                "early": list(sizes.early),
                "start": sizes.start,
                "period": sizes.period,
                "residues": list(sizes.residues),
                **({"near": near[name]._asdict()} if name in near else {}),
            }
            for name, sizes in result.sizes.items()
        },
        "joint": [_reason_dict(reason) for reason in result.joint],
        "example": dict(result.example) if result.example else None,
        "found": result.solvable,
        "because": [_reason_dict(reason) for reason in result.because],
        **(
            {
                "output": {
                    "at": result.output.path or None,
                    "shape": [*map(as_json, result.output.shape)],
                    "wanted": list(result.wanted.sizes) if result.wanted else None,
                    "never": [{"axis": str(never.dim), "wanted": never.size} for never in result.never],
                }
            }
            if result.output is not None
            else {}
        ),
    }


def _reason_dict(reason: Reason) -> dict[str, Any]:
    condition, by = str(reason.condition), reason.required_by
    return {"condition": condition, "path": by, "line": reason.line, "needed": reason.needed}


def choices(result: Choices, name: str, most: int, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return at most `most` combinations of values that give the output, simplest first."""
    page = _Text(Page(width, color, unicode), [])
    unknowns = ", ".join(map(str, result.unknowns))
    place = f"`{result.at}`" if result.at else f"`{name}`"
    page.say(f"which {unknowns} give{'' if result.unknowns[1:] else 's'} {result.wanted} out of {place}?", style=BOLD)
    page.say()
    shown = result.solutions[:most] or result.closest
    if not result.solutions:
        page.say("none; closest:" if shown else "none: no combination fits the architecture")
    if shown:
        heads = (*(Heading(str(unknown), right=True) for unknown in result.unknowns), Heading("output", wraps=True))
        page.draw(heads, [(*map(_value, choice.values), show(choice.shape)) for choice in shown])
    rest = len(result.solutions) - len(shown)
    if result.solutions and rest:
        page.say(f"{rest} more: `--top {len(result.solutions)}` shows all")
    if result.reach is not None:
        page.say(_reach(result))
    if result.together:
        values = ", ".join(f"{unknown} = {_value(value)}" for unknown, value in result.together)
        page.say(f"together with others it does: {values}")
    ranges = ", ".join(f"{unknown} {_range(unknown.tried)}" for unknown in result.unknowns)
    refused = f"; {result.refused} of {result.tried} do not fit" if result.refused else ""
    page.say(f"tried {ranges}{refused}", style=DIM)
    if len(result.solutions) > 1:
        page.say(f"simplest first: {SIMPLEST}", style=DIM)
    return page.text


def _value(value: Value) -> str:
    return show(value) if isinstance(value, tuple) else str(value)


def _reach(result: Choices) -> str:
    assert result.reach is not None
    least, most = map(show, result.reach)
    return f"output padding only adds, and fewer elements than the stride: it gives {least} to {most}"


def _range(tried: tuple[Value, ...]) -> str:
    numbers = tuple(value for value in tried if isinstance(value, int))
    if len(numbers) < len(tried):
        return f"{_range(numbers)}, and {len(tried) - len(numbers)} lists of them, one per axis"
    if numbers == tuple(range(numbers[0], numbers[-1] + 1)):
        return f"from {numbers[0]} to {numbers[-1]}"
    return f"among {len(numbers)} counts from {numbers[0]} to {numbers[-1]}"


def choices_dict(result: Choices, name: str, most: int) -> dict[str, Any]:
    """Return the JSON values of the combinations; `found` is the number of all."""

    def row(choice: Choice) -> dict[str, Any]:
        values = dict(zip(map(str, result.unknowns), choice.values, strict=True))
        return {"values": values, "output": [*map(as_json, choice.shape)]}

    return {
        "name": name,
        "at": result.at or None,
        "wanted": list(result.wanted.sizes),
        "tried": {str(unknown): list(unknown.tried) for unknown in result.unknowns},
        "refused": result.refused,
        "found": len(result.solutions),
        "choices": [row(choice) for choice in result.solutions[:most]],
        "closest": [row(choice) for choice in result.closest],
        "together": {str(unknown): value for unknown, value in result.together},
    }
