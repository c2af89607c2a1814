"""What to write instead of a word that is not a command."""

from __future__ import annotations

from typing import NamedTuple

from shapecalc.cli.groups import BY_HAND, COMMANDS, LOSSES_BY_HAND

ANSWERS = """
calc calculate calculator formula | `shapecalc conv --n 32 --f 5` derives an output size; `shapecalc --help` lists the
calculators

info summary describe shape shapes size sizes param params parameters weights table print model stats count analyze
analyse torchinfo torchsummary | `shapecalc inspect ARCH` shows the shapes and costs of every layer

flops flop macs mac madds ops cost costs thop fvcore ptflops | `shapecalc inspect ARCH --columns path,output,macs,flops`
shows them for every layer

graph draw plot picture diagram image render visualize visualise viz mermaid dot graphviz netron svg png |
`shapecalc inspect ARCH --graph mermaid` draws a network; `--graph dot` for Graphviz

loss losses ce crossentropy categorical-crossentropy sparse-categorical-crossentropy softmax-loss log-loss criterion
crossentropyloss cross-entropy-loss |
`shapecalc cross-entropy --x 1,2,3 --target 2` computes a loss of scores; `shapecalc --help` lists the losses

binary-crossentropy logistic-loss bceloss bcewithlogitsloss | `shapecalc bce` computes the loss of probabilities,
`shapecalc bce-with-logits` that of scores before a sigmoid

hinge-loss svm-loss multi-margin-loss multimarginloss | `shapecalc hinge` computes the multi-class hinge loss

mae l1-loss l1loss absolute-error mean-absolute-error | `shapecalc l1` computes the mean absolute error

mseloss mse-loss l2 l2-loss squared-error mean-squared-error | `shapecalc mse` computes the mean squared error,
`shapecalc sum-of-squares` half the sum

forward predict infer inference execute eval evaluate values | `shapecalc run ARCH` runs a network and shows its values

backward gradient gradients grad backprop backpropagation | `shapecalc run ARCH --backward` shows the gradients,
`shapecalc verify ARCH --backward` checks them

fit epoch epochs optimizer | `shapecalc train ARCH --data digits` trains a small network

serve server web gui ui tui view viewer browse browser open app | there is no interactive view; `shapecalc watch FILE`
shows the changes whenever a file is saved

learn tutorial teach guide lesson course start quickstart intro demo example examples docs manual man readme |
`shapecalc --help` has three commands to try; the help of every command ends with examples

why derive error errors code codes | `shapecalc rule CODE` explains an error or a warning, `shapecalc explain ARCH STEP`
a number, `shapecalc layers TYPE` a layer

layer types operators op modules | `shapecalc layers` lists the layer types

receptive-field receptive rf | receptive fields are not computed; `shapecalc inspect ARCH` shows the shapes of every
layer

convert load read from onnx pytorch torch keras tensorflow tf huggingface hf safetensors gguf | `shapecalc
import FILE` writes a `.pt2`, ONNX or Keras model as YAML, and `shapecalc layers NAME` finds a layer by its name in
other tools

export save write dump codegen generate-code to | `shapecalc inspect ARCH --format json` (or csv, markdown, latex)
writes the results, `shapecalc train ARCH --data digits --export FILE` trained weights

latency time speed benchmark bench profile profiler roofline throughput | times are not estimated; `shapecalc inspect
ARCH --columns path,macs,flops,memory` has the counts they depend on

vram ram mem gpu activations footprint peak | `shapecalc memory ARCH` shows a forward pass, `shapecalc train-cost ARCH`
a training step

test tests validate lint ci gate audit expect budget | `shapecalc check PATH` checks files

fix format fmt tidy autofix repair | `shapecalc check PATH --fix` makes safe fixes

compare cmp delta changes | `shapecalc diff OLD NEW` compares two networks

freeze snapshot baseline record pin | `shapecalc lock PATH` records the figures of networks

new create scaffold template touch | `shapecalc init FILE` creates a file

ls dir models zoo architectures networks names | `shapecalc list` lists the included architectures

cat source yaml get download | `shapecalc show NAME` prints the YAML of an architecture

search grid tune explore scan | `shapecalc sweep ARCH --set N=1,8,32` computes the costs over a grid

fits valid near sizes-that-fit unknown | `shapecalc solve ARCH` finds the valid sizes

generate sample beam-search greedy kv-cache kv llm | `shapecalc decode ARCH` shows the steps and costs of generating a
sequence

completion completions complete autocomplete | `shapecalc --install-completion` completes words in the shell

config configure settings set options | there is no configuration; `shapecalc help COMMAND` lists the options of a
command

install update upgrade uninstall login | packages are installed with pip

usage commands ? | `shapecalc --help` lists the commands

ver about | `shapecalc version` prints the version
"""
"""In each paragraph words that are typed as commands, and what there is instead."""


