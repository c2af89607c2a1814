"""Models of torchvision, timm and transformers on the meta device, with the inputs to trace them at."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

BATCH = 127
"""The batch that graphs are traced at: a prime that no other axis is a multiple of."""


class Outputs(torch.nn.Module):
    """A model whose outputs are tensors of floating-point numbers alone."""

    def __init__(self, model: torch.nn.Module, names: tuple[str, ...] = (), **fixed: Any) -> None:
        super().__init__()
        self.model, self.names, self.fixed = model, names, fixed

    def forward(self, *inputs: torch.Tensor) -> Any:
        """Return the tensors of a model's output."""
        if self.names:
            result = self.model(**dict(zip(self.names, inputs, strict=True)), **self.fixed)
        else:
            result = self.model(*inputs, **self.fixed)
        leaves = torch.utils._pytree.tree_leaves(dict(result) if isinstance(result, dict) else result)
        return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()]


class Detector(torch.nn.Module):
    """The backbone and the heads of a detector: crops of regions are an input, since data decides where they are."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor, *crops: torch.Tensor) -> list[torch.Tensor]:
        """Return the scores and boxes of anchors, and those of crops if there are any."""
        features = list(self.model.backbone(image).values())
        if not crops:
            return list(self.model.head(features).values())
        scores, boxes = self.model.rpn.head(features)
        regions = self.model.roi_heads
        return [*scores, *boxes, *regions.box_predictor(regions.box_head(*crops))]


class Uninitialised(TorchDispatchMode):
    """Leaves large parameters as they are allocated: what would fill them is not done, so that they take no memory."""

    LARGE = 100_000

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call an operator that does not write to a large parameter."""
        del types
        written = args[0] if func._schema.is_mutable and args else None
        if isinstance(written, torch.nn.Parameter) and written.numel() > self.LARGE:
            return written
        return func(*args, **(kwargs or {}))


def build(population: str, name: str, row: dict[str, Any]) -> torch.nn.Module:
    """Return a model with no weights loaded."""
    if population.startswith("torchvision"):
        import torchvision

        if name.startswith("seg_"):
            builder = getattr(torchvision.models.segmentation, name[4:])
            return Outputs(builder(weights=None, weights_backbone=None, aux_loss=None))
        if name.startswith("det_"):
            builder = getattr(torchvision.models.detection, name[4:])
            return Detector(builder(weights=None, weights_backbone=None))
        if name.startswith("video_"):
            return Outputs(getattr(torchvision.models.video, name[6:])(weights=None))
        extra = {"init_weights": False} if name in {"googlenet", "inception_v3"} else {}
        return Outputs(getattr(torchvision.models, name)(weights=None, **extra))
    if population == "timm":
        import timm

        return Outputs(timm.create_model(name, pretrained=False))
    return build_transformers(row["note"], row["inputs"])


WHOLE = ("ConvNextV2ForImageClassification",)
"""Models whose layers are not counted by one number."""
OTHERS: dict[str, dict[str, Any]] = {
    "GPTNeoForCausalLM": {"attention_types": [[["global", "local"], 1]]},
    "CLIPModel": {"text_config": {"num_hidden_layers": 2}, "vision_config": {"num_hidden_layers": 2}},
}
"""What else a configuration of two layers needs."""
FEW = ("num_hidden_layers", "encoder_layers", "decoder_layers", "num_layers", "n_layer", "n_layers")


def build_transformers(note: str, inputs: list[list[int]]) -> torch.nn.Module:
    """Return a model of transformers of two layers; `note` names its class and its configuration."""
    import transformers

    model, configuration = re.match(r"(\w+)\((\w+)", note).groups()
    defaults = getattr(transformers, configuration)()
    changed = {key: 2 for key in FEW if isinstance(getattr(defaults, key, None), int)} | OTHERS.get(model, {})
    if model in WHOLE:
        changed = {}
    extra = re.search(r"few layers, (\{.*\})\)", note)
    if extra:
        import ast

        changed |= ast.literal_eval(extra[1])
    config = getattr(transformers, configuration)(**changed)
    for key in ("use_cache", "output_attentions", "output_hidden_states"):
        if hasattr(config, key):
            setattr(config, key, False)
    config._experts_implementation = "batched_mm"  # of those without control flow by data
    second = "pixel_values" if len(inputs[-1]) > 2 else "decoder_input_ids"
    names = ("input_ids", second) if len(inputs) == 2 else ()
    return Outputs(getattr(transformers, model)(config), names)
