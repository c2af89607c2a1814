"""Similar words and analogies as a document and JSON: the ranking, the vectors, and the arithmetic of the nearest."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.execution.words.table import FEATURES
from shapecalc.render.tables.model import FULL, Document, Fixed, Lines, Table, TableColumn, TableRow, Words
from shapecalc.render.tables.rows import Real
from shapecalc.render.tables.text import cut
from shapecalc.render.terminal.grid import display_width
from shapecalc.render.terminal.palette import BOLD, DIM
from shapecalc.render.values.numbers import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.execution.words.queries import Analogy, NearWord, Operand, Ranking, Similar, Vector
    from shapecalc.render.tables.model import Part, Short

MOST_DERIVED = 3
"""Words whose cosine is derived with its numbers."""
MOST_FEATURES = 16
"""Features that are shown; of more, those with the largest products."""
MOST_TERMS = 16
"""Terms of a sum that are printed one by one."""
LONGEST_HEADING = 12
"""Columns of a word above its values."""
COSINE = 4
"""Digits of a cosine after the point."""


class _Column(NamedTuple):
    """The values of a vector, one per feature, below a heading."""

    heading: str
    values: Vector


def similar(result: Similar) -> Document:
    """Return the nearest words, their vectors by feature, and the cosines with the numbers put in."""
    title = f"similar to u = {result.word}: the cosine of the angle between two vectors"
    return _document([Lines([title], BOLD)], result.ranking, [_Column(result.word, result.ranking.vector)])


def analogy(result: Analogy) -> Document:
    """Return the words nearest to b − a + c, the sum feature by feature, and the cosines with the numbers put in."""
    a, b, c = result.a, result.b, result.c
    how = "scaled to length 1 first" if result.unit else "not scaled to length 1 first (`--unit` does that)"
    lines = [f"nearest to u = {b.word} − {a.word} + {c.word}", f"vectors are {how}"]
    columns = [
        _Column(b.word, b.added),
        _Column(f"− {a.word}", a.added),
        _Column(f"+ {c.word}", c.added),
        _Column("= u", result.ranking.vector),
    ]
    title = f"{a.word} is to {b.word} as {c.word} is to ?"
    document = _document([Lines([title], BOLD), Lines(lines)], result.ranking, columns)
    names = [cut(each.word, LONGEST_HEADING) for each in (b, a, c)]
    widest = max(map(display_width, names)) + 2
    lengths = zip(names, (b, a, c), strict=True)
    scaled: list[Part] = [_equation(*_length(name, each.vector, each.length), widest) for name, each in lengths]
    blocks = [*document.blocks[:1], *([scaled] if result.unit else []), *document.blocks[1:], *_differences(result)]
    return document._replace(blocks=blocks)


def _differences(result: Analogy) -> list[list[Part]]:
    """Return v − c of the nearest word next to b − a, which it would equal if the analogy were exact."""
    if not result.differences:
        return []
    near = result.ranking.nearest[0]
    columns = [
        _Column(f"{result.b.word} − {result.a.word}", result.difference),
        _Column(f"{near.word} − {result.c.word}", result.differences[0]),
    ]
    shown, _ = _shown(result.ranking, columns)
    rows = [TableRow((Words(result.ranking.features[place]), *_numbers(columns, place))) for place in shown]
    heads = [TableColumn("feature"), *(TableColumn(cut(head, 3 * LONGEST_HEADING), right=True) for head, _ in columns)]
    note = ["(the differences would be equal if the analogy were exact)"]
    return [[Table(tuple(heads), rows), Lines(note, DIM)]] if rows else []


def similar_dict(result: Similar) -> dict[str, Any]:
    """Return the JSON values of similar words."""
    return {"word": result.word, **_ranking_dict(result.ranking)}


def analogy_dict(result: Analogy) -> dict[str, Any]:
    """Return the JSON values of an analogy."""
    values = _ranking_dict(result.ranking)
    nearest = zip(values["nearest"], result.differences, strict=True)
    values["nearest"] = [{**near, "difference": [*difference]} for near, difference in nearest]
    operands = {name: _operand_dict(getattr(result, name)) for name in ("a", "b", "c")}
    return {**operands, "unit": result.unit, "difference": [*result.difference], **values}


def _operand_dict(operand: Operand) -> dict[str, Any]:
    return {**operand._asdict(), "vector": [*operand.vector], "added": [*operand.added]}


def _ranking_dict(ranking: Ranking) -> dict[str, Any]:
    return {
        "vectors": {"file": ranking.source or None, "shipped": ranking.shipped, "words": ranking.words},
        "features": [*ranking.features],
        "vector": [*ranking.vector],
        "length": ranking.length,
        "nearest": [_near_dict(near) for near in ranking.nearest],
        "excluded": [_near_dict(near) for near in ranking.excluded],
        "zero_vectors": ranking.zeros,
    }


def _near_dict(near: NearWord) -> dict[str, Any]:
    return {**near._asdict(), "vector": [*near.vector], "products": [*near.products]}


def _document(lines: list[Lines], ranking: Ranking, columns: list[_Column]) -> Document:
    heads = (
        TableColumn("rank", ""),
        TableColumn("word"),
        TableColumn("cosine", right=True),
        TableColumn("dot", "u·v", right=True),
        TableColumn("length", "|v|", right=True),
    )
    ranked = [
        TableRow(
            (
                Fixed(f"{rank}"),
                Words(near.word),
                _Cosine(repr(near.cosine)),
                *(_Measure(repr(value)) for value in (near.dot, near.length)),
            )
        )
        for rank, near in enumerate(ranking.nearest, 1)
    ]
    main = Table(heads, ranked)
    derived = ranking.nearest[:MOST_DERIVED]
    columns = [*columns, *(_Column(near.word, near.vector) for near in derived)]
    blocks: list[list[Part]] = [
        [*lines, Lines([_facts(ranking)], DIM)],
        [main if ranked else Lines(["no other word has a direction"]), *_excluded(ranking)],
        _vectors(ranking, columns),
        [_equation(*_length("u", ranking.vector, ranking.length))],
        *(_derivation(ranking, near) for near in derived),
    ]
    return Document("", blocks, main)


class _Cosine(Real):
    """A cosine, with four digits after the point where people read it."""

    __slots__ = ()

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return four digits after the point."""
        return _cosine(float(self.full))


