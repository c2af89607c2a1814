"""The edits that `check --fix` has made, a line for each."""

from __future__ import annotations

from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import Source
from shapecalc.render.fix import edits

TEXT = "input: [N, 7]\nlayers:\n  - linaer: 5\n  - rleu\n"


def shown(name: str, **options: bool) -> list[str]:
    return edits(fix_text(Source(name, TEXT)), **options).split("\n")


def test_each_edit_has_its_code_its_place_and_both_texts_in_the_order_of_the_file() -> None:
    assert shown("net.yaml") == [
        "fixed SC101 at net.yaml:3:5: `linaer` → `linear`",
        "fixed SC101 at net.yaml:4:5: `rleu` → `relu`",
    ]


def test_an_ascii_terminal_gets_an_ascii_arrow() -> None:
    assert shown("net.yaml", unicode=False)[1] == "fixed SC101 at net.yaml:4:5: `rleu` -> `relu`"


def test_a_name_of_a_file_cannot_control_the_terminal() -> None:
    assert shown("\x1b[31mnet.yaml")[0].startswith(r"fixed SC101 at \u{1b}[31mnet.yaml:3:5: ")


def test_a_text_without_mistakes_has_no_edits() -> None:
    assert not edits(fix_text(Source("net.yaml", "{input: [N, 7], layers: [relu]}")))
