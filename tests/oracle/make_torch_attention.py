"""Write torch_attention.json and torch_attention.npz: what PyTorch 2.13.0 says of attention, RMS norm and whole blocks.

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
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 says of attention, RMS norm and transformer blocks: shapes, parameters, multiply-accumulates "
    "(FlopCounterMode on the meta device, halved) and values (evaluation mode, float32, CPU). Element i of a filled "
    "tensor is (((a*i + b) mod 17) - 8) / 8, with a and b of `fill.inputs` for each input in turn; parameter number k, "
    "in the order of `parameters`, is filled with a = 7, b = 3 + k and then quartered. The outputs of all cases stand "
    "one after another, flat, in torch_attention.npz, key `values`. A case with `error` is one that PyTorch refuses, "
    "in its words. Written by make_torch_attention.py."
)
FILL = {"inputs": [[5, 0], [4, 3], [6, 1]], "parameters": [7, 3]}
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, AssertionError)
Shape = tuple[int, ...]


def filled(a: int, b: int, shape: Shape) -> torch.Tensor:
    """A tensor by the rule in ABOUT, exact in binary."""
    flat = [((a * i + b) % 17 - 8) / 8 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


class Case:
    """A module, or a function, with what it is called and the inputs that it is given."""

    def __init__(
        self, layer: str, fields: dict[str, Any], inputs: list[Shape], make: Callable[[], Any], call: Callable[..., Any]
    ) -> None:
        self.layer, self.fields, self.inputs = layer, fields, inputs
        self.make, self.call = make, call


def attention_cases() -> Iterator[Case]:
    """Every pair of options of torch.nn.MultiheadAttention, on one, two or three inputs."""
    options = product(
        (1, 2, 4), (True, False), (True, False), (False, True), (False, True), (False, True), (False, True)
    )
    for number, (heads, bias, first, kv, zero, causal, weights) in enumerate(options):
        if number % 3 and (kv or zero) and causal:  # every third of those with both keys added and a mask
            continue
        fields: dict[str, Any] = {"num_heads": heads, "bias": bias, "batch_first": first}
        fields |= {"add_bias_kv": True} if kv else {}
        fields |= {"add_zero_attn": True} if zero else {}
        fields |= {"is_causal": True} if causal else {}
        fields |= {"need_weights": True} if weights else {}
        features, queries, keys, batch = 8, 5, 5 if causal else 3 + number % 4, 2 + number % 2
        widths = {}
        if number % 5 == 0:
            widths = {"kdim": 6, "vdim": 4 + number % 3}
        query = (batch, queries, features) if first else (queries, batch, features)
        key, value = (
            (batch, keys, widths.get(name, features)) if first else (keys, batch, widths.get(name, features))
            for name in ("kdim", "vdim")
        )
        inputs = [query, key, value]
        if not widths and keys == queries and number % 2:
            inputs = [query]
        elif not widths:
            inputs = [query, key]
        yield Case("multihead_attention", {**fields, **widths}, inputs, attention(fields, widths, features), attended)


def attention(fields: dict[str, Any], widths: dict[str, int], features: int) -> Callable[[], nn.Module]:
    kept = {name: value for name, value in fields.items() if name not in ("is_causal", "need_weights")}

    def make() -> nn.Module:
        return nn.MultiheadAttention(features, **kept, **widths)

    return make


def attended(module: nn.MultiheadAttention, case: Case, *inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    query = inputs[0]
    key = inputs[1] if len(inputs) > 1 else query
    value = inputs[2] if len(inputs) > 2 else key
    length = 1 if case.fields["batch_first"] else 0
    mask = None
    if case.fields.get("is_causal"):
        mask = torch.triu(torch.ones(query.shape[length], key.shape[length], dtype=torch.bool), diagonal=1)
        mask = mask.to(query.device)
    output, weights = module(query, key, value, attn_mask=mask, need_weights=True)
    return {"output": output, "weights": weights} if case.fields.get("need_weights") else {"output": output}


def dot_product_cases() -> Iterator[Case]:
    """torch.nn.functional.scaled_dot_product_attention with and without mask, scale and shared heads."""
    for leading, causal, scale in product(((3,), (2, 4)), (False, True), (None, 0.25, 1.5)):
        for keys, width in ((5, 6), (7, 3), (2, 8)):
            fields: dict[str, Any] = {"is_causal": True} if causal else {}
            fields |= {"scale": scale} if scale else {}
            yield dot_product(fields, [(*leading, 5, 6), (*leading, keys, 6), (*leading, keys, width)])
    for causal, heads, shared in product((False, True), (4, 6), (1, 2)):
        fields = {"enable_gqa": True} | ({"is_causal": True} if causal else {})
        yield dot_product(fields, [(2, heads, 5, 4), (2, shared, 5, 4), (2, shared, 5, 4)])
    for leading, causal in product(BROADCAST, (False, True)):
        ends = zip(leading, ((5, 4), (7, 4), (7, 6)), strict=True)
        yield dot_product({"is_causal": True} if causal else {}, [(*axes, *end) for axes, end in ends])
    for leading, causal in product(BROADCAST_IN_GROUPS, (False, True)):
        ends = zip(leading, ((5, 4), (7, 4), (7, 6)), strict=True)
        fields = {"enable_gqa": True} | ({"is_causal": True} if causal else {})
        yield dot_product(fields, [(*axes, *end) for axes, end in ends])


def dot_product(fields: dict[str, Any], inputs: list[Shape]) -> Case:
    def call(_module: None, _case: Case, *given: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"output": functional.scaled_dot_product_attention(*given, **fields)}

    return Case("scaled_dot_product_attention", fields, inputs, lambda: None, call)


def norm_cases() -> Iterator[Case]:
    """torch.nn.RMSNorm over one and several axes."""
    for shape, normalized in (((2, 5), 5), ((2, 3, 7), 7), ((2, 3, 4), (3, 4)), ((3, 2, 2, 6), (2, 6)), ((1, 9), 9)):
        for eps, affine in product((None, 1e-2), (True, False)):
            fields: dict[str, Any] = {"normalized_shape": normalized, "elementwise_affine": affine}
            fields |= {"eps": eps} if eps else {}
            yield Case("rms_norm", fields, [shape], lambda fields=fields: nn.RMSNorm(**fields), plain)


def plain(module: nn.Module, _case: Case, *inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"output": module(*inputs)}


def block_cases() -> Iterator[Case]:
    """Encoder and decoder layers before and after their norms, as torch.nn has them, and GPT-2's block."""
    for heads, first, norm_first, activation in product((1, 2, 4), (True, False), (True, False), ("relu", "gelu")):
        fields = {"nhead": heads, "dim_feedforward": 12, "batch_first": first, "norm_first": norm_first}
        fields |= {"activation": activation}
        x, memory = ((2, 5, 8), (2, 3, 8)) if first else ((5, 2, 8), (3, 2, 8))
        yield Case("encoder_layer", fields, [x], lambda fields=fields: nn.TransformerEncoderLayer(8, **fields), plain)
        yield Case(
            "decoder_layer", fields, [x, memory], lambda fields=fields: nn.TransformerDecoderLayer(8, **fields), decoded
        )
    for heads in (1, 2, 4):
        yield Case("gpt2_block", {"num_heads": heads}, [(2, 5, 8)], lambda heads=heads: Gpt2Block(8, heads), plain)


