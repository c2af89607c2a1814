"""Examples of functions of each element."""

from __future__ import annotations

from tests.support.examples.table import MAP, TABLE, VECTOR, Example, example

FUNCTIONS = [
    *(
        Example(word, f"positive numbers of rank {len(x)}", (x,), {}, positive=True)
        for word in ("sqrt", "rsqrt", "log", "reciprocal")
        for x in (VECTOR, MAP)
    ),
    *(
        example(word, f"numbers of rank {len(x)}", x)
        for word in ("exp", "expm1", "square", "erf", "sin", "cos", "abs", "negative", "sign", "floor", "ceil", "round")
        for x in (VECTOR, MAP)
    ),
    *(Example("log1p", f"numbers of rank {len(x)}", (x,), {}, positive=True) for x in (VECTOR, MAP)),
    example("clamp", "between two bounds", MAP, min=-0.5, max=1),
    example("clamp", "from below", TABLE, min=0.25),
    example("clamp", "from above", VECTOR, max=0.25),
]