class Pointer(NamedTuple):
    """The error of a word and its help."""

    error: str
    help: str


def message(name: str) -> Pointer:
    """Return the error of a word that is not a command, and as its help what to write instead."""
    readings = (_file, _code, _word, _layer, _command, _misspelt_layer, _part)
    messages = (text for reading in readings if (text := reading(name)))
    return next(messages, Pointer(f"no command `{name}`", "`shapecalc --help` lists the commands"))


def _file(name: str) -> Pointer | None:
    from pathlib import Path

    from shapecalc.files import zoo

    if name == "-" or Path(name).is_file() or zoo.path(name) is not None:
        return Pointer(f"no command `{name}`", f"write `shapecalc inspect {name}`")
    if not name.endswith((".yaml", ".yml")):
        return None
    return Pointer(f"`{name}` is neither a command nor a file that exists", "`shapecalc init FILE` creates a file")


def _code(name: str) -> Pointer | None:
    from shapecalc.diagnostics.rules import codes

    code = name.upper()
    if code not in codes():
        return None
    return Pointer(f"`{name}` is the code of a diagnostic, not a command", f"`shapecalc rule {code}` explains it")


def _word(name: str) -> Pointer | None:
    word = name.strip("-").lower().replace("_", "-")
    if word in LOSSES_BY_HAND:
        return Pointer(f"no command `{name}`", f"write `shapecalc {word}`")
    answer = answers().get(word)
    return Pointer(f"no command `{name}`", answer) if answer else None


def answers() -> dict[str, str]:
    """Return the answer to each word."""
    by_word: dict[str, str] = {}
    for paragraph in ANSWERS.strip().split("\n\n"):
        words, _, answer = " ".join(paragraph.split()).partition(" | ")
        by_word |= dict.fromkeys(words.split(), answer)
    return by_word


def _layer(name: str) -> Pointer | None:
    """Return the message for a layer type, and for the name of a layer in another tool."""
    from shapecalc.layers import layer_type
    from shapecalc.parser.did_you_mean import nearest_layer

    if layer_type(name) is not None:
        return Pointer(f"`{name}` is a layer, not a command", _explained(name))
    likely = nearest_layer(name)
    if likely is None or not (likely.known or likely.note):
        return None
    if likely.word is None:
        return Pointer(f"no command `{name}`", f"for a layer: {likely.note}")
    return Pointer(f"`{name}` is not a command; the layer is `{likely.word}`", _explained(likely.word))


def _command(name: str) -> Pointer | None:
    from shapecalc.diagnostics.suggestions import closest

    near = closest(name, COMMANDS)
    return Pointer(f"no command `{name}`", f"did you mean `{near}`?") if near else None


def _misspelt_layer(name: str) -> Pointer | None:
    from shapecalc.parser.did_you_mean import closest_layer

    near = closest_layer(name)
    return Pointer(f"no command `{name}`", f"did you mean the layer `{near}`? {_explained(near)}") if near else None


def _part(name: str) -> Pointer | None:
    """Return the message for a part of a name of an architecture or a layer type, or a misspelt architecture."""
    from shapecalc.diagnostics.suggestions import closest
    from shapecalc.files import zoo
    from shapecalc.layers import layer_types

    for command, names in (("list", zoo.names()), ("layers", layer_types())):
        if name and any(name.lower() in other for other in names):
            return Pointer(f"no command `{name}`", f"`shapecalc {command} {name.lower()}` lists the names with it")
    network = closest(name, zoo.names())
    return Pointer(f"no command `{name}`", f"did you mean `shapecalc inspect {network}`?") if network else None


def _explained(type_: str) -> str:
    """Return how to read about a layer, and which command calculates one."""
    from shapecalc.layers import layer_type
    from shapecalc.layers.pooling import AvgPool, MaxPool

    command = "pool" if layer_type(type_) in (MaxPool, AvgPool) else type_.replace("_", "-")
    does = "computes it by hand" if command in BY_HAND else "derives its costs" if command in COMMANDS else ""
    return f"`shapecalc layers {type_}` explains it" + (f", `shapecalc {command}` {does}" if does else "")
