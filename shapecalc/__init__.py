"""shapecalc: shapes, parameters and arithmetic of neural networks from a YAML description, proved in NumPy.

>>> import shapecalc
>>> report = shapecalc.inspect("lenet5")
>>> report.totals.params, report.totals.macs
(61706, 416520)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecalc.api.by_hand import by_hand, loss_by_hand
    from shapecalc.api.compare import check, diff, diff_revisions, lock
    from shapecalc.api.execute import bptt, decode, run, train, values, verify
    from shapecalc.api.load import Network, from_torch, load, loads
    from shapecalc.api.predict import explain, inspect, memory, train_cost
    from shapecalc.api.results import Decoding, Locked
    from shapecalc.api.search import beam_search
    from shapecalc.api.solve import solve, sweep
    from shapecalc.api.words import analogy, similar
    from shapecalc.architecture import Architecture
    from shapecalc.checking.result import Checked
    from shapecalc.costs.explanation import Explanation
    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.costs.training import TrainingCost
    from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.diffing.diff import Comparison
    from shapecalc.diffing.revisions import NetworkChange, NetworkStatus, RevisionComparison
    from shapecalc.execution.beam import BeamSearch
    from shapecalc.execution.bptt import Propagated
    from shapecalc.execution.budget import Budget
    from shapecalc.execution.gradient_check import BackwardProof
    from shapecalc.execution.training import Trained
    from shapecalc.execution.values.layer import LayerValues
    from shapecalc.execution.values.loss import LossValues
    from shapecalc.execution.values.records import NetworkValues
    from shapecalc.execution.verify import Proof
    from shapecalc.execution.words.queries import Analogy, Similar
    from shapecalc.layers.documentation import Documentation, LayerTypes, layers
    from shapecalc.shape_inference.report import Report
    from shapecalc.solving.input_sizes import Solution
    from shapecalc.solving.sweep import Sweep
    from shapecalc.solving.unknown_fields import Choices
    from shapecalc.version import __version__

# Public names are imported when they are first used: the command line starts with what a command needs.
_HOMES = {
    "__version__": "version",
    "Analogy": "execution.words.queries",
    "Architecture": "architecture",
    "BackwardProof": "execution.gradient_check",
    "BeamSearch": "execution.beam",
    "Budget": "execution.budget",
    "Checked": "checking.result",
    "Choices": "solving.unknown_fields",
    "Comparison": "diffing.diff",
    "Decoding": "api.results",
    "Diagnostic": "diagnostics",
    "Documentation": "layers.documentation",
    "Explanation": "costs.explanation",
    "LayerError": "diagnostics",
    "LayerTypes": "layers.documentation",
    "LayerValues": "execution.values.layer",
    "LossValues": "execution.values.loss",
    "Limits": "diagnostics.limits",
    "LiveMemory": "costs.liveness",
    "Locked": "api.results",
    "Network": "api.load",
    "NetworkChange": "diffing.revisions",
    "NetworkStatus": "diffing.revisions",
    "NetworkValues": "execution.values.records",
    "Proof": "execution.verify",
    "Propagated": "execution.bptt",
    "Report": "shape_inference.report",
    "RevisionComparison": "diffing.revisions",
    "ShapecalcError": "diagnostics",
    "Similar": "execution.words.queries",
    "Solution": "solving.input_sizes",
    "Sweep": "solving.sweep",
    "Trained": "execution.training",
    "TrainingCost": "costs.training",
    "analogy": "api.words",
    "by_hand": "api.by_hand",
    "beam_search": "api.search",
    "bptt": "api.execute",
    "check": "api.compare",
    "decode": "api.execute",
    "diff": "api.compare",
    "diff_revisions": "api.compare",
    "explain": "api.predict",
    "from_torch": "api.load",
    "inspect": "api.predict",
    "load": "api.load",
    "loss_by_hand": "api.by_hand",
    "loads": "api.load",
    "lock": "api.compare",
    "memory": "api.predict",
    "run": "api.execute",
    "similar": "api.words",
    "solve": "api.solve",
    "sweep": "api.solve",
    "train": "api.execute",
    "train_cost": "api.predict",
    "values": "api.execute",
    "verify": "api.execute",
}

__all__ = [
    "Analogy",
    "Architecture",
    "BackwardProof",
    "BeamSearch",
    "Budget",
    "Checked",
    "Choices",
    "Comparison",
    "Decoding",
    "Diagnostic",
    "Documentation",
    "Explanation",
    "LayerError",
    "LayerTypes",
    "LayerValues",
    "Limits",
    "LiveMemory",
    "Locked",
    "LossValues",
    "Network",
    "NetworkChange",
    "NetworkStatus",
    "NetworkValues",
    "Proof",
    "Propagated",
    "Report",
    "RevisionComparison",
    "ShapecalcError",
    "Similar",
    "Solution",
    "Sweep",
    "Trained",
    "TrainingCost",
    "__version__",
    "analogy",
    "beam_search",
    "bptt",
    "by_hand",
    "check",
    "decode",
    "diff",
    "diff_revisions",
    "explain",
    "from_torch",
    "inspect",
    "layers",
    "load",
    "loads",
    "lock",
    "loss_by_hand",
    "memory",
    "run",
    "similar",
    "solve",
    "sweep",
    "train",
    "train_cost",
    "values",
    "verify",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name == "layers":  # a folder, which can be called
        return import_module("shapecalc.layers")
    if name in _HOMES:
        import_module("shapecalc.api")  # which registers what writes results
        value = getattr(import_module(f"shapecalc.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'shapecalc' has no attribute {name!r}")
