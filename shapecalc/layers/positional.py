"""Positional encodings, and the class token at the start of a sequence."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, pretty, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, OneOf, OptionalCount
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Roles, sequence_roles

RANK = 3
"""Sequence, batch, features."""


@layer("positional_encoding")
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionalEncoding(Layer):
    """Adds to each vector of a sequence an encoding of its position: sines and cosines, or a trainable row.

    `sinusoidal`: sin(t / 10000^(2i/E)) in feature 2i, the cosine in feature 2i + 1. `learned`: row t of a table of
    `max_length` rows.

    Fields:
        kind: Fixed sines and cosines (`sinusoidal`), or a table with a trainable row for each position (`learned`).
        max_length: Largest number of positions; required with `learned`, by default unlimited with `sinusoidal`.
        batch_first: Whether the input is [N, T, E] instead of [T, N, E].
        embed_dim: Number of features E. By default it follows from the input; a given value is checked against it.

    Input: [T, N, E], with `batch_first` [N, T, E]
    Output: as the input
    Parameters: weight [max_length, E] with `learned`
    Costs: MACs 0; FLOPs = 1 per element: the sines are a table, computed once
    Source: Vaswani et al. 2017, section 3.5; Gehring et al. 2017 (learned)
    """

    foreign_names = (
        "~positionembedding ~positionalembedding ~sinepositionencoding positionencoding posencoding "
        "~learnedpositionalembedding"
    )
    foreign_notes = (
        (
            "positionembedding positionalembedding learnedpositionalembedding | use `positional_encoding` with "
            "`kind: learned` and `max_length` if its table is trained"
        ),
        "sinepositionencoding | use `positional_encoding`, which adds the sines to its input",
    )
    foreign_fields = (
        "kind: ~type ~mode",
        "max_length: maxlen maxseqlen maxpositionembeddings ~length ~sequencelength ~numembeddings",
        "embed_dim: dmodel ~dim",
        "nothing: maxwavelength",
    )
    looks_back = True
    kind: Annotated[str, OneOf(("sinusoidal", "learned"))] = "sinusoidal"
    max_length: OptionalCount = None
    batch_first: Bool = False
    embed_dim: OptionalCount = None

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if a learned table has no length."""
        if self.kind == "learned" and self.max_length is None:
            raise LayerError(
                "SC205",
                expects="`max_length`, the rows of its table, where it is learned",
                field="kind",
                help="add `max_length`, or write `kind: sinusoidal`",
            )

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape.

        >>> PositionalEncoding(kind="learned", max_length=1024).output_shape((10, 2, 768))
        (10, 2, 768)
        """
        if len(x) != RANK:
            order = "[N, T, features]" if self.batch_first else "[T, N, features]"
            raise LayerError("SC305", expects=order, receives=show(x), label=f"receives rank {len(x)}")
        constraints.require_stated(self.embed_dim, x[2], "embed_dim", "features", x=x)
        length = x[1] if self.batch_first else x[0]
        if self.max_length is not None:
            expects = f"at most {self.max_length} steps"
            error = LayerError("SC302", expects=expects, receives=pretty(length), field="max_length")
            constraints.require(self.max_length - length, Relation.NONNEGATIVE, error)
        return x

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of a sequence."""
        return sequence_roles(roles[0], batch_first=self.batch_first)

    @property
    def in_keras(self) -> bool:
        """Whether nothing is learned: a table of positions is a layer of KerasHub."""
        return self.kind != "learned"

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the table if it is learned."""
        return {"weight": (self.max_length, x[2])} if self.kind == "learned" and self.max_length is not None else {}

    def initial(self, name: str, x: Shape) -> Initial:
        """Return a narrow normal distribution."""
        return Initial("normal", deviation=0.02)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one addition per element."""
        return product(x)


@layer("class_token")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassToken(Layer):
    """Prepends a trainable vector to each sequence, from which a classifier reads.

    Fields:
        embed_dim: Number of features E. By default it follows from the input; a given value is checked against it.

    Input: [N, T, E]
    Output: [N, T + 1, E]
    Parameters: token [1, 1, E]
    Costs: MACs 0; FLOPs 0
    Source: Devlin et al. 2019, section 3 ([CLS]); Dosovitskiy et al. 2021, equation 1
    """

    foreign_names = "clstoken ~cls ~prependclstoken"
    foreign_fields = ("embed_dim: dmodel ~dim ~width ~hiddensize",)
    embed_dim: OptionalCount = None

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape with one more vector.

        >>> ClassToken().output_shape((1, 196, 768))
        (1, 197, 768)
        """
        if len(x) != RANK:
            raise LayerError("SC305", expects="[N, T, features]", receives=show(x), label=f"receives rank {len(x)}")
        constraints.require_stated(self.embed_dim, x[2], "embed_dim", "features", x=x)
        return (x[0], x[1] + 1, x[2])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of a sequence."""
        return sequence_roles(roles[0], batch_first=True)

    @property
    def in_keras(self) -> bool:
        """False: in Keras it is written as a layer of one's own."""
        return False

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the vector."""
        return {"token": (1, 1, x[2])}

    def initial(self, name: str, x: Shape) -> Initial:
        """Return a narrow normal distribution."""
        return Initial("normal", deviation=0.02)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: vectors are copied."""
        return 0
