"""What `expect:` holds a file to: bounds, tolerances, memory, outputs, closed forms."""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc.checking.expect import unmet
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.shape_inference.engine import inspect
from tests.support.rows import for_each

NET = """\
name: net
input: [N, 3]
layers:
  - linear: 5
    name: first
  - linear: 7
    name: second
outputs: [second, first]
"""
"""20 + 42 parameters; 5 + 7 numbers leave the layers, so 48 bytes, and 248 of parameters."""


def told(expect: str, net: str = NET) -> tuple[Diagnostic, ...]:
    return unmet(inspect(shapecalc.loads(f"{net}expect: {expect}\n")))


def refused(expect: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.loads(f"{NET}expect: {expect}\n")
    return caught.value.diagnostics


@pytest.mark.parametrize(
    "expect",
    [
        "{params: 62}",
        "{params: <= 62, macs: '>= 50', flops: '> 111', buffers: <= 0}",
        "{params: < 0.063K}",
        "{params: 61 ± 2%}",
        "{params: 60 .. 70}",
        "{params: 0.062K}",
        "{memory: 296, activations: 48}",
        "{memory: <= 296 B, activations: '> 0.04 KiB'}",
        "{outputs: {first: [N, 5], second: [N, 7]}, output: [N, 7]}",
    ],
)
def test_what_lies_within_is_silent(expect: str) -> None:
    assert told(expect) == ()


@pytest.mark.parametrize(
    ("expect", "message", "label", "help_text"),
    [
        ("{params: <= 61}", "`net` expects params <= 61, has 62", "is 62", "1 too many (1.6%)"),
        ("{params: < 62}", "`net` expects params < 62, has 62", "is 62", "1 too many (1.6%)"),
        ("{params: '> 62'}", "`net` expects params > 62, has 62", "is 62", "1 too few (1.6%)"),
        ("{params: 60 ± 2%}", "`net` expects params 60 ± 2%, has 62", "is 62", "1 too many (1.6%)"),
        ("{params: 61 ± 0%}", "`net` expects params 61 ± 0%, has 62", "is 62", "1 too many (1.6%)"),
        ("{params: 61..61}", "`net` expects params 61..61, has 62", "is 62", "1 too many (1.6%)"),
        ("{params: <= 0}", "`net` expects params <= 0, has 62", "is 62", "62 too many:"),
        ("{memory: <= 295B}", "`net` expects memory <= 295B, has 296", "is 296", "1 too many (0.34%)"),
        ("{activations: '>= 1K'}", "`net` expects activations >= 1K, has 48", "is 48", "952 too few (95%)"),
    ],
)
def test_what_lies_beyond_says_by_how_much_and_offers_no_edit(
    expect: str, message: str, label: str, help_text: str
) -> None:
    (finding,) = told(expect)
    assert (finding.code, finding.message, finding.label, finding.fix) == ("SC501", message, label, None)
    assert (finding.help or "").startswith(help_text)


def test_the_caret_stands_under_the_whole_bound() -> None:
    (finding,) = told("{params: '<= 61'}")
    assert finding.span is not None
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (9, 18, 25)


def test_a_large_figure_is_grouped_where_it_is_read() -> None:
    (finding,) = told("{macs: <= 2M}", "name: net\ninput: [N, 1024]\nlayers: [linear: 2048]\n")
    assert finding.label == "is 2,097,152"
    assert finding.message == "`net` expects macs <= 2M, has 2097152"


def test_a_figure_with_a_unit_is_exact_and_its_help_says_what_a_rounded_one_needs() -> None:
    net = "name: net\ninput: [N, 1024]\nlayers: [linear: 2048]\n"
    (finding,) = told("{macs: 2.1M}", net)
    assert finding.help == 'write `macs: 2097152`, or `"2.1M ± 1%"` where the figure is rounded'
    assert finding.fix is not None
    assert finding.fix.replacement == "2097152"
    (finding,) = told("{macs: 2M}", net)
    assert finding.help == "write `macs: 2097152` if the change is meant"


def test_memory_is_of_outputs_and_parameters_as_in_a_sweep() -> None:
    from shapecalc.solving.sweep.plans import costs

    report = inspect(shapecalc.load("resnet18"))
    figures = costs(report)
    text = f"expect: {{memory: {figures['memory']}, activations: {figures['activations']}}}\n"
    source = re.sub(r"^expect:\n(?:  .*\n)*", text, report.architecture.file.text, flags=re.MULTILINE)  # type: ignore[union-attr]
    assert "memory" in source
    assert unmet(inspect(shapecalc.loads(source))) == ()


def test_a_step_is_held_to_each_of_its_outputs() -> None:
    expect = "{outputs: {h_n: [1, N, 6], c_n: [1, N, 5]}}"
    net = f"input: [7, N, 3]\nlayers:\n  - lstm: {{hidden_size: 5}}\n    expect: {expect}\n"
    (finding,) = unmet(inspect(shapecalc.loads(net)))
    assert finding.message == "`lstm_0` expects output `h_n` [1, N, 6], has [1, N, 5]"


def test_an_output_that_is_not_there_is_told_with_those_that_are() -> None:
    (finding,) = told("{outputs: {secnd: [N, 7]}}")
    assert (finding.message, finding.help) == ("`net` has no output `secnd`", "did you mean `second`?")
    (finding,) = told("{outputs: {boxes: [N, 7]}}")
    assert finding.help == "outputs: second, first"


OPEN = "name: net\ninput: [N, 3, H]\nlayers:\n  - conv: {out_channels: 5, kernel_size: 3}\n"
"""15 × 3·(H − 2) MACs, of which no bound says whether they are within."""


@pytest.mark.parametrize("expect", ["{params: <= 50}", "{macs: '>= 0', flops: '>= 0'}"])
def test_a_bound_that_holds_whatever_a_symbol_is_is_silent(expect: str) -> None:
    net = "name: net\ninput: [N, 3, H]\nlayers:\n  - conv: {out_channels: 5, kernel_size: 3, padding: 1}\n"
    assert told(expect, net) == ()


def test_a_bound_that_no_symbol_can_meet_is_told_as_such() -> None:
    net = "name: net\ninput: [N, 3, H]\nlayers:\n  - conv: {out_channels: 5, kernel_size: 3, padding: 1}\n"
    (finding,) = told("{macs: <= 44}", net)
    assert finding.message == "`net` expects macs <= 44, has 45·H"
    assert finding.label == "is 45 or more, whatever its symbols are"


@pytest.mark.parametrize("value", ["<= 5M", "450", "450 ± 2%", "'>= 46'"])
def test_a_figure_that_depends_on_a_symbol_asks_for_its_size(value: str) -> None:
    (finding,) = told(f"{{macs: {value}}}", OPEN)
    assert finding.message.endswith("has 45·H − 90: that depends on `H`")
    assert (finding.help, finding.fix) == ("give `H` a number in `sizes:`, for which this is expected", None)


def test_a_shape_that_a_file_cannot_write_is_not_offered() -> None:
    (finding,) = told("{output: [N, 5, 30]}", OPEN)
    assert (finding.message, finding.fix) == ("`net` expects output [N, 5, 30], has [N, 5, H − 2]", None)
    (finding,) = told("{output: [N, 5, 30]}", OPEN.replace("3}", "3, padding: 1}"))
    assert finding.fix is not None
    assert finding.fix.replacement == "[N, 5, H]"


@for_each(
    "written, help_text, replacement",
    [
        ("=< 5M", 'write `"<= 5M"`', '"<= 5M"'),
        ("'61706'", "write `61706` without quotes", "61706"),
        ("61706.0", "write `61706`", "61706"),
        ("1e6", "write `1000000`", "1000000"),
        ("'<= 26,012,345'", 'write `"<= 26012345"`', '"<= 26012345"'),
        ("25.6", None, None),
        ("true", None, None),
        ("[1, 2]", None, None),
        ("{least: 5}", None, None),
        ("''", 'put quotes around a bound: `">= 5M"`', None),
        ("<= 1e999M", None, None),
        ("−5M", None, None),
        ("'<= " + "9" * 400 + "'", None, None),
        ("5M ± 200000%", None, None),
    ],
)
def test_what_is_no_figure_is_refused_with_the_edit_where_one_is_to_be_seen(
    written: str, help_text: str | None, replacement: str | None
) -> None:
    (finding,) = refused(f"{{params: {written}}}")
    assert (finding.code, finding.help) == ("SC202", help_text)
    assert finding.message.startswith("`expect.params` expects ")
    assert (finding.fix and finding.fix.replacement) == replacement
    assert finding.span is not None
    assert finding.span.column == 18


@pytest.mark.parametrize("written", [">= 5M", "> 5", "{macs: >= 5.5 Ki}", "{macs: '<= 6', params: > 5K, flops: 1}"])
def test_a_lower_bound_without_quotes_gets_them(written: str) -> None:
    text = (
        f"{NET}expect: {written}\n" if written.startswith("{") else f"{NET}expect:\n  params: {written}  # at least\n"
    )
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.loads(text)
    (finding,) = caught.value.diagnostics
    assert finding.fix is not None
    span = finding.fix.span
    lines = text.split("\n")
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + finding.fix.replacement + line[span.end_column - 1 :]
    assert shapecalc.loads("\n".join(lines)).expect


def test_fifty_figures_that_are_not_met_are_told_and_no_more() -> None:
    outputs = ", ".join(f"o{number}: [N, 8]" for number in range(60))
    text = f"input: [N, 8]\nlayers: [relu]\nexpect: {{outputs: {{{outputs}}}}}\n"
    assert len(unmet(inspect(shapecalc.loads(text)))) == 50
