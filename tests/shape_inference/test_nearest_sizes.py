"""The sizes that an error names are valid, and no size between them is: exhaustive inference decides."""

import re
from typing import NamedTuple

import pytest

import shapecalc
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.shape_inference.engine import infer


class Sized(NamedTuple):
    """A network as a text with SIZE for its input size, and the sizes that are stated."""

    text: str
    sizes: range
    least: int = 1
    """The number of sizes with advice, so that the test cannot pass without any."""


def unet(levels: int, channels: int = 2) -> str:
    """Return a U-Net with padded convolutions, which halves the map `levels` times."""

    def level(channels: int, inner: int) -> str:
        conv = f"{{conv: {{out_channels: {channels}, kernel_size: 3, padding: 1}}}}"
        if not inner:
            return conv
        up = f"{{conv_transpose: {{out_channels: {channels}, kernel_size: 2, stride: 2}}}}"
        deep = f"[{{max_pool: 2}}, {level(2 * channels, inner - 1)}, {up}]"
        return f"{conv}, {{concat: {{skip: [], deep: {deep}}}}}, {conv}"

    return f"{{input: [N, 1, SIZE, SIZE], layers: [{level(channels, levels)}]}}"


VGG = "{conv: {out_channels: 4, kernel_size: 3, padding: 1}}, {max_pool: 2}"

