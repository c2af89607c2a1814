"""Diagnostics as JUnit XML: a suite per file, a case per kind of check."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from shapecalc.diagnostics import Severity
from shapecalc.render.check.located import brief, located, path_of, plural
from shapecalc.render.terminal.escaping import terminal, xml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.render.check.located import Located

_KINDS = {
    "reading": "SC0 SC1 SC2",
    "shapes": "SC3",
    "suspicions": "SC4",
    "expectations": "SC5",
    "execution": "SC6 SC7",
}
_KIND_OF = {code: kind for kind, codes in _KINDS.items() for code in codes.split()}


def checks(results: Sequence[Checked], *, strict: bool = False, executed: bool = False) -> str:
    """Return a JUnit document in ASCII.

    A case fails by errors and, if `strict`, by warnings; its other diagnostics are its output. After one with errors,
    cases without diagnostics are skipped, as they were not reached. There is a case `execution` if the files were
    `executed` or it has diagnostics.
    """
    suites = ET.Element("testsuites", name="shapecalc")
    for checked in results:
        suite = ET.SubElement(suites, "testsuite", name=terminal(path_of(checked)))
        _fill(suite, checked, strict=strict, executed=executed)
        _count(suite)
    _count(suites)
    del suites.attrib["skipped"]  # JUnit has this count of a suite, and none of all suites
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="us-ascii", xml_declaration=False)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml_text(written.decode())


def _fill(suite: ET.Element, checked: Checked, *, strict: bool, executed: bool) -> None:
    weights = {Severity.ERROR, Severity.WARNING} if strict or checked.strict else {Severity.ERROR}
    entries = list(located([checked]))
    stopped = ""
    for kind in _KINDS:
        here = [entry for entry in entries if _KIND_OF.get(entry.diagnostic.code[:3], "reading") == kind]
        if kind == "execution" and not here and not executed:
            continue
        case = ET.SubElement(suite, "testcase", name=kind, classname=terminal(path_of(checked)))
        failing = [entry for entry in here if entry.diagnostic.severity in weights]
        others = [entry for entry in here if entry.diagnostic.severity not in weights]
        if failing:
            first = brief(failing[0].diagnostic.message)
            more = f" (and {plural(len(failing) - 1, 'finding')} more)" if len(failing) > 1 else ""
            codes = " ".join(dict.fromkeys(entry.diagnostic.code for entry in failing))
            ET.SubElement(case, "failure", message=first + more, type=codes).text = _text(failing)
        elif stopped and not here:
            ET.SubElement(case, "skipped", message=f"not reached: {stopped} found errors")
        if others:
            ET.SubElement(case, "system-out").text = _text(others)
        if any(entry.diagnostic.severity is Severity.ERROR for entry in here):
            stopped = stopped or kind


def _text(entries: list[Located]) -> str:
    blocks = []
    for entry in entries:
        diagnostic = entry.diagnostic
        at = f":{diagnostic.span.line}:{diagnostic.span.column}" if diagnostic.span else ""
        head = (
            f"{terminal(entry.path)}{at}: {diagnostic.severity.value}[{diagnostic.code}]: {brief(diagnostic.message)}"
        )
        blocks.append("\n".join([head, *(f"    {line}" for line in entry.lines())]))
    return "\n\n".join(blocks)


def _count(parent: ET.Element) -> None:
    """Set the numbers of cases, failures and skipped cases below an element."""
    parent.set("tests", str(sum(1 for _ in parent.iter("testcase"))))
    parent.set("failures", str(sum(1 for _ in parent.iter("failure"))))
    parent.set("errors", "0")
    parent.set("skipped", str(sum(1 for _ in parent.iter("skipped"))))
