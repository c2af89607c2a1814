"""`check --fix`: what is surely a slip is put right, and not a character beside it changes."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from shapecalc.checking import fix
from shapecalc.checking.fix import FixedText, fix_text
from shapecalc.diagnostics import Diagnostic, Fix, ShapecalcError, Source, Span
from shapecalc.files import zoo
from shapecalc.files.load import loads_source
from shapecalc.parser.files import decode, read_source
from shapecalc.parser.positions import offsets_of
from shapecalc.render.fix import edits
from shapecalc.shape_inference.engine import infer
from tests.support.rows import for_each
from tests.support.volume import at_most

FOLDER = Path(__file__).parents[1] / "cases"
CASES = [path for path in sorted(FOLDER.glob("*.yaml")) if path.stem[:5] not in ("SC002", "SC006")]  # no YAML


def found_in(source: Source) -> tuple[Diagnostic, ...]:
    try:
        return infer(loads_source(source, folder=FOLDER))[1]
    except ShapecalcError as error:
        return error.diagnostics


def safe_in(path: Path) -> list[Diagnostic]:
    found = found_in(read_source(path))
    return [finding for finding in found if finding.fix and finding.fix.safe and not finding.fix.span.file]


SAFE = [(path, finding) for path in CASES for finding in safe_in(path)]


def mended(text: str) -> FixedText:
    return fix_text(Source("net.yaml", text))


def words(found: FixedText) -> list[tuple[str, str]]:
    return [(edit.before, edit.after) for edit in found.edits]


def test_many_cases_have_an_edit_that_is_safe() -> None:
    assert len(SAFE) >= 40
    assert len({finding.code for _, finding in SAFE}) >= 6


@for_each("path, finding", SAFE, ids=lambda value: getattr(value, "stem", ""))
def test_a_safe_edit_clears_its_error_and_brings_none_but_those_that_a_guessed_type_hid(
    path: Path, finding: Diagnostic
) -> None:
    source = read_source(path)
    assert finding.fix is not None
    start, end = offsets_of(source.text, finding.fix.span)
    after = found_in(Source(source.name, source.text[:start] + finding.fix.replacement + source.text[end:]))
    before = Counter((other.code, other.message) for other in found_in(source))
    before[finding.code, finding.message] -= 1
    left = Counter((other.code, other.message) for other in after)
    assert left >= before if finding.code == "SC101" else left == before


@for_each("path", CASES, ids=lambda path: path.stem)
def test_mending_leaves_nothing_that_is_safe_and_has_no_more_to_do_the_second_time(path: Path) -> None:
    source = read_source(path)
    once = fix_text(source, FOLDER)
    assert len(once.remaining) <= max(0, len(found_in(source)) - len(once.edits)) or "SC003" in path.stem
    assert not any(finding.fix and finding.fix.safe and not finding.fix.span.file for finding in once.remaining)
    again = fix_text(once.source, FOLDER)
    assert (again.source.text, again.edits) == (once.source.text, ())
    assert [finding.code for finding in again.remaining] == [finding.code for finding in once.remaining]


@for_each("name", zoo.names())
def test_a_file_without_mistakes_stays_as_it_is(name: str) -> None:
    path = zoo.path(name)
    assert path is not None
    source = read_source(path)
    found = fix_text(source, path.parent)
    assert found == FixedText(source, (), ())
    assert (found.source.mark + found.source.text).encode() == path.read_bytes()


SLIPS = """\
name: slips
input: [N, "3", 32, 32]
layers:
  - Conv2D: {filters: 6, kernal_size: "5", in_channels: 1}
    nam: first
  - rleu
  - conv: {out_channels: 8, kernel_size:3}
  - flatten
  - Dense: {units: 10, in_features: 7}
expec: {output: [N, 10]}
"""
RIGHT = """\
name: slips
input: [N, 3, 32, 32]
layers:
  - conv: {out_channels: 6, kernel_size: 5, in_channels: 3}
    name: first
  - relu
  - conv: {out_channels: 8, kernel_size: 3}
  - flatten
  - linear: {out_features: 10, in_features: 5408}
