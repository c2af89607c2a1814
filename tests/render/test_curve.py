"""The page of an activation function."""

from __future__ import annotations

import json

from shapecalc.execution.activation_curve import curve
from shapecalc.layers import layer_types
from shapecalc.layers.activation import Gelu, LeakyRelu, Sigmoid, Softmax, Softplus
from shapecalc.layers.base import Layer
from shapecalc.render.curve import lines
from shapecalc.render.terminal.chart import MARK
from shapecalc.render.terminal.grid import Page, display_width

PAGE = Page(80, color=False, unicode=True)
ACTIVATIONS = [
    cls
    for cls in layer_types().values()
    if cls.value_range is not Layer.value_range and not any(field.required for field in cls.fields.values())
]


def test_a_curve_of_numbers_too_large_to_subtract_is_not_drawn() -> None:
    for layer in (Softplus(beta=1e-320), LeakyRelu(negative_slope=1e308)):
        drawn = curve(layer, [1.0])
        assert lines(drawn, PAGE)
        json.dumps(drawn.to_dict(), allow_nan=False)


def test_the_page_of_the_sigmoid() -> None:
    assert lines(curve(Sigmoid(), [-2.0, 0.0, 2.0]), PAGE) == [
        "sigmoid     The logistic function, 1/(1 + e⁻ˣ).",
        "derivative  y · (1 − y), where y is the output: at most 1/4",
        "range       (0, 1)",
        "saturates   for x < −4.58486 and x > 4.58486: there |derivative| < 0.01",
        "",
        "sigmoid(x)                               sigmoid′(x)",
        *"""\
   1 │                ┊     ⣀⡤⠴⠒⠒⠚⠉⠉⠉⠉       │              ⢀⡜●⢣⡀
     │                ┊   ⡠●⠁                │              ⡜ ┊ ⢣
0.75 │                ┊ ⢠⠞⠁              0.2 │             ⡸⠁ ┊ ⠈⢇
     │                ┊⢠⠏                    │            ⢠⠇  ┊  ⠸⡄
     │                ⢠⠃                     │            ⡞   ┊   ⢳
 0.5 │               ⢠●                      │           ⣸⠁   ┊   ⠈⣇
     │              ⢠⠃┊                  0.1 │          ⢰●    ┊    ●⡆
     │             ⣰⠃ ┊                      │         ⢠⠇     ┊     ⠸⡄
0.25 │           ⢀⡴⠃  ┊                      │        ⣠⠋      ┊      ⠙⣄
     │         ⢀●⠊    ┊                      │      ⣠⠞⠁       ┊       ⠈⠳⣄
   0 │⣀⣀⣀⣀⡤⠤⠤⠖⠚⠉      ┊                    0 │⣠⠤⠤⠴⠒⠋⠁         ┊         ⠈⠙⠒⠦⠤⠤⣄
     └┴────┴────┴─────┴────┴────┴────┴       └┴────┴─────┴────┴────┴─────┴────┴
      −6  −4   −2     0    2    4    6        −6  −4    −2    0    2     4    6""".splitlines(),
    ]


def test_every_page_fits_its_columns_and_twenty_lines_of_drawing() -> None:
    for cls in ACTIVATIONS:
        drawn = curve(cls(), [-3.0, 0.5])
        for width in (40, 60, 79, 80, 100, 200, None):
            for unicode in (True, False):
                page = lines(drawn, Page(width, color=False, unicode=unicode))
                where = (cls.type, width, unicode)
                drawing = page[page.index("") + 1 :]
                assert max(map(display_width, page if width else drawing)) <= (width or 80), where
                assert len(drawing) <= 18, where
                assert unicode or all(line.isascii() for line in page), where


def test_marked_points_are_on_both_curves() -> None:
    drawn = lines(curve(Sigmoid(), [1.0, 3.0]), PAGE)
    assert sum(line.count(MARK) for line in drawn) == 4


def test_the_pieces_of_a_narrow_page_are_one_above_the_other() -> None:
    narrow = lines(curve(Sigmoid()), PAGE._replace(width=60))
    assert "sigmoid(x)" in narrow
    assert "sigmoid′(x)" in narrow


def test_what_never_saturates_says_so_and_a_formula_has_its_condition() -> None:
    assert "saturates   nowhere: |derivative| stays at 0.01 or above" in lines(curve(LeakyRelu()), PAGE)
    assert "range       [−0.170041, ∞)" in lines(curve(Gelu(approximate="tanh")), PAGE)


def test_a_softmax_names_the_scores_that_stay() -> None:
    drawn = lines(curve(Softmax(), [1.0], others=[-2.0, 0.0]), PAGE)
    assert "softmax(x, −2, 0)[0]                     its derivative with respect to x" in drawn
