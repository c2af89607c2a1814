"""`shapecalc beam`: the computation and memory of a beam search, compared with greedy and exhaustive search."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of
from shapecalc.cli.options.recurrent import HiddenSizeOption, NumLayersOption  # noqa: TC001 - typer reads them
from shapecalc.cli.options.window import integer
from shapecalc.cli.usage_errors import mistake
from shapecalc.diagnostics.errors import LayerError

if TYPE_CHECKING:
    from shapecalc.render.beam import LstmStates

EXAMPLES = (
    "shapecalc beam --vocab 10000 --beam 5 --length 20",
    "shapecalc beam --vocab 10000 --beam 5 --length 20 --hidden-size 512",
)

REQUIRED = {"vocabulary": "--vocab SYMBOLS", "beam": "--beam WIDTH", "length": "--length STEPS"}


def command(
    vocab: Annotated[
        str | None, typer.Option("--vocab", metavar="SYMBOLS", help="Number of symbols to choose from.")
    ] = None,
    beam: Annotated[str | None, typer.Option("--beam", metavar="WIDTH", help="Hypotheses kept at each step.")] = None,
    length: Annotated[
        str | None, typer.Option("--length", metavar="STEPS", help="Number of symbols of a sequence.")
    ] = None,
    end: Annotated[bool, typer.Option("--end/--no-end", help="Whether one of the symbols ends a sequence.")] = True,
    hidden_size: HiddenSizeOption = None,
    num_layers: NumLayersOption = None,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Derive the steps and costs of a beam search.

    Shows the steps, and the number of scores compared with greedy search (the likeliest symbol at each step) and
    exhaustive search (every sequence). With --hidden-size, also the memory of an LSTM's states. `shapecalc decode` does
    the same for the network of a file.
    """
    from shapecalc.calculators.beam_search import Problem, plan
    from shapecalc.render import beam as render

    target = target_of(format_, output, color)
    given = {"vocabulary": vocab, "beam": beam, "length": length}
    lacking = [f"`{REQUIRED[field]}`" for field, text in given.items() if text is None]
    if lacking:
        raise Misuse(f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing")
    given |= {"hidden_size": hidden_size, "num_layers": num_layers}
    texts = {field: text for field, text in given.items() if text is not None}
    try:
        sizes = {field: integer(texts[field], field) for field in REQUIRED}
        search = plan(Problem(**sizes, end=end))
        states = _states(hidden_size, num_layers)
    except LayerError as error:
        raise mistake(error, texts) from None
    show(
        target,
        {
            Format.TEXT: partial(render.calculation, search, states),
            Format.JSON: partial(render.calculation_dict, search, states),
        },
        formulas=True,
    )


def _states(hidden_size: str | None, num_layers: str | None) -> LstmStates | None:
    from shapecalc.layers.recurrent import Lstm as Layer
    from shapecalc.render.beam import LstmStates

    if hidden_size is None:
        if num_layers is not None:
            raise Misuse(f"`--num-layers {num_layers}` requires `--hidden-size UNITS`")
        return None
    layer = Layer(hidden_size=integer(hidden_size, "hidden_size"), num_layers=integer(num_layers or "1", "num_layers"))
    return LstmStates(layer.num_layers, layer.hidden_size)