expect: {output: [N, 10]}
"""


def test_all_slips_of_a_file_are_mended_in_one_go() -> None:
    found = mended(SLIPS)
    assert found.source.text == RIGHT
    assert found.remaining == ()
    assert len(found.edits) == 13


def test_each_edit_says_where_it_was_in_the_text_as_it_was() -> None:
    found = mended(SLIPS)
    for edit in found.edits:
        start, end = offsets_of(SLIPS, edit.span)
        assert SLIPS[start:end] == edit.before
    assert edits(found).splitlines()[:4] == [
        'fixed SC109 at net.yaml:2:12: `"3"` → `3`',
        "fixed SC101 at net.yaml:4:5: `Conv2D` → `conv`",
        "fixed SC102 at net.yaml:4:14: `filters` → `out_channels`",
        "fixed SC102 at net.yaml:4:26: `kernal_size` → `kernel_size`",
    ]
    assert edits(found, unicode=False).isascii()


def test_an_edit_inside_an_earlier_one_stands_where_the_word_was() -> None:
    found = mended("input: [N, 3, 8, 8]\nlayers:\n  - conv:\n      out_channels: 4\n      kernal_size:3\n")
    assert words(found) == [("kernal_size:3", "kernal_size: 3"), ("kernal_size", "kernel_size")]
    assert [edit.span for edit in found.edits] == [Span(5, 7, 5, 20), Span(5, 7, 5, 18)]


# Layout.

COMMENTS = st.sampled_from(["# kernal_size: Conv2D", "#", "# größer — 線形", "#\t\tfilters:3   "])


@st.composite
def laid_out(draw: st.DrawFn) -> tuple[str, str]:
    """Return the same comments, blank lines, spaces and line ends around slips and around what is right."""
    breaks = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    wrong, right = ["# " + draw(st.text("ab→é", max_size=5))], []
    right = list(wrong)
    for slip, good in zip(SLIPS.splitlines(), RIGHT.splitlines(), strict=True):
        tail = draw(st.sampled_from(["", "   ", "  # the rest", " # kernal_size"]))
        wrong.append(slip + tail)
        right.append(good + tail)
        if draw(st.booleans()):
            between = draw(st.one_of(st.just(""), COMMENTS))
            wrong.append(between)
            right.append(between)
    last = draw(st.sampled_from(["", breaks, breaks * 2]))
    return breaks.join(wrong) + last, breaks.join(right) + last


@given(laid_out())
@at_most(60)
def test_comments_spaces_and_line_ends_stay(texts: tuple[str, str]) -> None:
    wrong, right = texts
    found = mended(wrong)
    assert found.source.text == right
    assert found.remaining == ()
    # What is not the place of an edit stands in the new text in the same order.
    kept, position = [], 0
    for edit in found.edits:
        start, end = offsets_of(wrong, edit.span)
        kept.append(wrong[position:start])
        position = max(position, end)
    assert re.fullmatch(".*?".join(map(re.escape, [*kept, wrong[position:]])), found.source.text, re.DOTALL)


@given(st.integers(0, 2**32))
@at_most(25)
def test_any_set_of_slips_is_mended_alike(seed: int) -> None:
    rng = random.Random(seed)
    mixed = [rng.choice(lines) for lines in zip(SLIPS.splitlines(), RIGHT.splitlines(), strict=True)]
    assert mended("\n".join(mixed) + "\n").source.text == RIGHT


def test_a_byte_order_mark_is_no_part_of_the_text_and_is_kept_beside_it() -> None:
    data = b"\xef\xbb\xbfinput: [N, 8]\r\nlayers: [linaer: 4]\r\n"
    found = fix_text(decode("net.yaml", data))
    assert (found.source.mark + found.source.text).encode() == data.replace(b"linaer", b"linear")


def test_quotes_around_a_key_stay_or_go_with_the_whole_key() -> None:
    assert mended('{input: [N, 8], layers: ["linaer": 4]}').source.text == "{input: [N, 8], layers: [linear: 4]}"


# What is left to the author.


@for_each(
    "text, code, why",
    [
        ("{input: [N, 8], layers: [linear: 4], expect: {params: 9}}", None, "an expectation says what was meant"),
        ("{input: [N, 8], layers: [{linear: 4, name: a}, {relu, from: b}]}", "SC104", "a name is the author's own"),
        ("{input: [N, 3, 8, 8], layers: [pooling: 2]}", "SC101", "which pooling is not said"),
        ("{input: [N, 3, 8], layers: [bilstm: 4]}", "SC101", "`lstm` alone reads in one direction"),
        ("{input: [N, 3, 8, 8], layers: [batch_norm: {decay: 0.9}]}", "SC102", "what remains is no momentum"),
        ("{input: [N, 3, 8, 8], layers: [conv: {out_channels: 4, kernal: 3}]}", "SC102", "a guess of a guess"),
        ("{input: [N, 3, 8, 8], layers: [{conv: {out_channels: 4, kernel_size: 3}, n: 2}]}", "SC102", "many meanings"),
        ("{input: [N, 8], layers: [melu]}", "SC101", "SELU is as near as GELU"),
        ("{input: [N, 8], layers: [linear: {out_features: 4, units: 5}]}", "SC102", "both would be out_features"),
        ("{input: [N, 8, 8, 3], layers: [conv: {out_channels: 4, kernel_size: 3, in_channels: 3}]}", "SC301", "order"),
        ("{input: [N, 4, 8, 6], layers: [linear: {out_features: 4, in_features: 9}]}", "SC301", "a flatten is missing"),
        ("{input: [N, 8], layers: [linear: {out_features: 4, bias: no}]}", "SC202", "a word, not a flag"),
        ("{input: [N, 8], layers: [linear: 010]}", "SC024", "8 or 10"),
        ("input: [N, 8]\nlayers:\n\t- relu\n", "SC003", "how deep is not said"),
        ("{input: [N, 8], layers: [nn.Softmax(dim=0)]}", "SC101", "its settings would be lost"),
        ("{input: [N, 2, 8, 8], layers: [conv: {out_channels: 4, kernel_size: 9}]}", "SC302", "what was meant is open"),
    ],
)
def test_what_may_mean_something_else_is_left(text: str, code: str | None, why: str) -> None:
    text = text.replace("{relu, from", "{relu: , from")
    found = mended(text)
    assert (found.source.text, found.edits) == (text, ()), why
    assert {finding.code for finding in found.remaining} == ({code} if code else set())


BLOCK = """\
input: [N, 3, 16, 16]
blocks:
  twice:
    parameters: [width, norm: batch_norm]
    layers:
      - conv: {out_channels: $width, kernel_size: 1, in_channels: 4}
