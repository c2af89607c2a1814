"""Diagnostics as SARIF 2.1.0, which code scanning reads.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; GitHub, "SARIF support for code scanning".
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shapecalc.diagnostics import Severity, Span
from shapecalc.diagnostics.rules import page_of, rule
from shapecalc.render import json
from shapecalc.render.check.line_hash import line_hashes
from shapecalc.render.check.located import brief, located, plural, skipped_of
from shapecalc.render.check.origin import source_address
from shapecalc.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.checking.result import Checked
    from shapecalc.render.check.located import Located

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_START = Span(1, 1, 1, 1)
_MOST = 25_000
MOST_BYTES = 10_000_000
"""The most bytes of a compressed log that code scanning takes."""


def checks(results: Sequence[Checked]) -> str:
    """Return a SARIF log of one run, in ASCII; without diagnostics its results are empty, which closes old alerts.

    Code scanning takes 25,000 results and, compressed, 10 MB: of more, the most severe are written, with a notification
    of how many are not. Rules link to their explanations if the address of shapecalc's files is known.
    """
    entries = list(located(results))
    most = min(_MOST, len(entries))
    while True:
        text = _log(entries, most, len(skipped_of(results)))
        if len(text) <= MOST_BYTES or len(zlib.compress(text.encode())) <= MOST_BYTES:
            return text
        most //= 2


def _log(entries: list[Located], most: int, skipped: int) -> str:
    """Return a log of all entries, or of the most severe ones, and the number of files passed over."""
    left = len(entries) - most
    if left:
        entries = sorted(entries, key=lambda entry: list(Severity).index(entry.diagnostic.severity))[:most]
    codes = sorted({entry.diagnostic.code for entry in entries})
    address = source_address()
    driver = {"name": "shapecalc", "semanticVersion": __version__}
    if address is not None:
        driver["informationUri"] = f"{address}/README.md"
    run: dict[str, Any] = {
        "tool": {"driver": {**driver, "rules": [_rule(code, address) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(entry, codes.index(entry.diagnostic.code)) for entry in entries],
    }
    said = [("warning", f"{plural(left, 'result')} more than {most} left out")] if left > 0 else []
    said += [("note", f"{plural(skipped, 'YAML file')} without a network passed over")] if skipped else []
    if said:
        notes = [{"level": level, "message": {"text": text}} for level, text in said]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    return json.text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, unicode=False)


def _rule(code: str, address: str | None) -> dict[str, Any]:
    explained = rule(code)
    written = {
        "id": code,
        "shortDescription": {"text": explained.title},
        "fullDescription": {"text": explained.text.split("\n\n")[0]},
        "help": {"text": explained.text, "markdown": explained.text},
    }
    return written if address is None else {**written, "helpUri": f"{address}/{page_of(code)}"}


def _result(entry: Located, index: int) -> dict[str, Any]:
    diagnostic = entry.diagnostic
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": diagnostic.severity.value,
        "message": _message("\n".join([brief(diagnostic.message), *entry.lines()])),
        "locations": [_location(entry.path, diagnostic.span)],
    }
    line_hash = _line_hash(entry)
    if line_hash is not None:
        result["partialFingerprints"] = {"primaryLocationLineHash": line_hash}
    labels = dict.fromkeys(diagnostic.labels)
    if labels:
        result["relatedLocations"] = [
            {"id": number, **_location(entry.path_of(span), span), "message": _message(brief(text) or diagnostic.code)}
            for number, (span, text) in enumerate(labels, start=1)
        ]
    if diagnostic.fix is not None:
        change = {
            "artifactLocation": _artifact(entry.path_of(diagnostic.fix.span)),
            "replacements": [
                {"deletedRegion": _region(diagnostic.fix.span), "insertedContent": {"text": diagnostic.fix.replacement}}
            ],
        }
        result["fixes"] = [{"description": _message(brief(diagnostic.help or "")), "artifactChanges": [change]}]
    return result


def _message(text: str) -> dict[str, str]:
    # `[text](address)` is a link in a message; text from a file must not become one.
    return {"text": text.replace("](", "] (")}


def _line_hash(entry: Located) -> str | None:
    """Return the hash of the line of a diagnostic, None if its text is not known: an upload then computes it."""
    span = entry.diagnostic.span
    source = entry.checked.source if span is None else entry.text_of(span)
    hashes = () if source is None else line_hashes(source.mark + source.text)
    line = (span or _START).line
    return hashes[line - 1] if line <= len(hashes) else None


def _location(path: str, span: Span | None) -> dict[str, Any]:
    # Code scanning shows nothing without a region, not even a file that cannot be read.
    region = _region(span or _START)
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _region(span: Span) -> dict[str, int]:
    return dict(zip(("startLine", "startColumn", "endLine", "endColumn"), span[:4], strict=True))


def _artifact(path: str) -> dict[str, str]:
    return {"uri": ("file://" if path.startswith("/") else "") + quote(_encoded(path))}


def _encoded(path: str) -> bytes:
    try:
        return path.encode("utf-8", "surrogateescape")  # the bytes of a name that is not valid UTF-8
    except UnicodeEncodeError:
        return path.encode("utf-8", "replace")
