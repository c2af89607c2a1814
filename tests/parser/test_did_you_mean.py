"""Where it is plain what was meant, that is read on: mistakes further down are told in the same run."""

from __future__ import annotations

import pytest

from shapecalc.checking.fix import fix_text
from shapecalc.diagnostics import Source
from shapecalc.diagnostics.suggestions import fold
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.foreign_names import foreign_fields
from shapecalc.parser.did_you_mean import nearest_field, nearest_layer
from tests.support.foreign_names import TOOLS, reviewed, spellings
from tests.support.mistakes import findings
from tests.support.rows import for_each

NAMES = [(tool, name) for tool, names in TOOLS.items() for name in names]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_name_of_another_tool_in_any_spelling_is_what_it_is_or_nothing(tool: str) -> None:
    for name in TOOLS[tool]:
        word, exact = reviewed(name)
        for written in spellings(tool, name):
            if written in layer_types():
                continue
            likely = nearest_layer(written)
            answer = (None, False) if likely is None else (likely.word, likely.known)
            # In PyTorch's own words a name of ours is ours, with capitals or not: `torch.nn.functional.hardsigmoid`.
            own = written.rpartition(".")[2] in layer_types() and answer == (word, True)
            assert answer == (word, exact) or own, written
            assert likely is None or likely.sure <= likely.known, written


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool != "keras.layers"])
def test_a_fix_writes_the_same_layer_or_none(tool: str) -> None:
    """A file in Keras words is converted as a whole, with what differs."""
    for name in TOOLS[tool]:
        word, exact = reviewed(name)
        found = fix_text(Source("net.yaml", f"input: [N, 4, 8, 8]\nlayers:\n  - {name}\n"))
        after = found.source.text.partition("layers:\n")[2].strip().removeprefix("- ")
        assert after in ({name, word} if exact else {name}), name


@for_each(
    "word, meant",
    [
        # Letters are near, and meanings are not.
        *(
            ("bilinear", None),
            ("power_norm", None),
            ("global_response_norm", None),
            ("grn", None),
        ),
        *(("roi_pool", None), ("frac_pool", None), ("Pooling", None), ("InnerProduct", "linear")),
        *(
            ("Softmax2d", "softmax"),
            ("graph_norm", None),
            ("sum_pool", None),
            ("min_pool", None),
            ("l1_norm", "normalize"),
        ),
        *(
            ("cosine_norm", None),
            ("batch_renorm", None),
            ("sru", None),
            ("convlstm2d", "conv_lstm"),
            ("layer_norm_2d", None),
        ),
        *(
            ("tan", None),
            ("mod", None),
            ("grouped_conv_norm", None),
            ("median", None),
            ("global_mean_pool", "global_avg_pool"),
        ),
        *(("sums", "sum"), ("maxs", "max"), ("linear1", "linear"), ("view", "reshape"), ("mask_norm", None)),
    ],
)
def test_a_name_that_only_looks_like_one_of_ours_is_never_inserted(word: str, meant: str | None) -> None:
    likely = nearest_layer(word)
    assert (likely and likely.word) == meant
    assert not (likely and likely.sure)
    text = f"input: [N, 4, 8, 8]\nlayers:\n  - {word}\n"
    assert fix_text(Source("net.yaml", text)).source.text == text


@for_each(
    "step, after",
    [
        ("lienar: {out_features: 3}", "linear: {out_features: 3}"),
        ("lienar: {units: 3}", "linear: {out_features: 3}"),
        ("lienar: {kernel_size: 3}", None),  # a field that `linear` does not have: it is no `linear`
        ("cnov: {out_channels: 3, kernel_size: 1, pool_size: 2}", None),
        ("my.Conv2d: {out_channels: 3, kernel_size: 1}", None),  # the path of another module
        ("BatchNormalization: {momentum: 0.9}", None),
        ("BatchNormalization", "batch_norm"),
        ("cat: {branch: [relu]}", None),
        ("cat: {dim: 1, branch: [relu]}", "concat: {dim: 1, branch: [relu]}"),
        ("SpatialUpSampling: {size: 2}", None),
        ("transpose: {dim0: 1, dim1: 2}", None),
        ("multihead_attention: {num_heads: 2, key_dim: 2}", None),
    ],
)
def test_a_type_is_inserted_where_its_fields_mean_the_same(step: str, after: str | None) -> None:
    text = f"input: [N, 4, 8, 8]\nlayers:\n  - {step}\n"
    found = fix_text(Source("net.yaml", text))
    assert found.source.text == (text if after is None else text.replace(step, after))
    assert after is not None or len(found.remaining) == 1


