"""The records of an explanation: the rule of a number, the numbers put in, and where each of them comes from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import as_json
from shapecalc.shape_inference.rows import sum_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.calculators.layer_formulas import Formula
    from shapecalc.costs.origins import NumberOrigin
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, LayerReport

ROW_KEYS = ("output", "params", "buffers", "macs", "flops", "memory")
"""The numbers of a layer."""
TOTAL_KEYS = ROW_KEYS[1:]
"""The numbers of a block and of the network, sums over layers."""
ACTIVE = "active_params"
"""The parameters that one token uses, shown by default of mixtures of experts and of networks with them."""
LIVE, PEAK = "live", "peak"
"""The bytes that are live during a step of a run, and at the step with most of them."""
TRAINED_KEYS = ("saved", "backward")
"""What training adds to a layer: the bytes saved for the backward pass, and the multiply-accumulates of that."""
TRAINING_KEYS = ("weights", "gradients", "state", *TRAINED_KEYS, "training-peak")
"""The figures of a training step."""
STEP_KEYS = (*ROW_KEYS, ACTIVE, LIVE, *TRAINED_KEYS)
"""All numbers of a layer."""
NETWORK_KEYS = (*TOTAL_KEYS, ACTIVE, PEAK, *TRAINING_KEYS)
"""All numbers of the network."""


class Summand(NamedTuple):
    """One summand of a total: a layer or a block, or several neighbours with the same number."""

    path: str
    value: Count
    times: int = 1


class ExplainedKey(NamedTuple):
    """One number of a layer, a block or the network: its formulas, or the parts that it is the sum of."""

    key: str
    result: Count
    formulas: tuple[Formula, ...] = ()
    parts: tuple[Summand, ...] = ()
    notes: tuple[str, ...] = ()
    at: Mapping[str, int] = MappingProxyType({})
    """The sizes at which it is counted, if symbols are unbound in the file."""
    unit: str = ""
    """`bytes`, or empty for a count."""

    def to_dict(self) -> dict[str, Any]:
        """Return the number as JSON's values."""
        parts = [{"path": each.path, "value": as_json(each.value), "times": each.times} for each in self.parts]
        return {
            "result": as_json(self.result),
            **({"unit": self.unit} if self.unit else {}),
            **({"at": dict(self.at)} if self.at else {}),
            **(
                {"formulas": [{"name": each.name, **each.to_dict()} for each in self.formulas]} if self.formulas else {}
            ),
            **({"parts": parts} if self.parts else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
        }


class ExplainedStep(NamedTuple):
    """The explained numbers of one layer, of a block, or of the network, whose path is empty."""

    path: str
    row: LayerReport | None
    keys: tuple[ExplainedKey, ...]
    origins: tuple[NumberOrigin, ...] = ()
    like: str = ""
    """The path of an earlier layer with the same fields and inputs, whose derivation is the same."""

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON's values."""
        row = self.row
        layer: dict[str, Any] = (
            {}
            if row is None
            else {
                "type": row.type,
                "line": row.line,
                "inputs": [[*map(as_json, shape)] for shape in row.inputs],
                "outputs": {name: [*map(as_json, shape)] for name, shape in row.outputs.items()},
            }
        )
        return {
            **({"path": self.path} if self.path else {}),
            **layer,
            "keys": {each.key: each.to_dict() for each in self.keys},
            **({"where": [each.to_dict() for each in self.origins]} if row is not None else {}),
        }


@dataclass(frozen=True)
class Explanation(Presented):
    """The derivation of numbers of a report, of one step or of several."""

    report: Report
    steps: tuple[ExplainedStep, ...]

    def __repr__(self) -> str:
        """Return the names of the network and of what is explained.

        >>> import shapecalc
        >>> shapecalc.explain("lenet5", "c3", key="macs")
        <Explanation of LeNet-5, c3: macs 240000>
        """
        figures = [f"{each.key} {each.result}" for step in self.steps for each in step.keys if each.result is not None]
        paths = [step.path for step in self.steps if step.path]
        what = ", ".join([self.report.architecture.name, *(paths if len(paths) == 1 else ())])
        return f"<Explanation of {what}: {', '.join(figures[: len(ROW_KEYS)])}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON's values; expressions in symbols are strings."""
        report = self.report
        return {
            "name": report.architecture.name,
            "bindings": dict(report.bindings),
            "costs_at": dict(report.costs_at),
            "dtype": report.dtype,
            "steps": [step.to_dict() for step in self.steps],
        }


def summed(
    rows: Iterable[LayerReport], path: str, count: Callable[[LayerReport], Count]
) -> tuple[tuple[Summand, ...], tuple[str, ...]]:
    """Return a number of the layers below a path as a sum by the next part of their paths, and notes on it.

    Neighbours with equal numbers are one summand, and those with 0 are left out.
    """
    inside = f"{path}." if path else ""
    below: dict[str, list[Count]] = {}
    for row in rows:
        if row.path.startswith(inside):
            below.setdefault(inside + row.path[len(inside) :].partition(".")[0], []).append(count(row))
    counts = {name: sum_of(each) for name, each in below.items()}
    nothing = sum(1 for each in counts.values() if each == 0)
    parts = tuple(_with_equal_neighbours(Summand(name, each) for name, each in counts.items() if each != 0))
    return parts, (f"{nothing} other{'s' if nothing > 1 else ''} with 0",) if nothing and parts else ()


def _with_equal_neighbours(parts: Iterable[Summand]) -> Iterator[Summand]:
    """Yield parts, with neighbours of equal numbers as one."""
    for _, neighbours in groupby(parts, key=lambda part: part.value):
        first, *others = neighbours
        yield Summand(f"{first.path} … {others[-1].path}", first.value, len(others) + 1) if others else first
