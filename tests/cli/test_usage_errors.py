"""What a rule says of a field, said of the option that fills it."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.cli.options.written import Written
from shapecalc.cli.usage_errors import missing, mistake
from shapecalc.diagnostics import LayerError, ShapecalcError
from shapecalc.layers.conv import Conv
from shapecalc.layers.pooling import MaxPool
from shapecalc.layers.recurrent import Lstm, Rnn


def said(error: ShapecalcError) -> tuple[str, str | None]:
    (finding,) = error.diagnostics
    return finding.message, finding.help


def refusal(layer: type[Any], *shape: int, **fields: Any) -> LayerError:
    with pytest.raises(LayerError) as refused:
        layer(**fields).output_shape(shape)
    return refused.value


def test_a_field_is_named_by_its_option() -> None:
    error = refusal(Lstm, 5, 3, 2, hidden_size=4, proj_size=7)
    assert said(mistake(error, {"proj_size": "7"})) == (
        "`--proj-size 7` expects a number below `--hidden-size` (4), receives 7",
        "write `--proj-size 3` or less, or leave it out",
    )


def test_an_axis_is_named_where_axes_were_written_one_by_one() -> None:
    error = refusal(Conv, 1, 1, 3, 11, out_channels=1, kernel_size=5)
    assert said(mistake(error, {"kernel_size": "5"}, ("height", "width"))) == (
        "`--f 5` expects at least 5 cells along the height, receives 3",
        "write `--f 3` or less, or `--p` that adds at least 2 cells",
    )
    assert said(mistake(error, {"kernel_size": "5"}))[0] == "`--f 5` expects at least 5 cells, receives 3"


def test_what_a_file_alone_can_do_is_left_out() -> None:
    error = refusal(MaxPool, 1, 1, 11, kernel_size=3, padding=2)
    assert error.help == "write `padding: 1`, or put `pad` before it"
    assert said(mistake(error, {"padding": Written("2", "--padding")})) == (
        "`--padding 2` expects padding of at most half of the window (1), receives 2",
        "write `--padding 1`",
    )


def test_padding_per_axis_is_written_as_the_command_line_takes_it() -> None:
    error = refusal(Conv, 1, 1, 11, out_channels=1, kernel_size=3, padding="sme")
    assert said(mistake(error, {"padding": "sme"})) == (
        (
            "`--p sme` expects an integer of at least 0, 1x2 per axis or 0:1 before and after, `same`, `valid` or "
            '`causal`, receives the string "sme"'
        ),
        "write `--p same`",
    )


def test_a_value_that_is_spelt_like_a_field_stays_a_value() -> None:
    error = refusal(Rnn, 5, 3, 2, hidden_size=4, nonlinearity="n")
    message = "`--nonlinearity n` expects `tanh` or `relu`, receives `n`"
    assert said(mistake(error, {"nonlinearity": "n"})) == (message, None)


def test_options_that_are_missing_are_named_with_what_they_take() -> None:
    assert said(missing("--n SIZE")) == ("`--n` is missing", "add `--n SIZE`")
    assert said(missing("--n SIZE", "--f SIZE")) == ("`--n` and `--f` are missing", "add `--n SIZE` and `--f SIZE`")
