"""`--dtype`: its names, its other spellings, and what it refuses."""

from __future__ import annotations

import pytest

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.dtype import ALIASES, dtype_of
from shapecalc.shape_inference.dtypes import BITS


def test_every_name_and_alias_is_a_type() -> None:
    assert {dtype_of(f" {name.upper()} ") for name in BITS} == set(BITS)
    assert {dtype_of(name) for name in ALIASES} <= set(BITS)


def test_another_word_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(Misuse, match=r"expects float32, .* or int4, receives `bfloat15`; did you mean `bfloat16`\?"):
        dtype_of("bfloat15")


def test_a_command_that_trains_takes_floating_point_only(run) -> None:
    for name in BITS:
        ended = run("train-cost", "mlp", "--dtype", name)
        assert ended.code == (0 if "float" in name else 2), name
        assert ("training needs a floating-point type" in ended.err) == (ended.code == 2), name
