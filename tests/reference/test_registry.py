"""The registry of kernels, and what the witness may know."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shapecalc import reference


def in_a_fresh_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_an_unknown_layer_type_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no_such"):
        reference.find("no_such")


def test_the_workspace_of_a_kernel_follows_from_its_shapes() -> None:
    shape = (2, 3, 5)
    assert reference.workspace("sigmoid", {}, (shape,), {}, (shape,), itemsize=4) == 4 * 30
    assert reference.workspace("relu", {}, (shape,), {}, (shape,), itemsize=4) == 0


def test_a_prediction_that_the_kernel_would_refuse_has_no_workspace() -> None:
    fields = {"kernel_size": 5, "stride": 3, "padding": 0, "dilation": 1, "ceil_mode": True}
    assert reference.workspace("max_pool", fields, ((1, 2, 2),), {}, ((1, 2, 1),), itemsize=4) == 0
    assert reference.workspace("max_pool", fields, ((1, 2, 5),), {}, (), itemsize=4) == 0


def test_a_family_is_imported_when_one_of_its_kernels_is_needed() -> None:
    code = (
        "import sys; from shapecalc import reference; first = 'numpy' in sys.modules; reference.find('conv');"
        "print(first, 'shapecalc.reference.conv' in sys.modules, 'shapecalc.reference.activation' in sys.modules)"
    )
    assert in_a_fresh_process(code) == "False True False"


def test_the_witness_knows_nothing_of_the_rules() -> None:
    code = (
        "import sys; from shapecalc import reference; reference.layer_types(); import shapecalc.reference.executor;"
        "print(sorted(m for m in sys.modules if m.startswith('shapecalc') and not m.startswith('shapecalc.reference')))"
    )
    assert in_a_fresh_process(code) == "['shapecalc']"
