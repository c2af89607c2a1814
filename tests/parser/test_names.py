"""Names in letters of any script, and the refusal of what cannot be told apart by eye."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.parser.names import confusing, is_name, is_step_name, likely_step_name, looks_as
from shapecalc.render.terminal.escaping import terminal
from tests.support.rows import for_each
from tests.support.volume import NIGHTLY, volume

NAMES = {
    "Chinese": "卷积层",
    "Chinese and digits": "卷积层_1",
    "Chinese and Latin in a word": "残差block",
    "Japanese in three scripts": "畳み込みレイヤー",
    "Korean": "합성곱",
    "Russian": "слой",
    "Russian and Latin in two words": "слой_conv",
    "Greek": "στρώμα",
    "German": "Größe",
    "Vietnamese": "lớp",
    "Arabic": "طبقة",
    "Hebrew": "שכבה",
    "Hindi": "परत",
    "Tamil": "அடுக்கு",
    "Thai": "ชั้น",
    "Georgian": "ფენა",
    "Armenian": "շերտ",
    "Amharic": "ንብርብር",
    "beyond the basic plane": "𠮷野",
}
CONFUSING = {
    "Cyrillic in a Latin word": "c\u043env",
    "Greek in a Latin word": "c\u03bfnv",
    "Latin in a Cyrillic word": "сл\u006fй",
    "Armenian in a Latin word": "c\u0585nv",
    "an accent of its own": "cafe\u0301",
    "full width": "\uff43\uff4f\uff4e\uff56",
    "a ligature": "\ufb01lter",
    "a mathematical letter": "\U0001d400",
    "a Kelvin sign": "\u212a",
    "an Arabic digit": "layer\u0661",
    "a zero-width joiner": "a\u200db",
    "a zero-width non-joiner": "a\u200cb",
    "a zero-width space": "a\u200bb",
    "a soft hyphen": "a\u00adb",
    "a byte order mark": "a\ufeffb",
    "a right-to-left override": "a\u202eb",
    "an isolate": "a\u2066b\u2069",
    "a mark of direction": "a\u200fb",
    "a variation selector": "a\ufe0f",
    "a filler of Hangul": "a\u3164",
    "a joiner of graphemes": "a\u034fb",
    "an undertie": "a\u203fb",
    "a middle dot": "a\u00b7b",
    "a no-break space": "a\u00a0b",
    "an emoji": "\U0001f600",
    "a mark without a letter": "\u0301a",
    "a tower of marks": "अ\u0902\u0902\u0902\u0902",
    "a private letter": "a\ue000",
    "half of a pair": "a\ud800",
    "a letter that is not assigned": "a\u0378",
}


@for_each("name", NAMES.values(), ids=list(NAMES))
def test_letters_of_any_script_name_everything(name: str) -> None:
    name = unicodedata.normalize("NFC", name)
    network = shapecalc.loads(
        f"name: {name}\ninputs: {{{name}: [N, 6]}}\nblocks: {{{name}块: {{inputs: [{name}], layers: [relu]}}}}\n"
        f"layers:\n  - {{{name}块: , name: {name}0}}\n  - {{linear: 6, name: {name}.a-b/c}}\n"
        f"  - {{add: {{{name}: [relu], x: []}}, from: {name}.a-b/c, name: {name}1}}\n"
        f"  - {{linear: 6, share: {name}.a-b/c, name: {name}2}}\noutputs: {{{name}: {name}2}}\n"
        if name.isascii() or _is_east_asian(name)
        else f"inputs: {{{name}: [N, 6]}}\nlayers:\n  - {{linear: 6, name: {name}.a-b/1}}\n"
        f"  - {{add: {{{name}: [relu], x: []}}, from: {name}.a-b/1, name: {name}1}}\n"
        f"  - {{linear: 6, share: {name}.a-b/1, name: {name}2}}\noutputs: {{{name}: {name}2}}\n"
    )
    assert f"{name}2" in {step.path for step in network.layers}
    assert shapecalc.verify(network).ok


def _is_east_asian(name: str) -> bool:
    return not confusing(f"{name}块")


@for_each("name", CONFUSING.values(), ids=list(CONFUSING))
def test_what_cannot_be_told_apart_is_refused(name: str) -> None:
    assert not is_name(name)
    assert not is_step_name(f"x.{name}")
    if "\ud800" not in name:
        with pytest.raises(ShapecalcError):
            shapecalc.loads(f'{{input: [N, 3], layers: [{{relu: , name: "{name}"}}]}}')


@given(st.text(max_size=12))
def test_a_name_is_shown_as_it_is_and_is_its_own_normal_form(text: str) -> None:
    if is_step_name(text):
        assert terminal(text) == text
        assert unicodedata.normalize("NFKC", text) == text
        assert len({looks_as(text), text}) == 1 or not confusing(text)


@volume
def test_no_character_of_a_name_is_hidden() -> None:
    """Every character there is, or every seventh, behind a letter of its own script or of none."""
    for number in range(0, sys.maxunicode + 1, 1 if NIGHTLY else 7):
        letter = chr(number)
        if is_name(letter) or is_name(f"अ{letter}") or is_name(f"块{letter}"):
            assert terminal(letter) == letter, hex(number)
            assert unicodedata.category(letter)[0] in "LM" or letter in "_0123456789", hex(number)


@given(st.text(max_size=12))
def test_what_is_offered_in_place_of_a_name_is_one(text: str) -> None:
    near = likely_step_name(text)
    assert near is None or is_step_name(near)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("卷积 层", "卷积_层"),
        ("c\u043env", "conv"),
        ("1×1", "1_1"),
        ("cafe\u0301", "caf\u00e9"),
        ("a\u200db", "a_b"),
        ("😀", None),
    ],
)
def test_a_likely_name_is_offered(text: str, near: str | None) -> None:
    assert likely_step_name(text) == near


def test_two_names_that_look_alike_are_refused_in_either_order() -> None:
    for first, second in (("cop", "с\u043eр"), ("с\u043eр", "cop")):
        with pytest.raises(ShapecalcError) as caught:
            shapecalc.loads(f"{{input: [N, 3], layers: [{{relu: , name: {first}}}, {{tanh: , name: {second}}}]}}")
        (finding,) = caught.value.diagnostics
        assert (finding.code, finding.message) == (
            "SC103", f"the name `{second}` looks like `{first}`, in letters of another script",
        )  # fmt: skip


def test_one_name_in_letters_that_look_latin_is_fine() -> None:
    assert shapecalc.loads("{input: [N, 3], layers: [{relu: , name: хор}, {tanh: , from: хор}]}").layers


def test_a_block_does_not_look_like_a_layer() -> None:
    with pytest.raises(ShapecalcError, match="looks like `scale`, which is a layer type") as caught:
        # Every letter but two is Cyrillic.
        shapecalc.loads("{input: [N, 3], blocks: {\u0455\u0441\u0430\u04cf\u0435: {layers: [relu]}}, layers: [relu]}")
    assert caught.value.diagnostics[0].code == "SC103"


def test_parameters_and_symbols_stay_ascii() -> None:
    for text in ("{parameters: {宽: 3}, input: [N, 3], layers: [relu]}", "{input: [批, 3], layers: [relu]}"):
        with pytest.raises(ShapecalcError):
            shapecalc.loads(text)
