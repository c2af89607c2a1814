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
    from shapecalc.budget import Budget
    from shapecalc.checking import Checked, check
    from shapecalc.comparison import Comparison, diff
    from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
    from shapecalc.engine import inspect
    from shapecalc.execution import run
    from shapecalc.loading import load, loads
    from shapecalc.report import Report
    from shapecalc.sweeping import Sweep, sweep
    from shapecalc.verification import Proof, verify

__version__ = "0.1.0"

# Public names are imported when they are first asked for: the command line starts with what a command needs.
_HOMES = {
    "Architecture": "architecture",
    "Budget": "budget",
    "Checked": "checking",
    "Comparison": "comparison",
    "Diagnostic": "diagnostics",
    "LayerError": "diagnostics",
    "Proof": "verification",
    "Report": "report",
    "ShapecalcError": "diagnostics",
    "Sweep": "sweeping",
    "check": "checking",
    "diff": "comparison",
    "inspect": "engine",
    "load": "loading",
    "loads": "loading",
    "run": "execution",
    "sweep": "sweeping",
    "verify": "verification",
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


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"shapecalc.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'shapecalc' has no attribute {name!r}")
