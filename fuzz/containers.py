"""Files of other tools, broken in their bytes or in their structure: each is imported, or refused with a code.

`python -m fuzz.containers keras|torch_export|onnx [COUNT] [SEED]` draws files and prints what breaks a promise.
"""

from __future__ import annotations

import io
import json
import random
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuzz import wire
from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import Limits
from shapecalc.files.load import loads_source
from shapecalc.importers.imported import import_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.importers.imported import Imported

ROOT = Path(__file__).parents[1]
SEEDS = {
    "keras": ("tests/oracle/keras_imports/*.keras", ".keras"),
    "torch_export": ("tests/[ho]*/*/*.pt2", ".pt2"),
    "onnx": ("tests/[ho]*/*/*.onnx", ".onnx"),
}
"""Where the whole files of each format are, in `tests/hostile/containers` or `tests/oracle`, and how names end."""
LIMITS = Limits(layers=3000)
CODES = {"SC031": 1, "SC032": 2, "SC033": 2, "SC010": 2, "SC016": 2}
"""The codes of refusals of a container, with the exit code of each."""
MOST_SECONDS = 1.0
"""Of the processor, for one file of a few kilobytes."""
HOSTILE = (
    *(None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, 2**64, -(2**63), 10**30, 0.5, -0.0, 1e308, float("inf")),
    *(
        float("-inf"),
        "",
        "a",
        "../../etc/passwd",
        "\x00",
        "\u202e\x1b[31m",
        "a" * 300,
        "None",
        "__lambda__",
        "[/x]",
        "$x",
        "${1 + 1}",
        "#",
        ": ",
        "\ud800",
        "\x7f",
    ),
    *([], {}, [[]], [None], [0], [-1, -1], [1] * 40, [2**31] * 3, {"class_name": "__lambda__", "config": {}}),
    *({"a": {}}, [["x", 0, 0]], {"as_int": -1}, {"as_expr": {"expr_str": "s0**s0"}}, "N", "s77 + ", "((((((((("),
)
"""Values that are put in the place of others."""
MOST_GROWTH = 1 << 16
BROKEN = (ValueError, LookupError, RecursionError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What an archive raises that is broken already."""
USUAL = 0.2
"""The share of mutations that are those of the fuzzer."""


def seeds(format_: str) -> list[bytes]:
    """Return the whole files of a format."""
    pattern, _ = SEEDS[format_]
    return [path.read_bytes() for path in sorted(ROOT.glob(pattern))]


def mutant(data: bytes, rng: random.Random) -> bytes:
    """Return a file that is broken in one to four places, nine of ten in their structure."""
    if rng.random() < 0.1:
        return broken_bytes(data, rng)
    if not data.startswith(b"PK"):
        return wire.broken(data, rng)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    texts = [name for name in members if name.endswith(".json") and len(members[name]) > 100]
    name = rng.choice(texts)
    if rng.random() < 0.1:
        members[name] = broken_bytes(members[name], rng)
    else:
        value = json.loads(members[name])
        for _ in range(rng.randint(1, 4)):
            value = broken_value(value, rng)
        members[name] = json.dumps(value).encode()
    return archived(members)


def mutated(usual: Callable[[bytes, int], bytes], data: bytes, most: int, seed: int) -> bytes:
    """Return a file of at most `most` bytes that is broken in its structure, or by the usual mutation of bytes."""
    rng = random.Random(seed)
    if rng.random() < USUAL:
        return usual(data, most)
    try:
        return mutant(data, rng)[:most]
    except BROKEN:
        return usual(data, most)  # it is broken already


def archived(members: dict[str, bytes]) -> bytes:
    """Return an archive of members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def broken_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes of which some are others, missing, or there twice."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, size = rng.randrange(len(found) + 1), rng.choice((1, 1, 2, 4, 8, 64))
        change = rng.randrange(5)
        if change == 0:
            found[at : at + size] = rng.randbytes(size)
        elif change == 1:
            del found[at : at + size]
        elif change == 2:
            found[at:at] = found[max(at - size, 0) : at]
        elif change == 3:
            found[at : at + 1] = rng.choice((b"\xff", b"\x00", b"\x7f", b"\x80", b"\xff\xff\xff\xff\x0f"))
        elif rng.random() < 0.2:
            del found[at:]
    return bytes(found)


def broken_value(value: Any, rng: random.Random) -> Any:
    """Return a value of JSON with one part of it replaced, left out, repeated, or exchanged with another."""
    places = list(_places(value))
    if not places:
        return rng.choice(HOSTILE)
    parent, key = rng.choice(places)
    change = rng.randrange(8)
    if change < 4:
        parent[key] = rng.choice(HOSTILE)
    elif change == 4:
        del parent[key]
    elif change == 5 and isinstance(parent, list):
        parent[key:key] = [parent[key]] * rng.choice((1, 2, 30))
    elif isinstance(parent[key], (int, str)):
        # A number or a name of another place: it is of the right kind, and means something else.
        same = [p[k] for p, k in places if type(p[k]) is type(parent[key])]
        parent[key] = rng.choice(same)
    else:
        other, at = rng.choice(places)
        text = json.dumps(other[at])
        parent[key] = json.loads(text) if len(text) < MOST_GROWTH else None
    return json.loads(json.dumps(value))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    todo = [value]
    while todo:
        at = todo.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        for key in keys:
            yield at, key
            todo.append(at[key])


def check(format_: str, path: Path, seconds: float = float("inf")) -> str:
    """Import a file; return the code of the refusal, or an empty text if it is read.

    Raises `AssertionError` where a promise is broken, such as the `seconds` of the processor that it may take, and
    whatever else should never leave an importer.
    """
    start = time.process_time()
    try:
        imported = import_file(format_, str(path), LIMITS)
    except ShapecalcError as error:
        return refused(error)
    finally:
        assert time.process_time() - start < seconds, "it takes too long"
    is_read(imported)
    return ""


def refused(error: ShapecalcError) -> str:
    """Return the code of a refusal; raise `AssertionError` if it is not one of a container."""
    codes = {each.code for each in error.diagnostics}
    assert codes <= set(CODES), error
    assert {error.exit_code} == {CODES[code] for code in codes}, error
    return next(iter(codes))


def is_read(imported: Imported) -> None:
    """Raise an exception if the text that is imported is not one of ours."""
    from shapecalc.diagnostics import Source  # noqa: PLC0415 - next to its use

    limits = LIMITS._replace(nodes=1 << 40, file_size=1 << 40, layers=1 << 40)
    loads_source(Source("imported.yaml", imported.text), limits)


def drawn(format_: str, count: int, seed: int = 0) -> Iterator[bytes]:
    """Return broken files of a format, the same for the same seed."""
    whole = seeds(format_)
    for number in range(count):
        rng = random.Random(f"{format_} {seed} {number}")
        yield mutant(rng.choice(whole), rng)


def one_of(format_: str) -> Callable[[bytes], None]:
    """Return a harness that reads bytes as a file of a format; JSON alone is put into an archive."""

    def one_input(data: bytes) -> None:
        if format_ == "torch_export" and not data.startswith(b"PK"):
            data = archived({"net/archive_format": b"pt2", "net/models/model.json": data})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"net{SEEDS[format_][1]}"
            path.write_bytes(data)
            check(format_, path)

    return one_input


def main() -> int:
    """Draw files, and print each line of code that breaks a promise, with the number of files and the first one."""
    format_, *numbers = sys.argv[1:]
    count, seed = (*map(int, numbers), *(20_000, 0)[len(numbers) :])
    found: Counter[str] = Counter()
    broken: dict[str, tuple[int, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"net{SEEDS[format_][1]}"
        for number, data in enumerate(drawn(format_, count, seed)):
            path.write_bytes(data)
            try:
                found[check(format_, path, MOST_SECONDS) or "read"] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                last = traceback.extract_tb(error.__traceback__)[-1]
                name = f"{type(error).__name__} {Path(last.filename).name}:{last.lineno}"
                found[name] += 1
                broken.setdefault(name, (number, "".join(traceback.format_exception(error)[-5:])))
    for name, (number, text) in broken.items():
        print(f"# {name}, {found[name]} files, first {number}\n{text}")
    print(dict(found))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
