"""Every way in which a command ends: 0 clean, 1 findings, 2 wrong usage or an unreadable file; never a traceback."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


RELU = "input: [N, 8]\nlayers: [relu]\n"


TYPO = RELU.replace("relu", "rleu")


UNMET = f"{RELU}expect: {{params: 1}}\n"


HUGE = f"input: [N, {2 * 10**9}]\nlayers: [{', '.join(['linear: 2000000000'] * 3)}]\n"


def nothing(folder: Path) -> None:
    """The folder stays empty."""


def file(name: str, content: str | bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return write


def folder_named(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).mkdir()


def pipe_named(name: str) -> Callable[[Path], None]:
    return lambda folder: os.mkfifo(folder / name)


def circle(folder: Path) -> None:
    (folder / "net.yaml").symlink_to("other.yaml")
    (folder / "other.yaml").symlink_to("net.yaml")


# what it is, what lies in the folder, arguments, standard input, exit code, what stdout or stderr holds
ENDINGS = [
    ("a good file", file("net.yaml", RELU), ["inspect", "net.yaml"], "", 0, "relu_0"),
    ("a good file, verified", file("net.yaml", RELU), ["verify", "net.yaml"], "", 0, "verified: 1 layer"),
    ("a file whose name has no ending", file("net", RELU), ["inspect", "net"], "", 0, "relu_0"),
    ("standard input", nothing, ["inspect", "-"], RELU, 0, "<stdin>"),
    ("standard input, verified", nothing, ["verify", "-"], RELU, 0, "verified"),
    ("empty standard input", nothing, ["inspect", "-"], "", 1, "SC004"),
    ("a name that ships", nothing, ["inspect", "lenet5"], "", 0, "61,706"),
    ("a name that ships, with its ending", nothing, ["inspect", "lenet5.yaml"], "", 0, "61,706"),
    ("a real file of a name that ships", file("lenet5.yaml", RELU), ["inspect", "lenet5.yaml"], "", 0, "relu_0"),
    ("a real file of a name that ships, by its name", file("lenet5", RELU), ["inspect", "lenet5"], "", 0, "relu_0"),
    ("a name that is near one that ships", nothing, ["inspect", "lenet"], "", 2, "write `lenet5`"),
    ("a name that is near none", nothing, ["inspect", "banana"], "", 2, "shapecalc list"),
    ("a missing file", nothing, ["inspect", "net.yaml"], "", 2, "`net.yaml` does not exist"),
    ("a missing file, verified", nothing, ["verify", "net.yaml"], "", 2, "SC001"),
    ("a missing file, shown", nothing, ["show", "net.yaml"], "", 2, "SC001"),
    ("a directory", folder_named("net.yaml"), ["inspect", "net.yaml"], "", 2, "is a directory"),
    ("the folder itself", nothing, ["inspect", "."], "", 2, "is a directory"),
    ("a pipe that nobody writes to", pipe_named("net.yaml"), ["inspect", "net.yaml"], "", 2, "not a regular file"),
    ("a device", nothing, ["inspect", "/dev/zero"], "", 2, "not a regular file"),
    ("links in a circle", circle, ["inspect", "net.yaml"], "", 2, "links form a circle"),
    ("a name that is too long", nothing, ["inspect", "x" * 300 + ".yaml"], "", 2, "name is too long"),
    ("an empty name", nothing, ["inspect", ""], "", 2, "SC001"),
    ("an empty file", file("net.yaml", ""), ["inspect", "net.yaml"], "", 1, "SC004"),
    ("a picture", file("net.yaml", b"\x89PNG\r\n\x1a\n\0\0"), ["inspect", "net.yaml"], "", 2, "SC006"),
    ("a binary file", file("net.yaml", b"\x9c\xff\0\0"), ["inspect", "net.yaml"], "", 1, "SC002"),
    ("bytes that are not UTF-8", file("net.yaml", b"name: caf\xe9\n"), ["inspect", "net.yaml"], "", 1, "0xe9"),
    ("a file that is not YAML", file("net.yaml", "{: ["), ["inspect", "net.yaml"], "", 1, "SC003"),
    ("a file that is too large", file("net.yaml", "#" * (2**20 + 1)), ["inspect", "net.yaml"], "", 1, "SC010"),
    ("an unknown layer", file("net.yaml", TYPO), ["inspect", "net.yaml"], "", 1, "write `relu`"),
    ("an unknown layer, verified", file("net.yaml", TYPO), ["verify", "net.yaml"], "", 1, "SC101"),
    ("an expectation that is not met", file("net.yaml", UNMET), ["inspect", "net.yaml"], "", 1, "SC501"),
    ("counts above 2^63", file("net.yaml", HUGE), ["inspect", "net.yaml"], "", 1, "SC322"),
    ("a run too large for memory", nothing, ["verify", "vgg16", "--max-memory", "1MiB"], "", 1, "SC701"),
    ("a setting without a size", nothing, ["inspect", "lenet5", "--set", "N"], "", 2, "`--set` expects NAME=SIZE"),
    ("a setting that is no number", nothing, ["inspect", "lenet5", "--set", "N=x"], "", 2, "expects a whole number"),
    ("a setting that is a fraction", nothing, ["inspect", "lenet5", "--set", "N=1.5"], "", 2, "expects a whole number"),
    ("a setting of zero", nothing, ["inspect", "lenet5", "--set", "N=0"], "", 2, "from 1 to 2147483647"),
    ("a setting above 2^31", nothing, ["inspect", "lenet5", "--set", "N=99999999999"], "", 2, "from 1 to 2147483647"),
    ("a setting of 100 digits", nothing, ["inspect", "lenet5", "--set", f"N={'9' * 100}"], "", 2, "whole number"),
    ("a setting for no symbol", nothing, ["inspect", "lenet5", "--set", "Q=2"], "", 2, "no symbol `Q`"),
    ("a setting named like an option", nothing, ["inspect", "lenet5", "--set", "symbolic=2"], "", 2, "no symbol"),
    ("one symbol set twice", nothing, ["inspect", "lenet5", "--set", "N=2", "--set", "N=3"], "", 2, "given twice"),
    ("an unknown column", nothing, ["inspect", "lenet5", "--columns", "path,mac"], "", 2, "did you mean `macs`?"),
    ("no column at all", nothing, ["inspect", "lenet5", "--columns", ""], "", 2, "no column ``"),
    ("a depth of zero", nothing, ["inspect", "lenet5", "--depth", "0"], "", 2, "--depth"),
    ("an unknown format", nothing, ["inspect", "lenet5", "--format", "xml"], "", 2, "markdown"),
    ("a size of memory that is none, unasked", nothing, ["check", "lenet5", "--max-memory", "much"], "", 2, "4GiB"),
    ("a count of operations that is none", nothing, ["verify", "lenet5", "--max-flops", "many"], "", 2, "500G"),
    ("a run of too many operations", nothing, ["verify", "vgg16", "--max-flops", "1G"], "", 1, "SC705"),
    ("a size of memory that is none", nothing, ["verify", "lenet5", "--max-memory", "much"], "", 2, "4GiB"),
    ("an unknown option", nothing, ["inspect", "lenet5", "--formt", "json"], "", 2, "--format"),
    ("an argument too many", nothing, ["inspect", "lenet5", "vgg16"], "", 2, "vgg16"),
    ("an argument too few", nothing, ["inspect"], "", 2, "ARCH"),
    ("an unknown command", nothing, ["inspec", "lenet5"], "", 2, "did you mean `inspect`?"),
    ("a command that is near none", nothing, ["banana"], "", 2, "`shapecalc --help` lists"),
    ("a file instead of a command", file("net.yaml", RELU), ["net.yaml"], "", 2, "shapecalc inspect net.yaml"),
    ("a name instead of a command", nothing, ["vgg16"], "", 2, "shapecalc inspect vgg16"),
    ("the version", nothing, ["--version"], "", 0, f"shapecalc {shapecalc.__version__}"),
    ("the version, short", nothing, ["-V"], "", 0, f"shapecalc {shapecalc.__version__}"),
    ("the list", nothing, ["list"], "", 0, "lenet5"),
    ("a layer type", nothing, ["layers", "conv"], "", 0, "kernel_size"),
    ("a layer type of another framework", nothing, ["layers", "Dense"], "", 2, "did you mean `linear`?"),
    ("a layer type that is near none", nothing, ["layers", "banana"], "", 2, "lists every type"),
    ("help", nothing, ["--help"], "", 0, "conv-transpose"),
    ("help on a command", nothing, ["inspect", "-h"], "", 0, "--symbolic"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("prepare", "arguments", "stdin", "code", "says"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS]
)
def test_a_command_ends_as_documented(run, tmp_path, prepare, arguments, stdin, code, says) -> None:
    prepare(tmp_path)
    ended = run(*arguments, stdin=stdin)
    assert ended.code == code, ended
    assert says in (ended.err if code else ended.out), ended
    assert code == 0 or not ended.out or "SC501" in ended.err, "findings go to stderr"


def test_no_argument_shows_the_help(run) -> None:
    ended = run()
    assert ended.code == 2
    assert "inspect" in ended.err + ended.out


def test_a_file_without_permission_is_named(tmp_path, monkeypatch) -> None:
    # Root reads whatever the mode says, so that the system's refusal is played.
    (tmp_path / "net.yaml").write_text(RELU)
    really_open = os.open

    def denied(path, *rest):
        if str(path).endswith("net.yaml"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return really_open(path, *rest)

    monkeypatch.setattr(os, "open", denied)
    ended = CliRunner().invoke(app, ["inspect", str(tmp_path / "net.yaml")])
    assert (ended.exit_code, "permission denied" in ended.stderr) == (2, True), ended.stderr


@pytest.mark.parametrize(
    "command", ["inspect vgg19", "list", "layers", "show vgg19", "inspect vgg19 --format json", "--help"]
)
def test_a_reader_that_leaves_early_hears_no_complaint(run, command: str) -> None:
    ended = run(shell=f"{command} | head -1; exit ${{PIPESTATUS[0]}}")
    assert ended.out.count("\n") == 1
    assert ended.err == ""
    assert ended.code in (0, 1, 141)


def test_a_full_disk_is_said_and_not_ignored(run) -> None:
    ended = run(shell="list > /dev/full")
    assert (ended.code, ended.err) == (2, "error: the output cannot be written: no space left on device\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_is_no_reason_to_fail(run, closed: str) -> None:
    assert run(shell=f"inspect lenet5 {closed}").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ["inspect", "net.yaml"],
        ["verify", "net.yaml"],
        ["list"],
        ["layers"],
        ["layers", "gelu"],
        ["show", "net.yaml"],
        ["inspect", "bad.yaml"],
        ["inspect", "vgg11", "--symbolic"],
        ["inspect", "net.yaml", "--format", "json"],
    ],
)
@pytest.mark.parametrize(
    "env", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_terminal_that_shows_ascii_alone_gets_ascii_alone(run, tmp_path, command, env) -> None:
    (tmp_path / "net.yaml").write_text(f"name: Café 畳\n{RELU}", encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(RELU.replace("relu", "畳み"), encoding="utf-8")
    ended = run(*command, env={"PYTHONUTF8": "0", **env})
    assert ended.code == (1 if "bad.yaml" in command else 0), ended
    assert ended.bytes.isascii() or command[0] == "show"
