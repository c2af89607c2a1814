"""The tables of docs/reference/onnx.md: how each operator is written, and the tests that remain."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tests.oracle.onnx_nodes.fixture import GROUPS

PAGE = Path(__file__).parents[3] / "docs/reference/onnx.md"
START, END = "<!-- Written by tests/oracle/make_onnx_node_models.py. -->\n", "<!-- End. -->\n"
TITLES = {"core": "Layers", "arithmetic": "Arithmetic", "more": "Further operators"}
Rows = list[dict[str, Any]]


def tables(rows: Rows) -> str:
    """Return the tables of operators, a group each, and of the tests that do not agree."""
    parts = []
    for group, operators in GROUPS.items():
        own = [row for row in rows if row["op"] in operators]
        agree = sum(row["verdict"] == "agrees" for row in own)
        parts += [f"### {TITLES[group]}: {agree} of {len(own)} tests\n", operators_table(own)]
    return "\n".join([*parts, "### Tests that do not agree\n", remaining_table(rows)])


def operators_table(rows: Rows) -> str:
    """Return the operators with the layers that their tests become, tensors left out, and how many agree."""
    lines = ["| operator | written as | tests |", "| --- | --- | --- |"]
    for operator in sorted({row["op"] for row in rows}):
        own = [row for row in rows if row["op"] == operator]
        forms = Counter(tuple(dict.fromkeys(row["layers"])) for row in own if row["verdict"] == "agrees")
        shown = [", ".join(f"`{layer}`" for layer in form) for form, _ in forms.most_common(2)]
        more = f"; {len(forms) - 2} more" if len(forms) > 2 else ""
        lines.append(f"| {operator} | {'; '.join(shown)}{more} | {sum(forms.values())} of {len(own)} |")
    return "\n".join(lines) + "\n"


def remaining_table(rows: Rows) -> str:
    """Return the reasons with their tests."""
    lines = ["| reason | tests |", "| --- | --- |"]
    remaining = [row for row in rows if row["verdict"] != "agrees"]
    for reason in sorted({row["reason"] for row in remaining}):
        names = ", ".join(row["test"].removeprefix("test_") for row in remaining if row["reason"] == reason)
        lines.append(f"| {reason} | {names} |")
    return "\n".join(lines) + "\n"


def page(text: str, rows: Rows) -> str:
    """Return the page with these tables in place of its own."""
    before, _, rest = text.partition(START)
    return before + START + "\n" + tables(rows) + "\n" + END + rest.partition(END)[2]
