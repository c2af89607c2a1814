"""Examples of comparisons, of selection by conditions and indices, and of cumulative sums."""

from __future__ import annotations

from tests.support.examples.table import MAP, ROW, TABLE, TOKENS, VECTOR, Example, example

FLAG, FLOAT, INDEX = "bool", "float32", "int64"

COMPARING = [
    *(
        row
        for word in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
        for row in (
            example(word, "two of one shape", TOKENS, TOKENS),
            example(word, "the second stretches", MAP, ("C", 1, "W")),
            example(word, "with a number", TABLE, other=0.5),
        )
    ),
    example("logical_not", "a matrix", TABLE),
    example("logical_not", "a vector", VECTOR),
    *(
        row
        for word in ("logical_and", "logical_or")
        for row in (
            example(word, "a mask of places and one of tokens", ("L", "F"), ("N", 1, "F")),
            example(word, "as many as a step takes", *[TABLE] * 64),
        )
    ),
    example("cast", "floats that stay so", TOKENS, dtype="float32"),
    Example("cast", "flags to numbers", (TABLE,), {"dtype": "float32"}, (FLAG,)),
    Example("cast", "flags to whole numbers", (TABLE,), {"dtype": "int64"}, (FLAG,)),
    example("cast", "floats to whole numbers", MAP, dtype="int64"),
    Example("cast", "whole numbers to flags", (TABLE,), {"dtype": "bool"}, (INDEX,)),
]

CUMULATIVE = [
    example("cumsum", "along the steps", TOKENS, dim=1),
    example("cumsum", "along the last axis", MAP, dim=-1),
    example("cumsum", "a vector", VECTOR, dim=0),
    Example("cumsum", "places that a mask counts", (TABLE,), {"dim": 1}, (FLAG,)),
    Example("cumsum", "whole numbers", (TABLE,), {"dim": 0}, (INDEX,), below=9),
]

SELECTING = [
    example("where", "two of one shape", MAP, MAP, MAP),
    example("where", "all of them stretch", ("L", 1), (1, "F"), ("N", 1, "F")),
    Example("where", "a number for true", (TABLE, ("F",)), {"x": 0.5}),
    Example("where", "a number for false", (("F",), TABLE), {"y": -1.5}),
    Example("where", "two numbers", (TOKENS,), {"x": 1.0, "y": 0.0}),
    Example("where", "whole numbers", (TABLE, TABLE), {"y": 3}, (FLAG, INDEX)),
    example("masked_fill", "a mask of the input's shape", TABLE, TABLE, value=-4.0),
    example("masked_fill", "a mask that stretches", MAP, ("C", 1, "W"), value=0.25),
    Example("masked_fill", "whole numbers", (TABLE, VECTOR), {"value": 7}, (INDEX, FLAG)),
    example("gather", "along the last axis", TOKENS, ("N", "L", 4), dim=-1),
    example("gather", "along the first axis", TABLE, (9, "F"), dim=0),
    example("gather", "fewer along the others", ("N", 6, "F"), (1, 8, 4), dim=1),
    Example("gather", "flags", (("N", "F"), ("N", 4)), {"dim": 1}, (FLAG,)),
    example("take", "entries of a list, one of them twice", ("N", 6, "H", "W"), index=(4, 0, 4), dim=1),
    example("take", "from the end", ("N", 7), index=(-1, -7), dim=-1),
    example("take", "rows of a table", ("L", "F"), (6,)),
    example("take", "indices of several axes", ("N", "L", "F"), ("H", 4), dim=1),
    Example("take", "whole numbers", (("F",), ("N", "L")), {}, (INDEX,), below=3),
    *(
        row
        for word in ("tril", "triu")
        for row in (
            example(word, "wide matrices", MAP),
            example(word, "tall matrices, another diagonal", ("N", "L", 4), diagonal=-2),
            Example(word, "a mask", (("L", "F"),), {"diagonal": 1}, (FLAG,)),
        )
    ),
]

