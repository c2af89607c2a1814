"""Plain recurrent layers, LSTM and GRU over every option, the smallest and the deepest."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from layer_cases import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

# Sizes differ pairwise, so that a mixed-up axis cannot pass.
STEPS, SAMPLES, FEATURES, HIDDEN, PROJECTED = 5, 3, 7, 4, 2
VARIANTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("rnn", "", {}),
    ("rnn", "relu, ", {"nonlinearity": "relu"}),
    ("lstm", "", {}),
    ("lstm", "projected, ", {"proj_size": PROJECTED}),
    ("gru", "", {}),
)
NO_BATCH = "a sequence of the format has a batch; PyTorch also takes [T, features]"


def cases() -> Iterator[Case]:
    """Every combination of options, then what is at their ends, then what is refused."""
    for word, variant, fields in VARIANTS:
        yield from _grid(word, variant, fields)
        yield from _ends(word, variant, fields)
    for word in ("rnn", "lstm", "gru"):
        yield from _refusals(word)
    yield from _refused_states()
    yield _refused("lstm", "a projection as wide as the state", hidden_size=HIDDEN, proj_size=HIDDEN)
    yield _refused("lstm", "a projection wider than the state", hidden_size=HIDDEN, proj_size=HIDDEN + 1)
    yield _refused("rnn", "another nonlinearity", hidden_size=HIDDEN, nonlinearity="sigmoid")


def recurrent(
    word: str,
    name: str,
    fields: dict[str, Any],
    *,
    steps: int = STEPS,
    samples: int = SAMPLES,
    given: bool = False,
    times: float = 1.0,
) -> Case:
    """A case on a sequence; `given` with initial states."""
    batch_first, both = fields.get("batch_first", False), fields.get("bidirectional", False)
    places = fields.get("num_layers", 1) * (1 + both)
    sizes = [fields.get("proj_size") or fields["hidden_size"], *([fields["hidden_size"]] if word == "lstm" else [])]
    return Case(
        name=f"{word}: {name}",
        layer=word,
        shape=(samples, steps, FEATURES) if batch_first else (steps, samples, FEATURES),
        more=tuple((places, samples, size) for size in sizes) if given else (),
        fields=fields,
        scale=times,
    )


def _grid(word: str, variant: str, fields: dict[str, Any]) -> Iterator[Case]:
    for layers, bias, batch_first, both, given in product((1, 2, 3), *[(False, True)] * 4):
        name = ", ".join(
            (
                f"{variant}{layers} layer{'s' * (layers > 1)}",
                "both directions" if both else "one direction",
                "biases" if bias else "no biases",
                "batch first" if batch_first else "steps first",
                "states given" if given else "from zeros",
            )
        )
        options = {"num_layers": layers, "bias": bias, "batch_first": batch_first, "bidirectional": both}
        yield recurrent(word, name, {"hidden_size": HIDDEN, **fields, **options}, given=given)


def _ends(word: str, variant: str, fields: dict[str, Any]) -> Iterator[Case]:
    usual = {"hidden_size": HIDDEN, **fields}
    for batch_first in (False, True):
        order = "batch first" if batch_first else "steps first"
        yield recurrent(word, f"{variant}one step, {order}", {**usual, "batch_first": batch_first}, steps=1)
        both = {**usual, "batch_first": batch_first, "bidirectional": True}
        yield recurrent(word, f"{variant}one step in both directions, {order}", both, steps=1, given=True)
        yield recurrent(word, f"{variant}one sample, {order}", {**usual, "batch_first": batch_first}, samples=1)
        yield recurrent(
            word, f"{variant}five layers, {order}", {**usual, "batch_first": batch_first, "num_layers": 5}, given=True
        )
    yield recurrent(word, f"{variant}five layers in both directions", {**usual, "num_layers": 5, "bidirectional": True})
    yield recurrent(word, f"{variant}dropout, which evaluation leaves out", {**usual, "num_layers": 2, "dropout": 0.5})
    yield recurrent(word, f"{variant}stated features that arrive", {**usual, "input_size": FEATURES})
    yield recurrent(word, f"{variant}300 steps", usual, steps=300, samples=1)
    yield recurrent(word, f"{variant}a batch of 300", usual, steps=2, samples=300)
    yield recurrent(word, f"{variant}cells of -100 to 100", usual, times=100.0)
    if "proj_size" in fields:
        yield recurrent(word, "a projection to one number", {**usual, "proj_size": 1}, given=True)
        return
    for both_directions in (False, True):
        one = {**fields, "hidden_size": 1, "bidirectional": both_directions, "num_layers": 2}
        directions = "both directions" if both_directions else "one direction"
        yield recurrent(word, f"{variant}a state of one number, {directions}", one, given=True)


def _refused(
    word: str,
    name: str,
    shape: tuple[int, ...] = (STEPS, SAMPLES, FEATURES),
    more: tuple[tuple[int, ...], ...] = (),
    ours: str = "",
    **fields: Any,
) -> Case:
    return Case(name=f"{word}: {name}", layer=word, shape=shape, more=more, fields=fields, refused=True, ours=ours)


def _refusals(word: str) -> Iterator[Case]:
    yield _refused(word, "no batch", (STEPS, FEATURES), ours=NO_BATCH, hidden_size=HIDDEN)
    yield _refused(word, "four axes", (STEPS, SAMPLES, FEATURES, 2), hidden_size=HIDDEN)
    yield _refused(word, "a vector", (FEATURES,), hidden_size=HIDDEN)
    yield _refused(word, "stated features that do not arrive", hidden_size=HIDDEN, input_size=FEATURES + 1)
    yield _refused(word, "a state of no numbers", hidden_size=0)
    yield _refused(word, "no layers", hidden_size=HIDDEN, num_layers=0)
    yield _refused(word, "a dropout above 1", hidden_size=HIDDEN, num_layers=2, dropout=1.5)


def _refused_states() -> Iterator[Case]:
    right = (1, SAMPLES, HIDDEN)
    wrong = {
        "of too many layers": (2, SAMPLES, HIDDEN),
        "of another batch": (1, SAMPLES + 1, HIDDEN),
        "of another size": (1, SAMPLES, HIDDEN + 1),
        "with the batch first, which states never have": (SAMPLES, 1, HIDDEN),
    }
    for name, shape in wrong.items():
        first = "batch_first" if "batch" in name else "bias"
        fields = {"hidden_size": HIDDEN, first: True}
        sequence = (SAMPLES, STEPS, FEATURES) if first == "batch_first" else (STEPS, SAMPLES, FEATURES)
        yield _refused("rnn", f"h_0 {name}", sequence, (shape,), **fields)
        yield _refused("gru", f"h_0 {name}", sequence, (shape,), **fields)
        yield _refused("lstm", f"h_0 {name}", sequence, (shape, right), **fields)
        yield _refused("lstm", f"c_0 {name}", sequence, (right, shape), **fields)
    yield _refused("lstm", "h_0 without c_0", more=(right,), hidden_size=HIDDEN)
    projected = {"hidden_size": HIDDEN, "proj_size": PROJECTED}
    yield _refused("lstm", "h_0 as before the projection", more=(right, right), **projected)
    narrow = (1, SAMPLES, PROJECTED)
    yield _refused("lstm", "c_0 projected, which the cell never is", more=(narrow, narrow), **projected)
