"""Mixtures of experts: a router chooses a few of many feed-forward networks for each token."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints, divisors_near
from shapecalc.layers.fields import Bool, Count, Integer, Number, OneOf, OptionalCount
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Role, Roles
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "linear"


class _Activation(NamedTuple):
    """The scalar operations of an activation per element, and the tensors that PyTorch saves for its gradient."""

    cost: int
    saves_input: bool = True
    saves_between: int = 0
    """Tensors between its input and its output."""


_ACTIVATIONS = {
    "silu": _Activation(5),
    "gelu": _Activation(5),
    "gelu_tanh": _Activation(9),
    "quick_gelu": _Activation(6, saves_between=1),
    "relu": _Activation(1, saves_input=False),
    "relu_squared": _Activation(2, saves_input=False, saves_between=1),
}


@layer("experts")
@dataclass(frozen=True, slots=True, kw_only=True)
class Experts(Layer):
    """Mixture of experts: a router chooses `top_k` feed-forward networks for each token, a row of the last axis.

    The output is the sum of the chosen experts' outputs, each times its weight, plus the shared experts, which every
    token uses. An expert is down(activation(gate(x)) · up(x)), or down(activation(up(x))) if it is not `gated`.

    Fields:
        count: Number of experts from which the router chooses.
        top_k: Number of experts that are chosen for each token.
        hidden_features: Number of hidden features of each expert.
        gated: Whether the activation of one projection multiplies another projection, as in SwiGLU.
        activation: Activation function of the hidden features; `quick_gelu` is x · σ(1.702 x).
        bias: Whether the projections of experts, shared ones included, have trainable biases.
        router: Function that turns the products of the router into scores: `softmax` over all experts, or `sigmoid`.
        normalize: Whether the scores of the chosen experts are divided by their sum; else they are the weights.
        router_bias: Whether the products of the router have a trainable bias.
        correction_bias: Whether a buffer is added to the scores for the choice of experts, but not for their weights.
        scaling_factor: Factor that multiplies the weights.
        groups: Number of groups of experts, a divisor of `count`; experts are chosen from the best groups.
        top_k_groups: Number of groups from which the experts of a token are chosen.
        group_score: Score of a group: the `max` of its experts' scores, or the sum of the two highest (`top_2`).
        limit: Upper bound of the gate, and bound of the magnitude of what it multiplies; by default there is none.
        up_offset: Number that is added to what the gate multiplies.
        shared_experts: Number of experts that every token uses.
        shared_features: Number of hidden features of each shared expert, by default `hidden_features`.
        shared_gate: Whether the sigmoid of a trainable product with the token multiplies the shared experts' output.

    Input: [*, features]
    Output: [*, features]
    Parameters: gate.weight [count, features], gate.bias [count] with `router_bias`; experts.gate_up_proj
        [count, 2·hidden, features] (experts.up_proj [count, hidden, features] if not `gated`), experts.down_proj
        [count, features, hidden], with `bias` experts.gate_up_proj_bias [count, 2·hidden] (experts.up_proj_bias),
        experts.down_proj_bias [count, features]; with `shared_experts`, together S hidden features,
        shared_experts.gate_proj.weight and shared_experts.up_proj.weight [S, features],
        shared_experts.down_proj.weight [features, S], and their shared_experts.gate_proj.bias,
        shared_experts.up_proj.bias, shared_experts.down_proj.bias; with `shared_gate` these are
        shared_expert.gate_proj.weight, shared_expert.gate_proj.bias, shared_expert.up_proj.weight,
        shared_expert.up_proj.bias, shared_expert.down_proj.weight, shared_expert.down_proj.bias, and
        shared_expert_gate.weight [1, features]
    Buffers: gate.e_score_correction_bias [count] with `correction_bias`
    Costs: MACs = tokens · features · (count + p·(top_k·hidden + S)), p = 3 projections if `gated`, else 2, + tokens ·
        features with `shared_gate`: those of the experts used; FLOPs = 2 × MACs + the router's scores, comparisons for
        each choice of k of n: k·n − k(k + 1)/2, the weights, and the element-wise operations of the experts used
    Source: Shazeer et al. 2017; Jiang et al. 2024 (Mixtral); DeepSeek-AI 2024 (DeepSeek-V3), section 2.1.2
    """

    foreign_names = "~moe ~mixtureofexperts ~sparsemoe ~sparsemoeblock ~moelayer ~moeblock"
    foreign_notes = (
        (
            "moe mixtureofexperts sparsemoe sparsemoeblock moelayer moeblock | use `experts` with `count`, `top_k` and "
            "`hidden_features`"
        ),
    )
    foreign_fields = (
        "count: numexperts numlocalexperts nroutedexperts nexperts expertcount",
        "top_k: topk k numexpertspertok numexpertspertoken numselectedexperts expertspertoken moetopk",
        "hidden_features: intermediatesize moeintermediatesize ~hiddensize ffndim ffnhiddensize dff ~hidden hiddendim",
        "gated: usegate glu",
        "activation: hiddenact act actfn activationfunction",
        "bias: usebias mlpbias",
        "router: scoringfunc scorefunction scoring",
        "normalize: normtopkprob normalizeweights renormalize",
        "correction_bias: escorecorrectionbias",
        "scaling_factor: routedscalingfactor scale",
        "groups: ngroup ngroups numgroups numgroup",
        "top_k_groups: topkgroup topkgroups",
        "limit: swiglulimit clamplimit",
        "shared_experts: nsharedexperts numsharedexperts",
        "shared_features: sharedexpertintermediatesize sharedintermediatesize",
        (
            "nothing: jitter jitternoise routerjitternoise capacityfactor capacity auxlosscoef routerauxlosscoef | the "
            "router has no noise, no capacity and no loss of its own"
        ),
    )
    reads_features = True
    keeps_axes = True
    sparse = True
    count: Count
    top_k: Count
    hidden_features: Count
    gated: Bool = True
    activation: Annotated[str, OneOf(tuple(_ACTIVATIONS))] = "silu"
    bias: Bool = False
    router: Annotated[str, OneOf(("softmax", "sigmoid"))] = "softmax"
    normalize: Bool = True
    router_bias: Bool = False
    correction_bias: Bool = False
    scaling_factor: Annotated[float, Number(above=0)] = 1.0
    groups: OptionalCount = None
    top_k_groups: OptionalCount = None
    group_score: Annotated[str, OneOf(("max", "top_2"))] = "max"
    limit: Annotated[float | None, Number(above=0)] = None
    up_offset: Annotated[float, Number()] = 0.0
    shared_experts: Annotated[int, Integer(minimum=0)] = 0
    shared_features: OptionalCount = None
    shared_gate: Bool = False

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if fields contradict each other."""
        self._at_most("top_k", self.top_k, self.count, "`count`")
        self._check_groups()
        for name in ("shared_features", "shared_gate"):
            if getattr(self, name) and not self.shared_experts:
                raise LayerError(
                    "SC205",
                    f"has `{name}` without `shared_experts`",
                    field=name,
                    help="write `shared_experts: 1`, or the number of them",
                )
        for name in ("limit", "up_offset"):
            if getattr(self, name) and not self.gated:
                raise LayerError(
                    "SC205",
                    f"has `{name}`, which is of gated experts, and `gated: false`",
                    field=name,
                    help=f"leave `{name}` or `gated: false` out",
                )

    def _check_groups(self) -> None:
        if self.groups is None:
            for name, default in (("top_k_groups", None), ("group_score", "max")):
                if getattr(self, name) != default:
                    help_text = f"write `groups`, or leave `{name}` out"
                    raise LayerError("SC205", f"has `{name}` without `groups`", field=name, help=help_text)
            return
        if self.top_k_groups is None:
            help_text = "write `top_k_groups`, the number of groups from which experts are chosen"
            raise LayerError("SC205", "has `groups` without `top_k_groups`", field="groups", help=help_text)
        if self.count % self.groups:
            below = divisors_near(self.count, self.groups)[0]
            raise LayerError(
                "SC205",
                expects=f"a divisor of `count` ({self.count})",
                receives=self.groups,
                preposition="as",
                field="groups",
                help=f"write `groups: {below}`",
                replacement=str(below),
            )
        self._at_most("top_k_groups", self.top_k_groups, self.groups, "`groups`")
        each = self.count // self.groups
        self._at_most("top_k", self.top_k, self.top_k_groups * each, "the experts of `top_k_groups` groups")
        if self.group_score == "top_2" and each < 2:
            raise LayerError(
                "SC205",
                f"has groups of 1 expert ({self.count} in {self.groups} groups) and `group_score: top_2`, of two",
                field="group_score",
                help="write `group_score: max`",
                replacement="max",
            )

    def _at_most(self, field: str, value: int, most: int, of: str) -> None:
        if value > most:
            raise LayerError(
                "SC205",
                expects=f"at most {of} ({most})",
                receives=value,
                preposition="as",
                field=field,
                help=f"write `{field}: {most}`",
                replacement=str(most),
            )

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape.

        >>> Experts(count=8, top_k=2, hidden_features=14336).output_shape((1, 128, 4096))
        (1, 128, 4096)
        """
        if not x:
            raise LayerError("SC305", expects="at least one axis", receives="a single number")
        return x

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input with features last."""
        return (*roles[0][:-1], Role.FEATURES)

    @property
    def in_keras(self) -> bool:
        """False: nor does PyTorch have such a layer."""
        return False

    @property
    def _shared(self) -> int:
        """The hidden features of all shared experts together."""
        return self.shared_experts * (self.shared_features or self.hidden_features)

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the tensors of the router, of all experts and of the shared ones, as in Hugging Face's state_dict.

        >>> layer = Experts(count=8, top_k=2, hidden_features=14336)
        >>> for name, shape in layer.parameters((1, 128, 4096)).items():
        ...     print(name, shape)
        gate.weight (8, 4096)
        experts.gate_up_proj (8, 28672, 4096)
        experts.down_proj (8, 4096, 14336)
        """
        features, count, hidden = x[-1], self.count, self.hidden_features
        first, outputs = ("gate_up_proj", 2 * hidden) if self.gated else ("up_proj", hidden)
        tensors: dict[str, Shape] = {"gate.weight": (count, features)}
        if self.router_bias:
            tensors["gate.bias"] = (count,)
        tensors[f"experts.{first}"] = (count, outputs, features)
        if self.bias:
            tensors[f"experts.{first}_bias"] = (count, outputs)
        tensors["experts.down_proj"] = (count, features, hidden)
        if self.bias:
            tensors["experts.down_proj_bias"] = (count, features)
        return {**tensors, **self._shared_parameters(features)}

    def _shared_parameters(self, features: Dim) -> dict[str, Shape]:
        if not self.shared_experts:
            return {}
        name = "shared_expert" if self.shared_gate else "shared_experts"
        tensors: dict[str, Shape] = {}
        projections: dict[str, Shape] = {"gate_proj": (self._shared, features)} if self.gated else {}
        projections |= {"up_proj": (self._shared, features), "down_proj": (features, self._shared)}
        for projection, weight in projections.items():
            tensors[f"{name}.{projection}.weight"] = weight
            if self.bias:
                tensors[f"{name}.{projection}.bias"] = weight[:1]
        if self.shared_gate:
            tensors["shared_expert_gate.weight"] = (1, features)
        return tensors

    def buffers(self, x: Shape) -> dict[str, Shape]:
        """Return the correction of the scores, if there is one."""
        return {"gate.e_score_correction_bias": (self.count,)} if self.correction_bias else {}

    def active_parameters(self, x: Shape) -> dict[str, Dim]:
        """Return, of the tensors with an entry for each expert, those of `top_k` experts.

        >>> sum(Experts(count=8, top_k=2, hidden_features=14336).active_parameters((1, 128, 4096)).values())
        352354304
        """
        return {
            name: product((self.top_k, *shape[1:]) if name.startswith("experts.") else shape)
            for name, shape in self.parameters(x).items()
        }

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return that of a linear layer: of each expert, if the tensor has those of all."""
        x, shapes = inputs[0], self.parameters(*inputs)
        fan_in = shapes[name][-1]
        if name.endswith("bias"):
            second = "down_proj" in name
            fan_in = (self.hidden_features if name.startswith("experts.") else self._shared) if second else x[-1]
        return Initial("uniform", fan_in)

    def macs(self, x: Shape, y: Shape) -> Dim:
        """Return those of the router, of the experts that are chosen and of the shared ones.

        >>> Experts(count=8, top_k=2, hidden_features=14336).macs((1, 1, 4096), (1, 1, 4096))
        352354304
        """
        projections = 3 if self.gated else 2
        used = self.top_k * self.hidden_features + self._shared
        return product(x) * (self.count + projections * used + self.shared_gate)

    def spared_macs(self, x: Shape, y: Shape) -> Dim:
        """Return those of the products with the input: the gradients of hidden features are needed all the same."""
        used = self.top_k * self.hidden_features + self._shared
        return product(x) * (self.count + (2 if self.gated else 1) * used + self.shared_gate)

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return, for each token, those of scores, choice and weights, of the experts and of their sum."""
        features, hidden = x[-1], self.hidden_features
        each = self._hidden_operations(hidden) + features * (1 + self.bias)
        total = self._router_operations() + self.top_k * each + (self.top_k - 1) * features
        if self.shared_experts:
            total = total + self._hidden_operations(self._shared) + features * (1 + self.bias)
        if self.shared_gate:
            total = total + 4 + features
        return product(x[:-1]) * total

    def _router_operations(self) -> int:
        count, chosen = self.count, self.top_k
        total = 5 * count - 2 if self.router == "softmax" else 4 * count
        total += count * (self.router_bias + self.correction_bias)
        if self.groups is not None and self.top_k_groups is not None:
            each = count // self.groups
            score = _comparisons(2, each) + 1 if self.group_score == "top_2" else each - 1
            total += self.groups * score + _comparisons(self.top_k_groups, self.groups)
            count = self.top_k_groups * each
        total += _comparisons(chosen, count)
        if self.normalize:
            total += 2 * chosen - 1
        return total + (chosen if self.scaling_factor != 1 else 0)

    def _hidden_operations(self, hidden: int) -> int:
        """Return the operations between the first and the second product of an expert, its biases included."""
        projections = 2 if self.gated else 1
        per_feature = projections * self.bias + _ACTIVATIONS[self.activation].cost + self.gated
        return hidden * (per_feature + 3 * (self.limit is not None) + (self.up_offset != 0))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the tensors that Hugging Face's implementation with a loop over experts saves.

        What each expert saves depends on the number of its tokens; of all experts together it is that of `top_k` rows
        for each token.
        """
        tokens = product(x[:-1])
        rows = tokens * self.top_k
        records = [
            saved_input((x,), in_order=True),
            Saved("scores", tokens * self.count),
            Saved("chosen experts", rows, dtype="int64"),
            Saved("places of tokens", 2 * rows, dtype="int64"),
        ]
        if self.normalize:
            records += [Saved("scores of chosen experts", rows), Saved("sums of scores", tokens)]
        records += [
            Saved("tokens of experts", rows * x[-1]),
            Saved("hidden features", rows * self.hidden_features * self._saved_of_hidden(together=True)),
            Saved("outputs of experts", rows * x[-1]),
            Saved("weights of outputs", rows),
            Saved("weighted outputs", rows * x[-1]),
        ]
        if self.shared_experts:
            together = self._saved_of_hidden(together=False)
            records.append(Saved("hidden features of shared experts", tokens * self._shared * together))
        if self.shared_gate:
            records += [Saved("output of shared experts", product(x)), Saved("gate of shared experts", tokens)]
        return tuple(records)

    def _saved_of_hidden(self, *, together: bool) -> int:
        """Return how many tensors of hidden features are saved; gate and up may be one tensor `together`."""
        activation = _ACTIVATIONS[self.activation]
        limited, reads = self.limit is not None, activation.saves_input
        if not self.gated:
            return reads + activation.saves_between + 1
        gate, up = limited or reads, limited or not self.up_offset
        projected = 2 * (gate or up) if together else gate + up
        bounded = (limited and reads) + (limited or self.up_offset != 0)
        return projected + bounded + activation.saves_between + 2


def _comparisons(chosen: int, of: int) -> int:
    """Return the comparisons of choosing the highest scores one after the other, each among those that remain.

    >>> _comparisons(1, 8), _comparisons(2, 8)
    (7, 13)
    """
    return chosen * of - chosen * (chosen + 1) // 2
