"""Every code has a page, and every page keeps its word: its broken example gives the code, its mended one does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shapecalc
from shapecalc.checking.check import check_source
from shapecalc.diagnostics import Source
from shapecalc.diagnostics.rules import codes, read_page, rule, rules
from tests.support.rows import for_each

PACKAGE = Path(shapecalc.__file__).parent
OF_A_FILE = [one for one in rules() if one.language == "yaml"]


def findings(text: str):
    return check_source(Source("net.yaml", text + "\n"), None).findings


def test_every_code_in_the_source_has_a_page_and_every_page_a_code() -> None:
    said = {code for path in PACKAGE.rglob("*.py") for code in re.findall(r'"(SC\d{3})"', path.read_text("utf-8"))}
    assert sorted(said) == list(codes())


@for_each("one", OF_A_FILE, ids=lambda one: one.code)
def test_a_broken_example_gives_its_code_first(one) -> None:
    first, *others = findings(one.broken)
    assert first.code == one.code
    assert {other.code for other in others} <= {one.code}, "an example is about one thing"


@for_each("one", OF_A_FILE, ids=lambda one: one.code)
def test_a_mended_example_is_clean(one) -> None:
    assert findings(one.mended) == ()


@for_each("one", rules(), ids=lambda one: one.code)
def test_a_page_is_written_as_all_are(one) -> None:
    assert one.code in codes()
    assert re.fullmatch(r"[a-z`0-9].*[^.!?:]", one.title), "lower case, no full stop"
    assert len(f"{one.code}  {one.title}") <= 80, "the list fits in a narrow terminal"
    assert re.search(r"[.]\Z", one.text)
    assert one.broken != one.mended
    assert one == read_page((PACKAGE / f"diagnostics/explanations/{one.code}.md").read_text("utf-8")), "in its own file"


def test_titles_tell_codes_apart() -> None:
    assert len({one.title for one in rules()}) == len(codes())


def test_a_code_that_is_none_has_no_rule() -> None:
    with pytest.raises(KeyError, match="SC999"):
        rule("SC999")


def test_the_names_of_codes_are_known_without_reading_a_page(monkeypatch) -> None:
    monkeypatch.setattr(Path, "read_text", None)
    assert "SC301" in codes()


@pytest.mark.parametrize(
    "page",
    [
        "# SC301: a title\n\nA text.\n\n```yaml\na\n```\n",
        "# SC301: a title\n\nA text.\n\n```yaml\na\n```\n\n```console\nb\n```\n",
        "SC301: a title\n\nA text.\n\n```yaml\na\n```\n\n```yaml\nb\n```\n",
        "# SC301: a title\n\n```yaml\na\n```\n\n```yaml\nb\n```\n",
    ],
    ids=["one example", "two languages", "no heading", "no text"],
)
def test_a_page_of_another_form_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="the page of a rule expects"):
        read_page(page)
