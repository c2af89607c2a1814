"""Write torch_exports/operators.pt2 and .npz: a program of many expressions, with what PyTorch computes of each.

Run it with torch 2.13.0. operators.json has the expressions by the module that reads them, each with its number of
outputs. In an expression x, y, z are floating-point inputs, i and j integers, b flags, m a map, v a vector and w a
parameter.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import torch
from make_torch_export_fixtures import FOLDER, packed
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as all of PyTorch has it

CASES = {
    "arithmetic": """
x + 2.5; x + i; i + 3; i * 1.5; 3 - x; torch.rsub(x, y, alpha=2); torch.add(x, y, alpha=0.5); x - y * 2; i - j
b * x; x / y; i / j; i // 2; torch.div(x, 0.7, rounding_mode="floor"); torch.div(x, 0.7, rounding_mode="trunc")
i % 3; x % 0.7; x ** 2; x ** 3; y.abs() ** x; 2 ** x; x.abs() ** 0.5; i ** 2; torch.square(i); torch.exp2(x)
torch.reciprocal(y); torch.maximum(x, y); torch.minimum(x, y); torch.max(x, y); x.clamp(-0.5, 0.5); x.clamp(min=0)
i.clamp(1, 3); i.clamp(max=2); torch.clamp(x, y - 1, y + 1); torch.addcmul(x, y, z, value=0.5)
torch.addcdiv(x, y, z.abs() + 1); torch.lerp(x, y, 0.3); x.t() @ y; v @ x; x @ w[:5]; x @ v[:5].new_ones(5)
torch.outer(v, v); torch.bmm(m[0], m[0].transpose(1, 2)); x.addmm(x[:, :4], y)
torch.baddbmm(m[0], m[0, :, :, :5], m[0, :, :5], beta=0.5, alpha=2); torch.einsum("ij,kj->ik", x, y)
torch.einsum("ij,jk", x, w[:5, None]); F.linear(x, w.view(2, 5)); F.linear(x, y); F.linear(x, y, w[:4])
""",
    "activation": """
x.abs(); i.neg(); x.sign(); x.floor(); x.ceil(); x.round(); x.trunc(); x.exp(); x.expm1(); (x.abs() + 1).log()
x.abs().log1p(); x.abs().sqrt(); (x.abs() + 1).rsqrt(); x.sin(); x.cos(); x.erf(); x.tanh(); x.sigmoid(); x.isnan()
F.relu(x); F.relu6(x * 9); F.leaky_relu(x, 0.2); F.elu(x, 0.7); F.celu(x, 0.7); F.selu(x); F.gelu(x); F.mish(x)
F.silu(x); F.gelu(x, approximate="tanh"); F.softplus(x, 2, 1); F.hardtanh(x, -0.3, 0.4); F.hardswish(x * 4)
F.hardsigmoid(x * 4); F.threshold(x, 0.1, -3.0); F.hardshrink(x, 0.3); F.softshrink(x, 0.3); F.tanhshrink(x)
F.softsign(x); F.logsigmoid(x); F.prelu(m, w[:6]); F.rrelu(x, 0.1, 0.3); F.glu(m, 1); x.softmax(0)
x.log_softmax(-1); F.softmin(x, 1); F.dropout(x, 0.3, False)
""",
    "comparing": """
x == y; i == 2; x != 0.5; i < j; x <= 0; 1 > x; i >= 1; b & (x > 0); b | (x > 0); b ^ (x > 0); ~b
torch.logical_not(x); b == b; torch.where(b, x, y); torch.where(b, x, 0.0); torch.where(b, 1, i)
x.masked_fill(b, -1e9); x.masked_fill(b, float("-inf")); i.masked_fill(b, 7); b.masked_fill(b, False); b.any()
b.all(1); b.any(-1, keepdim=True); (x > 9).any(0); x.clone().masked_fill_(b, 2.0) + 1
""",
    "reducing": """
x.mean(); x.mean(0); x.mean((0, 1), keepdim=True); x.sum(1); b.sum(); i.sum(0); x.prod(1); x.amax(0); x.amin((0, 1))
x.max(); x.max(1); x.min(0); x.max(1)[0]; x.argmax(1); x.argmax(); x.argmin(0); x.logsumexp(1); x.var(1)
x.std(0, correction=0); x.norm(); x.norm(dim=1); x.norm(p=1, dim=0); torch.var_mean(x, 1); x.cumsum(0); b.cumsum(1)
i.cumsum(0); F.normalize(x, dim=1); F.cosine_similarity(x, y, dim=1)
""",
    "indexing": """
x.topk(2, 1); x.sort(1); x.argsort(0); x.sort(1, descending=True); x[torch.tensor([2, 0])]
x[:, torch.tensor([1, -1])]; x[i[0, :3]]; x.index_select(1, j[0, :2])
m[:, :, torch.tensor([[0], [2]]), torch.tensor([1, 0])]; x.gather(1, i); x.take_along_dim(j, 0)
""",
    "moving": """
