"""Shapes and counts in process, per layer: against onnx in C++, PyTorch's meta device and its FakeTensorMode.

Every side walks the same layers: a row of our report is a module of the twin and a node of the graph, but for a linear
layer of three axes (MatMul and Add) and attention (seven nodes), which onnx has no one operator for. A figure is a
network's seconds over OUR rows, for every side; beside stands what onnx takes for each of its own nodes.

Ours finds shapes, parameters, MACs and FLOPs; the peers find shapes. A body that is met again with the same shapes is
not walked again: what that spares a network without repetition does not see (`benchmarks.stacks`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.networks import NAMES
from benchmarks.pairs import Row, answer, in_turn, median, network_file, ours, ratio, share_written, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.pairs import Found, Settings

NETWORKS = ("resnet50", "resnet152", "vgg16", "decoder96")
CHEAPER = {"resnet152", "decoder96"}
"""The deep ones, whose layers are to take less than onnx's."""
MOST_OF_RESNET50 = 2.0
"""The most of ResNet-50's inference that ResNet-152, of 2.9 times the layers, may take."""


def rows(settings: Settings) -> Iterator[Row]:
    """Inference alone against each peer, and with reading the YAML file against onnx; then depth against depth."""
    of_resnets: dict[str, Sequence[Found]] = {}
    for name in NETWORKS:
        file = network_file(settings, name)
        sides = {
            "ours": ours("infer", name),
            "onnx": answer(settings.peers, "twin_onnx", "infer", file),
            "meta": answer(settings.peers, "twin_torch", "meta", file),
            "fake": answer(settings.peers, "twin_torch", "fake", file),
        }
        found = in_turn(sides, min(3, settings.rounds))
        of_resnets[name] = found["ours"]
        alone, onnx = f"{NAMES[name]}, inference", "onnx infer_shapes (C++)"
        nodes = found["onnx"][0]["nodes"]
        a_node = median(found["onnx"]) / nodes
        beside = f"onnx has {nodes} nodes, {spoken(a_node)} each"
        yield per_row(alone, found["ours"], onnx, found["onnx"], at_most=1 if name in CHEAPER else None, beside=beside)
        yield per_row(alone, found["ours"], "PyTorch, meta device", found["meta"])
        yield per_row(alone, found["ours"], "PyTorch, FakeTensorMode", found["fake"])
        reading = [run | {"seconds": run["with reading"]} for run in found["ours"]]
        yield per_row(
            f"{NAMES[name]}, reading its YAML + inference", reading, f"{onnx}, reading its bytes", found["onnx"]
        )
    deep, fifty = of_resnets["resnet152"], of_resnets["resnet50"]
    share = ratio(deep, fifty)
    target = f"≤ {share_written(MOST_OF_RESNET50)}"
    yield Row(
        "ResNet-152, inference", spoken(median(deep)), "our own of ResNet-50", spoken(median(fifty)), share, target,
        share <= MOST_OF_RESNET50,
    )  # fmt: skip


def per_row(
    what: str,
    ours: Sequence[Found],
    peer: str,
    theirs: Sequence[Found],
    *,
    at_most: float | None = None,
    beside: str = "",
) -> Row:
    layers, share = ours[0]["rows"], ratio(ours, theirs)
    whole = f"{layers} layers: {spoken(median(ours))} against {spoken(median(theirs))}"
    return Row(
        what, f"{spoken(median(ours) / layers)} a layer", peer, f"{spoken(median(theirs) / layers)} a layer", share,
        f"≤ {share_written(at_most)}" if at_most else "", share <= at_most if at_most else None,
        "; ".join(filter(None, (whole, beside))),
    )  # fmt: skip
