"""What holds for every layer class: one word, two files, fields that state their kind, a docstring that says it all."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
import textwrap
from typing import Any

import pytest

from shapecalc import layers, reference
from shapecalc.diagnostics import LayerError
from shapecalc.layers import Layer, layer_types
from shapecalc.layers.base import REGISTRY, fields_of, layer
from shapecalc.layers.documentation import documentation
from shapecalc.layers.fields import Flag, Form, Integer, Number, OneOf, PaddingKind, Several
from shapecalc.layers.nested_values import Values
from shapecalc.reference.base import KERNELS, Array, Call, kernel
from shapecalc.render.layers import full
from tests.support.examples.all import EXAMPLES
from tests.support.rows import for_each

KINDS = (Integer, Number, Flag, OneOf, Form, Several, PaddingKind, Values)
SECTIONS = ("Input", "Output", "Parameters", "Costs", "Source")

# Values that a file can hold and no field takes all of, whole and broken alike.
ODD: list[Any] = [
    *(None, True, -1, 0, 1, 2**31, 2**63, -(2**31)),
    *(0.5, 1.0, -0.0, math.nan, math.inf, 1e308, 5e-324),
    *("", "same", "1", "none", "\N{SNOWMAN}"),
    *(
        (),
        (1,),
        (1, 2, 3),
        (0.5, 1),
        (1, "a"),
        (None, 1),
        (True,),
        ((1, 2),),
        ((1, 2), 3),
        ((1,),),
        (((1,),),),
        {},
        {"a": 1},
    ),
]

each = for_each("cls", layer_types().values(), ids=list(layer_types()))
EXECUTED = {word: cls for word, cls in layer_types().items() if cls.counts_known}
each_executed = for_each("cls", EXECUTED.values(), ids=list(EXECUTED))


def fields() -> list[Any]:
    return [
        pytest.param(field, id=f"{word}.{name}")
        for word, cls in layer_types().items()
        for name, field in fields_of(cls).items()
    ]


def family(module: str) -> str:
    return module.rpartition(".")[2]


def test_every_layer_has_a_kernel_and_every_kernel_a_layer() -> None:
    assert set(layer_types()) == reference.layer_types()


def test_rules_and_kernels_live_in_families_of_the_same_names() -> None:
    assert set(layers.FAMILIES) == set(reference.FAMILIES)


@each
def test_a_layer_and_its_kernel_are_found_in_files_of_one_name(cls: type[Layer]) -> None:
    assert family(cls.__module__) == family(reference.find(cls.type).run.__module__)


def test_a_second_layer_of_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match=r"two layers are called `relu`: Relu and .*Another"):

        @layer("relu")
        @dataclasses.dataclass(frozen=True)
        class Another(Layer):
            """Never registered."""

    assert REGISTRY["relu"].__name__ == "Relu"


def test_a_second_kernel_of_a_word_is_refused() -> None:
    before = reference.find("relu")
    with pytest.raises(ValueError, match=r"`relu` has two kernels: shapecalc\.reference\.activation and "):

        @kernel("relu")
        def another(_call: Call, x: Array) -> Array:
            return x

    assert KERNELS["relu"] is before


@each
def test_the_docstring_says_what_enters_and_leaves_what_is_learnt_what_it_costs_and_who_says_so(
    cls: type[Layer],
) -> None:
    described = documentation(cls)
    assert described.summary
    assert [name for name in SECTIONS if not described.sections.get(name)] == []


@each_executed
def test_the_docstring_names_the_tensors_that_examples_have(cls: type[Layer]) -> None:
    sections = documentation(cls).sections
    rows = [(row.layer(), row.closed()) for row in EXAMPLES if row.type == cls.type]
    learnt = {unnumbered(name) for each_layer, inputs in rows for name in each_layer.parameters(*inputs)}
    kept = {name for each_layer, inputs in rows for name in each_layer.buffers(*inputs)}
    assert (sections["Parameters"] == "none") == (not learnt)
    assert [name for name in learnt if name not in sections["Parameters"]] == []
    assert ("Buffers" in sections) == bool(kept)
    assert [name for name in kept if name not in sections["Buffers"]] == []


@each_executed
def test_the_costs_of_the_docstring_speak_of_macs_and_flops(cls: type[Layer]) -> None:
    costs = documentation(cls).sections["Costs"]
    rows = [(row.layer(), row.closed()) for row in EXAMPLES if row.type == cls.type]
    assert "FLOPs" in costs
    assert ("MACs 0" in costs) == all(
        each_layer.macs(*inputs, each_layer.output_shape(*inputs)) == 0 for each_layer, inputs in rows
    )


def unnumbered(name: str) -> str:
    """The name of a tensor without its place in a stack: `weight_ih` of `weight_ih_l1_reverse`."""
    return re.sub(r"_l[0-9]+(_reverse)?$", "", name)


@each
def test_every_field_states_its_kind(cls: type[Layer]) -> None:
    for name, field in fields_of(cls).items():
        assert isinstance(field.kind, KINDS), name
        assert field.kind.describe(), name


@each
def test_every_field_has_a_sentence_of_at_most_two_lines(cls: type[Layer]) -> None:
    for name, field in fields_of(cls).items():
        assert re.match(r"[A-Z].*\.$", field.description), name
        assert len(textwrap.wrap(field.description, 100)) <= 2, name


@each
def test_the_docstring_describes_no_field_that_the_layer_does_not_have(cls: type[Layer]) -> None:
    section = re.search(r"^Fields:\n((?: {4}.*\n)*)", inspect.cleandoc(cls.__doc__ or "") + "\n", re.MULTILINE)
    described = re.findall(r"^ {4}(\w+): ", section[1] if section else "", re.MULTILINE)
    assert [name for name in described if name not in fields_of(cls)] == []


@each
def test_a_layer_is_shown_in_eighty_columns(cls: type[Layer]) -> None:
    assert [line for line in full(documentation(cls), 80).splitlines() if len(line) > 80] == []


@each
def test_the_main_field_is_a_field(cls: type[Layer]) -> None:
    assert cls.main is None or cls.main in fields_of(cls)


@each
def test_a_lone_value_is_enough_for_a_layer_that_has_a_main_field(cls: type[Layer]) -> None:
    if cls.main is not None:
        assert [name for name, field in fields_of(cls).items() if field.required] in ([], [cls.main])


@each
def test_every_default_passes_its_own_kind(cls: type[Layer]) -> None:
    for name, field in fields_of(cls).items():
        if not field.required and not (field.default is None and field.nullable):
            field.kind.check(name, field.default)


@each_executed
def test_a_layer_is_frozen_slotted_equal_by_value_and_a_key(cls: type[Layer]) -> None:
    row = next(row for row in EXAMPLES if row.type == cls.type)
    made, again = row.layer(), row.layer()
    assert made == again
    assert hash(made) == hash(again)
    assert not hasattr(made, "__dict__")
    for name in fields_of(cls):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, name, 1)


@for_each("field", fields())
def test_a_field_takes_a_value_or_says_whose_it_is(field: Any) -> None:
    for value in ODD:
        error = refusal(field, value)
        if error is not None:
            assert error.code in {"SC201", "SC202", "SC203", "SC204"}, value
            assert error.field == field.name, value
            assert f"`{field.name}`" in error.message, value


def refusal(field: Any, value: Any) -> LayerError | None:
    try:
        field.kind.check(field.name, value)
    except LayerError as error:
        return error
    return None
