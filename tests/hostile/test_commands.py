"""The real command on hostile files, in a gibibyte of addresses and a minute: it ends as documented, and says so."""

from __future__ import annotations

import json
import re
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

from tests.hostile.generated import SECRET, lay_out
from tests.hostile.process import run
from tests.hostile.test_corpus import CLASSES, ROWS
from tests.support.ci_logs import CONTROLS
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.hostile.process import Ended
    from tests.hostile.test_corpus import Row

MIB = 1 << 20
MOST_OF_OUTPUT = 4 * MIB
MOST_OF_MEMORY = 150_000_000

LOG_COMMAND = re.compile(r"^\s*::(?!:)|##\w*\[", re.MULTILINE)
"""What a CI's runner obeys: `::error::` at the start of a line, `##[error]` and `##vso[…]` anywhere.

No name begins with `:`, so that the `:::` before the second place of a finding is none.
"""

FORMATS: Mapping[str, Callable[[str], object]] = {
    "text": str,
    "json": json.loads,
    "github": str,
    "gitlab": json.loads,
    "sarif": json.loads,
    "junit": ET.fromstring,
}
COMMANDS = ("inspect", "verify", "sweep", "memory", "train-cost", "solve", "show", "decode", "explain")
"""Commands that read one file; what they make of it is theirs, and how they end is promised."""
WRITTEN = (("--format", "markdown"), ("--format", "latex"), ("--graph", "dot"), ("--graph", "mermaid"))


class Asked(NamedTuple):
    """One run on files of the table, given by name or as standard input, with further words behind them."""

    rows: tuple[Row, ...]
    words: tuple[str, ...]
    stdin: bool = False
    behind: tuple[str, ...] = ()


def _asked() -> Iterator[Asked]:
    """Yield each file through `check`, by itself or with others of its class, and every fifth through another command.

    Names that are legal go through what writes them; some of what is refused, through what compares and locks.
    """
    formats = tuple(FORMATS)
    for number, row in enumerate(ROWS):
        if number % 2 == 0:
            words = ("check", "--format", formats[number // 2 % len(formats)])
            yield Asked((row,), words, stdin=number % 7 == 0 and not row.name.startswith(("includes/", "files/")))
        if number % 6 == 1:
            yield Asked((row,), (COMMANDS[number // 6 % len(COMMANDS)],))
    for number, class_ in enumerate(CLASSES):
        rows = tuple(row for row in ROWS[1::2] if row.name.startswith(f"{class_}/"))
        if rows:
            yield Asked(rows, ("check", "--processes", "1", "--format", formats[number % len(formats)]))
    for number, row in enumerate(row for row in ROWS if row.name.startswith("names/") and row.exit_code == 0):
        yield from (Asked((row,), ("inspect", *words)) for words in WRITTEN[number % 2 :: 2])
    for row in [row for row in ROWS if row.exit_code == 1][5::60]:
        yield Asked((row,), ("lock", "--lock-file", f"{row.name.replace('/', '-')}.json"))
        yield Asked((row,), ("diff",), behind=("names/mention.yaml",))


ASKED = tuple(_asked())


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Asked], Ended]:
    folder = tmp_path_factory.mktemp("hostile")
    lay_out(folder)
    return cache(partial(_run, folder))


def _run(folder: Path, asked: Asked) -> Ended:
    paths = [f"{row.name}.yaml" for row in asked.rows]
    if asked.stdin:
        return run(*asked.words, "-", folder=folder, stdin=(folder / paths[0]).read_bytes())
    return run(*asked.words, *paths, *asked.behind, folder=folder)


def named(asked: Asked) -> str:
    return f"{' '.join(asked.words)}{' <' if asked.stdin else ''} {asked.rows[0].name}"


def test_there_are_three_hundred_runs_and_more() -> None:
    assert len(ASKED) >= 300
    checked = {row for asked in ASKED if asked.words[0] == "check" for row in asked.rows}
    assert checked == set(ROWS)


@pytest.mark.parametrize("asked", eighth(ASKED, named))
def test_a_command_ends_as_documented_and_shows_nothing_that_is_obeyed(
    asked: Asked, ended: Callable[[Asked], Ended]
) -> None:
    found = ended(asked)
    out, err = found.out.decode(), found.err.decode()
    assert found.code in (0, 1, 2), (found.code, err[-2000:])
    assert "Traceback" not in out + err
    assert not CONTROLS.search(err)
    assert len(out) < MOST_OF_OUTPUT
    if asked.words[0] == "show":
        return  # which passes a file on as it is
    assert not CONTROLS.search(out)
    assert SECRET not in out + err
    assert not LOG_COMMAND.search(err if "github" in asked.words else out + err)
    if asked.words[0] == "check":
        assert found.code == max(row.exit_code for row in asked.rows), (out + err)[:2000]
        if out or found.code < 2:  # a folder without files is a wrong use, and gives no result
            FORMATS[asked.words[-1]](out)


ALONE = [asked for asked in ASKED if asked.words[0] == "check" and len(asked.rows) == 1]


@pytest.mark.parametrize("asked", eighth(ALONE, named))
def test_a_file_of_a_mebibyte_is_checked_in_150_megabytes(asked: Asked, ended: Callable[[Asked], Ended]) -> None:
    assert 0 < ended(asked).peak <= MOST_OF_MEMORY


def main() -> None:
    """Print the slowest and the largest refusals."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder)
        took = [(asked, _run(folder, asked)) for asked in (Asked((row,), ("check",)) for row in ROWS)]
    for what, unit in (("seconds", 1), ("peak", MIB)):
        print(f"{what}, the worst of {len(took)}:")
        for asked, found in sorted(took, key=lambda pair: -getattr(pair[1], what))[:10]:
            print(f"  {getattr(found, what) / unit:8.2f}  {found.code}  {named(asked)}")


if __name__ == "__main__":
    main()
