"""`shapecalc train-cost`, as its readers see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

MEMORY = """\
memory                                 bytes  when                 formula
────────────────────────────────────────────────────────────────────────────────
weights                            241.0 KiB  always
state of adam, 2 per weight        482.1 KiB  always
gradients with respect to weights  241.0 KiB  backward to update
saved for the backward pass          1.1 MiB  forward to backward  36472·N bytes

peak 2.8 MiB in the backward pass of tanh_1: weights and state 723.1 KiB, activations 716.0 KiB, their gradients \
1.1 MiB, weight gradients 240.4 KiB
     = 60544·N + 986672 bytes

largest batch in 24.0 GiB: N = 425,621, whose peak is 24.0 GiB
"""

WORK = """\
work of a step                       MACs   FLOPs  of forward
─────────────────────────────────────────────────────────────
forward                            13.3 M  27.3 M      1.00 x
gradients with respect to inputs   9.57 M  19.1 M      0.72 x
gradients with respect to weights  13.3 M  26.7 M      1.00 x
total                              36.2 M  73.1 M      2.72 x
"""


def test_memory_peak_largest_batch_and_work_are_shown(run: Run) -> None:
    ended = run("train-cost", "lenet5", "--optimizer", "adam", "--max-memory", "24GiB")
    assert ended.code == 0
    assert ended.out.startswith("LeNet-5  [N, 1, 32, 32], N = 32, float32, adam\n")
    assert "s2          avg_pool 2             (input)\n" in ended.out
    assert "c3          conv 16 kernel_size=5  input    147.0 KiB  recomputed\n" in ended.out
    assert MEMORY in ended.out
    assert WORK in ended.out


def test_json_says_what_each_layer_keeps(run: Run) -> None:
    words = ("--batch", "2", "--set", "H=64", "--set", "W=64", "--format", "json", "--memory", "1GiB")
    found = json.loads(run("train-cost", "resnet18", *words).out)
    assert found["at"] == {"N": 2}
    assert found["bytes"]["kept"] == sum(layer["bytes"] for layer in found["layers"])
    assert found["bytes"]["kept_closed"] == "1812480*N + 38400"
    assert found["layers"][0]["tensors"] == [
        {"name": "input", "slot": "input", "bytes": 98304, "counted_here": True},
    ]
    assert found["layers"][0]["macs_to_inputs"] == 0
    assert found["largest_batch"] > 100
    assert [each["segment"] for each in found["checkpoints"]] == list(range(1, 70))


def test_a_file_says_its_own_usual_batch(run: Run) -> None:
    text = "input: [N, 6]\nsizes: {N: 5}\nlayers: [{linear: 3}]\n"
    assert run("train-cost", "-", stdin=text).out.splitlines()[0].endswith("[N, 6], N = 5, float32, sgd")


def test_truncation_is_told_against_the_whole_sequence(run: Run) -> None:
    out = run("train-cost", "char-rnn", "--set", "T=100", "--batch", "4", "--truncate", "10").out
    assert "truncated after 10 of 100 steps: 1.3 MiB saved at once instead of 13.5 MiB, in 10 chunks\n" in out
    assert "lstm  total           129.0 KiB\nlstm: 33028·N·T bytes in total\n" in out


def test_checkpoints_that_are_asked_for_count(run: Run) -> None:
    words = ("train-cost", "resnet18", "--depth", "1", "--memory", "8GiB")
    plain, every = (json.loads(run(*words, "--format", "json", *more).out) for more in ((), ("--checkpoint", "9")))
    assert every["checkpoint"] == 9
    assert every["peak"]["bytes"] < plain["peak"]["bytes"]
    assert every["largest_batch"] > plain["largest_batch"]
    out = run(*words, "--checkpoint", "6").out
    rows = [" ".join(line.split()) for line in out.splitlines()]
    start = rows.index("k saved at once FLOPs again of forward")
    assert rows[start + 2 : start + 6] == [
        "69 none 676.9 MiB 0",
        "9 √L 361.4 MiB 116 G 100.0 %",
        "6 --checkpoint 312.4 MiB 116 G 100.0 %",
        "5 least memory 291.0 MiB 116 G 100.0 %",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--batch", "0"), "`--batch` expects 1 to 2147483647, receives 0"),
        (("--batch", "two"), "`--batch` expects a whole number, receives `two`"),
        (("--batch", "2", "--set", "N=2"), "`--batch` and `--set N` mean the same, and both are given"),
        (("--max-memory", "much"), "`--max-memory` expects a size such as 24GiB, 500MB or bytes, receives `much`"),
        (("--truncate", "5"), "`truncate` expects a symbol for time, `LeNet-5` has no recurrent layer"),
        (("--checkpoint", "99"), "`checkpoint` expects 1 to 13, the layers that there are, receives 99"),
    ],
)
def test_misuse_is_said(run: Run, words: tuple[str, ...], message: str) -> None:
    ended = run("train-cost", "lenet5", *words)
    assert ended.code == 2
    assert message in " ".join(ended.err.split())


def test_what_does_not_hold_one_sample_says_so(run: Run) -> None:
    assert "1.0 MiB does not hold one sample\n" in run("train-cost", "resnet18", "--memory", "1MiB").out


def test_without_a_batch_it_is_the_next_valid_one_of_at_least_32(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text("input: [N, 500]\nlayers: [{reshape: [-1, 1500]}, {linear: 5}]\n")
    assert json.loads(run("train-cost", "net.yaml", "--format", "json").out)["at"] == {"N": 33}
    assert run("train-cost", "net.yaml", "--batch", "32").code == 1
