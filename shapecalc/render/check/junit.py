"""Diagnostics as JUnit XML: a suite per file, a case per kind of check."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from shapecalc.diagnostics import Severity
from shapecalc.render.check.findings import brief, located, path_of, plural
from shapecalc.render.terminal.escaping import terminal, xml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.render.check.findings import Located

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
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="us-ascii", xml_declaration=False)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml_text(written.decode())


def _fill(suite: ET.Element, checked: Checked, *, strict: bool, executed: bool) -> None:
    weights = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    places = list(located([checked]))
    stopped = ""
    for kind in _KINDS:
        here = [place for place in places if _KIND_OF.get(place.found.code[:3], "reading") == kind]
        if kind == "execution" and not here and not executed:
            continue
        case = ET.SubElement(suite, "testcase", name=kind, classname=terminal(path_of(checked)))
        failing = [place for place in here if place.found.severity in weights]
        told = [place for place in here if place.found.severity not in weights]
        if failing:
            first = brief(failing[0].found.message)
            more = f" (and {plural(len(failing) - 1, 'finding')} more)" if len(failing) > 1 else ""
            codes = " ".join(dict.fromkeys(place.found.code for place in failing))
            ET.SubElement(case, "failure", message=first + more, type=codes).text = _told(failing)
        elif stopped and not here:
            ET.SubElement(case, "skipped", message=f"not reached: {stopped} found errors")
        if told:
            ET.SubElement(case, "system-out").text = _told(told)
        if any(place.found.severity is Severity.ERROR for place in here):
            stopped = stopped or kind


def _told(places: list[Located]) -> str:
    blocks = []
    for place in places:
        found = place.found
        at = f"{terminal(place.path)}:{found.span.line}:{found.span.column}" if found.span else terminal(place.path)
        head = f"{at}: {found.severity.value}[{found.code}]: {brief(found.message)}"
        blocks.append("\n".join([head, *(f"    {line}" for line in place.lines())]))
    return "\n\n".join(blocks)


def _count(parent: ET.Element) -> None:
    """Set the numbers of cases, failures and skipped cases below an element."""
    parent.set("tests", str(sum(1 for _ in parent.iter("testcase"))))
    parent.set("failures", str(sum(1 for _ in parent.iter("failure"))))
    parent.set("errors", "0")
    parent.set("skipped", str(sum(1 for _ in parent.iter("skipped"))))