class _Measure(Real):
    """A dot product or a length, with six significant digits where people read it."""

    __slots__ = ()

    def text(self, short: Short = FULL) -> str:  # noqa: ARG002 - as of all values
        """Return six significant digits."""
        return _number(float(self.full))


def _facts(ranking: Ranking) -> str:
    """Return what the vectors are."""
    source = f"`{ranking.source}`: " if ranking.source else ""
    by_hand = "; chosen by hand to show the arithmetic, not trained" if ranking.shipped else ""
    zeros = f"; {_count(ranking.zeros, 'vector')} of zeros not ranked" if ranking.zeros else ""
    return f"{source}{_count(ranking.words, 'word')} with {_count(len(ranking.features), 'feature')}{by_hand}{zeros}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _excluded(ranking: Ranking) -> list[Part]:
    words = ", ".join(f"{near.word} {_cosine(near.cosine)}" for near in ranking.excluded)
    return [Lines([f"not ranked, as they are in the question: {words}"], DIM)] if words else []


def _vectors(ranking: Ranking, columns: Sequence[_Column]) -> list[Part]:
    """Return the vectors feature by feature, and what of them is not shown."""
    shown, note = _shown(ranking, columns)
    meanings = FEATURES if ranking.shipped else {}
    heads = [
        TableColumn("feature"),
        *(TableColumn(cut(column.heading, LONGEST_HEADING), right=True) for column in columns),
        *([TableColumn("meaning", drops=1)] if meanings else []),
    ]
    rows = []
    for place in shown:
        name = ranking.features[place]
        meaning = [Words(meanings[name])] if meanings else []
        rows.append(TableRow((Words(name), *_numbers(columns, place), *meaning)))
    return [Table(tuple(heads), rows), *([Lines([note], DIM)] if note else [])]


