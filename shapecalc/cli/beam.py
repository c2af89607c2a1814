"""`shapecalc beam`: a beam search over given probabilities, or its costs, with greedy and exhaustive search."""

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
    from shapecalc.cli.options.formats import Target
    from shapecalc.render.beam import LstmStates

EXAMPLES = (
    """shapecalc beam --probabilities '{"":[0.6,0.4],"0":[0.55,0.45],"1":[0.1,0.9]}'""",
    "shapecalc beam --probabilities '0.5,0.3,0.2;0.1,0.6,0.3' --beam 1 --log",
    "shapecalc beam --vocab 10000 --beam 5 --length 20",
    "shapecalc beam --vocab 10000 --beam 5 --length 20 --hidden-size 512",
)

REQUIRED = {"vocabulary": "--vocab SYMBOLS", "beam": "--beam WIDTH", "length": "--length STEPS"}

USUAL_BEAM = "2"


def command(
    probabilities: Annotated[
        str | None,
        typer.Option(
            "--probabilities",
            metavar="FILE|TABLE",
            help="Search over these: a row per step, [[0.6, 0.4], …], or a distribution after each prefix, "
            '{"": [0.6, 0.4], "0": [0.55, 0.45], …}; "* 0" is every prefix that ends with 0.',
        ),
    ] = None,
    vocab: Annotated[
        str | None, typer.Option("--vocab", metavar="SYMBOLS", help="Number of symbols to choose from.")
    ] = None,
    beam: Annotated[str | None, typer.Option("--beam", metavar="WIDTH", help="Hypotheses kept at each step.")] = None,
    length: Annotated[
        str | None, typer.Option("--length", metavar="STEPS", help="Number of symbols of a sequence.")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(
            "--end", metavar="SYMBOL", help="With --probabilities, symbol that ends a sequence; default: none."
        ),
    ] = None,
    no_end: Annotated[
        bool, typer.Option("--no-end", help="Without --probabilities, no symbol ends a sequence; default: one does.")
    ] = False,
    log: Annotated[
        bool, typer.Option("--log", help="With --probabilities, write sums of logarithms in place of products.")
    ] = False,
    hidden_size: HiddenSizeOption = None,
    num_layers: NumLayersOption = None,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Search with a beam, or derive the costs of such a search.

    With --probabilities, draws the tree of hypotheses, kept and dropped, with their probabilities, and says what greedy
    search (the likeliest symbol at each step) and the beam miss of exhaustive search (every sequence). Of equal
    probabilities the symbol that is first in the table wins. Without, shows the steps and the number of scores of the
    three searches; with --hidden-size, also the memory of an LSTM's states. `shapecalc decode` does the same for the
    network of a file.
    """
    from shapecalc.calculators.beam_search import Problem, plan
    from shapecalc.render import beam as render

    target = target_of(format_, output, color)
    if end is not None and no_end:
        raise Misuse("`--end` and `--no-end` exclude each other")
    if probabilities is not None:
        costs_only = {"--vocab": vocab, "--hidden-size": hidden_size, "--num-layers": num_layers}
        _refuse(costs_only, "has no meaning with `--probabilities`")
        _search(probabilities, {"beam": beam or USUAL_BEAM, "length": length, "end": end}, target, log=log)
        return
    _refuse({"--log": "" if log else None, "--end": end or None}, "requires `--probabilities FILE|TABLE`")
    given = {"vocabulary": vocab, "beam": beam, "length": length}
    lacking = [f"`{REQUIRED[field]}`" for field, text in given.items() if text is None]
    if lacking:
        raise Misuse(f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing")
    given |= {"hidden_size": hidden_size, "num_layers": num_layers}
    texts = {field: text for field, text in given.items() if text is not None}
    try:
        sizes = {field: integer(texts[field], field) for field in REQUIRED}
        search = plan(Problem(**sizes, end=not no_end))
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


def _refuse(options: dict[str, str | None], why: str) -> None:
    for option, text in options.items():
        if text is not None:
            raise Misuse(f"`{option}{' ' * bool(text)}{text}` {why}")


def _search(probabilities: str, given: dict[str, str | None], target: Target, *, log: bool) -> None:
    from shapecalc.execution.beam import load, search
    from shapecalc.render import beam_notes, beam_tree

    texts = {field: text for field, text in given.items() if text is not None} | {"probabilities": probabilities}
    if texts.get("end") == "":
        raise Misuse("`--end` expects a symbol with `--probabilities`, receives none")
    try:
        sizes = {field: integer(texts[field], field) for field in ("beam", "length") if field in texts}
        tree = search(load(probabilities), **sizes, end=texts.get("end"))
    except LayerError as error:
        raise mistake(error, texts) from None
    show(
        target,
        {
            Format.TEXT: partial(beam_tree.tree, tree, log=log),
            Format.JSON: partial(beam_notes.tree_dict, tree),
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
