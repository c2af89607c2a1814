"""Networks of a large repository: those of the zoo, each with another number of classes, in several folders."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from shapecalc.files import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = ("detection", "edge/large", "edge/small", "language", "research/2025", "research/2026", "speech", "vision")
SHARED_EVERY = 3
"""One network of this many includes its blocks from a file that others of its folder include too."""
_LINTED = ("pointnet", "squeezenet1_1")
"""With `vgg*_bn`, networks that were built in ways of which lints warn."""
_OUTPUT = re.compile(r"^  output: \[(?:N|T|\d+), (?:N, |\d+, |T, )?(\d+)(?:, 256, 256|, 388, 388)?\]$", re.MULTILINE)
_FIGURES = re.compile(r"^  (?:params|active_params|macs|flops): .*\n", re.MULTILINE)
_BLOCKS = re.compile(r"^blocks:\n(?:[ #].*\n|\n)+", re.MULTILINE)


def networks(count: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of `count` networks, no two alike, and of the files of blocks that some include.

    Every file is valid and without lints. The same seed gives the same files.
    """
    chance = random.Random(seed)
    texts = _texts()
    written: set[str] = set()
    for number in range(count):
        name, folder = chance.choice(list(texts)), chance.choice(FOLDERS)
        text = with_classes(texts[name], 2 + number)
        text = text.replace("name: ", f"name: {number} ", 1)
        blocks = _BLOCKS.search(text)
        if blocks is not None and number % SHARED_EVERY == 0:
            shared = f"blocks/{name}.yaml"
            if f"{folder}/{shared}" not in written:
                written.add(f"{folder}/{shared}")
                yield f"{folder}/{shared}", blocks[0]
            text = text.replace(blocks[0], f"include: {shared}\n", 1)
        yield f"{folder}/{name}-{number:04}.yaml", text


def with_classes(text: str, classes: int) -> str:
    """Return the text of a network of the zoo with another number of classes, without its figures in `expect:`.

    A network without a number of classes is returned unchanged.
    """
    output = _OUTPUT.search(text)
    before = output and output[1]
    layers = list(re.finditer(rf"(?:linear|out_channels|vocabulary|words): ({before})\b", text))
    for match in filter(None, (output, *layers[-1:])) if layers else ():  # from the end
        text = text[: match.start(1)] + str(classes) + text[match.end(1) :]
    return _FIGURES.sub("", text) if layers else text


def write(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Write networks below a folder, and return their paths, those of files of blocks included."""
    paths = []
    for name, text in networks(count, seed):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _texts() -> dict[str, str]:
    """Return the texts of the zoo's networks without lints, by name."""
    paths = {name: zoo.path(name) for name in zoo.names() if name not in _LINTED and not name.endswith("_bn")}
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items() if path is not None}
