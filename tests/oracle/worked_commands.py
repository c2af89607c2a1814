"""The commands that compute the worked examples, and the place of each quantity in their JSON documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ORACLE = Path(__file__).parent
EXAMPLES: dict[str, dict[str, Any]] = {
    example["id"]: example
    for name in ("worked_examples.json", "worked_examples_more.json")
    for example in json.loads((ORACLE / name).read_text(encoding="utf-8"))["examples"]
}

OUTPUT = "outputs/output/values"


class Shown(NamedTuple):
    """A command whose `{name}` are numbers of the example, the place of its result, and its standard input.

    Several places are joined by ` + `; a step of a place is a key, an index, or the name or path of an entry of a list.
    """

    command: str
    place: str = OUTPUT
    stdin: str = ""
    factor: float = 1


Numbers = dict[str, Any]


def setup(example: str) -> Numbers:
    return EXAMPLES[example]["setup"]


def layers(*names: str, **numbers: Any) -> Numbers:
    """Return the weights and biases of a stack of fully connected layers by their names in a network."""
    pairs = zip(names, numbers["w"], numbers["b"], strict=True)
    return {f"{name}.{part}": value for name, w, b in pairs for part, value in (("weight", w), ("bias", b))}


def lstm_cell(w: Numbers, u: Numbers, b: Numbers) -> Numbers:
    """Return weights in PyTorch's order of gates: i, f, g (here a) and o."""
    return {
        "w_ih": [w[gate] for gate in "ifao"],
        "w_hh": [[u[gate]] for gate in "ifao"],
        "b_ih": [b[gate] for gate in "ifao"],
    }


def projected(S: Any, **weights: Any) -> Numbers:  # noqa: N803 - the name of the source
    """Return queries, keys and values."""
    return {name[1]: (np.asarray(S) @ np.asarray(weight)).tolist() for name, weight in weights.items()}


MAZUR = {
    "weights": layers(
        "hidden", "output", w=[[[0.15, 0.2], [0.25, 0.3]], [[0.4, 0.45], [0.5, 0.55]]], b=[[0.35] * 2, [0.6] * 2]
    )
}
NUMBERS: dict[str, Numbers] = {
    "B05": {"x": setup("B04")["x"], "k": [(np.asarray(setup("B04")["k"]) + c).tolist() for c in range(3)]},
    "B11": setup("B10"),
    "B14": {"x": np.arange(35).reshape(7, 5).tolist(), "k": np.ones((3, 3)).tolist()},
    "B15": {"x": np.arange(9).reshape(3, 3).tolist(), "k": np.ones((3, 3)).tolist()},
    "B16": {"x": [[1, 1, 0, 0, 0, 0, 1, 1]] * 6},
    "C01": MAZUR,
    "C02": setup("C01") | MAZUR,
    "C05": {"weights": {"f.weight": [[2, -3]], "f.bias": [-3]}},
    "D01": lstm_cell(setup("D01")["W"], setup("D01")["U"], setup("D01")["b"]),
    "D02": setup("D01") | lstm_cell(setup("D01")["W"], setup("D01")["U"], setup("D01")["b"]),
    "D03": {"x": [[[1, 2], [3, 4], [5, 6]]]},
    "D04": {"x": [[1, 2], [3, 4], [5, 6]]},
    "E01": {"table": [[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.4, 0.3, 0.2, 0.1]] * 5},
    "E02": {
        "table": {
            "": [0.5, 0.2, 0.2, 0.1],
            "0": [0.1, 0.4, 0.3, 0.2],
            "0 1": [0.2, 0.2, 0.4, 0.2],
            "0 1 2": [0, 0.2, 0.2, 0.6],
            "0 2": [0.1, 0.6, 0.2, 0.1],
            "0 2 1": [0.1, 0.2, 0.1, 0.6],
            "*": [0.25] * 4,
        }
    },
    "E04": {"table": {"": setup("E04")["first"], "0": setup("E04")["after0"], "1": setup("E04")["after1"]}},
    "F03": projected(**setup("F03")),
    "W08": {"map": [[setup("W08")["x"]]]},
    "W12": {"weights": layers("first", "second", "third", **setup("W12"))},
    "W13": {"weights": layers("first", "second", "third", **setup("W13"))},
    "W14": {
        "weights": layers("hidden", w=[setup("W14")["w1"]], b=[setup("W14")["b1"]]) | {"y.weight": setup("W14")["w2"]}
    },
    "W15": {"weights": layers("first", **setup("W15"))},
    "W16": {"weights": {"f.weight": [setup("W16")["w"]], "f.bias": [setup("W16")["b"]]}},
    "W17": {
        "weights": {"f.weight": setup("W17")["w"], "f.bias": setup("W17")["b"]},
        "scores": (np.asarray(setup("W17")["w"]) @ setup("W17")["x"] + setup("W17")["b"]).tolist(),
    },
    "W21": {"logs": np.log(setup("W21")["p"]).tolist()},
    "W22": {"logs": np.log(setup("W22")["p"]).tolist()},
    "W30": {"q": [setup("W30")["x"][1]]},
}
"""The numbers of examples whose setup is in words or in another form."""

