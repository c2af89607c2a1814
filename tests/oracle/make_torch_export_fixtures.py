"""Write torch_exports/: small networks of every family as torch.export saves them, with what PyTorch computes of them.

Run it with torch 2.13.0. Each network has a `.pt2` file, packed again with compression and without the paths of the
machine, and an `.npz` file of inputs and outputs. figures.json has the parameters that each graph reads and PyTorch's
multiply-accumulates.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.export import Dim
from torch.nn import functional as F  # noqa: N812 - as all of PyTorch has it
from torch.utils.flop_counter import FlopCounterMode

FOLDER = Path(__file__).parent / "torch_exports"
PRODUCTS = ("linear", "mm", "matmul", "einsum", "conv", "attention", "lstm", "gru", "rnn")


class Residual(nn.Module):
    """Convolutions with batch norms, and shortcuts: ResNet's basic block."""

    class Block(nn.Module):
        def __init__(self, channels: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            project = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
            self.downsample = project if stride > 1 else None

        def forward(self, x):
            out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            out += x if self.downsample is None else self.downsample(x)
            return self.relu(out)

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(self.Block(6, 6, 1), self.Block(6, 6, 1))
        self.layer2 = nn.Sequential(self.Block(6, 10, 2), self.Block(10, 10, 1))
        self.fc = nn.Linear(10, 7)

    def forward(self, x):
        x = self.layer2(self.layer1(self.maxpool(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Squeezed(nn.Module):
    """Inverted residuals with squeeze and excitation: MobileNetV3."""

    def __init__(self) -> None:
        super().__init__()
        self.expand = nn.Conv2d(4, 12, 1)
        self.depthwise = nn.Conv2d(12, 12, 5, 2, 2, groups=12)
        self.fc1, self.fc2 = nn.Conv2d(12, 4, 1), nn.Conv2d(4, 12, 1)
        self.project = nn.Conv2d(12, 4, 1)
        self.act, self.gate = nn.Hardswish(inplace=True), nn.Hardsigmoid(inplace=True)

    def forward(self, x):
        y = self.act(self.depthwise(self.act(self.expand(x))))
        y = y * self.gate(self.fc2(F.relu(self.fc1(y.mean((2, 3), keepdim=True)))))
        return F.leaky_relu_(self.project(y), 0.2) + F.avg_pool2d(x, 2, ceil_mode=True)


class Vision(nn.Module):
    """Patches, a class token, positions and attention: a vision transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 4, 4)
        self.cls_token = nn.Parameter(torch.randn(1, 1, 12))
        self.pos_embed = nn.Parameter(torch.randn(1, 10, 12))
        layer = nn.TransformerEncoderLayer(12, 3, 20, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed
        return self.head(self.blocks(x)[:, 0])


class Generative(nn.Module):
    """A decoder with a causal mask that is a buffer, matrices that are transposed, and a tied head: GPT-2."""

    class Conv1D(nn.Module):
        def __init__(self, features: int, out: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(features, out) * 0.2)
            self.bias = nn.Parameter(torch.randn(out) * 0.2)

        def forward(self, x):
            shape = (*x.shape[:-1], self.weight.shape[1])
            return torch.addmm(self.bias, x.view(-1, x.shape[-1]), self.weight).view(shape)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(12), nn.LayerNorm(12)
            self.c_attn, self.c_proj = Generative.Conv1D(12, 36), Generative.Conv1D(12, 12)
            self.c_fc, self.c_out = Generative.Conv1D(12, 24), Generative.Conv1D(24, 12)
            self.register_buffer("mask", torch.tril(torch.ones(9, 9, dtype=torch.bool)).view(1, 1, 9, 9))

        def forward(self, x):
            n, t, _ = x.shape
            q, k, v = (each.view(n, t, 3, 4).transpose(1, 2) for each in self.c_attn(self.ln_1(x)).split(12, 2))
            scores = q @ k.transpose(-1, -2) / 2.0
            scores = torch.where(self.mask[:, :, :t, :t], scores, torch.finfo(scores.dtype).min)
            x = x + self.c_proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, 12))
            return x + self.c_out(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))

    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(31, 12), nn.Embedding(9, 12)
        self.h = nn.ModuleList([self.Block(), self.Block()])
        self.lm_head = nn.Linear(12, 31, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]).unsqueeze(0))
        for block in self.h:
            x = block(x)
        return self.lm_head(x)


class Tagger(nn.Module):
    """Recurrent layers of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(23, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(10, 4, batch_first=True)
        self.rnn = nn.RNN(4, 3, batch_first=True, nonlinearity="relu")
        self.linear = nn.Linear(3, 8)

    def forward(self, ids):
        x, (h, _) = self.lstm(self.embedding(ids))
        x, state = self.gru(x)
        x, _ = self.rnn(x)
        return F.log_softmax(self.linear(x), -1), h, state


class UNet(nn.Module):
    """A path down and a path up with a skip: transposed convolution, upsampling, padding, norms of groups."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.middle = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.norm, self.norm2 = nn.GroupNorm(2, 8), nn.InstanceNorm2d(4, affine=True)
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.last = nn.Conv2d(12, 3, 3, padding="same", dilation=2)

    def forward(self, x):
        skip = F.silu(self.norm2(self.down(x)))
        y = F.softplus(self.norm(self.middle(F.max_pool2d(skip, 2))))
        up = F.pad(self.up(y), (0, 1, 1, 0), mode="reflect")[:, :, 1:, :-1]
        wide = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)[:, :4]
        return self.last(torch.cat([skip, up, wide], 1))


class Window(nn.Module):
    """A shifted window with a mask of constants and a table of relative positions: Swin."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)
        self.table = nn.Parameter(torch.randn(9, 2))
        grid = torch.stack(torch.meshgrid(torch.arange(2), torch.arange(2), indexing="ij")).flatten(1)
        relative = (grid[:, :, None] - grid[:, None, :]).permute(1, 2, 0) + 1
        self.register_buffer("index", relative[..., 0] * 3 + relative[..., 1])

    def forward(self, x):
        n, h, w, c = x.shape
        x = torch.roll(x, (-1, -1), (1, 2))
        mask = x.new_zeros((h, w))
        for count, (rows, columns) in enumerate([((0, -2), (0, -2)), ((-2, -1), (0, 9)), ((-1, 9), (-1, 9))]):
            mask[rows[0] : rows[1], columns[0] : columns[1]] = count
        mask = mask.view(h // 2, 2, w // 2, 2).permute(0, 2, 1, 3).reshape(-1, 4)
        mask = mask.unsqueeze(1) - mask.unsqueeze(2)
        mask = mask.masked_fill(mask != 0, -100.0).masked_fill(mask == 0, 0.0)
        x = x.view(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
        q, k, v = self.qkv(x).reshape(-1, 4, 3, 2, 4).permute(2, 0, 3, 1, 4)
        scores = (q * 0.5) @ k.transpose(-2, -1)
        scores = scores + self.table[self.index.view(-1)].view(4, 4, 2).permute(2, 0, 1).unsqueeze(0)
        scores = scores.view(n, -1, 2, 4, 4) + mask.unsqueeze(1).unsqueeze(0)
        x = (scores.view(-1, 2, 4, 4).softmax(-1) @ v).transpose(1, 2).reshape(-1, 4, c)
        x = self.proj(x).view(n, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        return torch.roll(x, (1, 1), (1, 2))


class Depthwise(nn.Module):
    """Channels last, a layer scale, and a norm over channels: ConvNeXt."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.dwconv = nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.rms = nn.LayerNorm(8, eps=1e-6), nn.RMSNorm(8, eps=1e-5)
        self.pwconv1, self.pwconv2 = nn.Linear(8, 16), nn.Linear(16, 8)
        self.gamma = nn.Parameter(torch.randn(8, 1, 1))

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.pwconv2(F.gelu(self.pwconv1(y))).permute(0, 3, 1, 2)
        return self.rms((x + self.gamma * y).mean([-2, -1]))


class Dense(nn.Module):
    """Maps that are joined again and again, with channels that are shuffled: DenseNet, ShuffleNet."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(4 + 2 * index) for index in range(3)])
        self.convs = nn.ModuleList([nn.Conv2d(4 + 2 * index, 2, 3, padding=1, bias=False) for index in range(3)])

    def forward(self, x):
        found = [x]
        for norm, conv in zip(self.norms, self.convs, strict=True):
            found.append(conv(F.relu(norm(torch.cat(found, 1)))))
        x = F.avg_pool2d(torch.cat(found, 1), 2)
        n, c, h, w = x.shape
        first, second = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w).chunk(2, 1)
        return F.pixel_shuffle(first[:, :4] * second[:, 1:], 2)


class InPlace(nn.Module):
    """Writes into parts of tensors, through views, in an order that matters."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x):
        y = self.linear(x)
        before = y * 1.0
        view = y.view(-1, 3, 2)
        view[:, 0].mul_(2.0)
        part = y[:, 2:4]
        part += 1
        out = torch.zeros(x.shape[0], 8)
        out[:, :6] = y
        out[:, 6:] = before[:, :2]
        y.clamp_(min=0.1)
        out[:, 1] = y.sum(1)
        turned = out.t()
        turned[0].neg_()
        return out, view.flatten(1), part


class Computed(nn.Module):
    """Weights that are shared, normalized, standardized, fixed, or computed of others."""

    def __init__(self) -> None:
        super().__init__()
        self.normed = nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 4, 3, padding=1))
        self.standard = nn.Conv1d(4, 4, 3, padding=1)
        self.register_buffer("fixed", torch.randn(4, 1, 3))
        self.shared = nn.Linear(5, 5)
        self.slopes, self.free = nn.PReLU(4), nn.Parameter(torch.randn(4))

    def forward(self, x):
        x = F.conv1d(self.normed(x), self.fixed, padding=1, groups=4)
        weight = self.standard.weight
        weight = F.batch_norm(weight.reshape(1, 4, -1), None, None, training=True, eps=1e-3).reshape_as(weight)
        x = self.slopes(F.conv1d(x, weight, self.standard.bias, padding=1))
        x = self.shared(torch.tanh(self.shared(x)))
        return x * self.free.sigmoid().view(1, 4, 1) + F.linear(x, self.shared.weight.t() * 0.5)


class Experts(nn.Module):
    """A router that chooses two of four experts for each token."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(6, 4, bias=False)
        self.up, self.down = nn.Parameter(torch.randn(4, 6, 9) * 0.3), nn.Parameter(torch.randn(4, 9, 6) * 0.3)

    def forward(self, x):
        tokens = x.reshape(-1, 6)
        weights, chosen = self.router(tokens).softmax(-1).topk(2, -1)
        mask = (F.one_hot(chosen, 4).to(x.dtype) * weights.unsqueeze(-1)).sum(1)
        hidden = F.silu(torch.einsum("ti,eih->teh", tokens, self.up))
        return torch.einsum("teh,ehi,te->ti", hidden, self.down, mask).view_as(x)


class Length(nn.Module):
    """Tokens of any number, with positions and a causal mask that depend on it."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.positions = nn.Embedding(19, 8), nn.Embedding(32, 8)
        self.qkv = nn.Linear(8, 24)

    def forward(self, ids):
        n, t = ids.shape
        steps = torch.arange(t)
        x = self.embedding(ids) + self.positions(steps)
        q, k, v = self.qkv(x).view(n, t, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        mask = steps[:, None] >= steps[None, :]
        x = x + F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(n, t, 8)
        return x[:, -1]


class Rotary(nn.Module):
    """Complex numbers, a Fourier transform, and a graph within the graph."""

    def forward(self, x):
        with torch.no_grad():
            angles = torch.outer(torch.arange(x.shape[1]).float(), 1.0 / 100.0 ** (torch.arange(3).float() / 3))
            turns = torch.polar(torch.ones_like(angles), angles)
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], 3, 2))
        x = torch.view_as_real(pairs * turns).flatten(2)
        return x + torch.fft.fftn(x, dim=(1, 2)).real


class Aliases(nn.Module):
    """Writes to tensors that are others, or copies of them, and within a graph in the graph."""

    def forward(self, x):
        y = x * 1
        with torch.no_grad():
            y[:, 0].add_(5)
            y.mul_(2)
        dropped = F.dropout(y, 0.5, training=False)
        dropped.neg_()
        double, turned, clone = y.double(), y.t().contiguous(), y.clone()
        double.add_(100)
        turned.zero_()
        clone.add_(3)
        same = y.to(y.dtype)
        same[0] = 7.0
        constant = torch.zeros(2, 3)
        constant[0] = 1
        constant[1].fill_(4)
        return y, dropped, double.float(), same, turned, clone, constant + y[0, 0]


class Refused(nn.Module):
    """Operators that have no layer."""

    def forward(self, x):
        y = torch.cummax(x, 1)[0] * 2
        return F.relu(x) + y, torch.histc(x, 4) + 1


def statistics(model: nn.Module) -> None:
    """Let no running mean be zero, and no variance be one."""
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)


def networks() -> dict[str, tuple[nn.Module, tuple[torch.Tensor, ...], Any, bool]]:
    """Return the networks with their inputs, their dynamic shapes, and whether their operators are decomposed."""
    image, ids = torch.randn(1, 3, 33, 29), torch.randint(0, 19, (2, 9))
    free = ({0: Dim.AUTO, 2: Dim.AUTO, 3: Dim.AUTO},)
    length = ({0: Dim("batch"), 1: Dim("length", max=32)},)
    return {
        "residual": (Residual(), (image,), None, False),
        "residual_any_size": (Residual(), (torch.randn(2, 3, 37, 41),), free, False),
        "residual_core": (Residual(), (image,), None, True),
        "squeezed": (Squeezed(), (torch.randn(2, 4, 9, 7),), None, False),
        "vision": (Vision(), (torch.randn(1, 3, 12, 12),), None, False),
        "vision_core": (Vision(), (torch.randn(2, 3, 12, 12),), None, True),
        "generative": (Generative(), (ids[:1],), None, False),
        "tagger": (Tagger(), (ids,), None, False),
        "unet": (UNet(), (torch.randn(1, 2, 12, 10),), None, False),
        "window": (Window(), (torch.randn(2, 4, 6, 8),), None, False),
        "depthwise": (Depthwise(), (torch.randn(1, 3, 20, 12),), None, False),
        "dense": (Dense(), (torch.randn(2, 4, 6, 10),), None, False),
        "in_place": (InPlace(), (torch.randn(3, 6),), None, False),
        "computed": (Computed(), (torch.randn(2, 4, 5),), None, False),
        "experts": (Experts(), (torch.randn(2, 5, 6),), None, False),
        "length": (Length(), (ids,), length, False),
        "rotary": (Rotary(), (torch.randn(2, 5, 6),), None, False),
        "aliases": (Aliases(), (torch.randn(2, 3),), None, False),
        "refused": (Refused(), (torch.randn(3, 5),), None, False),
    }


def counted(program: torch.export.ExportedProgram) -> int:
    """Return the multiply-accumulates that PyTorch counts on the meta device at the sizes of the example."""

    def on_meta(node: torch.fx.Node) -> Any:
        value = node.meta["val"]
        if isinstance(value, torch.Tensor):
            sizes = [size if isinstance(size, int) else size.node.hint for size in value.shape]
            return torch.empty(sizes, dtype=value.dtype, device="meta")
        return value if isinstance(value, int) else value.node.hint

    total = 0
    for node in program.graph.nodes:
        if node.op == "call_function" and any(product in str(node.target) for product in PRODUCTS):
            with FlopCounterMode(display=False) as counter:
                node.target(*torch.fx.map_arg(node.args, on_meta), **torch.fx.map_arg(node.kwargs, on_meta))
            total += counter.get_total_flops() // 2
    return total


def packed(data: bytes) -> bytes:
    """Return an archive with compressed members, without sample inputs, and with the names of files alone."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for member in sorted(before.namelist()):
            if "sample_inputs" in member or "/.data/" in member:
                continue
            content = before.read(member)
            if member.endswith("models/model.json"):
                text = re.sub(
                    r'File \\"[^"\\]*?(site-packages/|oracle/)?([^/"\\]*(/[^"\\]*)?)\\"', _shorter, content.decode()
                )
                content = json.dumps(json.loads(text), separators=(",", ":")).encode()
            after.writestr(zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _shorter(found: re.Match[str]) -> str:
    path = found[0][7:-2]
    return 'File \\"/' + (path.partition("site-packages/")[2] or "networks.py") + '\\"'


def main() -> None:
    """Export the networks."""
    FOLDER.mkdir(exist_ok=True)
    figures = {}
    torch.manual_seed(0)
    for name, (model, inputs, dynamic, decomposed) in networks().items():
        statistics(model)
        model.eval()
        with torch.no_grad():
            outputs = torch.utils._pytree.tree_leaves(model(*inputs))
        program = torch.export.export(model, inputs, dynamic_shapes=dynamic, strict=False)
        program = program.run_decompositions() if decomposed else program
        names = program.graph_signature.inputs_to_parameters
        read = [each for each in program.graph.nodes if each.op == "placeholder" and each.name in names and each.users]
        params = sum(each.meta["val"].numel() for each in read)
        figures[name] = {"params": params, "macs": counted(program)}
        file = io.BytesIO()
        torch.export.save(program, file)
        data = packed(file.getvalue())
        (FOLDER / f"{name}.pt2").write_bytes(data)
        arrays = {f"input_{index}": each.numpy() for index, each in enumerate(inputs)}
        arrays |= {f"output_{index}": each.numpy() for index, each in enumerate(outputs)}
        np.savez_compressed(FOLDER / f"{name}.npz", **arrays)
        print(name, len(data), figures[name])
    (FOLDER / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
