"""Mixtures of experts: each token is routed to a few feed-forward networks, whose outputs are weighted and added."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference.activation import (
    gelu,
    gelu_backward,
    logistic,
    normalized_exponentials,
    relu_backward,
    silu_backward,
    softmax_gradient,
)
from shapecalc.reference.base import Array, Call, RunShapes, Work, constant, kernel, largest, maximum, minimum
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = 1.702
"""The factor of the sigmoid's input in `quick_gelu`."""


class Routing(NamedTuple):
    """For each token, its scores, and the chosen experts with their scores and their weights."""

    scores: Array
    experts: Array
    chosen: Array
    weights: Array


class FeedForward(NamedTuple):
    """The weights and biases of one expert, without a gate if its hidden features are not gated."""

    gate: tuple[Array, Array | None] | None
    up: tuple[Array, Array | None]
    down: tuple[Array, Array | None]


class Hidden(NamedTuple):
    """The projections of the tokens of one expert, the activation, and the hidden features."""

    gate: Array | None
    up: Array
    activated: Array
    features: Array


def experts_workspace(run: RunShapes) -> int:
    """Return the bytes of scores, of the weighted outputs, and of one expert with all tokens."""
    *leading, features = run.inputs[0]
    tokens, count, chosen = prod(leading), int(run.fields["count"]), int(run.fields["top_k"])
    hidden = int(run.fields["hidden_features"])
    hidden = max(hidden, int(run.fields["shared_experts"]) * int(run.fields["shared_features"] or hidden))
    per_token = 8 * count + 4 * chosen + features * (chosen + 4) + 10 * hidden
    return run.itemsize * tokens * per_token + 8 * tokens * (2 * count + 4 * chosen)


@kernel("experts", workspace=experts_workspace)
def experts(call: Call, x: Array) -> Array:
    """Return the weighted sum of the chosen experts' outputs for each token, plus the shared experts'.

    Raises `ValueError` if a tensor does not have an entry for each expert.
    Source: Shazeer et al. 2017, equation 1; Hugging Face's MixtralSparseMoeBlock and DeepseekV3MoE.
    """
    tokens = x.reshape(-1, x.shape[-1])
    routing = route(call, tokens)
    weighted = np.empty((*routing.experts.shape, x.shape[-1]), dtype=np.result_type(x, routing.weights))
    for expert, rows, places in assigned(call, routing.experts):
        output, _ = fed_forward(call, tokens[rows], bank(call, expert), str(expert))
        weighted[rows, places] = output * routing.weights[rows, places, None]
    result: Array = weighted.sum(axis=1)
    if call.fields["shared_experts"]:
        output, _ = fed_forward(call, tokens, shared(call), "shared")
        if call.fields["shared_gate"]:
            output = output * shared_gate(call, tokens)
        result = result + output
    return result.reshape(x.shape)


