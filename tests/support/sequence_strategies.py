"""Random stacks on sequences: whole numbers or features enter, recurrent layers hand their states to one another."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from shapecalc.diagnostics import LayerError
from shapecalc.layers import layer_type
from shapecalc.layers.reshaping import Identity
from tests.support.pointwise_strategies import nothing, some
from tests.support.stack_strategies import Stack, along_an_axis, layer_norm, linear, permute

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers import Layer

    Shape = tuple[int, ...]
    Fields = dict[str, Any]
    Values = dict[str, Shape]
    Proposal = Callable[[st.DrawFn, Shape], Fields | None]
    """The fields of a layer that reads one value."""

RECURRENT = ("rnn", "lstm", "gru")
LOOKED_UP = ("embedding", "one_hot")
MEETING = ("scaled_dot_product_attention", "cosine_similarity", "add", "multiply", "concat", "matmul", "stack")


def recurrent(draw: st.DrawFn, word: str, x: Shape, values: Values) -> tuple[Fields, tuple[str, ...]] | None:
    """A recurrent layer, made to fit states that are there where there are some."""
    if len(x) != 3:
        return None
    first = draw(st.booleans())
    batch = x[0] if first else x[1]
    given = [slot for slot, shape in values.items() if len(shape) == 3 and shape[1] == batch]
    fields: Fields = {"batch_first": True} if first else {}
    fields |= some(draw, bias=st.booleans(), dropout=st.just(0.5), input_size=st.just(x[2]))
    if word == "rnn":
        fields |= some(draw, nonlinearity=st.sampled_from(["tanh", "relu"]))
    if given and draw(st.booleans()):
        hidden = draw(st.sampled_from(given))
        levels, _, size = values[hidden]
        both = levels % 2 == 0 and draw(st.booleans())
        fields |= {"hidden_size": size, "num_layers": levels // 2 if both else levels, "bidirectional": both}
        if word != "lstm":
            return fields, (hidden,)
        cell = draw(st.sampled_from([slot for slot in given if values[slot][0] == levels]))
        width = values[cell][2]
        if width >= size:
            return fields | {"hidden_size": width, "proj_size": size if width > size else 0}, (hidden, cell)
    else:
        fields |= {"hidden_size": draw(st.integers(1, 4))}
        fields |= some(draw, num_layers=st.integers(1, 3), bidirectional=st.booleans())
        if word == "lstm" and fields["hidden_size"] > 1:
            fields |= some(draw, proj_size=st.integers(1, fields["hidden_size"] - 1))
    return fields, ()


def select(draw: st.DrawFn, x: Shape) -> Fields | None:
    if len(x) < 2:
        return None
    axis = draw(st.integers(0, len(x) - 1))
    return {
        "dim": draw(st.sampled_from([axis, axis - len(x)])),
        "index": draw(st.integers(-x[axis], x[axis] - 1)),
    }


def reduction(draw: st.DrawFn, x: Shape) -> Fields | None:
    if len(x) < 2:
        return None
    return {"dim": draw(st.integers(-len(x), len(x) - 1))} | some(draw, keepdim=st.booleans())


def split(draw: st.DrawFn, x: Shape) -> Fields | None:
    axis = draw(st.integers(0, len(x) - 1))
    cuts = sorted(draw(st.sets(st.integers(1, max(x[axis] - 1, 1)), max_size=x[axis] - 1)))
    sizes = tuple(end - start for start, end in pairwise((0, *cuts, x[axis])))
    return {
        "split_size": draw(st.one_of(st.just(sizes), st.integers(1, x[axis] + 1))),
        "dim": draw(st.sampled_from([axis, axis - len(x)])),
    }


def chunk(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"chunks": draw(st.integers(1, 3)), "dim": draw(st.integers(-len(x), len(x) - 1))}


def select_channels(draw: st.DrawFn, x: Shape) -> Fields | None:
    if len(x) < 2:
        return None
    return {"channels": tuple(draw(st.lists(st.integers(0, x[1] - 1), min_size=1, max_size=3)))}


def unbind(draw: st.DrawFn, x: Shape) -> Fields | None:
    return {"dim": draw(st.integers(-len(x), len(x) - 1))} if len(x) > 1 else None


def attention(draw: st.DrawFn, x: Shape) -> Fields | None:
    if len(x) != 3:
        return None
    heads = draw(st.sampled_from([n for n in range(1, x[2] + 1) if x[2] % n == 0]))
    shared = st.sampled_from([n for n in range(1, heads + 1) if heads % n == 0])
    flags = dict.fromkeys(("bias", "add_bias_kv", "add_zero_attn", "is_causal", "batch_first"), st.booleans())
    return {"num_heads": heads} | some(draw, num_kv_heads=shared, embed_dim=st.just(x[2]), **flags)


def rms_norm(draw: st.DrawFn, x: Shape) -> Fields | None:
    return some(draw, eps=st.sampled_from([1e-5, 0.1]), elementwise_affine=st.booleans()) if x else None


def positional_encoding(draw: st.DrawFn, _x: Shape) -> Fields | None:
    kind = draw(st.sampled_from(["sinusoidal", "learned"]))
    most = st.integers(3, 9)
    longest = {"max_length": draw(most)} if kind == "learned" else some(draw, max_length=most)
    return {"kind": kind} | longest | some(draw, batch_first=st.booleans())


def rotary_embedding(draw: st.DrawFn, _x: Shape) -> Fields | None:
    return some(draw, interleaved=st.booleans(), base=st.sampled_from([100.0, 10000.0]))


def meeting(draw: st.DrawFn, word: str, slot: str, values: Values) -> tuple[str, Fields, tuple[str, ...]] | None:
    """A layer on a value and, more often than chance has it, others that fit it."""
    x = values[slot]
    along = st.integers(-len(x), len(x) - 1)
    if word == "cosine_similarity":
        other = draw(st.sampled_from([name for name, shape in values.items() if shape == x]))
        return (word, {"dim": draw(along)}, (slot, other)) if len(x) > 1 else None
    if word == "matmul":
        turned = draw(st.booleans())
        fitting = [name for name, y in values.items() if len(y) > 1 and y[-1 if turned else -2] == x[-1]]
        return word, {"transpose_b": turned}, (slot, draw(st.sampled_from(fitting or [slot])))
    if word == "scaled_dot_product_attention":
        keys = [name for name, y in values.items() if y[:-2] == x[:-2] and len(y) > 1 and y[-1] == x[-1]]
        key = draw(st.sampled_from(keys or [slot]))
        given = [name for name, y in values.items() if y[:-1] == values[key][:-1]]
        fields = some(draw, is_causal=st.booleans(), scale=st.sampled_from([0.5, 1]))
        return word, fields, (slot, key, draw(st.sampled_from(given)))
    if word == "stack":
        same = [name for name, y in values.items() if y == x]
        others = draw(st.lists(st.sampled_from(same), min_size=1, max_size=2))
        return word, {"dim": draw(st.integers(-len(x) - 1, len(x)))}, (slot, *others)
    alike = [name for name, y in values.items() if len(y) == len(x)]
    others = draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2))
    return word, {"dim": draw(along)} if word == "concat" else {}, (slot, *others)


READING_ONE: dict[str, Proposal] = {
    "multihead_attention": attention,
    "rms_norm": rms_norm,
    "positional_encoding": positional_encoding,
    "rotary_embedding": rotary_embedding,
    "class_token": nothing,
    "split": split,
    "chunk": chunk,
    "select_channels": select_channels,
    "select": select,
    "unbind": unbind,
    **dict.fromkeys(("mean", "max", "sum"), reduction),
    "linear": linear,
    "layer_norm": layer_norm,
    "permute": permute,
    "softmax": along_an_axis,
    **dict.fromkeys(("relu", "dropout"), nothing),
}
SEQUENCED = (*RECURRENT * 3, *LOOKED_UP, *MEETING, *READING_ONE)
"""Recurrent layers are drawn more often than the rest."""


@st.composite
def sequences(draw: st.DrawFn, *, batch: str = "N", longest: int = 6) -> Stack:
    """A stack of one to six layers on a sequence, all of which inference accepts at `sizes`.

    Each reads what stands before it, or by name any value that is there: an output, a state, what enters.
    """
    sizes = {"T": draw(st.integers(1, 5)), batch: draw(st.integers(1, 3))}
    order = draw(st.permutations(["T", batch]))
    whole = draw(st.booleans())
    entering: tuple[str | int, ...] = (*order,) if whole else (*order, draw(st.integers(1, 4)))
    x = tuple(sizes[dim] if isinstance(dim, str) else dim for dim in entering)
    values: Values = {} if whole else {"input": x}
    layers: list[Layer] = []
    fields: list[Fields] = []
    reads: list[tuple[str, ...]] = []
    for position in range(draw(st.integers(1, longest))):
        before = f"{layers[-1].type}_{position - 1}" if layers else "input"
        word = draw(st.sampled_from(SEQUENCED if values else LOOKED_UP))
        proposed = proposal(draw, word, before, values, whole=whole)
        made = fitting(proposed, {**values, "input": x}) if proposed else None
        if proposed is None or made is None:
            word, proposed, made = "identity", ("identity", {}, (before,)), (Identity(), {"output": values[before]})
        layer, outputs = made
        layers.append(layer)
        fields.append(proposed[1])
        reads.append(proposed[2])
        path = f"{word}_{position}"
        first = next(iter(outputs))
        # A file names the outputs that a class states; of pieces it names none yet but the first, by its step.
        named = {name: shape for name, shape in outputs.items() if name in (first, *layer.extra_outputs)}
        values |= {path if name == first else f"{path}.{name}": shape for name, shape in named.items()}
    return Stack(entering, sizes, tuple(layers), tuple(fields), "int64" if whole else "float32", tuple(reads))


def proposal(
    draw: st.DrawFn, word: str, before: str, values: Values, *, whole: bool
) -> tuple[str, Fields, tuple[str, ...]] | None:
    """A layer's word, its fields and what it reads."""
    if word in LOOKED_UP:
        if not whole:
            return None
        size = draw(st.integers(1, 4))
        if word == "one_hot":
            return word, {"num_classes": size}, ("input",)
        rows = draw(st.integers(1, 9))
        padding = some(draw, padding_idx=st.integers(-rows, rows - 1))
        return word, {"num_embeddings": rows, "embedding_dim": size} | padding, ("input",)
    # Most layers read what stands before them, as most files have it.
    slot = before if before in values and draw(st.integers(0, 3)) else draw(st.sampled_from(list(values)))
    x = values[slot]
    if word in RECURRENT:
        found = recurrent(draw, word, x, values)
        return None if found is None else (word, found[0], (slot, *found[1]))
    if word in MEETING:
        return meeting(draw, word, slot, values)
    proposed = READING_ONE[word](draw, x)
    return None if proposed is None else (word, proposed, (slot,))


def fitting(proposed: tuple[str, Fields, tuple[str, ...]], values: Values) -> tuple[Layer, dict[str, Any]] | None:
    """The layer and its outputs; None where the rule refuses."""
    word, fields, reads = proposed
    cls = layer_type(word)
    assert cls is not None
    try:
        layer = cls(**fields)
        return layer, layer.outputs(*(values[slot] for slot in reads))
    except LayerError:
        return None
