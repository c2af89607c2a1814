"""10,000 hostile names, comments, keys, words and values go through reading and every format: nothing gets out."""

from __future__ import annotations

import json as standard
import os
import random
import re
from html import unescape
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from shapecalc.diagnostics import Severity, Source
from shapecalc.render.check import github, gitlab, json, junit, markdown as markdown_format, sarif, text
from shapecalc.render.check.located import located
from shapecalc.render.check.overview import named
from shapecalc.render.terminal.escaping import terminal
from tests.support.check_inputs import HOSTILE, checked_text, hostile_text
from tests.support.ci_logs import CONTROLS, REGISTERED, Command, commands

if TYPE_CHECKING:
    from shapecalc.checking.result import Checked
    from shapecalc.render.check.located import Located

BLOCKS = {*("heading", "inline", "fence", "html_block", "paragraph"), *("table", "thead", "tbody", "tr", "th", "td")}
SUMMARY = re.compile(r"<details(?: open)?>\n<summary><code>([^<>]*)</code>: [\w ,]+</summary>\n")
PIECES = 10_000
PER_FILE = 7  # its own name, and six places in it
PER_RUN = 100
ALPHABET = (
    *(f"::{word} " for word in sorted(REGISTERED)),
    *(f"##[{word}]" for word in sorted(REGISTERED)),
    *HOSTILE,
    *"::,%=;#[](){}<>&'\"\\|`~*_!@$^-+/ \t\n\r\x0b\x0c\x1b\x85\xa0\u2028\u3000%0A%3A",
    *("\r\n", "%0A::error::", "&#10;", "]]>", "<!--", "-->", "](", "```", "~~~", "javascript:", "www.x.org", "a@b.org"),
    *"abcé网𝐍\u0301\u202e\u200d\x00\x7f\x9b\ue000\U000f0000",
)


def seed() -> int:
    return 0 if os.environ.get("CI") else random.SystemRandom().randrange(1 << 32)


def piece(chance: random.Random) -> str:
    return "".join(chance.choices(ALPHABET, k=chance.randint(1, 4)))


@pytest.fixture(scope="module")
def runs() -> list[list[Checked]]:
    number = seed()
    print(f"seed {number}")  # shown where a test fails
    chance = random.Random(number)
    files = []
    for _ in range(-(-PIECES // PER_FILE)):
        name, *places = (piece(chance) for _ in range(PER_FILE))
        files.append(checked_text(Source(f"{name}.yaml", hostile_text(*places))))
    return [files[start : start + PER_RUN] for start in range(0, len(files), PER_RUN)]


def test_most_files_have_a_finding_for_each_place(runs: list[list[Checked]]) -> None:
    found = [len(checked.findings) for run in runs for checked in run]
    assert len(found) * PER_FILE >= PIECES
    assert sum(count >= 3 for count in found) > 0.9 * len(found)


def test_github_obeys_the_annotations_that_are_meant_and_nothing_else(runs: list[list[Checked]]) -> None:
    for run in runs:
        for checked in run:
            log = github.checks([checked])
            assert commands(log) == [meant(place) for place in located([checked])]
            assert log.count("\n") == len(checked.findings)
            assert not CONTROLS.search(log)


def meant(place: Located) -> Command:
    found = place.diagnostic
    file = terminal(place.path)
    properties = {"file": f"./{file}" if file.startswith("=") else file, "title": f"shapecalc {found.code}"}
    if found.span is not None:
        properties |= {"line": str(found.span.line), "endLine": str(found.span.end_line)}
        properties |= {"col": str(found.span.column), "endColumn": str(found.span.end_column)}
    word = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}[found.severity]
    return Command(word, properties, "\n".join([terminal(found.message), *place.lines()]))


def test_the_text_is_obeyed_in_nothing(runs: list[list[Checked]]) -> None:
    for run in runs:
        log = text.checks(run)
        assert not CONTROLS.search(log)
        assert not commands(log)


def test_the_summary_has_its_own_markup_and_no_other(runs: list[list[Checked]]) -> None:
    markdown = MarkdownIt("gfm-like", {"linkify": False})
    for run in runs:
        for format_value in (github.summary(run), markdown_format.checks(run)):
            assert not CONTROLS.search(format_value)
            names = []
            for token in markdown.parse(format_value):
                assert token.type.removesuffix("_open").removesuffix("_close") in BLOCKS
                if token.type == "inline":
                    assert {child.type for child in token.children or ()} <= {
                        *("text", "code_inline", "strong_open", "strong_close"),
                    }
                if token.type == "html_block" and token.content.strip() != "</details>":
                    if token.content == f"{markdown_format.MARKER}\n":
                        continue
                    found = SUMMARY.fullmatch(token.content)
                    assert found is not None, token.content
                    names.append(unescape(found[1]))
            every = {named(path) for path in paths(run)}
            assert set(names) == every if "Left out" not in format_value else set(names) < every


def paths(run: list[Checked]) -> list[str]:
    return [next(located([checked])).path for checked in run if checked.findings]


def test_the_xml_is_xml_and_names_every_file(runs: list[list[Checked]]) -> None:
    for run in runs:
        format_value = junit.checks(run)
        assert format_value.isascii()
        assert not CONTROLS.search(format_value)
        assert not commands(format_value)
        suites = ET.fromstring(format_value)
        assert [suite.get("name") for suite in suites] == [terminal(path) for path in paths(run)]
        assert len(suites.findall("testsuite/testcase/failure")) == int(suites.attrib["failures"])
        told = "".join(suites.itertext())
        assert not CONTROLS.search(told)
        assert all(terminal(found.message) in told for checked in run for found in checked.findings)


def refused(name: str) -> NoReturn:
    raise ValueError(name)


def parsed(format_value: str) -> Any:
    format_value.encode()
    assert not CONTROLS.search(format_value)
    assert not commands(format_value)
    return standard.loads(format_value, parse_constant=refused)


def through_json(values: Any) -> Any:
    """Join the halves of characters that happen to stand side by side: JSON cannot tell them from the whole."""
    return type(values)(standard.loads(standard.dumps(values)))


def test_the_json_has_every_text_as_it_was(runs: list[list[Checked]]) -> None:
    for run in runs:
        for unicode in (True, False):
            read = parsed(json.checks(run, unicode=unicode))
            told = [(finding["file"], finding["message"]) for file in read["files"] for finding in file["findings"]]
            assert told == [through_json((place.path, place.diagnostic.message)) for place in located(run)]


def test_gitlab_tells_every_finding_apart(runs: list[list[Checked]]) -> None:
    for run in runs:
        read = parsed(gitlab.checks(run))
        assert [entry["location"]["path"] for entry in read] == [
            through_json([place.path])[0] for place in located(run)
        ]
        assert len({entry["fingerprint"] for entry in read}) == len(read)
        assert not any(CONTROLS.search(entry["description"]) for entry in read)


def test_code_scanning_finds_every_file_and_sees_no_link(runs: list[list[Checked]]) -> None:
    for run in runs:
        results = parsed(sarif.checks(run))["runs"][0]["results"]
        for result, place in zip(results, located(run), strict=True):
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"(file:///)?[\w.~/%-]*", uri, re.ASCII)
            if not re.search("[\ud800-\udfff]", place.path):
                assert unquote(uri.removeprefix("file://")) == place.path
            assert not CONTROLS.search(result["message"]["text"])
            assert "](" not in result["message"]["text"]
