"""`shapecalc list`: the architectures that ship."""

from __future__ import annotations

import json
from importlib import import_module

from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app
from shapecalc.dims import pretty
from shapecalc.files import zoo


def test_the_list_has_a_line_for_each_architecture_with_its_figures(run) -> None:
    lines = run("list").out.splitlines()
    for name in zoo.names():
        totals = shapecalc.inspect(shapecalc.load(name)).totals
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert f"{totals.params:,}" in line
        assert (f"{totals.macs:,}" if isinstance(totals.macs, int) else pretty(totals.macs)) in line


def test_words_list_the_names_with_one_of_them(run) -> None:
    names = [line.split()[0] for line in run("list", "RESNET", "lenet5").out.splitlines()[2:-1]]
    assert names == [name for name in zoo.names() if "resnet" in name or "lenet5" in name]
    for words, hint in ((("resnat",), "did you mean `resnet18`?"), (("vgg", "qq"), "`shapecalc list` lists all")):
        ended = run("list", *words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"error: no architecture has `{words[-1]}` in its name; {hint}\n")


def test_help_is_shown_after_the_command_list_is_imported() -> None:
    import_module("shapecalc.cli.list")  # now the attribute `list` of the package
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0, result.exception
    assert "List the included architectures" in result.output


def test_help_cuts_no_sentence_of_a_command() -> None:
    assert "..." not in CliRunner().invoke(app, ["--help"]).output.partition("Commands:")[2]


def test_json_has_the_figures_that_inspect_has(run) -> None:
    listed = json.loads(run("list", "--format", "json").out)["architectures"]
    assert [each["name"] for each in listed] == [*zoo.names()]
    for each in listed:
        report = shapecalc.inspect(shapecalc.load(each["name"])).to_dict()
        assert each == {"name": each["name"], **{key: report[key] for key in ("inputs", "outputs", "totals")}}
