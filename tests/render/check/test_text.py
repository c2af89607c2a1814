from __future__ import annotations

from shapecalc.checking.result import Checked
from shapecalc.diagnostics import Diagnostic, Severity
from shapecalc.render.check.text import checks
from tests.support.check_inputs import checked, one, thirty


def test_the_last_line_counts_files_and_findings() -> None:
    assert checks(thirty()).split("\n")[-1] == "4 files checked: 16 errors, 14 warnings"
    assert checks(one()).split("\n")[-1] == "2 files checked: 1 error"


def test_clean_files_are_one_line() -> None:
    assert checks([checked("clean.yaml")]) == "1 file checked: clean"


def test_no_file_is_clean_too() -> None:
    assert checks([]) == "0 files checked: clean"


def test_files_stand_one_below_the_other() -> None:
    heads = [line for line in checks([checked("missing.yaml"), *one()]).split("\n") if line.startswith("error")]
    assert heads == [
        "error[SC001]: `missing.yaml` does not exist",
        "error[SC301]: `linear` expects 512 input features, receives 147",
    ]


def test_a_finding_without_a_place_names_its_file() -> None:
    found = Diagnostic("SC999", "odd", Severity.NOTE, help="mend it")
    assert checks([Checked("net\n.yaml", None, (found,))]).split("\n") == [
        "note[SC999]: odd",
        r" --> net\u{a}.yaml",
        "  = help: mend it",
        "",
        "1 file checked: 1 note",
    ]


def test_colour_is_only_added() -> None:
    colored = checks(one(), color=True)
    assert "\x1b[1;31m" in colored
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[1;34m", "\x1b[1;31m"):
        colored = colored.replace(code, "")
    assert colored == checks(one())