@backward("experts")
def experts_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradients through the chosen experts, their weights, and the shared experts.

    The choice of experts has no gradient. Intermediate results are recomputed; that is not counted.
    """
    (x,) = ctx.inputs
    tokens, gradient = x.reshape(-1, x.shape[-1]), gradient.reshape(-1, x.shape[-1])
    uncounted = replace(ctx.call, work=Work(trace=ctx.call.work.trace))
    routing = route(uncounted, tokens)
    trained = ctx.call.parameters.keys() - {"gate.e_score_correction_bias"}
    parameters = {name: np.zeros_like(ctx.call.parameters[name]) for name in trained}
    to_tokens, to_weights = np.zeros_like(tokens), np.zeros_like(routing.weights)
    for expert, rows, places in assigned(ctx.call, routing.experts):
        own, passed = bank(ctx.call, expert), gradient[rows]
        output, hidden = fed_forward(uncounted, tokens[rows], own, str(expert))
        to_weights[rows, places] = (passed * output).sum(axis=-1)
        passed = passed * routing.weights[rows, places, None]
        to_rows, grads = feed_forward_backward(ctx, passed, tokens[rows], own, hidden)
        to_tokens[rows] += to_rows
        for name, grad in bank_gradients(ctx.call, grads).items():
            parameters[name][expert] = grad
    to_tokens += route_backward(ctx, tokens, routing, to_weights, parameters)
    if ctx.call.fields["shared_experts"]:
        to_tokens += shared_backward(ctx, tokens, gradient, parameters)
    return Gradients((to_tokens.reshape(x.shape),), parameters)


def route(call: Call, tokens: Array) -> Routing:
    """Return scores, chosen experts and weights of each token.

    Raises `ValueError` if the router has not a row for each expert.
    """
    fields, parameters = call.fields, call.parameters
    weight = parameters["gate.weight"]
    if len(weight) != fields["count"]:
        raise ValueError(f"a router of {len(weight)} rows for {fields['count']} experts")
    products = call.work.matmul(tokens, weight.T)
    if fields["router_bias"]:
        products += parameters["gate.bias"]
    products = call.work.named("products", products)
    of_each = fields["router"] == "sigmoid"
    scores = logistic(products) if of_each else normalized_exponentials(Work(), products, -1)
    scores = call.work.named("scores", scores)
    criterion = scores + parameters["gate.e_score_correction_bias"] if fields["correction_bias"] else scores
    index = in_best_groups(call, criterion) if fields["groups"] else highest(criterion, fields["top_k"])
    chosen = weights = np.take_along_axis(scores, index, axis=-1)
    if fields["normalize"]:
        weights = chosen / chosen.sum(axis=-1, keepdims=True)
    if fields["scaling_factor"] != 1:
        weights = weights * constant(weights, fields["scaling_factor"])
    return Routing(scores, index, chosen, call.work.named("weights", weights))


def highest(scores: Array, count: int) -> Array:
    """Return the positions of the highest scores of each row, the highest first; of equal scores the first."""
    remaining = np.broadcast_to(np.arange(scores.shape[-1]), scores.shape)
    chosen = []
    for _ in range(count):
        values = np.take_along_axis(scores, remaining, axis=-1)
        place = values.argmax(axis=-1)[:, None]
        chosen.append(np.take_along_axis(remaining, place, axis=-1))
        left = np.arange(remaining.shape[-1]) != place
        remaining = remaining[left].reshape(len(remaining), -1)
    return np.concatenate(chosen, axis=-1)


def in_best_groups(call: Call, scores: Array) -> Array:
    """Return the positions of the highest scores of each row within its groups of highest score."""
    groups = scores.reshape(len(scores), call.fields["groups"], -1)
    if call.fields["group_score"] == "top_2":
        flat = groups.reshape(-1, groups.shape[-1])
        of_groups = np.take_along_axis(flat, highest(flat, 2), axis=-1).sum(axis=-1).reshape(groups.shape[:2])
    else:
        of_groups = largest(groups, -1, keepdims=False)
    best = np.sort(highest(of_groups, call.fields["top_k_groups"]), axis=-1)
    each = groups.shape[-1]
    open_ = (best[..., None] * each + np.arange(each)).reshape(len(scores), -1)
    inside = highest(np.take_along_axis(scores, open_, axis=-1), call.fields["top_k"])
    return np.take_along_axis(open_, inside, axis=-1)


def assigned(call: Call, index: Array) -> Iterator[tuple[int, Array, Array]]:
    """Yield each expert that has tokens, with their rows and the place of the expert among those of the token."""
    for expert in range(call.fields["count"]):
        rows, places = np.nonzero(index == expert)
        if len(rows):
            yield expert, rows, places


def bank(call: Call, expert: int) -> FeedForward:
    """Return the tensors of one expert.

    Raises `ValueError` if a tensor has not an entry for each expert, or gate and other projection differ in size.
    """
    first = "gate_up_proj" if call.fields["gated"] else "up_proj"
    together, outputs = tensors_of(call, first, expert), tensors_of(call, "down_proj", expert)
    if not call.fields["gated"]:
        return FeedForward(None, together, outputs)
    weight, bias = together
    half = outputs[0].shape[-1]
    if len(weight) != 2 * half:
        raise ValueError(f"{len(weight)} rows for gate and up projection of {half} features each")
    parts = [(weight[part], None if bias is None else bias[part]) for part in (slice(half), slice(half, None))]
    return FeedForward(parts[0], parts[1], outputs)


def tensors_of(call: Call, name: str, expert: int) -> tuple[Array, Array | None]:
    """Return the weight and the bias of one projection of one expert."""
    names = [f"experts.{name}", *([f"experts.{name}_bias"] if call.fields["bias"] else [])]
    for each in names:
        if len(call.parameters[each]) != call.fields["count"]:
            raise ValueError(f"{len(call.parameters[each])} entries of {each} for {call.fields['count']} experts")
    weight, *bias = (call.parameters[each][expert] for each in names)
    return weight, bias[0] if bias else None


def bank_gradients(call: Call, grads: FeedForward) -> dict[str, Array]:
    """Return the gradients of one expert by the names of the tensors of all."""
    named = {"down_proj": grads.down}
    if grads.gate is None:
        named["up_proj"] = grads.up
    else:
        pairs = zip(grads.gate, grads.up, strict=True)
        weight, bias = (None if gate is None else np.concatenate([gate, up]) for gate, up in pairs)
        named["gate_up_proj"] = (weight, bias)  # type: ignore[assignment]  # a weight is never None
    return {
        f"experts.{name}{suffix}": grad
        for name, pair in named.items()
        for suffix, grad in zip(("", "_bias"), pair, strict=True)
        if grad is not None and f"experts.{name}{suffix}" in call.parameters
    }


def shared(call: Call) -> FeedForward:
    """Return the tensors of the shared experts, which are one feed-forward network."""
    prefix = shared_prefix(call)

    def projection(name: str) -> tuple[Array, Array | None]:
        bias = call.parameters[f"{prefix}.{name}.bias"] if call.fields["bias"] else None
        return call.parameters[f"{prefix}.{name}.weight"], bias

    gate = projection("gate_proj") if call.fields["gated"] else None
    return FeedForward(gate, projection("up_proj"), projection("down_proj"))


def shared_prefix(call: Call) -> str:
    """Return the name that the tensors of the shared experts begin with."""
    return "shared_expert" if call.fields["shared_gate"] else "shared_experts"


def shared_gate(call: Call, tokens: Array) -> Array:
    """Return the factor of the shared experts' output for each token."""
    return logistic(call.work.matmul(tokens, call.parameters["shared_expert_gate.weight"].T))


