"""Worked examples of textbooks and courses, each computed by a command, to the digits that are right."""

from __future__ import annotations

import json
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
from typer.testing import CliRunner

from shapecalc.cli import app
from tests.support.rows import for_each

ORACLE = Path(__file__).parent
EXAMPLES: dict[str, dict[str, Any]] = {
    example["id"]: example
    for name in ("worked_examples.json", "worked_examples_more.json")
    for example in json.loads((ORACLE / name).read_text(encoding="utf-8"))["examples"]
}

Numbers = dict[str, Any]

NUMBERS: dict[str, Numbers] = {
    "B05": {
        "x": EXAMPLES["B04"]["setup"]["x"],
        "k": [(np.asarray(EXAMPLES["B04"]["setup"]["k"]) + c).tolist() for c in range(3)],
    },
    "B11": EXAMPLES["B10"]["setup"],
    "B14": {"x": np.arange(35).reshape(7, 5).tolist(), "k": np.ones((3, 3)).tolist()},
    "B15": {"x": np.arange(9).reshape(3, 3).tolist(), "k": np.ones((3, 3)).tolist()},
    "B16": {"x": [[1, 1, 0, 0, 0, 0, 1, 1]] * 6},
    "W30": {"q": [EXAMPLES["W30"]["setup"]["x"][1]]},
}
"""The numbers of examples whose setup is in words."""

OUTPUT = "outputs.output.values"

Shown = str | tuple[str, str]

SHOWN: dict[str, dict[str, Shown]] = {
    "B01": {"y": "conv --x {x} --w {k}"},
    "B02": {
        "first": ("conv --x {x} --w {k} --p 1", f"{OUTPUT}.0.0"),
        "shape": ("conv --x {x} --w {k} --p 1", "outputs.output.shape"),
    },
    "B04": {"y": ("conv --x {x} --w [{k}]", f"{OUTPUT}.0")},
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
        "dW": ("conv --x {x} --w {w} --b {b} --s 2 --p 1 --backward", "gradients.weight.values.0"),
        "db": ("conv --x {x} --w {w} --b {b} --s 2 --p 1 --backward", "gradients.bias.values"),
    },
    "B12": {"y": "conv --x {x} --w {k}"},
    "B14": {"y": "conv --x {x} --w {k} --s 2 --p 1"},
    "B15": {"y": "conv-transpose --x {x} --w {k}"},
    "B16": {"row": ("conv --x {x} --w {k}", f"{OUTPUT}.0")},
    "C08": {"p": "softmax --x {scores}"},
    "F02": {"out": "attention --q {x} --k {x} --v {x} --scale {scale}"},
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
    "W08": {"with_padding": "pool --x {x} --f 5 --s 1 --p 2 --type avg"},
    "W09": {"mean": "pool --x {x} --f 3 --s 2 --type avg"},
    "W10": {"z": "linear --x {x} --w {w} --b {b}"},
    "W11": {"a": "sigmoid --x {z}"},
    "W17": {"scores": "linear --x {x} --w {w} --b {b}"},
    "W18": {"scores": "linear --x {x} --w {w} --b {b}"},
    "W19": {"p": "softmax --x {scores}"},
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
    "W29": {
        "cherry": "cosine-similarity --x {cherry} --y {information}",
        "digital": "cosine-similarity --x {digital} --y {information}",
    },
    "W30": {"context": ("attention --q {q} --k {x} --v {x} --scale 1", f"{OUTPUT}.0")},
    "W31": {
        "layer_norm": "layer-norm --x {x} --eps {eps}",
        "rms_norm": "rms-norm --x {x} --eps {eps}",
    },
    "W32": {"y": "lrn --x {x} --size {size} --alpha {alpha} --beta {beta} --k {k}"},
}
"""The command that shows each quantity of an example; if it is not the output, with its place in the JSON document."""


@cache
def document(words: tuple[str, ...]) -> Any:
    result = CliRunner().invoke(app, [*words, "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def shown(example: str, quantity: str) -> Any:
    """Run the command of a quantity and return the numbers that it prints."""
    entry = SHOWN[example][quantity]
    command, place = (entry, OUTPUT) if isinstance(entry, str) else entry
    numbers = EXAMPLES[example]["setup"] | NUMBERS.get(example, {})
    texts = {name: json.dumps(value).replace(" ", "") for name, value in numbers.items()}
    steps = place.split(".")
    whole = document(tuple(word.format(**texts) for word in command.split()))
    return reduce(lambda part, step: part[int(step) if isinstance(part, list) else step], steps, whole)


@for_each("example", SHOWN)
def test_a_command_computes_the_right_values_of_a_worked_example(example: str) -> None:
    right = EXAMPLES[example]["right"]
    for quantity in SHOWN[example]:
        np.testing.assert_allclose(shown(example, quantity), right[quantity], rtol=1e-9, atol=1e-11, err_msg=quantity)


@for_each("example", SHOWN)
def test_published_values_agree_unless_they_are_wrong(example: str) -> None:
    known = EXAMPLES[example]
    published, rounding = known["published"] or {}, known.get("published_rounding", 5e-12)
    agree = [
        np.allclose(shown(example, quantity), published[quantity], rtol=0, atol=rounding)
        for quantity in SHOWN[example]
        if quantity in published
    ]
    if known["published_is_right"]:
        assert all(agree)
    elif len(agree) == len(published) > 0:
        assert not all(agree)
