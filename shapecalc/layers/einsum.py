"""Sums of products by an equation over the axes of up to three inputs."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar, NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, pretty, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.broadcasting import broadcast, listed
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Form
from shapecalc.layers.roles import Role, Roles
from shapecalc.layers.saved import Saved, Storage

FAMILY = "merging"

MOST_OPERANDS = 3
_TERM = r" *(?:[A-Za-z] *)*(?:\.\.\. *(?:[A-Za-z] *)*)?"
EQUATION = Form(rf"^{_TERM}(?:,{_TERM})*(?:->{_TERM})?$", "an equation such as `bhid,bhjd->bhij`")

Term = tuple[str, ...]
"""A letter for each axis; `...` is all axes that no letter names, and once those are known `0` is the last of them."""
Sizes = Mapping[str, Dim]


class Subscripts(NamedTuple):
    """The terms of an equation: one for each input, and that of the output."""

    inputs: tuple[Term, ...]
    output: Term


@cache
def read(text: str) -> Subscripts:
    """Return the terms of an equation; an output that it does not state has the letters that occur once, sorted.

    >>> read("ij,jk").output, read("...ij->...ji").output
    (('i', 'k'), ('...', 'j', 'i'))
    """
    left, arrow, right = text.partition("->")
    inputs = tuple(map(_term, left.split(",")))
    if arrow:
        return Subscripts(inputs, _term(right))
    letters = [letter for term in inputs for letter in term]
    once = sorted(letter for letter in set(letters) if letters.count(letter) == 1 and letter != "...")
    return Subscripts(inputs, (*(("...",) if "..." in letters else ()), *once))


def _term(text: str) -> Term:
    return tuple(re.findall(r"\.\.\.|[A-Za-z]", text))


class Contraction(NamedTuple):
    """One step from the left to the right: two terms, the letters that are summed over first, and those of the product.

    `alone` are letters of one of the two that nothing else has; `inner` are letters of both that nothing else has.
    """

    left: Term
    right: Term
    alone: tuple[Term, Term]
    inner: Term

    @property
    def letters(self) -> Term:
        """All letters that the product is over."""
        return tuple(dict.fromkeys((*_left(self.left, self.alone[0]), *_left(self.right, self.alone[1]))))

    def groups(self, index: int, order: Term) -> tuple[Term, ...]:
        """Return the letters of one of the two that become one axis of its matrices, in their order there."""
        own, other = (self.left, self.right) if index == 0 else (self.right, self.left)
        letters = _left(own, self.alone[index])
        ordered = [letter for letter in dict.fromkeys(order) if letter in letters]
        batch = tuple(letter for letter in ordered if letter in other and letter not in self.inner)
        alone = tuple(letter for letter in ordered if letter not in other)
        return batch, alone, tuple(letter for letter in ordered if letter in self.inner)


@layer("einsum", main="equation")
@dataclass(frozen=True, slots=True, kw_only=True)
class Einsum(Layer):
    """Sum of products over axes that an equation names: `einsum: "bhid,bhjd->bhij"` are the scores of attention.

    A letter names an axis. Axes of one letter have one size; those of a letter that the output does not have are
    summed over. A letter that occurs twice in one term selects the diagonal. `...` is for any other axes, which
    broadcast. Without `->` the output has the letters that occur once, in alphabetical order.

    Fields:
        equation: Letters of the axes of each input, separated by commas, and after `->` those of the output.

    Input: one to three, with an axis for each letter
    Output: an axis for each letter after `->`
    Parameters: none
    Costs: inputs are combined from the left to the right. MACs = the product of the sizes of all letters of the two, if
        a letter of both is summed over; else FLOPs = that product. FLOPs = 2 × MACs + n − 1 for each sum over n
        elements of one input alone
    Source: torch.einsum

    >>> Einsum(equation="bhid,bhjd->bhij").output_shape((1, 12, 197, 64), (1, 12, 197, 64))  # ViT-B/16, scores
    (1, 12, 197, 197)
    """

    foreign_fields = ("equation: subscripts ~expression ~pattern ~formula",)
    takes: ClassVar[tuple[int, int]] = (1, MOST_OPERANDS)
    equation: Annotated[str, EQUATION]

    def check_fields(self) -> None:
        """Raise `LayerError` SC203 for too many inputs, or an output with a letter twice or one that no input has."""
        inputs, output = read(self.equation)
        if len(inputs) > MOST_OPERANDS:
            raise self._refused(f"at most {MOST_OPERANDS} inputs", f"{len(inputs)}")
        for letter in output:
            if output.count(letter) > 1:
                raise self._refused("each letter once in the output", f"`{letter}` twice")
            if not any(letter in term for term in inputs):
                raise self._refused("letters of its inputs in the output", f"`{letter}`, which none has")

    def _refused(self, expects: str, receives: str) -> LayerError:
        return LayerError("SC203", expects=expects, receives=receives, field="equation")

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the size of each letter of the output.

        Raises `LayerError` SC313 for another number of inputs than the equation has, SC305 for an input of another rank
        than its term, SC315 for a letter of two sizes.
        """
        equation, sizes = self._sizes(inputs, constraints)
        return tuple(sizes[letter] for letter in equation.output)

    def _sizes(self, inputs: Sequence[Shape], constraints: Constraints | None) -> tuple[Subscripts, dict[str, Dim]]:
        """Return the equation with a letter for each axis, and the size of each letter.

        Without `constraints` the sizes of a letter are not compared: they are of a sample that may not be valid.
        """
        written = read(self.equation)
        if len(written.inputs) != len(inputs):
            count = len(written.inputs)
            expects = f"{count} input{'s' if count > 1 else ''}, as many as `{self.equation}` has"
            raise LayerError("SC313", expects=expects, receives=len(inputs))
        inputs = [*inputs]
        hidden = []
        for term, x in zip(written.inputs, inputs, strict=True):
            count = len(x) - len(term) + ("..." in term)
            if count < 0 or (count != 0 and "..." not in term):
                raise self._other_rank(term, x)
            start = term.index("...") if "..." in term else len(x)
            hidden.append(x[start : start + count] if "..." in term else ())
        wide = broadcast(hidden, constraints or Constraints([])) if any(hidden) else ()
        equation = Subscripts(
            tuple(_named(*each) for each in zip(written.inputs, hidden, strict=True)),
            _named(written.output, wide),
        )
        sizes: dict[str, Dim] = {str(axis): size for axis, size in enumerate(reversed(wide))}
        for term, x in zip(equation.inputs, inputs, strict=True):
            for letter, size in zip(term, x, strict=True):
                if letter.isalpha() and sizes.setdefault(letter, size) != size and constraints is not None:
                    self._require_one_size(letter, sizes, size, inputs, constraints)
        return equation, sizes

    def _other_rank(self, term: Term, x: Shape) -> LayerError:
        more = " or more" if "..." in term else ""
        count = len(term) - ("..." in term)
        expects = f"{count}{more} ax{'is' if count == 1 and not more else 'es'}, `{''.join(term)}`"
        return LayerError("SC305", expects=expects, receives=show(x), label=f"receives rank {len(x)}")

    def _require_one_size(
        self, letter: str, sizes: dict[str, Dim], size: Dim, inputs: Sequence[Shape], constraints: Constraints
    ) -> None:
        first = sizes[letter]
        shown = listed(map(show, inputs))
        receives = f"{shown}, where `{letter}` is {pretty(first)} and {pretty(size)}"
        error = LayerError("SC315", expects="one size for each letter", receives=receives)
        constraints.require(size - first, Relation.ZERO, error)
        if isinstance(first, Expr) and not isinstance(size, Expr):
            sizes[letter] = size

    def _steps(self, inputs: Sequence[Shape]) -> tuple[Subscripts, dict[str, Dim], tuple[Contraction, ...]]:
        """Return the equation, the sizes, and what is done with each input after the first.

        An axis of `...` that stretches is left out of its input's letters.
        """
        equation, sizes = self._sizes(inputs, None)
        terms = [
            tuple(letter for letter, size in zip(term, x, strict=True) if letter.isalpha() or size == sizes[letter])
            for term, x in zip(equation.inputs, inputs, strict=True)
        ]
        pairs = []
        left = terms[0]
        for place, right in enumerate(terms[1:], start=2):
            needed = {*equation.output, *(letter for term in terms[place:] for letter in term)}
            alone = (_left(left, (*needed, *right)), _left(right, (*needed, *left)))
            inner = tuple(dict.fromkeys(letter for letter in left if letter in right and letter not in needed))
            pairs.append(Contraction(left, right, alone, inner))
            left = _left(pairs[-1].letters, inner)
        return equation, sizes, tuple(pairs)

    def macs(self, *shapes: Shape) -> Dim:
        """Return the product of all sizes of each two inputs with a letter that is summed over."""
        _, sizes, pairs = self._steps(shapes[:-1])
        total: Dim = 0
        for pair in pairs:
            if pair.inner:
                total = total + _count(pair.letters, sizes)
        return total

    def operations(self, *shapes: Shape) -> Dim:
        """Return the products of inputs without a letter to sum over, and the additions of sums over one input."""
        equation, sizes, pairs = self._steps(shapes[:-1])
        if not pairs:
            x = tuple(dict.fromkeys(equation.inputs[0]))
            return _count(x, sizes) - _count(equation.output, sizes)
        total: Dim = 0
        for pair in pairs:
            for term, alone in zip((pair.left, pair.right), pair.alone, strict=True):
                if alone:
                    total = total + _count(_left(term, ()), sizes) - _count(_left(term, alone), sizes)
            if not pair.inner:
                total = total + _count(pair.letters, sizes)
        return total

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the two factors of each product, which are copies if their axes cannot be joined to matrices."""
        equation, sizes, pairs = self._steps(shapes[:-1])
        records = []
        for place, pair in enumerate(pairs, start=1):
            before = tuple(range(place))
            for index, (term, alone) in enumerate(zip((pair.left, pair.right), pair.alone, strict=True)):
                source = place if index else (0 if place == 1 else None)
                serves = before if index else (place,)
                letters = _left(term, alone)
                count = _count(letters, sizes)
                if source is None or alone:
                    name = f"input {source}, summed" if source is not None else f"product {place - 1}"
                    records.append(Saved(name, count, serves=serves))
                    continue
                groups = pair.groups(index, (*equation.output, *sorted(sizes))) if pair.inner else ()
                if all(_is_joined(group, term, sizes) for group in groups):
                    joins = any(len(group) > 1 for group in groups)
                    records.append(
                        Saved(f"input {source}", product(shapes[source]), source, serves=serves, in_order=joins)
                    )
                else:
                    records.append(Saved(f"input {source}, in another order", count, serves=serves))
        return tuple(records)

    @property
    def storage(self) -> Storage:
        """A view of one input whose axes are only put in another order."""
        inputs, output = read(self.equation)
        moves = len(inputs) == 1 and set(inputs[0]) == set(output)
        return Storage.VIEW if moves else Storage.NEW

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return for each letter the role that the inputs agree on."""
        equation, _ = self._sizes(shapes[:-1], Constraints([]))
        known: dict[str, set[Role]] = {}
        for term, axes in zip(equation.inputs, roles, strict=True):
            for letter, role in zip(term, axes, strict=True):
                known.setdefault(letter, set()).add(role)
        named = ({role for role in known[letter] if role is not Role.UNKNOWN} for letter in equation.output)
        return tuple(each.pop() if len(each) == 1 else Role.UNKNOWN for each in named)


def _named(term: Term, hidden: Shape) -> Term:
    """Return a term with a letter for each axis: the axes of `...` are numbered from the last."""
    numbers = tuple(str(axis) for axis in reversed(range(len(hidden))))
    return tuple(letter for each in term for letter in (numbers if each == "..." else (each,)))


def _left(term: Collection[str], removed: Collection[str]) -> Term:
    """Return the letters of a term, each once, without some."""
    return tuple(dict.fromkeys(letter for letter in term if letter not in removed))


def _is_joined(group: Term, term: Term, sizes: Sizes) -> bool:
    """Return whether letters are neighbours in a term, so that their axes are one without a copy."""
    longer = [letter for letter in term if sizes[letter] != 1]
    wanted = [letter for letter in group if sizes[letter] != 1]
    if len(wanted) < 2:
        return True
    start = longer.index(wanted[0])
    return longer[start : start + len(wanted)] == wanted and all(longer.count(letter) == 1 for letter in wanted)


def _count(term: Term, sizes: Sizes) -> Dim:
    return product(tuple(sizes[letter] for letter in term))
