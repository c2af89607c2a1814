"""A comment of all diagnostics: within GitHub's limit, with what is left out named."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from shapecalc.checking.result import Checked, CheckResults
from shapecalc.diagnostics import Diagnostic, Severity, Source, Span
from shapecalc.render.check.markdown import MARKER, MOST_CHARACTERS, checks


def file(name: str, *messages: str, severity: Severity = Severity.ERROR) -> Checked:
    findings = (Diagnostic("SC999", message, severity, span=Span(1, 1, 1, 6)) for message in messages)
    return Checked(name, Source(name, "input: [N]\n"), tuple(findings))


def test_a_clean_comment_is_the_verdict_with_what_was_passed_over() -> None:
    results = CheckResults([file("net.yaml")], skipped=("compose.yaml",))
    assert checks(results) == f"{MARKER}\n### shapecalc: 1 file checked: clean; 1 other YAML file passed over"


def test_findings_are_folded_by_file_those_with_errors_first() -> None:
    shown = checks([file("a.yaml", "warned", severity=Severity.WARNING), file("b<c>.yaml", "one", "two")])
    assert re.findall(r"<summary>(.*)</summary>", shown) == [
        "<code>b&lt;c&gt;.yaml</code>: 2 errors",
        "<code>a.yaml</code>: 1 warning",
    ]
    assert shown.count("<details open>\n") == shown.count("\n</details>") == 2
    assert "| `b<c>.yaml` | 2 | 0 |\n| `a.yaml` | 0 | 1 |" in shown
    fences = [token.content for token in MarkdownIt().parse(shown) if token.type == "fence"]
    assert [fence.count("error[SC999]") for fence in fences] == [2, 0]


def test_a_comment_fits_whatever_it_is_made_of_and_names_what_is_left_out() -> None:
    for unit in ("x", "`", "𝐍", "é", "\x1b", "@team ", "<b>"):
        results = [file(f"{number}{unit * 200}.yaml", *[unit * 400] * 5) for number in range(200)]
        shown = checks(results)
        assert MOST_CHARACTERS - 12_000 < len(shown) <= MOST_CHARACTERS, unit
        left = re.search(r"\nLeft out, as a comment has at most 65,536 characters: (\d+) errors of ", shown)
        assert left is not None, unit
        assert int(left[1]) + shown.count("error[SC999]") == 1_000, unit
        assert re.search(r", \d+ other files\.$", shown), unit


def test_warnings_are_left_out_before_errors() -> None:
    warned = [file(f"a{number}.yaml", "w" * 900, severity=Severity.WARNING) for number in range(100)]
    shown = checks([*warned, file("z.yaml", "the error")])
    assert "the error" in shown
    assert re.search(r"Left out.*: \d+ warnings of `a", shown)
