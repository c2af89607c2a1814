"""Layers that act only in training and return their input in evaluation."""

from dataclasses import dataclass
from typing import Annotated

from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Number, OneOf
from shapecalc.layers.saved import Saved, Storage


@layer("dropout", main="p")
@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout(Layer):
    """Sets elements to zero with probability `p` in training; returns the input in evaluation.

    Fields:
        p: Probability that an element is set to zero in training; the others are scaled by 1/(1 − p).

    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs 0 in evaluation
    Source: torch.nn.Dropout
    """

    foreign_names = "dropout ~dropout# ~spatialdropout# ~alphadropout ~featurealphadropout"
    foreign_notes = (
        "dropout# spatialdropout# | use `dropout`, which drops elements, not channels: shapes and costs are the same",
        "alphadropout featurealphadropout | use `dropout`, which drops to 0: shapes and costs are the same",
    )
    foreign_fields = (
        "p: rate prob probability dropoutrate droprate dropprob dropoutratio ratio dropout",
        "nothing: keepprob | use `p`, which is 1 − keep_prob",
        "nothing: noiseshape",
    )
    in_place = True
    saving_note = "a dropout's mask is a float for each number on the CPU, a byte on CUDA"
    keeps_axes = True
    p: Annotated[float, Number(minimum=0, maximum=1)] = 0.5

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: in evaluation nothing is computed."""
        return 0

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the mask: a float per element, as on the CPU (on CUDA a byte); with p = 1 a single 0."""
        if self.p == 0:
            return ()
        return (Saved("mask", 1 if self.p == 1 else product(x), random=True),)

    def masks(self, x: Shape, y: Shape) -> dict[str, tuple[Shape, float]]:
        """Return a mask of the input's shape."""
        return {"mask": (x, self.p)}

    @property
    def changes_variance(self) -> bool:
        """What is not dropped is scaled by 1/(1 − p): that keeps the mean, not the variance."""
        return self.p > 0

    @property
    def storage(self) -> Storage:
        """The output has the input's memory layout; with p = 0 it is the input."""
        return Storage.LIKE if self.p else Storage.SAME


@layer("stochastic_depth", main="p")
@dataclass(frozen=True, slots=True, kw_only=True)
class StochasticDepth(Layer):
    """Drops a branch with probability `p` in training, per sample or per batch; returns the input in evaluation.

    Fields:
        p: Probability that the branch is dropped in training; what remains is scaled by 1/(1 − p).
        mode: Whether each sample is dropped on its own (`row`) or all of the batch together (`batch`).

    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs 0 in evaluation
    Source: torchvision.ops.StochasticDepth; Huang, Sun, Liu, Sedra, Weinberger 2016
    """

    foreign_names = "droppath"
    foreign_fields = (
        "p: rate prob probability droprate dropprob droppath droppathrate stochasticdepthprob",
        "nothing: keepprob survivalprob survivalprobability | use `p`, the probability to drop: 1 − that",
    )
    keeps_axes = True
    p: Annotated[float, Number(minimum=0, maximum=1)]
    mode: Annotated[str, OneOf(("row", "batch"))] = "row"

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return 0: in evaluation nothing is computed."""
        return 0

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the mask: an element per sample, or one for the batch."""
        return (Saved("mask", x[0] if self.mode == "row" else 1, random=True),) if self.p else ()

    def masks(self, x: Shape, y: Shape) -> dict[str, tuple[Shape, float]]:
        """Return a number for each sample, or one for the batch."""
        return {"mask": ((x[0] if self.mode == "row" else 1, *(1,) * (len(x) - 1)), self.p)}

    @property
    def storage(self) -> Storage:
        """The output has the input's memory layout; with p = 0 it is the input."""
        return Storage.LIKE if self.p else Storage.SAME
