"""Functions of each element that are no activation: roots, powers, exponentials, logarithms, sine and cosine."""

from shapecalc.layers.base import layer
from shapecalc.layers.elementwise import INTEGERS_TOO, Function

FAMILY = "merging"


@layer("sqrt")
class Sqrt(Function):
    """Square root, √x; NaN for negative numbers.

    Derivative: 1/(2y), where y is the output
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.sqrt
    """

    __slots__ = ()
    cost = 1
    reads_output = True


@layer("rsqrt")
class Rsqrt(Function):
    """Reciprocal of the square root, 1/√x; NaN for negative numbers.

    Derivative: −y³/2, where y is the output
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (square root, divide)
    Source: torch.rsqrt
    """

    __slots__ = ()
    cost = 2
    reads_output = True


@layer("exp")
class Exp(Function):
    """Exponential function, eˣ.

    Derivative: y, the output itself
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.exp
    """

    __slots__ = ()
    cost = 1
    foreign_names = "exponential"
    reads_output = True


@layer("expm1")
class Expm1(Function):
    """Exponential function minus 1, eˣ − 1, precise near x = 0.

    Derivative: y + 1, where y is the output
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (exp, subtract)
    Source: torch.expm1
    """

    __slots__ = ()
    cost = 2
    reads_output = True


@layer("log")
class Log(Function):
    """Natural logarithm; NaN for negative numbers.

    Derivative: 1/x
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.log
    """

    __slots__ = ()
    cost = 1


@layer("log1p")
class Log1p(Function):
    """Natural logarithm of 1 + x, precise near x = 0; NaN below −1.

    Derivative: 1/(1 + x)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element (add, log)
    Source: torch.log1p
    """

    __slots__ = ()
    cost = 2


@layer("square")
class Square(Function):
    """Square, x².

    Derivative: 2x
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.square
    """

    __slots__ = ()
    cost = 1
    reads = INTEGERS_TOO
    gives = "same"


@layer("reciprocal")
class Reciprocal(Function):
    """Reciprocal, 1/x.

    Derivative: −y², where y is the output
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.reciprocal
    """

    __slots__ = ()
    cost = 1
    reads_output = True


@layer("erf")
class Erf(Function):
    """Gauss error function, 2/√π · ∫ e^(−t²) dt from 0 to x.

    Derivative: 2/√π · e^(−x²)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.erf
    """

    __slots__ = ()
    cost = 1


@layer("sin")
class Sin(Function):
    """Sine of radians.

    Derivative: cos(x)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.sin
    """

    __slots__ = ()
    cost = 1


@layer("cos")
class Cos(Function):
    """Cosine of radians.

    Derivative: −sin(x)
    Input: [*]
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 1 per element
    Source: torch.cos
    """

    __slots__ = ()
    cost = 1
