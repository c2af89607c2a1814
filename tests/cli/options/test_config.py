"""`--config` and `--no-config` select a configuration, and its paths are those of a command without any."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.config import config_of, paths_of
from shapecalc.files.config import NO_CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".shapecalc.toml").write_text('paths = ["nets"]\n')
    (tmp_path / "other.toml").write_text('paths = ["others"]\n')
    return tmp_path


def test_the_one_that_is_found_is_read_or_the_one_that_is_named_or_none() -> None:
    assert config_of(None, no_config=False).paths == ("nets",)
    assert config_of("other.toml", no_config=False).paths == ("others",)
    assert config_of(None, no_config=True) == NO_CONFIG
    with pytest.raises(Misuse, match="both given"):
        config_of("other.toml", no_config=True)


def test_paths_are_those_given_or_those_of_the_configuration(folder: Path) -> None:
    (folder / "nets").mkdir()
    assert paths_of(["a.yaml"], config_of(None, no_config=False)) == ["a.yaml"]
    assert paths_of(None, config_of(None, no_config=False)) == ["nets"]
    with pytest.raises(Misuse, match="is missing"):
        paths_of([], NO_CONFIG)


SUSPECT = "input: [T, N, 5]\nlayers:\n  - gru: {hidden_size: 3, dropout: 0.5}\n"
SIZED = """\
parameters: {width: 4}
sizes: {H: 6}
input: [N, 3, H, 9]
layers: [{conv: {out_channels: $width, kernel_size: 3}}]
expect: {output: [N, 4, 4, 7]}
"""


def test_a_check_without_a_path_is_of_the_paths_of_the_configuration(run: Run, folder: Path) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "suspect.yaml").write_text(SUSPECT)
    (folder / "nets" / "old.yaml").write_text("input: [N, 3]\nlayers: [rleu]\n")
    (folder / "other.yaml").write_text("input: [N, 3]\nlayers: [rleu]\n")
    base = 'paths = ["nets"]\nexclude = ["old.yaml"]\n'
    # what it is, the rest of the configuration, arguments, exit code, what is printed
    rows = [
        ("its paths, without those excluded", "", "", 0, "1 file checked: 1 warning"),
        ("a path that is given", "", "other.yaml", 1, "SC101"),
        ("a file that is excluded", "", "nets/old.yaml other.yaml", 1, "1 file checked"),
        ("warnings fail", "strict = true", "", 1, "1 warning"),
        ("a code is ignored", 'strict = true\nignore = "SC402"', "", 0, "clean"),
        ("an option replaces it", 'strict = true\nignore = "SC402"', "--ignore SC1", 1, "SC402"),
        ("another code is selected", 'strict = true\nselect = ["SC1"]', "", 0, "clean"),
        ("an override", '[[overrides]]\npaths = ["nets/**"]\nstrict = true', "", 1, "SC402"),
        ("an override of other files", '[[overrides]]\npaths = ["net/**"]\nstrict = true', "", 0, "SC402"),
        ("a lock that is not there", "locked = true", "", 2, "there is no lock file `shapecalc.lock.json`"),
        ("a lock of another name", 'locked = true\nlock-file = "a.json"', "", 2, "there is no lock file `a.json`"),
        ("no configuration", "", "--no-config", 2, "`PATH...` is missing"),
        ("another configuration", "strict = true", "--config other.toml other.yaml", 1, "1 file checked"),
        ("a mistake", "strickt = true", "", 2, "SC506"),
        ("a mistake in what is not read", "strickt = true", "--no-config nets/suspect.yaml", 0, "SC402"),
    ]
    for name, text, arguments, code, says in rows:
        (folder / ".shapecalc.toml").write_text(f"{base}{text}\n")
        ended = run(shell=f"check {arguments}")
        assert ended.code == code, (name, ended)
        assert says in ended.out + ended.err, (name, ended)


def test_an_expectation_is_of_the_sizes_of_the_file_whatever_the_configuration_sets(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(SIZED)
    rows = [
        ("", "", 0, "clean"),
        ("set = {H = 8, width = 5}", "", 0, "clean"),
        ("set = {H = 8}\nbatch = 2", "", 0, "clean"),
        ("set = {H = 2}", "", 1, "SC302"),
        ("set = {H = 8}", "--set H=7", 0, "clean"),
        ("set = {T = 8}", "", 0, "clean"),
        ("set = {H = 'eight'}", "", 2, "SC201"),
    ]
    for text, arguments, code, says in rows:
        (folder / ".shapecalc.toml").write_text(f"{text}\n")
        ended = run(shell=f"check net.yaml {arguments}")
        assert (ended.code, says in ended.out + ended.err) == (code, True), (text, ended)
    (folder / "net.yaml").write_text(SIZED.replace("[N, 4, 4, 7]", "[N, 4, 6, 7]"))
    for text in ("set = {H = 8}", "set = {width = 5}", ""):
        (folder / ".shapecalc.toml").write_text(f"{text}\n")
        ended = run("check", "net.yaml")
        assert "expects output [N, 4, 6, 7], has [N, 4, 4, 7]" in ended.out, (text, ended)
    assert run("check", "net.yaml", "--set", "H=8").code == 0


def test_an_error_at_the_sizes_of_the_configuration_says_so(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(SIZED)
    (folder / ".shapecalc.toml").write_text("set = {H = 2, T = 3}\n")
    assert "the configuration sets H = 2\n" in run("check", "net.yaml").out
    (folder / "net.yaml").write_text(SIZED.replace("H: 6", "H: 1"))
    own = run("check", "net.yaml")
    assert ("receives 1" in own.out, "the configuration sets" in own.out) == (True, False)


def test_only_an_error_that_the_configuration_causes_names_it(run: Run, folder: Path) -> None:
    uncalled = f"{SIZED}blocks: {{left: {{layers: [rleu]}}}}\n"
    batched = "input: [N, 3, H]\nlayers: [conv: {out_channels: 4, kernel_size: 3}]\n"
    # a network, the configuration, arguments, what an error says, what a note says
    rows = [
        ("a block that nothing calls", uncalled, "set = {H = 8}\nbatch = 4", "", "`rleu`", None),
        ("an option alone", batched, "set = {W = 5}", "--set H=2", "SC302", None),
        ("an option instead", batched, "set = {H = 5}", "--set H=2", "SC302", None),
        ("no batch", SIZED.replace("[N,", "[1,"), "set = {H = 2}\nbatch = 4", "", "SC302", "H = 2\n"),
        ("a batch", SIZED, "set = {H = 2}\nbatch = 4", "", "SC302", "H = 2, batch = 4\n"),
        ("a batch instead", SIZED, "set = {H = 2}\nbatch = 4", "--batch 5", "SC302", "H = 2\n"),
    ]
    for name, text, configured, arguments, error, note in rows:
        (folder / "net.yaml").write_text(text)
        (folder / ".shapecalc.toml").write_text(f"{configured}\n")
        out = run(shell=f"check net.yaml {arguments}").out
        assert error in out, (name, out)
        said = "the configuration sets" in out
        assert (f"the configuration sets {note}" in out) if note else not said, (name, out)


def test_the_configuration_cannot_run_anything_or_raise_a_limit(run: Run, folder: Path) -> None:
    (folder / "net.yaml").write_text(SIZED)
    for key in ("run = true", "limit = ['layers=1000000']", "max-memory = '1TiB'", "fix = true", "output = ['a.txt']"):
        (folder / ".shapecalc.toml").write_text(f"{key}\n")
        ended = run("check", "net.yaml")
        assert ended.code == 2, key
        assert "a pull request may change this file" in ended.err.replace("\n", " "), key
        assert not (folder / "a.txt").exists()


def test_budgets_and_conditions_of_the_configuration_fail_a_check(run: Run, folder: Path) -> None:
    # the configuration, arguments, exit code, what is printed
    rows = [
        ('budgets = {max-params = "61K"}', "lenet5", 1, "`LeNet-5` has 61,706 params, above `max-params = 61K`"),
        ("budgets = {max-params = 61706}", "lenet5", 0, "clean"),
        (
            'budgets = {max-memory = "277KiB"}',
            "lenet5",
            1,
            "277.8 KiB (284,456 bytes) of memory in float32 at N = 1",
        ),
        ('budgets = {max-memory = "277KiB", dtype = "float16"}', "lenet5", 0, "clean"),
        ('budgets = {max-memory = "500KiB", batch = 8}', "lenet5", 1, "at N = 8, above `max-memory = 500KiB`"),
        ('fail-on = ["params > 1", "params > +2%"]', "lenet5", 1, "1 error"),
        ('fail-on = "params > 1"\nignore = "SC505"', "lenet5", 0, "clean"),
        ('fail-on = "params > 1"', "lenet5 --fail-on 'macs > 1'", 1, "2 errors"),
        ('fail-on = "params > 1"\n[[overrides]]\npaths = "lenet5"\nfail-on = []', "lenet5", 0, "clean"),
        ('[[overrides]]\npaths = "lenet5"\nbudgets.max-macs = 1', "lenet5 vgg11", 1, "2 files checked: 1 error"),
    ]
    for text, arguments, code, says in rows:
        (folder / ".shapecalc.toml").write_text(f"{text}\n")
        ended = run(shell=f"check {arguments}")
        assert (ended.code, says in ended.out + ended.err) == (code, True), (text, ended)


def test_lock_takes_the_paths_sizes_and_file_of_the_configuration(run: Run, folder: Path) -> None:
    (folder / "nets" / "edge").mkdir(parents=True)
    for name in ("nets/a.yaml", "nets/edge/b.yaml", "nets/old.yaml", "other.yaml"):
        (folder / name).write_text(SIZED)
    (folder / ".shapecalc.toml").write_text(
        'paths = ["nets"]\nexclude = ["old.yaml"]\nlocked = true\nlock-file = "nets/lock.json"\nset = {H = 8}\n'
        '[[overrides]]\npaths = ["edge/**"]\nset = {H = 9}\nbatch = 2\n'
    )
    assert run("lock").code == 0
    files = json.loads((folder / "nets" / "lock.json").read_text())["files"]
    assert {name: entry["settings"] for name, entry in files.items()} == {
        "a.yaml": {"H": 8},
        "edge/b.yaml": {"H": 9, "N": 2},
    }
    assert run("check").code == 0
    assert run("lock").code == 0
    (folder / "nets" / "a.yaml").write_text(SIZED.replace("conv: {", "conv: {bias: false, "))
    assert "SC502" in run("check").out
    assert run("lock", "--no-config").code == 2


def test_a_comparison_of_revisions_takes_the_paths_sizes_and_conditions_of_the_configuration(
    run: Run, folder: Path
) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    free = SIZED.replace("sizes: {H: 6}\n", "").replace("expect: {output: [N, 4, 4, 7]}\n", "")
    names = ("nets/a.yaml", "nets/edge/b.yaml", "nets/old.yaml", "other.yaml")
    (folder / "nets" / "edge").mkdir(parents=True)
    for name in names:
        (folder / name).write_text(free)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    for name in names:
        (folder / name).write_text(free.replace("width: 4", "width: 5"))

    def ended(text: str, *arguments: str) -> tuple[int, set[str], str]:
        (folder / ".shapecalc.toml").write_text(f'paths = ["nets"]\nexclude = ["old.yaml"]\n{text}\n')
        done = run("diff", "--base", "HEAD", "--format", "json", *arguments)
        return done.code, {name for name in names if name in done.out}, done.err

    assert ended("")[:2] == (0, {"nets/a.yaml", "nets/edge/b.yaml"})
    assert ended("", "--no-config")[:2] == (0, {*names})
    assert ended("", "other.yaml", "--exclude", "x")[:2] == (0, {"other.yaml"})
    assert ended("", "--config", "other.toml")[0] == 2, "its path `others` does not exist"
    code, _, told = ended('fail-on = ["macs > +1"]')
    assert (code, "depends on `H`" in told) == (2, True)
    edge = '[[overrides]]\npaths = ["edge/**"]\nset = {H = 5}\nfail-on = ["macs > +1"]'
    code, _, told = ended(edge)
    assert (code, told.count("error:"), "nets/edge/b.yaml: `macs > +1` is met: MACs 2,268 →" in told) == (1, 1, True)
    assert ended(edge, "--set", "H=3")[2].count("MACs 756 →") == 1
    assert ended("strickt = true")[0] == 2
    (folder / "nets" / "edge" / "c.yaml").write_text("[")
    (folder / ".shapecalc.toml").write_text("strickt = true")
    assert run("diff", "nets/a.yaml", "nets/a.yaml").code == 0, "two networks need no configuration"
