"""Steps of an optimizer on the weights of a run."""

from __future__ import annotations

from fnmatch import fnmatchcase
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics.suggestions import closest
from shapecalc.execution.run import refused
from shapecalc.execution.training.run import OPTIMIZERS, RATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.reference.base import Array
    from shapecalc.reference.optimizers import State


class Update(NamedTuple):
    """Steps of an optimizer of `OPTIMIZERS`; parameters whose path a pattern of `freeze` matches stay as they are.

    A learning rate of None is that of `shapecalc.train`.
    """

    optimizer: str = "sgd"
    lr: float | None = None
    steps: int = 1
    freeze: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """The learning rate."""
        return RATES[self.optimizer] if self.lr is None else self.lr

    def frozen(self, path: str) -> bool:
        """Return whether a parameter stays as it is.

        >>> Update(freeze=("*.bias",)).frozen("fc.bias")
        True
        """
        return any(fnmatchcase(path, pattern) for pattern in self.freeze)

    def check(self, paths: Iterable[str]) -> None:
        """Raise `ShapecalcError` SC702 for a rate not above 0, or a pattern that matches none of the parameters."""
        if not 0 < self.rate < inf:
            raise refused(f"`lr` expects a number above 0, receives {self.rate:g}")
        known = tuple(paths)
        for pattern in self.freeze:
            if not any(fnmatchcase(path, pattern) for path in known):
                near = closest(pattern, known)
                raise refused(f"`{pattern}` matches no parameter", f"did you mean `{near}`?" if near else None)

    def apply(
        self, parameters: Mapping[str, Array], gradients: Mapping[str, Array], state: State
    ) -> tuple[dict[str, Array], State]:
        """Return the updated parameters, all of them, and the state after one step."""
        trained = {path: parameters[path] for path in gradients if not self.frozen(path)}
        with np.errstate(all="ignore"):  # an overflow shows in the values
            updated, state = OPTIMIZERS[self.optimizer](
                trained, {path: gradients[path] for path in trained}, state, lr=self.rate
            )
        return {**parameters, **updated}, state

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON's values."""
        return {
            "optimizer": self.optimizer,
            "learning_rate": self.rate,
            "steps": self.steps,
            "freeze": list(self.freeze),
        }
