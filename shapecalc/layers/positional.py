"""Layers that say where in a sequence a vector stands, and the token that stands before all others."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, exact_quotient, pretty, product, show
from shapecalc.layers.base import Layer, demand, layer, stated
from shapecalc.layers.fields import Bool, Number, OptionalCount, Word
from shapecalc.layers.initial import Initial

RANK = 3
"""Sequence, batch, features."""


@layer("positional_encoding")
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionalEncoding(Layer):
    """Adds to each vector of a sequence one that says its place: sines and cosines, or a learnt row for each place.

    `sinusoidal`: sin(t / 10000^(2i/E)) in feature 2i, the cosine in feature 2i + 1. `learned`: row t of a table of
    `max_length` rows.

    Input: [T, N, E], with `batch_first` [N, T, E]
    Output: as the input
    Parameters: weight [max_length, E] where it is learned
    Costs: MACs 0; FLOPs = 1 per number: the sines are a table, made once
    Source: Vaswani et al. 2017, section 3.5; Gehring et al. 2017 (learned)
    """

    foreign_names = "positionembedding positionalembedding sinepositionencoding positionencoding posencoding"
    foreign_fields = (
        "kind: type mode",
        "max_length: maxlen maxseqlen maxpositionembeddings length numembeddings",
        "embed_dim: dmodel dim",
    )
    looks_back = True
    kind: Annotated[str, Word(("sinusoidal", "learned"))] = "sinusoidal"
    max_length: OptionalCount = None
    batch_first: Bool = False
    embed_dim: OptionalCount = None

    def check_fields(self) -> None:
        """Refuse a table of unknown length."""
        if self.kind == "learned" and self.max_length is None:
            raise LayerError(
                "SC205",
                "expects `max_length`, the rows of its table, where it is learned",
                field="kind",
                help="add `max_length`, or write `kind: sinusoidal`",
            )

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape.

        >>> PositionalEncoding(kind="learned", max_length=1024).output_shape((10, 2, 768))
        (10, 2, 768)
        """
        if len(x) != RANK:
            order = "[N, T, features]" if self.batch_first else "[T, N, features]"
            raise LayerError("SC305", f"expects {order}, receives {show(x)}", label=f"receives rank {len(x)}")
        stated(self.embed_dim, x[2], "embed_dim", "features", x=x)
        length = x[1] if self.batch_first else x[0]
        if self.max_length is not None:
            message = f"expects at most {self.max_length} steps, receives {pretty(length)}"
            demand(self.max_length - length, Relation.NONNEGATIVE, "SC302", message, field="max_length")
        return x

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the table, where it is learned."""
        return {"weight": (self.max_length, x[2])} if self.kind == "learned" and self.max_length is not None else {}

    def initial(self, name: str, x: Shape) -> Initial:
        """Return a narrow normal distribution."""
        return Initial("normal", deviation=0.02)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per number."""
        return product(x)


@layer("rotary_embedding")
@dataclass(frozen=True, slots=True, kw_only=True)
class RotaryEmbedding(Layer):
    """Turns each pair of features by an angle that grows with the place, so that products depend on distance alone.

    Pair i at place t turns by t / base^(2i/E). A pair is feature i with feature i + E/2, or with `interleaved` feature
    2i with 2i + 1.

    Input: [*, T, E], E even: queries or keys, before their products
    Output: as the input
    Parameters: none
    Costs: MACs 0; FLOPs = 3 per number: x·cos ∓ y·sin; sines and cosines are a table, made once
    Source: Su et al. 2021, section 3.4.2; the order of pairs as in GPT-NeoX and Llama, `interleaved` as in the paper
    """

    foreign_names = "rope rotarypositionalembedding rotarypositionalembeddings rotary"
    foreign_fields = ("base: theta ropetheta", "interleaved: rotaryinterleaved")
    looks_back = True
    base: Annotated[float, Number(above=0)] = 10000
    interleaved: Bool = False

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape.

        >>> RotaryEmbedding().output_shape((2, 32, 10, 128))
        (2, 32, 10, 128)
        """
        if len(x) < 2:
            raise LayerError("SC305", f"expects [*, T, features], receives {show(x)}", label=f"receives rank {len(x)}")
        if exact_quotient(x[-1], 2) is None:
            message = f"expects an even number of features, receives {pretty(x[-1])}"
            if not isinstance(x[-1], Expr):
                raise LayerError("SC304", message, label=f"{x[-1]} features")
            demand(x[-1] % 2, Relation.ZERO, "SC304", message)
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return two products and a sum per number."""
        return 3 * product(x)


@layer("class_token")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassToken(Layer):
    """Puts a learnt vector before each sequence: what a classifier reads in the end.

    Input: [N, T, E]
    Output: [N, T + 1, E]
    Parameters: token [1, 1, E]
    Costs: MACs 0; FLOPs 0
    Source: Devlin et al. 2019, section 3 ([CLS]); Dosovitskiy et al. 2021, equation 1
    """

    foreign_names = "clstoken cls"
    foreign_fields = ("embed_dim: dmodel dim width hiddensize",)
    embed_dim: OptionalCount = None

    def output_shape(self, x: Shape) -> Shape:
        """Return the sequence with one vector more.

        >>> ClassToken().output_shape((1, 196, 768))
        (1, 197, 768)
        """
        if len(x) != RANK:
            raise LayerError("SC305", f"expects [N, T, features], receives {show(x)}", label=f"receives rank {len(x)}")
        stated(self.embed_dim, x[2], "embed_dim", "features", x=x)
        return (x[0], x[1] + 1, x[2])

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the vector."""
        return {"token": (1, 1, x[2])}

    def initial(self, name: str, x: Shape) -> Initial:
        """Return a narrow normal distribution."""
        return Initial("normal", deviation=0.02)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: vectors are copied."""
        return 0
