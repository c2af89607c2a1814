"""Forward passes, float32: the reference kernels against PyTorch eager, onnxruntime and onnx's ReferenceEvaluator.

Both sides hold all weights and repeat the pass in one process, two passes before not counted. Memory is the most that a
process took beyond what it had after its imports. onnx's ReferenceEvaluator is a peer for speed alone: one pass, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.pairs import Row, answer, in_turn, median, mib, network_file, ours, row, share_written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.pairs import Settings

AT_MOST = {"vgg16": 1.2, "resnet50": 1.6, "lstm32": 1.6}
"""The most times as long as PyTorch eager that a pass may take."""
MOST_MEMORY = 1.2
NETWORKS = {
    "lenet5": "LeNet-5",
    "alexnet": "AlexNet",
    "vgg16": "VGG-16",
    "googlenet": "GoogLeNet",
    "resnet50": "ResNet-50",
    "lstm": "two-layer LSTM, T 128, 256 → 512",
    "lstm32": "the same, batch 32",
    "block": "transformer block, T 512, 768 wide",
}


def model_file(settings: Settings, name: str) -> str:
    """Return the file of a network's ONNX model, which the peers write once."""
    path = settings.folder / f"{name}.onnx"
    if not path.exists():
        answer(settings.peers, "twin_onnx", "write", network_file(settings, name), str(path))()
    return str(path)


def rows(settings: Settings) -> Iterator[Row]:
    """Three rows for each network; and the memory of a `verify`, which holds one layer's weights at a time."""
    for name, spoken_name in NETWORKS.items():
        file = network_file(settings, name)
        sides = {
            "ours": ours("forward", name),
            "torch": answer(settings.peers, "twin_torch", "forward", file),
            "onnxruntime": answer(settings.peers, "twin_onnx", "runtime", model_file(settings, name)),
        }
        found = in_turn(sides, min(3, settings.rounds))
        for side, peer in (("torch", "PyTorch eager"), ("onnxruntime", "onnxruntime")):
            beside = f"memory {mib(median(found['ours'], 'memory'))} against {mib(median(found[side], 'memory'))}"
            at_most = AT_MOST.get(name) if side == "torch" else None
            yield row(f"{spoken_name}, forward", found["ours"], peer, found[side], at_most, beside)
        slow = [answer(settings.peers, "twin_onnx", "reference", file)()] * len(found["ours"])
        at_most = 1 / 15 if name == "vgg16" else None
        yield row(f"{spoken_name}, forward", found["ours"], "onnx's ReferenceEvaluator", slow, at_most)
    yield streaming(settings)


def streaming(settings: Settings) -> Row:
    runs = [ours("verify", "vgg16")() for _ in range(min(3, settings.rounds))]
    share, needed = median(runs, "memory") / runs[0]["needed"], runs[0]["needed"]
    return Row(
        "`verify vgg16`, peak memory", mib(median(runs, "memory")), "largest layer's weights, live values, workspace",
        mib(needed), share, f"≤ {share_written(MOST_MEMORY)}", share <= MOST_MEMORY,
    )  # fmt: skip