def shared_backward(ctx: Context, tokens: Array, gradient: Array, parameters: dict[str, Array]) -> Array:
    """Return the gradient of the tokens through the shared experts; put those of their tensors in `parameters`."""
    uncounted, own = replace(ctx.call, work=Work(trace=ctx.call.work.trace)), shared(ctx.call)
    output, hidden = fed_forward(uncounted, tokens, own, "shared")
    to_tokens = np.zeros_like(tokens)
    if ctx.call.fields["shared_gate"]:
        factor = shared_gate(uncounted, tokens)
        to_product = (gradient * output).sum(axis=-1, keepdims=True) * factor * (1 - factor)
        gradient = gradient * factor
        weight = ctx.call.parameters["shared_expert_gate.weight"]
        to_tokens += ctx.to_inputs.matmul(to_product, weight)
        parameters["shared_expert_gate.weight"] = ctx.to_parameters.matmul(to_product.T, tokens)
    through, grads = feed_forward_backward(ctx, gradient, tokens, own, hidden)
    for name, pair in grads._asdict().items():
        for suffix, grad in zip(("weight", "bias"), pair or (None, None), strict=True):
            if grad is not None:
                parameters[f"{shared_prefix(ctx.call)}.{name}_proj.{suffix}"] = grad
    return to_tokens + through


def fed_forward(call: Call, rows: Array, own: FeedForward, expert: str) -> tuple[Array, Hidden]:
    """Return the output of one expert for its tokens, and its hidden features."""
    named = call.work.named
    gate = None if own.gate is None else named(f"gate of {expert}", project(call.work, rows, *own.gate))
    up = named(f"up of {expert}", project(call.work, rows, *own.up))
    if gate is None:
        activated = features = activate(call, up)
    else:
        gate, up = bounded(call, gate, up)
        if call.fields["up_offset"]:
            up = up + constant(up, call.fields["up_offset"])
        activated = activate(call, gate)
        features = activated * up
    features = named(f"hidden of {expert}", features)
    output = named(f"output of {expert}", project(call.work, features, *own.down))
    return output, Hidden(gate, up, activated, features)


def bounded(call: Call, gate: Array, up: Array) -> tuple[Array, Array]:
    """Return the gate not above the limit, and the other projection not beyond it on either side."""
    limit = call.fields["limit"]
    if limit is None:
        return gate, up
    high = constant(gate, limit)
    return minimum(gate, high), minimum(maximum(up, constant(up, -limit)), high)


