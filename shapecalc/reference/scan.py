"""Scans, time step by time step; their gradients go back through the states, which are computed again."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.activation import logistic
from shapecalc.reference.base import Array, Call, RunShapes, Work, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from collections.abc import Sequence


def scan_workspace(run: RunShapes) -> int:
    """Return the bytes of decays, inputs and states of all steps, twice, and of the outputs."""
    steps = run.inputs[0][1]
    return run.itemsize * (6 * steps * prod(run.outputs[1]) + 4 * prod(run.outputs[0]))


def states_of(call: Call, decays: Array, arriving: Array) -> list[Array]:
    """Return the state after each step, h_t = decay_t · h_{t−1} + input_t; time is axis 1."""
    states = [call.work.named("h₁", arriving[:, 0])]
    for step in range(1, arriving.shape[1]):
        states.append(call.work.named(f"h{step + 1}", decays[:, step] * states[-1] + arriving[:, step]))
    return states


def states_backward(decays: Array, states: Sequence[Array], gradients: list[Array]) -> tuple[Array, Array]:
    """Return the gradients of decays and inputs from those of the states, which arrive from outside the recurrence.

    The gradient of a state is that which arrives, plus the next one's times the decay in between.
    """
    to_decays = [np.zeros_like(states[0])]
    for step in range(len(states) - 1, 0, -1):
        to_decays.insert(1, gradients[step] * states[step - 1])
        gradients[step - 1] = gradients[step - 1] + gradients[step] * decays[:, step]
    return np.stack(to_decays, axis=1), np.stack(gradients, axis=1)


@kernel("selective_scan", workspace=scan_workspace)
def selective_scan(call: Call, *inputs: Array) -> tuple[Array, Array]:
    """Return y_t = C_t · h_t, with D and z (y_t + u_t · D) · silu(z_t), and the last state.

    Source: mamba_ssm's selective_scan_ref.
    """
    u, _, _, _, c, *rest = inputs
    states = states_of(call, *selective_coefficients(call, inputs))
    products = [call.work.matmul(state, c[:, step, :, None])[..., 0] for step, state in enumerate(states)]
    y: Array = np.stack(products, axis=1)
    if rest:
        y = y + u * rest[0]
    if rest[1:]:
        y = call.work.named("y", y) * (logistic(rest[1]) * rest[1])
    return y, states[-1].copy()


def selective_coefficients(call: Call, inputs: Sequence[Array]) -> tuple[Array, Array]:
    """Return exp(delta · A) and delta · u · B for each step, channel and number of the state.

    Raises `ValueError` if the sizes of A or B do not fit, which would broadcast.
    """
    u, delta, a, b, c, *rest = inputs
    sizes = {u.shape, delta.shape, *(z.shape for z in rest[1:])}
    fits = len(sizes) == 1 and a.shape == (u.shape[2], b.shape[2]) and b.shape == c.shape == (*u.shape[:2], a.shape[1])
    if not fits or any(d.shape != u.shape[2:] for d in rest[:1]):
        raise ValueError(f"scans inputs of {[list(x.shape) for x in inputs]}")
    named = call.work.named
    decays = named("decays", np.exp(delta[..., None] * a))
    return decays, named("inputs of states", (delta * u)[..., None] * b[:, :, None, :])


@backward("selective_scan")
def selective_scan_backward(ctx: Context, gradient: Array | None, to_last: Array | None = None) -> Gradients:
    """Return the gradients of all inputs, back through the states."""
    u, delta, a, b, c, *rest = ctx.inputs
    uncounted = replace(ctx.call, work=Work(trace=ctx.call.work.trace))
    decays, arriving = selective_coefficients(uncounted, ctx.inputs)
    states = states_of(uncounted, decays, arriving)
    gradient = np.zeros_like(u) if gradient is None else gradient
    to_rest: list[Array] = []
    if rest[1:]:
        z = rest[1]
        s = logistic(z)
        products = [uncounted.work.matmul(state, c[:, step, :, None])[..., 0] for step, state in enumerate(states)]
        ungated = np.stack(products, axis=1) + u * rest[0]
        to_rest = [gradient * ungated * s * (1 + z * (1 - s))]
        gradient = gradient * (z * s)
    to_u = np.zeros_like(u)
    if rest:
        to_rest = [(gradient * u).sum(axis=(0, 1)), *to_rest]
        to_u = to_u + gradient * rest[0]
    gradient = ctx.call.work.named("∂L/∂y", gradient)
    matmul, to_c, to_states = ctx.to_inputs.matmul, [], []
    for step, state in enumerate(states):
        to_c.append(matmul(gradient[:, step, None, :], state)[:, 0])
        to_states.append(matmul(gradient[:, step, :, None], c[:, step, None, :]))
    if to_last is not None:
        to_states[-1] = to_states[-1] + to_last
    to_decays, to_arriving = states_backward(decays, states, to_states)
    to_exponents = ctx.call.work.named("∂L/∂exponents", to_decays * decays)
    to_arriving = ctx.call.work.named("∂L/∂inputs of states", to_arriving)
    to_product = (to_arriving * b[:, :, None, :]).sum(axis=-1)
    to_delta = (to_exponents * a).sum(axis=-1) + to_product * u
    to_a = (to_exponents * delta[..., None]).sum(axis=(0, 1))
    to_b = (to_arriving * (delta * u)[..., None]).sum(axis=2)
    return Gradients((to_u + to_product * delta, to_delta, to_a, to_b, np.stack(to_c, axis=1), *to_rest))


@kernel("ssd", workspace=scan_workspace)
def ssd(call: Call, *inputs: Array) -> tuple[Array, Array]:
    """Return y_t = h_t · C_t, with D also + x_t · D, and the last state.

    Source: Dao and Gu 2024, equation 1 with a scalar decay for each head.
    """
    x, _, _, _, c, *rest = inputs
    states = states_of(call, *head_coefficients(call, inputs))
    of_heads = per_head(c, x.shape[2])
    products = [call.work.matmul(state, of_heads[:, step, :, :, None])[..., 0] for step, state in enumerate(states)]
    y: Array = np.stack(products, axis=1)
    return (y + x * rest[0][:, None] if rest else y), states[-1].copy()


def per_head(x: Array, heads: int) -> Array:
    """Return the B or C of each head: the heads of a group share it."""
    return np.repeat(x, heads // x.shape[2], axis=2)


def head_coefficients(call: Call, inputs: Sequence[Array]) -> tuple[Array, Array]:
    """Return exp(dt · A), with two axes of length 1, and (dt · x) ⊗ B for each step and head.

    Raises `ValueError` if the inputs do not fit, which would broadcast.
    """
    x, dt, a, b, c, *rest = inputs
    heads = x.shape[2]
    alike = dt.shape == x.shape[:3] and a.shape == (heads,) and b.shape == c.shape and b.shape[:2] == x.shape[:2]
    if not alike or heads % b.shape[2] or any(d.shape != (heads,) for d in rest):
        raise ValueError(f"scans inputs of {[list(x.shape) for x in inputs]}")
    named = call.work.named
    decays = named("decays", np.exp(dt * a)[..., None, None])
    return decays, named("inputs of states", (dt[..., None] * x)[..., None] * per_head(b, heads)[..., None, :])


@backward("ssd")
def ssd_backward(ctx: Context, gradient: Array | None, to_last: Array | None = None) -> Gradients:
    """Return the gradients of all inputs, back through the states; those of B and C are summed over a group."""
    x, dt, a, b, c, *rest = ctx.inputs
    uncounted = replace(ctx.call, work=Work(trace=ctx.call.work.trace))
    decays, arriving = head_coefficients(uncounted, ctx.inputs)
    states = states_of(uncounted, decays, arriving)
    gradient = np.zeros_like(x) if gradient is None else gradient
    of_heads, matmul = per_head(c, x.shape[2]), ctx.to_inputs.matmul
    to_c, to_states = [], []
    for step, state in enumerate(states):
        to_c.append(matmul(gradient[:, step, :, None, :], state)[..., 0, :])
        to_states.append(matmul(gradient[:, step, :, :, None], of_heads[:, step, :, None, :]))
    if to_last is not None:
        to_states[-1] = to_states[-1] + to_last
    to_decays, to_arriving = states_backward(decays, states, to_states)
    to_arriving = ctx.call.work.named("∂L/∂inputs of states", to_arriving)
    to_exponents = to_decays.sum(axis=(-2, -1)) * decays[..., 0, 0]
    to_exponents = ctx.call.work.named("∂L/∂exponents", to_exponents)
    to_product = (to_arriving * per_head(b, x.shape[2])[..., None, :]).sum(axis=-1)
    to_b = (to_arriving * (dt[..., None] * x)[..., None]).sum(axis=-2)
    to_dt = to_exponents * a + (to_product * x).sum(axis=-1)
    to_x = to_product * dt[..., None]
    to_d = [(gradient * x).sum(axis=(0, 1, 3)) for _ in rest]
    to_x = to_x + gradient * rest[0][:, None] if rest else to_x
    to_a = (to_exponents * dt).sum(axis=(0, 1))
    return Gradients((to_x, to_dt, to_a, of_groups(to_b, b), of_groups(np.stack(to_c, axis=1), c), *to_d))


def of_groups(gradient: Array, x: Array) -> Array:
    """Return the gradient of an input that the heads of a group share, from that for each head."""
    summed: Array = gradient.reshape(*x.shape[:3], -1, x.shape[3]).sum(axis=3)
    return summed


@kernel("linear_recurrence", workspace=outputs_times(3))
def linear_recurrence(call: Call, a: Array, b: Array) -> Array:
    """Return y_t = a_t · y_{t−1} + b_t along `dim`, from y_0 = 0.

    Raises `ValueError` if the shapes differ, which would broadcast.
    """
    if a.shape != b.shape:
        raise ValueError(f"a linear recurrence of {list(a.shape)} and {list(b.shape)}")
    decays, arriving = (np.moveaxis(x, call.fields["dim"], 0)[None] for x in (a, b))
    y: Array = np.stack(states_of(call, decays, arriving), axis=1)[0]
    return np.ascontiguousarray(np.moveaxis(y, 0, call.fields["dim"]))


@backward("linear_recurrence")
def linear_recurrence_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradients of decays and inputs."""
    dim = ctx.call.fields["dim"]
    decays, states, arriving = (np.moveaxis(x, dim, 0)[None] for x in (ctx.inputs[0], ctx.outputs[0], gradient))
    steps = range(decays.shape[1])
    pair = states_backward(decays, [states[:, step] for step in steps], [arriving[:, step] for step in steps])
    to_a, to_b = (np.moveaxis(each[0], 0, dim) for each in pair)
    return Gradients((to_a, to_b))