NETWORKS = {
    "U-Net of four levels": Sized(unet(4), range(1, 100, 9), 5),
    "U-Net of two levels": Sized(unet(2), range(1, 26), 12),
    "VGG of five pools": Sized(f"{{input: [N, 3, SIZE, SIZE], layers: [{', '.join([VGG] * 5)}]}}", range(1, 40, 5), 5),
    "VGG with its classifier": Sized(
        f"{{input: [N, 3, SIZE, SIZE], layers: [{', '.join([VGG] * 3)}, flatten, "
        "{linear: {out_features: 10, in_features: 64}}]}",
        range(9, 70, 4),
        5,
    ),
    "LeNet": Sized(
        "{input: [N, 1, SIZE, SIZE], layers: [{conv: {out_channels: 6, kernel_size: 5}}, {avg_pool: 2}, "
        "{conv: {out_channels: 16, kernel_size: 5}}, {avg_pool: 2}, flatten, {linear: {out_features: 120, "
        "in_features: 400}}]}",
        range(20, 44, 3),
        5,
    ),
    "autoencoder with a shortcut": Sized(
        "{input: [N, 3, SIZE, SIZE], layers: [{add: {same: [], code: ["
        "{conv: {out_channels: 8, kernel_size: 3, stride: 2, padding: 1}}, "
        "{conv: {out_channels: 8, kernel_size: 3, stride: 2, padding: 1}}, "
        "{conv_transpose: {out_channels: 8, kernel_size: 4, stride: 2, padding: 1}}, "
        "{conv_transpose: {out_channels: 3, kernel_size: 4, stride: 2, padding: 1}}]}}]}",
        range(1, 40, 3),
        8,
    ),
    "TCN without padding": Sized(
        "{input: [N, 4, SIZE], layers: [{conv: {out_channels: 8, kernel_size: 3, dilation: 1}}, "
        "{conv: {out_channels: 8, kernel_size: 3, dilation: 4}}, "
        "{conv: {out_channels: 8, kernel_size: 3, dilation: 16}}]}",
        range(1, 60, 6),
        6,
    ),
    "CRNN": Sized(
        "{input: [N, 1, SIZE, 100], layers: [{conv: {out_channels: 8, kernel_size: 3, padding: 1}}, {max_pool: 2}, "
        "{conv: {out_channels: 8, kernel_size: 3, padding: 1}}, {max_pool: 2}, {conv: {out_channels: 8, "
        "kernel_size: [8, 1]}}, {squeeze: 2}, {permute: [0, 2, 1]}, {lstm: {hidden_size: 16, batch_first: true}}]}",
        range(20, 50, 3),
        6,
    ),
    "feature pyramid": Sized(
        "{input: [N, 3, SIZE, SIZE], layers: [{conv: {out_channels: 8, kernel_size: 3, stride: 2, padding: 1}}, "
        "{add: {lateral: [], top: [{conv: {out_channels: 8, kernel_size: 3, stride: 2, padding: 1}}, "
        "{upsample: {scale_factor: 2}}]}}]}",
        range(1, 30, 2),
        4,
    ),
    "DenseNet": Sized(
        "{input: [N, 3, SIZE, SIZE], layers: [{conv: {out_channels: 8, kernel_size: 7, stride: 2, padding: 3}}, "
        "{max_pool: {kernel_size: 3, stride: 2, padding: 1}}, {concat: {same: [], new: [{conv: {out_channels: 4, "
        "kernel_size: 3, padding: 1}}]}}, {avg_pool: 2}, {concat: {same: [], new: [{conv: {out_channels: 4, "
        "kernel_size: 3, padding: 1}}]}}, {avg_pool: 2}]}",
        range(1, 40, 3),
        4,
    ),
    "patches of a ViT": Sized(
        "{input: [N, 3, SIZE, SIZE], layers: [{conv: {out_channels: 8, kernel_size: 16, stride: 16}}, "
        "{reshape: [0, 8, 196]}, {permute: [0, 2, 1]}, {linear: 8}]}",
        range(215, 252, 7),
        3,
    ),
    "patches that are cut by a reshape": Sized(
        "{input: [N, 1, SIZE], layers: [{reshape: [0, -1, 16]}, {linear: 8}]}", range(210, 250, 7), 5
    ),
    "pixel shuffle after unshuffle": Sized(
        "{input: [N, 3, SIZE, SIZE], layers: [{pixel_unshuffle: 3}, {conv: {out_channels: 27, kernel_size: 3, "
        "padding: 1}}, {pixel_shuffle: 3}]}",
        range(1, 40, 4),
        4,
    ),
    "windows of Swin by unshuffle of 7": Sized(
        "{input: [N, 3, SIZE, SIZE], layers: [{conv: {out_channels: 4, kernel_size: 4, stride: 4}}, "
        "{pixel_unshuffle: 7}]}",
        range(20, 90, 9),
        4,
    ),
    "a valid U-Net with a crop": Sized(
        "{input: [N, 1, SIZE, SIZE], layers: [{conv: {out_channels: 4, kernel_size: 3}}, {concat: {skip: "
        "[{center_crop: 20}], deep: [{max_pool: 2}, {conv: {out_channels: 4, kernel_size: 3}}, "
        "{conv_transpose: {out_channels: 4, kernel_size: 2, stride: 2}}]}}]}",
        range(15, 40, 3),
        4,
    ),
    "two branches of pools": Sized(
        "{input: [N, 4, SIZE, SIZE], layers: [{concat: {a: [{max_pool: {kernel_size: 3, stride: 2, padding: 1}}], "
        "b: [{conv: {out_channels: 4, kernel_size: 2, stride: 2}}]}}]}",
        range(1, 21, 2),
        8,
    ),
    "squeeze and stretch": Sized(
        "{input: [N, 4, SIZE, SIZE], layers: [{multiply: {map: [], gate: [{avg_pool: 8}, {conv: 4}]}}]}".replace(
            "{conv: 4}", "{conv: {out_channels: 4, kernel_size: 1}}"
        ),
        range(1, 8),
        0,
    ),
    "a map that stretches at its least size": Sized(
        "{input: [N, 3, SIZE, SIZE], layers: [{conv: {out_channels: 4, kernel_size: 16}}, "
        "{add: {a: [], b: [{max_pool: {kernel_size: 2, ceil_mode: true}}, {upsample: 2}]}}]}",
        range(9, 23),
        8,
    ),
    "3-D U-Net": Sized(
        "{input: [N, 1, SIZE, SIZE, SIZE], layers: [{concat: {skip: [], deep: [{max_pool: 4}, "
        "{conv_transpose: {out_channels: 2, kernel_size: 4, stride: 4}}]}}]}",
        range(4, 30, 3),
        5,
    ),
    "wave encoder and decoder": Sized(
        "{input: [N, 1, SIZE], layers: [{concat: {skip: [], deep: [{conv: {out_channels: 4, kernel_size: 8, stride: 4, "
        "padding: 2}}, {conv_transpose: {out_channels: 4, kernel_size: 8, stride: 4, padding: 2}}]}}]}",
        range(3, 60, 5),
        6,
    ),
    "a symbol that is bound": Sized(
        "{input: [N, 3, H, W], sizes: {H: SIZE, W: 64}, layers: [{concat: {skip: [], deep: [{max_pool: 8}, "
        "{upsample: {scale_factor: 8}}]}}]}",
        range(1, 40, 5),
        5,
    ),
    "a condition of the file": Sized(
        "{input: [N, 3, H, H], sizes: {H: SIZE}, where: [H % 32 == 0], layers: [{max_pool: 2}]}", range(10, 90, 9), 7
    ),
}


