"""Mixtures of experts, composed of PyTorch's functions as transformers 5.24.0 composes them, expert by expert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from torch_cases import Case, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

ACTIVATIONS = {
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "relu": functional.relu,
    "relu_squared": lambda x: torch.square(functional.relu(x)),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
}
DEFAULTS = {"activation": "silu", "gated": True, "bias": False, "router": "softmax", "normalize": True, "limit": None}
FEATURES, HIDDEN = 7, 5


class Mixture:
    """A mixture with the fields of our layer."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = {**DEFAULTS, **fields}

    def __call__(self, given: Tensor, **tensors: Tensor) -> Tensor:
        """Return the output: a loop over the experts, which add to the tokens that chose them."""
        x = given.reshape(-1, given.shape[-1])
        weights, chosen = self.route(x, tensors)
        y = torch.zeros_like(x)
        for expert in range(self.fields["count"]):
            rows, places = torch.where(chosen == expert)
            if len(rows):
                output = self.expert(x[rows], expert, tensors) * weights[rows, places, None]
                y.index_add_(0, rows, output)
        if self.fields.get("shared_gate"):
            gate = torch.sigmoid(functional.linear(x, tensors["shared_expert_gate.weight"]))
            y = y + gate * self.shared(x, "shared_expert", tensors)
        elif self.fields.get("shared_experts"):
            y = y + self.shared(x, "shared_experts", tensors)
        return y.reshape(given.shape)

    def route(self, x: Tensor, tensors: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the weights and the positions of the chosen experts."""
        products = functional.linear(x, tensors["gate.weight"], tensors.get("gate.bias"))
        scores = products.sigmoid() if self.fields["router"] == "sigmoid" else products.softmax(-1)
        with torch.no_grad():
            criterion = scores + tensors.get("gate.e_score_correction_bias", torch.zeros(()))
            if self.fields.get("groups"):
                criterion = self.in_groups(criterion)
            chosen = criterion.topk(self.fields["top_k"], -1)[1]
        weights = scores.gather(1, chosen)
        if self.fields["normalize"]:
            weights = weights / weights.sum(-1, keepdim=True)
        factor = self.fields.get("scaling_factor", 1.0)
        return (weights if factor == 1 else weights * factor), chosen

    def in_groups(self, criterion: Tensor) -> Tensor:
        """Return the scores with −∞ outside of the best groups."""
        groups = criterion.view(len(criterion), self.fields["groups"], -1)
        two = self.fields.get("group_score") == "top_2"
        best = groups.topk(2, -1)[0].sum(-1) if two else groups.max(-1).values
        inside = torch.zeros_like(best).scatter_(1, best.topk(self.fields["top_k_groups"], -1)[1], 1).bool()
        return groups.masked_fill(~inside[..., None], -torch.inf).flatten(1)

    def expert(self, rows: Tensor, expert: int, tensors: Mapping[str, Tensor]) -> Tensor:
        """Return the output of one expert."""
        first = "experts.gate_up_proj" if self.fields["gated"] else "experts.up_proj"
        bias = tensors[f"{first}_bias"][expert] if self.fields["bias"] else None
        hidden = functional.linear(rows, tensors[first][expert], bias)
        hidden = self.hidden(*hidden.chunk(2, -1)) if self.fields["gated"] else self.activation(hidden)
        bias = tensors["experts.down_proj_bias"][expert] if self.fields["bias"] else None
        return functional.linear(hidden, tensors["experts.down_proj"][expert], bias)

    def shared(self, x: Tensor, name: str, tensors: Mapping[str, Tensor]) -> Tensor:
        """Return the output of the shared experts."""

        def project(rows: Tensor, projection: str) -> Tensor:
            prefix = f"{name}.{projection}_proj"
            return functional.linear(rows, tensors[f"{prefix}.weight"], tensors.get(f"{prefix}.bias"))

        gated = self.fields["gated"]
        hidden = self.hidden(project(x, "gate"), project(x, "up")) if gated else self.activation(project(x, "up"))
        return project(hidden, "down")

    def hidden(self, gate: Tensor, up: Tensor) -> Tensor:
        """Return the hidden features of a gated expert."""
        limit = self.fields["limit"]
        if limit is not None:
            gate, up = gate.clamp(max=limit), up.clamp(-limit, limit)
        if self.fields.get("up_offset"):
            up = up + self.fields["up_offset"]
        return self.activation(gate) * up

    def activation(self, x: Tensor) -> Tensor:
        """Return the activation of each element."""
        activated: Tensor = ACTIVATIONS[self.fields["activation"]](x)
        return activated


def mixture(**given: Any) -> Case:
    """Return a case with its tensors, by the names of transformers."""
    fields = {"count": 6, "top_k": 2, "hidden_features": HIDDEN, **given}
    count, gated, bias = fields["count"], fields.get("gated", True), fields.get("bias", False)
    first, rows = ("experts.gate_up_proj", 2 * HIDDEN) if gated else ("experts.up_proj", HIDDEN)
    # In this order no two scores of a token are equal: which of them is chosen would be left to PyTorch.
    parameters: dict[str, Shape] = {
        "experts.down_proj": (count, FEATURES, HIDDEN),
        "gate.weight": (count, FEATURES),
    }
    parameters |= {"gate.bias": (count,)} if fields.get("router_bias") else {}
    parameters[first] = (count, rows, FEATURES)
    parameters |= {f"{first}_bias": (count, rows)} if bias else {}
    parameters |= {"experts.down_proj_bias": (count, FEATURES)} if bias else {}
    if fields.get("shared_experts"):
        width = fields["shared_experts"] * fields.get("shared_features", HIDDEN)
        name = "shared_expert" if fields.get("shared_gate") else "shared_experts"
        shapes = {"gate": (width, FEATURES)} if gated else {}
        for projection, shape in {**shapes, "up": (width, FEATURES), "down": (FEATURES, width)}.items():
            parameters[f"{name}.{projection}_proj.weight"] = shape
            parameters |= {f"{name}.{projection}_proj.bias": shape[:1]} if bias else {}
    parameters |= {"shared_expert_gate.weight": (1, FEATURES)} if fields.get("shared_gate") else {}
    buffers = {"gate.e_score_correction_bias": (count,)} if fields.get("correction_bias") else {}
    return Case("experts", fields, ((3, FEATURES),), Mixture(fields), parameters, buffers)


PLAIN = {"gated": False}
CASES = (
    mixture(),
    mixture(top_k=6, normalize=False),
    mixture(top_k=1, scaling_factor=2.5),
    mixture(router="sigmoid", correction_bias=True),
    mixture(groups=3, top_k_groups=2, scaling_factor=16.0, normalize=False),
    mixture(groups=3, top_k_groups=2, group_score="top_2", router="sigmoid", top_k=3),
    *(mixture(activation=activation) for activation in ACTIVATIONS),
    *(mixture(activation=activation, gated=False) for activation in ACTIVATIONS),
    *(mixture(activation=activation, limit=0.25) for activation in ("silu", "relu")),
    *(mixture(activation=activation, up_offset=1.0, shared_experts=1) for activation in ("gelu", "relu")),
    mixture(limit=0.25, up_offset=1.0, activation="quick_gelu", bias=True, router_bias=True, shared_experts=1),
    mixture(limit=0.25, activation="relu_squared", shared_experts=1),
    mixture(shared_experts=2, bias=True),
    mixture(shared_experts=1, **PLAIN, bias=True),
    mixture(shared_experts=1, shared_features=3, shared_gate=True, normalize=False),
    mixture(shared_experts=2, shared_gate=True, **PLAIN),
)
