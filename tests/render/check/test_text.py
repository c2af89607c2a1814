from __future__ import annotations

import re
import subprocess
import sys

from hypothesis import given, strategies as st

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Label, Severity, Source, Span
from shapecalc.render.check.text import checks, render_diagnostics
from tests.support.check_inputs import checked, one, thirty
from tests.support.rendered_diagnostics import NET, expect, finding, render, render_including


def test_the_last_line_counts_files_and_findings() -> None:
    assert checks(thirty()).split("\n")[-1] == "4 files checked: 16 errors, 14 warnings"
    assert checks(one()).split("\n")[-1] == "2 files checked: 1 error"


def test_clean_files_are_one_line() -> None:
    assert checks([checked("clean.yaml")]) == "1 file checked: clean"


def test_no_file_is_clean_too() -> None:
    assert checks([]) == "0 files checked: all that were found are excluded"


def test_files_stand_one_below_the_other() -> None:
    heads = [line for line in checks([checked("missing.yaml"), *one()]).split("\n") if line.startswith("error")]
    assert heads == [
        "error[SC001]: `missing.yaml` does not exist",
        "error[SC301]: `linear` expects 512 input features, receives 147",
    ]


def test_a_finding_without_a_place_names_its_file() -> None:
    found = Diagnostic("SC999", "odd", Severity.NOTE, help="mend it")
    assert checks([Checked("net\n.yaml", None, (found,))]).split("\n") == [
        "note[SC999]: odd",
        r" --> net\u{a}.yaml",
        "  = help: mend it",
        "",
        "1 file checked: 1 note",
    ]


def test_the_file_of_a_finding_without_a_place_stands_below_its_whole_message() -> None:
    finding = Diagnostic(code="SC505", message="a network has more parameters than its budget allows it", help="less")
    assert checks([Checked("a.yaml", None, (finding,))], width=50).splitlines() == [
        "error[SC505]: a network has more parameters than",
        "              its budget allows it",
        " --> a.yaml",
        "  = help: less",
        "",
        "1 file checked: 1 error",
    ]


