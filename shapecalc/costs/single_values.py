"""Norms that training cannot compute: statistics of a single value per channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport


def single_values(report: Report, sizes: Mapping[str, int]) -> tuple[LayerReport, ...]:
    r"""Return the layers whose statistics in training are of one value per channel, at sizes of the unbound symbols.

    Its variance is 0, and the output the shift alone; PyTorch raises a ValueError.
    Source: torch.nn.functional.batch_norm, `_verify_batch_size`.

    >>> import shapecalc
    >>> report = shapecalc.inspect(shapecalc.loads("input: [N, 5]\nlayers: [linear: 3, batch_norm]"))
    >>> [row.path for row in single_values(report, {"N": 1})], single_values(report, {"N": 2})
    (['batch_norm_1'], ())
    """
    return tuple(row for row in report.layers if _has_single_values(row, sizes))


def _has_single_values(row: LayerReport, sizes: Mapping[str, int]) -> bool:
    together = row.step.layer.normalized_together(*row.inputs)
    return together is not None and evaluate(together, sizes) == 1
