"""One comment for all networks: never longer than GitHub takes, always well formed, and what is left out is counted."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import example, given, settings, strategies as st
from markdown_it import MarkdownIt

from shapecalc.diffing.diff import ChangeKind
from shapecalc.diffing.revisions import NetworkStatus, RevisionComparison
from shapecalc.render.diff import MARKER
from shapecalc.render.revisions import has_details
from shapecalc.render.revisions_markdown import LIMIT, markdown
from tests.support.revisions import change, error_of, report

if TYPE_CHECKING:
    from markdown_it.token import Token

    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.diffing.revisions import NetworkChange
    from shapecalc.shape_inference.report import Report

MARKDOWN = MarkdownIt("commonmark").enable("table")
HOSTILE = "@team | <b>x</b> ```` `y` [z](http://example.org) --> </details> #1 \N{GRINNING FACE}"
SECOND = "a.yaml\n\n```\n</details>\n| @me"
TAGS = re.compile(r"<details>|<details open>|</details>|</?summary>|</?code>")


@cache
def kinds() -> list[NetworkChange]:
    """Return changes of every kind; each layer that differs has a row of its own."""
    wrong = error_of(f"input: [N, 4]\nlayers: [linear: 4, {HOSTILE!r}]\n", HOSTILE)
    many = error_of("input: [N, 4]\nlayers: [" + ", ".join(f"rleu_{at}" for at in range(40)) + "]\n")
    small, large = report(3), report(250)
    sides: list[tuple[Report | ShapecalcError | None, Report | ShapecalcError | None]] = [
        (small, report(3, width=5, name=HOSTILE)),
        (large, report(250, width=7)),
        (large, report(251, width=5, prefix="other")),
        (small, small),
        (None, report(1)),
        (large, None),
        (small, wrong),
        (small, many),
        (None, wrong),
        (wrong, small),
        (many, wrong),
        (wrong, None),
    ]
    return [change("x", *each) for each in sides]


SMALL, LARGE, SAME, WRONG = 0, 1, 3, 6


def at(path: str, kind: int, old_path: str | None = None, through: tuple[str, ...] = ()) -> NetworkChange:
    """Return a change of a file, which is renamed if `old_path` is another and it exists on both sides."""
    each = kinds()[kind]
    if None in (each.old_path, each.new_path):
        return each._replace(old_path=each.old_path and path, new_path=each.new_path and path, through=through)
    if old_path is not None:
        each = each._replace(status=NetworkStatus.RENAMED)
    return each._replace(old_path=old_path or path, new_path=path, through=through)


def comparison(changes: list[NetworkChange]) -> RevisionComparison:
    return RevisionComparison(HOSTILE, "", tuple(changes), 1_000, ("x",), 3)


def parsed(text: str) -> list[Token]:
    """Return the parts of a comment, after a check of what a reader of it would notice."""
    assert len(text.encode("utf-16-le")) // 2 <= LIMIT
    tokens = MARKDOWN.parse(text)
    assert tokens[0].content.strip() == MARKER
    inline = [child for token in tokens for child in (token.children or [])]
    plain = "".join(token.content for token in inline if token.type == "text")
    assert not set("@<#") & set(plain), plain
    assert not [token for token in inline if token.type in ("link_open", "image", "html_inline")]
    pages = [token.content for token in tokens if token.type == "html_block"][1:]
    assert "<" not in TAGS.sub("", "".join(pages))
    tags = re.findall(r"</?details", "".join(pages))
    assert tags == ["<details", "</details"] * (len(tags) // 2), "sections are closed, and none is in another"
    for table in re.findall(r"(?:^\|.*\n)+", re.sub(r"(?sm)^(`{3,})text\n.*?\n\1$", "", text), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table
    # A block of code that is not closed would contain the last line.
    assert tokens[-2].content.startswith(("No change", *"123456789"))
    return tokens


def number(pattern: str, text: str) -> int:
    """Return the sum of numbers that a pattern finds."""
    return sum(int(found.replace(",", "")) for found in re.findall(pattern, text))


def check(changes: list[NetworkChange]) -> str:
    """Check a comment, and that what it shows and what it leaves out are all there is."""
    text = markdown(comparison(changes))
    tokens = parsed(text)
    bodies = [place for place, token in enumerate(tokens) if token.type == "tbody_open"]
    ends = [place for place, token in enumerate(tokens) if token.type == "tbody_close"]
    rows = [sum(each.type == "tr_open" for each in tokens[a:b]) for a, b in zip(bodies, ends, strict=True)]
    cut = number(r"(?m)^… and ([\d,]+) networks? more", text)
    assert (rows[0] if rows else 0) + cut == len(changes)
    left = next((line for line in text.split("\n") if line.startswith("Details left out")), "")
    named = re.sub(r"(`+) .*? \1|`[^`]*`", "`", left)
    networks = named.count("` (") + number(r"([\d,]+) networks?", named)
    sections = sum(token.type == "html_block" and "<summary>" in token.content for token in tokens)
    assert sections + networks == sum(map(has_details, changes))
    layers = sum(
        count
        for each in changes
        if each.comparison
        for kind, count in each.comparison.tally.items()
        if kind is not ChangeKind.SAME
    )
    shown = sum(
        sum(each.type == "tr_open" for each in tokens[a:b])
        for a, b in zip(bodies[1:], ends[1:], strict=True)
        if tokens[a - 2].type == "tr_close" and "layer" in [each.content for each in tokens[a - 22 : a]]
    )
    assert shown + number(r"(?m)^… and ([\d,]+) layers? more", text) + number(r"([\d,]+) layers?", named) == layers
    errors = sum(len(e.diagnostics) for each in changes for e in (each.old_error, each.new_error) if e)
    fences = [token.content for token in tokens if token.type == "fence"]
    drawn = sum(len(re.findall(r"(?m)^error\[", content)) for content in fences)
    assert drawn + number(r"(?m)^… and ([\d,]+) errors? more", text) + number(r"([\d,]+) errors?", named) == errors
    return text


PATHS = st.one_of(
    st.sampled_from(["nets/a.yaml", HOSTILE, SECOND, "\N{GRINNING FACE}" * 300, "x" * 4_000]), st.text(min_size=1)
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 11), PATHS, st.booleans(), st.booleans()), max_size=12),
    st.sampled_from([1, 1, 3, 20]),
)
@example([(place, "nets/a.yaml", True, True) for place in range(12)], 90)
@example([(6, "\N{GRINNING FACE}" * 300, False, True)], 90)
def test_a_comment_is_short_enough_well_formed_and_counts_what_it_leaves_out(drawn, times) -> None:
    check(
        [
            at(f"{path}{place}", kind, f"old/{path}" if renamed else None, (HOSTILE,) if through else ())
            for place, (kind, path, renamed, through) in enumerate(drawn * times)
        ]
    )


def test_errors_are_shown_before_layers_and_the_table_before_both() -> None:
    broken = [at("z/broken.yaml", WRONG)]
    text = check([*(at(f"a/{place:03}.yaml", LARGE) for place in range(60)), *broken])
    assert "<details open>\n<summary>changed <code>z/broken.yaml</code>: 1 error" in text
    assert "Details left out" in text
    assert "networks more (" not in text.split("Details left out")[0]
    text = check([*(at(f"a/{place:04}.yaml", SMALL) for place in range(1_000)), *broken])
    assert "`z/broken.yaml` | unknown" in text
    assert re.search(r"\n\n… and \d+ networks more \(\d+ changed\)\.\n\nAll 1,001 networks: params ", text)
    moved = kinds()[SMALL].totals.params.delta
    assert isinstance(moved, int)
    assert f"params +{moved * 1_000:,} (" in text
    assert "without 1 network that has no number" in text


def test_each_network_has_as_many_rows_of_layers_as_fit_for_all() -> None:
    for count, most in ((1, 200), (5, 50), (20, 10)):
        text = check([at(f"{place}.yaml", LARGE) for place in range(count)])
        assert text.count(f"… and {250 - most} layers more") == count, count


def test_a_network_whose_name_alone_has_changed_has_no_section() -> None:
    text = check([at("b.yaml", SAME, "a.yaml")])
    assert "| renamed | `a.yaml` → `b.yaml` |  |  |  | no other change |" in text
    assert "<details>" not in text


def test_nothing_differs() -> None:
    text = markdown(comparison([]))
    parsed(text)
    others = "1,000 unchanged, 1 changed without effect; 3 other YAML files passed over"
    assert text.endswith(f"No change in shapes, parameters or costs: {others}.")