x.flatten(); x.view(2, 10); x.reshape(-1); x.t(); m.permute(0, 3, 1, 2); m.movedim(1, -1); m.swapaxes(1, 2)
m.transpose(-1, -2); x.unsqueeze(-1); x[None].squeeze(); x[:, None].squeeze(1); m.squeeze(0).unflatten(0, (2, 3))
x.expand(3, 4, 5); x[:1].expand(4, -1); torch.cat([x, y], 1); torch.cat([x, i]); torch.cat([b, b], 0)
torch.stack([x, y], 1); x.split(2, 0); x.split([1, 4], 1); x.chunk(3, 1); x.tensor_split(3, 1); x.unbind(0); x[1:3]
x[:, ::2]; x[..., -2]; x[-1]; x[:, 1:-1]; x.narrow(1, 1, 2); x.select(0, -1); x.repeat(2, 3); x.repeat(2, 1, 1)
x.tile(2); x.repeat_interleave(2, 0); torch.roll(x, 1, 0); torch.roll(x, (2, 2), (0, 1)); x.flip(0, 1); x.tril()
x.triu(1); F.pad(x, (1, 2)); F.pad(x, (-1, 0, 1, -1)); F.pad(m, (1, 1, 2, 0), value=0.5)
F.pad(m, (1, 2, 2, 1), mode="reflect"); F.pad(i, (0, 1), value=9); F.pad(m, (1, 0, 0, 2), mode="replicate")
F.pad(m, (1, 2, 0, 1), mode="circular"); x.unfold(1, 3, 2); x.diff(); x.diff(dim=0); b.diff(dim=1)
torch.meshgrid(v, v, indexing="xy")[0] + 1; x.to(torch.int64); i.float(); b.to(x.dtype); x.double() + 1; i.bool()
x.type_as(i)
""",
    "embedding": """
F.embedding(i, w.view(5, 2)); F.one_hot(i, 6); F.embedding(i, x[:, :2].contiguous())
""",
    "creation": """
torch.zeros_like(x) + x; torch.full_like(x, 3) * x; x.new_zeros(4, 5) + x; torch.ones(5) * x; torch.arange(5) + x
torch.arange(1, 10, 2) * i; torch.linspace(0, 1, 5) * x; torch.eye(4, 5) * x; torch.tril(torch.ones(4, 5)) * x
torch.tensor(2.0) * x; torch.tensor([1, 2, 3, 4, 5]) - i
""",
    "convolution": """
F.conv2d(m, torch.ones(4, 3, 2, 2), groups=2, dilation=2, padding=1); F.conv1d(m[0], torch.ones(4, 7, 3), stride=2)
F.conv2d(m[0], torch.ones(2, 6, 1, 1), padding="same")
F.conv_transpose2d(m, torch.ones(6, 2, 3, 3), w[:4], 2, 1, 1, groups=2); F.conv2d(m, torch.ones(5, 6, 2, 2), w[:5])
F.conv3d(m[:, None], torch.ones(2, 1, 3, 3, 3)); F.conv1d(x, torch.ones(2, 4, 2))
""",
    "pooling": """
F.max_pool2d(m, 3, 2, 1); F.max_pool2d(m, 2, ceil_mode=True); F.max_pool1d(m[0], 2)
F.max_pool2d(m, 2, return_indices=True); F.avg_pool2d(m, 3, 2, 1, True, False); F.avg_pool1d(m[0], 2, 1)
F.adaptive_avg_pool2d(m, (3, 2)); F.adaptive_max_pool2d(m, 3); F.adaptive_avg_pool1d(m[0], 3)
F.avg_pool2d(m, 2, divisor_override=3); F.max_pool2d(m[0], 2); F.adaptive_avg_pool2d(m[0], 1)
""",
    "resampling": """
F.interpolate(m, scale_factor=2); F.interpolate(m, size=(9, 5), mode="bilinear", align_corners=True)
F.interpolate(m, size=(9, 5), mode="bicubic"); F.interpolate(m, size=(4, 4), mode="bilinear", antialias=True)
F.interpolate(m[0], 9, mode="linear"); F.unfold(m, 3, padding=1, stride=2); F.fold(F.unfold(m, 2), (7, 7), 2)
F.grid_sample(m, x.tanh()[None, :, :2, None].expand(1, 4, 2, 2)); F.affine_grid(z[:2, :3][None], (1, 6, 3, 4))
""",
    "shuffling": """
F.pixel_shuffle(torch.cat([m, m[:, :2]], 1), 2); F.pixel_unshuffle(m[..., :6, :6], 2); F.channel_shuffle(m, 3)
""",
    "normalization": """
