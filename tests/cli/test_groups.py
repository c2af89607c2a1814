"""The help: every command in a group, with its own summary on one line, and quickly."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app
from shapecalc.cli.groups import BY_HAND, COMMANDS, EPILOG, GROUPS, LOSSES_BY_HAND, module_name

FOLDER = Path(shapecalc.__file__).parent / "cli"
SUMMARIES = {name: summary for group in GROUPS.values() for name, summary in group.items()}
IMPORTED = """
import sys
from typer.testing import CliRunner
from shapecalc.cli import app

assert CliRunner().invoke(app, sys.argv[1:]).exit_code == 0
print(*(name for name in sys.modules if name.startswith("shapecalc.cli.")))
"""


def helped(*arguments: str) -> str:
    return CliRunner().invoke(app, arguments, prog_name="shapecalc").output


def imported(*arguments: str) -> set[str]:
    """The modules of the command line that a command leaves imported."""
    done = subprocess.run([sys.executable, "-c", IMPORTED, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_command_is_in_one_group_with_the_summary_of_its_own_help() -> None:
    files = {
        path.stem
        for path in FOLDER.glob("*.py")
        if "\ncommand = " in (text := path.read_text()) or "\ndef command(" in text
    }
    assert sorted({*COMMANDS} - {*BY_HAND, *LOSSES_BY_HAND}) == sorted(
        name.rstrip("_").replace("_", "-") for name in files
    )
    for name, summary in SUMMARIES.items():
        module = import_module(module_name(name))
        assert module.command.__doc__.partition("\n")[0] == summary, name


@pytest.mark.parametrize("columns", [80, 200])
def test_the_help_has_every_group_and_each_summary_whole_within_80_columns(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = helped("--help").splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.removesuffix(":") for line in lines if line.removesuffix(":") in GROUPS] == [*GROUPS]
    rows = dict(line.split(maxsplit=1) for line in lines if line.startswith("  ") and " " in line.strip())
    assert {name: rows.get(name) for name in SUMMARIES} == SUMMARIES
    for title, names in (("Compute by hand", BY_HAND), ("Losses by hand", LOSSES_BY_HAND)):
        section = helped("--help").partition(title)[2].partition("\n\n")[0].partition(":\n")[2]
        assert " ".join(section.split()) == ", ".join(names)


def test_no_argument_and_the_word_help_give_the_same_help(run) -> None:
    assert helped("help") == helped("-h") == helped("--help")
    assert run().err == run("help").out == run("--help").out


def test_the_help_imports_no_command() -> None:
    modules = {f"shapecalc.cli.{name.replace('-', '_')}" for name in SUMMARIES} | {"shapecalc.cli.layer_command"}
    assert imported("--help") & modules == set()
    assert imported("rule", "SC301") & modules == {"shapecalc.cli.rule"}  # this test can fail


def test_the_three_commands_to_try_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tried = [line.strip().partition("   ")[0] for line in EPILOG.partition("More:")[0].splitlines()[2:] if line]
    assert len(tried) == 3
    for line in tried:
        result = CliRunner().invoke(app, line.removeprefix("shapecalc ").split())
        assert (result.exit_code, result.stderr) == (0, ""), line
