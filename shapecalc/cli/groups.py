"""The commands in the order and groups of the help, each with its summary: the help imports no command for them."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import Any

GROUPS: dict[str, dict[str, str]] = {
    "Start here": {
        "inspect": "Show each layer's output shape, parameters and MACs.",
        "list": "List the included architectures with their figures.",
        "init": "Create an architecture file with a small network.",
        "import": "Write a file of another tool as an architecture file.",
    },
    "Look": {
        "show": "Print the YAML of an architecture.",
        "watch": "Inspect a file, and show the changes whenever it is saved.",
        "explain": "Derive any number of a report, back to the input.",
        "memory": "Show the live tensors of a run, layer by layer.",
        "train-cost": "Show the memory and arithmetic of a training step.",
        "decode": "Show the steps and costs of generating a sequence.",
    },
    "Calculate": {
        "conv": "Derive the output size of a convolution.",
        "pool": "Derive the output size of a pooling layer.",
        "linear": "Derive the costs of a fully connected layer.",
        "conv-transpose": "Derive the output size of a transposed convolution.",
        "embedding": "Derive the output shape and parameters of an embedding.",
        "rnn": "Derive a plain RNN's shapes, parameters and costs.",
        "lstm": "Derive an LSTM's shapes, parameters and costs.",
        "gru": "Derive a GRU's shapes, parameters and costs.",
        "beam": "Search with a beam, or derive the costs of such a search.",
        "similar": "Show the words nearest to a word, by their cosines.",
        "analogy": "Show the words that are to C as B is to A, by their cosines.",
    },
    "Solve": {
        "solve": "Solve for valid sizes, or for fields that give an output.",
        "sweep": "Compute the costs at every point of a grid.",
    },
    "Prove and train": {
        "run": "Run a network, and show its values and gradients.",
        "verify": "Run a network in NumPy and compare it with the prediction.",
        "train": "Train a small network in NumPy.",
        "bptt": "Back-propagate a recurrent network through time, step by step.",
    },
    "Gate": {
        "check": "Check files and report all errors and warnings.",
        "diff": "Compare two networks, or all networks of a git repository.",
        "lock": "Record the figures of networks in a lock file.",
    },
    "Reference": {
        "help": "Show the help of a command.",
        "layers": "List the layer types, or show the documentation of some.",
        "rule": "Explain a diagnostic by its code.",
        "schema": "Print the JSON Schema of architecture files.",
        "version": "Print the version.",
    },
}

BY_HAND = (
    *("sigmoid", "tanh", "relu", "leaky-relu", "relu6", "elu", "gelu", "silu", "softplus", "hardsigmoid", "hardswish"),
    *("softmax", "log-softmax", "dropout", "attention", "cosine-similarity"),
    *("batch-norm", "layer-norm", "instance-norm", "group-norm", "rms-norm", "lrn"),
)
"""Commands that compute a layer's values, each made from the layer: `cli/layer_command.py`."""
LOSSES_BY_HAND = (
    *("cross-entropy", "nll", "binary-cross-entropy", "bce", "bce-with-logits"),
    *("mse", "sum-of-squares", "l1", "huber", "smooth-l1", "hinge"),
)
"""Commands that compute a loss, each made from its function: `cli/loss_command.py`."""
BEFORE_BY_HAND = "Calculate"
"""The group that the help lists them after."""

COMMANDS = (*(name for group in GROUPS.values() for name in group), *BY_HAND, *LOSSES_BY_HAND)


def module_name(name: str) -> str:
    """Return the name of the module of a command that is not made from a layer or a loss.

    >>> module_name("train-cost"), module_name("import")
    ('shapecalc.cli.train_cost', 'shapecalc.cli.import_')
    """
    return f"shapecalc.cli.{name.replace('-', '_')}{'_' * iskeyword(name)}"


def module_of(name: str) -> Any:
    """Return the module of a command, with its function `command` and its `EXAMPLES`."""
    if name in BY_HAND:
        return import_module("shapecalc.cli.layer_command").command_of(name)
    if name in LOSSES_BY_HAND:
        return import_module("shapecalc.cli.loss_command").command_of(name)
    return import_module(module_name(name))


EPILOG = """
Three commands to try:
  shapecalc inspect lenet5              the shapes and costs of every layer
  shapecalc conv --n 224 --f 3 --s 2    one formula, with its numbers put in
  shapecalc verify lenet5               run it, and compare with the prediction

More:
  shapecalc help COMMAND                the options of a command, with examples
  shapecalc layers TYPE                 a layer: its fields, formulas and costs
  shapecalc rule CODE                   an error or a warning, and how to fix it
"""
