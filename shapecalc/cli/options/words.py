"""The options of commands that query word vectors."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from shapecalc.cli.options.formats import TABULAR, Format, format_option
from shapecalc.execution.words.bounds import MOST_NEAREST

VectorsOption = Annotated[
    str | None,
    typer.Option(
        "--vectors",
        metavar="FILE",
        help="Vectors: the text of word2vec or GloVe, CSV with a heading of features, or .npz; - is standard input. "
        "Default: the small table that ships.",
    ),
]
FirstOption = Annotated[
    int | None,
    typer.Option("--first", metavar="WORDS", min=1, help="Read the first words of the file only, such as 50000."),
]
CountOption = Annotated[
    int, typer.Option("--count", metavar="WORDS", min=1, max=MOST_NEAREST, help="How many words to show.")
]
USUAL_COUNT = 5
WordsFormatOption = Annotated[Format | None, format_option(*TABULAR)]


def typed(word: str) -> str:
    """Return an argument as UTF-8: where the locale knows ASCII alone, Python has a surrogate for each other byte."""
    return os.fsencode(word).decode("utf-8", "surrogateescape")