def _shown(ranking: Ranking, columns: Sequence[_Column]) -> tuple[list[int], str]:
    """Return the places of features that are not 0 in all columns, and which are not shown.

    Of many, they are those with the largest products.
    """
    places = range(len(ranking.features))
    used = [place for place in places if any(column.values[place] for column in columns)]
    if len(used) > MOST_FEATURES:
        products = ranking.nearest[0].products if ranking.nearest else ranking.vector
        note = f"({MOST_FEATURES} of {len(places):,} features, those with the largest products)"
        return _largest(used, products, MOST_FEATURES), note
    zero = [ranking.features[place] for place in places if place not in used]
    names = ", ".join(zero) if len(zero) <= MOST_FEATURES else f"{len(zero):,} other features"
    return used, f"(0 in all of these: {names})" if zero else ""


def _numbers(columns: Sequence[_Column], place: int) -> list[Fixed]:
    return [Fixed(_number(column.values[place])) for column in columns]


def _derivation(ranking: Ranking, near: NearWord) -> list[Part]:
    """Return the product of two vectors, the length of the second, and the cosine, with the numbers put in."""
    pairs = zip(ranking.vector, near.vector, strict=True)
    terms = [f"{_factor(u)}·{_factor(v)}" for u, v in pairs]
    dot, u, v = (_number(value) for value in (near.dot, ranking.length, near.length))
    return [
        Lines([f"v = {near.word}"], BOLD),
        _equation("u·v", dict.fromkeys([_sum(terms, near.products), dot])),
        _equation(*_length("v", near.vector, near.length)),
        _equation("cosine", ["u·v/(|u|·|v|)", f"{dot}/({u}·{v})", _cosine(near.cosine)]),
    ]


def _length(letter: str, vector: Vector, length: float) -> tuple[str, list[str]]:
    squares = [value * value for value in vector]
    terms = [f"{_factor(value)}²" for value in vector]
    return f"|{letter}|", [f"√({_sum(terms, squares)})", f"√{_number(fsum(squares))}", _number(length)]


def _equation(name: str, sides: Iterable[str], widest: int = 6) -> Lines:
    lead = f"{name}{' ' * (widest - display_width(name))} = "
    return Lines([lead + " = ".join(sides)], hang=len(lead))


def _sum(terms: Sequence[str], values: Sequence[float]) -> str:
    """Return a sum term by term, without those that are 0; of many terms the largest, and the sum of the others."""
    used = [place for place, value in enumerate(values) if value]
    shown = used if len(used) <= MOST_TERMS else _largest(used, values, MOST_TERMS // 2)
    texts = [terms[place] for place in shown]
    if len(shown) < len(used):
        rest = fsum(value for place, value in enumerate(values) if place not in shown)
        texts.append(f"{_factor(rest)} (of {len(used) - len(shown):,} others)")
    return " + ".join(texts) or "0"


def _largest(places: Sequence[int], values: Sequence[float], count: int) -> list[int]:
    """Return the places of the values with the largest magnitudes, in their order."""
    return sorted(sorted(places, key=lambda place: -abs(values[place]))[:count])


def _cosine(value: float) -> str:
    return f"{round(value, COSINE) + 0.0:.{COSINE}f}".replace("-", "−")


def _number(value: float) -> str:
    return number(value).replace("-", "−")


def _factor(value: float) -> str:
    """Return a number in a product or a sum, in brackets if it is negative."""
    text = _number(value)
    return f"({text})" if value < 0 else text