def test_colour_is_only_added() -> None:
    colored = checks(one(), color=True)
    assert "\x1b[1;31m" in colored
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[1;34m", "\x1b[1;31m"):
        colored = colored.replace(code, "")
    assert colored == checks(one())


UNFLATTENED = Diagnostic(
    code="SC301",
    message="`linear` expects 512 input features but receives 25088",
    span=Span(14, 27, 14, 30),
    label="expected 25088",
    labels=(Label(Span(9, 5, 9, 12), "gives [N, 25088] = 512 x 7 x 7"),),
    help="write `in_features: 25088`, or put `global_avg_pool` before `flatten`",
)


def test_the_designs_own_example():
    expect(
        render(UNFLATTENED),
        """
        error[SC301]: `linear` expects 512 input features but receives 25088
          --> net.yaml:14:27
           |
         9 |   - flatten
           |     ------- gives [N, 25088] = 512 x 7 x 7
        14 |   - linear: {in_features: 512, out_features: 10}
           |                           ^^^ expected 25088
           = help: write `in_features: 25088`, or put `global_avg_pool` before `flatten`

        1 error
        """,
    )


def test_headlines_that_quote_a_whole_file_are_cut():
    assert len(render(finding(1, 1, 1, 2, message="x" * 100_000))) < 2_000


def test_a_finding_about_no_place_has_headline_help_and_notes():
    diagnostic = Diagnostic(code="SC001", message="`x` does not exist", help="look", notes=("one", "two"))
    expected = """
        error[SC001]: `x` does not exist
          = help: look
          = note: one
          = note: two

        1 error
        """
    expect(render_diagnostics([diagnostic], None, color=False), expected)
    expect(render(diagnostic), expected)


def test_a_place_without_a_source_shows_no_lines():
    assert render_diagnostics([UNFLATTENED], None, color=False).splitlines()[1].startswith("  = help")


def test_findings_are_separated_and_counted_by_severity():
    severities = (Severity.ERROR, Severity.WARNING, Severity.ERROR, Severity.NOTE)
    rendered = render(*(finding(1, 1, 1, 5, severity=severity) for severity in severities))
    assert [line for line in rendered.splitlines() if "SC999" in line] == [
        "error[SC999]: odd",
        "warning[SC999]: odd",
        "error[SC999]: odd",
        "note[SC999]: odd",
    ]
    assert rendered.endswith("\n\n2 errors, 1 warning, 1 note")


def test_nothing_found_is_nothing_said():
    assert render() == ""


def test_no_line_ends_with_spaces():
    labels = (Label(Span(14, 5, 14, 11), "first"), Label(Span(4, 3, 6, 16), "tall"))
    for line in render(finding(14, 14, 14, 25, labels=labels), text=NET + "   \n").splitlines():
        assert line == line.rstrip()


def test_colour_changes_nothing_but_colour():
    labels = (Label(Span(14, 5, 14, 11), "first"), Label(Span(4, 3, 6, 16), "tall"))
    diagnostics = (UNFLATTENED, finding(14, 14, 14, 25, label="this", labels=labels, severity=Severity.WARNING))
    painted = render(*diagnostics, color=True)
    plain = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", painted).splitlines()]
    assert plain == render(*diagnostics).splitlines()
    assert "\x1b[1;31merror[SC301]\x1b[0m\x1b[1m: `linear` expects" in painted
    assert "\x1b[1;31m^^^\x1b[0m \x1b[1;31mexpected 25088\x1b[0m" in painted
    assert "\x1b[1;34m-------\x1b[0m \x1b[1;34mgives" in painted
    assert "\x1b[1;33mwarning[SC999]" in painted


def test_a_label_in_an_included_file_gets_a_block_of_its_own():
    labels = (Label(Span(2, 8, 2, 24), "from here"), Label(Span(3, 5, 3, 15, file=1), "declared here"))
    expect(
        render_including(finding(4, 5, 4, 9, label="lacks `channels`", labels=labels, help="add it")),
        """
        error[SC999]: odd
         --> net.yaml:4:5
          |
        2 | input: [N, 3, 224, 224]
          |        ---------------- from here
        4 |   - conv: {out_channels: 64, kernel_size: 3}
          |     ^^^^ lacks `channels`
          |
         ::: common.yaml:3:5
          |
        3 |     parameters: [channels]
          |     ---------- declared here
          = help: add it

        1 error
        """,
    )


def test_a_finding_in_an_included_file_shows_that_file_first():
    labels = (Label(Span(4, 5, 4, 9), "called here"),)
    expect(
        render_including(finding(2, 10, 2, 14, 2, label="this", labels=labels)),
        """
        error[SC999]: odd
         --> cell.yaml:2:10
          |
        2 | layers: [tanh]
          |          ^^^^ this
          |
         ::: net.yaml:4:5
          |
        4 |   - conv: {out_channels: 64, kernel_size: 3}
          |     ---- called here

        1 error
        """,
    )


def test_both_files_share_the_gutter_width():
    labels = (Label(Span(14, 5, 14, 11), "called here"), Label(Span(1, 13, 1, 21, file=2), "given here"))
    expect(
        render_including(finding(9, 9, 9, 13, 1, label="this", labels=labels, notes=("odd",))),
        """
        error[SC999]: odd
          --> common.yaml:9:9
           |
         9 |       - cell: {channels: $channels}
           |         ^^^^ this
           |
          ::: net.yaml:14:5
           |
        14 |   - linear: {in_features: 512, out_features: 10}
           |     ------ called here
           |
          ::: cell.yaml:1:13
           |
         1 | parameters: [channels]
           |             -------- given here
           = note: odd

        1 error
        """,
    )


def test_the_blocks_of_other_files_stand_in_the_order_of_their_first_labels():
    places = ((2, 2), (9, 1), (1, 2), (5, 1))
    labels = tuple(Label(Span(line, 1, line, 5, file), "here") for line, file in places)
    rendered = render_including(finding(5, 5, 5, 9, labels=labels))
    heads = [line for line in rendered.splitlines() if re.match(" *(-->|:::) ", line)]
    assert heads == [" --> net.yaml:5:5", " ::: cell.yaml:2:1", " ::: common.yaml:9:1"]


def test_the_name_of_an_included_file_is_escaped_as_the_primarys_is():
    source = Source("n\x1b.yaml", "a", (Source("c\x1b[2J\n.yaml", "b"),))
    rendered = render_including(finding(1, 1, 1, 2, labels=(Label(Span(1, 1, 1, 2, file=1), "x"),)), source=source)
    assert " --> n\\u{1b}.yaml:1:1\n" in rendered
    assert " ::: c\\u{1b}[2J\\u{a}.yaml:1:1\n" in rendered


def test_the_head_of_an_included_file_has_the_colour_of_the_primarys():
    labels = (Label(Span(4, 3, 6, 16, file=1), "tall"),)
    painted = render_including(finding(1, 1, 1, 5, labels=labels), color=True)
    assert "\x1b[1;34m -->\x1b[0m net.yaml:1:1\n" in painted
    assert "\x1b[1;34m  |\x1b[0m\n\x1b[1;34m :::\x1b[0m common.yaml:4:3\n\x1b[1;34m  |\x1b[0m\n" in painted


def test_labels_of_a_finding_about_no_place_are_not_shown():
    diagnostic = Diagnostic(code="SC001", message="odd", labels=(Label(Span(1, 1, 1, 2, file=1), "here"),))
    assert render_including(diagnostic) == "error[SC001]: odd\n\n1 error"


def test_a_chain_of_calls_over_two_files_reads_from_top_to_bottom():
    labels = (
        Label(Span(9, 9, 9, 13, file=1), "`cell` is called here"),
        Label(Span(5, 9, 5, 13, file=1), "`unit` is called here"),
        Label(Span(14, 5, 14, 11), "`stage` is called here"),
    )
    expect(
        render_including(finding(13, 57, 13, 63, 1, label="not 3 x n", labels=labels), width=80),
        """
        error[SC999]: odd
          --> common.yaml:13:57
           |
         5 |       - unit: $channels
           |         ---- `unit` is called here
         9 |       - cell: {channels: $channels}
           |         ---- `cell` is called here
        13 |       - conv: {out_channels: $channels, kernel_size: 3, groups: 3}
           |                                                         ^^^^^^ not 3 x n
           |
          ::: net.yaml:14:5
           |
        14 |   - linear: {in_features: 512, out_features: 10}
           |     ------ `stage` is called here

        1 error
        """,
    )


LONG = "layers: [" + ", ".join(f"{{block{count}: 64}}" for count in range(30)) + "]"


def long_calls(*counts: int, file: int) -> tuple[Label, ...]:
    words = [re.search(rf"\bblock{count}\b", LONG) for count in counts]
    return tuple(Label(Span(1, at.start() + 1, 1, at.end() + 1, file), "called here") for at in words if at)


def test_a_cut_line_of_an_included_file_shows_the_place_that_its_head_names():
    source = Source("net.yaml", "name: x", (Source("long.yaml", LONG),))
    expect(
        render_including(finding(1, 1, 1, 5, labels=long_calls(20, 21, 2, 29, file=1)), source=source, width=60),
        """
        error[SC999]: odd
         --> net.yaml:1:1
          |
        1 | name: x
          | ^^^^
          |
         ::: long.yaml:1:301
          |
        1 | ...block20: 64}, {block21: 64}, {block22: 64}, {block...
          | -  -------        -------                            - called here
          | |  |              |
          | |  |              called here
          | |  called here
          | called here

        1 error
        """,
    )


@st.composite
def sources_and_findings(draw: st.DrawFn) -> tuple[Source, Diagnostic]:
    texts = st.text(st.sampled_from("ab日\t\r\n\x1b\u0301{: "), max_size=40)
    source = Source("<main>", draw(texts), (Source("<included>", draw(texts)),))
    places = st.one_of(st.integers(-2, 12), st.integers(-(10**9), 10**9))
    spans = st.builds(Span, places, places, places, places, st.integers(-1, 3))
    labels = st.lists(st.builds(Label, spans, st.sampled_from(["", "one", "two"])), max_size=8)
    return source, finding(*draw(spans), label=draw(st.sampled_from(["", "this"])), labels=tuple(draw(labels)))


@given(sources_and_findings(), st.integers(0, 100), st.booleans())
def test_every_file_that_is_pointed_into_is_named_once_whatever_the_spans(
    drawn: tuple[Source, Diagnostic], width: int, color: bool
):
    source, found = drawn
    rendered = render_including(found, source=source, width=width, color=color)
    shown = re.findall("(?:-->|:::)(?:\x1b\\[0m)? (<[a-z]+>)", rendered)
    spans = [found.span, *(label.span for label in found.labels)]
    assert shown == list(dict.fromkeys(source.of(span).name for span in spans if span))
    assert rendered.count("<") == len(shown)


ADVICE = "write `in_features: 4704`, which is 6 x 28 x 28, or put a layer before it that gives so many features"


def test_messages_help_and_notes_are_wrapped_under_their_own_text():
    found = finding(14, 5, 14, 11, message=ADVICE, help=ADVICE, notes=(ADVICE, "short"))
    expect(
        render(found, width=60),
        """
        error[SC999]: write `in_features: 4704`, which is 6 x 28 x
                      28, or put a layer before it that gives so
                      many features
          --> net.yaml:14:5
           |
        14 |   - linear: {in_features: 512, out_features: 10}
           |     ^^^^^^
           = help: write `in_features: 4704`, which is 6 x 28 x 28,
                   or put a layer before it that gives so many
                   features
           = note: write `in_features: 4704`, which is 6 x 28 x 28,
                   or put a layer before it that gives so many
                   features
           = note: short

        1 error
        """,
    )
    for width in (40, 60, 80, 200):
        assert max(map(len, render(found, width=width).splitlines())) <= width
        said = render(found, width=width).partition("= help:")[2]
        assert said.split() == [*ADVICE.split(), "=", "note:", *ADVICE.split(), "=", "note:", "short", "1", "error"]


def test_nothing_is_wrapped_without_a_width():
    assert ADVICE in render(finding(14, 5, 14, 11, help=ADVICE))


def test_rendering_diagnostics_needs_neither_rich_nor_yaml():
    unwanted = "{'yaml', 'rich', 'numpy', 'difflib'}"
    code = f"import sys, shapecalc.render.check.text; print(sorted({unwanted} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
