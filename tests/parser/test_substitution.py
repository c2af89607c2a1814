"""Parameters in steps are replaced at once, but for what another part of the step decides first."""

from __future__ import annotations

from shapecalc.diagnostics import Source
from shapecalc.parser.diagnostics import Diagnostics
from shapecalc.parser.reader import read_text
from shapecalc.parser.substitution import substitute_run, substitute_steps
from shapecalc.parser.tree import Mapping, Sequence, plain


def substituted(text: str, **values: object) -> tuple[object, list[str]]:
    source = Source(
        "steps.yaml", f"steps: {text}\nvalues: {values}\n".replace("True", "true").replace("False", "false")
    )
    root = read_text(source)
    assert isinstance(root, Mapping)
    (_, steps), (_, given) = root.entries
    assert isinstance(given, Mapping)
    diagnostics = Diagnostics(source)
    result = substitute_steps(steps, {key.text: node for key, node in given.entries}, diagnostics)
    return plain(result), [diagnostic.code for diagnostic in diagnostics.recorded]


def test_a_use_in_any_place_of_a_step_is_replaced() -> None:
    text = '[{linear: $a, name: x}, {$b: {c: ["${a + 1}", 3]}}, {add: {d: [{linear: $a}]}}]'
    assert substituted(text, a=5, b="conv") == (
        ({"linear": 5, "name": "x"}, {"conv": {"c": (6, 3)}}, {"add": {"d": ({"linear": 5},)}}), [],
    )  # fmt: skip


def test_what_repeats_over_lists_is_left_but_for_the_keys_of_all_runs() -> None:
    text = "[{linear: $c, repeat: {c: $a}, from: $b, when: $yes}]"
    assert substituted(text, a=[1, 2], b="x", yes=True) == (
        ({"linear": "$c", "repeat": {"c": (1, 2)}, "from": "x", "when": True},), [],
    )  # fmt: skip


def test_what_is_absent_is_left_and_so_is_not_computed() -> None:
    text = (
        '[{linear: "${1 // a}", when: "${a != 0}"}, {add: {b: {when: "${a == 1}", layers: [{linear: "${1 // a}"}]}}}]'
    )
    left, codes = substituted(text, a=0)
    assert codes == []
    assert left == (
        {"linear": "${1 // a}", "when": False},
        {"add": {"b": {"when": False, "layers": ({"linear": "${1 // a}"},)}}},
    )
    assert substituted(text, a=1)[0] == (
        {"linear": 1, "when": True}, {"add": {"b": {"when": True, "layers": ({"linear": 1},)}}},
    )  # fmt: skip


def test_a_parameter_of_a_block_may_be_called_when_or_repeat() -> None:
    text = "[{block: {when: false, repeat: {a: 1}, c: $b}}]"
    assert substituted(text, b=2)[0] == ({"block": {"when": False, "repeat": {"a": 1}, "c": 2}},)


def test_a_run_has_the_values_of_its_names_in_all_keys_but_those_of_the_step() -> None:
    source = Source("steps.yaml", "[{linear: $c, repeat: {c: [7]}, name: $c}]\n")
    root = read_text(source)
    assert isinstance(root, Sequence)
    (step,) = root.items
    assert isinstance(step, Mapping)
    repeat = step.get("repeat")
    assert isinstance(repeat, Mapping)
    (_, values) = repeat.entries[0]
    assert isinstance(values, Sequence)
    run = substitute_run(step, {"c": values.items[0]}, Diagnostics(source))
    assert plain(run) == {"linear": 7, "repeat": {"c": (7,)}, "name": "$c"}
