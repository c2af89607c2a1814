"""Predictions, for which nothing is executed: shapes and costs, memory, and the cost of a training step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from shapecalc.api.load import bound, count, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.api.load import Network, Setting
    from shapecalc.costs.explanation import Explanation
    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.costs.training import TrainingCost
    from shapecalc.shape_inference.report import Report


def inspect(
    architecture: Network,
    *,
    symbolic: bool = False,
    params_as: str | None = None,
    dtype: str = "float32",
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Report:
    """Return the shapes and costs of every layer.

    `sizes` bind symbols of the input and set parameters of the file (`N=2, H=256`), `settings` those whose name is an
    argument of this function; the file's own `sizes:` bind others, unless `symbolic`. If the batch is unbound, costs
    are those of one sample, or of the smallest valid batch. Params count scalars, MACs multiply-accumulates.
    `params_as` is the convention of the count of params: `pytorch`, `keras` or `textbook`. `dtype` is the type of the
    elements for memory: `float32`, `float16`, `bfloat16`, `int8` or `int4`.
    Raises `ShapecalcError` with a diagnostic for each independent mistake.

    >>> report = inspect("lenet5", N=2)
    >>> report.totals.params, report.totals.macs
    (61706, 833040)
    >>> report.outputs["output"]
    (2, 10)
    """
    from shapecalc.shape_inference.engine import inspect_at

    loaded, given = bound(architecture, settings, sizes)
    usual = loaded.origin.params_as if loaded.origin else "pytorch"
    return inspect_at(loaded, given, symbolic=symbolic, params_as=params_as or usual, dtype=dtype)


def explain(
    architecture: Network,
    step: str | None = None,
    *,
    key: str | Sequence[str] = (),
    levels: int | None = None,
    dtype: str = "float32",
    optimizer: Literal["sgd", "momentum", "adam"] = "sgd",
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Explanation:
    """Return the derivation of numbers of a layer or a block, or of the network without a `step`.

    Each number has its rule, the numbers put in, and where each of these comes from, back to the input; with `levels`
    only through this number of layers. `key` is one number or several: of `inspect` `output`, `params`, `buffers`,
    `macs`, `flops` and `memory`, which are the default, of `memory` `live` and, of a network, `peak`, of `train_cost`
    `saved`, `backward` and, of a network, `weights`, `gradients`, `state` and `training-peak`. Symbols and parameters
    are given as in `inspect`.
    Raises `ShapecalcError` for mistakes in the file or an argument.

    >>> (layer,) = explain("lenet5", "c3", key="macs").steps
    >>> layer.keys[0].formulas[0].rule
    'N·out_channels·H_out·W_out·C_in/groups·kernel_size·kernel_size'
    """
    from shapecalc.costs.explain import explain as derive
    from shapecalc.costs.training_step import OPTIMIZERS
    from shapecalc.diagnostics import misuse
    from shapecalc.shape_inference.dtypes import BITS

    one_of("optimizer", optimizer, tuple(OPTIMIZERS))
    one_of("dtype", dtype, tuple(BITS))
    if levels is not None and (not isinstance(levels, int) or levels < 0):
        raise misuse("SC201", f"`levels` expects a number of layers, 0 or more, receives {levels!r}")
    loaded, given = bound(architecture, settings, sizes)
    keys = (key,) if isinstance(key, str) else tuple(key)
    return derive(loaded, given, step, keys, levels=levels, dtype=dtype, optimizer=optimizer)


def memory(
    architecture: Network,
    *,
    dtype: str = "float32",
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> LiveMemory:
    """Return the live tensors of a run without gradients, layer by layer, in bytes.

    A tensor is live from the layer that writes it to the last one that reads it. `dtype` is the type of its elements,
    as in `inspect`. Symbols and parameters are given as in
    `inspect`. If the batch is unbound, `peak` is that of one sample, or of the smallest valid batch.
    Raises `ShapecalcError` for mistakes in the file.

    >>> live = memory("lenet5", N=1)
    >>> live.steps[live.peak].row.path, live.steps[live.peak].live  # 2 · 6 · 28 · 28 elements of 4 bytes
    ('tanh_1', 37632)
    """
    from shapecalc.costs.liveness import live_memory
    from shapecalc.shape_inference.dtypes import BITS
    from shapecalc.shape_inference.engine import inspect_at

    one_of("dtype", dtype, tuple(BITS))
    loaded, given = bound(architecture, settings, sizes)
    return live_memory(inspect_at(loaded, given), dtype)


def train_cost(
    architecture: Network,
    *,
    batch: int | None = None,
    optimizer: Literal["sgd", "momentum", "adam"] = "sgd",
    dtype: Literal["float32", "float16", "bfloat16", "bf16"] = "float32",
    max_memory: int | str | None = None,
    checkpoint: int | None = None,
    truncate: int | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> TrainingCost:
    """Return the memory and the work of one training step, with the tensors that PyTorch's autograd saves.

    `batch` is the number of samples, by default 32 or the next valid number. `optimizer` decides the state of each
    weight, `dtype` the type of values and gradients. `largest_batch` is the one that fits into `max_memory`, in bytes
    or as `"24GiB"`. With `checkpoint` K only the inputs of every K layers are saved, with `truncate` K back-propagation
    through time is cut every K steps. Symbols and parameters are given as in `inspect`.
    Raises `ShapecalcError` for mistakes in the file or an argument.

    >>> cost = train_cost("lenet5", batch=64, max_memory="1GiB")
    >>> cost.bytes_at(cost.peak.live), cost.largest_batch
    (4367840, 17726)
    """
    from shapecalc.costs.training import USUAL_BATCH, training_cost
    from shapecalc.costs.training_step import DTYPES, OPTIMIZERS

    one_of("optimizer", optimizer, tuple(OPTIMIZERS))
    one_of("dtype", dtype, tuple(DTYPES))
    loaded, given = bound(architecture, settings, sizes)
    return training_cost(
        loaded,
        given,
        batch=count("batch", batch),
        usual_batch=USUAL_BATCH,
        optimizer=optimizer,
        dtype=dtype,
        memory=_bytes(max_memory),
        checkpoint=count("checkpoint", checkpoint),
        truncate=count("truncate", truncate),
    )


def _bytes(size: int | str | None) -> int | None:
    """Return the bytes of `24GiB`, `500MB` or a number.

    >>> _bytes("24GiB"), _bytes(1000), _bytes(None)
    (25769803776, 1000, None)
    """
    if not isinstance(size, str):
        return size
    from shapecalc.diagnostics import misuse
    from shapecalc.parser.quantities import read_quantity

    amount = read_quantity(size.strip(), of_bytes=True)
    if amount is None:
        raise misuse("SC201", f"`max_memory` expects bytes, or a size such as 24GiB, receives `{size}`")
    return int(amount)
