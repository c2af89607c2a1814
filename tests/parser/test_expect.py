"""`expect:` as a file writes it: figures, bounds and shapes with their places."""

from __future__ import annotations

from shapecalc.dims import symbol
from tests.support.networks import findings, found, layers, read
from tests.support.rows import for_each

NET = layers("relu")


def test_expectations_stand_in_the_file_and_in_a_step() -> None:
    text = layers("{relu: {}, expect: {output: [N, 3, 32, 32]}}") + "expect: {params: 0, flops: 3072}\n"
    architecture = read(text)
    assert [(line.key, line.value) for line in architecture.expect] == [("params", 0), ("flops", 3072)]
    assert architecture.steps[0].expect[0].value == (symbol("N"), 3, 32, 32)


def test_a_figure_may_be_a_bound_and_outputs_have_names() -> None:
    lines = read(NET + 'expect: {macs: "<= 5M", memory: "1 .. 2 MiB", outputs: {relu_0: [N, 3, 32, 32]}}\n').expect
    assert [(line.key, line.value.text) for line in lines[:2]] == [("macs", "<= 5M"), ("memory", "1 .. 2 MiB")]
    assert (lines[2].key, lines[2].value) == ("outputs.relu_0", (symbol("N"), 3, 32, 32))


def test_the_span_of_a_figure_is_that_of_its_value() -> None:
    text = NET + "expect: {params: 61706}\n"
    (line,) = read(text).expect
    assert text.splitlines()[line.span.line - 1][line.span.column - 1 : line.span.end_column - 1] == "61706"


@for_each(
    "written, code, text, replacement",
    [
        ("[params]", "SC202", "[params]", None),
        ("{params: 61706.0}", "SC202", "61706.0", "61706"),
        ("{params: 0.0}", "SC202", "0.0", "0"),
        ("{params: -5.0}", "SC202", "-5.0", None),
        ("{params: 2147483648.0}", "SC202", "2147483648.0", None),
        ("{params: '61706'}", "SC202", "'61706'", "61706"),
        ("{params: =< 5M}", "SC202", "=< 5M", '"<= 5M"'),
        ("{params: many}", "SC202", "many", None),
        ("{params: [5]}", "SC202", "[5]", None),
        ("{macs: <= 5MB}", "SC202", "<= 5MB", '"<= 5M"'),
        ("{output: 7}", "SC109", "7", None),
        ("{outputs: [N, 7]}", "SC202", "[N, 7]", None),
        ("{parameters: 0}", "SC102", "parameters", "params"),
        ("{mult_adds: 0}", "SC102", "mult_adds", "macs"),
    ],
)
def test_an_invalid_figure_is_refused_with_the_likely_one(
    written: str, code: str, text: str, replacement: str | None
) -> None:
    file = NET + f"expect: {written}\n"
    assert found(file) == [(code, text)]
    (finding,) = findings(file)
    assert (finding.fix.replacement if finding.fix else None) == replacement
