"""A check finds what inspecting finds, of every file, whoever does the work; files of blocks are no networks."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shapecalc.checking.check import CheckOptions, check, check_file, check_source, select_codes
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.execution.budget import Budget
from shapecalc.files import zoo
from shapecalc.layers.linear import Linear
from tests.house.test_cases import CASES, FOLDER, findings_of
from tests.support import repositories

if TYPE_CHECKING:
    from pathlib import Path


CLEAN = "input: [N, 3, 7, 11]\nlayers: [relu]\n"


BROKEN = "input: [N, 3, 7, 11]\nlayers: [rleu]\n"


SUSPECT = "input: [T, N, 5]\nlayers:\n  - gru: {hidden_size: 3, dropout: 0.5}\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("clean.yaml", CLEAN), ("broken.yaml", BROKEN), ("suspect.yaml", SUSPECT)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.usefixtures("files")
def test_every_file_has_its_findings_and_the_others_are_clean() -> None:
    assert [(result.name, [found.code for found in result.findings]) for result in check(".")] == [
        ("broken.yaml", ["SC101"]),
        ("clean.yaml", []),
        ("suspect.yaml", ["SC402"]),
    ]


@pytest.mark.usefixtures("files")
def test_a_warning_fails_a_strict_check_alone() -> None:
    broken, clean, suspect = check(".")
    assert [result.failed() for result in (broken, clean, suspect)] == [True, False, False]
    assert [result.failed(strict=True) for result in (broken, clean, suspect)] == [True, False, True]


def test_the_zoo_is_in_order() -> None:
    for result in check(*zoo.names()):
        assert not result.failed(), result.findings


def test_a_check_finds_of_every_known_mistake_at_least_what_inspecting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    for path in CASES:
        found = {(finding.code, finding.span, finding.label) for finding in check_file(path.name).findings}
        assert found >= {(finding.code, finding.span, finding.label) for finding in findings_of(path)}, path.name


@pytest.mark.usefixtures("files")
def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_are_checked() -> None:
    missing, broken = check("missing.yaml", "broken.yaml")
    assert (missing.readable, [found.code for found in missing.findings]) == (False, ["SC001"])
    assert (broken.readable, [found.code for found in broken.findings]) == (True, ["SC101"])


def test_a_folder_without_files_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(ShapecalcError, match="no YAML file below it"):
        check(tmp_path)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("blocks:\n  a:\n    layers: [relu]\n", []),
        ("blocks:\n  a:\n    layers: [relu]\n    parameter: [b]\n", ["SC102"]),
        ("blocks: 3\n", ["SC202"]),
        ("include: missing.yaml\nblocks:\n  a:\n    layers: [relu]\n", ["SC115"]),
        ("blocks: {a: {layers: [relu]}}\nlayers: [a]\n", ["SC108"]),  # a network without its input
        ("block:\n  a:\n    layers: [relu]\n", ["SC102", "SC108", "SC108"]),
    ],
)
def test_a_file_of_blocks_is_checked_as_what_it_is(tmp_path: Path, text: str, codes: list[str]) -> None:
    result = check_source(Source("common.yaml", text), tmp_path)
    assert sorted(found.code for found in result.findings) == codes, result.findings


def test_a_finding_in_an_included_file_points_into_it(files: Path) -> None:
    (files / "common.yaml").write_text(
        "blocks:\n  wide:\n    layers:\n      - conv: {out_chanels: 4, kernel_size: 3}\n"
    )
    (files / "net.yaml").write_text("input: [N, 3, 7, 11]\ninclude: common.yaml\nlayers: [wide]\n")
    result = check_file("net.yaml")
    (finding,) = result.findings
    assert result.source is not None
    assert finding.span is not None
    assert (result.source.of(finding.span).name, finding.span.line) == ("common.yaml", 4)


@pytest.mark.usefixtures("files")
def test_codes_are_selected_and_ignored_by_what_they_begin_with() -> None:
    result = check_file("suspect.yaml")
    assert [found.code for found in select_codes(result, (), ()).findings] == ["SC402"]
    assert select_codes(result, ("SC3",), ()).findings == ()
    assert select_codes(result, (), ("SC4",)).findings == ()
    assert [found.code for found in select_codes(result, ("SC4",), ("SC403",)).findings] == ["SC402"]


def test_where_and_expect_are_held() -> None:
    text = 'input: [N, 3, H, 8]\nwhere: ["H % 2 == 0"]\nsizes: {H: 8}\n'
    text += "layers:\n  - pixel_unshuffle: 4\nexpect: {params: 1}\n"
    result = check_source(Source("net.yaml", text), None)
    assert [found.code for found in result.findings] == ["SC318", "SC501"]


def test_a_run_that_does_other_than_predicted_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_file("lenet5", CheckOptions(run=True)).findings == ()
    right = Linear.macs
    monkeypatch.setattr(Linear, "macs", lambda self, x, y: right(self, x, y) + 1)
    finding, *others = check_file("lenet5", CheckOptions(run=True)).findings
    assert (finding.code, finding.message) == (
        "SC601",
        "`c5` is predicted to do 48001 multiply-accumulates, does 48000 at N = 1",
    )
    assert {other.code for other in others} == {"SC501"}


def test_a_run_that_would_take_too_much_memory_is_a_finding() -> None:
    assert [
        found.code for found in check_file("vgg16", CheckOptions(run=True, budget=Budget(memory=10**6))).findings
    ] == ["SC701"]


def test_checking_imports_no_numpy_and_running_does() -> None:
    code = "import sys, shapecalc; shapecalc.check('lenet5', run={run}); print('numpy' in sys.modules)"
    for run in (False, True):
        done = subprocess.run(
            [sys.executable, "-c", code.format(run=run)],
            capture_output=True,
            text=True,
            check=True,
            cwd=FOLDER.parent.parent,
        )
        assert done.stdout.strip() == str(run)


def test_yaml_files_of_other_tools_are_passed_over_and_named(files: Path) -> None:
    (files / "compose.yaml").write_text("services: {web: {image: nginx}}")
    results = check(".", exclude=["broken.yaml"])
    assert [result.name for result in results] == ["clean.yaml", "suspect.yaml"]
    assert results.skipped == ("compose.yaml",)
    assert pickle.loads(pickle.dumps(results)).skipped == results.skipped
    assert "SC108" in [found.code for found in check("compose.yaml")[0].findings]


def test_a_generated_repository_is_clean(tmp_path: Path) -> None:
    written = repositories.write(tmp_path, 60)
    results = check(tmp_path)
    assert sorted(result.name for result in results) == sorted(map(str, written))
    assert [result.name for result in results if result.findings] == []
    assert any("include:" in path.read_text() for path in written)
