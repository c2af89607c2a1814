"""Every hostile file is refused, or read, as the table says: in process by both parsers, and by the real command."""

from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

from shapecalc.checking.check import check_file
from tests.hostile.generated import BYTES, PARTS, TEXTS, lay_out
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


class Row(NamedTuple):
    """What the table says of one file: the codes that are found, the line of the first, the exit code of `check`."""

    name: str
    codes: str
    line: str
    exit_code: int


def _rows() -> Iterator[Row]:
    for line in (HERE / "expected.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, codes, at, exit_code = line.split("\t")
        yield Row(name, codes, at, int(exit_code))


ROWS = tuple(_rows())
CLASSES = sorted({row.name.partition("/")[0] for row in ROWS})


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    lay_out(folder)
    return folder


def test_the_table_has_every_file_once() -> None:
    committed = {str(path.relative_to(HERE).with_suffix("")) for path in HERE.glob("*/*.yaml")}
    generated = {name for name in (*TEXTS, *PARTS, *BYTES) if not re.search("/lib/|/deep", name)}
    special = {f"files/{name}" for name in ("pipe", "folder", "missing")}
    special |= {f"files/link-{name}" for name in ("to-a-device", "in-a-circle", "to-nothing")}
    assert not committed & generated
    assert sorted(row.name for row in ROWS) == sorted(committed | generated | special)


def test_what_is_committed_is_small() -> None:
    assert max(path.stat().st_size for path in HERE.glob("*/*.yaml")) <= 20_000


SLOW_WITHOUT_LIBYAML = (
    *(
        "nodes/",
        "layers/of-",
        "graph/of-5000-",
        "graph/of-10000-",
        "graph/of-20000-",
        "graph/of-60000-",
        "rank/of-60000",
    ),
    *("recursion/chain-of-10000-blocks", "expressions/20000-", "expect/of-10000-outputs", "includes/too-large"),
    *("symbols/of-20000-conditions", "merge/20000-times", "keys/of-20000-unknown-words", "includes/20000-times"),
)
"""Where most of the time is PyYAML's own: as many values as a file may have, a second or two each. The limits that they
come to are those of the tree and of the steps, which are the same behind both parsers."""


NAME = attrgetter("name")
PLAIN = [row for row in ROWS if not row.name.startswith(SLOW_WITHOUT_LIBYAML)]
LARGE = [row for row in ROWS if row.name.startswith(SLOW_WITHOUT_LIBYAML)]


@pytest.mark.parametrize("row", [*(pytest.param(row, id=row.name) for row in PLAIN), *eighth(LARGE, NAME)])
def test_a_file_is_refused_where_the_table_says(row: Row, corpus: Path) -> None:
    _hold(row, corpus)


@pytest.mark.parametrize("row", eighth(PLAIN, NAME))
def test_a_file_is_refused_in_the_same_place_without_libyaml(
    row: Row, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    _hold(row, corpus)


def _hold(row: Row, corpus: Path) -> None:
    checked = check_file(str(corpus / f"{row.name}.yaml"))
    found = checked.findings
    codes = ",".join(dict.fromkeys(finding.code for finding in found)) or "-"
    first = found[0].span if found else None
    exit_code = int(checked.failed()) if checked.readable else 2
    assert (codes, str(first.line) if first else "-", exit_code) == row[1:], found[:3]
