"""ResNet-18's backward pass, batch 1, float32: the reference kernels, the last layer first, against PyTorch eager.

In evaluation mode; time is of the backward pass alone, gradients by every parameter and by the input: the least of nine
in a process, since other work on the cores only adds to it. On one core it is the processor's time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.pairs import answer, in_turn, network_file, ours, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.pairs import Row, Settings


def rows(settings: Settings) -> Iterator[Row]:
    """One row on one core, one on two."""
    file = network_file(settings, "resnet18")
    for cores, spoken in ((1, "one thread, processor time"), (2, "two threads")):
        sides = {
            "ours": ours("backward", "resnet18", str(cores), threads=cores),
            "torch": answer(settings.peers, "twin_torch", "backward", file, str(cores), threads=cores),
        }
        found = in_turn(sides, min(3, settings.rounds))
        fastest = min(found["ours"], key=lambda run: run["seconds"])
        shares = sorted(fastest["by_word"].items(), key=lambda pair: -pair[1])[:3]
        beside = ", ".join(f"{word} {taken * 1e3:.0f} ms" for word, taken in shares)
        what = f"ResNet-18, backward, {spoken}"
        yield row(what, found["ours"], "PyTorch eager", found["torch"], 2.0, f"ours: {beside}")
