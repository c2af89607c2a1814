"""The fuzzer's harnesses, without the fuzzer: over what it starts from, and over everything that once crashed."""

from __future__ import annotations

import ast
import random
import re
from typing import TYPE_CHECKING

import pytest

from fuzz import infer, load, render
from fuzz.__main__ import keeping
from fuzz.generation import Choices, architecture, inferred
from fuzz.mutation import crossed, mutator
from fuzz.seeds import LONGEST, seeds
from fuzz.words import dictionary, tokens
from shapecalc.diagnostics import Diagnostic, Source, Span
from shapecalc.files.load import loads

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = dict(seeds())


@pytest.mark.parametrize("harness", [load, infer, render], ids=lambda harness: harness.__name__)
def test_every_seed_keeps_every_promise(harness) -> None:
    for name, data in SEEDS.items():
        try:
            harness.one_input(data)
        except Exception as error:
            error.add_note(name)
            raise


def test_choices_mostly_make_an_architecture_that_fits() -> None:
    texts = [architecture(Choices(random.Random(seed).randbytes(200)), hostile=seed % 2 == 0) for seed in range(100)]
    assert sum(map(inferred, texts)) > 60
    assert len({word for text in texts for word in re.findall(r"- \{(\w+):", text)}) > 40


def test_mutants_are_other_texts_within_bounds_and_the_same_for_the_same_seed() -> None:
    mutated = mutator(lambda data, most: data[:most])
    original = SEEDS["resnet18"]
    mutants = [mutated(original, LONGEST, seed) for seed in range(200)]
    assert mutants == [mutated(original, LONGEST, seed) for seed in range(200)]
    assert len(set(mutants)) > 100
    assert all(len(mutated(original, 100, seed)) <= 100 for seed in range(50))
    assert all(len(crossed(original, SEEDS["lenet5"], 100, seed)) <= 100 for seed in range(50))


def test_every_entry_of_the_dictionary_is_its_token() -> None:
    entries = dictionary(tokens()).splitlines()
    assert [ast.literal_eval(f"b{entry}").decode() for entry in entries] == list(tokens())
    assert {"conv", "out_channels", "repeat", "::error file=x::y"} <= set(tokens())


def test_a_file_is_kept_for_each_line_that_breaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(data: bytes) -> None:
        assert data != b"no"
        raise ValueError(data)

    run = keeping(broken, tmp_path)
    for data in (b"no", b"one", b"other"):
        run(data)
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"no", b"one"]
    assert capsys.readouterr().err.count("broken: ") == 2


@pytest.mark.parametrize(
    ("harness", "data"),
    [(load, b"\xff\xfe"), (load, b"a: \x00"), (infer, b"\xff"), (render, b"\xff"), (render, b"")],
)
def test_what_is_no_text_is_refused_or_passed_over(harness, data: bytes) -> None:
    harness.one_input(data)


@pytest.mark.parametrize("span", [Span(1, 1, 1, 8), Span(2, 1, 2, 2), Span(1, 3, 1, 2), Span(1, 0, 1, 1)])
def test_a_span_outside_of_its_text_breaks_a_promise(span: Span) -> None:
    with pytest.raises(AssertionError):
        load.hold([Diagnostic(code="SC101", message="x", span=span)], Source("net.yaml", "123456"))


def test_figures_that_differ_break_a_promise() -> None:
    network = loads("{input: [N, 3, H, H], layers: [{conv: {out_channels: 4, kernel_size: 3}}, {max_pool: 2}]}")
    general, _ = infer.inspected(network, {}, symbolic=True)
    here, codes = infer.inspected(network, {"N": 2, "H": 9}, symbolic=True)
    assert general is not None
    infer.compared(general, here, codes, {"N": 2, "H": 9})
    with pytest.raises(AssertionError):
        infer.compared(general, here, codes, {"N": 2, "H": 10})
    with pytest.raises(AssertionError):
        infer.compared(general, None, frozenset({"SC302"}), {"N": 2, "H": 9})
    with pytest.raises(AssertionError):
        infer.compared(general, here, codes, {"N": 2, "H": 2})


@pytest.mark.parametrize("written", ["a\x1b[31m", "a\u202eb", "a\r\n", "é"])
def test_a_control_that_leaves_breaks_a_promise(written: str) -> None:
    with pytest.raises(AssertionError):
        render.plain(written, ascii_alone=True)
