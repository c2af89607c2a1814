"""Source lines with carets under the tokens, in rustc's manner."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import Label, Source, Span
from shapecalc.render.check.text import render_diagnostics
from tests.support.rendered_diagnostics import expect, finding, render


def test_labels_on_one_line_hang_below_it_from_the_right():
    labels = (Label(Span(14, 27, 14, 30), "second"), Label(Span(14, 5, 14, 11), "first"))
    expect(
        render(finding(14, 14, 14, 25, label="this", labels=labels)),
        """
        error[SC999]: odd
          --> net.yaml:14:14
           |
        14 |   - linear: {in_features: 512, out_features: 10}
           |     ------   ^^^^^^^^^^^  --- second
           |     |        |
           |     |        this
           |     first

        1 error
        """,
    )


def test_a_label_under_a_longer_one_leaves_no_text_beside_it():
    labels = (Label(Span(14, 27, 14, 30), "inner"),)
    expect(
        render(finding(14, 5, 14, 47, label="outer", labels=labels)),
        """
        error[SC999]: odd
          --> net.yaml:14:5
           |
        14 |   - linear: {in_features: 512, out_features: 10}
           |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |     |                     |
           |     |                     inner
           |     outer

        1 error
        """,
    )


def test_two_labels_of_one_place_stand_below_each_other():
    labels = (Label(Span(5, 5, 5, 9), "also this"),)
    expect(
        render(finding(5, 5, 5, 9, label="this", labels=labels)),
        """
        error[SC999]: odd
         --> net.yaml:5:5
          |
        5 |   - relu
          |     ^^^^ this
          |     |
          |     also this

        1 error
        """,
    )


def test_a_mark_without_text_stands_beside_one_with_text():
    expect(
        render(finding(14, 27, 14, 30, labels=(Label(Span(14, 5, 14, 11), "here"),))),
        """
        error[SC999]: odd
          --> net.yaml:14:27
           |
        14 |   - linear: {in_features: 512, out_features: 10}
           |     ------                ^^^
           |     |
           |     here

        1 error
        """,
    )


def test_distant_lines_are_told_apart_by_dots_and_near_ones_by_their_numbers():
    labels = (Label(Span(2, 8, 2, 24), "starts here"), Label(Span(9, 5, 9, 12), "flat"))
    expect(
        render(finding(14, 27, 14, 30, labels=labels)),
        """
        error[SC999]: odd
          --> net.yaml:14:27
           |
         2 | input: [N, 3, 224, 224]
           |        ---------------- starts here
        ...
         9 |   - flatten
           |     ------- flat
        14 |   - linear: {in_features: 512, out_features: 10}
           |                           ^^^

        1 error
        """,
    )


def test_a_span_from_the_start_of_a_line_over_several_has_a_rail():
    expect(
        render(finding(4, 3, 6, 16, label="these", labels=(Label(Span(3, 1, 3, 7), "in here"),))),
        """
        error[SC999]: odd
         --> net.yaml:4:3
          |
        3 |   layers:
          |   ------ in here
        4 | /   - conv: {out_channels: 64, kernel_size: 3}
        5 | |   - relu
        6 | |   - max_pool: 2
          | |_______________^ these

        1 error
        """,
    )


def test_a_long_span_shows_its_two_first_lines_and_its_last():
    expect(
        render(finding(4, 5, 14, 11)),
        """
        error[SC999]: odd
          --> net.yaml:4:5
           |
         4 |     - conv: {out_channels: 64, kernel_size: 3}
           |  _____^
         5 | |   - relu
        ...  |
        14 | |   - linear: {in_features: 512, out_features: 10}
           | |__________^

        1 error
        """,
    )


def test_a_long_secondary_span_has_a_rail_of_its_own_sign():
    expect(
        render(finding(1, 1, 1, 5, labels=(Label(Span(4, 3, 5, 9), "these"),))),
        """
        error[SC999]: odd
         --> net.yaml:1:1
          |
        1 |   name: x
          |   ^^^^
        4 | /   - conv: {out_channels: 64, kernel_size: 3}
        5 | |   - relu
          | |________- these

        1 error
        """,
    )


def test_of_two_long_spans_the_second_is_shown_by_its_first_line():
    expect(
        render(finding(4, 3, 5, 9, labels=(Label(Span(6, 5, 8, 9), "and these"),))),
        """
        error[SC999]: odd
         --> net.yaml:4:3
          |
        4 | /   - conv: {out_channels: 64, kernel_size: 3}
        5 | |   - relu
          | |________^
        6 |     - max_pool: 2
          |       ----------- and these

        1 error
        """,
    )


def test_a_span_that_ends_before_a_line_begins_ends_with_the_line_before():
    assert render(finding(5, 5, 6, 1)) == render(finding(5, 5, 5, 9))


def test_an_empty_span_is_one_caret():
    expect(
        render(finding(3, 8, 3, 8, label="a list is missing")),
        """
        error[SC999]: odd
         --> net.yaml:3:8
          |
        3 | layers:
          |        ^ a list is missing

        1 error
        """,
    )


def test_wide_characters_and_tabs_keep_carets_below_their_tokens():
    rendered = render(finding(1, 9, 1, 12, label="this"), text="a:\t日本é\u0301 xyz\n")
    lines = rendered.splitlines()
    assert lines[3] == "1 | a:    日本é\u0301 xyz"
    # Four columns for the tab, two for each ideograph, none for the combining accent.
    assert lines[4] == "  |" + " " * (1 + 2 + 4 + 2 * 2 + 1 + 1) + "^^^ this"


def test_control_characters_are_shown_and_never_sent():
    diagnostic = finding(
        1,
        5,
        1,
        6,
        message="m\x1b[2J",
        label="l\x07",
        help="h\u202e",
        notes=("n\r",),
        labels=(Label(Span(1, 1, 1, 2), "s\x00"),),
    )
    rendered = render_diagnostics([diagnostic], Source("n\x1b.yaml", "a: \x1bx\u202ey"), color=False)
    for shown in (
        "m\\u{1b}[2J",
        "l\\u{7}",
        "h\\u{202e}",
        "n\\u{d}",
        "s\\u{0}",
        "n\\u{1b}.yaml",
        "a: \\u{1b}x\\u{202e}y",
    ):
        assert shown in rendered
    assert not [c for c in rendered if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
    assert "\n  | -        ^ l" in rendered  # `\u{1b}` is six columns wide


def test_a_long_line_is_cut_around_the_span():
    text = "k: [" + ", ".join(str(n) for n in range(100)) + "]"
    expect(
        render(finding(1, 200, 1, 202, label="here"), text=text, width=60),
        """
        error[SC999]: odd
         --> net.yaml:1:200
          |
        1 | ...5, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57,...
          |                            ^^ here

        1 error
        """,
    )
    expect(
        render(finding(1, 1, 1, 2, label="here"), text=text, width=60),
        """
        error[SC999]: odd
         --> net.yaml:1:1
          |
        1 | k: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,...
          | ^ here

        1 error
        """,
    )


@given(
    length=st.integers(1, 400),
    start=st.integers(1, 400),
    size=st.integers(0, 30),
    width=st.integers(40, 120),
    wide=st.booleans(),
)
def test_a_cut_line_fits_and_its_carets_stand_below_the_token(
    length: int, start: int, size: int, width: int, wide: bool
):
    start = min(start, length)
    end = min(start + size, length + 1)
    letters = "日本語文字列" if wide else "abcdefg"
    text = "".join(letters[i % len(letters)] for i in range(length))
    lines = render(finding(1, start, 1, end), text=text, width=width).splitlines()

    def columns(shown: str) -> list[str]:
        return [c for c in shown for _ in range(2 if unicodedata.east_asian_width(c) == "W" else 1)]

    assert len(columns(lines[3])) <= width
    token = text[start - 1 : end - 1]
    under = columns(lines[3])[lines[4].index("^") : lines[4].rindex("^") + 1]
    if token and len(columns(token)) < width - 12:
        assert under == columns(token)


def test_a_line_of_a_million_characters_is_cut_to_the_width():
    text = "k: [" + "1, " * 340_000 + "]"
    findings = [finding(1, column, 1, column + 1) for column in range(5, 1_000_000, 20_000)]
    rendered = render(*findings, text=text)
    assert max(map(len, rendered.splitlines())) <= 100


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_end_where_yaml_ends_them(line_break: str):
    text = line_break.join(["a: 1", "b: \x0c2", "c: 3"])
    assert "3 | c: 3" in render(finding(3, 4, 3, 5), text=text)


@pytest.mark.parametrize(
    "place", [(0, 0, 0, 0), (99, 99, 99, 99), (1, 99, 1, 100), (2, 5, 1, 1), (2, 5, 2, 3), (1, 1, 99, 99)]
)
def test_spans_outside_of_the_text_are_brought_inside(place: tuple[int, int, int, int]):
    assert "^" in render(finding(*place), text="a: 1\nb: 2")


def test_eight_calls_on_one_line_hang_in_a_staircase():
    text = "layers: [{a: 1}, {bb: 2}, {ccc: 3}, {dd: 4}, {e: 5}, {ffff: 6}, {g: 7}, {hh: 8}]"
    labels = tuple(
        Label(Span(1, at.start() + 2, 1, at.end() + 1), f"call {count}")
        for count, at in enumerate(re.finditer(r"\{\w+", text), 1)
    )
    expect(
        render(finding(1, 1, 1, 7, labels=labels), text=text),
        """
        error[SC999]: odd
         --> net.yaml:1:1
          |
        1 | layers: [{a: 1}, {bb: 2}, {ccc: 3}, {dd: 4}, {e: 5}, {ffff: 6}, {g: 7}, {hh: 8}]
          | ^^^^^^    -       --       ---       --       -       ----       -       -- call 8
          |           |       |        |         |        |       |          |
          |           |       |        |         |        |       |          call 7
          |           |       |        |         |        |       call 6
          |           |       |        |         |        call 5
          |           |       |        |         call 4
          |           |       |        call 3
          |           |       call 2
          |           call 1

        1 error
        """,
    )


@pytest.mark.parametrize("place", [(6, 5, 6, 13), (6, 3, 7, 9)], ids=["one line", "a rail"])
def test_a_label_given_twice_is_shown_once(place: tuple[int, int, int, int]):
    label = Label(Span(*place), "called here")
    assert render(finding(5, 5, 5, 9, labels=(label, label))) == render(finding(5, 5, 5, 9, labels=(label,)))


LONG = "layers: [" + ", ".join(f"{{block{count}: 64}}" for count in range(30)) + "]"


def long_calls(*counts: int, file: int) -> tuple[Label, ...]:
    words = [re.search(rf"\bblock{count}\b", LONG) for count in counts]
    return tuple(Label(Span(1, at.start() + 1, 1, at.end() + 1, file), "called here") for at in words if at)


def test_calls_in_what_is_cut_away_are_told_once_at_either_cut():
    at = LONG.index("block15:") + 1
    expect(
        render(finding(1, at, 1, at + 7, labels=long_calls(1, 3, 5, 16, 25, 27, 29, file=0)), text=LONG, width=60),
        """
        error[SC999]: odd
         --> net.yaml:1:226
          |
        1 | ... 64}, {block14: 64}, {block15: 64}, {block16: 64},...
          | -                        ^^^^^^^        -------      - called here
          | |                                       |
          | |                                       called here
          | called here

        1 error
        """,
    )
