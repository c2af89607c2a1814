"""shapecalc: shapes, parameters and arithmetic of neural networks from a YAML description, proved in NumPy.

>>> import shapecalc
>>> report = shapecalc.inspect(shapecalc.load("lenet5"))
>>> report.totals.params, report.totals.macs
(61706, 416520)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture
    from shapecalc.checking.check import check
    from shapecalc.checking.result import Checked
    from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
    from shapecalc.diffing.diff import Comparison, diff
    from shapecalc.execution.budget import Budget
    from shapecalc.execution.lowering import run
    from shapecalc.execution.verify import Proof, verify
    from shapecalc.files.load import load, loads
    from shapecalc.shape_inference.engine import inspect
    from shapecalc.shape_inference.report import Report
    from shapecalc.solving.sweep import Sweep, sweep

__version__ = "0.1.0"

# Public names are imported when they are first used: the command line starts with what a command needs.
_HOMES = {
    "Architecture": "architecture",
    "Budget": "execution.budget",
    "Checked": "checking.result",
    "Comparison": "diffing.diff",
    "Diagnostic": "diagnostics",
    "LayerError": "diagnostics",
    "Proof": "execution.verify",
    "Report": "shape_inference.report",
    "ShapecalcError": "diagnostics",
    "Sweep": "solving.sweep",
    "check": "checking.check",
    "diff": "diffing.diff",
    "inspect": "shape_inference.engine",
    "load": "files.load",
    "loads": "files.load",
    "run": "execution.lowering",
    "sweep": "solving.sweep",
    "verify": "execution.verify",
}

__all__ = [
    "Architecture",
    "Budget",
    "Checked",
    "Comparison",
    "Diagnostic",
    "LayerError",
    "Proof",
    "Report",
    "ShapecalcError",
    "Sweep",
    "__version__",
    "check",
    "diff",
    "inspect",
    "load",
    "loads",
    "run",
    "sweep",
    "verify",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"shapecalc.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'shapecalc' has no attribute {name!r}")
