"""`share:` as a step, and as tensors by name."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.architecture import SharedTensor
from tests.support.rows import for_each

NET = """
input: [N, 8]
layers:
  - {linear: {out_features: 8, bias: false}, name: enc}
  - {parameter: [8, 8], name: free}
  - {parameter: [8, 8], name: under.a.dot}
  - {linear: 8, share: %s, name: dec}
"""


@for_each(
    "share,tensors",
    [
        ("{weight: enc.weight}", {"weight": SharedTensor("enc", "weight")}),
        ("{weight: {of: enc.weight}}", {"weight": SharedTensor("enc", "weight")}),
        ("{weight: {of: enc.weight, transposed: false}}", {"weight": SharedTensor("enc", "weight")}),
        ("{weight: {of: enc.weight, transposed: true}}", {"weight": SharedTensor("enc", "weight", transposed=True)}),
        ("{weight: free}", {"weight": SharedTensor("free")}),
        ("{weight: under.a.dot}", {"weight": SharedTensor("under.a.dot")}),
    ],
)
def test_a_tensor_is_named_by_its_step_and_its_name_there(share: str, tensors: object) -> None:
    *_, step = shapecalc.loads(NET % share).layers
    assert (dict(step.apart), step.weights) == (tensors, "")


@for_each(
    "share,code",
    [
        ("{}", "SC202"),
        ("{weight: 3}", "SC202"),
        ("{weight: [enc.weight]}", "SC202"),
        ("{weight: {of: enc.weight, transposed: 1}}", "SC202"),
        ("{weight: {transposed: true}}", "SC108"),
        ("{weight: {of: enc.weight, transpose: true}}", "SC102"),
        ("{weight: nowhere.weight}", "SC104"),
        ("{weight: input}", "SC104"),
        ("{weight: enc}", "SC316"),
        ("{weight: dec.weight}", "SC104"),
    ],
)
def test_what_names_no_tensor_is_one_error(share: str, code: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(NET % share))
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_what_the_help_offers_for_a_misspelt_step_is_its_tensor() -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.loads(NET % "{weight: enx.weight}")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help == "write `enc.weight`"
    assert diagnostic.fix is not None
    assert diagnostic.fix.replacement == "enc.weight"


def test_a_step_does_not_share_a_tensor_as_a_whole() -> None:
    text = "input: [N, 8]\nlayers:\n  - {parameter: [1, 8], name: p}\n  - {share: p}\n  - {add: , from: [input, p]}\n"
    with pytest.raises(ShapecalcError, match=r"expects a step that reads, `p` is a tensor") as caught:
        shapecalc.inspect(shapecalc.loads(text))
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["SC316"]