def errors(text: str) -> tuple[Diagnostic, ...]:
    """Return the errors of a network at its sizes."""
    try:
        shapecalc.inspect(shapecalc.loads(text))
    except ShapecalcError as error:
        return error.diagnostics
    return ()


def advised(help_text: str) -> tuple[int, ...]:
    """Return the sizes that a help names for its first symbol, nearest ones if there are several.

    >>> advised("H must be a multiple of 16: 208 or 224; so must W"), advised("H must be at least 32")
    ((208, 224), (32,))
    """
    sentence = help_text.partition(";")[0].partition(" in ")[0]
    if ": " in sentence:
        sentence = sentence.partition(": ")[2]
    named = tuple(map(int, re.findall(r"\d+", sentence)))
    return named[-1:] if "at least" in sentence else named


def has_advice(diagnostic: Diagnostic) -> bool:
    """Return whether the help of a diagnostic names sizes."""
    return diagnostic.help is not None and " must be " in diagnostic.help


@pytest.mark.parametrize("name", NETWORKS)
def test_a_named_size_is_valid_and_no_size_between_named_ones_is(name: str) -> None:
    text, sizes, least = NETWORKS[name]
    valid: dict[int, bool] = {}

    def fits(size: int) -> bool:
        if size not in valid:
            valid[size] = infer(shapecalc.loads(text.replace("SIZE", str(size))))[0] is not None
        return valid[size]

    named = 0
    for size in sizes:
        found = errors(text.replace("SIZE", str(size)))
        nearest = {advised(each.help or "") for each in found if has_advice(each)}
        for points in nearest:
            named += 1
            assert all(map(fits, points)), (size, points)
            low = max((point for point in points if point < size), default=0)
            high = min((point for point in points if point > size), default=size)
            assert not any(fits(between) for between in range(low + 1, high)), (size, points)
        if found and not nearest and least:
            assert not any(fits(near) for near in range(max(size // 2, 1), 2 * size + 1)), (size, found[0].help)
    assert named >= least


IMAGES = ("alexnet-torchvision", "densenet121", "googlenet", "resnet18", "squeezenet1_1", "unet", "vgg11", "vit_b_16")


@pytest.mark.parametrize("name", IMAGES)
def test_a_zoo_network_at_a_size_that_is_too_small_names_the_smallest(name: str) -> None:
    architecture = shapecalc.load(name)

    def fits(size: int) -> bool:
        return infer(architecture, sizes={"H": size, "W": size})[0] is not None

    smallest = next(size for size in range(1, 400) if fits(size))
    for size in filter(lambda size: not fits(size), range(1, 65, 9)):
        with pytest.raises(ShapecalcError) as caught:
            shapecalc.inspect(architecture, H=size, W=size)
        for points in {advised(each.help or "") for each in caught.value.diagnostics if has_advice(each)}:
            assert all(map(fits, points))
            assert min(points) == smallest or size > smallest


def _help(text: str, **sizes: int) -> list[str | None]:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text), **sizes)
    return [diagnostic.help for diagnostic in caught.value.diagnostics]


def test_a_unet_at_222_names_208_and_224() -> None:
    assert _help(unet(4).replace("SIZE", "222")) == [
        "H must be a multiple of 16: 208 or 224; so must W in `input: [N, 1, H, W]`"
    ]


def test_only_the_side_that_does_not_fit_is_named() -> None:
    assert _help(unet(4).replace("SIZE, SIZE", "222, 224")) == [
        "H must be a multiple of 16: 208 or 224 in `input: [N, 1, H, W]`"
    ]


def test_a_symbol_that_set_binds_is_named_without_the_input() -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.load("vgg16"), H=16)
    assert [each.help for each in caught.value.diagnostics] == ["H must be at least 32"]


