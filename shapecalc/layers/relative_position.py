"""Biases of attention scores that depend on the distance of query and key: T5's buckets, Swin's windows, ALiBi."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Count, OneOf, OptionalCount, OptionalPerAxis
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Role, Roles
from shapecalc.layers.saved import Saved, Storage

FAMILY = "positional"

BUCKETS, DISTANCE = 32, 128
"""The number of buckets and the distance of the last one in T5."""


@layer("relative_position_bias", main="num_heads")
@dataclass(frozen=True, slots=True, kw_only=True)
class RelativePositionBias(Layer):
    """A number for each head and pair of query and key that depends on their distance, as a bias of attention.

    `t5`: a trainable number for each bucket of distances, exact ones first, then wider on a logarithmic scale. `swin`:
    a trainable number for each offset within a window, along all of its axes. `alibi`: −m · |i − j| for query i and
    key j, with m = 2^(−8h/num_heads) for head h from 1 on, or between those for a number other than a power of 2. Only
    the lengths of the inputs are read. The output is the fourth input of `scaled_dot_product_attention`.

    Fields:
        num_heads: Number of attention heads.
        kind: Buckets of distances (`t5`), offsets in a window (`swin`), or fixed slopes (`alibi`).
        num_buckets: With `t5`: number of buckets, by default 32.
        max_distance: With `t5`: distance from which on all are in one bucket, by default 128.
        bidirectional: With `t5`: whether keys after the query have buckets of their own, as in an encoder; otherwise
            they share that of distance 0.
        window_size: With `swin`: positions of a window along each axis; a single number for two axes.

    Input: [*, L, E], queries and keys of one sequence; or queries [*, L, E] and keys [*, S, E]
    Output: [1, num_heads, L, S]
    Parameters: weight [num_buckets, num_heads] with `t5`; relative_position_bias_table [∏(2w − 1), num_heads] with
        `swin`
    Costs: MACs 0; FLOPs 0: rows of a table are copied, slopes are a table, computed once
    Source: Raffel et al. 2020, section 2.1, as T5 of transformers; Liu et al. 2021, section 3.2, as torchvision's
        swin_t; Press et al. 2022, section 3
    """

    foreign_names = (
        "~alibi ~alibibias ~relpos ~relposbias relativepositionalbias relativeattentionbias ~relativeposition "
        "~relativepositionalencoding"
    )
    foreign_notes = ("alibi alibibias | use `relative_position_bias` with `kind: alibi`",)
    foreign_fields = (
        "num_heads: heads nhead numattentionheads",
        "num_buckets: relativeattentionnumbuckets buckets",
        "max_distance: relativeattentionmaxdistance",
        "window_size: window",
        "bidirectional: ~causal",
    )
    takes: ClassVar[tuple[int, int]] = (1, 2)
    reads: ClassVar[str] = "any"
    reads_values: ClassVar[bool] = False
    num_heads: Count
    kind: Annotated[str, OneOf(("t5", "swin", "alibi"))] = "t5"
    num_buckets: OptionalCount = None
    max_distance: OptionalCount = None
    bidirectional: Bool = True
    window_size: OptionalPerAxis = None

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if a field is missing, or not read by the kind."""
        if self.kind == "swin" and self.window_size is None:
            raise self._contradiction("kind", "`window_size` with `kind: swin`")
        read = {"t5": ("num_buckets", "max_distance", "bidirectional"), "swin": ("window_size",)}.get(self.kind, ())
        for name, default in (("num_buckets", None), ("max_distance", None), ("bidirectional", True)):
            if name not in read and getattr(self, name) != default:
                raise self._contradiction(name, "`kind: t5`, which reads it")
        if self.window_size is not None and "window_size" not in read:
            raise self._contradiction("window_size", "`kind: swin`, which reads it")
        if self.kind == "t5":
            each = self._buckets // (1 + self.bidirectional)
            if each < 2:
                raise self._contradiction("num_buckets", f"at least {2 * (1 + self.bidirectional)} buckets")
            if (self.max_distance or DISTANCE) <= each // 2:
                expects = f"more than the {each // 2} distances that have buckets of their own"
                raise self._contradiction("max_distance", expects)

    @staticmethod
    def _contradiction(field: str, expects: str) -> LayerError:
        return LayerError("SC205", expects=expects, field=field)

    @property
    def _buckets(self) -> int:
        return self.num_buckets or BUCKETS

    @property
    def _window(self) -> tuple[int, ...]:
        window = self.window_size
        return window if isinstance(window, tuple) else (window or 1,) * 2

    @property
    def in_keras(self) -> bool:
        """False: it is a layer of KerasHub."""
        return False

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return a number for each head, query and key.

        >>> RelativePositionBias(num_heads=8).output_shape((2, 10, 512), (2, 7, 512))
        (1, 8, 10, 7)
        """
        for x in inputs:
            if len(x) < 2:
                raise LayerError("SC305", expects="[*, length, features]", receives=show(x))
        queries, keys = inputs[0][-2], inputs[-1][-2]
        if self.kind == "swin":
            positions = product(self._window)
            window = " × ".join(map(str, self._window))
            for x in inputs:
                expects = f"the {positions} positions of a window of {window} on axis −2"
                error = LayerError("SC314", expects=expects, receives=show(x))
                constraints.require(x[-2] - positions, Relation.ZERO, error)
        return (1, self.num_heads, queries, keys)

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return unknown roles for the first two axes, and those of the positions of queries and keys."""
        return (Role.UNKNOWN, Role.UNKNOWN, roles[0][-2], roles[-1][-2])

    def parameters(self, *inputs: Shape) -> dict[str, Shape]:
        """Return the table, if it is trained.

        >>> RelativePositionBias(num_heads=3, kind="swin", window_size=7).parameters((64, 49, 96))
        {'relative_position_bias_table': (169, 3)}
        """
        if self.kind == "t5":
            return {"weight": (self._buckets, self.num_heads)}
        if self.kind == "swin":
            offsets = product([2 * size - 1 for size in self._window])
            return {"relative_position_bias_table": (offsets, self.num_heads)}
        return {}

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return a narrow normal distribution."""
        return Initial("normal", deviation=0.02)

    def operations(self, *shapes: Shape) -> Dim:
        """Return 0: rows are copied."""
        return 0

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the row of the table of each pair."""
        return () if self.kind == "alibi" else (Saved("rows", product(shapes[-1][-2:]), dtype="int64"),)

    @property
    def storage(self) -> Storage:
        """With `t5` the heads are first the last axis."""
        return Storage.TURNED if self.kind == "t5" else Storage.NEW
