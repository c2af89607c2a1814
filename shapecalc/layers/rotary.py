"""Rotary position embedding: pairs of features rotated by angles that grow with the position, or that are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, exact_quotient, pretty, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Number, OneOf, OptionalCount
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "positional"

REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "default": (),
        "linear": ("factor",),
        "dynamic": ("factor", "original_max_position_embeddings"),
        "yarn": ("factor", "original_max_position_embeddings"),
        "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    }
)
"""The fields that each `rope_type` requires."""
OPTIONAL: Mapping[str, tuple[str, ...]] = MappingProxyType({"yarn": ("beta_fast", "beta_slow", "attention_factor")})
"""The fields that a `rope_type` also reads."""
SCALING = (
    *("factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"),
    *("beta_fast", "beta_slow", "attention_factor"),
)
"""The fields that only some of them read."""

OptionalFactor = Annotated[float | None, Number(above=0)]


@layer("rotary_embedding")
@dataclass(frozen=True, slots=True, kw_only=True)
class RotaryEmbedding(Layer):
    """Rotates each pair of features by an angle proportional to the position: products then depend only on distance.

    Pair i at position t is rotated by t · base^(−2i/R), R: the rotated features. `rope_type` changes these frequencies
    for sequences longer than those of the training, by the names of transformers: `linear` divides all by `factor`,
    `dynamic` raises the base for sequences longer than in the training (NTK), `yarn` and `llama3` divide the low ones,
    with a transition to the high ones. A second and a third input are the cosines and sines of other angles, such as
    those of positions in two dimensions: a number for each rotated feature, or for each pair.

    Fields:
        base: Base of the angles: pair i is rotated by base^(−2i/R) per position.
        interleaved: Whether features 2i and 2i + 1 form a pair, instead of i and i + R/2.
        rotary_dim: Number R of features that are rotated, the first ones; an even number, by default all.
        rope_type: Scaling of the frequencies.
        factor: Factor by which sequences are longer than in the training; with `linear`, `dynamic`, `yarn`, `llama3`.
        original_max_position_embeddings: Length of sequences in the training; with `dynamic`, `yarn` and `llama3`.
        low_freq_factor: With `llama3`: waves longer than original_max_position_embeddings / low_freq_factor are scaled.
        high_freq_factor: With `llama3`: waves shorter than original_max_position_embeddings / high_freq_factor are not.
        beta_fast: With `yarn`: turns in the original length from which on a pair is not scaled, by default 32.
        beta_slow: With `yarn`: turns in the original length up to which a pair is scaled, by default 1.
        attention_factor: With `yarn`: factor of sines and cosines, by default 0.1 · ln factor + 1.
        truncate: With `yarn`: whether the transition begins and ends at whole pairs.

    Input: [*, T, E], E even: queries or keys, before their products; cosines and sines, each [*, T, R] or [*, T, R/2],
        which broadcast
    Output: as the first input
    Parameters: none
    Costs: MACs 0; FLOPs = 3 per rotated element: x·cos ∓ y·sin; sines and cosines are a table, computed once, or given
    Source: Su et al. 2021, section 3.4.2; the order of pairs as in GPT-NeoX and Llama, `interleaved` as in the paper;
        Peng et al. 2023 (YaRN); transformers, modeling_rope_utils.py; ONNX RotaryEmbedding (given angles)
    """

    foreign_names = "rope rotarypositionembedding rotarypositionalembedding rotarypositionalembeddings rotary"
    foreign_fields = (
        "base: theta ropetheta",
        "interleaved: rotaryinterleaved",
        "rotary_dim: rotaryembeddingdim rotaryndims",
        "rope_type: type scalingtype",
        "factor: scalingfactor",
        "original_max_position_embeddings: originalmaxpositionembeddings",
        "nothing: partialrotaryfactor rotarypct | write the number of features: `rotary_dim`",
        "nothing: numheads scaling ropescaling ropeparameters mscale mscalealldim shortfactor longfactor",
    )
    takes: ClassVar[tuple[int, int]] = (1, 3)
    looks_back = True
    keeps_axes = True
    base: Annotated[float, Number(above=0)] = 10000
    interleaved: Bool = False
    rotary_dim: OptionalCount = None
    rope_type: Annotated[str, OneOf(tuple(REQUIRED))] = "default"
    factor: OptionalFactor = None
    original_max_position_embeddings: OptionalCount = None
    low_freq_factor: OptionalFactor = None
    high_freq_factor: OptionalFactor = None
    beta_fast: OptionalFactor = None
    beta_slow: OptionalFactor = None
    attention_factor: OptionalFactor = None
    truncate: Bool = True

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if a field of the scaling is missing, or not read by it."""
        if self.rotary_dim is not None and self.rotary_dim % 2:
            raise self._contradiction("rotary_dim", "an even number", receives=self.rotary_dim)
        required = REQUIRED[self.rope_type]
        for name in required:
            if getattr(self, name) is None:
                expects = f"`{name}` with `rope_type: {self.rope_type}`"
                raise LayerError("SC205", expects=expects, field="rope_type", help=f"add `{name}`")
        for name in SCALING:
            if getattr(self, name) is not None and name not in (*required, *OPTIONAL.get(self.rope_type, ())):
                readers = [kind for kind in REQUIRED if name in (*REQUIRED[kind], *OPTIONAL.get(kind, ()))]
                expects = f"`rope_type: {' or '.join(readers)}`, which reads it"
                raise self._contradiction(name, expects)
        low, high = self.low_freq_factor, self.high_freq_factor
        if low is not None and high is not None and high <= low:
            raise self._contradiction("high_freq_factor", f"a number above `low_freq_factor` ({low:g})", receives=high)
        if self.rope_type == "yarn" and self.base <= 1:
            raise self._contradiction("base", "a number above 1 with `rope_type: yarn`", receives=self.base)

    @staticmethod
    def _contradiction(field: str, expects: str, receives: float | None = None) -> LayerError:
        if receives is None:
            return LayerError("SC205", expects=expects, field=field)
        return LayerError("SC205", expects=expects, receives=receives, preposition="as", field=field)

    def output_shape(self, x: Shape, *given: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of the first input.

        >>> RotaryEmbedding().output_shape((2, 32, 10, 128))
        (2, 32, 10, 128)
        >>> RotaryEmbedding(rotary_dim=32).output_shape((2, 32, 10, 80), (10, 16), (10, 16))
        (2, 32, 10, 80)
        """
        if len(x) < 2:
            raise LayerError("SC305", expects="[*, T, features]", receives=show(x), label=f"receives rank {len(x)}")
        if self.rotary_dim is not None:
            shown = pretty(x[-1])
            error = LayerError(
                "SC304", expects=f"at least {self.rotary_dim} features", receives=shown, field="rotary_dim"
            )
            constraints.require(x[-1] - self.rotary_dim, Relation.NONNEGATIVE, error)
        elif exact_quotient(x[-1], 2) is None:
            shown = pretty(x[-1])
            error = LayerError("SC304", expects="an even number of features", receives=shown, label=f"{shown} features")
            constraints.require(x[-1] % 2, Relation.ZERO, error)
        if self.rope_type == "dynamic":
            error = LayerError("SC304", expects="at least 4 rotated features", receives=pretty(self._rotated(x)))
            constraints.require(self._rotated(x) - 4, Relation.NONNEGATIVE, error)
        if given:
            self._require_angles(x, given, constraints)
        return x

    def _require_angles(self, x: Shape, given: tuple[Shape, ...], constraints: Constraints) -> None:
        """Require cosines and sines that broadcast to the rotated features, or to their pairs."""
        if len(given) == 1:
            receives = f"{show(x)} and {show(given[0])}"
            help_text = "read both: `from: [x, cos, sin]`"
            raise LayerError("SC314", expects="cosines and sines", receives=receives, help=help_text)
        if self.rope_type != "default":
            raise LayerError("SC205", expects="no scaling of angles that are given", field="rope_type")
        rotated = self._rotated(x)
        for name, each in zip(("cosines", "sines"), given, strict=True):
            pairs = exact_quotient(rotated, 2)
            last = pairs if pairs is not None and each[-1:] == (pairs,) else rotated
            wanted = (*x[:-1], last)
            halves = "" if pairs is None else f", or {pretty(pairs)} features"
            error = LayerError("SC314", expects=f"{name} that broadcast to {show(wanted)}{halves}", receives=show(each))
            if not 1 <= len(each) <= len(x):
                raise error
            constraints.require_equal((wanted[-1],), each[-1:], error)
            for size, axis in zip(reversed(each[:-1]), reversed(wanted[:-1]), strict=False):
                if size != 1:
                    constraints.require_equal((axis,), (size,), error)

    def _rotated(self, x: Shape) -> Dim:
        return x[-1] if self.rotary_dim is None else self.rotary_dim

    def operations(self, x: Shape, *shapes: Shape) -> Dim:
        """Return two products and a sum per rotated element."""
        return 3 * product(x[:-1]) * self._rotated(x)

    def saved(self, x: Shape, *shapes: Shape) -> tuple[Saved, ...]:
        """Return cosines and sines for the gradient of the first input, it and its pairs exchanged for theirs.

        Of a table nothing is saved that was not in memory before.
        """
        *given, _ = shapes
        if not given:
            return ()
        inputs = (x, *given)
        exchanged = Saved("exchanged pairs", product(x[:-1]) * self._rotated(x), serves=(2,))
        angles = [saved_input(inputs, place, name)._replace(serves=(0,)) for place, name in ((1, "cos"), (2, "sin"))]
        return (saved_input(inputs)._replace(serves=(1,)), exchanged, *angles)
