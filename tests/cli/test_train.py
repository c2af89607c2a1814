"""`shapecalc train`, as its users see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.execution.training.test_exporting import read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

SMALL = "{input: [N, 1, 8, 8], layers: [flatten, {linear: 24, name: a}, tanh, {linear: 10, name: b}, softmax]}"


def test_a_run_shows_epochs_a_curve_and_what_is_known_of_unseen_samples(run: Run) -> None:
    ended = run("train", "-", "--data", "digits8", "--epochs", "1", stdin=SMALL)
    assert ended.code == 0
    assert ended.err == ""
    lines = ended.out.splitlines()
    assert lines[0] == "<stdin> trained on digits8: 4,000 pictures, and 1,000 for the test"
    assert lines[1] == "cross-entropy; adam at 0.003, batches of 32, seed 0"
    assert "loss of each of 125 steps" in lines
    assert "of unseen digits right" in lines[-1]


def test_weights_are_exported_by_pytorchs_names_and_both_forms_hold_the_same(run: Run, tmp_path: Path) -> None:
    for ending in ("npz", "safetensors"):
        ended = run("train", "-", "--data", "digits8", "--epochs", "1", "--export", f"w.{ending}", stdin=SMALL)
        assert ended.out.splitlines()[-1] == f"w.{ending}: 4 tensors, 1,810 elements, with PyTorch's names"
    tensors = read((tmp_path / "w.safetensors").read_bytes())
    with np.load(tmp_path / "w.npz") as archive:
        assert archive.files == list(tensors) == ["a.weight", "a.bias", "b.weight", "b.bias"]
        for name in archive.files:
            np.testing.assert_array_equal(archive[name], tensors[name])


def test_json_says_it_all_and_the_same_seed_says_the_same(run: Run) -> None:
    words = ("train", "-", "--data", "digits8", "--epochs", "1", "--batch", "100", "--seed", "4", "--format", "json")
    first, again = (run(*words, stdin=SMALL) for _ in range(2))
    assert first.out == again.out
    document = json.loads(first.out)
    assert document["plan"] == {
        "epochs": 1,
        "batch": 100,
        "optimizer": "adam",
        "lr": 0.003,
        "seed": 4,
        "truncate": None,
    }
    assert len(document["losses"]) == 40


def test_char_rnn_learns_narrowed_and_truncated(run: Run) -> None:
    given = (
        "--scale",
        "1/64",
        "--set",
        "T=16",
        "--truncate",
        "8",
        "--epochs",
        "1",
        "--optimizer",
        "adam",
        "--lr",
        "0.01",
    )
    ended = run("train", "char-rnn", "--data", "text", *given)
    assert ended.code == 0, ended
    assert "cut every 8 steps" in ended.out
    assert "of unseen next characters right" in ended.out


def test_data_that_do_not_fit_are_a_finding(run: Run) -> None:
    ended = run("train", "alexnet", "--data", "digits")
    assert ended.code == 1
    assert ended.err.startswith("error[SC703]: `digits` has pictures of one channel, square, 8 pixels a side or more;")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--data digits --lr 0", "`--lr` expects a number above 0, receives `0`"),
        ("--data digits --lr nan", "`--lr` expects a number above 0, receives `nan`"),
        ("--data digits --export w.pt", "`--export` expects a name such as weights.npz or weights.safetensors"),
        ("--data digits --scale 4", "`--scale` expects a part such as 1/8, receives `4`"),
        ("--data pictures", "`--data` expects digits, digits8 or text, receives `pictures`"),
        ("", "`--data` is missing: digits, digits8 or text"),
    ],
)
def test_usage_mistakes_end_in_two(run: Run, words: str, message: str) -> None:
    ended = run("train", "mlp", *words.split())
    assert ended.code == 2
    assert message in ended.err


def test_a_folder_that_is_not_there_is_said_before_training(run: Run) -> None:
    ended = run("train", "mlp", "--data", "digits", "--epochs", "1000000", "--export", "no/w.npz")
    assert ended.code == 2
    assert "`--export` expects a folder that is there, receives `no/w.npz`" in ended.err


def test_a_file_that_cannot_be_written_is_said_after_training(run: Run, tmp_path: Path) -> None:
    (tmp_path / "w.npz").mkdir()
    ended = run("train", "-", "--data", "digits8", "--epochs", "1", "--export", "w.npz", stdin=SMALL)
    assert ended.code == 2
    assert ended.err == "error: `w.npz` cannot be written: is a directory\n"