SEARCHING = [
    example("argmax", "the last axis", TOKENS, dim=-1),
    example("argmax", "channels, whose axis remains", MAP, dim=1, keepdim=True),
    Example("argmax", "whole numbers", (TABLE,), {"dim": 0}, (INDEX,), below=9),
    example("topk", "two of the last axis", TOKENS, k=2),
    example("topk", "the smallest channels", ("N", 6, "L"), k=4, dim=1, largest=False),
    example("topk", "all in order", ("N", 6), k=6),
    Example("topk", "whole numbers", (("N", "F"),), {"k": 3}, (INDEX,), below=9),
]

EINSUM = [
    example("einsum", "axes in another order", ("N", "L"), equation="ij->ji"),
    example("einsum", "a sum over two axes", MAP, equation="nchw -> nc"),
    example("einsum", "a sum over all", TABLE, equation="ij->"),
    example("einsum", "the output follows from the letters", ("N", "L"), equation="ba"),
    example("einsum", "the last axes of any", MAP, equation="...ij->...ji"),
    example("einsum", "the sum of what no letter names", MAP, equation="...ij->ij"),
    example("einsum", "a product of matrices", ("L", "F"), ("F", 4), equation="ij,jk"),
    example("einsum", "scores of attention", ("N", "C", "L", "F"), ("N", "C", "H", "F"), equation="bhid,bhjd->bhij"),
    example("einsum", "heads behind places", ("N", "L", 4, "F"), ("N", "H", 4, "F"), equation="bihd,bjhd->bhij"),
    example("einsum", "heads joined again", ("N", "L", 4, 6), (4, 6, "F"), equation="bqhd,hde->bqe"),
    example("einsum", "an outer product", ("N",), ("F",), equation="i,j->ij"),
    example("einsum", "a product element by element", TABLE, TABLE, equation="bi,bi->bi"),
    example("einsum", "sums before a product", ("L", "F"), ("N",), equation="ij,k->i"),
    example("einsum", "a sum before a product of matrices", ("N", "L", "F"), ("F", 4), equation="ijk,kl->jl"),
    example("einsum", "leading axes that stretch", ("N", 1, "L", "F"), ("C", "F", 4), equation="...ij,...jk->...ik"),
    example("einsum", "a weight for all places", ("N", "L", "F"), ("F", 4), equation="...d,de->...e"),
    example("einsum", "three matrices", ("N", "L"), ("L", "F"), ("F", 4), equation="ij,jk,kl->il"),
]

UNFOLDING = [
    example("unfold", "rows and columns", MAP, kernel_size=(2, 3)),
    example("unfold", "every field", MAP, kernel_size=3, stride=(2, 1), padding=(1, 0), dilation=(1, 2)),
    example("unfold", "one spatial axis", ROW, kernel_size=4, stride=3),
    example("unfold", "windows apart", ROW, kernel_size=1, stride=2, padding=1),
    example("fold", "windows that overlap", ("N", 12, 20), output_size=(5, 6), kernel_size=2),
    example(
        "fold",
        "as many channels as arrive",
        ("N", 18, 12),
        output_size=(6, 8),
        kernel_size=3,
        stride=(2, 1),
        padding=(1, 0),
        dilation=(1, 2),
    ),
    example("fold", "one number for two axes", ("N", 8, 9), output_size=4, kernel_size=2, padding=1, stride=2),
    example("fold", "one spatial axis", ("N", 6, 4), output_size=(9,), kernel_size=3, stride=2),
    example("sliding_window", "frames of a signal", ("N", "L"), size=4, step=3),
    example("sliding_window", "along another axis", TOKENS, size=2, dim=1),
    Example("sliding_window", "whole numbers", (("F",),), {"size": 6, "dim": 0}, (INDEX,), below=9),
]

FOURIER = [
    example("fft", "the last axis", TABLE, dim=-1),
    example("fft", "two axes, as in FNet", ("N", "L", "F"), dim=(1, 2)),
    example("fft", "of complex numbers", TABLE, TABLE, dim=(0,), norm="ortho"),
    example("fft", "and back", ("N", "C", "L"), ("N", "C", "L"), dim=(-1, 0), inverse=True),
    example("fft", "the other scale", ROW, dim=1, norm="forward"),
]

INDEXING = [*COMPARING, *CUMULATIVE, *SELECTING, *SEARCHING, *EINSUM, *UNFOLDING, *FOURIER]
