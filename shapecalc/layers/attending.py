"""What attention layers have in common: costs of scores, their softmax and weighted sums, and which pairs are seen."""

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, condition, show
from shapecalc.layers.base import Layer
from shapecalc.layers.constraints import Constraints

MASKS = "float32|bool"
"""The dtypes of masks: numbers are added to scores, flags are true where a query attends to a key."""
MASK_RANK = 2
"""Queries and keys."""


class Attending(Layer):
    """Base class of attention layers: scores, their softmax along the keys, and the weighted sum of the values."""

    __slots__ = ()
    is_causal: bool
    window: int | None
    softcap: float | None
    sinks: bool

    def check_fields(self) -> None:
        """Raise `LayerError` SC205 if a window has no end."""
        self.check_window()

    def check_window(self) -> None:
        """Raise `LayerError` SC205 if a window has no end."""
        if self.window is not None and not self.is_causal:
            raise LayerError(
                "SC205",
                expects="`is_causal: true`: its window ends at the query",
                field="window",
                help="add `is_causal: true`, or leave `window` out and give a mask",
            )

    def macs(self, *shapes: Shape) -> Dim:
        """Return the sum of its products."""
        total: Dim = 0
        for part in self.macs_parts(*shapes).values():
            total = total + part
        return total

    def backward_macs(self, *shapes: Shape, truncate: int | None = None) -> tuple[Dim, Dim]:
        """Return the projections' once for each of the two, and those of QKᵀ and AV, products of two inputs, twice."""
        parts = self.macs_parts(*shapes)
        projections = parts.get("projections", 0)
        return projections + 2 * (parts["QKᵀ"] + parts["AV"]), projections

    def _score_operations(self, rows: Dim, keys: Dim, *, masked: Dim = 0) -> Dim:
        """Return the operations on rows of scores: softcap, the addition of a mask to `masked` keys, and the softmax.

        A softmax is max, subtract, exp, sum, divide; a sink is one more score of each row.
        """
        capped = 3 * rows * keys if self.softcap is not None else 0
        return capped + rows * masked + rows * (5 * (keys + self.sinks) - 2)

    def _twice_the_pairs_seen(self, queries: Dim, keys: Dim) -> Dim | None:
        """Return twice the pairs of query and key that are not hidden: query i sees the first i keys, or the window.

        None if nothing is hidden, or if the number depends on symbols.
        """
        if not self.is_causal:
            return None
        seen = _twice_the_pairs_before(queries, keys)
        # Before the window of query i are the first i − window keys.
        beyond: Dim = 0 if self.window is None else queries - self.window
        if seen is None or condition(-beyond, Relation.NONNEGATIVE) is True:
            return seen
        before = _twice_the_pairs_before(beyond, keys)
        return None if before is None or condition(beyond, Relation.NONNEGATIVE) is not True else seen - before


def require_mask(mask: Shape, scores: Shape, constraints: Constraints) -> None:
    """Require that a mask broadcasts to the scores.

    Raises `LayerError` SC305 if it has no axes of queries and keys, SC314 if it does not fit.
    """
    if len(mask) < MASK_RANK:
        raise LayerError("SC305", expects="[*, L, S] as mask", receives=show(mask), label=f"receives rank {len(mask)}")
    expects = f"a mask that broadcasts to the scores {show(scores)}"
    error = LayerError("SC314", expects=expects, receives=show(mask))
    if len(mask) > len(scores):
        raise error
    for size, wanted in zip(reversed(mask), reversed(scores), strict=False):
        if size != 1:
            constraints.require_equal((wanted,), (size,), error)


def _twice_the_pairs_before(queries: Dim, keys: Dim) -> Dim | None:
    """Return twice the pairs of query i and the first i keys; None if their number depends on symbols.

    L(L + 1) if there are at least as many keys.
    """
    fits = condition(keys - queries, Relation.NONNEGATIVE)
    if fits is True:
        return queries * (queries + 1)
    # Query i reads i keys up to the S-th query, later ones all S.
    return keys * (keys + 1) + 2 * (queries - keys) * keys if fits is False else None
