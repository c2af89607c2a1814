"""The text of imported networks: where axes are permuted, what is shared, and what `source:` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import Imported, import_file
from tests.hostile.broken_containers import layer, model, reference, source

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parents[2] / "oracle" / "keras_imports"


def text(name: str) -> str:
    return import_file("keras", str(FOLDER / f"{name}.keras"), LIMITS).text


def written(folder: Path, config: Mapping[str, object], *, partial: bool = False) -> Imported:
    path = folder / "net.json"
    path.write_text(json.dumps(config))
    return import_file("keras", str(path), LIMITS, partial=partial)


def test_a_convolutional_network_is_permuted_once_before_it_is_flattened() -> None:
    assert text("lenet").count("permute") == 1
    assert "  - permute: [0, 2, 3, 1]\n  - flatten\n" in text("lenet")


def test_maps_are_not_permuted_between_convolutions_merges_and_norms() -> None:
    for name in ("residual_network", "unet", "squeeze_and_excitation", "strided_same_convolutions", "shared_layers"):
        assert text(name).count("permute") <= text(name).count("flatten"), name


def test_a_block_with_dense_layers_over_channels_is_permuted_there_and_back() -> None:
    assert text("convnext_block").count("- permute") == 2


def test_an_image_that_is_only_flattened_keeps_the_order_of_keras() -> None:
    assert "input: [N, 9, 11, 2]\n" in text("mnist_without_convolution")
    assert "permute" not in text("mnist_without_convolution")


def test_the_source_names_inputs_and_outputs_in_another_order() -> None:
    assert (
        'source: "Keras 3.15.1, unet.keras; input is [N, C, H, W] here, [N, H, W, C] in Keras; '
        'output `mask` is [N, C, H, W] here, [N, H, W, C] in Keras"\n'
    ) in text("unet")
    assert import_file("keras", str(FOLDER / "unet.keras"), LIMITS).reading.graph.axes == {  # type: ignore[union-attr]
        "input": (0, 3, 1, 2),
        "mask": (0, 3, 1, 2),
    }


def test_a_layer_that_is_called_twice_is_shared() -> None:
    assert "share: conv2d}" in text("shared_layers")
    assert "share: tower.dense}" in text("shared_layers")


def test_indices_of_an_embedding_are_integers_though_keras_2_states_floats(tmp_path: Path) -> None:
    embedding = layer("Embedding", input_dim=9, output_dim=4)
    assert "input: {shape: [N, 7], dtype: int64}\n" in written(tmp_path, model(source((None, 7)), embedding)).text


def test_parameters_are_counted_as_keras_counts_them_by_default() -> None:
    assert import_file("keras", str(FOLDER / "lenet.keras"), LIMITS).params_as == "keras"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (layer("Lambda", function="x"), "`Lambda` has code of Python, which is never run"),
        (
            {**layer("Dense", units=3), "registered_name": "mine>Dense", "module": None},
            "registered as `mine>Dense`: the file has its name, not its code",
        ),
        (layer("TFOpLambda", function="math.add"), "an operation of TensorFlow"),
        (layer("Perceptron"), "no layer `Perceptron` of Keras is known"),
        (layer("Dense", units=3, rank=2), "`rank` of `Dense` is not a setting that is known"),
        (layer("Dense", units="3"), "`units` of `Dense` expects an integer, receives `3`"),
        (layer("LSTM", units=3, activation="relu"), "has the activation `relu`, expects `tanh`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_layer_is_refused_by_name_and_place(tmp_path: Path, config: object, says: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        written(tmp_path, model(source((None, 5, 4)), config))
    assert [each.code for each in caught.value.diagnostics] == ["SC031"]
    assert says in caught.value.diagnostics[0].message
    assert "at `a`" in caught.value.diagnostics[0].message


def test_all_layers_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    first, second = layer("Odd", "a"), layer("Strange", "b")
    with pytest.raises(ShapecalcError) as caught:
        written(tmp_path, model(source((None, 4)), first, second, outputs=[["a", 0, 0], ["b", 0, 0]]))
    assert len(caught.value.diagnostics) == 2


def test_a_shape_that_the_file_states_differently_is_refused(tmp_path: Path) -> None:
    stated = reference("x")
    stated["config"]["shape"] = [None, 9]
    dense = {**layer("Dense", units=3), "inbound_nodes": [{"args": [stated], "kwargs": {}}]}
    with pytest.raises(ShapecalcError, match=r"shape \[N, 4\] here, and \[None, 9\] in the file"):
        written(tmp_path, model(source((None, 4)), dense))


def test_with_partial_a_layer_without_code_is_opaque_if_the_next_one_states_its_shape(tmp_path: Path) -> None:
    stated = reference("odd")
    stated["config"] |= {"shape": [None, 6], "dtype": "float32"}
    dense = {**layer("Dense", units=3), "inbound_nodes": [{"args": [stated], "kwargs": {}}]}
    read = written(tmp_path, model(source((None, 4)), layer("Odd", "odd"), dense), partial=True)
    assert "  - opaque: {operator: Odd, shape: [N, 6]}\n" in read.text


def test_with_partial_a_network_without_any_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapecalcError, match="no layer `Odd`"):
        written(tmp_path, model(source((None, 4)), layer("Odd")), partial=True)


def test_two_layers_whose_paths_are_the_same_are_not_taken_for_one(tmp_path: Path) -> None:
    inner = {"name": "a", "layers": [{"class_name": "Dense", "config": {"name": "b", "units": 4}}]}
    nested = {**layer("Sequential", "a"), "config": inner}
    with pytest.raises(ShapecalcError, match=r"two layers have the same path, that of `a\.b\.weight`"):
        written(
            tmp_path, model(source((None, 4)), nested, layer("Dense", "a.b", "a", units=4), outputs=[["a.b", 0, 0]])
        )
