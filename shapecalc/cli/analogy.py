"""`shapecalc analogy`: the word that is to c as b is to a, by the cosine with b − a + c."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import TABULAR, OutputOption, show, target_of, writers_of
from shapecalc.cli.options.words import (
    USUAL_COUNT,
    CountOption,
    FirstOption,
    VectorsOption,
    WordsFormatOption,
    typed,
)

EXAMPLES = ("shapecalc analogy summer hot winter", "shapecalc analogy 男人 女人 国王 --unit")


def command(
    a: Annotated[str, typer.Argument(metavar="A", help="The word that B belongs to, such as summer.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The word that belongs to A, such as hot.")],
    c: Annotated[str, typer.Argument(metavar="C", help="The word for which one like B is looked for: winter.")],
    vectors: VectorsOption = None,
    unit: Annotated[
        bool,
        typer.Option("--unit/--no-unit", help="Whether vectors are scaled to length 1 first, as word2vec does."),
    ] = False,
    count: CountOption = USUAL_COUNT,
    first: FirstOption = None,
    format_: WordsFormatOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show the words that are to C as B is to A, by their cosines.

    They are the words nearest to B − A + C by the cosine u·v/(|u|·|v|), without A, B and C themselves. The table that
    ships has words in English and Chinese, which may be mixed; its values are chosen by hand to show the arithmetic,
    not trained.
    """
    from shapecalc.execution.words.queries import analogy
    from shapecalc.execution.words.reading import load_vectors
    from shapecalc.render import words

    target = target_of(format_, output, color, TABULAR)
    result = analogy(load_vectors(vectors, first), typed(a), typed(b), typed(c), count, unit=unit)
    show(target, writers_of(partial(words.analogy, result), partial(words.analogy_dict, result)))
