"""One function returns all diagnostics of a report, and the commands that show a network agree on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import shapecalc
from shapecalc.checking.diagnose import diagnose
from shapecalc.cli import app
from shapecalc.shape_inference.engine import Reports, inspect_at

if TYPE_CHECKING:
    from pathlib import Path

NET = """\
input: [N, 3, H, W]
sizes: {H: 8, W: 8}
where: ["H % 2 == 0"]
layers:
  - relu
  - {dropout: 0.5, from: input}
  - {pixel_unshuffle: 2, from: input}
  - {softmax: 1}
  - {softmax: 1}
outputs: [softmax_4]
expect: {params: 1}
"""
"""Two steps that nothing reads, a second softmax, `params` that are 0, and a width that `where:` leaves odd."""


def codes(report: shapecalc.Report, **options: bool) -> list[str]:
    return [finding.code for finding in diagnose(report, **options)]


def test_every_kind_of_diagnostic_is_returned() -> None:
    assert codes(shapecalc.inspect(shapecalc.loads(NET))) == ["SC403", "SC403", "SC406", "SC501", "SC318"]


def test_a_brief_answer_has_the_lints_of_what_has_no_effect_alone() -> None:
    assert codes(shapecalc.inspect(shapecalc.loads(NET)), brief=True) == ["SC403", "SC403", "SC501", "SC318"]


def test_other_sizes_are_not_those_for_which_a_file_states_something() -> None:
    report = inspect_at(shapecalc.loads(NET), {"H": 6})
    assert codes(report, expectations=False, where=False) == ["SC403", "SC403", "SC406"]


def test_symbols_without_a_valid_size_are_reported_at_any_sizes() -> None:
    report = shapecalc.inspect(shapecalc.loads("{input: [N, H], layers: [relu], where: [H > 10, H < 5]}"))
    assert codes(report, expectations=False, where=False) == ["SC319"]


def test_what_has_no_closed_form_is_reported_next_to_the_other_diagnostics() -> None:
    text = 'input: [N, 3, H]\nsizes: {H: 8}\nwhere: ["H > 7"]\nlayers: [{upsample: {scale_factor: 1.3}}]\n'
    report = shapecalc.inspect(shapecalc.loads(f"{text}expect: {{params: 1}}\n"))
    assert codes(report) == ["SC501", "SC311"]


def test_reports_that_are_there_are_not_inferred_again(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = Reports(shapecalc.loads(NET))
    report, _ = reports.at({}), reports.at({}, symbolic=True)
    monkeypatch.setattr("shapecalc.shape_inference.engine.infer", None)
    assert [finding.code for finding in diagnose(report, reports)][-1] == "SC318"


def reported(command: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)  # `watch` waits for the next version of the file
    result = CliRunner().invoke(app, command.split())
    return sorted(re.findall(r"\bSC\d{3}\b", result.output))


@pytest.mark.parametrize(
    ("options", "expected"),
    [("", ["SC318", "SC403", "SC403", "SC501"]), ("--set W=6", ["SC403", "SC403"])],
)
def test_inspect_and_watch_show_the_same_and_check_the_other_lints_too(
    options: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.yaml").write_text(NET)
    monkeypatch.chdir(tmp_path)
    assert reported(f"inspect net.yaml {options}", monkeypatch) == expected
    assert reported(f"watch net.yaml {options}", monkeypatch) == expected
    if not options:
        assert reported("check net.yaml", monkeypatch) == sorted([*expected, "SC406"])
