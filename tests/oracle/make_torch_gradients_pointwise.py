"""Write torch_gradients_pointwise.json and .npz: PyTorch 2.13.0's gradients of layers without windows, norms and loops.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from attention_axes import BROADCAST, BROADCAST_IN_GROUPS
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from torch_modules import BUILDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "The gradients that PyTorch 2.13.0 (autograd, evaluation mode, float32, CPU) finds for layers that work place by "
    "place, move, merge, reduce, look up or attend. Element i of a filled tensor is (((a*i + b) mod 17) - 8) / 8. The "
    "inputs have a and b of `fill.inputs`, in turn and anew after three, and are multiplied by `times` of the case, "
    "where it has several numbers by one for each input; parameter number k, in the order of `parameters`, has a = 7, "
    "b = 3 + k and is quartered; the gradient by output number k has a = 3, b = 6 + k, and there is none for the "
    "outputs in `unread`. Indices are ((a*i + b) mod 17) mod num_embeddings. The gradients by the inputs, those of "
    "indices left out, and by the parameters of all cases stand one after another, flat, in the .npz, key `values`. "
    "`backward_macs` is half of what FlopCounterMode counts on the way back, which misses fused kernels: their cases "
    "have none. A case with `differs` is one where ours are others, with the reason. Written by "
    "make_torch_gradients_pointwise.py."
)
FILL = {"inputs": [[5, 0], [4, 3], [6, 1]], "parameters": [7, 3], "gradients": [3, 6]}
CLAMPED = (
    "PyTorch replaces the length by eps without telling autograd, and so finds a slope by the length, which its "
    "output does not have"
)

Shape = tuple[int, ...]
Fields = dict[str, Any]
Tensors = dict[str, torch.Tensor]


class Case:
    """A layer word with its fields and inputs, and what is done to them."""

    def __init__(self, layer: str, fields: Fields, *inputs: Shape, **more: Any) -> None:
        self.layer, self.fields, self.inputs, self.more = layer, fields, inputs, more


def activation_cases() -> Iterator[Case]:
    """On sixteenths around 0 and on whole numbers, which hit every kink."""
    plain = ("relu", "relu6", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh")
    variants: list[tuple[str, Fields]] = [(word, {}) for word in plain]
    variants += [("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.25})]
    variants += [("elu", {}), ("elu", {"alpha": 0.5}), ("gelu", {}), ("gelu", {"approximate": "tanh"})]
    variants += [("softplus", {}), ("softplus", {"beta": 2.0, "threshold": 4.0})]
    for (word, fields), shape, times in product(variants, ((19,), (2, 3, 5)), (0.5, 8)):
        yield Case(word, fields, shape, times=times)
    for word, dim, times in product(("softmax", "log_softmax"), (-1, 0, 1, 2), (1, 8)):
        yield Case(word, {"dim": dim}, (3, 4, 5), times=times)


def moving_cases() -> Iterator[Case]:
    """The same numbers elsewhere."""
    yield Case("identity", {}, (2, 3, 4))
    yield Case("dropout", {"p": 0.5}, (2, 3, 4))
    yield Case("stochastic_depth", {"p": 0.2}, (2, 3, 4))
    for fields in ({}, {"start_dim": 0}, {"start_dim": -3, "end_dim": -2}):
        yield Case("flatten", fields, (2, 3, 4, 5))
    for shape in ([0, -1], [-1, 3], [4, 0, 2]):
        yield Case("reshape", {"shape": shape}, (2, 3, 4))
    for dims in ([0, 2, 3, 1], [3, 2, 1, 0], [-1, 0, -2, 1]):
        yield Case("permute", {"dims": dims}, (2, 3, 4, 5))
    for dim in (2, -2, [0, 2]):
        yield Case("squeeze", {"dim": dim}, (1, 3, 1, 4))
    for dim in (0, 1, -1):
        yield Case("unsqueeze", {"dim": dim}, (2, 3))
    for groups, shape in product((1, 2, 3), ((2, 6, 4), (1, 6, 2, 3))):
        yield Case("channel_shuffle", {"groups": groups}, shape)
    for factor in (1, 2, 3):
        yield Case("pixel_shuffle", {"upscale_factor": factor}, (2, 2 * factor**2, 2, 3))
        yield Case("pixel_unshuffle", {"downscale_factor": factor}, (2, 2, 2 * factor, factor))


def merging_cases() -> Iterator[Case]:
    """Sums and products that stretch, joins, pieces that nothing reads."""
    stretching: list[list[Shape]] = [
        *([(2, 3, 4)] * 2, [(2, 3, 4)] * 5, [(2, 3, 4), (3, 1)], [(4,), (2, 3, 4)]),
        *([(5, 1), (1, 3), (2, 1, 3)], [(2, 3, 1), (1, 4)], [(1, 1), (2, 3)], [(1,), (1, 1)]),
    ]
    for word, inputs in product(("add", "multiply"), stretching):
        yield Case(word, {}, *inputs)
    for axis, sizes in product((0, 1, -1), ([3], [2, 5], [1, 4, 2])):
        yield Case("concat", {"dim": axis}, *(tuple(n if a == axis % 3 else 2 + a for a in range(3)) for n in sizes))
    pairs: list[tuple[Shape, Shape]] = [
        *(((3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5))),
        *(((3, 4), (2, 4, 5)), ((1, 3, 2, 4), (2, 1, 4, 5)), ((1, 4), (4, 1))),
    ]
    for (a, b), turned in product(pairs, (False, True)):
        yield Case("matmul", {"transpose_b": turned}, a, (*b[:-2], b[-1], b[-2]) if turned else b)
    for size, unread in ((4, []), ([1, 6, 3], []), (4, [1]), ([1, 6, 3], [0, 2])):
        yield Case("split", {"split_size": size}, (2, 10, 3), unread=unread)
    for dim, unread in ((0, []), (-1, [0]), (1, [1, 2])):
        yield Case("chunk", {"chunks": 3, "dim": dim}, (5, 6, 8), unread=unread)
    for channels in ([4, 0, 5], [2, 2, 1, 2], [0]):
        yield Case("select_channels", {"channels": channels}, (2, 6, 3))


def reducing_cases() -> Iterator[Case]:
    """Axes longer than 17 have their largest number several times."""
    for dim, index in ((0, -1), (1, 2), (-1, 0)):
        yield Case("select", {"dim": dim, "index": index}, (3, 4, 5))
    for word, keep, (shape, dim) in product(
        ("mean", "max", "sum"), (False, True), (((40,), 0), ((2, 3, 4), 1), ((2, 35), -1), ((36, 2), 0))
    ):
        yield Case(word, {"dim": dim, "keepdim": keep}, shape)


def vector_cases() -> Iterator[Case]:
    """Rows that are looked up, angles, places."""
    for padding, shape in product(({}, {"padding_idx": 0}, {"padding_idx": -1}), ((7,), (3, 8))):
        yield Case("embedding", {"num_embeddings": 6, "embedding_dim": 3, **padding}, shape)
    for dim, shape in ((1, (3, 5)), (0, (6,)), (-1, (2, 3, 4)), (1, (2, 5, 3))):
        yield Case("cosine_similarity", {"dim": dim}, shape, shape)
        yield Case("cosine_similarity", {"dim": dim, "eps": 0.5}, shape, shape, times=[0, 1])
    yield Case("cosine_similarity", {"dim": 1, "eps": 2.0}, (3, 5), (3, 5), differs=CLAMPED)
    for first in (False, True):
        fields: Fields = {"batch_first": first}
        yield Case("positional_encoding", fields, (3, 4, 6))
        for rows in (4, 9):
            yield Case("positional_encoding", {**fields, "kind": "learned", "max_length": rows}, (3, 4, 6))
    for shape, interleaved in product(((7, 4), (2, 3, 5, 6)), (False, True)):
        yield Case("rotary_embedding", {"interleaved": interleaved}, shape)
    yield Case("rotary_embedding", {"base": 100.0}, (3, 5, 8))
    yield Case("class_token", {}, (3, 4, 5))
    yield Case("class_token", {}, (1, 1, 2))


def attention_cases() -> Iterator[Case]:
    """Masks, scales, shared heads, added keys, weights that are read alone or with the output or not at all."""
    for leading, causal, scale in product(((), (2, 3)), (False, True), ({}, {"scale": 0.25})):
        for keys, width in ((5, 4), (3, 6)):
            fields = {"is_causal": causal, **scale}
            yield Case(
                "scaled_dot_product_attention",
                fields,
                *((*leading, *end) for end in ((5, 4), (keys, 4), (keys, width))),
            )
    for causal, heads, shared in product((False, True), (4, 6), (1, 2)):
        fields = {"enable_gqa": True, "is_causal": causal}
        yield Case("scaled_dot_product_attention", fields, (2, heads, 3, 4), *[(2, shared, 3, 4)] * 2)
    for leading, causal in product(BROADCAST, (False, True)):
        ends = zip(leading, ((3, 4), (5, 4), (5, 6)), strict=True)
        fields = {"is_causal": causal}
        yield Case("scaled_dot_product_attention", fields, *((*axes, *end) for axes, end in ends))
    for leading, causal in product(BROADCAST_IN_GROUPS, (False, True)):
        ends = zip(leading, ((3, 4), (5, 4), (5, 6)), strict=True)
        fields = {"enable_gqa": True, "is_causal": causal}
        yield Case("scaled_dot_product_attention", fields, *((*axes, *end) for axes, end in ends))
    for number, (heads, bias, first, added) in enumerate(product((1, 2), (True, False), (True, False), range(4))):
        fields = {"num_heads": heads, "bias": bias, "batch_first": first}
        fields |= {"add_bias_kv": bool(added & 1), "add_zero_attn": bool(added & 2)}
        causal = number % 3 == 1
        keys, widths = 4 if causal else 3, {"kdim": 5, "vdim": 3} if number % 4 == 2 else {}
        shapes = [(2, 4, 6), (2, keys, widths.get("kdim", 6)), (2, keys, widths.get("vdim", 6))]
        shapes = shapes if widths else shapes[: 1 + number % 3]
        fields |= {"is_causal": causal, "need_weights": number % 5 < 3, **widths}
        unread = {0: [], 1: [0], 2: [1]}.get(number % 5, [])
        inputs = shapes if first else [(length, batch, width) for batch, length, width in shapes]
        yield Case("multihead_attention", fields, *inputs, unread=unread)
    for bias, causal, shared in product((True, False), (False, True), (1, 2)):
        fields = {"num_heads": 4, "num_kv_heads": shared, "bias": bias, "is_causal": causal, "batch_first": True}
        yield Case("multihead_attention", fields, (2, 3, 8), *([] if causal else [(2, 5, 6)]))


def learnt(case: Case) -> dict[str, Shape]:
    """The parameters by name."""
    word, fields = case.layer, case.fields
    if word == "embedding":
        return {"weight": (fields["num_embeddings"], fields["embedding_dim"])}
    if word == "class_token":
        return {"token": (1, 1, case.inputs[0][-1])}
    if fields.get("kind") == "learned":
        return {"weight": (fields["max_length"], case.inputs[0][-1])}
    if "num_kv_heads" in fields:
        features, other = case.inputs[0][-1], case.inputs[-1][-1]
        group = fields["num_kv_heads"] * features // fields["num_heads"]
        shapes: dict[str, Shape] = {"q_proj_weight": (features, features), "k_proj_weight": (group, other)}
        shapes |= {"v_proj_weight": (group, other)} | {"in_proj_bias": (features + 2 * group,)}
        shapes |= {"out_proj.weight": (features, features), "out_proj.bias": (features,)}
        return {name: shape for name, shape in shapes.items() if fields["bias"] or not name.endswith("bias")}
    if word == "multihead_attention":
        return {name: tuple(tensor.shape) for name, tensor in attention_module(case).named_parameters()}
    return {}


def attention_module(case: Case) -> nn.MultiheadAttention:
    """The module that has the parameters of the case."""
    kept = {name: value for name, value in case.fields.items() if name not in ("is_causal", "need_weights")}
    return nn.MultiheadAttention(case.inputs[0][-1], **kept).eval()


def attended(case: Case, x: list[torch.Tensor], parameters: Tensors) -> list[torch.Tensor]:
    """torch.nn.MultiheadAttention with these parameters."""
    query, key, value = [*x, *[x[-1]] * (3 - len(x))]
    length = 1 if case.fields["batch_first"] else 0
    mask = None
    if case.fields["is_causal"]:
        mask = torch.triu(torch.ones(query.shape[length], key.shape[length], dtype=torch.bool), diagonal=1)
    module = attention_module(case).to(query.dtype)
    output, weights = functional_call(module, parameters, (query, key, value), {"attn_mask": mask})
    return [output, weights] if case.fields["need_weights"] else [output]


def grouped(case: Case, x: list[torch.Tensor], parameters: Tensors) -> list[torch.Tensor]:
    """Attention with fewer heads of keys, which no torch module has: by its functions."""
    heads, shared = case.fields["num_heads"], case.fields["num_kv_heads"]
    size = x[0].shape[-1] // heads
    biases: Any = [None] * 3
    if case.fields["bias"]:
        biases = parameters["in_proj_bias"].split([heads * size, shared * size, shared * size])
    projected = [
        functional.linear(each, parameters[f"{letter}_proj_weight"], bias).unflatten(-1, (-1, size)).transpose(1, 2)
        for each, letter, bias in zip((x[0], x[-1], x[-1]), "qkv", biases, strict=True)
    ]
    y = functional.scaled_dot_product_attention(*projected, is_causal=case.fields["is_causal"], enable_gqa=True)
    joined = y.transpose(1, 2).flatten(2)
    return [functional.linear(joined, parameters["out_proj.weight"], parameters.get("out_proj.bias"))]


def placed(fields: Fields, x: torch.Tensor, parameters: Tensors) -> torch.Tensor:
    """The steps and their places: learnt rows, or anything that does not depend on the input."""
    if fields.get("kind") != "learned":
        return x + torch.ones_like(x)
    steps = x.shape[1 if fields["batch_first"] else 0]
    rows = functional.embedding(torch.arange(steps), parameters["weight"])
    return x + (rows if fields["batch_first"] else rows[:, None])


def turned(fields: Fields, x: torch.Tensor) -> torch.Tensor:
    """Pairs as complex numbers, times others of length 1."""
    steps, features = x.shape[-2:]
    frequencies = fields.get("base", 10000.0) ** -(torch.arange(0, features, 2, dtype=torch.float64) / features)
    angles = torch.outer(torch.arange(steps, dtype=torch.float64), frequencies)
    turns = torch.complex(angles.cos().to(x.dtype), angles.sin().to(x.dtype))
    if fields.get("interleaved"):
        pairs = x.unflatten(-1, (-1, 2))
        return torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * turns).flatten(-2)
    first, second = x.chunk(2, dim=-1)
    both = torch.complex(first, second) * turns
    return torch.cat([both.real, both.imag], dim=-1)


def folded(operate: Callable[..., torch.Tensor], x: list[torch.Tensor]) -> torch.Tensor:
    total = x[0]
    for other in x[1:]:
        total = operate(total, other)
    return total


def called(case: Case, x: list[torch.Tensor], parameters: Tensors) -> list[torch.Tensor]:
    """Every output of the case."""
    word, fields = case.layer, case.fields
    if word in ONE_OUTPUT:
        return [ONE_OUTPUT[word](fields, x, parameters)]
    if word in ("split", "chunk"):
        return list(getattr(torch, word)(x[0], fields.get("split_size", fields.get("chunks")), fields.get("dim", 1)))
    if word == "multihead_attention":
        return grouped(case, x, parameters) if "num_kv_heads" in fields else attended(case, x, parameters)
    return [BUILDERS[word](dict(fields), case.inputs[0]).eval()(*x)]


ONE_OUTPUT: dict[str, Callable[[Fields, list[torch.Tensor], Tensors], torch.Tensor]] = {
    "stochastic_depth": lambda _fields, x, _: x[0] * 1,
    "squeeze": lambda f, x, _: x[0].squeeze(tuple(f["dim"]) if isinstance(f["dim"], list) else f["dim"]),
    "unsqueeze": lambda f, x, _: x[0].unsqueeze(f["dim"]),
    "channel_shuffle": lambda f, x, _: functional.channel_shuffle(x[0], f["groups"]),
    "pixel_shuffle": lambda f, x, _: functional.pixel_shuffle(x[0], f["upscale_factor"]),
    "pixel_unshuffle": lambda f, x, _: functional.pixel_unshuffle(x[0], f["downscale_factor"]),
    "add": lambda _fields, x, _: folded(torch.add, x),
    "multiply": lambda _fields, x, _: folded(torch.mul, x),
    "concat": lambda f, x, _: torch.cat(x, dim=f["dim"]),
    "matmul": lambda f, x, _: torch.matmul(x[0], x[1].transpose(-2, -1) if f["transpose_b"] else x[1]),
    "select_channels": lambda f, x, _: torch.index_select(x[0], 1, torch.tensor(f["channels"])),
    "embedding": lambda f, x, p: functional.embedding(x[0], p["weight"], padding_idx=f.get("padding_idx")),
    "positional_encoding": lambda f, x, p: placed(f, x[0], p),
    "rotary_embedding": lambda f, x, _: turned(f, x[0]),
    "class_token": lambda _fields, x, p: torch.cat([p["token"].expand(len(x[0]), -1, -1), x[0]], dim=1),
    "scaled_dot_product_attention": lambda f, x, _: functional.scaled_dot_product_attention(*x, **f),
}


def numbers(a: int, b: int, shape: Shape) -> torch.Tensor:
    return ((a * torch.arange(math.prod(shape)) + b) % 17).reshape(shape)


def filled(a: int, b: int, shape: Shape) -> torch.Tensor:
    """A tensor by the rule in ABOUT, exact in binary."""
    return (numbers(a, b, shape).double() - 8) / 8


def entering(case: Case, dtype: torch.dtype) -> list[torch.Tensor]:
    fills = [FILL["inputs"][j % 3] for j in range(len(case.inputs))]
    if case.layer == "embedding":
        return [numbers(*fills[0], case.inputs[0]) % case.fields["num_embeddings"]]
    times = case.more.get("times", 1)
    times = times if isinstance(times, list) else [times] * len(fills)
    whole = zip(fills, case.inputs, times, strict=True)
    return [(filled(*fill, shape) * factor).to(dtype).requires_grad_() for fill, shape, factor in whole]


def run(case: Case, dtype: torch.dtype) -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
    """What the gradients are by: all but whole numbers, then parameters; every output, and the gradients by them."""
    x = entering(case, dtype)
    a, b = FILL["parameters"]
    parameters = {
        name: (filled(a, b + k, shape) / 4).to(dtype).requires_grad_()
        for k, (name, shape) in enumerate(learnt(case).items())
    }
    outputs = called(case, x, parameters)
    a, b = FILL["gradients"]
    by = [tensor for tensor in (*x, *parameters.values()) if tensor.requires_grad]
    return by, outputs, [filled(a, b + k, tuple(y.shape)).to(dtype) for k, y in enumerate(outputs)]


def gradients(case: Case, dtype: torch.dtype) -> tuple[list[Shape], list[torch.Tensor]]:
    """The shapes that the case gives, and the gradients that go back from what is read."""
    by, outputs, given = run(case, dtype)
    unread = case.more.get("unread", [])
    ys, dys = zip(*(pair for k, pair in enumerate(zip(outputs, given, strict=True)) if k not in unread), strict=True)
    found = torch.autograd.grad(ys, by, dys, allow_unused=True)
    zeroed = [torch.zeros_like(t) if g is None else g for t, g in zip(by, found, strict=True)]
    return [tuple(y.shape) for y in outputs], zeroed


def backward_macs(case: Case) -> int:
    """Half of what FlopCounterMode counts on the way back."""
    with FlopCounterMode(display=False) as counter:
        _, outputs, given = run(case, torch.float32)
        forward = counter.get_total_flops()
        torch.autograd.backward(outputs, given)
        flops: int = counter.get_total_flops() - forward
    return flops // 2


def answer(case: Case) -> tuple[dict[str, Any], np.ndarray]:
    """The row of a case and its gradients, flat."""
    outputs, found = gradients(case, torch.float32)
    row = {"layer": case.layer, "fields": case.fields, "inputs": case.inputs}
    row |= {name: value for name, value in case.more.items() if value != []}
    row |= {"parameters": {name: list(shape) for name, shape in learnt(case).items()}, "outputs": outputs}
    counted = case.layer in ("matmul", "multihead_attention") and "num_kv_heads" not in case.fields
    if counted and not case.more.get("unread"):
        row["backward_macs"] = backward_macs(case)
    for near, exact in zip(found, gradients(case, torch.float64)[1], strict=True):
        torch.testing.assert_close(near.double(), exact, rtol=5e-6, atol=5e-6, msg=lambda text: f"{row}: {text}")
    return row, np.concatenate([gradient.numpy().ravel() for gradient in found])


def main() -> int:
    """Ask PyTorch every case and write both files."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    rows, values = [], []
    families = (activation_cases, moving_cases, merging_cases, reducing_cases, vector_cases, attention_cases)
    for number, case in enumerate(case for family in families for case in family()):
        row, flat = answer(case)
        rows.append({"name": f"{number:03} {case.layer}", **row})
        values.append(flat)
    head = {"about": ABOUT, "torch": TORCH, "fill": FILL}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    (HERE / "torch_gradients_pointwise.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / "torch_gradients_pointwise.npz", values=np.concatenate(values))
    print(f"{len(rows)} cases, {sum(map(len, values))} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
