"""The result of checking one file: when it fails."""

from __future__ import annotations

import pytest

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Severity


@pytest.mark.parametrize(
    ("severities", "failed", "failed_strictly"),
    [
        ([], False, False),
        ([Severity.NOTE], False, False),
        ([Severity.WARNING], False, True),
        ([Severity.NOTE, Severity.WARNING], False, True),
        ([Severity.WARNING, Severity.ERROR], True, True),
    ],
)
def test_an_error_fails_a_check_and_a_warning_a_strict_one(
    severities: list[Severity], *, failed: bool, failed_strictly: bool
) -> None:
    checked = Checked("net.yaml", None, tuple(Diagnostic("SC999", "odd", severity) for severity in severities))
    assert (checked.failed(), checked.failed(strict=True)) == (failed, failed_strictly)
