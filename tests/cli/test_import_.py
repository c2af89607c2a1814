"""`shapecalc import`: a file of another tool as an architecture file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import shapecalc

ORACLE = Path(__file__).parent.parent / "oracle"
PROGRAM = ORACLE / "torch_exports" / "residual.pt2"
MODELS = [PROGRAM, ORACLE / "keras_imports" / "lenet.keras", ORACLE / "onnx_models" / "cnn.dynamo.onnx"]
LAMBDA = {"class_name": "Lambda", "config": {"name": "f"}}
INPUT = {"class_name": "InputLayer", "config": {"batch_shape": [None, 8], "dtype": "float32", "name": "x"}}
DENSE = {"class_name": "Dense", "config": {"name": "fc", "units": 4}}


def keras(*layers):
    return json.dumps({"class_name": "Sequential", "config": {"name": "net", "layers": [INPUT, *layers]}})


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.suffix)
def test_what_is_written_is_what_inspect_reads(run, tmp_path, model) -> None:
    assert run("import", model, "--output", "net.yaml").code == 0
    written = shapecalc.inspect(tmp_path / "net.yaml")
    read = shapecalc.inspect(model, params_as="pytorch")
    assert written.totals == read.totals
    assert [row.outputs for row in written.layers] == [row.outputs for row in read.layers]


def test_the_text_goes_to_a_pipe_and_to_json(run) -> None:
    text = run("import", PROGRAM).out
    assert text.startswith("name: residual\n")
    assert json.loads(run("import", PROGRAM, "--format", "json").out)["text"] == text


@pytest.mark.parametrize("name", ["lenet5", "net.yaml"])
def test_an_architecture_file_is_no_file_of_another_tool(run, tmp_path, name) -> None:
    (tmp_path / "net.yaml").write_text("{input: [N, 3], layers: [relu]}")
    done = run("import", name)
    assert (done.code, "is an architecture file, expects a file of another tool" in done.err) == (2, True)


def test_an_operator_that_cannot_be_read_is_named_and_nothing_is_written(run, tmp_path) -> None:
    (tmp_path / "net.json").write_text(keras(DENSE, LAMBDA))
    done = run("import", "net.json", "--output", "net.yaml")
    assert (done.code, done.out) == (1, "")
    assert "error[SC031]: `net.json` has `Lambda` at `f`" in done.err
    assert not (tmp_path / "net.yaml").exists()


def test_a_broken_file_is_no_traceback(run, tmp_path) -> None:
    (tmp_path / "net.pt2").write_bytes(PROGRAM.read_bytes()[:20_000])
    done = run("import", "net.pt2")
    assert (done.code, "error[SC032]" in done.err) == (2, True)


def test_every_command_reads_the_file_itself(run, tmp_path) -> None:
    (tmp_path / "net.pt2").write_bytes(PROGRAM.read_bytes())
    for command in ("inspect", "check", "memory", "train-cost", "sweep", "lock", "explain", "show"):
        assert run(command, "net.pt2").code == 0, command
    assert "shapes are those that the file states" in run("verify", "net.pt2").out.replace("\n", " ")
    assert run("check", "--locked", "net.pt2").code == 0


def test_keras_counts_its_parameters_unless_another_convention_is_given(run) -> None:
    usual = run("inspect", MODELS[1]).out
    assert "params as Keras counts them" in usual
    assert "Keras" not in run("inspect", MODELS[1], "--params-as", "pytorch").out.partition("\n")[2]


def test_standard_input_takes_no_binary_file(run) -> None:
    done = run("inspect", "-", stdin=PROGRAM.read_bytes())
    assert (done.code, "give it by its path" in done.err) == (2, True)


BARE = "import sys; sys.modules.update(onnx=None, h5py=None); from shapecalc.__main__ import main; main()"
"""A process in which the packages of the extras cannot be imported."""


def bare(*arguments):
    return subprocess.run(
        [sys.executable, "-c", BARE, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("model", MODELS[:2], ids=lambda path: path.suffix)
def test_no_extra_is_needed_for_what_a_fresh_install_reads(model) -> None:
    done = bare("inspect", model)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_model_that_needs_an_extra_says_how_to_install_it() -> None:
    done = bare("inspect", MODELS[2])
    assert done.returncode == 2
    assert "is read with the package `onnx`, which is not installed" in done.stderr
    assert "pip install 'nn-shapecalc[onnx]'" in done.stderr


def test_an_architecture_file_imports_no_importer() -> None:
    code = (
        "import sys; from shapecalc.__main__ import main\ntry: main()\nfinally: print([*sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "inspect", "lenet5"], capture_output=True, text=True, check=False
    )
    assert "shapecalc.files.load" in done.stderr
    assert not [
        name for name in ("shapecalc.importers", "numpy", "onnx", "h5py", "torch") if f"'{name}'" in done.stderr
    ]
