"""Which numbers of an input are sizes, and the symbols that replace them."""

import pytest

import shapecalc
from shapecalc.shape_inference.unbinding import unbind


def _written(text: str, *, square: bool = False) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unbind(shapecalc.loads(text), {}, square=square).written.values()))


@pytest.mark.parametrize(
    ("text", "written", "why"),
    [
        ("{input: [N, 3, 20, 30], layers: [{conv: 8}]}", "input: [N, 3, H, W]", "an image"),
        ("{input: [N, 3, 9, 20, 30], layers: [{conv: 8}]}", "input: [N, 3, D, H, W]", "a volume"),
        ("{input: [N, 3, 20], layers: [{conv: 8}]}", "input: [N, 3, T]", "a signal: weights depend on axis 1"),
        ("{input: [N, 20, 5], layers: [{linear: 8}]}", "input: [N, T, 5]", "a sequence: weights depend on axis 2"),
        (
            "{input: [N, 20, 5], layers: [{lstm: {hidden_size: 7, batch_first: true}}]}",
            "input: [N, T, 5]",
            "weights of a recurrent layer depend on axis 2",
        ),
        (
            "{input: [N, 20, 30, 3], layers: [{permute: [0, 3, 1, 2]}, {conv: 8}]}",
            "input: [N, H, W, 3]",
            "channels last, as a permute shows",
        ),
        ("{input: {shape: [N, 20], dtype: int64}, layers: [{embedding: [9, 4]}]}", "input: [N, T]", "indices"),
        ("{input: [N, 20], layers: [{unsqueeze: 1}, {conv: 4}]}", "input: [N, T]", "no weight depends on a waveform"),
        ("{input: [N, 1, 28, 28], layers: [flatten, {linear: 5}]}", "input: [N, 1, H, W]", "no axis decides"),
        ("{input: [N, 3, 20, 30], layers: [relu]}", "input: [N, 3, H, W]", "no weights at all"),
        ("{input: [N, 3, 20], layers: [{max_pool: 2}]}", "input: [N, 3, T]", "a window slides over the last axis"),
    ],
)
def test_the_sizes_of_an_input_are_unbound_and_not_its_features(text: str, written: str, why: str) -> None:
    text = text.replace("conv: 8", "conv: {out_channels: 8, kernel_size: 3}")
    text = text.replace("conv: 4", "conv: {out_channels: 4, kernel_size: 3}")
    text = text.replace("embedding: [9, 4]", "embedding: {num_embeddings: 9, embedding_dim: 4}")
    assert _written(text) == (written,), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{input: [N, 784], layers: [{linear: 5}]}", "rows of features"),
        ("{input: [N, 3, H, 30], layers: [relu]}", "the file names the sizes that vary"),
        ("{input: [N, 20, 8], layers: [rotary_embedding]}", "nothing tells time from features"),
        ("{input: [N, 8, 20, 8], layers: [rotary_embedding]}", "nor heads from channels"),
    ],
)
def test_a_number_that_need_not_be_a_size_stays(text: str, why: str) -> None:
    assert _written(text) == (), why


def test_equal_numbers_have_one_symbol_only_if_they_are_to() -> None:
    text = "{input: [N, 3, 20, 20], layers: [relu]}"
    assert _written(text) == ("input: [N, 3, H, W]",)
    assert _written(text, square=True) == ("input: [N, 3, H, H]",)


def test_inputs_of_one_size_share_its_symbol_and_others_are_named_after_their_input() -> None:
    text = "{inputs: {a: [N, 1, 8, 8], b: [N, 2, 8, 9]}, layers: [{max_pool: 2, from: a}, {max_pool: 2, from: b}]}"
    assert _written(text) == ("a: [N, 1, H, W]", "b: [N, 2, H, W_b]")


def test_bound_symbols_are_unbound_with_their_sizes() -> None:
    vgg = shapecalc.load("vgg16")
    unbound = unbind(vgg, {"H": 16, "W": 224})
    assert unbound.stated == {"H": 16, "W": 224}
    assert unbound.architecture.symbols == vgg.symbols
    assert unbound.written == {}
