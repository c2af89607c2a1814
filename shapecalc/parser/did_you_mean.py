"""The layer types and fields likely intended by unknown words: by other frameworks' names, else by edit distance."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.foreign_names import INITIALIZERS
from shapecalc.diagnostics.suggestions import (
    distance,
    fold,
    is_misspelling,
    is_near,
    is_typo,
    likest,
    with_fewest_edits,
)
from shapecalc.layers import layer_types
from shapecalc.layers.activation import Relu, Rowwise
from shapecalc.layers.base import fields_of
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.foreign_names import (
    Meaning,
    caveat,
    foreign_fields,
    foreign_types,
    known_fields,
    meaningless_fields,
)
from shapecalc.layers.linear import Linear
from shapecalc.layers.reshaping import Identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.layers import Layer
    from shapecalc.layers.foreign_names import Meanings

_PREFIX = re.compile(r"(?P<root>[A-Za-z_]\w*)(?:(?:\.|::)[A-Za-z_]\w*)*(?:\.|::)(?=[\w-]+\Z)")
_PYTORCH = frozenset({"torch", "nn", "F", "functional", "aten", "torchvision"})
_FRAMEWORKS = _PYTORCH | {
    *("tf", "tensorflow", "keras", "layers", "K", "ops", "activations", "onnx", "ai", "caffe", "L"),
    *("flax", "linen", "nnx", "jax", "jnp", "timm", "mx", "gluon", "paddle"),
}
"""The first words of the paths that precede the names of layers in code, such as `torch.nn.` or `tf.keras.layers.`."""
_CALL = re.compile(r"((?:\w+\.)*\w+)(?:\(|\s+[0-9(\[{])")
_SHORTEST_NAME = 4
"""The length from which foreign names are matched with a typo; shorter ones are one edit from too many words."""
_SUFFIX = "layer"
_ACTIVATION = ("activation", "act", "activationfunction", "activationfn", "actlayer", "actfn", "nonlinearity")
_NO_ACTIVATION = (None, "none", "None", *(cls.type for cls in (Identity, Linear)))
_CHANNELS_LAST = ("dataformat", "channelslast", "channellast", "dimordering")


class Likely(NamedTuple):
    """What an unknown word probably means.

    `word` is a layer type or field, None for a known name that has no counterpart. `known` if a table says so, and what
    belongs to it can be read; `sure` if the word may be inserted automatically. `note` says what to write.
    """

    word: str | None
    known: bool = False
    sure: bool = False
    note: str = ""


def closest_layer(word: str) -> str | None:
    """Return the layer type that was likely intended."""
    likely = nearest_layer(word)
    return None if likely is None else likely.word


@lru_cache(256)
def nearest_layer(word: str, given: tuple[str, ...] = ()) -> Likely | None:
    """Return the layer type that was likely intended, None if no word is near; `given` are the fields of the step.

    >>> nearest_layer("tf.keras.layers.Conv2D")
    Likely(word='conv', known=True, sure=True, note='')
    >>> nearest_layer("bilinear").word is None, nearest_layer("banana")
    (True, None)
    """
    match = _PREFIX.match(word)
    usual = match is None or match["root"] in _FRAMEWORKS
    bare = word if match is None else word[match.end() :]
    if match is not None and match["root"] in _PYTORCH and bare in layer_types():
        return Likely(bare, known=True, sure=True)
    meaning = _meaning(bare, layer_types(), foreign_types())
    if meaning is None and fold(bare).endswith(_SUFFIX):
        meaning, usual = _meaning(fold(bare).removesuffix(_SUFFIX), layer_types(), foreign_types()), False
    if meaning is None:
        return _misspelt(bare, tuple(layer_types()), foreign_types(), foreign_types())
    note = meaning.note
    if meaning.exact and meaning.word is not None:
        note = caveat(layer_types()[meaning.word], fold(bare), given)
    exact = meaning.exact and usual and not note
    return Likely(meaning.word, known=exact, sure=exact, note=note)


def nearest_field(cls: type[Layer], field: str, value: object = None) -> Likely | None:
    """Return the field of a layer that was likely intended; None if no field is near.

    If no field is meant, `known` says that the rest of the layer can be read without it. `value` is the field's.
    """
    folded = fold(field)
    meaning = _meaning(field, fields_of(cls), foreign_fields(cls))
    if meaning is not None:
        exact = meaning.exact and not meaning.note
        return Likely(meaning.word, known=exact, sure=exact, note=meaning.note)
    without = _without_field(folded, value)
    if without is None and folded not in known_fields():  # not a field of other layers
        return _misspelt(field, tuple(fields_of(cls)), foreign_fields(cls), known_fields())
    return without


def _without_field(folded: str, value: object) -> Likely | None:
    """Return the answer to a field that layers of other tools have, and no layer here."""
    if folded in meaningless_fields():
        return Likely(None, known=True, note=meaningless_fields()[folded])
    if folded in _ACTIVATION:
        return Likely(None, known=True, note=_as_step(value))
    if folded.endswith(INITIALIZERS):
        return Likely(None, known=True, note="it changes neither shapes nor costs: leave it out")
    if folded in _CHANNELS_LAST:
        return Likely(None, note="the axes are always [N, C, *spatial] here: leave it out, or `permute` the input")
    return None


def _as_step(activation: object) -> str:
    """Return how to write an activation that is the field of another layer.

    >>> _as_step("ReLU"), _as_step("linear"), _as_step("maxout")
    ('put `- relu` as the next step', 'leave it out', 'put the activation as the next step, such as `- relu`')
    """
    if isinstance(activation, str):
        likely = Likely(activation, known=True) if activation in layer_types() else nearest_layer(activation)
        if likely is not None and likely.word is not None and likely.known:
            cls = layer_types()[likely.word]
            if issubclass(cls, (Elementwise, Rowwise)):
                return f"put `- {cls.type}` as the next step"
    if activation in _NO_ACTIVATION:
        return "leave it out"
    return f"put the activation as the next step, such as `- {Relu.type}`"


def _meaning(word: str, own: Iterable[str], foreign: Meanings) -> Meaning | None:
    """Return what a word means if it is known, apart from capitals and underscores."""
    folded = fold(word)
    same = next((Meaning(name) for name in own if fold(name) == folded), None)
    return foreign.get(folded, same)


def _misspelt(word: str, own: tuple[str, ...], foreign: Meanings, known: Iterable[str]) -> Likely | None:
    """Return what a misspelt word probably means; `known` are words, folded, that may be nearer."""
    near, edits = with_fewest_edits(word.lower(), tuple(name for name in own if is_misspelling(word, name)))
    folded = fold(word)
    rivals: dict[str, int] = {}
    for name in known:
        if len(name) >= _SHORTEST_NAME and is_near(folded, name, edits if near else 1):
            rivals[name] = distance(folded, name, edits if near else 1)
    fewest = min(rivals.values(), default=edits + 1)
    if not near or fewest < edits:
        meanings = {_word(name, own, foreign) for name, its in rivals.items() if its == fewest}
        if len(meanings) == 1 and (meant := meanings.pop()) is not None:
            return Likely(meant, sure=near == [meant] and is_typo(word, meant))
        return None
    if len(near) > 1:
        return Likely(likest(word.lower(), near))
    others = any(_word(name, own, foreign) != near[0] for name in rivals)
    # Elsewhere the word of a homonym, such as `Sum`, has another meaning.
    alone = not others and foreign.get(fold(near[0]), Meaning(near[0])).exact
    return Likely(near[0], sure=alone and is_typo(word, near[0]))


def _word(name: str, own: Iterable[str], foreign: Mapping[str, Meaning]) -> str | None:
    meaning = _meaning(name, own, foreign)
    return None if meaning is None else meaning.word


def called_layer(text: str) -> Likely | None:
    """Return what the call of a step that is written like code means; None for another text.

    >>> called_layer("nn.Conv2d(3, 64, 3)").word, called_layer("linear 10").word, called_layer("hello")
    ('conv', 'linear', None)
    """
    match = _CALL.match(text)
    return nearest_layer(match[1]) if match else None


def lookalikes(word: str) -> tuple[str, ...]:
    """Return the names of letters outside ASCII, which may look like ASCII letters.

    >>> lookalikes("c\N{CYRILLIC SMALL LETTER O}nv")
    ('U+043E CYRILLIC SMALL LETTER O',)
    """
    foreign = dict.fromkeys(letter for letter in word if not letter.isascii())
    return tuple(f"U+{ord(letter):04X} {unicodedata.name(letter, 'without a name')}" for letter in foreign)
