"""Scans as loops over time steps, as in transformers' mamba_selective_scan, with the time before the channels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from torch_cases import Case, Filled


def scanned(decays: Tensor, entering: Tensor) -> list[Tensor]:
    """Return the state after each step."""
    states = [entering[:, 0]]
    for step in range(1, entering.shape[1]):
        states.append(decays[:, step] * states[-1] + entering[:, step])
    return states


def selective_scan(u: Tensor, delta: Tensor, a: Tensor, b: Tensor, c: Tensor, *rest: Tensor) -> tuple[Tensor, Tensor]:
    """Return the output and the last state."""
    decays = torch.exp(delta[..., None] * a)
    states = scanned(decays, (delta * u)[..., None] * b[:, :, None, :])
    y = torch.stack([torch.matmul(state, c[:, step, :, None])[..., 0] for step, state in enumerate(states)], 1)
    if rest:
        y = y + u * rest[0]
    if rest[1:]:
        y = y * functional.silu(rest[1])
    return y, states[-1]


def ssd(x: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor, *rest: Tensor) -> tuple[Tensor, Tensor]:
    """Return the output and the last state; heads of a group share B and C."""
    if b.shape[2] != x.shape[2]:
        b, c = (each.repeat_interleave(x.shape[2] // each.shape[2], 2) for each in (b, c))
    decays = torch.exp(dt * a)[..., None, None]
    states = scanned(decays, (dt[..., None] * x)[..., None] * b[:, :, :, None, :])
    y = torch.stack([torch.matmul(state, c[:, step, :, :, None])[..., 0] for step, state in enumerate(states)], 1)
    return (y + x * rest[0][:, None] if rest else y), states[-1]


def linear_recurrence(a: Tensor, b: Tensor, dim: int) -> Tensor:
    """Return the states."""
    decays, entering = (each.movedim(dim, 0)[None] for each in (a, b))
    return torch.stack(scanned(decays, entering), 1)[0].movedim(0, dim)


U, STATE = (2, 3, 5), (2, 3, 4)
DELTA = Filled(U, positive=True)
HEADS, GROUPS = (2, 3, 6, 4), (2, 3, 2, 5)
STEPS = Filled((2, 3, 6), positive=True)
CASES = (
    Case("selective_scan", {}, (U, DELTA, (5, 4), STATE, STATE), selective_scan),
    Case("selective_scan", {}, (U, DELTA, (5, 4), STATE, STATE, (5,)), selective_scan),
    Case("selective_scan", {}, (U, DELTA, (5, 4), STATE, STATE, (5,), U), selective_scan),
    Case("ssd", {}, (HEADS, STEPS, (6,), GROUPS, GROUPS), ssd),
    Case("ssd", {}, (HEADS, STEPS, (6,), (2, 3, 6, 5), (2, 3, 6, 5), (6,)), ssd),
    Case("linear_recurrence", {}, (U, U), lambda a, b: linear_recurrence(a, b, 1)),
    Case("linear_recurrence", {"dim": 0}, (U, U), lambda a, b: linear_recurrence(a, b, 0)),
    Case("linear_recurrence", {"dim": -1}, (U, U), lambda a, b: linear_recurrence(a, b, -1), saves=False),
)