layers:
  - twice: 5
"""


def test_a_size_inside_a_block_is_left_because_other_calls_may_need_it() -> None:
    found = mended(BLOCK)
    assert found.source.text == BLOCK
    assert [(finding.code, finding.fix and finding.fix.safe) for finding in found.remaining] == [("SC301", False)]


def test_a_parameter_that_contradicts_the_input_in_one_place_is_left_for_the_others() -> None:
    conv = "conv: {out_channels: $c, kernel_size: 1, in_channels: $c}"
    text = f"{{input: [N, 3, 8, 8], parameters: {{c: 5}}, layers: [{conv}]}}"
    found = mended(text)
    assert found.source.text == text
    assert [finding.fix and finding.fix.safe for finding in found.remaining] == [False]


def test_a_word_that_is_a_parameter_is_left_because_a_dollar_may_be_missing() -> None:
    text = "{input: [N, 8], parameters: {rel: relu}, layers: [rel]}"
    assert mended(text).source.text == text
    assert mended(text.replace("rel: relu", "other: relu")).source.text.endswith("[relu]}")
    block = "blocks: {own: {parameters: [rel], layers: [relu]}}"
    assert mended(text.replace("parameters: {rel: relu}", block)).edits == ()


def test_a_value_that_an_alias_repeats_is_left() -> None:
    text = "{input: [N, 3, 8, 8], layers: [conv: {out_channels: 4, kernel_size: 1, in_channels: &c 5}, linear: *c]}"
    assert mended(text).source.text == text


def test_a_file_that_is_included_is_left(tmp_path: Path) -> None:
    wrong = "blocks: {wide: {parameters: [c], layers: [linear: {out_feature: $c}]}}"
    (tmp_path / "common.yaml").write_text(wrong)
    text = "include: common.yaml\ninput: [N, 8]\nlayers: [wide: 4, rleu]\n"
    found = fix_text(Source(str(tmp_path / "net.yaml"), text), tmp_path)
    assert found.source.text == text.replace("rleu", "relu")
    assert [(finding.code, finding.span and finding.span.file) for finding in found.remaining] == [("SC102", 1)]
    assert found.source.included[0].text == wrong


def test_what_is_wrong_in_an_included_file_alone_is_not_even_tried(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "common.yaml").write_text("blocks: {wide: {layers: [linear: {out_feature: 3}]}}")
    read = counted(monkeypatch)
    fix_text(Source(str(tmp_path / "net.yaml"), "include: common.yaml\ninput: [N, 8]\nlayers: [wide]\n"), tmp_path)
    assert len(read) == 1


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that grows with each reading."""
    read: list[object] = []

    def loads(*arguments: object, **options: object) -> object:
        read.append(arguments)
        return loads_source(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(fix, "loads_source", loads)
    return read


def test_a_text_that_is_no_yaml_is_left() -> None:
    assert mended("a: [1, 2") == FixedText(Source("net.yaml", "a: [1, 2"), (), mended("a: [1, 2").remaining)


# Edits that get in each other's way.


Fixes = dict[tuple[int, int], str]


def with_fixes(monkeypatch: pytest.MonkeyPatch, fixes: Fixes, *codes: str, after: dict[str, str] | None = None):
    """Let reading find these safe edits until their words stand there; and a further mistake where `after` has a text.

    `codes` are theirs, SC102 where none is given; `after` maps what a text holds to the code of that mistake.
    """
    codes = codes or ("SC102",) * len(fixes)

    def loads(source: Source, *_: object, **__: object) -> None:
        found = [
            Diagnostic(code, f"{start}", span=Span(1, start, 1, end), fix=Fix(Span(1, start, 1, end), new, safe=True))
            for ((start, end), new), code in zip(fixes.items(), codes, strict=True)
            if source.text[start - 1 : end - 1] != new
        ]
        found += [
            Diagnostic(further, "further", span=Span(1, 1, 1, 2))
            for held, further in (after or {}).items()
            if held in source.text
        ]
        raise ShapecalcError(tuple(found), source)

    monkeypatch.setattr(fix, "loads_source", loads)


def test_of_two_edits_that_overlap_one_is_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with_fixes(monkeypatch, {(2, 4): "xy", (3, 6): "yde"})
    found = mended("abcdef")
    assert found.source.text == "axydef"
    assert set(words(found)) == {("cde", "yde"), ("by", "xy")}


@pytest.mark.parametrize("code", ["SC102", "SC003"])
def test_an_edit_that_does_not_clear_its_error_is_not_made(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    with_fixes(monkeypatch, {(2, 4): "longer", (5, 6): "x"}, code, code)
    found = mended("abcdef")
    assert found.source.text == "abcdxf"
    assert len(found.remaining) == 1


def test_an_edit_that_brings_another_mistake_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with_fixes(monkeypatch, {(2, 4): "xy", (5, 6): "z"}, after={"xy": "SC301"})
    assert mended("abcdef").source.text == "abcdzf"


def test_what_comes_to_light_once_yaml_can_be_read_does_not_keep_an_edit_from_being_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_fixes(monkeypatch, {(2, 4): "xy", (5, 6): "z"}, "SC003", "SC003", after={"xy": "SC301"})
    found = mended("abcdef")
    assert found.source.text == "axydzf"
    assert [finding.code for finding in found.remaining] == ["SC301"]


def test_what_yaml_cannot_read_is_mended_first_and_excuses_no_other_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    with_fixes(monkeypatch, {(2, 4): "xy", (5, 6): "z"}, "SC102", "SC003", after={"xy": "SC301"})
    assert mended("abcdef").source.text == "abcdzf"


def test_of_edits_that_undo_each_other_none_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with_fixes(monkeypatch, {(2, 4): "xy", (2, 3): "y"})
    assert mended("abcdef").source.text == "abcdef"


def test_however_much_is_wrong_a_text_is_read_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    read = counted(monkeypatch)
    layers = "".join(f"  - conv:\n      out_channels: {n}\n      kernel_size:1\n" for n in range(1, 400))
    found = mended("input: [N, 3, 8, 8]\nlayers:\n" + layers)
    assert len(read) == fix.MOST_READINGS
    assert len(found.edits) == fix.MOST_READINGS - 1
    assert found.remaining


def test_more_mistakes_than_are_told_at_once_are_all_mended() -> None:
    layers = "".join(f"  - conv: {{out_channel: {n}, kernel_size: 1}}\n" for n in range(1, 120))
    found = mended("input: [N, 3, 8, 8]\nlayers:\n" + layers)
    assert len(found.edits) == 119
    assert found.remaining == ()
