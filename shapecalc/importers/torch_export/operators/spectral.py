"""Complex numbers and Fourier transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operands import Complex
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.torch_export.operators.arithmetic import parts
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps


@operator("view_as_complex")
def view_as_complex(to: Steps, x: Value) -> Complex:
    """Pairs along the last axis as complex numbers."""
    return Complex(*(to.step("select", x, dim=x.rank - 1, index=index) for index in (0, 1)))


@operator("view_as_real", raw=("x",))
def view_as_real(to: Steps, x: Any) -> Value:
    """Complex numbers as pairs along a new last axis."""
    return to.step("stack", *parts(to, x), dim=-1)


@operator("real", raw=("x",))
def real(to: Steps, x: Any) -> Value:
    """The real parts."""
    return parts(to, x)[0] if isinstance(x, Complex) else to.value(x)


@operator("imag", raw=("x",))
def imaginary(to: Steps, x: Any) -> Value:
    """The imaginary parts."""
    return parts(to, x)[1]


@operator("abs", raw=("x",))
def magnitude(to: Steps, x: Any) -> Value:
    """The absolute value, √(a² + b²) of complex numbers."""
    if not isinstance(x, Complex):
        return to.step("abs", to.numeric(to.value(x)))
    squares = [to.step("square", part) for part in x]
    return to.step("sqrt", to.step("add", *squares))


def _fourier(axes: tuple[int, ...] | None, *, inverse: bool) -> Callable[..., Complex]:
    """Return the function of a transform; `axes` are those of which it is by default, all if there are none."""

    def function(to: Steps, x: Any, s: Any = None, n: Any = None, dim: Any = axes, norm: str | None = None) -> Complex:
        if s is not None or n is not None:
            raise Unreadable("a Fourier transform of another size than its input")
        return _transform(to, x, dim, norm, inverse=inverse)

    return function


for _inverse, _letter in ((False, ""), (True, "i")):
    operator(f"fft_{_letter}fft", raw=("x",))(_fourier((-1,), inverse=_inverse))
    operator(f"fft_{_letter}fft2", raw=("x",))(_fourier((-2, -1), inverse=_inverse))
    operator(f"fft_{_letter}fftn", raw=("x",))(_fourier(None, inverse=_inverse))


def _transform(to: Steps, x: Any, dim: Any, norm: str | None, *, inverse: bool) -> Complex:
    reads = tuple(x) if isinstance(x, Complex) else (to.floating(to.value(x)),)
    rank = reads[0].rank
    dims = list(range(rank)) if dim is None else [each % rank for each in ([dim] if isinstance(dim, int) else dim)]
    outcome = to.step("fft", *reads, dim=dims, norm=norm or "backward", inverse=inverse)
    assert not isinstance(outcome.node, str)
    first, second = outcome.node.outputs
    return Complex(outcome.node.value(first), outcome.node.value(second))
