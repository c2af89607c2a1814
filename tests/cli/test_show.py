"""`shapecalc show`: the text of an architecture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import shapecalc
from tests.hostile.faults.processes import Fault, on_a_terminal, run as run_fault

FOLDER = Path(shapecalc.__file__).parent.parent / "architectures"


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


def test_a_file_has_the_very_bytes_and_json_the_text(run, tmp_path) -> None:
    text = "name: Café 畳\r\ninput: [N, 3]\nlayers: [relu]".encode()
    (tmp_path / "net.yaml").write_bytes(text)
    for name in ("copy.yaml", "copy.yml", "copy.txt", "copy"):
        assert run("show", "net.yaml", "--output", name).out == ""
        assert (tmp_path / name).read_bytes() == text, name
    run("show", "net.yaml", "--output", "copy.json")
    assert json.loads((tmp_path / "copy.json").read_bytes())["text"].encode() == text
