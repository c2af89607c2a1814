"""Examples of activation functions with pieces, gates and shrinkage."""

from __future__ import annotations

from tests.support.examples.table import MAP, ROW, TABLE, TOKENS, VECTOR, example

ACTIVATIONS = [
    *(
        example(word, f"numbers of rank {len(x)}", x)
        for word in ("selu", "mish", "quick_gelu", "softsign", "logsigmoid", "tanhshrink")
        for x in (VECTOR, MAP)
    ),
    example("prelu", "a slope for each channel unless stated", MAP),
    example("prelu", "one slope", VECTOR, num_parameters=1),
    example("prelu", "channels that the file states", ("N", 4, "L"), num_parameters=4),
    example("celu", "the usual scale", MAP),
    example("celu", "a scale of one's own", TABLE, alpha=0.5),
    example("hardtanh", "the usual bounds", MAP),
    example("hardtanh", "bounds of one's own", TABLE, min_val=-0.5, max_val=0.25),
    example("threshold", "a constant below", MAP, threshold=0.25, value=-1.5),
    example("threshold", "zero below", TABLE, threshold=0, value=0),
    example("hard_shrink", "the usual bound", MAP),
    example("hard_shrink", "a bound of one's own", TABLE, lambd=0.25),
    example("soft_shrink", "the usual bound", ROW),
    example("soft_shrink", "a bound of one's own", TABLE, lambd=0.25),
    example("glu", "the last axis", ("N", "L", 6)),
    example("glu", "channels", ("N", 4, "H", "W"), dim=1),
    example("hardsigmoid", "as ONNX has it", TOKENS, alpha=0.2),
    example("hardsigmoid", "shifted", TABLE, beta=0.25),
    example("hardsigmoid", "a slope and a shift", VECTOR, alpha=0.5, beta=0.25),
]
