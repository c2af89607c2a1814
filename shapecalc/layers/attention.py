"""Attention from queries, keys and values: the values weighted by the softmax of the products with the keys."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, exact_quotient, floor_div, pretty, product, show
from shapecalc.layers.attending import MASKS, Attending, require_mask
from shapecalc.layers.base import layer
from shapecalc.layers.broadcasting import broadcast
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Number, OptionalCount
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Role, Roles, common
from shapecalc.layers.saved import Saved, saved_input, saved_output

HEADS_RANK = 3
"""Heads, sequence, features."""
FUSED_RANK = 4
"""Batch, heads, sequence, features: the rank that a fused kernel requires."""


@layer("scaled_dot_product_attention")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledDotProductAttention(Attending):
    """Scaled dot-product attention, softmax(scale · Q Kᵀ + mask) V: a weighted sum of the values for each query.

    Heads are axis −3. Leading axes broadcast, as in NumPy. With `enable_gqa` each head of keys and values serves
    several heads of the queries. A fourth input is a mask or bias that broadcasts to the scores: numbers are added to
    them, a `bool` hides the keys for which it is false. A query from which all keys are hidden gets zeros. With
    `is_causal` and a mask both apply.

    Fields:
        is_causal: Whether a mask hides from query i every key after the i-th.
        scale: Factor that multiplies the products of queries and keys; by default 1/√E.
        enable_gqa: Whether keys and values may have fewer heads than the queries, a divisor of their number.
        window: Number of keys that a query attends to, itself and those before it, with `is_causal`: query i attends
            to the keys from i − window + 1 to i.
        softcap: Bound of the scores: each score s becomes softcap · tanh(s/softcap), before the mask.
        sinks: Whether each head has a trainable score to which no value belongs: the softmax includes it, and the
            weights of the keys sum to less than 1.

    Input: query [*, L, E], key [*, S, E], value [*, S, Ev]; mask [*, L, S], float32 or bool
    Output: [*, L, Ev]
    Parameters: sinks [heads] with `sinks`
    Costs: MACs = rows·L·S·(E + Ev), hidden pairs included; FLOPs = 2 × MACs + rows·L·(E for the scale + 5S − 2 for the
        softmax, + S for the addition of a mask, + 3S for `softcap`, + 5 for `sinks`). rows: the product of the leading
        axes, broadcast; of E those of query and key, of the scale those of the query alone
    Source: torch.nn.functional.scaled_dot_product_attention; Vaswani et al. 2017, equation 1; Jiang et al. 2023,
        section 2 (window); Gemma Team 2024 (softcap); gpt-oss (sinks), as in transformers
    """

    foreign_names = "~attention sdpa ~dotproductattention scaleddotproduct"
    foreign_notes = (
        (
            "attention | use `scaled_dot_product_attention`, from query, key and value; Keras's Attention reads "
            "query, value and key, unscaled, and ONNX's divides the features into heads"
        ),
    )
    foreign_fields = (
        "is_causal: causal usecausalmask masked",
        "enable_gqa: gqa grouped",
        "window: slidingwindow windowsize ~leftwindowsize",
        "softcap: attnlogitsoftcapping logitsoftcap logitscap",
        "sinks: attentionsinks",
        "nothing: attnmask attentionmask attnbias | give a mask or bias as the fourth input: `from: [q, k, v, mask]`",
        "nothing: usescale scoremode dropout dropoutp qnumheads kvnumheads rightwindowsize",
    )
    takes: ClassVar[tuple[int, int]] = (3, 4)
    letters: ClassVar[tuple[str, ...]] = ("q", "k", "v")
    reads: ClassVar[tuple[str, ...]] = ("float32", "float32", "float32", MASKS)
    is_causal: Bool = False
    scale: Annotated[float | None, Number(above=0)] = None
    enable_gqa: Bool = False
    window: OptionalCount = None
    softcap: Annotated[float | None, Number(above=0)] = None
    sinks: Bool = False

    @property
    def in_keras(self) -> bool:
        """Whether no trainable score is appended."""
        return not self.sinks

    def output_shape(self, q: Shape, k: Shape, v: Shape, *mask: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the queries' shape with the values' features.

        >>> ScaledDotProductAttention().output_shape((2, 8, 10, 64), (2, 8, 7, 64), (2, 8, 7, 32))
        (2, 8, 10, 32)
        """
        for name, shape in (("query", q), ("key", k), ("value", v)):
            in_heads = self.enable_gqa or (self.sinks and name == "query")
            if len(shape) < (HEADS_RANK if in_heads else 2):
                wanted = "[*, heads, length, features]" if in_heads else "[*, length, features]"
                raise LayerError("SC305", expects=f"{wanted} as {name}", receives=show(shape))
        shown = f"{show(q)}, {show(k)} and {show(v)}"
        wide = LayerError("SC314", expects="keys as wide as the queries", receives=shown)
        constraints.require_equal(q[-1:], k[-1:], wide)
        valued = LayerError("SC314", expects="a value for each key", receives=shown)
        constraints.require_equal(k[-2:-1], v[-2:-1], valued)
        if self.enable_gqa:
            _shared(q[-3], k[-3], "enable_gqa", constraints)
            _shared(q[-3], v[-3], "enable_gqa", constraints)
        try:
            leading = broadcast((q, self._per_head(q, k), self._per_head(q, v)), constraints, matrices=True)
        except LayerError as error:
            if error.code != "SC315":
                raise
            raise LayerError("SC314", expects="leading axes that broadcast", receives=shown) from None
        for each in mask:
            require_mask(each, (*self._rows(q, k, v)[0], q[-2], k[-2]), constraints)
        return (*leading, q[-2], v[-1])

    def _per_head(self, q: Shape, x: Shape) -> Shape:
        """Return the shape of keys or values with as many heads as the queries, if they may have fewer."""
        return (*x[:-3], q[-3], *x[-2:]) if self.enable_gqa else x

    def _rows(self, q: Shape, k: Shape, v: Shape) -> tuple[Shape, Shape]:
        """Return the leading axes of the scores, and those of the output."""
        scores = _stretched(q[:-2], self._per_head(q, k)[:-2])
        return scores, _stretched(scores, self._per_head(q, v)[:-2])

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the leading axes, of the queries' positions, and features last."""
        leading = common([each[:-2] for each in roles[:3]], len(shapes[-1]) - 2)
        return (*leading, roles[0][-2], Role.FEATURES)

    def parameters(self, q: Shape, k: Shape, v: Shape, *mask: Shape) -> dict[str, Shape]:
        """Return the score of each head's sink."""
        return {"sinks": (self._rows(q, k, v)[0][-1],)} if self.sinks else {}

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return a narrow normal distribution."""
        return Initial("normal", deviation=0.02)

    def macs_parts(self, q: Shape, k: Shape, v: Shape, *more: Shape) -> dict[str, Dim]:
        """Return the multiply-accumulates of the scores and of the weighted values."""
        scores, rows = self._rows(q, k, v)
        pairs = q[-2] * k[-2]
        return {"QKᵀ": product(scores) * pairs * q[-1], "AV": product(rows) * pairs * v[-1]}

    def cached(self, q: Shape, k: Shape, v: Shape, *mask: Shape) -> Dim:
        """Return the number of elements of keys and values.

        >>> ScaledDotProductAttention().cached((2, 8, 10, 64), (2, 8, 7, 64), (2, 8, 7, 32))
        10752
        """
        return product(k) + product(v)

    def useful_macs(self, q: Shape, k: Shape, v: Shape, *more: Shape) -> Dim | None:
        """Return those of the pairs that `is_causal` and `window` let through; what a mask input hides is not known."""
        twice = self._twice_the_pairs_seen(q[-2], k[-2])
        if twice is None:
            return None
        scores, rows = self._rows(q, k, v)
        if scores != rows:
            return floor_div(twice * (product(scores) * q[-1] + product(rows) * v[-1]), 2)
        half = exact_quotient(q[-1] + v[-1], 2)
        return product(rows) * (twice * half if half is not None else floor_div(twice * (q[-1] + v[-1]), 2))

    def operations(self, q: Shape, k: Shape, v: Shape, *more: Shape) -> Dim:
        """Return one multiplication per query element for the scale, and the operations on each query's scores."""
        scores, _ = self._rows(q, k, v)
        masked = k[-2] if len(more) > 1 else 0
        return product(q) + self._score_operations(product(scores) * q[-2], k[-2], masked=masked)

    def saved(self, q: Shape, k: Shape, v: Shape, *more: Shape) -> tuple[Saved, ...]:
        """Return what the fused kernel saves: inputs, output and each row's log Σ eˣ, but not the weights.

        The fused kernel requires [N, heads, length, features], values with as many features as keys, leading axes that
        are equal but for the heads of `enable_gqa`, and a mask of two or four axes without a gradient. Other inputs,
        `softcap` and `sinks` are computed product by product, which saves the scaled queries and keys, the weights and
        the values: what broadcasts is copied, unless a view repeats it whole.
        """
        *mask, y = more
        keys = self._per_head(q, k)[:-2]
        fused = len(q) == FUSED_RANK and q[-1] == v[-1] and q[:-2] == keys and k[:-1] == v[:-1]
        fused = fused and self.softcap is None and not self.sinks
        if not fused or any(len(each) not in (2, FUSED_RANK) for each in mask):
            return self._saved_by_product(q, k, v, scaled=self.softcap is None and not self.sinks)
        rows = Saved("log-sum-exp", product(q[:-1]), dtype="float32")
        records = [*(saved_input((q, k, v), index) for index in range(3)), rows, saved_output(y)]
        if self.window is not None:
            # The window is a mask, which a mask input is added to.
            records.append(Saved("mask", product([size for each in mask for size in each[:-2]]) * q[-2] * k[-2]))
        elif mask:
            records.append(Saved("mask", product(mask[0]), 3, "float32"))
        if not mask:
            return tuple(records)
        by_product = [record._replace(serves=(3,)) for record in self._saved_by_product(q, k, v, scaled=True)]
        return (*(record._replace(unless=(3,)) for record in records), *by_product)

    def _saved_by_product(self, q: Shape, k: Shape, v: Shape, *, scaled: bool) -> tuple[Saved, ...]:
        """Return what products save; if the scores are scaled after the first, queries and keys as they are."""
        keys, values = self._per_head(q, k)[:-2], self._per_head(q, v)[:-2]
        scores, leading = self._rows(q, k, v)
        pairs = q[-2] * k[-2]
        records = [Saved("weights", product(scores) * q[-2] * (k[-2] + self.sinks))]
        repeated = self.enable_gqa and not q[-3] == k[-3] == v[-3]
        sides = ((q, q[:-2], False, "queries"), (k, keys, repeated, "keys"))
        for place, (x, leading_axes, is_repeated, name) in enumerate(sides):
            if scaled or is_repeated or _is_copied(leading_axes, scores):
                records.append(Saved(f"{'scaled ' * scaled}{name}", _stored(leading_axes, scores) * product(x[-2:])))
            else:
                records.append(saved_input((q, k), place, name))
        if self.softcap is not None:
            records.append(Saved("hyperbolic tangents", product(scores) * pairs))
        if _is_copied(scores, leading):
            records.append(Saved("weights of each value", product(leading) * pairs))
        if repeated or _is_copied(values, leading) or _is_turned(scores, values):
            records.append(Saved("values", _stored(values, leading) * product(v[-2:])))
        else:
            records.append(saved_input((q, k, v), 2, "values"))
        return tuple(records)


