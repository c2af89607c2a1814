"""A network as `package.module:factory`: only `inspect` runs code, and only if it is told the sizes of an example."""

from __future__ import annotations

import pytest

MODULE = "def build():\n    raise SystemExit('it was run')\n"


@pytest.fixture(autouse=True)
def _module(tmp_path):
    (tmp_path / "mynet.py").write_text(MODULE)


@pytest.mark.parametrize("command", ["check", "verify", "lock", "memory", "import", "show"])
def test_no_other_command_runs_code(run, command) -> None:
    done = run(command, "mynet:build")
    assert done.code == 2
    assert "it was run" not in done.err + done.out
    advice = "code is only run by `shapecalc inspect mynet:build --input SIZES`"
    assert advice in done.err + done.out or command == "lock"  # which takes files only


def test_without_the_sizes_of_an_example_nothing_is_run(run) -> None:
    done = run("inspect", "mynet:build")
    assert done.code == 2
    assert "expects `--input` with the sizes of an example" in done.err
    assert "it was run" not in done.err


@pytest.mark.parametrize("sizes", ["1,3,x", "", "1;3", "1,3:float64"])
def test_sizes_that_are_none_are_refused(run, sizes) -> None:
    done = run("inspect", "mynet:build", "--input", sizes)
    assert (done.code, "`--input` expects sizes such as 1,3,224,224" in done.err) == (2, True)


def test_a_module_that_is_not_there_is_a_usage_error(run) -> None:
    done = run("inspect", "nonet:build", "--input", "1,3")
    assert (done.code, "`nonet:build` cannot be imported" in done.err) == (2, True)


def test_a_function_imports_modules_next_to_its_own_when_it_is_called(run, tmp_path) -> None:
    (tmp_path / "sibling.py").write_text("WORD = 'the sibling was imported'")
    (tmp_path / "lazy.py").write_text("def build():\n    import sibling\n    raise SystemExit(sibling.WORD)\n")
    assert "the sibling was imported" in run("inspect", "lazy:build", "--input", "1,3").err
