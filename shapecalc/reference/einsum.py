"""Sums of products by an equation: from the left to the right, each two arrays by one product of matrices."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference.base import Array, Call, Work, kernel
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.reference.base import RunShapes, Shape

Letters = tuple[str, ...]


class Labelled(NamedTuple):
    """An array and a letter for each of its axes, which are different."""

    array: Array
    letters: Letters

    def turned(self, letters: Sequence[str]) -> Array:
        """Return the array with its axes in the order of these letters, of length 1 where a letter is missing."""
        own = [letter for letter in letters if letter in self.letters]
        ordered = self.array.transpose([self.letters.index(letter) for letter in own])
        missing = [place for place, letter in enumerate(letters) if letter not in self.letters]
        return np.expand_dims(ordered, missing)

    def sizes(self, letters: Sequence[str]) -> tuple[int, ...]:
        """Return the lengths of these axes."""
        return tuple(self.array.shape[self.letters.index(letter)] for letter in letters)

    def summed(self, letters: Sequence[str]) -> Labelled:
        """Return the sum over these axes."""
        if not letters:
            return self
        axes = tuple(self.letters.index(letter) for letter in letters)
        return Labelled(
            np.asarray(self.array.sum(axis=axes)), tuple(each for each in self.letters if each not in letters)
        )


class Product(NamedTuple):
    """Two arrays that are multiplied, and their letters: of both and of the result, of one, and summed over."""

    left: Labelled
    right: Labelled
    batch: Letters
    rows: Letters
    columns: Letters
    inner: Letters

    def matrices(self) -> tuple[Array, Array]:
        """Return the stacks of matrices [batch, rows, inner] and [batch, inner, columns]."""
        left = self.left.turned((*self.batch, *self.rows, *self.inner))
        right = self.right.turned((*self.batch, *self.inner, *self.columns))
        batch, rows, inner, columns = self.lengths()
        return left.reshape(batch, rows, inner), right.reshape(batch, inner, columns)

    def lengths(self) -> tuple[int, int, int, int]:
        """Return the numbers of matrices, rows, inner elements and columns."""
        left, right = self.left.sizes, self.right.sizes
        return prod(left(self.batch)), prod(left(self.rows)), prod(left(self.inner)), prod(right(self.columns))

    def run(self, work: Work) -> Labelled:
        """Return the product: of matrices if a letter is summed over, else of elements."""
        letters = (*self.batch, *self.rows, *self.columns)
        if not self.inner:
            return Labelled(self.left.turned(letters) * self.right.turned(letters), letters)
        shape = (*self.left.sizes((*self.batch, *self.rows)), *self.right.sizes(self.columns))
        return Labelled(work.matmul(*self.matrices()).reshape(shape), letters)

    def gradients(self, gradient: Labelled, work: Work) -> tuple[Labelled, Labelled]:
        """Return the gradients with respect to both arrays."""
        letters = (*self.batch, *self.rows, *self.columns)
        shape = (*self.left.sizes((*self.batch, *self.rows)), *self.right.sizes(self.columns))
        given = np.broadcast_to(gradient.turned(letters), shape)  # what is summed before the next product is 1 long
        if not self.inner:
            of_left, of_right = (Labelled(given * one.turned(letters), letters) for one in (self.right, self.left))
            return of_left.summed(self.columns), of_right.summed(self.rows)
        left, right = self.matrices()
        batch, rows, _, columns = self.lengths()
        given = given.reshape(batch, rows, columns)
        to_left = work.matmul(given, right.swapaxes(1, 2))
        to_right = work.matmul(left.swapaxes(1, 2), given)
        first, second = (*self.batch, *self.rows, *self.inner), (*self.batch, *self.inner, *self.columns)
        return (
            Labelled(to_left.reshape(self.left.sizes(first)), first),
            Labelled(to_right.reshape(self.right.sizes(second)), second),
        )


def terms(equation: str, shapes: Sequence[Shape]) -> tuple[list[Letters], Letters]:
    """Return the letters of each array and those of the output; axes of `...` are numbered from the last.

    Raises `ValueError` if an array has another number of axes than its term.
    """
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    texts = inputs.split(",")
    if len(texts) != len(shapes):
        raise ValueError(f"has terms for {len(texts)} arrays, receives {len(shapes)}")
    named: list[Letters] = []
    for text, shape in zip(texts, shapes, strict=True):
        unnamed = len(shape) - len(text.replace("...", ""))
        if unnamed < 0 or (unnamed and "..." not in text):
            raise ValueError(f"`{text}` is not for an array of {len(shape)} axes")
        named.append(expanded(text, unnamed))
    hidden = len({letter for term in named for letter in term if letter.isdigit()})
    if not arrow:
        letters = "".join(texts)
        output = "..." * bool(hidden) + "".join(sorted(c for c in set(letters) if letters.count(c) == 1 and c != "."))
    return named, expanded(output, hidden)


def expanded(text: str, hidden: int) -> Letters:
    """Return a letter for each axis of a term."""
    numbers = [str(axis) for axis in reversed(range(hidden))]
    return tuple(each for part in re.findall(r"\.\.\.|.", text) for each in (numbers if part == "..." else [part]))


def labelled(x: Array, letters: Letters, stretched: set[str]) -> Labelled:
    """Return an array with different letters: the diagonal of axes of one letter, no axis that is `stretched`.

    Raises `ValueError` if axes of one letter have different lengths.
    """
    for axis in reversed(range(x.ndim)):
        if letters[axis] in stretched and x.shape[axis] == 1:
            x, letters = x.squeeze(axis), (*letters[:axis], *letters[axis + 1 :])
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            if x.shape[first] != x.shape[second]:
                raise ValueError(f"`{letter}` is {x.shape[first]} and {x.shape[second]}")
            x = np.moveaxis(np.diagonal(x, axis1=first, axis2=second), -1, first)
            letters = (*letters[:second], *letters[second + 1 :])
    return Labelled(x, letters)


class Plan(NamedTuple):
    """The arrays of an equation, with the letters that each has as written, and those of the output."""

    operands: list[Labelled]
    written: list[Letters]
    stretched: set[str]
    output: Letters

    @classmethod
    def of(cls, equation: str, arrays: Sequence[Array]) -> Plan:
        """Return the plan of an equation for arrays.

        Raises `ValueError` if they do not fit the equation, or each other.
        """
        written, output = terms(equation, [x.shape for x in arrays])
        lengths: dict[str, int] = {}
        for x, letters in zip(arrays, written, strict=True):
            for letter, length in zip(letters, x.shape, strict=True):
                known = lengths.get(letter, length)
                if known != length and not (letter.isdigit() and 1 in (known, length)):
                    raise ValueError(f"`{letter}` is {known} and {length}")
                lengths[letter] = max(known, length)
        stretched = {letter for letter, length in lengths.items() if letter.isdigit() and length != 1}
        operands = [labelled(x, letters, stretched) for x, letters in zip(arrays, written, strict=True)]
        return cls(operands, written, stretched, output)

    def product(self, left: Labelled, place: int) -> Product:
        """Return the product of what the arrays before a place give with the array there."""
        right, others = self.operands[place], self.operands[place + 1 :]
        needed = {*self.output, *(letter for other in others for letter in other.letters)}
        left, right = (
            one.summed([letter for letter in one.letters if letter not in needed and letter not in two.letters])
            for one, two in ((left, right), (right, left))
        )
        both = [letter for letter in left.letters if letter in right.letters]
        return Product(
            left,
            right,
            tuple(letter for letter in both if letter in needed),
            tuple(letter for letter in left.letters if letter not in both),
            tuple(letter for letter in right.letters if letter not in both),
            tuple(letter for letter in both if letter not in needed),
        )

    def products(self, work: Work) -> tuple[list[Product], Labelled]:
        """Return the products in order, and their result."""
        result, done = self.operands[0], []
        for place in range(1, len(self.operands)):
            done.append(self.product(result, place))
            result = done[-1].run(work)
        return done, result.summed([letter for letter in result.letters if letter not in self.output])

    def spread(self, gradient: Labelled, place: int, x: Array) -> Array:
        """Return the gradient with respect to an array: on the diagonal of a letter that it has several times."""
        operand = self.operands[place]
        to_input = np.zeros(x.shape, dtype=gradient.array.dtype)
        onto = labelled_view(to_input, self.written[place], self.stretched)
        onto[...] = np.broadcast_to(gradient.turned(operand.letters), onto.shape)
        return to_input


def labelled_view(x: Array, letters: Letters, stretched: set[str]) -> Array:
    """Return what `labelled` does, as a view that may be written to."""
    view = labelled(x, letters, stretched).array
    view.flags.writeable = True
    return view


def einsum_workspace(run: RunShapes) -> int:
    """Return the bytes of copies of all arrays with axes in another order, and of two intermediate products."""
    written, output = terms(run.fields["equation"], run.inputs)
    lengths: dict[str, int] = {}
    for letters, shape in zip(written, run.inputs, strict=True):
        for letter, length in zip(letters, shape, strict=True):
            lengths[letter] = max(lengths.get(letter, 1), length)
    between = 0
    for place in range(2, len(written)):
        later = {letter for letters in written[place:] for letter in letters} | set(output)
        both = {letter for letters in written[:place] for letter in letters}
        between += prod(lengths[letter] for letter in both & later)
    return run.itemsize * (2 * sum(map(prod, run.inputs)) + 2 * between + 2 * sum(map(prod, run.outputs)))


@kernel("einsum", workspace=einsum_workspace)
def einsum(call: Call, *arrays: Array) -> Array:
    """Return the sum of products.

    Source: torch.einsum.
    """
    plan = Plan.of(call.fields["equation"], arrays)
    _, result = plan.products(call.work)
    return np.array(result.turned(plan.output), order="C")


@backward("einsum")
def einsum_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradients with respect to all arrays, by the products in reverse."""
    plan = Plan.of(ctx.call.fields["equation"], ctx.inputs)
    products, _ = plan.products(Work())
    given, to_right = Labelled(gradient, plan.output), []
    for step in reversed(products):
        given, last = step.gradients(given, ctx.to_inputs)
        to_right.append(last)
    gradients = [given, *reversed(to_right)]
    return Gradients(
        tuple(plan.spread(each, place, x) for place, (each, x) in enumerate(zip(gradients, ctx.inputs, strict=True)))
    )