def _stretched(*leading: Shape) -> Shape:
    """Return the sizes that leading axes broadcast to, which are known to fit.

    >>> _stretched((5, 1), (3,))
    (5, 3)
    """
    rank = max(map(len, leading))
    columns = zip(*((1,) * (rank - len(axes)) + axes for axes in leading), strict=True)
    return tuple(next((size for size in sizes if size != 1), 1) for sizes in columns)


def _is_copied(leading: Shape, to: Shape) -> bool:
    """Return whether PyTorch copies matrices to repeat them along broadcast axes: one matrix alone needs no copy."""
    return any(size != 1 for size in leading) and (1,) * (len(to) - len(leading)) + leading != to


def _is_turned(scores: Shape, values: Shape) -> bool:
    """Return whether PyTorch multiplies one matrix of weights by all values in one product, which copies them."""
    return any(size != 1 for size in values) and (not scores or (scores == (1,) and len(values) == 1))


def _stored(leading: Shape, to: Shape) -> Dim:
    """Return the number of matrices that are stored when leading axes are broadcast for a product."""
    return product(to if _is_copied(leading, to) else leading)


def _shared(queries: Dim, keys: Dim, field: str, constraints: Constraints) -> None:
    """Require that the heads of the keys divide those of the queries."""
    if isinstance(queries, int) and isinstance(keys, int):
        if queries % keys:
            expects = f"heads of keys that divide the {queries} of the query"
            raise LayerError("SC304", expects=expects, receives=keys, field=field)
    else:
        receives = f"{pretty(keys)} and {pretty(queries)}"
        error = LayerError("SC304", expects="as many heads of keys as of the query", receives=receives, field=field)
        constraints.require(queries - keys, Relation.ZERO, error)
