"""Worked examples of norms, attention and softmax as others have published them, and as PyTorch 2.13 computes them.

Attention over "I am Fine." is of skiitg.co.in/transformers/attention.html, over "The cat sleeps" of
qml-tutorial.github.io/code/transformer, the softmax of CS231n's notes on linear classification, the norms over two rows
of Dive into Deep Learning (d2l.ai), section 11.7. Where their digits are rounded, the exact values are compared.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support.rows import for_each

if TYPE_CHECKING:
    from tests.cli.conftest import Run

WORDS = [[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]]

CAT = [[1, 0, 1, 0], [0, 1, 1, 1], [1, 1, 0, 1]]
QUERY = [[0.2, 0.4, 0.6, 0.8], [0.1, 0.3, 0.5, 0.7], [0.9, 0.8, 0.7, 0.6], [0.5, 0.4, 0.3, 0.2]]
KEY = [[0.1, 0.3, 0.5, 0.7], [0.6, 0.4, 0.2, 0.1], [0.8, 0.9, 0.7, 0.6], [0.2, 0.1, 0.3, 0.4]]
VALUE = [[0.3, 0.5, 0.7, 0.9], [0.6, 0.4, 0.2, 0.1], [0.8, 0.9, 0.7, 0.6], [0.5, 0.4, 0.3, 0.2]]


@pytest.fixture
def values(run: Run) -> Any:
    """The values of a calculator, by the groups of its JSON: `values("softmax", x=[1, 2])`."""

    def answer(command: str, *words: str, **arrays: Any) -> dict[str, dict[str, Any]]:
        options = [part for name, array in arrays.items() for part in (f"--{name}", json.dumps(array))]
        ended = run(command, *options, *words, "--format", "json")
        assert ended.code == 0, ended
        groups = json.loads(ended.out)
        return {
            group: {name: np.array(tensor["values"]) for name, tensor in groups.get(group, {}).items()}
            for group in ("intermediates", "outputs", "gradients")
        }

    return answer


def test_attention_over_i_am_fine(values: Any) -> None:
    found = values("attention", q=WORDS, k=WORDS, v=WORDS)
    weights = [
        [0.422318798252, 0.155362403497, 0.422318798252],
        [0.155362403497, 0.422318798252, 0.422318798252],
        [0.211941557617, 0.211941557617, 0.576116884766],
    ]
    np.testing.assert_allclose(found["intermediates"]["weights"], weights, rtol=1e-11)
    rows = [[0.844637596503, 0.577681201748] * 2, [0.577681201748, 0.844637596503] * 2, [0.788058442383] * 4]
    np.testing.assert_allclose(found["outputs"]["output"], rows, rtol=1e-11)


def test_attention_over_the_cat_sleeps(values: Any) -> None:
    q, k, v = (
        values("linear", x=CAT, w=np.transpose(weight).tolist())["outputs"]["output"].tolist()
        for weight in (QUERY, KEY, VALUE)
    )
    found = values("attention", q=q, k=k, v=v)
    weights = [
        [0.324196353064, 0.46700938798, 0.208794258956],
        [0.304690941348, 0.515067497823, 0.180241560829],
        [0.346392203164, 0.43163126402, 0.221976532816],
    ]
    np.testing.assert_allclose(found["intermediates"]["weights"], weights, rtol=1e-11)
    rows = [
        [1.53624578807, 1.5192233905, 1.26483927061, 1.15715608953],
        [1.56612646651, 1.53649609326, 1.26093818827, 1.13688703306],
        [1.51189797106, 1.50729172592, 1.26927844063, 1.17442828174],
    ]
    np.testing.assert_allclose(found["outputs"]["output"], rows, rtol=1e-11)


def test_softmax_and_a_softer_one(values: Any) -> None:
    found = values("softmax", x=[[1, -2, 0], [0.5, -1, 0]])["outputs"]["output"]
    expected = [[0.705384512698, 0.0351190269593, 0.259496460342], [0.546549387266, 0.12195165231, 0.331498960424]]
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    np.testing.assert_allclose(found, [[0.7, 0.04, 0.26], [0.55, 0.12, 0.33]], atol=0.006)


def test_norms_over_rows_and_over_the_batch(values: Any) -> None:
    x = [[1, 2], [2, 3]]
    near = 0.9999800006
    np.testing.assert_allclose(values("layer-norm", x=x)["outputs"]["output"], [[-near, near]] * 2, rtol=1e-9)
    np.testing.assert_allclose(values("batch-norm", x=x)["outputs"]["output"], [[-near] * 2, [near] * 2], rtol=1e-9)


X, GRADIENT, AFFINE = [[1, 4, 2], [3, 5, 9]], [[1, 0, -1], [2, 1, 0.5]], {"w": [2, 1, 0.5], "b": [0, 1, -1]}


@for_each(
    "command, options, arrays, output, gradients",
    [
        (
            "batch-norm",
            (),
            {"x": X, "gradient": GRADIENT, **AFFINE},
            [
                [-1.9999900000749995, 1.9999400020509484e-05, -1.4999997959184923],
                [1.9999900000749995, 1.9999800005999804, -0.5000002040815077],
            ],
            {
                "x": [
                    [-9.999850001709384e-06, -3.999760012007546e-05, -8.746344973896641e-08],
                    [9.999850001709384e-06, 3.999760012007546e-05, 8.746344973896641e-08],
                ],
                "weight": [0.9999950000374997, 0.9999800005999799, 1.499999387755477],
                "bias": [3.0, 1.0, -0.5],
            },
        ),
        (
            "layer-norm",
            (),
            {"x": X, "gradient": GRADIENT, **AFFINE},
            [
                [-2.1380830629005954, 2.3363019143128714, -1.1336301914312872],
                [-2.138088217193483, 0.7327389728508146, -0.3318474321270368],
            ],
            {
                "x": [
                    [0.6299745840862463, 0.31498084920031166, -0.9449554332865577],
                    [0.30066962197624436, -0.4510027417058975, 0.15033311972965313],
                ],
                "weight": [-3.20712974864378, -0.2672610271491854, 0.9354129507355378],
                "bias": [3.0, 1.0, -0.5],
            },
        ),
        (
            "lrn",
            ("--size", "3", "--alpha", "0.5", "--beta", "0.75", "--k", "2"),
            {"x": [1, 2, 3, 4], "gradient": [1, 0, 2, -1]},
            [0.45790643500456496, 0.6659067581404804, 0.7098176595685814, 1.0221676593361009],
            {"x": [0.417502926033574, -0.18468277300079886, 0.44171582875512966, -0.2975365072214804]},
        ),
        (
            "group-norm",
            ("--num-groups", "2"),
            {"x": [1, 2, 3, 5], "gradient": [1, 0, 2, -1]},
            [-0.9999800005999799, 0.9999800005999799, -0.9999950000374997, 0.9999950000374997],
            {
                "x": [3.999760012041165e-05, -3.999760011996756e-05, 1.499977500341032e-05, -1.4999775002522142e-05],
                "weight": [-0.9999800005999799, 0.0, -1.9999900000749995, -0.9999950000374997],
                "bias": [1.0, 0.0, 2.0, -1.0],
            },
        ),
        (
            "attention",
            (),
            {"q": [[1, 0], [0, 2]], "k": [[1, 1], [0, 1]], "v": [[1, 2], [3, 4]], "gradient": [[1, 0], [2, -1]]},
            [[1.660476901346686, 2.6604769013466862], [2.0, 3.0]],
            {
                "q": [[-0.31279719309022075, 0], [-0.35355339059327373, 0.0]],
                "k": [[-0.31279719309022075, -0.7071067811865475], [0.3127971930902208, 0.7071067811865475]],
                "v": [[1.6697615493266569, -0.5], [1.3302384506733431, -0.5]],
            },
        ),
    ],
    ids=["batch-norm", "layer-norm", "lrn", "group-norm", "attention"],
)
def test_values_and_gradients_are_pytorchs(
    values: Any, command: str, options: tuple[str, ...], arrays: Any, output: Any, gradients: Any
) -> None:
    found = values(command, *options, "--backward", **arrays)
    np.testing.assert_allclose(found["outputs"]["output"], output, rtol=1e-12, atol=1e-13)
    assert set(found["gradients"]) == set(gradients)
    for name, expected in gradients.items():
        np.testing.assert_allclose(found["gradients"][name], expected, rtol=1e-9, atol=1e-13, err_msg=name)
