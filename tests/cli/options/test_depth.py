"""`--depth`, which means the same in every command that has it."""

from __future__ import annotations


def test_a_depth_of_one_has_a_row_per_block_in_every_command(run) -> None:
    paths = {}
    for command in ("verify", "memory", "train-cost"):
        out = run(
            command, "resnet18", "--depth", "1", "--set", "H=32", "--set", "W=32", "--set", "N=1"
        ).out.splitlines()
        start = next(place for place, line in enumerate(out) if line.startswith("path ")) + 2
        paths[command] = [line.split()[0] for line in out[start : out.index("", start)]]
    assert paths["verify"] == paths["memory"] == paths["train-cost"]
    assert not any("." in path for path in paths["verify"])


def test_a_depth_of_zero_is_a_misuse(run) -> None:
    assert run("verify", "mlp", "--depth", "0").code == 2
