"""The real command on hostile files, in a gibibyte of addresses and ten seconds: it ends as documented, and says so."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

from tests.hostile.generated import lay_out
from tests.hostile.process import run
from tests.hostile.test_corpus import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.hostile.process import Ended
    from tests.hostile.test_corpus import Row

MIB = 1 << 20
MOST_OF_OUTPUT = 4 * MIB

UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)

FORMATS: Mapping[str, Callable[[str], object]] = {
    "text": str,
    "json": json.loads,
    "github": str,
    "gitlab": json.loads,
    "sarif": json.loads,
    "junit": ET.fromstring,
}
COMMANDS = ("inspect", "verify", "sweep", "memory", "train-cost", "solve", "show", "decode")
"""Commands that read one file; what they make of it is theirs, and how they end is promised."""


class Asked(NamedTuple):
    """One run: what is asked of a file, on standard input or by its name."""

    row: Row
    words: tuple[str, ...]
    stdin: bool = False


def _asked() -> tuple[Asked, ...]:
    """Each file once through `check`, in one format or another, and every fifth through one more command."""
    formats, commands = tuple(FORMATS), COMMANDS
    runs = []
    for number, row in enumerate(ROWS):
        if number % 2 == 0:
            words = ("check", "--format", formats[number // 2 % len(formats)])
            runs.append(Asked(row, words, stdin=number % 7 == 0 and not row.name.startswith(("includes/", "files/"))))
        if number % 6 == 1:
            runs.append(Asked(row, (commands[number // 6 % len(commands)],)))
    return tuple(runs)


ASKED = _asked()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[Asked, Ended]:
    folder = tmp_path_factory.mktemp("hostile")
    lay_out(folder)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(ASKED, pool.map(partial(_run, folder), ASKED), strict=True))


def _run(folder: Path, asked: Asked) -> Ended:
    path = f"{asked.row.name}.yaml"
    if asked.stdin:
        return run(*asked.words, "-", folder=folder, stdin=(folder / path).read_bytes())
    return run(*asked.words, path, folder=folder)


def named(asked: Asked) -> str:
    return f"{' '.join(asked.words)}{' <' if asked.stdin else ''} {asked.row.name}"


def test_there_are_three_hundred_runs_and_more() -> None:
    assert len(ASKED) >= 300
    assert len({asked.row.name.partition("/")[0] for asked in ASKED}) >= 20


@pytest.mark.parametrize("asked", ASKED, ids=named)
def test_a_command_ends_as_documented_and_shows_nothing_that_is_obeyed(asked: Asked, ended: dict[Asked, Ended]) -> None:
    found = ended[asked]
    out, err = found.out.decode(), found.err.decode()
    assert found.code in (0, 1, 2), (found.code, err[-2000:])
    assert "Traceback" not in out + err
    assert not UNSEEN.search(err)
    assert len(out) < MOST_OF_OUTPUT
    if asked.words[0] == "show":
        return  # which passes a file on as it is
    assert not UNSEEN.search(out)
    if asked.words[0] == "check":
        assert found.code == asked.row.exit_code, (out + err)[:2000]
        if out or found.code < 2:  # a folder without files is a wrong use, and gives no result
            FORMATS[asked.words[2]](out)


def main() -> None:
    """Print the slowest and the largest refusals."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder)
        took = [(asked, _run(folder, asked)) for asked in ASKED if asked.words[0] == "check"]
    for what, unit in (("seconds", 1), ("peak", MIB)):
        print(f"{what}, the worst of {len(took)}:")
        for asked, found in sorted(took, key=lambda pair: -getattr(pair[1], what))[:10]:
            print(f"  {getattr(found, what) / unit:8.2f}  {found.code}  {named(asked)}")


if __name__ == "__main__":
    main()
