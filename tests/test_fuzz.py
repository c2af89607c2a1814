"""The fuzzer's harnesses, without the fuzzer: over what it starts from, and over everything that once crashed."""

from __future__ import annotations

import pytest

from fuzz import infer, load, render
from fuzz.seeds import seeds

SEEDS = dict(seeds())


@pytest.mark.parametrize("harness", [load, infer, render], ids=lambda harness: harness.__name__)
def test_every_seed_keeps_every_promise(harness) -> None:
    for name, data in SEEDS.items():
        try:
            harness.one_input(data)
        except Exception as error:
            error.add_note(name)
            raise