TWO_LAYERS = "input: [N, 2]\nlayers: [{linear: 2, name: hidden}, sigmoid, {linear: 2, name: output}, sigmoid]"
STEP = (
    "run - --input {x} --weights {weights} --backward --loss sum_of_squares --target {target} "
    "--optimizer sgd --lr 0.5 --freeze *.bias"
)
TWO_GATES = (
    "inputs: {x: [1], y: [1], z: [1]}\n"
    "layers: [{add: {}, from: [x, y], name: q}, {multiply: {}, from: [q, z], name: f}]"
)
GATES = "run - --input x={x} --input y={y} --input z={z} --backward"
SIGMOID_NEURON = "input: [N, C]\nlayers: [{linear: 1, name: f}, {sigmoid: {}, name: a}]"
TANH_NEURON = "input: [N, C]\nlayers: [{linear: 1, name: f}, {tanh: {}, name: a}]"
XOR = (
    "input: [N, 2]\nlayers: [{linear: 2, name: hidden}, {relu: {}, name: a}, "
    "{linear: {out_features: 1, bias: false}, name: y}]"
)
NEURON = "run - --input {x} --weights {weights} --backward"
UNPADDED_MEANS = (
    "input: [1, 1, 5, 5]\n"
    "layers: [{avg_pool: {kernel_size: 5, stride: 1, padding: 2, count_include_pad: false}, name: pool}]"
)
CLASSIFIER = "input: [N, 4]\nlayers: [{linear: 3, name: f}]"
CELL = "lstm --x {x} --w-ih {w_ih} --w-hh {w_hh} --b-ih {b_ih}"
CELL_BACK = f"{CELL} --target {{labels}}"
LINEAR = "rnn --x {x} --w-ih 1 --w-hh {w} --nonlinearity relu --target 0"
STEPS_BACK = "rnn --x {x} --h0 {h0} --w-ih {w_ih} --w-hh {w_hh} --w-out {w_out} --target {target}"
ANALOGY = "analogy man woman king --vectors -"
VECTORS = "word,gender,royal,age,food\n" + "\n".join(
    ",".join(map(str, (word, *vector))) for word, vector in setup("F01")["vectors"].items()
)


def stack(*sizes: int, last: str) -> str:
    """Return a stack of fully connected layers, each followed by a sigmoid; the last by another layer or none."""
    names = ("first", "second", "third")
    parts = [
        f"{{linear: {size}, name: {name}}}, {{sigmoid: {{}}, name: a_{name}}}"
        for size, name in zip(sizes, names, strict=False)
    ]
    parts[-1] = parts[-1].partition(", {sigmoid")[0] + last
    return f"input: [N, C]\nlayers: [{', '.join(parts)}]"


def gates(place: str) -> str:
    """Return the places of what an LSTM has per gate, in the order a (here g), i, f, o."""
    return " + ".join(f"{place}/{row}" for row in (2, 0, 1, 3))


def activations(*names: str) -> str:
    return " + ".join(f"layers/{name}/outputs/0/elements" for name in names)


