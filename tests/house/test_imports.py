"""What a command may import, and what the witness may: each in a process of its own, where nothing is imported yet."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import shapecalc
from tests.support.rows import for_each

PACKAGE = Path(shapecalc.__file__).parent
WITNESS = sorted((PACKAGE / "reference").rglob("*.py"))
MAY_BE_IMPORTED_BY_THE_WITNESS = {"numpy", *sys.stdlib_module_names}


def imported_by(code: str) -> set[str]:
    """The top-level packages and shapecalc's own modules that a fresh Python holds after the code has run."""
    program = f"""
import sys
sys.argv = ["shapecalc"]
try:
    {code}
except SystemExit as end:
    assert not end.code, end.code
print("\\n" + " ".join(sorted(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})\n{program}"],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    modules = done.stdout.splitlines()[-1].split()
    return {name for name in modules if "." not in name or name.startswith("shapecalc.")}


def command(*words: str) -> set[str]:
    return imported_by(f"sys.argv += {list(words)!r}; from shapecalc.cli import main; main()")


def test_the_package_alone_imports_none_of_its_dependencies() -> None:
    assert not imported_by("import shapecalc") & {"numpy", "yaml", "rich", "typer"}


def test_inspecting_from_python_needs_neither_numpy_nor_the_command_line() -> None:
    held = imported_by("import shapecalc; shapecalc.inspect(shapecalc.load('lenet5')).to_dict()")
    assert "yaml" in held
    assert not held & {"numpy", "rich", "typer"}


def test_inspect_leaves_numpy_alone() -> None:
    held = command("inspect", "lenet5")
    assert {"yaml", "typer"} <= held
    assert not held & {"numpy", "shapecalc.reference", "shapecalc.execution.lowering", "shapecalc.execution.verify"}


def test_a_sweep_needs_numpy_and_none_of_the_kernels() -> None:
    held = command("sweep", "lenet5", "--set", "N=1:9")
    assert {"numpy", "shapecalc.solving.sweep"} <= held
    assert not held & {"rich", "distributed", "matplotlib", "shapecalc.reference", "shapecalc.execution.lowering"}


def test_this_test_can_fail_for_verify_does_import_numpy() -> None:
    assert {"numpy", "shapecalc.execution.verify"} <= command("verify", "lenet5")


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "lenet5", "--format", "json"),
        ("memory", "resnet18"),
        ("train-cost", "char-rnn", "--set", "T=9"),
        ("solve", "vgg11"),
        ("show", "lenet5"),
        ("layers", "conv"),
        ("rule", "SC301"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_what_writes_no_table_needs_neither_numpy_nor_its_kernels(words: tuple[str, ...]) -> None:
    assert not command(*words) & {"numpy", "shapecalc.reference.base"}


@pytest.mark.parametrize(
    "words",
    [
        ("conv", "--n", "32", "--f", "5"),
        ("pool", "--n", "28", "--f", "2"),
        ("conv-transpose", "--n", "8", "--f", "4"),
        ("linear", "--in", "400", "--out", "120"),
        ("rnn", "--input-size", "10", "--hidden-size", "20"),
        ("lstm", "--input-size", "10", "--hidden-size", "20", "--format", "json"),
        ("gru", "--input-size", "10", "--hidden-size", "20"),
        ("embedding", "--num", "10", "--dim", "3"),
        ("solve", "conv", "--n", "32", "--out", "16"),
    ],
    ids=lambda words: words[0],
)
def test_a_calculator_reads_no_yaml_draws_no_table_and_runs_nothing(words: tuple[str, ...]) -> None:
    assert not command(*words) & {"numpy", "yaml", "rich", "shapecalc.parser", "shapecalc.shape_inference.engine"}


def test_a_file_of_common_layers_does_not_pay_for_the_others() -> None:
    held = imported_by("import shapecalc; shapecalc.loads('{input: [N, 4], layers: [linear: 3]}')")
    assert "shapecalc.layers.linear" in held
    assert "shapecalc.layers.normalization" not in held


def outside(source: str, package: str = "shapecalc.reference") -> set[str]:
    """What a module imports beside the standard library, NumPy and its own package."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from .base import …` would be its own package too; the house writes whole names.
            found.add("." * node.level + (node.module or ""))
    return {
        name
        for name in found
        if name.partition(".")[0] not in MAY_BE_IMPORTED_BY_THE_WITNESS
        and name != package
        and not name.startswith(f"{package}.")
    }


@for_each("path", WITNESS, ids=lambda path: path.stem)
def test_the_witness_imports_nothing_of_the_rules_that_it_is_a_witness_of(path: Path) -> None:
    assert outside(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from shapecalc.layers.windows import output_size", {"shapecalc.layers.windows"}),
        ("import shapecalc", {"shapecalc"}),
        ("def f():\n    from shapecalc.dims import Dim", {"shapecalc.dims"}),
        ("from ..layers import windows", {"..layers"}),
        ("from shapecalc.reference_rules import x", {"shapecalc.reference_rules"}),
        ("import math, numpy as np\nfrom shapecalc.reference.base import Call", set()),
    ],
    ids=["a rule", "the package", "within a function", "by a relative name", "a name alike", "what is allowed"],
)  # fmt: skip
def test_an_import_of_a_rule_would_be_found(source: str, found: set[str]) -> None:
    assert outside(source) == found


def test_the_witness_runs_where_the_rules_cannot_be_imported() -> None:
    """Not even indirectly: with the rules' modules barred, every kernel is still found."""
    barred = ["layers", "dims", "engine", "architecture", "execution", "parser", "diagnostics"]
    bar = f"sys.modules.update(dict.fromkeys(['shapecalc.' + room for room in {barred}]))"
    code = f"{bar}; from shapecalc import reference; assert len(reference.layer_types()) > 30"
    assert "shapecalc.reference.conv" in imported_by(code)