def decoded(module: nn.Module, case: Case, x: torch.Tensor, memory: torch.Tensor) -> dict[str, torch.Tensor]:
    length = x.shape[1 if case.fields["batch_first"] else 0]
    mask = torch.triu(torch.full((length, length), -math.inf, device=x.device, dtype=x.dtype), diagonal=1)
    return {"output": module(x, memory, tgt_mask=mask)}


class Gpt2Block(nn.Module):
    """A block of GPT-2 (Radford et al. 2019, section 2.3): norms first, causal attention, GELU by tanh."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(features)
        self.attn = nn.MultiheadAttention(features, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(features)
        self.c_fc = nn.Linear(features, 4 * features)
        self.c_proj = nn.Linear(4 * features, features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.ln_1(x)
        mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device), diagonal=1)
        x = x + self.attn(y, y, y, attn_mask=mask, need_weights=False)[0]
        return x + self.c_proj(functional.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


REFUSED = [
    ("multihead_attention", {"num_heads": 3}, [(2, 5, 8)]),
    ("multihead_attention", {"num_heads": 16}, [(2, 5, 8)]),
    ("multihead_attention", {"num_heads": 2}, [(2, 5, 8), (3, 4, 8)]),
    ("multihead_attention", {"num_heads": 2}, [(2, 5, 8), (2, 4, 8), (2, 3, 8)]),
    ("multihead_attention", {"num_heads": 2, "kdim": 6}, [(2, 5, 8), (2, 4, 7), (2, 4, 8)]),
]


def refused_cases() -> Iterator[Case]:
    for layer, fields, inputs in REFUSED:
        kept = {"batch_first": True, **fields}
        yield Case(layer, kept, inputs, lambda kept=kept: nn.MultiheadAttention(8, **kept), attended)


def run(case: Case, dtype: torch.dtype) -> tuple[Any, dict[str, torch.Tensor]]:
    """The module of a case with filled parameters, and what it gives for the filled inputs."""
    module = case.make()
    if module is not None:
        module = module.to(dtype).eval()
        a, b = FILL["parameters"]
        for k, tensor in enumerate(module.state_dict().values()):
            tensor.copy_(filled(a, b + k, tuple(tensor.shape)) / 4)
    given = [filled(*FILL["inputs"][j], shape).to(dtype) for j, shape in enumerate(case.inputs)]
    return module, case.call(module, case, *given)


def macs(case: Case) -> int:
    """Half of what FlopCounterMode counts without data; on the CPU it misses fused kernels."""
    with torch.device("meta"):
        module = case.make()
        given = [torch.empty(shape) for shape in case.inputs]
    if module is not None:
        module.eval()
    with FlopCounterMode(display=False) as counter:
        case.call(module, case, *given)
    flops: int = counter.get_total_flops()
    if flops % 2:
        raise ValueError(f"{case.layer}: {flops} FLOPs are odd")
    return flops // 2


def answer(case: Case) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row of a case and its outputs, flat; or the row of a refusal and None."""
    row: dict[str, Any] = {"layer": case.layer, "fields": case.fields, "inputs": case.inputs}
    try:
        module, outputs = run(case, torch.float32)
        exact = run(case, torch.float64)[1]
    except REFUSALS as refused:
        return {**row, "error": str(refused).partition("\n")[0][:160]}, None
    row["macs"] = macs(case)
    for name, y in outputs.items():
        torch.testing.assert_close(y.double(), exact[name], rtol=5e-6, atol=5e-6, msg=lambda text: f"{row}: {text}")
    tensors = {} if module is None else module.state_dict()
    row |= {
        "outputs": {name: list(y.shape) for name, y in outputs.items()},
        "parameters": {name: list(tensor.shape) for name, tensor in tensors.items()},
    }
    return row, np.concatenate([y.detach().numpy().ravel() for y in outputs.values()])


def main() -> int:
    """Ask PyTorch every case and write both files."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    torch.set_grad_enabled(False)
    torch.backends.mha.set_fastpath_enabled(False)
    rows, outputs = [], []
    cases = [*attention_cases(), *dot_product_cases(), *norm_cases(), *block_cases(), *refused_cases()]
    for number, case in enumerate(cases):
        row, output = answer(case)
        rows.append({"name": f"{number:03} {case.layer}", **row})
        if output is not None:
            outputs.append(output)
    head = {"about": ABOUT, "torch": TORCH, "fill": FILL}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    (HERE / "torch_attention.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / "torch_attention.npz", values=np.concatenate(outputs))
    print(f"{len(outputs)} cases with values, {len(rows) - len(outputs)} refusals, {sum(map(len, outputs))} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
