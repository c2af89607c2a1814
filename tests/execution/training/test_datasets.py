from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.execution.training import train
from shapecalc.execution.training.datasets import VERSES, encoded, load_dataset
from shapecalc.files.load import loads

CLASSIFIER = "{{input: {shape}, layers: [flatten, linear: {scores}]}}"


def refusal(text: str, data: str, **given: int) -> str:
    with pytest.raises(ShapecalcError) as caught:
        load_dataset(loads(text), data, sizes=given)
    (finding,) = caught.value.diagnostics
    assert finding.code == "SC703"
    return finding.message


@pytest.mark.parametrize(
    ("shape", "data", "expected"),
    [
        ("[N, 1, 28, 28]", "digits", (1, 28, 28)),
        ("[N, 1, 32, 32]", "digits", (1, 32, 32)),
        ("[N, 1, 8, 8]", "digits8", (1, 8, 8)),
        ("[N, 144]", "digits", (144,)),
        ("[B, 20, 20]", "digits", (20, 20)),
    ],
)
def test_digits_are_as_large_as_the_input(shape: str, data: str, expected: tuple[int, ...]) -> None:
    found = load_dataset(loads(CLASSIFIER.format(shape=shape, scores=10)), data, batch=7)
    assert found.train.inputs.shape == (4000, *expected)
    assert found.test.inputs.shape == (1000, *expected)
    assert set(found.test.targets.tolist()) == set(range(10))
    assert found.report.inputs[0].shape[0] == 7


def test_free_sides_take_the_usual_size_of_the_data() -> None:
    net = loads("{input: [N, 1, H, H], layers: [global_avg_pool, flatten, linear: 10]}")
    assert [load_dataset(net, data).train.inputs.shape[2] for data in ("digits", "digits8")] == [28, 8]
    assert load_dataset(net, "digits", sizes={"H": 9}).train.inputs.shape[2] == 9


def test_a_passage_is_followed_by_its_own_next_characters() -> None:
    found = load_dataset(shapecalc.load("char-rnn"), "text", sizes={"T": 20})
    codes, alphabet = encoded()
    assert "".join(alphabet[code] for code in found.train.inputs[0]) == VERSES.read_text("utf-8")[:20]
    np.testing.assert_array_equal(found.train.inputs[:, 1:], found.train.targets[:, :-1])
    cut = len(codes) * 9 // 10
    np.testing.assert_array_equal(found.test.inputs[0], codes[cut : cut + 20])


def test_the_verses_fit_the_alphabet_of_char_rnn() -> None:
    codes, alphabet = encoded()
    assert len(alphabet) <= 65
    assert "".join(alphabet[code] for code in codes) == VERSES.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        (CLASSIFIER.format(shape="[N, 3, 28, 28]", scores=10), "digits", "pictures of one channel, square"),
        (CLASSIFIER.format(shape="[N, 1, 7, 7]", scores=10), "digits", "8 pixels a side or more"),
        (CLASSIFIER.format(shape="[N, 1, 28, 28]", scores=10), "digits8", "one channel, 8 × 8"),
        (CLASSIFIER.format(shape="[N, 1, 8, 8]", scores=11), "digits8", "an output [32, 10], `<text>` gives [32, 11]"),
        (CLASSIFIER.format(shape="[N, 1, 8, 8]", scores=10), "text", "passages [N, T] of int64"),
        ("{input: {shape: [N, 64], dtype: int64}, layers: [one_hot: 10]}", "digits", "`input` is int64 [N, 64]"),
        ("{input: {shape: [N, T], dtype: int64}, layers: [one_hot: 55]}", "text", "or more in the last axis"),
        ("{inputs: {a: [N, 64], b: [N, 64]}, layers: [{add: , from: [a, b]}]}", "digits8", "has 2 and 1"),
    ],
)
def test_a_network_that_does_not_fit_the_data_is_refused(text: str, data: str, message: str) -> None:
    assert message in refusal(text, data)


def test_the_help_for_pictures_that_do_not_fit_is_an_input_that_does() -> None:
    rows = [
        ("[N, 3, 32, 32]", "digits", "[N, 1, 32, 32]"),
        ("[N, 3, 28, 30]", "digits", "[N, 1, 28, 28]"),
        ("[N, 3, 7, 7]", "digits", "[N, 1, 28, 28]"),
        ("[N, 3, 32, 32]", "digits8", "[N, 1, 8, 8]"),
        ("[N, 5]", "digits8", "[N, 1, 8, 8]"),
    ]
    for shape, data, advised in rows:
        with pytest.raises(ShapecalcError) as caught:
            load_dataset(loads(CLASSIFIER.format(shape=shape, scores=10)), data)
        (finding,) = caught.value.diagnostics
        assert finding.help == f"write `input: {advised}`", shape
        load_dataset(loads(CLASSIFIER.format(shape=advised, scores=10)), data)


def test_a_passage_longer_than_what_is_held_back_is_refused() -> None:
    net = "{input: {shape: [N, T], dtype: int64}, layers: [one_hot: 60]}"
    assert "a passage of 900 does not fit" in refusal(net, "text", T=900)


def test_a_lesson_that_takes_too_much_memory_is_refused_before_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "shapecalc.execution.training.datasets.draw_digits", lambda *_, **__: pytest.fail("the samples were drawn")
    )
    large = loads("input: [N, 1, 20000, 20000]\nlayers: [global_avg_pool, flatten, linear: 10]\n")
    with pytest.raises(ShapecalcError, match="SC701: a training step needs"):
        train(large, "digits")
