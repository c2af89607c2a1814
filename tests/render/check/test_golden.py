"""Every format of `check`, word for word: clean, one finding, thirty, and names chosen to break something.

`python -m pytest tests/render/check --update-cases` writes `golden/` anew; read the difference before committing it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shapecalc.render.check import github, gitlab, json, junit, markdown, sarif, text
from tests.support.check_inputs import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.checking.result import Checked

GOLDEN = Path(__file__).parent / "golden"
FORMATS: dict[str, Callable[[list[Checked]], str]] = {
    "txt": text.checks,
    "json": json.checks,
    "github.txt": github.checks,
    "github.md": github.summary,
    "md": markdown.checks,
    "gitlab.json": gitlab.checks,
    "sarif": sarif.checks,
    "junit.xml": junit.checks,
}


@pytest.fixture(autouse=True)
def _same_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "__version__", "1.2.3")


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", INPUTS)
def test_a_format_is_as_agreed(name: str, ending: str, request: pytest.FixtureRequest) -> None:
    format_value = FORMATS[ending](INPUTS[name]()) + "\n"
    expected = GOLDEN / f"{name}.{ending}"
    if request.config.getoption("--update-cases"):
        expected.write_bytes(format_value.encode())
    assert format_value.encode() == expected.read_bytes()


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{ending}" for name in INPUTS for ending in FORMATS}


def test_the_inputs_are_as_large_as_they_are_called() -> None:
    sizes = {name: sum(len(checked.findings) for checked in made()) for name, made in INPUTS.items()}
    assert sizes == {"clean": 0, "one": 1, "thirty": 30, "hostile": 60}
