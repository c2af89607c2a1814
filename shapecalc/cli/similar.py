"""`shapecalc similar`: the words nearest to a word by the cosine of their vectors."""

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

EXAMPLES = ("shapecalc similar king", "shapecalc similar 夏天 --count 3")


def command(
    word: Annotated[str, typer.Argument(metavar="WORD", help="A word of the table, as it is written there.")],
    vectors: VectorsOption = None,
    count: CountOption = USUAL_COUNT,
    first: FirstOption = None,
    format_: WordsFormatOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show the words nearest to a word, by their cosines.

    The cosine of two vectors is u·v/(|u|·|v|), shown with its numbers. The table that ships has 37 words in English and
    the same in Chinese, with features such as gender, age and warmth; its values are chosen by hand to show the
    arithmetic, not trained.
    """
    from shapecalc.execution.words.queries import similar
    from shapecalc.execution.words.reading import load_vectors
    from shapecalc.render import words

    target = target_of(format_, output, color, TABULAR)
    result = similar(load_vectors(vectors, first), typed(word), count)
    show(target, writers_of(partial(words.similar, result), partial(words.similar_dict, result)))
