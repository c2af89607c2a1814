"""`shapecalc gru`: what a GRU gives, holds and costs, and why."""

from __future__ import annotations

from shapecalc.cli.options import calculator, recurrent
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.params_as import ParamsAs, ParamsAsOption


def command(
    input_size: recurrent.InputSizeOption = None,
    hidden_size: recurrent.HiddenSizeOption = None,
    num_layers: recurrent.NumLayersOption = None,
    seq: recurrent.SeqOption = None,
    batch: recurrent.BatchOption = None,
    bidirectional: recurrent.BidirectionalOption = False,
    batch_first: recurrent.BatchFirstOption = False,
    bias: recurrent.BiasOption = True,
    dropout: recurrent.DropoutOption = None,
    params_as: ParamsAsOption = ParamsAs.PYTORCH,
    format_: calculator.FormatOption = calculator.Format.TEXT,
    color: ColorOption = Color.AUTO,
) -> None:
    """Derive a GRU's shapes, parameters and costs.

    Shows the equations of a step, which tensor holds what, and every cost with the numbers put in.

    MACs are multiply-accumulates of the matrix products; FLOPs are 2 x MACs plus every other operation: biases, sums,
    activations, states. Without --seq or --batch, costs are expressions in T and N.

    For example: shapecalc gru --input-size 10 --hidden-size 20 --num-layers 2 --seq 5 --batch 3
    """
    from shapecalc.layers.recurrent import Gru

    sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers, "dropout": dropout}
    written = {**sizes, "seq": seq, "batch": batch}
    flags = {"bidirectional": bidirectional, "batch_first": batch_first, "bias": bias}
    recurrent.answer(Gru, written, flags, params_as, format_, color)
