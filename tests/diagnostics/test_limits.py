"""Every limit has a code of its own, names the flag that raises it, and is raised by that flag and by nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.diagnostics.limits import LIMITS, MOST, flag
from tests.hostile.generated import branched_chain, chain
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RELU = "input: [N, 8]\nlayers: [relu]\n"


class Passed(NamedTuple):
    """A file that passes one limit by one, and what is raised so that it is read."""

    limit: str
    code: str
    write: Callable[[Path], None]
    enough: str
    also: tuple[str, ...] = ()


def net(text: str) -> Callable[[Path], None]:
    return lambda folder: folder.joinpath("net.yaml").write_text(text) and None


def parts(count: int, text: Callable[[int], str], names: str | None = None) -> Callable[[Path], None]:
    """Write a network that includes files of blocks; `names` where it does not include all of them itself."""

    def write(folder: Path) -> None:
        for number in range(count):
            folder.joinpath(f"p{number}.yaml").write_text(text(number))
        listed = names or ", ".join(f"p{number}.yaml" for number in range(count))
        folder.joinpath("net.yaml").write_text(f"include: [{listed}]\n{RELU}")

    return write


def block(number: int) -> str:
    return f"blocks: {{b{number}: {{layers: [relu]}}}}\n"


def chained(number: int) -> str:
    return block(number) + (f"include: p{number + 1}.yaml\n" if number < 8 else "")


def many_calls(steps: int) -> str:
    """Write calls of a block, no two with the same argument."""
    calls = "".join(f"- {{b: {at}}}\n" for at in range(steps))
    return f"blocks: {{b: {{parameters: [k], layers: [{{leaky_relu: $k}}]}}}}\ninput: [N, 8]\nlayers:\n{calls}"


PASSED = (
    Passed("file-size", "SC010", net(RELU + "#" * (1 << 20)), "2MiB"),
    Passed("depth", "SC011", net(RELU + f"x: {'[' * 64}{']' * 64}\n"), "65"),
    Passed("nodes", "SC012", net(RELU + f"x: [{'0, ' * 100_000}]\n"), "200000"),
    Passed("aliases", "SC012", net(f"x: [&a 0, {'*a, ' * 1001}]\n{RELU}"), "1001"),
    Passed("scalar-length", "SC013", net(f"name: {'a' * 65_537}\n{RELU}"), "65537"),
    Passed("integer-digits", "SC014", net(f"x: {'9' * 21}\n{RELU}"), "21"),
    Passed("layers", "SC016", net("input: [N, 8]\nlayers: [{relu: , repeat: 100001}]\n"), "100001"),
    Passed("block-steps", "SC016", net(many_calls(10_001)), "10001"),
    Passed("includes", "SC017", parts(65, block), "65"),
    Passed("include-size", "SC018", parts(5, lambda number: block(number) + "#" * 1_000_000), "5MiB"),
    Passed("include-depth", "SC019", parts(9, chained, "p0.yaml"), "9"),
    Passed("rank", "SC321", net(f"input: [N, {'1, ' * 32}]\nlayers: [flatten]\n"), "33"),
)


def check(*options: str) -> tuple[int, list[str], str]:
    """Return the exit code, the codes that are found, and everything that is said."""
    ended = CliRunner().invoke(app, ["check", "net.yaml", *options])
    said = ended.stdout + ended.stderr
    return ended.exit_code, re.findall(r"^error\[(SC\d+)\]", said, re.MULTILINE), said


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("passed", PASSED, ids=[passed.limit for passed in PASSED])
def test_what_passes_a_limit_by_one_is_refused_with_its_code_and_the_flag(passed: Passed, folder: Path) -> None:
    passed.write(folder)
    code, found, said = check()
    assert code == 1
    assert set(found) - {"SC102"} == {passed.code}  # `x` is none of a file's keys
    assert f"`--limit {passed.limit}=" in said


@pytest.mark.parametrize("passed", eighth(PASSED, lambda passed: passed.limit))
def test_the_flag_that_the_message_names_lets_it_through(passed: Passed, folder: Path) -> None:
    passed.write(folder)
    named = re.search(r"`--limit (\S+)`", check()[2])
    assert named is not None
    for setting in (named[1], f"{passed.limit}={passed.enough}"):
        found = check("--limit", setting)[1]
        # What it is filled with is none of a file's keys: that is what is left to say.
        assert set(found) <= {"SC102", "SC201"}
        assert passed.code not in found


def test_what_a_flag_says_is_the_most_that_is_taken(folder: Path) -> None:
    folder.joinpath("net.yaml").write_text("input: [N, 8]\nlayers: [{relu: , repeat: 5}]\n")
    assert check("--limit", "layers=5")[:2] == (0, [])
    assert check("--limit", "layers=4")[:2] == (1, ["SC016"])


def test_every_limit_has_a_row() -> None:
    assert [passed.limit for passed in PASSED] == [flag(name) for name in LIMITS._fields]


@pytest.mark.parametrize("name", LIMITS._fields)
def test_a_file_cannot_raise_a_limit(name: str, folder: Path) -> None:
    for key in {name, flag(name)} - {"layers"}:  # which is a key of every file, and has steps below it
        folder.joinpath("net.yaml").write_text(f"{key}: 1000000\nlimits: {{{key}: 1000000}}\n{RELU}")
        assert check()[0] == 1
    repeated = f"limits: {{{name}: 1000000}}\n{RELU.replace('relu', '{relu: , repeat: 100001}')}"
    folder.joinpath("net.yaml").write_text(repeated)
    assert "SC016" in check()[1]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("layers", "expects NAME=MOST such as layers=1000000, receives `layers`"),
        ("layer=5", "did you mean `layers`?"),
        ("colour=5", "limits: file-size, depth"),
        ("layers=many", "`--limit layers` expects a whole number from 1 to"),
        ("layers=0", "`--limit layers` expects a whole number from 1 to"),
        ("layers=4KiB", "`--limit layers` expects a whole number from 1 to"),
        ("layers=1.5", "`--limit layers` expects a whole number from 1 to"),
        ("depth=1000", f"`--limit depth` expects a whole number from 1 to {MOST['depth']}"),
        ("rank=65", f"`--limit rank` expects a whole number from 1 to {MOST['rank']}"),
    ],
)
def test_a_limit_that_is_none_is_a_usage_error(setting: str, said: str) -> None:
    ended = CliRunner().invoke(app, ["inspect", "lenet5", "--limit", setting])
    assert ended.exit_code == 2
    assert said in " ".join(ended.stderr.split())


def test_the_most_that_a_limit_can_be_raised_to_is_still_read(folder: Path) -> None:
    depth, digits = MOST["depth"] - 1, MOST["integer_digits"]
    folder.joinpath("net.yaml").write_text(f"x: {'[' * depth}{'9' * digits}{']' * depth}\n{RELU}")
    options = [f"--limit={flag(name)}={most}" for name, most in MOST.items()]
    assert check(*options)[:2] == (1, ["SC102"])


@pytest.mark.parametrize(
    "command", ["inspect", "memory", "train-cost", "verify", "sweep", "solve", "show", "lock", "diff"]
)
def test_every_command_that_reads_a_file_takes_limits(command: str, folder: Path) -> None:
    folder.joinpath("net.yaml").write_text(RELU + "#" * (1 << 20))
    names = ["net.yaml", "net.yaml"] if command == "diff" else ["net.yaml"]
    refused = CliRunner().invoke(app, [command, *names])
    assert (refused.exit_code, "SC010" in refused.stderr) == (1, True)
    assert CliRunner().invoke(app, [command, *names, "--limit", "file-size=2MiB"]).exit_code == 0


def test_a_limit_holds_for_a_file_read_again_with_other_parameters(folder: Path) -> None:
    text = "parameters: {width: 8}\nwidths: width\ninput: [N, 8]\nlayers: [linear: $width]\n"
    folder.joinpath("net.yaml").write_text(text + "#" * (1 << 20))
    ended = CliRunner().invoke(app, ["verify", "net.yaml", "--limit", "file-size=2MiB", "--scale", "1/2"])
    assert ended.exit_code == 0


@pytest.mark.parametrize("text", [chain(126), branched_chain(31, 3), branched_chain(9, 12)], ids=["calls", "3", "12"])
@pytest.mark.parametrize("command", ["check", "inspect", "verify", "memory", "train-cost", "lock", "solve"])
def test_blocks_and_branches_as_deep_as_they_can_be_allowed_are_gone_through(
    command: str, text: str, folder: Path
) -> None:
    folder.joinpath("net.yaml").write_text(text)
    assert CliRunner().invoke(app, [command, "net.yaml"]).exit_code == 1
    ended = CliRunner().invoke(app, [command, "net.yaml", "--limit", f"depth={MOST['depth']}"])
    assert ended.exit_code == 0, ended.output