SHOWN: dict[str, dict[str, str | Shown]] = {
    "B01": {"y": "conv --x {x} --w {k}"},
    "B02": {
        "first": Shown("conv --x {x} --w {k} --p 1", f"{OUTPUT}/0/0"),
        "shape": Shown("conv --x {x} --w {k} --p 1", "outputs/output/shape"),
    },
    "B04": {"y": Shown("conv --x {x} --w [{k}]", f"{OUTPUT}/0")},
    "B05": {"y": "conv --x {x} --w {k}"},
    "B06": {"max": "pool --x {x} --f 2 --s 1", "mean": "pool --x {x} --f 2 --s 1 --type avg"},
    "B07": {"default": "pool --x {x} --f 3", "s2p1": "pool --x {x} --f 3 --s 2 --p 1"},
    "B08": {
        "y": "conv-transpose --x {x} --w {k}",
        "s2": "conv-transpose --x {x} --w {k} --s 2",
        "p1": "conv-transpose --x {x} --w {k} --p 1",
    },
    "B10": {"y": "conv --x {x} --w {w} --b {b} --s 2 --p 1"},
    "B11": {
        "dW": Shown("conv --x {x} --w {w} --b {b} --s 2 --p 1 --backward", "gradients/weight/values/0"),
        "db": Shown("conv --x {x} --w {w} --b {b} --s 2 --p 1 --backward", "gradients/bias/values"),
    },
    "B12": {"y": "conv --x {x} --w {k}"},
    "B14": {"y": "conv --x {x} --w {k} --s 2 --p 1"},
    "B15": {"y": "conv-transpose --x {x} --w {k}"},
    "B16": {"row": Shown("conv --x {x} --w {k}", f"{OUTPUT}/0")},
    "C01": {
        "net_h1": Shown(STEP, "layers/hidden/outputs/0/elements/0/0", TWO_LAYERS),
        "out_h": Shown(STEP, "layers/sigmoid_1/outputs/0/elements", TWO_LAYERS),
        "net_o1": Shown(STEP, "layers/output/outputs/0/elements/0/0", TWO_LAYERS),
        "out_o": Shown(STEP, "layers/sigmoid_3/outputs/0/elements", TWO_LAYERS),
        "error": Shown(STEP, "losses/0/terms", TWO_LAYERS),
        "total": Shown(STEP, "losses/0/value", TWO_LAYERS),
    },
    "C02": {
        "dE_dw5": Shown(STEP, "layers/output/parameters/output.weight/gradient/elements/0/0", TWO_LAYERS),
        "w5_8": Shown(STEP, "layers/output/parameters/output.weight/updated/elements", TWO_LAYERS),
        "dE_dw1": Shown(STEP, "layers/hidden/parameters/hidden.weight/gradient/elements/0/0", TWO_LAYERS),
        "w1_4": Shown(STEP, "layers/hidden/parameters/hidden.weight/updated/elements", TWO_LAYERS),
        "total_after_1": Shown(STEP, "loss/1", TWO_LAYERS),
    },
    "C04": {
        "q": Shown(GATES, "layers/q/outputs/0/elements/0", TWO_GATES),
        "f": Shown(GATES, "layers/f/outputs/0/elements/0", TWO_GATES),
        "dx": Shown(GATES, "inputs/x/gradient/elements/0", TWO_GATES),
        "dy": Shown(GATES, "inputs/y/gradient/elements/0", TWO_GATES),
        "dz": Shown(GATES, "inputs/z/gradient/elements/0", TWO_GATES),
    },
    "C05": {
        "dot": Shown(NEURON, "layers/f/outputs/0/elements/0/0", SIGMOID_NEURON),
        "f": Shown(NEURON, "layers/a/outputs/0/elements/0/0", SIGMOID_NEURON),
        "ddot": Shown(NEURON, "layers/f/outputs/0/gradient/elements/0/0", SIGMOID_NEURON),
        "dx": Shown(NEURON, "inputs/input/gradient/elements", SIGMOID_NEURON),
        "dw": Shown(
            NEURON,
            "layers/f/parameters/f.weight/gradient/elements + layers/f/parameters/f.bias/gradient/elements",
            SIGMOID_NEURON,
        ),
    },
    "C07": {"loss": Shown("hinge --x {scores} --delta {delta} --target {true}", "value")},
    "C08": {"p": "softmax --x {scores}"},
    "D01": {
        **{f"t{t}": Shown(CELL, " + ".join(f"passes/0/steps/{t}/gates/{gate}" for gate in "gifo")) for t in (0, 1)},
        **{f"state{t}": Shown(CELL, f"passes/0/steps/{t}/after/c/0/0") for t in (0, 1)},
        **{f"out{t}": Shown(CELL, f"passes/0/steps/{t}/after/h/0/0") for t in (0, 1)},
    },
    "D02": {
        "dout1": Shown(CELL_BACK, "layers/0/passes/0/steps/1/of_h"),
        "dgates1": Shown(CELL_BACK, gates("layers/0/passes/0/steps/1/from_input/0")),
        "dx1": Shown(CELL_BACK, "layers/0/gradients_of_inputs/0/1"),
        "dout0": Shown(CELL_BACK, "layers/0/passes/0/steps/0/from_next/h/0/0"),
        "dW": Shown(CELL_BACK, gates("gradients/lstm.weight_ih_l0")),
        "dU": Shown(CELL_BACK, gates("gradients/lstm.weight_hh_l0")),
        "db": Shown(CELL_BACK, gates("gradients/lstm.bias_ih_l0")),
    },
    "D03": {
        name: Shown(f"{name} --hidden {size} --x {{x}} --w-ih 0.1 --w-hh 0.1", "outputs/h_n/0")
        for name, size in (("lstm", 3), ("gru", 5), ("rnn", 4))
    },
    "D04": {
        "lstm_h": Shown("lstm --hidden 3 --x {x} --w-ih 0.1 --w-hh 0.1", "outputs/output"),
        "lstm_c": Shown("lstm --hidden 3 --x {x} --w-ih 0.1 --w-hh 0.1", "outputs/c_n"),
        "gru_h_reset_before": Shown("gru --hidden 5 --x {x} --w-ih 0.1 --w-hh 0.1", "outputs/output"),
        "rnn_h": Shown("rnn --hidden 4 --x {x} --w-ih 0.1 --w-hh 0.1", "outputs/output"),
    },
    "D05": {
        "h": Shown(LINEAR, "layers/0/values/outputs/output"),
        "terms": Shown(LINEAR, " + ".join(f"layers/0/passes/0/steps/{t}/contributions/weight_hh_l0" for t in range(3))),
        "dL_dw": Shown(LINEAR, "gradients/rnn.weight_hh_l0"),
        "truncated_to_1": Shown(f"{LINEAR} --truncate 1", "gradients/rnn.weight_hh_l0"),
        "truncated_to_2": Shown(f"{LINEAR} --truncate 2", "gradients/rnn.weight_hh_l0"),
    },
    "E01": {
        "best": Shown("beam --probabilities {table} --beam {k}", "hypotheses/0/symbols"),
        "scores": Shown(
            "beam --probabilities {table} --beam {k}",
            " + ".join(f"hypotheses/{n}/log_probability" for n in range(3)),
            factor=-1,
        ),
    },
    "E02": {
        "greedy": Shown("beam --probabilities {table} --beam 2 --length 4", "greedy/probability"),
        "better": Shown("beam --probabilities {table} --beam 2 --length 4", "exhaustive/best/probability"),
    },
    "E04": {
        "greedy": Shown("beam --probabilities {table} --beam 2", "greedy/probability"),
        "beam": Shown("beam --probabilities {table} --beam 2", "hypotheses/0/probability"),
    },
    "F01": {
        "answer": Shown(ANALOGY, "nearest/0/word", VECTORS),
        "man_minus_woman": Shown(ANALOGY, "difference", VECTORS, factor=-1),
        "king_minus_queen": Shown(ANALOGY, "nearest/0/difference", VECTORS, factor=-1),
    },
    "F02": {
        "weights": Shown("attention --q {x} --k {x} --v {x} --scale {scale}", "intermediates/weights/values"),
        "out": "attention --q {x} --k {x} --v {x} --scale {scale}",
    },
    "F03": {
        "weights": Shown("attention --q {q} --k {k} --v {v}", "intermediates/weights/values"),
        "out": "attention --q {q} --k {k} --v {v}",
    },
    "W01": {"y": "conv --x {x} --w {w}", "s2p1": "conv --x {x} --w {w} --s 2 --p 1"},
    "W02": {"max": "pool --x {x} --f 3 --s 1", "mean": "pool --x {x} --f 3 --s 1 --type avg"},
    "W03": {"y": "conv --x {x} --w {w}"},
    "W04": {"max": "pool --x {x} --f 2", "mean": "pool --x {x} --f 2 --type avg"},
    "W05": {
        "y": "conv --x {x} --w {w}",
        "p1": "conv --x {x} --w {w} --p 1",
        "biased": "conv --x {x} --w {w} --b {b}",
    },
    "W06": {"y": "conv --x {x} --w {w}", "true": "conv --x {x} --w {flipped}"},
    "W07": {"y": "conv-transpose --x {x} --w {w} --d {d}"},
    "W08": {
        "y": Shown("run - --input {map}", "layers/pool/outputs/0/elements", UNPADDED_MEANS),
        "with_padding": "pool --x {x} --f 5 --s 1 --p 2 --type avg",
    },
    "W09": {"mean": "pool --x {x} --f 3 --s 2 --type avg"},
    "W10": {"z": "linear --x {x} --w {w} --b {b}"},
    "W11": {"a": "sigmoid --x {z}"},
    "W12": {
        "z": Shown(NEURON, activations("first", "second", "third"), stack(3, 2, 2, last="")),
        "a": Shown(NEURON, activations("a_first", "a_second", "third"), stack(3, 2, 2, last="")),
    },
    "W13": {
        "z": Shown(NEURON, activations("first", "second", "third"), stack(2, 2, 2, last=", {sigmoid: {}, name: y}")),
        "a": Shown(NEURON, activations("a_first", "a_second", "y"), stack(2, 2, 2, last=", {sigmoid: {}, name: y}")),
    },
    "W14": {
        "hidden": Shown(NEURON, activations("a"), XOR),
        "y": Shown(NEURON, activations("y"), XOR),
    },
    "W15": {
        "z": Shown(NEURON, activations("first"), stack(1, last=", {sigmoid: {}, name: y}")),
        "a": Shown(NEURON, activations("y"), stack(1, last=", {sigmoid: {}, name: y}")),
    },
    "W16": {
        "y": Shown(NEURON, "layers/a/outputs/0/elements/0/0", TANH_NEURON),
        "dx": Shown(NEURON, "inputs/input/gradient/elements", TANH_NEURON),
        "dw": Shown(NEURON, "layers/f/parameters/f.weight/gradient/elements", TANH_NEURON),
        "db": Shown(NEURON, "layers/f/parameters/f.bias/gradient/elements/0", TANH_NEURON),
    },
    "W17": {
        "scores": "linear --x {x} --w {w} --b {b}",
        "p": "softmax --x {scores}",
        "hinge": Shown("hinge --x {scores} --target {target}", "value"),
        "cross_entropy": Shown(f"{NEURON} --loss cross_entropy --target {{target}}", "loss", CLASSIFIER),
    },
    "W18": {"scores": "linear --x {x} --w {w} --b {b}"},
    "W19": {
        "p": "softmax --x {scores}",
        "hinge": Shown("hinge --x {scores} --target {target}", "value"),
        "cross_entropy": Shown("cross-entropy --x {scores} --target {target}", "value"),
    },
    "W20": {"loss": Shown("sum-of-squares --x {y} --target {t}", "value")},
    "W21": {"loss": Shown("nll --x {logs} --target {target}", "terms/values")},
    "W22": {"loss": Shown("nll --x {logs} --target {target}", "terms/values")},
    "W23": {"y": "softmax --x {x}"},
    "W24": {"y": "softmax --x {x}"},
    "W25": {"y": "softmax --x {x}"},
    "W26": {
        "sigmoid": "sigmoid --x {x}",
        "tanh": "tanh --x {x}",
        "elu_2": "elu --x {x} --alpha 2",
        "leaky_relu_0.1": "leaky-relu --x {x} --negative-slope 0.1",
        "softplus": "softplus --x {x}",
        "gelu": "gelu --x {x}",
        "softmax": "softmax --x {x}",
        "log_softmax": "log-softmax --x {x}",
    },
    "W27": {
        "h": Shown("rnn --x {x} --w-ih {w_ih} --w-hh {w_hh} --nonlinearity relu", "outputs/output"),
        "y": Shown(
            "rnn --x {x} --w-ih {w_ih} --w-hh {w_hh} --w-out {w_out} --nonlinearity relu --target [[0,0],[0,0],[0,0]]",
            " + ".join(f"losses/{t}/predictions" for t in range(3)),
        ),
    },
    "W28": {
        "h": Shown(STEPS_BACK, "layers/0/values/outputs/output"),
        "losses": Shown(STEPS_BACK, "losses/0/value + losses/1/value"),
        "loss": Shown(STEPS_BACK, "value"),
        "dw_ih": Shown(STEPS_BACK, "gradients/rnn.weight_ih_l0"),
        "dw_hh": Shown(STEPS_BACK, "gradients/rnn.weight_hh_l0"),
        "dw_out": Shown(STEPS_BACK, "gradients/head.weight"),
    },
    "W29": {
        "cherry": "cosine-similarity --x {cherry} --y {information}",
        "digital": "cosine-similarity --x {digital} --y {information}",
    },
    "W30": {
        "scores": Shown("attention --q {q} --k {x} --v {x} --scale 1", "intermediates/scores/values"),
        "weights": Shown("attention --q {q} --k {x} --v {x} --scale 1", "intermediates/weights/values"),
        "context": "attention --q {q} --k {x} --v {x} --scale 1",
    },
    "W31": {
        "layer_norm": "layer-norm --x {x} --eps {eps}",
        "batch_norm": "batch-norm --x {x} --eps {eps}",
        "rms_norm": "rms-norm --x {x} --eps {eps}",
    },
    "W32": {"y": "lrn --x {x} --size {size} --alpha {alpha} --beta {beta} --k {k}"},
}
"""The command that shows each quantity of an example; if it is not the output, with its place in the JSON document."""