@for_each("tool, name", [(tool, name) for tool, name in NAMES if TOOLS[tool][name]])
def test_a_field_of_another_tool_is_never_near_to_one_of_another_meaning(tool: str, name: str) -> None:
    word, _ = reviewed(name)
    if word is None:
        return
    cls = layer_types()[word]
    for field in TOOLS[tool][name]:
        likely = nearest_field(cls, field)
        # Either a table has it, or nothing is suggested.
        assert (
            likely is None or likely.word is None or {fold(field)} & {*foreign_fields(cls), *map(fold, fields_of(cls))}
        )


def told(text: str) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.span.line if finding.span else None) for finding in findings(text)]


BLOCK = """\
input: [N, 3, 16, 16]
blocks:
  twice:
    parameters: [width]
    layers:
      - conv: {out_channels: $width, kernel_size: 3, in_channels: 3}
      - rleu
layers:
  - twice: 4
  - twice: 4
"""


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('conv: {out_channels: "4", kernel_size: 1}', "SC202"),
        ('conv: {out_channels: 4, kernel_size: [1, "1"]}', "SC202"),
        ("conv: {out_channels:4, kernel_size: 1}", "SC003"),
        ("conv: {out_channel: 4, kernel_size: 1}", "SC102"),
    ],
)
def test_a_shape_is_known_behind_a_slip(first: str, code: str) -> None:
    after = "conv: {out_channels: 4, kernel_size: 1, in_channels: 5}"
    text = f"input: [N, 3, 8, 8]\nlayers:\n  - {first}\n  - {after}\n"
    assert told(text) == [(code, 3), ("SC301", 4)]
    assert told(text.replace("in_channels: 5", "in_channels: 4")) == [(code, 3)]


def test_a_number_in_quotes_counts_in_a_shape() -> None:
    assert told('input: [N, "3", 8, 8]\nlayers:\n  - batch_norm: {num_features: 4}\n') == [("SC109", 1), ("SC301", 3)]


@pytest.mark.parametrize("size", ['"03"', '"0"', '"9999999999"', '"99999999999"', '"3 "'])
def test_what_is_no_size_without_its_quotes_is_not_offered_without_them(size: str) -> None:
    (finding,) = findings(f"input: [N, {size}, 8, 8]\nlayers:\n  - batch_norm: {{num_features: 4}}\n")
    assert (finding.code, finding.fix) == ("SC109", None)


def test_two_values_in_quotes_are_told_and_a_wrong_one_beside_them_leaves_the_layer_unknown() -> None:
    first = 'conv: {out_channels: "4", kernel_size: plenty}'
    text = f"input: [N, 3, 8, 8]\nlayers:\n  - {first}\n  - batch_norm: {{num_features: 9}}\n"
    assert told(text) == [("SC202", 3), ("SC202", 3)]


@pytest.mark.parametrize(("value", "safe"), [('"4"', True), ('"-4"', False), ('"0"', False), ('["4", 4]', True)])
def test_taking_quotes_away_is_safe_where_the_number_fits(value: str, safe: bool) -> None:
    (finding, *_) = findings(f"input: [N, 3, 8, 8]\nlayers:\n  - max_pool: {value}\n")
    assert finding.fix is not None
    assert finding.fix.safe is safe


def test_a_symbol_that_is_misspelt_has_the_size_all_the_same() -> None:
    text = "input: [N, 3, High, High]\nsizes: {Hihg: 4}\nlayers:\n  - max_pool: 5\n"
    assert told(text) == [("SC102", 2), ("SC302", 4)]
    assert told(text.replace("Hihg: 4", "Hihg: 4, High: 9")) == [("SC102", 2)]


def test_an_argument_that_is_misspelt_is_put_in() -> None:
    assert told(BLOCK.replace("- twice: 4\n  - twice: 4", "- twice: {widht: 4}")) == [("SC101", 7), ("SC102", 9)]


