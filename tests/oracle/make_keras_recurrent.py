"""Write keras_recurrent.json: the weights that Keras 3.15.1 gives recurrent layers and embeddings.

Run it in the environment of make_torch_layers.py, after scratch/bin/pip install keras==3.15.1:
KERAS_BACKEND=torch scratch/bin/python tests/oracle/make_keras_recurrent.py.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras

if TYPE_CHECKING:
    from collections.abc import Iterator

KERAS = "3.15.1"
HERE = Path(__file__).parent
ABOUT = (
    "Parameters of Keras 3.15.1: every weight of every layer by its path, with its shape, and the count. `layer`, "
    "`fields` and `input` (steps, samples, features; `batch_first` as the fields say) are the same layer in the words "
    "of this project; several layers are one Keras layer after another. `reset_after` is Keras's option of GRU, whose "
    "default is true. Written by make_keras_recurrent.py."
)
KINDS = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
SAMPLES, STEPS = 3, 5


def recurrent(
    word: str, features: int, *, hidden: int, layers: int, both: bool, bias: bool, reset_after: bool | None
) -> keras.Model:
    """Layers of Keras one after another, each over the whole sequence, built for so many features."""
    options = {} if reset_after is None else {"reset_after": reset_after}
    made = []
    for _ in range(layers):
        one = KINDS[word](hidden, use_bias=bias, return_sequences=True, **options)
        made.append(keras.layers.Bidirectional(one) if both else one)
    model = keras.Sequential(made)
    model.build((SAMPLES, STEPS, features))
    return model


def weights(model: keras.Model) -> dict[str, list[int]]:
    """Every weight by layer number and last names of its path, with its shape."""
    tensors: dict[str, list[int]] = {}
    for number, layer in enumerate(model.layers):
        for weight in layer.weights:
            place, name = weight.path.split("/")[1:-1], weight.path.rpartition("/")[2]
            direction = [part.partition("_")[0] for part in place if part.startswith(("forward_", "backward_"))]
            tensors["/".join((str(number), *direction, name))] = list(weight.shape)
    if len(tensors) != len(model.weights):
        raise ValueError(f"two weights share a name: {[weight.path for weight in model.weights]}")
    return tensors


def rows() -> Iterator[dict[str, Any]]:
    """One row per combination."""
    for word, resets in (("rnn", (None,)), ("lstm", (None,)), ("gru", (True, False))):
        for reset_after, both, bias in product(resets, (False, True), (True, False)):
            for features, hidden, layers in ((32, 64, 1), (10, 20, 2)) if bias else ((7, 4, 2),):
                model = recurrent(
                    word, features, hidden=hidden, layers=layers, both=both, bias=bias, reset_after=reset_after
                )
                fields = {"hidden_size": hidden, "num_layers": layers, "bias": bias, "bidirectional": both}
                row = {"layer": word, "fields": fields, "input": [STEPS, SAMPLES, features]}
                if reset_after is not None:
                    row["reset_after"] = reset_after
                yield {**row, "tensors": weights(model), "params": model.count_params()}
    for rows_, features, mask in ((1000, 32, False), (10, 3, True)):
        model = keras.Sequential([keras.layers.Embedding(rows_, features, mask_zero=mask)])
        model.build((SAMPLES, STEPS))
        fields = {"num_embeddings": rows_, "embedding_dim": features, **({"padding_idx": 0} if mask else {})}
        row = {"layer": "embedding", "fields": fields, "input": [SAMPLES, STEPS]}
        yield {**row, "tensors": weights(model), "params": model.count_params()}


def main() -> int:
    """Ask Keras every combination and write the file."""
    if keras.__version__ != KERAS:
        print(f"the fixtures come from keras {KERAS}, this is {keras.__version__}", file=sys.stderr)
        return 2
    made = list(rows())
    lines = ",\n".join(json.dumps(row) for row in made)
    text = (
        json.dumps({"about": ABOUT, "keras": KERAS}, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    )
    (HERE / "keras_recurrent.json").write_text(text, encoding="utf-8")
    print(f"{len(made)} combinations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