def test_of_several_inputs_the_one_that_does_not_fit_is_named() -> None:
    text = """
        inputs: {image: [N, 3, 64, 64], mask: [N, 1, 30, 30]}
        layers:
          - concat: {a: [{from: image, max_pool: 4}], b: [{from: mask, conv: {out_channels: 4, kernel_size: 40}}]}
    """
    assert [(each or "").split(";")[0] for each in _help(text)] == ["H_mask must be 55"]


def test_of_two_inputs_that_do_not_join_both_are_named() -> None:
    text = """
        inputs: {image: [N, 3, 64, 64], mask: [N, 1, 30, 30]}
        layers: [{concat: {a: [{from: image, max_pool: 4}], b: [{from: mask, max_pool: 2}]}}]
    """
    (help_text,) = _help(text)
    assert help_text == (
        "H must be 60 to 63; so must W in `image: [N, 3, H, W]`, or "
        "H_mask must be 32 to 33; so must W_mask in `mask: [N, 1, H_mask, W_mask]`"
    )


def test_a_window_longer_than_the_input_itself_may_be_the_mistake() -> None:
    (help_text,) = _help("{input: [N, 3, 20, 20], layers: [{conv: {out_channels: 4, kernel_size: 30}}]}")
    assert help_text is not None
    assert help_text.startswith("H must be at least 30; so must W in `input: [N, 3, H, W]`; or write `kernel_size: 20`")


def test_a_stated_size_that_another_input_size_would_give_is_not_rewritten() -> None:
    text = "{input: [N, 1, 28, 28], layers: [{max_pool: 2}, flatten, {linear: {out_features: 9, in_features: 256}}]}"
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help == (
        "H must be 32 to 33; so must W in `input: [N, 1, H, W]`; or write `in_features: 196`, or leave `in_features` "
        "out: it follows from the input"
    )
    assert diagnostic.fix is not None
    assert not diagnostic.fix.safe


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "{input: [N, 4, 56, 56], layers: [{add: {a: [{max_pool: 2}], b: []}}]}",
            "⌊H/2⌋ is never H: a stride differs",
        ),
        (
            "{input: [N, 4, 57], layers: [{add: {a: [{avg_pool: {kernel_size: 3, stride: 2, padding: 1}}], b: []}}]}",
            "⌊(H + 1)/2⌋ is H at 1 alone",
        ),
        (
            "{input: [N, 4, 20, 20], layers: [{add: {a: [{conv: {out_channels: 4, kernel_size: 3}}], b: []}}]}",
            "a padding is missing",
        ),
        (
            "{input: [N, 4, 12, 12], layers: [{add: {a: [{max_pool: 2}, {pad: 2}], b: []}}]}",
            "⌊H/2⌋ + 4 is H at 7 and 8 alone: the pool is the mistake",
        ),
        ("{input: [N, 4, 20, 20], layers: [{conv: {out_channels: 4, kernel_size: 3, in_channels: 3}}]}", "channels"),
        ("{input: [N, 784], layers: [{linear: {out_features: 4, in_features: 700}}]}", "features are not a size"),
        ("{input: [N, 50, 100], layers: [{linear: {out_features: 4, in_features: 10}}]}", "nor those of a sequence"),
    ],
)
def test_a_mistake_in_a_layer_is_not_blamed_on_the_size(text: str, why: str) -> None:
    for help_text in _help(text):
        assert " must be " not in (help_text or ""), why


