"""Attention layers: a weighted sum of values for each query, weighted by the softmax of its products with the keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, condition, exact_quotient, floor_div, pretty, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.broadcasting import broadcast
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Count, Number, OptionalCount
from shapecalc.layers.roles import Role, Roles, common, sequence_roles
from shapecalc.layers.saved import Saved, Storage, saved_input, saved_output

RANK = 3
"""Sequence, batch, features."""
FUSED_RANK = 4
"""Batch, heads, sequence, features: the rank that a fused kernel requires."""


class Attending(Layer):
    """Base class of attention layers: scores, their softmax along the keys, and the weighted sum of the values."""

    __slots__ = ()

    def macs(self, *shapes: Shape) -> Dim:
        """Return the sum of its products."""
        total: Dim = 0
        for part in self.macs_parts(*shapes).values():
            total = total + part
        return total

    def backward_macs(self, *shapes: Shape, truncate: int | None = None) -> tuple[Dim, Dim]:
        """Return the projections' once for each of the two, and those of QKᵀ and AV, products of two inputs, twice."""
        parts = self.macs_parts(*shapes)
        projections = parts.get("projections", 0)
        return projections + 2 * (parts["QKᵀ"] + parts["AV"]), projections


@layer("scaled_dot_product_attention")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledDotProductAttention(Attending):
    """Scaled dot-product attention, softmax(scale · Q Kᵀ) V: a weighted sum of the values for each query.

    Heads are axis −3. Leading axes broadcast, as in NumPy. With `enable_gqa` each head of keys and values serves
    several heads of the queries.

    Fields:
        is_causal: Whether a mask hides from query i every key after the i-th.
        scale: Factor that multiplies the products of queries and keys; by default 1/√E.
        enable_gqa: Whether keys and values may have fewer heads than the queries, a divisor of their number.

    Input: query [*, L, E], key [*, S, E], value [*, S, Ev]
    Output: [*, L, Ev]
    Parameters: none
    Costs: MACs = rows·L·S·(E + Ev), the hidden half of a causal product included; FLOPs = 2 × MACs + rows·L·(E for the
        scale + 5S − 2 for the softmax). rows: the product of the leading axes, broadcast; of E those of query and key,
        of the scale those of the query alone
    Source: torch.nn.functional.scaled_dot_product_attention; Vaswani et al. 2017, equation 1
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
        "nothing: usescale scoremode dropout dropoutp softcap qnumheads kvnumheads attnmask",
    )
    takes: ClassVar[tuple[int, int]] = (3, 3)
    letters: ClassVar[tuple[str, ...]] = ("q", "k", "v")
    is_causal: Bool = False
    scale: Annotated[float | None, Number(above=0)] = None
    enable_gqa: Bool = False

    def output_shape(self, q: Shape, k: Shape, v: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the queries' shape with the values' features.

        >>> ScaledDotProductAttention().output_shape((2, 8, 10, 64), (2, 8, 7, 64), (2, 8, 7, 32))
        (2, 8, 10, 32)
        """
        for name, shape in (("query", q), ("key", k), ("value", v)):
            if len(shape) < (RANK if self.enable_gqa else 2):
                wanted = "[*, heads, length, features]" if self.enable_gqa else "[*, length, features]"
                raise LayerError("SC305", expects=f"{wanted} as {name}", receives=show(shape))
        shown = f"{show(q)}, {show(k)} and {show(v)}"
        wide = LayerError("SC314", expects="keys as wide as the queries", receives=shown)
        constraints.require_equal(q[-1:], k[-1:], wide)
        each = LayerError("SC314", expects="a value for each key", receives=shown)
        constraints.require_equal(k[-2:-1], v[-2:-1], each)
        if self.enable_gqa:
            _shared(q[-3], k[-3], "enable_gqa", constraints)
            _shared(q[-3], v[-3], "enable_gqa", constraints)
        try:
            leading = broadcast((q, self._per_head(q, k), self._per_head(q, v)), constraints, matrices=True)
        except LayerError as error:
            if error.code != "SC315":
                raise
            raise LayerError("SC314", expects="leading axes that broadcast", receives=shown) from None
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
        leading = common([each[:-2] for each in roles], len(shapes[-1]) - 2)
        return (*leading, roles[0][-2], Role.FEATURES)

    def macs_parts(self, q: Shape, k: Shape, v: Shape, y: Shape) -> dict[str, Dim]:
        """Return the multiply-accumulates of the scores and of the weighted values."""
        scores, rows = self._rows(q, k, v)
        pairs = q[-2] * k[-2]
        return {"QKᵀ": product(scores) * pairs * q[-1], "AV": product(rows) * pairs * v[-1]}

    def cached(self, q: Shape, k: Shape, v: Shape) -> Dim:
        """Return the number of elements of keys and values.

        >>> ScaledDotProductAttention().cached((2, 8, 10, 64), (2, 8, 7, 64), (2, 8, 7, 32))
        10752
        """
        return product(k) + product(v)

    def useful_macs(self, q: Shape, k: Shape, v: Shape, y: Shape) -> Dim | None:
        """Return those of the pairs that a causal mask lets through."""
        twice = _twice_the_pairs_seen(q[-2], k[-2]) if self.is_causal else None
        if twice is None:
            return None
        scores, rows = self._rows(q, k, v)
        if scores != rows:
            return floor_div(twice * (product(scores) * q[-1] + product(rows) * v[-1]), 2)
        half = exact_quotient(q[-1] + v[-1], 2)
        return product(rows) * (twice * half if half is not None else floor_div(twice * (q[-1] + v[-1]), 2))

    def operations(self, q: Shape, k: Shape, v: Shape, y: Shape) -> Dim:
        """Return one multiplication per query element for the scale, and the softmax of each query's scores."""
        scores, _ = self._rows(q, k, v)
        return product(q) + _softmax(product(scores) * q[-2], k[-2])

    def saved(self, q: Shape, k: Shape, v: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return what the fused kernel saves: inputs, output and each row's log Σ eˣ, but not the weights.

        The fused kernel requires [N, heads, length, features], values with as many features as keys, and leading axes
        that are equal but for the heads of `enable_gqa`. Other inputs are computed product by product, which saves the
        scaled queries and keys, the weights and the values: what broadcasts is copied, unless a view repeats it whole.
        """
        keys, values = self._per_head(q, k)[:-2], self._per_head(q, v)[:-2]
        if len(q) == FUSED_RANK and q[-1] == v[-1] and q[:-2] == keys and k[:-1] == v[:-1]:
            rows = Saved("log-sum-exp", product(q[:-1]), dtype="float32")
            return (*(saved_input((q, k, v), index) for index in range(3)), rows, saved_output(y))
        scores, leading = self._rows(q, k, v)
        records = [
            Saved("scaled queries", _stored(q[:-2], scores) * product(q[-2:])),
            Saved("scaled keys", _stored(keys, scores) * product(k[-2:])),
            Saved("weights", product(scores) * q[-2] * k[-2]),
        ]
        if _is_copied(scores, leading):
            records.append(Saved("weights of each value", product(leading) * q[-2] * k[-2]))
        repeated = self.enable_gqa and not q[-3] == k[-3] == v[-3]
        if repeated or _is_copied(values, leading) or _is_turned(scores, values):
            records.append(Saved("values", _stored(values, leading) * product(v[-2:])))
        else:
            records.append(saved_input((q, k, v), 2, "values"))
        return tuple(records)


@layer("multihead_attention", main="num_heads")
@dataclass(frozen=True, slots=True, kw_only=True)
class MultiheadAttention(Attending):
    """Multi-head attention with projections, of one sequence to itself or of a query to keys and values.

    A single input is query, key and value; of two the second is key and value. With fewer `num_kv_heads` than
    `num_heads`, each head of keys and values serves several heads of the query (grouped queries, which PyTorch's class
    does not have; tensors are named as there).

    Fields:
        num_heads: Number of attention heads; it must divide the features of the query.
        embed_dim: Number of query features E. By default it follows from the input; a given value is checked against
            it.
        num_kv_heads: Number of heads of keys and values, a divisor of `num_heads`; by default equal to it.
        kdim: Number of key features. By default it follows from the input; a given value is checked against it.
        vdim: Number of value features. By default it follows from the input; a given value is checked against it.
        bias: Whether the projections of input and output have trainable biases.
        add_bias_kv: Whether one trainable key and value are appended to the sequence of keys and values.
        add_zero_attn: Whether a key and a value of zeros are appended to the sequence of keys and values.
        is_causal: Whether a mask hides from query i every key after the i-th.
        need_weights: Whether the attention weights, averaged over heads, are a second output, `weights`.
        batch_first: Whether inputs and output are [N, length, features] instead of [length, N, features].
        dropout: Probability that an attention weight is set to zero in training.

    Input: query [L, N, E], key [S, N, kdim], value [S, N, vdim]; with `batch_first` [N, L, E] and so on
    Output: output [L, N, E] (order as the query); weights [N, L, S′] with `need_weights`, S′: keys,
        appended ones included
    Parameters: in_proj_weight [3E, E], in_proj_bias [3E]; q_proj_weight [E, E], k_proj_weight [G, kdim], v_proj_weight
        [G, vdim] instead of the first if kdim, vdim or G differs from E, G = num_kv_heads · E/num_heads; bias_k,
        bias_v [1, 1, G] with `add_bias_kv`; out_proj.weight [E, E], out_proj.bias [E]
    Costs: MACs = N·(L·E·E + S·kdim·G + S·vdim·G + L·E·E) for the projections + 2·N·L·S′·E for QKᵀ and AV, the hidden
        half of a causal product included; FLOPs = 2 × MACs + N·(2·L·E + 2·S·G) for the biases + N·L·E for the scale +
        N·num_heads·L·(5S′ − 2) for the softmax, + N·num_heads·L·S′ with `need_weights`
    Source: torch.nn.MultiheadAttention; Vaswani et al. 2017, section 3.2; Ainslie et al. 2023 (grouped queries)
    """

    foreign_names = (
        "multiheadattention mha ~selfattention ~multiheadselfattention ~multiheadattentionforward "
        "~multiheaddotproductattention ~groupqueryattention ~groupedqueryattention ~gqa ~multiqueryattention ~mqa "
        "~crossattention ~causalselfattention"
    )
    foreign_notes = (
        "groupqueryattention groupedqueryattention gqa | use `multihead_attention` with `num_kv_heads`",
        "multiqueryattention mqa | use `multihead_attention` with `num_kv_heads: 1`",
        "crossattention | use `multihead_attention` with `from:`, the query and then the keys",
        "causalselfattention | use `multihead_attention` with `is_causal: true`",
    )
    foreign_fields = (
        (
            "nothing: keydim keysize headdim headsize sizeperhead | that is the size of one head; here it is always "
            "the features of the query divided by `num_heads`"
        ),
        "nothing: valuedim valuesize | that is the size of one head; `vdim` is the number of features of the values",
        "embed_dim: dmodel embeddim ~hiddensize ~width ~dim ~qkvfeatures",
        "num_heads: heads nhead nheads numattentionheads numqueryheads qnumheads ~h",
        "num_kv_heads: kvheads nkvheads numkeyvalueheads kvnumheads numquerygroups ~groups",
        "nothing: outputshape outfeatures attentionaxes slidingwindow flashattention usegate softcap scale",
        "bias: usebias qkvbias",
        "is_causal: causal usecausalmask masked",
        "need_weights: returnattentionscores returnweights",
        "dropout: attndropout attentiondropout",
    )
    takes: ClassVar[tuple[int, int]] = (1, 3)
    reads_features = True
    num_heads: Count
    embed_dim: OptionalCount = None
    num_kv_heads: OptionalCount = None
    kdim: OptionalCount = None
    vdim: OptionalCount = None
    bias: Bool = True
    add_bias_kv: Bool = False
    add_zero_attn: Bool = False
    is_causal: Bool = False
    need_weights: Bool = False
    batch_first: Bool = False
    dropout: Annotated[float, Number(minimum=0, maximum=1)] = 0.0

    @property
    def batch_is_first(self) -> bool:
        """Whether sequences are [N, T, features]."""
        return self.batch_first

    @property
    def unsupported_in_training(self) -> tuple[str, str] | None:
        """Dropout of attention weights."""
        return ("drops attention weights", "dropout: 0") if self.dropout else None

    @property
    def in_keras(self) -> bool:
        """Whether no trainable key and value are appended."""
        return not self.add_bias_kv

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if `num_kv_heads` does not divide `num_heads`."""
        if self.num_kv_heads is not None and self.num_heads % self.num_kv_heads:
            near = next(n for n in range(min(self.num_kv_heads, self.num_heads), 0, -1) if self.num_heads % n == 0)
            raise LayerError(
                "SC205",
                expects=f"a divisor of `num_heads` ({self.num_heads})",
                receives=self.num_kv_heads,
                preposition="as",
                field="num_kv_heads",
                help=f"write `num_kv_heads: {near}`",
                replacement=str(near),
            )

    @property
    def output_names(self) -> tuple[str, ...]:
        """The output, and the weights with `need_weights`."""
        return ("output", "weights") if self.need_weights else ("output",)

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the query's shape.

        >>> MultiheadAttention(num_heads=8).output_shape((10, 32, 512))
        (10, 32, 512)
        """
        query, key, value = _query_key_value(inputs)
        order = "[N, length, features]" if self.batch_first else "[length, N, features]"
        for name, shape in (("query", query), ("key", key), ("value", value)):
            if len(shape) != RANK:
                expects = f"{order} as {name}"
                raise LayerError("SC305", expects=expects, receives=show(shape), label=f"receives rank {len(shape)}")
        constraints.require_stated(self.embed_dim, query[2], "embed_dim", "query features", x=query)
        constraints.require_stated(self.kdim, key[2], "kdim", "key features", x=key)
        constraints.require_stated(self.vdim, value[2], "vdim", "value features", x=value)
        batch = 0 if self.batch_first else 1
        one = LayerError("SC314", expects="one batch", receives=f"{show(query)} and {show(key)}")
        constraints.require_equal(query[batch : batch + 1], key[batch : batch + 1], one)
        each = LayerError("SC314", expects="a value for each key", receives=f"{show(key)} and {show(value)}")
        constraints.require_equal(key[:2], value[:2], each)
        constraints.require_divides("num_heads", self.num_heads, query[2], "features", offered=1)
        return query

    def outputs(self, *inputs: Shape, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the output, and the weights with `need_weights`."""
        output = self.output_shape(*inputs, constraints=constraints)
        if not self.need_weights:
            return {"output": output}
        batch, queries, keys = self._counts(inputs)
        return {"output": output, "weights": (batch, queries, keys + self._added)}

    def output_roles(
        self, roles: tuple[Roles, ...], inputs: tuple[Shape, ...], outputs: Mapping[str, Shape]
    ) -> dict[str, Roles]:
        """Return the roles of a sequence for the output, [batch, time, time] for the weights."""
        weights = (Role.BATCH, Role.TIME, Role.TIME)
        sequence = sequence_roles(roles[0], batch_first=self.batch_first)
        return {name: weights if number else sequence for number, name in enumerate(outputs)}

    def parameters(self, *inputs: Shape) -> dict[str, Shape]:
        """Return the projections in PyTorch's order.

        >>> list(MultiheadAttention(num_heads=2, bias=False).parameters((7, 3, 4)).items())
        [('in_proj_weight', (12, 4)), ('out_proj.weight', (4, 4))]
        """
        query, key, value = (shape[2] for shape in _query_key_value(inputs))
        group = self._group(query)
        tensors: dict[str, Shape]
        if query == key == value == group:
            tensors = {"in_proj_weight": (3 * query, query)}
        else:
            tensors = {"q_proj_weight": (query, query), "k_proj_weight": (group, key), "v_proj_weight": (group, value)}
        if self.bias:
            tensors["in_proj_bias"] = (query + 2 * group,)
        if self.add_bias_kv:
            tensors |= {"bias_k": (1, 1, group), "bias_v": (1, 1, group)}
        tensors["out_proj.weight"] = (query, query)
        if self.bias:
            tensors["out_proj.bias"] = (query,)
        return tensors

    def macs_parts(self, *shapes: Shape) -> dict[str, Dim]:
        """Return the multiply-accumulates of the projections, the scores and the weighted values."""
        *inputs, _ = shapes
        query, key, value = _query_key_value(inputs)
        batch, queries, keys = self._counts(inputs)
        features, group = query[2], self._group(query[2])
        scores = batch * queries * (keys + self._added) * features
        return {
            "projections": batch * (2 * queries * features * features + keys * group * (key[2] + value[2])),
            "QKᵀ": scores,
            "AV": scores,
        }

    def cached(self, *inputs: Shape) -> Dim:
        """Return the number of elements of the projected keys and values.

        >>> MultiheadAttention(num_heads=8, num_kv_heads=2).cached((10, 32, 512))
        81920
        """
        batch, _, keys = self._counts(inputs)
        return 2 * batch * keys * self._group(inputs[0][2])

    def useful_macs(self, *shapes: Shape) -> Dim | None:
        """Return those of the pairs that a causal mask lets through, which hides no appended key."""
        *inputs, _ = shapes
        batch, queries, keys = self._counts(inputs)
        twice = _twice_the_pairs_seen(queries, keys) if self.is_causal else None
        return None if twice is None else batch * (twice + 2 * queries * self._added) * inputs[0][2]

    def operations(self, *shapes: Shape) -> Dim:
        """Return biases, the scale of the query, the softmax, and the mean over heads."""
        *inputs, y = shapes
        batch, queries, keys = self._counts(inputs)
        features, seen = y[2], keys + self._added
        total = batch * queries * features + _softmax(batch * self.num_heads * queries, seen)
        if self.bias:
            total = total + 2 * batch * (queries * features + keys * self._group(features))
        if self.need_weights:
            total = total + batch * self.num_heads * queries * seen
        return total

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the inputs, queries, keys and values, and what `ScaledDotProductAttention` saves.

        With one input, queries, keys and values are one tensor; with two inputs, keys and values are. The weights are
        saved only with `need_weights` or dropout, for which PyTorch does not use the fused kernel.
        """
        *inputs, _ = shapes
        query = inputs[0]
        batch, queries, keys = self._counts(inputs)
        group = self._group(query[2])
        seen = keys + self._added
        records = [saved_input(tuple(inputs), index, in_order=True) for index in range(len(inputs))]
        if self.batch_first:
            records = [Saved(f"input {index}, turned", product(x)) for index, x in enumerate(inputs)]
        fused = not self.need_weights and not self.dropout
        packed = "in_proj_weight" in self.parameters(*inputs)
        own = batch * seen * group
        if self._added:
            together = 3 if packed and len(inputs) == 1 else 1
            records += [Saved("queries", together * product(query))] if fused else []
            records += [Saved("keys", own), Saved("values", own)]
        elif packed and len(inputs) == 1:
            records.append(Saved("queries, keys, values", 3 * product(query)))
        else:
            records += [Saved("queries", product(query))] if fused else []
            # Scaled keys are saved scaled; unscaled ones only if they and the values are one tensor.
            both = fused or self.need_weights or (packed and len(inputs) == 2)
            records.append(Saved("keys and values", 2 * own) if both else Saved("values", own))
        rows = batch * self.num_heads * queries
        if fused:
            return (*records, Saved("log-sum-exp", rows, dtype="float32"), Saved("heads", product(query)))
        records += [Saved("scaled queries", product(query)), Saved("weights", rows * seen)]
        if not self.need_weights:
            records.append(Saved("scaled keys", own))
        if self.dropout:
            records += [Saved("mask", rows * seen, random=True), Saved("dropped weights", rows * seen)]
        return (*records, Saved("heads", product(query)))

    @property
    def storage(self) -> Storage:
        """With `batch_first` the output is transposed."""
        return Storage.TURNED if self.batch_first else Storage.NEW

    def spared_macs(self, *shapes: Shape) -> Dim:
        """Return the multiply-accumulates of the gradients of the projections with respect to the inputs."""
        *inputs, _ = shapes
        query, key, value = _query_key_value(inputs)
        batch, queries, keys = self._counts(inputs)
        features, group = query[2], self._group(query[2])
        return batch * (queries * features * features + keys * group * (key[2] + value[2]))

    @property
    def _added(self) -> int:
        """The number of appended keys: the trainable one and the one of zeros."""
        return self.add_bias_kv + self.add_zero_attn

    def _counts(self, inputs: tuple[Shape, ...] | list[Shape]) -> tuple[Dim, Dim, Dim]:
        """Return samples, queries and keys."""
        query, key, _ = _query_key_value(inputs)
        batch, length = (0, 1) if self.batch_first else (1, 0)
        return query[batch], query[length], key[length]

    def _group(self, features: Dim) -> Dim:
        """Return the features of all heads of keys together."""
        return features if self.num_kv_heads is None else self.num_kv_heads * (features // self.num_heads)


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


def _query_key_value(inputs: tuple[Shape, ...] | list[Shape]) -> tuple[Shape, Shape, Shape]:
    query = inputs[0]
    key = inputs[1] if len(inputs) > 1 else query
    return query, key, inputs[2] if len(inputs) > 2 else key


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


def _twice_the_pairs_seen(queries: Dim, keys: Dim) -> Dim | None:
    """Return twice the pairs of query and key that a causal mask lets through: query i and the first i keys.

    L(L + 1) if there are at least as many keys; None if that depends on symbols.
    """
    fits = condition(keys - queries, Relation.NONNEGATIVE)
    if fits is True:
        return queries * (queries + 1)
    # Query i reads i keys up to the S-th query, later ones all S.
    return keys * (keys + 1) + 2 * (queries - keys) * keys if fits is False else None


def _softmax(rows: Dim, length: Dim) -> Dim:
    """Return the operations of a softmax over rows of `length` elements: max, subtract, exp, sum, divide."""
    return rows * (5 * length - 2)
