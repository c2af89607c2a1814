"""Multi-head attention: projections of a query, keys and values to heads, attention in each, and a projection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.attending import MASKS, Attending, require_mask
from shapecalc.layers.base import layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Count, Number, OptionalCount
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Role, Roles, sequence_roles
from shapecalc.layers.saved import Saved, Storage, saved_input

FAMILY = "attention"

RANK = 3
"""Sequence, batch, features."""


@layer("multihead_attention", main="num_heads")
@dataclass(frozen=True, slots=True, kw_only=True)
class MultiheadAttention(Attending):
    """Multi-head attention with projections, of one sequence to itself or of a query to keys and values.

    A single input is query, key and value; of two the second is key and value. With `attn_mask` one more input is a
    mask or bias that broadcasts to the scores [N, num_heads, L, S]: numbers are added to them, a `bool` hides the keys
    for which it is false (in PyTorch's class those for which it is true). With fewer `num_kv_heads` than `num_heads`,
    each head of keys and values serves several heads of the query (grouped queries, which PyTorch's class does not
    have; tensors are named as there).

    Fields:
        num_heads: Number of attention heads; it must divide the features of the query, unless `head_dim` is given.
        embed_dim: Number of query features E. By default it follows from the input; a given value is checked against
            it.
        num_kv_heads: Number of heads of keys and values, a divisor of `num_heads`; by default equal to it.
        head_dim: Number of features of one head D; by default E/num_heads.
        kdim: Number of key features. By default it follows from the input; a given value is checked against it.
        vdim: Number of value features. By default it follows from the input; a given value is checked against it.
        bias: Whether the projections of input and output have trainable biases.
        add_bias_kv: Whether one trainable key and value are appended to the sequence of keys and values.
        add_zero_attn: Whether a key and a value of zeros are appended to the sequence of keys and values.
        is_causal: Whether a mask hides from query i every key after the i-th.
        attn_mask: Whether the last input is a mask or bias, which broadcasts to [N, num_heads, L, S].
        window: Number of keys that a query attends to, itself and those before it, with `is_causal`.
        softcap: Bound of the scores: each score s becomes softcap · tanh(s/softcap), before the mask.
        sinks: Whether each head has a trainable score to which no value belongs: the softmax includes it.
        need_weights: Whether the attention weights, averaged over heads, are a second output, `weights`.
        batch_first: Whether inputs and output are [N, length, features] instead of [length, N, features].
        dropout: Probability that an attention weight is set to zero in training.

    Input: query [L, N, E], key [S, N, kdim], value [S, N, vdim]; with `batch_first` [N, L, E] and so on
    Output: output [L, N, E] (order as the query); weights [N, L, S′] with `need_weights`, S′: keys,
        appended ones included
    Parameters: in_proj_weight [3E, E], in_proj_bias [3E]; q_proj_weight [H, E], k_proj_weight [G, kdim], v_proj_weight
        [G, vdim] instead of the first if kdim, vdim, H or G differs from E, H = num_heads · D, G = num_kv_heads · D;
        bias_k, bias_v [1, 1, G] with `add_bias_kv`; sinks [num_heads] with `sinks`; out_proj.weight [E, H],
        out_proj.bias [E]
    Costs: MACs = N·(2·L·E·H + S·(kdim + vdim)·G) for the projections + 2·N·L·S′·H for QKᵀ and AV, hidden pairs
        included; FLOPs = 2 × MACs + N·(L·(E + H) + 2·S·G) for the biases + N·L·H for the scale +
        N·num_heads·L·(5S′ − 2 for the softmax, + S for the addition of a mask, + 3S′ for `softcap`, + 5 for `sinks`,
        + S′ with `need_weights`)
    Source: torch.nn.MultiheadAttention; Vaswani et al. 2017, section 3.2; Ainslie et al. 2023 (grouped queries);
        Gemma Team 2024 (softcap); gpt-oss (sinks)
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
        "head_dim: keydim keysize headdim headsize sizeperhead qkvsize",
        "nothing: valuedim valuesize | that is the size of one head; `vdim` is the number of features of the values",
        "embed_dim: dmodel embeddim ~hiddensize ~width ~dim ~qkvfeatures",
        "num_heads: heads nhead nheads numattentionheads numqueryheads qnumheads ~h",
        "num_kv_heads: kvheads nkvheads numkeyvalueheads kvnumheads numquerygroups ~groups",
        "nothing: outputshape outfeatures attentionaxes flashattention usegate scale",
        "window: slidingwindow windowsize",
        "softcap: attnlogitsoftcapping logitsoftcap logitscap",
        "sinks: attentionsinks",
        "attn_mask: attentionmask mask keypaddingmask",
        "bias: usebias qkvbias",
        "is_causal: causal usecausalmask masked",
        "need_weights: returnattentionscores returnweights",
        "dropout: attndropout attentiondropout",
    )
    takes: ClassVar[tuple[int, int]] = (1, 4)
    reads_features = True
    num_heads: Count
    embed_dim: OptionalCount = None
    num_kv_heads: OptionalCount = None
    head_dim: OptionalCount = None
    kdim: OptionalCount = None
    vdim: OptionalCount = None
    bias: Bool = True
    add_bias_kv: Bool = False
    add_zero_attn: Bool = False
    is_causal: Bool = False
    attn_mask: Bool = False
    window: OptionalCount = None
    softcap: Annotated[float | None, Number(above=0)] = None
    sinks: Bool = False
    need_weights: Bool = False
    batch_first: Bool = False
    dropout: Annotated[float, Number(minimum=0, maximum=1)] = 0.0

    def dtypes_read(self, index: int, count: int) -> str:
        """Return the dtype of an input; with `attn_mask` the last may have flags."""
        return MASKS if self.attn_mask and index == count - 1 else "float32"

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
        """Whether no trainable key, value or score is appended."""
        return not self.add_bias_kv and not self.sinks

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if `num_kv_heads` does not divide `num_heads`, or a window has no end."""
        self.check_window()
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
        self._require_inputs(inputs)
        query, key, value = self._query_key_value(inputs)
        order = "[N, length, features]" if self.batch_first else "[length, N, features]"
        for name, shape in (("query", query), ("key", key), ("value", value)):
            if len(shape) != RANK:
                help_text = (
                    "add `attn_mask: true` if the last input is a mask" if shape is inputs[-1] is not query else None
                )
                raise LayerError(
                    "SC305",
                    expects=f"{order} as {name}",
                    receives=show(shape),
                    label=f"receives rank {len(shape)}",
                    help=None if self.attn_mask else help_text,
                )
        constraints.require_stated(self.embed_dim, query[2], "embed_dim", "query features", x=query)
        constraints.require_stated(self.kdim, key[2], "kdim", "key features", x=key)
        constraints.require_stated(self.vdim, value[2], "vdim", "value features", x=value)
        batch = 0 if self.batch_first else 1
        one = LayerError("SC314", expects="one batch", receives=f"{show(query)} and {show(key)}")
        constraints.require_equal(query[batch : batch + 1], key[batch : batch + 1], one)
        each = LayerError("SC314", expects="a value for each key", receives=f"{show(key)} and {show(value)}")
        constraints.require_equal(key[:2], value[:2], each)
        if self.head_dim is None:
            constraints.require_divides("num_heads", self.num_heads, query[2], "features", offered=1)
        if self.attn_mask:
            samples, queries, keys = self._counts(inputs)
            require_mask(inputs[-1], (samples, self.num_heads, queries, keys), constraints)
        return query

    def _require_inputs(self, inputs: tuple[Shape, ...]) -> None:
        """Raise `LayerError` SC314 if there are too few inputs for a mask, or one too many without."""
        if self.attn_mask and len(inputs) == 1:
            receives = f"one input, {show(inputs[0])}"
            help_text = "read both: `from: [x, mask]`"
            raise LayerError("SC314", expects="a mask after the query", receives=receives, help=help_text)
        if len(inputs) > 3 and not self.attn_mask:
            receives = " and ".join(map(show, inputs))
            help_text = "add `attn_mask: true` if the last is a mask"
            raise LayerError("SC314", expects="query, key and value", receives=receives, help=help_text)

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
        >>> MultiheadAttention(num_heads=16, head_dim=128, bias=False).parameters((7, 3, 1024))["q_proj_weight"]
        (2048, 1024)
        """
        query, key, value = (shape[2] for shape in self._query_key_value(inputs))
        inside, group = self._inside(query)
        tensors: dict[str, Shape]
        if query == key == value == group == inside:
            tensors = {"in_proj_weight": (3 * query, query)}
        else:
            tensors = {"q_proj_weight": (inside, query), "k_proj_weight": (group, key), "v_proj_weight": (group, value)}
        if self.bias:
            tensors["in_proj_bias"] = (inside + 2 * group,)
        if self.add_bias_kv:
            tensors |= {"bias_k": (1, 1, group), "bias_v": (1, 1, group)}
        if self.sinks:
            tensors["sinks"] = (self.num_heads,)
        tensors["out_proj.weight"] = (query, inside)
        if self.bias:
            tensors["out_proj.bias"] = (query,)
        return tensors

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return a narrow normal distribution for sinks, else that of a projection."""
        # The slots of a dataclass make it another class than the one whose method this is: `super()` needs both.
        return Initial("normal", deviation=0.02) if name == "sinks" else Attending.initial(self, name, *inputs)

    def macs_parts(self, *shapes: Shape) -> dict[str, Dim]:
        """Return the multiply-accumulates of the projections, the scores and the weighted values."""
        *inputs, _ = shapes
        query, key, value = self._query_key_value(inputs)
        batch, queries, keys = self._counts(inputs)
        inside, group = self._inside(query[2])
        scores = batch * queries * (keys + self._added) * inside
        return {
            "projections": batch * (2 * queries * query[2] * inside + keys * group * (key[2] + value[2])),
            "QKᵀ": scores,
            "AV": scores,
        }

    def cached(self, *inputs: Shape) -> Dim:
        """Return the number of elements of the projected keys and values.

        >>> MultiheadAttention(num_heads=8, num_kv_heads=2).cached((10, 32, 512))
        81920
        """
        batch, _, keys = self._counts(inputs)
        return 2 * batch * keys * self._inside(inputs[0][2])[1]

    def useful_macs(self, *shapes: Shape) -> Dim | None:
        """Return those of the pairs that `is_causal` and `window` let through; neither hides an appended key."""
        *inputs, _ = shapes
        batch, queries, keys = self._counts(inputs)
        twice = self._twice_the_pairs_seen(queries, keys)
        inside, _ = self._inside(inputs[0][2])
        return None if twice is None else batch * (twice + 2 * queries * self._added) * inside

    def operations(self, *shapes: Shape) -> Dim:
        """Return biases, the scale of the query, the softmax, and the mean over heads."""
        *inputs, y = shapes
        batch, queries, keys = self._counts(inputs)
        inside, group = self._inside(y[2])
        rows, seen = batch * self.num_heads * queries, keys + self._added
        total = batch * queries * inside + self._score_operations(rows, seen, masked=keys if self.attn_mask else 0)
        if self.bias:
            total = total + batch * (queries * (y[2] + inside) + 2 * keys * group)
        if self.need_weights:
            total = total + rows * seen
        return total

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return the inputs, queries, keys and values, and what `ScaledDotProductAttention` saves.

        With one input, queries, keys and values are one tensor; with two inputs, keys and values are. The weights are
        saved only with `need_weights` or dropout, for which PyTorch does not use the fused kernel, and for a mask with
        a gradient. `softcap` and `sinks` are computed product by product too.
        """
        *inputs, _ = shapes
        if self.need_weights or self.dropout or self.softcap is not None or self.sinks:
            return self._saved(inputs, fused=False)
        records = self._saved(inputs, fused=True)
        if not self.attn_mask:
            return records
        by_product = [record._replace(serves=(len(inputs) - 1,)) for record in self._saved(inputs, fused=False)]
        return (*(record._replace(unless=(len(inputs) - 1,)) for record in records), *by_product)

    def _saved(self, inputs: list[Shape], *, fused: bool) -> tuple[Saved, ...]:
        others = inputs[: len(inputs) - self.attn_mask]
        query = inputs[0]
        batch, queries, keys = self._counts(inputs)
        inside, group = self._inside(query[2])
        seen = keys + self._added
        records = [saved_input(tuple(others), index, in_order=True) for index in range(len(others))]
        if self.batch_first:
            records = [Saved(f"input {index}, turned", product(x)) for index, x in enumerate(others)]
        packed = "in_proj_weight" in self.parameters(*inputs)
        own, in_heads = batch * seen * group, batch * queries * inside
        if self._added:
            together = 3 if packed and len(others) == 1 else 1
            records += [Saved("queries", together * in_heads)] if fused else []
            records += [Saved("keys", own)] if fused or self.need_weights else []
            records.append(Saved("values", own))
        elif packed and len(others) == 1:
            records.append(Saved("queries, keys, values", 3 * in_heads))
        else:
            records += [Saved("queries", in_heads)] if fused else []
            # Scaled keys are saved scaled; unscaled ones only if they and the values are one tensor.
            both = fused or self.need_weights or (packed and len(others) == 2)
            records.append(Saved("keys and values", 2 * own) if both else Saved("values", own))
        rows = batch * self.num_heads * queries
        if fused:
            if self.window is not None:
                masks = inputs[-1][:-2] if self.attn_mask else ()
                records.append(Saved("mask", product(masks) * queries * seen))
            elif self.attn_mask:
                # For appended keys a copy of it has one more entry each.
                padded = self._added and Saved("mask", product(inputs[-1][:-1]) * seen)
                records.append(padded or Saved("mask", product(inputs[-1]), len(inputs) - 1, "float32"))
            return (*records, Saved("log-sum-exp", rows, dtype="float32"), Saved("heads", in_heads))
        records += [Saved("scaled queries", in_heads), Saved("weights", rows * (seen + self.sinks))]
        if self.softcap is not None:
            records.append(Saved("hyperbolic tangents", rows * seen))
        if not self.need_weights:
            records.append(Saved("scaled keys", own))
        if self.dropout:
            records += [Saved("mask", rows * seen, random=True), Saved("dropped weights", rows * seen)]
        return (*records, Saved("heads", in_heads))

    @property
    def storage(self) -> Storage:
        """With `batch_first` the output is transposed."""
        return Storage.TURNED if self.batch_first else Storage.NEW

    def spared_macs(self, *shapes: Shape) -> Dim:
        """Return the multiply-accumulates of the gradients of the projections with respect to the inputs."""
        *inputs, _ = shapes
        query, key, value = self._query_key_value(inputs)
        batch, queries, keys = self._counts(inputs)
        inside, group = self._inside(query[2])
        return batch * (queries * query[2] * inside + keys * group * (key[2] + value[2]))

    @property
    def _added(self) -> int:
        """The number of appended keys: the trainable one and the one of zeros."""
        return self.add_bias_kv + self.add_zero_attn

    def _query_key_value(self, inputs: Sequence[Shape]) -> tuple[Shape, Shape, Shape]:
        query, *others = inputs[: len(inputs) - self.attn_mask]
        key = others[0] if others else query
        return query, key, others[1] if len(others) > 1 else key

    def _counts(self, inputs: Sequence[Shape]) -> tuple[Dim, Dim, Dim]:
        """Return samples, queries and keys."""
        query, key, _ = self._query_key_value(inputs)
        batch, length = (0, 1) if self.batch_first else (1, 0)
        return query[batch], query[length], key[length]

    def _inside(self, features: Dim) -> tuple[Dim, Dim]:
        """Return the features of all heads together, of the query and of the keys."""
        heads = self.num_kv_heads or self.num_heads
        if self.head_dim is not None:
            return self.num_heads * self.head_dim, heads * self.head_dim
        return features, features if heads == self.num_heads else heads * (features // self.num_heads)