def feed_forward_backward(
    ctx: Context, gradient: Array, rows: Array, own: FeedForward, hidden: Hidden
) -> tuple[Array, FeedForward]:
    """Return the gradients of the tokens of one expert, and of its tensors."""
    to_features, down = projection_backward(ctx, gradient, hidden.features, *own.down)
    to_features = ctx.call.work.named("∂L/∂hidden", to_features)
    if own.gate is None or hidden.gate is None:
        to_rows, up = projection_backward(ctx, activate_backward(ctx.call, hidden.up, to_features), rows, *own.up)
        return to_rows, FeedForward(None, up, down)
    to_gate = activate_backward(ctx.call, hidden.gate, to_features * hidden.up)
    to_up = to_features * hidden.activated
    limit = ctx.call.fields["limit"]
    if limit is not None:
        # As in torch.clamp, the gradient at a bound itself is that within.
        to_gate = np.where(project(Work(), rows, *own.gate) <= limit, to_gate, constant(to_gate, 0))
        to_up = np.where(abs(project(Work(), rows, *own.up)) <= limit, to_up, constant(to_up, 0))
    through_gate, gate = projection_backward(ctx, to_gate, rows, *own.gate)
    through_up, up = projection_backward(ctx, to_up, rows, *own.up)
    return through_gate + through_up, FeedForward(gate, up, down)


def project(work: Work, rows: Array, weight: Array, bias: Array | None) -> Array:
    """Return rows times a weight [out, in], plus the bias."""
    output = work.matmul(rows, weight.T)
    if bias is not None:
        if len(bias) != output.shape[-1]:
            raise ValueError(f"a bias of {len(bias)} for {output.shape[-1]} features")
        output += bias
    return output


def projection_backward(
    ctx: Context, gradient: Array, rows: Array, weight: Array, bias: Array | None
) -> tuple[Array, tuple[Array, Array | None]]:
    """Return the gradients of rows, weight and bias of `project`."""
    grad_weight = ctx.to_parameters.matmul(gradient.T, rows)
    grad_bias = None if bias is None else gradient.sum(axis=0)
    return ctx.to_inputs.matmul(gradient, weight), (grad_weight, grad_bias)


def route_backward(
    ctx: Context, tokens: Array, routing: Routing, gradient: Array, parameters: dict[str, Array]
) -> Array:
    """Return the gradient of the tokens through the weights; put those of the router in `parameters`."""
    fields = ctx.call.fields
    gradient = ctx.call.work.named("∂L/∂weights", gradient)
    if fields["scaling_factor"] != 1:
        gradient = gradient * fields["scaling_factor"]
    if fields["normalize"]:
        total = routing.chosen.sum(axis=-1, keepdims=True)
        normalized = routing.chosen / total
        gradient = (gradient - (gradient * normalized).sum(axis=-1, keepdims=True)) / total
    to_scores = np.zeros_like(routing.scores)
    np.put_along_axis(to_scores, routing.experts, gradient, axis=-1)
    if fields["router"] == "sigmoid":
        to_products = to_scores * routing.scores * (1 - routing.scores)
    else:
        to_products = softmax_gradient(Work(), routing.scores, to_scores, -1)
    to_products = ctx.call.work.named("∂L/∂products", to_products)
    parameters["gate.weight"] = ctx.to_parameters.matmul(to_products.T, tokens)
    if fields["router_bias"]:
        parameters["gate.bias"] = to_products.sum(axis=0)
    return ctx.to_inputs.matmul(to_products, ctx.call.parameters["gate.weight"])


def activate(call: Call, x: Array) -> Array:
    """Return the activation of each element."""
    match call.fields["activation"]:
        case "silu":
            result: Array = logistic(x) * x
        case "quick_gelu":
            result = logistic(x * constant(x, QUICK)) * x
        case "relu":
            result = maximum(x, constant(x, 0))
        case "relu_squared":
            positive = maximum(x, constant(x, 0))
            result = positive * positive
        case _:
            result = gelu(gelu_call(call), x)
    return result


def activate_backward(call: Call, x: Array, gradient: Array) -> Array:
    """Return the gradient through the activation of each element."""
    match call.fields["activation"]:
        case "silu":
            result = silu_backward(Context(replace(call, work=Work()), (x,), ()), gradient)
        case "quick_gelu":
            s = logistic(x * constant(x, QUICK))
            slope: Array = s * (1 + QUICK * x * (1 - s))
            return gradient * slope
        case "relu":
            result = relu_backward(Context(call, (x,), ()), gradient)
        case "relu_squared":
            return gradient * 2 * maximum(x, constant(x, 0))
        case _:
            result = gelu_backward(Context(gelu_call(call), (x,), ()), gradient)
    (to_input,) = result.inputs
    assert to_input is not None
    return to_input


def gelu_call(call: Call) -> Call:
    """Return a call of `gelu` with the formula that the activation names."""
    formula = "tanh" if call.fields["activation"] == "gelu_tanh" else "none"
    return replace(call, fields={"approximate": formula}, work=Work())