F.layer_norm(x, (5,)); F.layer_norm(m, (7, 7), eps=1e-3); F.layer_norm(x, (5,), y[1], x[0]); F.rms_norm(x, (5,))
F.group_norm(m, 3); F.instance_norm(m); F.group_norm(m, 2, w[:6], w[4:]); F.local_response_norm(m, 3)
""",
    "attention": """
F.scaled_dot_product_attention(m, m, m, is_causal=True); F.scaled_dot_product_attention(x, y, z)
F.scaled_dot_product_attention(m, m[:, :2], m[:, :2], enable_gqa=True)
F.scaled_dot_product_attention(m, m, m, attn_mask=m[0, :1] > 0, scale=0.3)
""",
    "spectral": """
torch.fft.fft(x).abs(); torch.fft.ifft(torch.fft.fft2(x)).imag; torch.fft.fftn(x).real
torch.view_as_real(torch.view_as_complex(m[..., :2].contiguous()) * torch.polar(torch.ones(7), torch.arange(7.0)))
""",
    "computing": """
torch.arange(4).roll(1) + v; torch.arange(8).view(2, 4).flip(1) + v
torch.arange(4).float().outer(torch.arange(4).cos()) + v; torch.arange(12).reshape(3, 4).t()[1].sum() * v
torch.ones(4, 4).tril().cumsum(1) * v; torch.ones(4, 4).triu(1).bool().logical_not() * v
torch.where(torch.arange(4) > 1, 1.0, -2.0) + v; torch.cat([torch.zeros(2), torch.ones(2)]) * v
torch.stack([torch.arange(4), torch.arange(4) ** 2], 1).max(1)[0] + v
torch.arange(8).view(2, 4).float().mean(0) + v; torch.arange(16).chunk(4)[2] * v; torch.arange(4).repeat(2)[2:6] + v
torch.arange(2).repeat_interleave(2) - v
torch.meshgrid(torch.arange(4), torch.arange(2), indexing="ij")[0][:, 1] + v
torch.arange(4)[torch.tensor([3, 1, 0, 2])] * v; torch.eye(4)[1] - v; F.pad(torch.arange(2.0), (1, 1), value=9) + v
torch.linspace(-1, 1, 4).softmax(0) * v; torch.arange(4).clamp(1, 2) / 2 + v; torch.full((4,), 7).remainder(4) + v
torch.arange(4).masked_fill(torch.arange(4) == 2, -5) + v; (torch.arange(4) // 2).eq(1) & (v > 0)
torch.arange(1, 5).rsqrt() + v; torch.tensor([3.0, 1.0, 2.0, 0.0]).argsort() + v
torch.arange(4).diff(prepend=torch.tensor([5])) + v; torch.matmul(torch.ones(4, 3), torch.arange(3.0)) + v
torch.arange(4).float().sin().gather(0, torch.tensor([3, 2, 1, 0])) + v
torch.arange(4.0).expand(2, 4)[1].log1p() + v
""",
}


class Cases(nn.Module):
    """A module that computes expressions."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.linspace(-1, 1.2, 10))
        self.codes = [compile(text, text, "eval") for text in texts]

    def forward(self, *given: torch.Tensor) -> list[Any]:
        """Return the value of each expression."""
        values = {"torch": torch, "F": F, "w": self.w, "float": float, **dict(zip("xyzijbmv", given, strict=True))}
        found = [eval(code, dict(values)) for code in self.codes]
        return [tuple(each) if isinstance(each, tuple) else each for each in found]


def inputs() -> tuple[torch.Tensor, ...]:
    """Return the inputs in the order of their letters."""
    torch.manual_seed(0)
    rows = [torch.stack([torch.randperm(4)[[0, 1, 2, 3, 0]] for _ in range(4)]) for _ in "ij"]
    floats = [torch.randn(4, 5) for _ in "xyz"]
    return (*floats, *rows, torch.rand(4, 5) > 0.5, torch.randn(1, 6, 7, 7), torch.randn(4))


def main() -> None:
    """Export the expressions."""
    families = {
        family: [case.strip() for line in text.strip().splitlines() for case in line.split(";")]
        for family, text in CASES.items()
    }
    cases = [case for found in families.values() for case in found]
    model = Cases(cases).eval()
    with torch.no_grad():
        results = model(*inputs())
    program = torch.export.export(model, inputs(), strict=False)
    file = io.BytesIO()
    torch.export.save(program, file)
    (FOLDER / "operators.pt2").write_bytes(packed(file.getvalue()))
    leaves = [torch.utils._pytree.tree_leaves(each) for each in results]
    arrays = {f"input_{index}": each.numpy() for index, each in enumerate(inputs())}
    arrays |= {f"output_{index}": each.numpy() for index, each in enumerate(each for row in leaves for each in row)}
    np.savez_compressed(FOLDER / "operators.npz", **arrays)
    counts = iter(map(len, leaves))
    rows = {family: [[case, next(counts)] for case in found] for family, found in families.items()}
    (FOLDER / "operators.json").write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