@pytest.mark.parametrize(
    ("text", "sentence", "why"),
    [
        (
            "{input: [N, 3, 230, 230], layers: [{avg_pool: 4}, {pixel_unshuffle: 7}]}",
            "H must be 0 to 3 modulo 28: 227 or 252; so must W in `input: [N, 3, H, W]`; or let 56 or 63",
            "consecutive remainders are one range",
        ),
        (
            (
                "{input: [N, 4, 100], layers: [{conv: {out_channels: 8, kernel_size: 5}}, flatten, "
                "{linear: {in_features: 800, out_features: 2}}]}"
            ),
            "T must be 104 in `input: [N, 4, T]`; or write `in_features: 768`",
            "one size alone",
        ),
        (
            (
                "{input: {shape: [N, 65], dtype: int64}, layers: [{embedding: {num_embeddings: 9, embedding_dim: 4}}, "
                "{positional_encoding: {kind: learned, max_length: 64, batch_first: true}}]}"
            ),
            "T must be at most 64 in `input: [N, T]`",
            "a table of positions ends",
        ),
        (
            "{input: [N, 1, 9, 30, 30], layers: [{max_pool: 4}, {max_pool: 4}]}",
            "D must be at least 16 in `input: [N, 1, D, H, W]`",
            "the depth of a volume",
        ),
        (
            (
                "{input: [8, 3, 50, 50], layers: [{concat: {a: [{max_pool: 4}, {upsample: 4}], b: [], "
                "c: [{max_pool: 6}, {upsample: 6}]}}]}"
            ),
            "H must be a multiple of 12: 48 or 60; so must W in `input: [8, 3, H, W]`",
            "the least common multiple of 4 and 6",
        ),
    ],
)
def test_the_sentence_of_valid_sizes(text: str, sentence: str, why: str) -> None:
    (help_text,) = _help(text)
    assert (help_text or "").startswith(sentence), why


def test_a_size_at_which_a_map_stretches_is_not_taken_for_all_above_it() -> None:
    """⌊H/8⌋ of 1 stretches up to 15, and 2 does not join 16: no constraint of a symbol says that."""
    text = "{input: [N, 3, 4, 4], layers: [{multiply: {map: [], gate: [{avg_pool: 8}]}}]}"
    (help_text,) = _help(text)
    assert (help_text or "").startswith("H must be another size: 8 is nearest; so must W in `input: [N, 3, H, W]`; or")
    assert not errors(text.replace("4, 4", "8, 8"))
    assert errors(text.replace("4, 4", "16, 16"))


def test_a_mistake_that_becomes_visible_behind_one_of_the_size_does_not_hide_the_sizes() -> None:
    text = (
        "{input: [N, 3, 30, 30], layers: [{concat: {a: [{max_pool: 4}, {upsample: 4}], b: []}}, "
        "{conv: {out_channels: 4, kernel_size: 3, in_channels: 5}}]}"
    )
    assert _help(text) == ["H must be a multiple of 4: 28 or 32; so must W in `input: [N, 3, H, W]`"]


def test_channels_last_are_named_before_the_size() -> None:
    (help_text,) = _help("{input: [N, 28, 1, 28], layers: [{conv: {out_channels: 32, kernel_size: 3}}]}")
    assert help_text == (
        "write the input as [N, 1, 28, 28], or put `permute: [0, 2, 1, 3]` before the first step; or "
        "H must be at least 3 in `input: [N, 28, H, W]`"
    )