def test_the_rest_of_a_block_is_read_where_a_parameter_is_none_of_its_own() -> None:
    text = BLOCK.replace("$width", "$wide").replace("rleu", "linear: {out_feature: 3}")
    assert told(text) == [("SC105", 6), ("SC102", 7)]


@for_each(
    "step",
    ["$wide", "linear: $wide", "batch_norm: $wide", "twice: $wide", "{relu: , name: $wide}", "{relu: , from: $wide}",
     "{relu: , repeat: $wide}", "add: {main: $wide, other: []}", "add: $wide", "'$wide': 3",
     "max_pool: [2, $wide]", "conv: {out_channels: 3, kernel_size: [1, $wide]}", "{relu: , share: $wide}"],
)  # fmt: skip
def test_a_parameter_that_is_none_is_told_once_wherever_it_stands(step: str) -> None:
    blocks = "  twice: {parameters: [c], layers: [linear: $c]}\n"
    text = f"input: [N, 3, 8, 8]\nblocks:\n{blocks}  own:\n    layers:\n      - {step}\nlayers:\n  - own\n  - tahn\n"
    assert told(text) == [("SC105", 6), ("SC101", 9)]


# One value in a block, many calls.


def test_a_size_that_a_block_states_is_told_once_however_many_calls_it_breaks() -> None:
    text = BLOCK.replace("rleu", "relu").replace("- twice: 4\n  - twice: 4", "- twice: 4\n  - twice: 5\n  - twice: 6")
    assert told(text) == [("SC301", 6)]


def test_a_size_that_calls_give_is_told_for_each_of_them() -> None:
    text = BLOCK.replace("rleu", "relu").replace("in_channels: 3", "in_channels: $width")
    assert told(text.replace("- twice: 4\n  - twice: 4", "- twice: 4\n  - twice: 5\n")) == [("SC301", 6), ("SC301", 6)]


GUESSED = """\
input: [N, 3, 32, 32]
blocks:
  own: {parameters: [c], layers: [{cnov: {out_channels: $c, banana: 1}}, {batch_norm: {num_features: 7}}]}
layers:
  - {rleu: 3, name: first, expect: {output: [N, 5]}}
  - {conv: {out_channels: 3, kernel_size: 1, in_channels: 7}, name: second}
  - {add: , from: [relu_0, first, second]}
  - addd: {a: [bacth_norm, conv: {out_channels: 3}], b: []}
  - {lsmt: {hidden_size: 3}, name: reader}
  - {linear: {out_features: 3, in_features: 4}, from: reader.h_n}
  - {relu: , from: reader.banana}
  - {cnov: {out_channels: 3}, repeat: 2}
  - own: 4
  - own: 5
  - onw: 4
  - {linear: {out_features: 2, in_features: 9}, share: first}
outputs: [first, relu_0, reader.c_n]
expect: {output: [N, 5], params: 3}
"""


def test_each_guessed_type_is_one_mistake_wherever_it_is_used() -> None:
    assert told(GUESSED) == [("SC101", line) for line in (3, 5, 8, 9, 12, 15)]


@pytest.mark.parametrize(
    ("name", "given", "exact"),
    [
        ("UpSampling2D", (), True),
        ("UpSampling2D", ("size",), False),  # it is a factor
        ("UpSampling2D", ("interpolation",), True),
        ("Upsample", ("size",), True),  # PyTorch's is a size
        ("BatchNormalization", ("momentum",), False),  # 1 minus PyTorch's
        ("BatchNorm2d", ("momentum",), True),
        ("GlobalAveragePooling2D", (), False),  # Keras's gives [N, C]
        ("GlobalAveragePooling2D", ("keepdims",), True),
        ("GlobalAveragePool", (), True),  # ONNX's keeps the axes
        ("Concatenate", (), False),  # along the last axis
        ("Concatenate", ("axis",), True),
    ],
)
def test_a_synonym_is_one_only_with_fields_that_mean_the_same(name: str, given: tuple[str, ...], exact: bool) -> None:
    likely = nearest_layer(name, given)
    assert likely is not None
    assert (likely.known, likely.sure, bool(likely.note)) == (exact, exact, not exact)
