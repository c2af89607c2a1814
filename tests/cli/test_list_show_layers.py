"""`shapecalc list`, `show` and `layers`: what ships, and what a file can hold."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app
from shapecalc.dims import pretty
from shapecalc.files import zoo
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from tests.hostile.faults.processes import Fault, on_a_terminal, run as run_fault

FOLDER = Path(shapecalc.__file__).parent.parent / "architectures"


def test_the_list_has_a_line_for_each_architecture_with_its_figures(run) -> None:
    lines = run("list").out.splitlines()
    for name in zoo.names():
        totals = shapecalc.inspect(shapecalc.load(name)).totals
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert f"{totals.params:,}" in line
        assert (f"{totals.macs:,}" if isinstance(totals.macs, int) else pretty(totals.macs)) in line


def test_help_is_shown_after_the_command_list_is_imported() -> None:
    import_module("shapecalc.cli.list")  # now the attribute `list` of the package
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0, result.exception
    assert "List the included architectures" in result.output


def test_help_cuts_no_sentence_of_a_command() -> None:
    assert "..." not in CliRunner().invoke(app, ["--help"]).output.partition("Commands:")[2]


@pytest.mark.parametrize("name", ["lenet5", "vgg16_bn.yaml"])
def test_show_prints_the_very_file(run, name: str) -> None:
    assert run("show", name).bytes == (FOLDER / f"{name.removesuffix('.yaml')}.yaml").read_bytes()


def test_what_show_prints_can_be_inspected(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_bytes(run("show", "alexnet").bytes)
    assert run("inspect", "net.yaml").out == run("inspect", "alexnet").out


def test_show_keeps_utf_8_where_the_terminal_has_none(run, tmp_path) -> None:
    text = "name: Café 畳\ninput: [N, 3]\nlayers: [relu]\n".encode()
    (tmp_path / "net.yaml").write_bytes(text)
    assert run("show", "net.yaml", env={"PYTHONIOENCODING": "ascii"}).bytes == text


def test_layers_lists_every_type_in_whole_sentences(run) -> None:
    out = run("layers").out
    for word in layer_types():
        assert re.search(rf"^{word} +\S", out, re.MULTILINE)
    assert " …" not in out, "a pipe is not cut"


def test_layers_shows_a_type_in_full(run) -> None:
    for word in ("conv", "batch_norm", "relu"):
        out = run("layers", word).out
        for section in ("Input:", "Output:", "Parameters:", "Costs:", "Source:", "In a file:"):
            assert section in out
        for name, field in fields_of(layer_types()[word]).items():
            assert re.search(rf"^  {name} ", out, re.MULTILINE)
            assert field.description in " ".join(out.split())


def test_a_layer_shows_how_it_is_written(run) -> None:
    assert run("layers", "conv").out.endswith("In a file:  - conv: {out_channels: …, kernel_size: …}\n")
    assert run("layers", "max_pool").out.endswith("In a file:  - max_pool: …\n")
    assert run("layers", "relu").out.endswith("In a file:  - relu\n")


def test_a_file_is_shown_byte_by_byte_but_to_a_terminal_which_obeys_nothing_of_it(tmp_path: Path) -> None:
    text = "# \x1b[31m\u202e ::error::x\ninput: [N, 8]\nlayers: [relu]\n"
    (tmp_path / "net.yaml").write_text(text)
    fault = Fault("show", ("show", "net.yaml"), 0)
    assert run_fault(fault, tmp_path).out == text.encode()
    code, received = on_a_terminal(fault, tmp_path)
    assert (code, received.decode().replace("\r\n", "\n")) == (
        0,
        "# \\u{1b}[31m\\u{202e} \\u{3a}:error::x\ninput: [N, 8]\nlayers: [relu]\n",
    )
