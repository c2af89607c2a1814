"""`shapecalc embedding`: the output shape and the parameters of an embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.options import calculator, layer_values as values
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import OutputOption, TextOrJsonOption, target_of
from shapecalc.cli.options.window import integer, per_axis
from shapecalc.cli.options.written import numbers_argument, placed
from shapecalc.cli.usage_errors import missing, mistake

if TYPE_CHECKING:
    from shapecalc.dims import Dim

EXAMPLES = (
    "shapecalc embedding --num 10 --dim 3 --input 2x4",
    "shapecalc embedding --num 30522 --dim 768 --padding-idx 0",
    "shapecalc embedding --x 1,0 --table [[1,2],[3,4]]",
)

REQUIRED = {"num_embeddings": "--num COUNT", "embedding_dim": "--dim FEATURES"}


def command(
    numbers: Annotated[list[str] | None, numbers_argument("NUM_EMBEDDINGS", "EMBEDDING_DIM")] = None,
    num: Annotated[
        str | None,
        typer.Option(
            "--num", "--num-embeddings", metavar="COUNT", help="Number of vectors: the size of the vocabulary."
        ),
    ] = None,
    dim: Annotated[
        str | None, typer.Option("--dim", "--embedding-dim", metavar="FEATURES", help="Elements of a vector.")
    ] = None,
    input_: Annotated[
        str | None,
        typer.Option("--input", metavar="SHAPE", help="Shape of the indices, such as 2x4; default [N, T]."),
    ] = None,
    padding_idx: Annotated[
        str | None, typer.Option("--padding-idx", metavar="ROW", help="Index of the padding vector.")
    ] = None,
    x: Annotated[str | None, values.numbers_option("x", "Indices of rows")] = None,
    table: Annotated[str | None, values.numbers_option("table", "The vectors, a row for each index")] = None,
    gradient: values.GradientOption = None,
    backward: values.BackwardOption = False,
    exact: values.ExactOption = False,
    everything: values.EverythingOption = False,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Derive the output shape and parameters of an embedding.

    An embedding looks vectors up and computes nothing: 0 MACs, 0 FLOPs.

    With --x and --table, looks the rows up, and shows which element of the table each number is.
    """
    from shapecalc.calculators.derivation import Calculation, embedding_costs
    from shapecalc.diagnostics.errors import LayerError
    from shapecalc.layers.embedding import Embedding

    target = target_of(format_, output, color)
    if values.answered(
        Embedding,
        numbers,
        {"padding_idx": padding_idx},
        {"num": num, "dim": dim, "input": input_},
        {"x": x},
        {"weight": table},
        target,
        letters={"weight": "table"},
        gradient=gradient,
        backward=backward,
        exact=exact,
        everything=everything,
    ):
        return
    order = (("num_embeddings", "--num"), ("embedding_dim", "--dim"))
    options = {"num_embeddings": num, "embedding_dim": dim, "input": input_, "padding_idx": padding_idx}
    written = placed(numbers, options, order)
    texts = {field: text for field, text in written.items() if text is not None}
    lacking = [option for field, option in REQUIRED.items() if field not in texts]
    if lacking:
        raise missing(*lacking)
    try:
        layer = Embedding(**{field: integer(text, field) for field, text in texts.items() if field != "input"})
        read = _indices(input_)
    except LayerError as error:
        raise mistake(error, texts) from None
    notes = []
    if layer.padding_idx is not None:
        row = layer.padding_idx % layer.num_embeddings
        notes = [f"row {row} stands for padding: it is counted, and training leaves it as it is"]
    letters = (("V", layer.num_embeddings), ("E", layer.embedding_dim))
    shape, costs = layer.output_shape(read), embedding_costs(layer, read)
    calculator.show(Calculation(layer.type, (), letters, shape, costs, tuple(notes)), target)


def _indices(text: str | None) -> tuple[Dim, ...]:
    from shapecalc.dims import symbol
    from shapecalc.layers.fields import Integer

    if text is None:
        return symbol("N"), symbol("T")
    sizes = tuple(integer(part, "input") for part in per_axis(text))
    for size in sizes:
        Integer().check("input", size)
    return sizes
