"""`shapecalc help`: the help of a command."""

from __future__ import annotations

from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app


def test_help_of_a_command_is_its_own_help() -> None:
    for name in COMMANDS:
        asked, own = (CliRunner().invoke(app, words, prog_name="shapecalc") for words in (("help", name), (name, "-h")))
        assert (asked.exit_code, asked.output) == (0, own.output), name
        assert own.output.startswith(f"Usage: shapecalc {name} "), name


def test_help_of_what_is_no_command_is_an_error(run) -> None:
    for word in ("nonsense", "flatten", "SC301"):
        assert (run("help", word).code, run("help", word).err) == (2, run(word).err)


def test_help_has_the_encoding_of_the_output(run) -> None:
    words = {"sigmoid": "1/(1 + e^-x)", "gelu": "erf(x/sqrt 2)", "similar": "shapecalc similar \\u{590f}"}
    for name, spelled in words.items():
        for arguments in (("help", name), (name, "--help")):
            shown = run(*arguments, env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}).bytes
            assert shown.isascii(), name
            assert spelled.encode() in shown, name
