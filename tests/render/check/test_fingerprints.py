from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shapecalc.render.fingerprints import line_hashes

GREETINGS = [
    *("e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1"),
    *("b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1"),
]


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (
            " a\nb\n  \t\tc\n d",
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
        ),
        (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", GREETINGS),
        (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", GREETINGS),
        (" hello; \t\r\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", GREETINGS),
        (
            "Lorem ipsum dolor sit amet.\n" * 10,
            [
                *(f"a7f2ff13bc495cf2:{number}" for number in range(1, 7)),
                *("a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1"),
                "c129715d7a2bc9a3:1",
            ],
        ),
    ],
)
def test_the_hashes_are_those_that_code_scanning_expects(text: str, hashes: list[str]) -> None:
    """The figures are those of github/codeql-action's own tests."""
    assert list(line_hashes(text)) == hashes


@given(st.text("ab \t\r\n𝐍\ud800", max_size=300))
def test_every_line_has_a_hash_of_its_own(text: str) -> None:
    hashes = line_hashes(text)
    assert len(hashes) == len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert len(set(hashes)) == len(hashes)


def test_a_line_keeps_its_hash_where_lines_are_put_before_it() -> None:
    text = "layers:\n  - relu\n  - rleu\n"
    assert line_hashes("# one more\nname: x\n" + text)[2:] == line_hashes(text)
