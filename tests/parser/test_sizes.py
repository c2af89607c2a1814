"""Symbols of the inputs in fields: what a word and `${…}` stand for there, and what is refused."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.diagnostics import Source
from shapecalc.dims import symbol
from shapecalc.parser.grammar import parse

H, W, N = symbol("H"), symbol("W"), symbol("N")
NET = "input: [N, 3, H, W]\n"


def shape_of(text: str, **settings: int):
    return shapecalc.loads(NET + text, **settings).layers[-1].layer.shape


def refused(text: str) -> list[tuple[str, str, str | None]]:
    found = parse(Source("net.yaml", text)).diagnostics
    return [(each.code, each.message, each.help) for each in found]


def test_a_word_is_a_symbol_and_an_expression_is_computed() -> None:
    text = 'layers: [reshape: [N, "${2 * (H - 1) // 3 + 1}", W, "${H * W}", "${H % 7}"]]'
    assert shape_of(text) == (N, (2 * (H - 1)) // 3 + 1, W, H * W, H % 7)


def test_parameters_and_symbols_stand_in_one_expression() -> None:
    text = 'parameters: {k: 7}\nlayers: [reshape: [N, 3, "${H // k}", $k, W]]'
    assert shape_of(text) == (N, 3, H // 7, 7, W)
    assert shape_of(text, k=3) == (N, 3, H // 3, 3, W)


CALLS = {
    "a word": "{b: {r: H}}",
    "an expression": '{b: {r: "${H // 1}"}}',
    "the first parameter alone": "b: H",
    "through another block": "{c: {}}",
}


@pytest.mark.parametrize("file_parameters", ["", "parameters: {unused: 1}\n"])
def test_an_argument_may_be_a_symbol(file_parameters: str) -> None:
    blocks = """blocks:
  b: {parameters: [r], layers: [reshape: [N, 3, $r, "${r // r}", W], identity, reshape: [N, 3, "${2 * r}", -1]]}
  c: {parameters: [s: H], layers: [{b: {r: $s}}]}
"""
    for name, call in CALLS.items():
        layers = shapecalc.loads(f"{NET}{file_parameters}{blocks}layers: [{call}]").layers
        assert layers[0].layer.shape == (N, 3, H, 1, W), name
        assert layers[-1].layer.shape == (N, 3, 2 * H, -1), name


def test_a_parameter_of_a_block_shadows_a_symbol_behind_a_dollar_sign() -> None:
    blocks = 'blocks: {b: {parameters: [H], layers: [reshape: [N, -1, $H, "${H + 1}"]]}}\n'
    assert shape_of(blocks + "layers: [b: 5]") == (N, -1, 5, 6)
    assert shape_of(blocks + "layers: [b: H]") == (N, -1, H, H + 1)


def test_a_word_that_is_a_symbol_and_a_parameter_is_refused() -> None:
    text = NET + "blocks: {b: {parameters: [H], layers: [reshape: [N, -1, H]]}}\nlayers: [b: 5]"
    ((code, message, help_text),) = refused(text)
    assert (code, message) == ("SC105", "`H` is a symbol of the input and a parameter here")
    assert help_text == "write `$H` for the parameter, or give it another name"


MISTAKES = {
    "[M, 3]": ("`shape` names `M`, no symbol of the input", "its symbols: `H`, `N`, `W`"),
    "[N, width]": ("`shape` names `width`, no symbol of the input", "write `$width`"),
    "[N, widht]": ("`shape` names `widht`, no symbol of the input", "write `$width`"),
    '[N, "${2 * wight}"]': ("`${2 * wight}` uses `wight`, no parameter of the file and no symbol", "write `width`"),
    '[N, "${H / 7}"]': ("`${H / 7}` expects `//` to divide, receives `/`", "write `//`"),
    '[N, "${W // H}"]': ("`${W // H}` expects a positive number to divide W by, receives H", None),
    '[N, "${7 % H}"]': ("`${7 % H}` expects a positive number to divide 7 by, receives H", None),
    '[N, "${H // (1 - 3)}"]': ("`${H // (1 - 3)}` expects a positive number to divide H by, receives -2", None),
    '[N, "${H // 0}"]': ("`${H // 0}` divides H by zero", None),
    '[N, "${1 - H}"]': ("`reshape` expects a size of at least 1 as `shape`, receives −H + 1", None),
    "[N, $H]": ("`$H` is no parameter of the file", None),
}


def test_mistakes_in_sizes_are_named_with_what_to_write() -> None:
    for shape, (message, help_text) in MISTAKES.items():
        found = refused(f"{NET}parameters: {{width: 8}}\nlayers: [reshape: {shape}]")
        assert len(found) == 1, (shape, found)
        code, said, advice = found[0]
        assert code == ("SC201" if "at least" in message else "SC105")
        assert said.startswith(message), shape
        assert help_text is None or str(advice).startswith(help_text), (shape, advice)


def test_a_fix_of_a_name_is_offered_at_it() -> None:
    found = parse(Source("net.yaml", "input: [N, 3, height, W]\nlayers: [reshape: [N, heigth, -1]]")).diagnostics
    assert [each.fix and (each.fix.span.column, each.fix.replacement) for each in found] == [(23, "height")]


def test_a_field_that_holds_no_size_takes_no_symbol() -> None:
    for field in ('"${2 * H}"', "H"):
        ((code, _, _),) = refused(
            f"{NET}parameters: {{k: 1}}\nlayers: [conv: {{out_channels: {field}, kernel_size: 1}}]"
        )
        assert code == "SC202"


def test_where_the_input_is_refused_its_symbols_are_not_known_to_be_wrong() -> None:
    found = refused('input: [N, 0, H]\nparameters: {k: 1}\nlayers: [reshape: [N, Q, "${2 * P}"]]')
    assert [code for code, _, _ in found] == ["SC201"]


def test_another_word_for_nothing_is_no_symbol() -> None:
    ((code, _, help_text),) = refused(NET + "layers: [reshape: [None, 3]]")
    assert (code, help_text) == ("SC202", "write `-1` for the size that is left")


def test_an_expression_of_too_many_terms_is_refused() -> None:
    names = [f"S{position}" for position in range(40)]
    text = f'input: [{", ".join(names)}]\nlayers: [reshape: ["${{{" + ".join(names)}}}"]]'
    ((code, message, _),) = refused(text)
    assert code == "SC105"
    assert message.endswith("has more than 32 terms in symbols")


def test_the_spatial_size_of_a_step_is_a_second_input() -> None:
    text = """layers:
  - {conv: {out_channels: 3, kernel_size: 3, stride: 2}, name: body}
  - upsample: {size: {like: input}, mode: bilinear}
  - center_crop: {size: {like: body}}
