"""A quantity by its long name, its short name or its place is the same, and a message names it as it was written."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.written import Written, option_of, placed

SAME = (
    ("linear 400 120", "linear --in 400 --out 120", "linear --in-features=400 --out-features 120"),
    ("linear 400 120 5", "linear 400 120 --rows 5", "linear --n 5 --in 400 --out 120"),
    ("conv 32 5", "conv --n 32 --f 5", "conv -n 32 -f 5", "conv -n32 --kernel-size=5", "conv 32 --f 5"),
    ("conv 32x33 5 2 1", "conv --size 32x33 --kernel-size 5 --stride 2 --padding 1", "conv 32x33 5 --s 2 -p 1"),
    ("conv 9 3 -d 2 -c 4 -k 6 -g 2", "conv 9 3 --dilation 2 --in-channels 4 --out-channels 6 --groups 2"),
    ("conv 9 3 1 same", "conv 9 3 --p same", "conv 9 3 --padding same"),
    ("pool 28 2", "pool -n 28 -f 2", "pool --size 28 --kernel-size 2"),
    ("conv-transpose 8 3 2 1 -o 1", "conv-transpose --n 8 --f 3 --s 2 --p 1 --output-padding 1"),
    ("lstm 10 20 --layers 2", "lstm --input-size 10 --hidden-size 20 --num-layers 2", "lstm 10 20 --num-layers 2"),
    ("embedding 10 3", "embedding --num 10 --dim 3", "embedding --num-embeddings 10 --embedding-dim 3"),
    ("solve conv -n 32 --out 16 -f 3", "solve conv --size 32 --out 16 --kernel-size 3"),
    ("solve pool -n 32 --out 16 -f 3 -s 2 -p 1", "solve pool --n 32 --out 16 --f 3 --stride 2 --padding 1"),
)  # fmt: skip


def printed(words: str) -> tuple[int, str]:
    result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, words.split())
    return result.exit_code, result.output


def test_every_way_to_write_a_quantity_gives_the_same() -> None:
    for first, *others in SAME:
        expected = printed(first)
        assert expected[0] == 0, expected
        for other in others:
            assert printed(other) == expected, other


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("conv 5 7", "`--f 7` expects at least 7 cells, receives 5"),
        ("conv --size 5 --kernel-size 7", "`--kernel-size 7` expects at least 7 cells, receives 5"),
        ("conv -n 5 -f 7", "`-f 7` expects at least 7 cells, receives 5"),
        ("conv 9 3 --in-channels 4", "`--in-channels 4` requires `--k`"),
        ("conv 9 3 --in-channels 0 --k 2", "`--in-channels 0` expects a positive integer, receives 0"),
        ("pool 9 3 --type avg --dilation 2", "`--dilation 2` expects `--type max`, receives `--type avg`"),
        ("lstm 3 4 --proj 5", "`--proj 5` expects a number below `--hidden-size` (4), receives 5"),
        ("embedding 10 --embedding-dim 0", "`--embedding-dim 0` expects a positive integer"),
        ("conv 32 5 --f 3", "`5` and `--f 3` are the same quantity, and both are given"),
        ("linear 400 120 --out-features 7", "`120` and `--out-features 7` are the same quantity"),
        ("conv 9 --f 3 --kernel-size 3", "`--f` and `--kernel-size` mean the same, and both are given"),
        ("conv 1 2 3 4 5", "expected are at most 4 numbers, received `1 2 3 4 5`"),
        ("linear 400 x", "`--out x` expects a whole number"),
    ],
)
def test_a_mistake_names_what_the_user_wrote(words: str, message: str) -> None:
    code, shown = printed(words)
    assert code == 2, shown
    assert message in shown


def test_a_text_has_its_option_and_is_a_text() -> None:
    assert Written("5", "--kernel-size") == "5"
    assert option_of(Written("5", "--kernel-size"), "--f") == "--kernel-size"
    assert option_of("5", "--f") == option_of(None, "--f") == "--f"
    with pytest.raises(Misuse, match="at most 1 numbers"):
        placed(["1", "2"], {"a": None}, [("a", "--a")])
