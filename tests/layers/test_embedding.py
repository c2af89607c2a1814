"""Lookups and similarity: parameters of known tables, indices, and what does not fit."""

from __future__ import annotations

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.embedding import CosineSimilarity, Embedding, OneHot
from tests.support.layers import flops, made, params, refused, refused_fields, required, saved

N, T = symbol("N"), symbol("T")


@pytest.mark.parametrize(
    ("rows", "width", "count"),
    [
        pytest.param(50_257, 768, 38_597_376, id="GPT-2, wte"),
        pytest.param(30_522, 768, 23_440_896, id="BERT base, word_embeddings"),
        pytest.param(10, 3, 30, id="torch.nn.Embedding"),
    ],
)
def test_known_tables_have_a_row_for_each_index_and_cost_nothing_to_read(rows: int, width: int, count: int) -> None:
    layer = Embedding(num_embeddings=rows, embedding_dim=width)
    assert layer.output_shape((N, T)) == (N, T, width)
    assert (params(layer, (2, 5)), flops(layer, (2, 5))) == (count, 0)
    assert layer.index_range == rows
    assert saved(layer, (2, 5)) == {"indices": 10}


@pytest.mark.parametrize(("index", "valid"), [(-8, False), (-7, True), (6, True), (7, False)])
def test_a_padding_index_is_a_row_of_the_table_counted_from_either_end(index: int, valid: bool) -> None:
    fields = {"num_embeddings": 7, "embedding_dim": 3, "padding_idx": index}
    if valid:
        assert Embedding(**fields).initial("weight", (2,)).zero_row == index
        return
    error = refused_fields("embedding", **fields)
    assert (error.code, error.field) == ("SC201", "padding_idx")
    assert error.message == f"expects a row from -7 to 6 as `padding_idx`, receives {index}"


def test_one_hot_adds_an_axis_of_classes() -> None:
    layer = OneHot(num_classes=10)
    assert layer.output_shape(()) == (10,)
    assert layer.output_shape((2, T)) == (2, T, 10)
    assert (layer.reads, layer.gives, layer.index_range) == ("int64", "float32", 10)
    assert flops(layer, (2, 5)) == 0


def test_a_cosine_is_three_sums_of_products_two_norms_and_a_quotient() -> None:
    """Of n = 5: 3 × (5 + 4) for x · y, ‖x‖² and ‖y‖²; 2 roots, 2 comparisons, a product and a division."""
    layer = CosineSimilarity()
    assert layer.output_shape((2, 5, 7), (2, 5, 7)) == (2, 7)
    assert flops(layer, (2, 5, 7), (2, 5, 7)) == 2 * 7 * (3 * 9 + 6)


def test_vectors_that_are_compared_have_one_shape() -> None:
    error = refused(CosineSimilarity(), (2, 5), (2, 7))
    assert error.code == "SC314"
    assert error.message == "expects two inputs of the same shape, receives [2, 5] and [2, 7]"
    assert required(CosineSimilarity(), (2, T), (2, 7)) == [Condition(T - 7, Relation.ZERO)]
    assert refused(CosineSimilarity(dim=2), (2, 5), (2, 5)).code == "SC310"


def test_a_similarity_saves_both_vectors_before_and_after_the_division() -> None:
    assert saved(CosineSimilarity(), (2, 5), (2, 5)) == {"input": 10, "norms": 8, "unit vectors": 20}


def test_a_bag_is_one_row_and_costs_its_sum() -> None:
    bag = made("embedding_bag", num_embeddings=7, embedding_dim=3)
    assert bag.output_shape((N, T)) == (N, 3)
    assert (params(bag, (2, 5)), flops(bag, (2, 5))) == (21, 2 * 5 * 3)
    total = made("embedding_bag", num_embeddings=7, embedding_dim=3, mode="sum")
    assert flops(total, (2, 5)) == 2 * 4 * 3
    assert flops(total, (2, 5), (2, 5)) == 2 * 9 * 3


@pytest.mark.parametrize(
    ("mode", "inputs", "code"),
    [("sum", ((5,),), "SC305"), ("mean", ((2, 5), (2, 5)), "SC205"), ("sum", ((2, 5), (2, 4)), "SC314")],
)
def test_bags_that_do_not_fit_are_refused(mode: str, inputs: tuple[tuple[int, ...], ...], code: str) -> None:
    assert refused(made("embedding_bag", num_embeddings=7, embedding_dim=3, mode=mode), *inputs).code == code


def test_a_longest_row_costs_its_norm_and_its_scaling() -> None:
    layer = Embedding(num_embeddings=7, embedding_dim=3, max_norm=1.0)
    assert flops(layer, (2, 5)) == 10 * (2 * 3 + 2 + 1 + 3)