"""
    net = shapecalc.loads(NET + text)
    assert [step.inputs for step in net.layers] == [("input",), ("body", "input"), ("upsample_1", "body")]


LIKES = {
    "{like: bodi}": ("SC104", "`like` names `bodi`, but no earlier step has this name"),
    "{like: [body, input]}": ("SC202", "`size` expects `{like: step}` with the name of a step, receives the list"),
    "{like: }": ("SC202", "`like` expects the name of an earlier step"),
    "{}": ("SC202", "`size` expects `{like: step}` with the name of a step"),
    "{liek: body}": ("SC102", "unknown key `liek` in `size`"),
    "{like: up}": ("SC104", "`like` names `up`, the step itself"),
}


def test_like_names_one_earlier_step() -> None:
    for size, (code, message) in LIKES.items():
        found = refused(f"{NET}layers: [{{relu: {{}}, name: body}}, {{upsample: {{size: {size}}}, name: up}}]")
        assert [each[0] for each in found] == [code], (size, found)
        assert found[0][1].startswith(message), (size, found)


def test_like_stands_in_a_repeated_step_and_in_a_block() -> None:
    text = """blocks: {b: {inputs: [x, y], layers: [{upsample: {size: {like: y}}, from: x}]}}
layers:
  - {max_pool: 2, name: small}
  - {upsample: {size: {like: input}}, repeat: 2}
  - {b: {}, from: [small, input]}
"""
    assert [str(row.output) for row in shapecalc.inspect(shapecalc.loads(NET + text)).layers[1:]] == [
        str((N, 3, H, W))
    ] * 3


def test_symbols_have_their_sizes_in_a_run_of_blocks_and_repeats() -> None:
    blocks = 'blocks: {b: {parameters: [k], layers: [reshape: [N, "${H // k}", $k, -1]]}}\n'
    body = "layers: [{b: 2}, {flatten: 1, name: f}, {reshape: [N, 3, H, W], repeat: 2, name: back}]"
    net = shapecalc.loads(NET + blocks + body)
    report = shapecalc.inspect(net, N=2, H=6, W=5)
    assert [row.step.layer.shape for row in report.layers if row.type == "reshape"] == [
        (2, 3, 2, -1),
        (2, 3, 6, 5),
        (2, 3, 6, 5),
    ]
    assert shapecalc.verify(net, H=6, W=5).ok
