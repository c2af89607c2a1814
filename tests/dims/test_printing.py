"""What an expression looks like, in its three ways of writing."""

from __future__ import annotations

from shapecalc.dims import latex, parse, pretty, product, symbol
from tests.support.rows import for_each

B, H, N, W = symbol("batch_size"), symbol("H"), symbol("N"), symbol("W")


@for_each(
    "dim, ascii_text, pretty_text",
    [
        (H, "H", "H"),
        (-H, "-H", "−H"),
        (3 - H, "-H + 3", "−H + 3"),
        (H - 1, "H - 1", "H − 1"),
        (3 * H - 12, "3*H - 12", "3·H − 12"),  # a lone symbol keeps its constant
        (W * H * N * 2, "2*H*N*W", "2·H·N·W"),  # symbols alphabetical
        (H + W * W + 1 + H * W, "H*W + W**2 + H + 1", "H·W + W² + H + 1"),  # leading terms first
        (H**12, "H**12", "H¹²"),
        ((H + 31) // 32, "(H + 31)//32", "⌊(H + 31)/32⌋"),
        (H // 2, "H//2", "⌊H/2⌋"),
        (-(H // 2), "-(H//2)", "−⌊H/2⌋"),  # `-H//2` would be (−H)//2
        (W - H // 2, "W - H//2", "W − ⌊H/2⌋"),
        ((H // 2) ** 2, "(H//2)**2", "⌊H/2⌋²"),
        ((3 * H) // 4, "(3*H)//4", "⌊(3·H)/4⌋"),
        ((H * H) // 4, "(H**2)//4", "⌊(H²)/4⌋"),
        ((H * W) // 4, "(H*W)//4", "⌊(H·W)/4⌋"),
        ((H + W) // 4, "(H + W)//4", "⌊(H + W)/4⌋"),
        ((H - 4) // 2, "(H - 4)//2", "⌊(H − 4)/2⌋"),  # the constant goes back into the floor
        (16 * N * ((H - 4) // 2), "16*N*((H - 4)//2)", "16·N·⌊(H − 4)/2⌋"),
        (H // 2 - 2, "(H - 4)//2", "⌊(H − 4)/2⌋"),  # one normal form, one text
        (2 * (H // 2) + 1, "2*(H//2) + 1", "2·⌊H/2⌋ + 1"),
        (N * (H - 4) * (W - 4), "N*(H - 4)*(W - 4)", "N·(H − 4)·(W − 4)"),  # four terms made one
        ((H + 1) ** 2, "(H + 1)**2", "(H + 1)²"),
        (N * H - 4 * N, "N*(H - 4)", "N·(H − 4)"),
        (N * H - N, "N*(H - 1)", "N·(H − 1)"),
        (H * H - 4, "H**2 - 4", "H² − 4"),
        ((H // 2) ** 2 + 2 * (H // 2) + W, "(H//2)**2 + W + 2*(H//2)", "⌊H/2⌋² + W + 2·⌊H/2⌋"),  # a shift gains nothing
        (N * (H - 4) + W, "H*N - 4*N + W", "H·N − 4·N + W"),  # a total stays a polynomial
    ],
)
def test_an_expression_is_written_as_people_write_it(dim, ascii_text, pretty_text):
    assert str(dim) == ascii_text
    assert pretty(dim) == pretty_text
    assert parse(str(dim)) == dim
    assert str(dim).isascii()


def test_the_cost_of_an_unpadded_convolution_is_one_product():
    cost = product([N, 450, (H - 4) // 2, (W - 6) // 3])
    assert len(cost.terms) == 4
    assert str(cost) == "450*N*((H - 4)//2)*((W - 6)//3)"
    assert str(cost + 7 * N * H * W) == "7*H*N*W + 450*N*((H - 4)//2)*((W - 6)//3)"


def test_latex_sets_floors_fractions_and_words():
    assert latex((H + 31) // 32) == r"\left\lfloor \frac{H + 31}{32} \right\rfloor"
    assert latex(2 * B * H**2) == r"2 \, H^{2} \, \mathit{batch\_size}"
    assert latex(N * (H - 4) * (W - 4)) == r"N \, \left(H - 4\right) \, \left(W - 4\right)"
    assert latex(symbol("_")) == r"\mathit{\_}"  # a single underscore would be a subscript
    assert latex(-7) == "-7"


def test_an_int_is_written_as_itself():
    assert pretty(-7) == "−7"
    assert pretty(10**4400) == "1" + "0" * 4400
    assert pretty(10**5000) == "1" + "0" * 5000
    assert latex(12) == "12"
    assert pretty(-(10**13000)) == "−1" + "0" * 13000


def test_a_long_total_is_written_without_gathering():
    total = sum(symbol(f"x{i}") * (H // (i + 2) - 2) for i in range(400))
    assert len(total.terms) == 800
    assert parse(str(total)) == total
